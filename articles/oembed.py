"""What a site or a chat shows where somebody pastes the address of an article: the teaser's card (oembed.com, 1.0)."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from edge.caching import public
from edge.http import Request

from . import cards, pictures
from .addresses import absolute
from .models import Article, FormerAddress

NOT_IMPLEMENTED = 501
LONGEST_ADDRESS = 2_000
# The room a card of ours takes; whoever has less gets a link without one.
WIDTH, HEIGHT = 600, 260
NARROWEST = 240
CACHE_SECONDS = 3_600
_CARD = '<blockquote class="news-card"><p><a href="{}">{}</a></p><p>{}</p><p>{}</p></blockquote>'


@public
@require_safe
def oembed(request: Request) -> HttpResponse:
    """The card of the article whose address is asked for. Raises Http404 for every other address."""
    if request.GET.get("format", "json") != "json":
        return HttpResponse("Only JSON is served.\n", status=NOT_IMPLEMENTED, content_type="text/plain")
    slug = _slug_in(request.GET.get("url", ""))
    published = Article.objects.published(at=request.now).for_teasers().defer("teaser")
    article = published.filter(slug=slug).first() or _moved(published, slug)
    if article is None:
        raise Http404
    answer = JsonResponse(_card(article, _pixels(request, "maxwidth"), _pixels(request, "maxheight")))
    # It holds nothing but what everybody sees, and is fetched by pages of others.
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def _slug_in(address: str) -> str:
    """The slug in the full address of an article of this site. Raises Http404 for anything else."""
    try:
        parts = urlsplit(address[:LONGEST_ADDRESS])
        match = resolve(parts.path)
    except (ValueError, Resolver404) as error:
        raise Http404 from error
    ours = urlsplit(settings.SITE_URL).netloc.lower()
    if parts.scheme not in ("https", "http") or parts.netloc.lower() != ours or match.url_name != "article":
        raise Http404
    return match.kwargs["slug"]


def _moved(published: Any, slug: str) -> Article | None:
    former = FormerAddress.objects.filter(slug=slug).first()
    return published.filter(pk=former.article_id).first() if former else None


def _pixels(request: Request, name: str) -> int:
    """How much room the asking page has; as much as we like where it does not say."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 else 100_000


def _card(article: Article, most_wide: int, most_high: int) -> dict[str, Any]:
    address = absolute(article.get_absolute_url())
    names = ", ".join(author.name for author in article.signed_by)
    told: dict[str, Any] = {
        "version": "1.0",
        "type": "link",
        "title": article.headline,
        "provider_name": settings.SITE_NAME,
        "provider_url": absolute("/"),
        "cache_age": CACHE_SECONDS,
    }
    if names:
        told["author_name"] = names
        told["author_url"] = absolute(article.signed_by[0].get_absolute_url())
    if most_wide >= NARROWEST and most_high >= HEIGHT:
        by = " · ".join(part for part in (names, settings.SITE_NAME) if part)
        told["type"], told["width"], told["height"] = "rich", min(WIDTH, most_wide), HEIGHT
        told["html"] = format_html(_CARD, address, article.headline, article.standfirst, by)
    return told | _thumbnail(article, most_wide, most_high)


def _thumbnail(article: Article, most_wide: int, most_high: int) -> dict[str, Any]:
    """The card's picture, or the largest rendition of the main picture that fits."""
    width, height = cards.SIZE
    found = [(absolute(cards.address_of(article)), width, height)]
    if article.hero:
        hero = article.hero
        found += [
            (absolute(pictures.rendition_url(hero.stem, one, "jpg")), one, round(hero.height * one / hero.width))
            for one in reversed(pictures.jpeg_widths(hero.widths))
        ]
    fitting = next((one for one in found if one[1] <= most_wide and one[2] <= most_high), None)
    return dict(zip(("thumbnail_url", "thumbnail_width", "thumbnail_height"), fitting, strict=True)) if fitting else {}
