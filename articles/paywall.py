"""What is served to this reader, and why? The only door to the full text."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.safestring import SafeString

from subscriptions.access import Entitlement

from . import body
from .figures import put_in
from .models import Article, FullText


class Access(StrEnum):
    """How far a reader may read, and why."""

    FREE = "free"
    ENTITLED = "entitled"
    LOCKED = "locked"


@dataclass(frozen=True)
class Reading:
    """What is served: the text to print, and the reason to tell the reader."""

    access: Access
    text: SafeString
    words_behind_wall: int = 0
    entitlement: Entitlement | None = None

    @property
    def is_locked(self) -> bool:
        """Whether the wall stands below the text."""
        return self.access is Access.LOCKED


def reading_of(article: Article, entitlement: Entitlement | None) -> Reading:
    """The teaser for those who are not entitled; the full text, fetched here and nowhere else, for those who are.

    `entitlement` is what `subscriptions.access.entitlement_for` answered; publication is the caller's question.
    """
    if not article.has_wall:
        return Reading(Access.FREE, _full_text(article), entitlement=entitlement)
    if entitlement is None:
        return Reading(Access.LOCKED, put_in(article.teaser, article), words_behind_wall=article.words_behind_wall)
    return Reading(Access.ENTITLED, _full_text(article), entitlement=entitlement)


def _full_text(article: Article) -> SafeString:
    html = FullText.objects.filter(article=article).values_list("html", flat=True).first() or article.teaser
    return put_in(body.with_anchor(body.cut_at_wall(html)), article)


def texts_to_search(articles: Sequence[Article], entitlement: Entitlement | None) -> dict[int, str]:
    """What of each article (by its key) this visitor may find passages in: the whole text, or what everyone sees."""
    texts = {article.pk: article.teaser_text for article in articles}
    if entitlement is not None:
        texts |= dict(FullText.objects.filter(article__in=articles).values_list("article_id", "text"))
    return texts
