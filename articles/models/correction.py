"""What we got wrong: a dated note on the article, and on the page of all corrections."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Anonymise, Basis, PersonalData, Persons

from .article import Article


class CorrectionQuerySet(models.QuerySet["Correction"]):
    """Many corrections."""

    def public(self, *, at: datetime) -> "CorrectionQuerySet":
        """Those of articles that the public may see at that moment."""
        return self.filter(article__in=Article.objects.published(at=at), published_at__lte=at)


class Correction(models.Model):
    """One mistake, and what is right. Everybody reads it, also who may not read the article in full."""

    personal_data = PersonalData(
        what=_("Who on the staff corrected which article"),
        purpose=_("To know whom to ask about a correction."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        colleagues=("made_by",),
        on_deletion=Anonymise(("made_by",), why=_("The correction stays with the article.")),
    )

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="corrections")
    note = models.CharField(
        max_length=500, help_text="What was wrong and what is right, in a sentence or two. Everybody reads it."
    )
    said = models.CharField("it said", max_length=500, blank=True, help_text="The words that were wrong.")
    says_now = models.CharField("it says now", max_length=500, blank=True, help_text="The words in their place.")
    published_at = models.DateTimeField("corrected", editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    objects: ClassVar[CorrectionQuerySet] = CorrectionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-published_at", "-pk"]
        indexes = [models.Index(fields=["-published_at", "-id"], name="correction_river")]
        constraints = [models.CheckConstraint(condition=~Q(note=""), name="correction_says_something")]

    def __str__(self) -> str:
        return self.note
