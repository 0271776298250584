"""An unpublished article shown to one person outside: a lawyer, a source, whoever is written about."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Anonymise, Basis, PersonalData, Persons

from .article import Article
from .gift import hash_of


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    """Many links."""

    def of_token(self, token: str) -> "ShareLink | None":
        """The link with that token, open or not."""
        return self.select_related("article__section").filter(token_hash=hash_of(token)).first()


class ShareLink(models.Model):
    """An address that shows an article before it is published; it ends by itself, at the latest when that happens."""

    personal_data = PersonalData(
        what=_("Who on the staff showed an unpublished article to whom"),
        purpose=_("To know who has read it before it was published, and to let the link end."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        colleagues=("made_by",),
        secret=("token_hash",),
        on_deletion=Anonymise(("made_by",), why=_("Who was shown an article stays known as long as the article.")),
    )

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="share_links")
    shown_to = models.CharField(
        max_length=120, help_text="Stands above the article. Name a role rather than a person who needs protection."
    )
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    times_opened = models.PositiveIntegerField(default=0, help_text="How often; never from where.")
    last_opened_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ShareLinkQuerySet] = ShareLinkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(shown_to=""), name="share_link_says_for_whom"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="share_link_ends_after_it_began"),
        ]

    def __str__(self) -> str:
        return f"{self.article}, for {self.shown_to}"

    def why_ended(self, *, at: datetime) -> str:
        """Why it opens nothing any more: "published", "withdrawn", "revoked" or "expired"; empty while it is open.

        A publication ends it for good, also where the article was taken back afterwards.
        """
        article = self.article
        if article.status == Article.Status.WITHDRAWN:
            return "withdrawn"
        was_out_since = article.published_at is not None and self.made_at < article.published_at <= at
        if article.is_published(at=at) or was_out_since:
            return "published"
        if self.revoked_at is not None:
            return "revoked"
        return "" if at < self.expires_at else "expired"

    def is_open(self, *, at: datetime) -> bool:
        """Whether it still shows its article."""
        return not self.why_ended(at=at)

    def was_opened(self, *, at: datetime) -> None:
        """Count one more."""
        type(self).objects.filter(pk=self.pk).update(times_opened=F("times_opened") + 1, last_opened_at=at)

    def revoke(self, *, at: datetime) -> None:
        """Let it open nothing any more; a second time changes nothing."""
        type(self).objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=at)
