"""What is served to this reader, and why? The only door to the full text."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.html import format_html
from django.utils.safestring import SafeString

from subscriptions.access import Entitlement

from . import body, footnotes
from .addresses import absolute
from .figures import figures_in, put_in, with_figures
from .models import Article, FullText, GiftLink, LiveCoverage, LiveEntry, LiveText, ShareLink
from .river import place_above


class Access(StrEnum):
    """How far a reader may read, and why."""

    FREE = "free"
    ENTITLED = "entitled"
    GIFT = "gift"
    SHARED = "shared"
    SEARCH_ENGINE = "search engine"
    LOCKED = "locked"


@dataclass(frozen=True)
class Reading:
    """What is served: the text to print, and the reason to tell the reader."""

    access: Access
    text: SafeString
    words_behind_wall: int = 0
    entitlement: Entitlement | None = None

    @property
    def shows_where_the_wall_is(self) -> bool:
        """Whether search engines find the paid part, or the wall in its place, on the page."""
        return self.access in (Access.LOCKED, Access.SEARCH_ENGINE)

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


def reading_of_gift(article: Article, gift: GiftLink, *, at: datetime) -> Reading | None:
    """The full text for whoever has an open gift of this article; None where the gift has ended or is of another."""
    if gift.article_id != article.pk or not gift.is_open(at=at):
        return None
    return Reading(Access.GIFT if article.has_wall else Access.FREE, _full_text(article))


def reading_of_share(article: Article, link: ShareLink, *, at: datetime) -> Reading | None:
    """The full text for whoever was shown this article before its publication; None where the link has ended."""
    if link.article_id != article.pk or not link.is_open(at=at):
        return None
    return Reading(Access.SHARED, _full_text(article))


def reading_of_search_engine(article: Article) -> Reading:
    """The full text for a search engine that has proved itself; `search_crawlers.engine_of` says whether it has."""
    html = FullText.objects.filter(article=article).values_list("html", flat=True).first() or article.teaser
    cut = body.cut_at_wall(html)
    free = footnotes.set_out(cut.teaser)
    paid = footnotes.set_out(cut.rest, first=footnotes.how_many(cut.teaser) + 1)
    # Marked as the structured data says, so that the engine knows that readers meet a wall there.
    return Reading(Access.SEARCH_ENGINE, put_in(f'{free}<div class="paywall">{paid}</div>', article))


def _full_text(article: Article) -> SafeString:
    html = FullText.objects.filter(article=article).values_list("html", flat=True).first() or article.teaser
    return put_in(body.with_anchor(body.cut_at_wall(html)), article)


def texts_to_search(articles: Sequence[Article], entitlement: Entitlement | None) -> dict[int, str]:
    """What of each article (by its key) this visitor may find passages in: the whole text, or what everyone sees."""
    texts = {article.pk: article.teaser_text for article in articles}
    if entitlement is not None:
        texts |= dict(FullText.objects.filter(article__in=articles).values_list("article_id", "text"))
    return texts


def texts_for_feed(articles: Sequence[Article], entitlement: Entitlement) -> dict[int, str]:
    """Each article (by its key) in full but without pictures, for a feed that belongs to somebody so entitled."""
    texts = FullText.objects.filter(article__in=articles).values_list("article_id", "html")
    teasers = {article.pk: article.teaser for article in articles}
    whole = teasers | {key: "".join(asdict(body.cut_at_wall(html)).values()) for key, html in texts}
    return {
        article.pk: format_html(
            "<p><strong>{}</strong></p>{}",
            article.standfirst,
            _elsewhere(footnotes.set_out(whole[article.pk], key=str(article.pk))),
        )
        for article in articles
    }


def _elsewhere(html: str) -> SafeString:
    """Without pictures, and with links that lead here from wherever it is read."""
    return body.with_absolute_links(body.with_pictures(html, {}), absolute)


@dataclass(frozen=True)
class LiveReading:
    """What is served of an entry of a live coverage: its words, or the wall in their place."""

    entry: LiveEntry
    text: SafeString
    is_locked: bool
    is_for_everyone: bool
    path: str


def readings_of_live(
    coverage: LiveCoverage, entries: Sequence[LiveEntry], entitlement: Entitlement | None
) -> list[LiveReading]:
    """Each entry with its words where this reader may read them; the words of the others are never fetched.

    Everyone reads a free coverage, and free entries of any; the rest is for those who are entitled.
    """
    free = {entry.pk for entry in entries if coverage.is_free or entry.is_free}
    open_to = free if entitlement is None else {entry.pk for entry in entries}
    texts = dict(LiveText.objects.filter(entry__in=open_to).values_list("entry_id", "html")) if open_to else {}
    figures = figures_in(texts.values())
    page = coverage.get_absolute_url()
    return [
        LiveReading(
            entry,
            with_figures(footnotes.set_out(texts.get(entry.pk, ""), key=str(entry.pk)), figures),
            # An entry of a headline alone has nothing to lock.
            is_locked=entry.pk not in open_to and entry.words > 0,
            is_for_everyone=entry.pk in free,
            path=f"{page}?before={place_above(entry)}#e{entry.pk}",
        )
        for entry in entries
    ]
