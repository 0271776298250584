"""The terms of use: every version that was ever in force, word for word."""

from datetime import datetime
from typing import ClassVar

from django.db import models

from edge import languages


class TermsVersionQuerySet(models.QuerySet["TermsVersion"]):
    """Many versions."""

    def published(self) -> "TermsVersionQuerySet":
        """Those that can be read by everybody and altered by nobody, the newest first."""
        return self.exclude(published_at=None)

    def in_force(self, *, at: datetime) -> "TermsVersion | None":
        """The version that a contract concluded at that moment is under; None where none was ever published.

        Before the day of the very first one it is that one: a site is never without terms.
        """
        published = self.published()
        return published.filter(effective_from__lte=at).first() or published.last()

    def coming(self, *, at: datetime) -> "TermsVersionQuerySet":
        """Published ones whose day has not come."""
        return self.published().filter(effective_from__gt=at)


class TermsVersion(models.Model):
    """One version of the terms. Once published nothing of it changes: what was accepted must stay readable."""

    personal_data = None

    name = models.SlugField(
        max_length=20, unique=True, help_text="As contracts and pages name it, for example 2027-01."
    )
    effective_from = models.DateTimeField(help_text="Brussels time. Contracts concluded from then on are under it.")
    published_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[TermsVersionQuerySet] = TermsVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-effective_from", "-pk"]
        verbose_name = "version of the terms"
        verbose_name_plural = "versions of the terms"

    def __str__(self) -> str:
        return self.name

    @property
    def is_published(self) -> bool:
        """Whether it can be read by everybody and altered by nobody."""
        return self.published_at is not None

    def publish(self, *, at: datetime) -> None:
        """Show it to everybody; from here on it stays as it is. Publishing twice changes nothing."""
        if self.published_at is None:
            self.published_at = at
            self.save(update_fields=["published_at"])

    def text_in(self, language: str) -> "TermsText | None":
        """Its words in that language, in English where they are missing; None where there is not even that."""
        texts = {one.language: one for one in self.texts.all()}
        return texts.get(language) or texts.get("en")


class TermsText(models.Model):
    """The words of one version in one language."""

    personal_data = None

    version = models.ForeignKey(TermsVersion, on_delete=models.PROTECT, related_name="texts")
    language = models.CharField(max_length=2, choices=languages.CHOICES)
    html = models.TextField(help_text="Cleaned HTML; a quotation is a clause that stands in a box.")
    what_changed = models.TextField(
        blank=True, help_text="What is different from the version before, in a sentence or two, for readers."
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = "text"
        constraints = [models.UniqueConstraint(fields=["version", "language"], name="one_text_per_language")]

    def __str__(self) -> str:
        return f"{self.version}, {self.get_language_display()}"
