"""What one editor has typed in one form and not saved yet, so that a lost session or connection loses nothing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, PersonalData, Persons, Rule, days

from .article import Article

# The fields of a form by name, each with its values in order.
Typed = dict[str, list[str]]


class WorkingCopyQuerySet(models.QuerySet["WorkingCopy"]):
    """Many working copies."""

    def not_saved(self, editor: Any, article: Article | None) -> "WorkingCopyQuerySet":
        """What this editor typed into this article and did not save, the newest first; None: into new articles."""
        mine = self.filter(editor=editor, article=article, saved_at__isnull=True)
        return mine.exclude(typed={}).order_by("-typed_at", "-pk")

    def keep(self, key: Any, editor: Any, article: Article | None, typed: Typed, *, at: datetime) -> bool:
        """Keep what is in the form now. Whether it was kept: what is saved already, or somebody else's, is not."""
        values = {"editor": editor, "article": article, "typed": typed, "typed_at": at}
        kept, is_new = self.get_or_create(key=key, defaults=values)
        if is_new:
            return True
        if kept.editor_id != editor.pk or kept.saved_at:
            return False
        kept.typed, kept.typed_at = typed, at
        kept.save(update_fields=["typed", "typed_at"])
        return True


class WorkingCopy(models.Model):
    """One form, from the moment it was opened. Its `key` travels with the form, so that saving it twice saves it once.

    It may hold what is paid for: only the editor's admin reads it, and of each editor only their own.
    """

    personal_data = PersonalData(
        what=_("What editors typed and did not save"),
        purpose=_("To lose nothing when a session or a connection ends."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        whose="editor",
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_WORKING_COPIES_DAYS"),
                counted_from="typed_at",
                since=_("after the last word was typed"),
                why=_("What nobody took up again by then is not wanted any more."),
            ),
        ),
    )

    key = models.UUIDField(unique=True)
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="working_copies")
    article = models.ForeignKey(Article, null=True, blank=True, on_delete=models.CASCADE, related_name="working_copies")
    # Empty once it is saved.
    typed = models.JSONField(default=dict)
    typed_at = models.DateTimeField()
    saved_at = models.DateTimeField(null=True, blank=True)
    # Which version of the article the saving made.
    saved_as = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[WorkingCopyQuerySet] = WorkingCopyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "working copies"
        indexes = [models.Index(fields=["editor", "article", "-typed_at"], name="working_copy_of_editor")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(saved_at__isnull=True) | models.Q(article__isnull=False, typed={}),
                name="saved_copy_is_empty_and_has_its_article",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.headline} ({self.editor})"

    @property
    def headline(self) -> str:
        """What was typed as the headline so far."""
        return " ".join("".join(self.typed.get("headline", [])[:1]).split())

    def has_been_saved(self, article: Article, *, at: datetime) -> None:
        """Remember that the form is saved, and as which version; what was typed is in the article now."""
        self.article, self.typed, self.saved_at, self.saved_as = article, {}, at, article.changed_at
        self.save(update_fields=["article", "typed", "saved_at", "saved_as"])


def fields_of(sent: Iterable[tuple[str, list[str]]], *, without: Iterable[str]) -> Typed:
    """What a form sent, as a working copy keeps it; null characters, which no database takes, are left out."""
    return {name: [value.replace("\0", "") for value in values] for name, values in sent if name not in set(without)}
