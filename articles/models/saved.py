"""What a reader keeps of what we publish: articles put aside, and, only where they asked for it, articles opened."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, PersonalData, Rule, days

from .article import Article


class SavedArticleQuerySet(models.QuerySet["SavedArticle"]):
    """Many saved articles."""

    def put_aside(self, reader_id: int, article: Article, *, at: datetime) -> None:
        """Save it. Saving it twice changes nothing."""
        self.bulk_create([self.model(reader_id=reader_id, article=article, saved_at=at)], ignore_conflicts=True)


class SavedArticle(models.Model):
    """An article that a reader wants to find again."""

    personal_data = PersonalData(
        what=_("Articles you saved"),
        purpose=_("To show you the list."),
        basis=Basis.CONTRACT,
        whose="reader",
        on_deletion=ERASE,
    )

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_articles")
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    saved_at = models.DateTimeField()

    objects: ClassVar[SavedArticleQuerySet] = SavedArticleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-saved_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["reader", "article"], name="saved_once")]
        indexes = [models.Index(fields=["reader", "-saved_at"], name="saved_newest_first")]

    def __str__(self) -> str:
        return f"{self.article} for {self.reader}"


class OpenedArticleQuerySet(models.QuerySet["OpenedArticle"]):
    """Many opened articles."""

    def note(self, reader_id: int, article: Article, *, at: datetime) -> None:
        """The reader has it open now: one row for each article, with the last time. One query."""
        self.bulk_create(
            [self.model(reader_id=reader_id, article=article, opened_at=at)],
            update_conflicts=True,
            unique_fields=["reader", "article"],
            update_fields=["opened_at"],
        )

    def forget(self, reader_id: int, articles: Iterable[int] | None = None) -> int:
        """Erase these articles of a reader's list, or all of it. How many."""
        mine = self.filter(reader_id=reader_id)
        return (
            mine if articles is None else mine.filter(article__in=[key for key in articles if key < 2**63])
        ).delete()[0]


class OpenedArticle(models.Model):
    """An article that a reader has read, kept only for those who switched the list on."""

    personal_data = PersonalData(
        what=_("Articles you opened, if you switched that list on"),
        purpose=_("To let you find them again."),
        basis=Basis.CONSENT,
        whose="reader",
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_HISTORY_DAYS"),
                counted_from="opened_at",
                since=_("after you last opened it"),
                why=_("What is older is found by search."),
            ),
        ),
    )

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="opened_articles")
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    opened_at = models.DateTimeField()

    objects: ClassVar[OpenedArticleQuerySet] = OpenedArticleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["reader", "article"], name="opened_once")]
        indexes = [models.Index(fields=["reader", "-opened_at"], name="opened_newest_first")]

    def __str__(self) -> str:
        return f"{self.article} by {self.reader}"
