"""Live coverage of an event: a page that grows by short, dated entries, the newest on top."""

from datetime import datetime
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse

from articles import body

from .article import Article
from .author import Author
from .picture import Picture
from .section import Section


class LiveCoverageQuerySet(models.QuerySet["LiveCoverage"]):
    """Many coverages."""

    def published(self, *, at: datetime) -> "LiveCoverageQuerySet":
        """Those the public may see at that moment."""
        return self.filter(status=LiveCoverage.Status.PUBLISHED, published_at__lte=at)

    def running(self, *, at: datetime) -> "LiveCoverageQuerySet":
        """Those that go on at that moment."""
        return self.published(at=at).filter(Q(ended_at=None) | Q(ended_at__gt=at))


class LiveCoverage(models.Model):
    """One event that is followed as it happens. Everybody sees the headlines of its entries."""

    personal_data = None

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"

    headline = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True, help_text="The last part of the address.")
    standfirst = models.CharField(max_length=300, help_text="What this is about, and why today.")
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="live_coverages")
    language = models.CharField(max_length=2, choices=Article.Language.choices, default=Article.Language.ENGLISH)
    hero = models.ForeignKey(
        Picture, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="main picture"
    )
    is_free = models.BooleanField(
        "free to read", default=False, help_text="Everyone reads every entry. Otherwise each entry can be set free."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[LiveCoverageQuerySet] = LiveCoverageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-published_at", "-pk"]
        verbose_name_plural = "live coverage"
        indexes = [
            models.Index(fields=["-published_at", "-id"], condition=Q(status="published"), name="live_coverage_river")
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False), name="published_coverage_has_date"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(published_at__isnull=False, ended_at__gte=F("published_at")),
                name="live_coverage_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return self.headline

    def get_absolute_url(self) -> str:
        return reverse("live", args=[self.slug])

    def get_kicker_display(self) -> str:
        """What the wall calls it."""
        return "Live coverage"

    def is_published(self, *, at: datetime) -> bool:
        """Whether the public may see it at that moment: the same rule as `published`."""
        return self.status == self.Status.PUBLISHED and self.published_at is not None and self.published_at <= at

    def is_running(self, *, at: datetime) -> bool:
        """Whether it goes on at that moment: the same rule as `running`."""
        return self.is_published(at=at) and (self.ended_at is None or self.ended_at > at)

    def publish(self, *, at: datetime) -> None:
        """Let the public see it; one that was seen before keeps its first moment."""
        self.status, self.published_at, self.ended_at = self.Status.PUBLISHED, self.published_at or at, None
        self.save(update_fields=["status", "published_at", "ended_at", "changed_at"])

    def take_back(self) -> None:
        """Make it a draft again; its address answers 404."""
        self.status = self.Status.DRAFT
        self.save(update_fields=["status", "changed_at"])

    def end(self, *, at: datetime) -> None:
        """Say that nothing more will come. Raises ValidationError where the public never saw it."""
        if self.published_at is None:
            raise ValidationError("What nobody has seen cannot end.")
        self.ended_at = at
        self.save(update_fields=["ended_at", "changed_at"])


class LiveEntryQuerySet(models.QuerySet["LiveEntry"]):
    """Many entries. None of these ever loads a text that may be paid for."""

    def published(self, *, at: datetime) -> "LiveEntryQuerySet":
        """Those whose moment has come."""
        return self.filter(published_at__lte=at)


class LiveEntry(models.Model):
    """What happened at a moment: the headline for everyone; the words stand apart, like an article's full text."""

    personal_data = None

    coverage = models.ForeignKey(LiveCoverage, on_delete=models.CASCADE, related_name="entries")
    headline = models.CharField(max_length=160, help_text="What has happened. Everybody reads it.")
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="live_entries")
    is_free = models.BooleanField("free to read", default=False, help_text="Everyone reads the words of this entry.")
    pinned_at = models.DateTimeField(null=True, blank=True, editable=False)
    published_at = models.DateTimeField()
    corrected_at = models.DateTimeField(null=True, blank=True, editable=False)
    correction = models.CharField(
        max_length=300, blank=True, help_text="What was wrong in this entry. Everybody reads it, with the time."
    )
    words = models.PositiveIntegerField(editable=False, default=0)
    changed_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[LiveEntryQuerySet] = LiveEntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-published_at", "-pk"]
        verbose_name_plural = "live entries"
        indexes = [models.Index(fields=["coverage", "-published_at", "-id"], name="live_entry_river")]
        constraints = [
            models.CheckConstraint(condition=~Q(headline=""), name="live_entry_has_headline"),
            models.CheckConstraint(
                condition=Q(correction="", corrected_at__isnull=True)
                | ~Q(correction="") & Q(corrected_at__isnull=False),
                name="live_correction_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.headline

    def write(self, html: str) -> None:
        """Keep this as the words of the entry: cleaned, and apart from what everyone sees."""
        cleaned = body.without_wall(body.clean(html))
        self.words = body.count_words(cleaned)
        with transaction.atomic():
            self.save()
            LiveText.objects.update_or_create(entry=self, defaults={"html": cleaned})

    def correct(self, note: str, *, at: datetime) -> None:
        """Say what was wrong in it, with the moment; an empty note takes that back."""
        self.correction, self.corrected_at = note.strip(), at if note.strip() else None
        self.save(update_fields=["correction", "corrected_at", "changed_at"])

    def pin(self, *, at: datetime) -> None:
        """Let it stand above the others."""
        self.pinned_at = at
        self.save(update_fields=["pinned_at", "changed_at"])

    def unpin(self) -> None:
        """Let it stand among the others again."""
        self.pinned_at = None
        self.save(update_fields=["pinned_at", "changed_at"])


class LiveText(models.Model):
    """The words of an entry, in a table of their own with one door: `paywall.readings_of_live`."""

    personal_data = None

    entry = models.OneToOneField(LiveEntry, primary_key=True, on_delete=models.CASCADE, related_name="live_text")
    html = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"Text of live entry {self.pk}"
