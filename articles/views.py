"""The pages of the news: find, ask, render."""

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from edge.caching import changes_at, counts_as, public
from edge.http import Request, is_fetched_ahead, is_kept_for_later
from edge.middleware import PRIVATE
from edge.visitor import visitor_of
from subscriptions.access import entitlement_for

from . import archive as archived
from . import looking_ahead, noting, results, subjects
from . import search as finding
from .article_page import ARCHIVE_AGE, article_page
from .beside import beside
from .front import front_page
from .models import Article, Author, Brief, Correction, FormerAddress, PartnerItem, Section
from .paywall import Access, Reading, reading_of, reading_of_search_engine
from .river import NoSuchPlace, Stretch, stretch_of
from .saved import note_opened
from .search_crawlers import engine_of
from .section_page import Desk, desk_of
from .translations import is_translated


@public
@require_safe
def front(request: Request) -> HttpResponse:
    """The front page."""
    page = front_page(at=request.now)
    return render(request, "articles/front.html", {"page": page, "sections": page.sections, "front": True})


@public
@require_safe
def section(request: Request, section: str) -> HttpResponse:
    """A section: its remit and its river."""
    here = get_object_or_404(Section, slug=section)
    river = _river(request, here.articles.published(at=request.now).for_teasers().defer("teaser"))
    context = {"here": here, "river": river, "beside": beside(at=request.now)}
    context["desk"] = desk_of(here, at=request.now) if river.is_first else Desk()
    return render(request, "articles/section.html", context)


@public
@require_safe
def article(request: Request, section: str, slug: str) -> HttpResponse:
    """An article, with its wall or without."""
    article = _published(request, slug)
    if article is None:
        return _withdrawn(request, slug)
    if request.path != article.get_absolute_url():
        return _moved(request, article)
    reading = _reading(request, article)
    page = article_page(article, reading, reader=request.user, at=request.now)
    ahead = is_fetched_ahead(request)
    if request.method == "GET" and not ahead:
        note_opened(request.user, article, reading, page.shelf, at=request.now)
        noting.tell(visitor_of(request), article, reading, at=request.now)
        counts_as(request, results.label_of(article, reading))
    if article.published_at:
        changes_at(request, article.published_at + ARCHIVE_AGE)
    context = {"page": page, "article": article, "reading": reading, "here": article.section}
    context |= {"ahead": ahead, "kept": ahead and is_kept_for_later(request)}
    # The page says itself why one may read; the notice of every page would ask again.
    context["payment_trouble"] = None
    response = render(request, "articles/article.html", context)
    if reading.access is Access.SEARCH_ENGINE:
        # What an engine reads is kept neither by caches on the way nor by the engine itself.
        response["Cache-Control"], response["X-Robots-Tag"] = PRIVATE, "noarchive"
    return looking_ahead.allow(response, reading, page.shelf)


def _reading(request: Request, article: Article) -> Reading:
    reading = reading_of(article, entitlement_for(visitor_of(request), at=request.now))
    if reading.is_locked and settings.SEARCH_CRAWLERS and engine_of(request):
        return reading_of_search_engine(article)
    return reading


def _published(request: Request, slug: str) -> Article | None:
    corrections = Correction.objects.filter(article=OuterRef("pk"))
    published = Article.objects.published(at=request.now).for_reading()
    published = published.annotate(is_corrected=Exists(corrections), is_translated=is_translated())
    if found := published.filter(slug=slug).first():
        return found
    former = FormerAddress.objects.filter(slug=slug).first()
    return published.filter(pk=former.article_id).first() if former else None


def _withdrawn(request: Request, slug: str) -> HttpResponse:
    """What was taken back for good says so, also under an older address. Raises Http404 for everything else."""
    withdrawn = Article.objects.withdrawn().select_related("section").defer("teaser", "teaser_text")
    known = Q(slug=slug) | Q(former_addresses__slug=slug)
    article = get_object_or_404(withdrawn.filter(known).distinct())
    if request.path != article.get_absolute_url():
        return _moved(request, article)
    return render(request, "articles/withdrawn.html", {"article": article, "here": article.section}, status=410)


def _moved(request: Request, article: Article) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(article.get_absolute_url() + (f"?{query}" if query else ""))


@public
@require_safe
def author(request: Request, slug: str) -> HttpResponse:
    """A page about who wrote it."""
    author = get_object_or_404(Author.objects.select_related("picture"), slug=slug)
    river = _river(request, author.articles.published(at=request.now).for_teasers().defer("teaser"))
    return render(request, "articles/author.html", {"author": author, "river": river})


@public
@require_safe
def author_key(request: Request, slug: str) -> HttpResponse:
    """The public key of an author, for a message that nobody else can read."""
    author = get_object_or_404(Author.objects.exclude(pgp_key=""), slug=slug)
    answer = HttpResponse(author.pgp_key.strip() + "\n", content_type="application/pgp-keys")
    answer["Content-Disposition"] = f'attachment; filename="{author.slug}.asc"'
    return answer


@public
@require_safe
def latest(request: Request) -> HttpResponse:
    """Everything, newest first, by day."""
    river = _river(request, Article.objects.published(at=request.now).for_teasers().defer("teaser"), length=40)
    context = {"river": river, "beside": beside(at=request.now)}
    return render(request, "articles/latest.html", context)


@public
@require_safe
def investigations(request: Request) -> HttpResponse:
    """What took us longest, newest first."""
    found = Article.objects.published(at=request.now).filter(kicker=Article.Kind.INVESTIGATION)
    context = {"river": _river(request, found.for_teasers().defer("teaser")), "beside": beside(at=request.now)}
    return render(request, "articles/investigations.html", context)


@public
@require_safe
def archive(request: Request) -> HttpResponse:
    """The months in which something appeared."""
    return render(request, "articles/archive.html", {"years": archived.years(at=request.now)})


@public
@require_safe
def archive_month(request: Request, year: int, month: int) -> HttpResponse:
    """Everything of a month, newest first. A month in which nothing appeared is no page."""
    here = archived.Month(year, month)
    rows = here.of(Article.objects.published(at=request.now)).for_teasers().defer("teaser")
    river = _river(request, rows, length=40)
    if river.is_first and not river.rows:
        raise Http404
    context = {
        "month": here,
        "river": river,
        "later": archived.later(here, at=request.now),
        "earlier": archived.earlier(here, at=request.now),
    }
    return render(request, "articles/archive_month.html", context)


@public
@require_safe
def briefs(request: Request) -> HttpResponse:
    """The news in brief, in full."""
    river = _river(request, Brief.objects.published(at=request.now), length=30)
    context = {"river": river, "beside": beside(at=request.now)}
    return render(request, "articles/briefs.html", context)


@public
@require_safe
def topic(request: Request, slug: str) -> HttpResponse:
    """What was written about a subject, in whatever section."""
    topic = get_object_or_404(subjects.topics(at=request.now), slug=slug)
    river = _river(request, topic.articles.published(at=request.now).for_teasers().defer("teaser"))
    context = {"topic": topic, "river": river, "beside": beside(at=request.now)}
    return render(request, "articles/topic.html", context)


@public
@require_safe
def search(request: Request) -> HttpResponse:
    """Search in what this visitor may see: the teasers, or everything."""
    sections = list(Section.objects.all())
    author = request.GET.get("author", "")
    asked = finding.question(
        request.GET.get("q", ""),
        section=next((one for one in sections if one.slug == request.GET.get("section")), None),
        author=Author.objects.filter(slug=author[:100]).first() if author.isprintable() and author else None,
        kind=request.GET.get("kind", ""),
        period=request.GET.get("period", ""),
        order=request.GET.get("order", ""),
    )
    entitlement = entitlement_for(visitor_of(request), at=request.now)
    try:
        page = int(request.GET.get("page", "1"))
        results = finding.results(asked, entitlement, at=request.now, page=page)
    except ValueError as error:
        raise Http404 from error
    context = {
        "asked": asked,
        "results": results,
        "sections": sections,
        "kinds": [kind for kind in Article.Kind.choices if kind[0]],
        "in_full": entitlement is not None,
    }
    return render(request, "articles/search.html", context)


@public
@require_safe
def suggestions(request: Request) -> JsonResponse:
    """What somebody who is typing may mean."""
    return JsonResponse({"suggestions": finding.suggestions(request.GET.get("q", ""), at=request.now)})


@public
@require_safe
def partner_notice(request: Request, pk: int) -> HttpResponse:
    """Who pays for a political advertisement, and what for (law.md L16)."""
    items = PartnerItem.objects.political_and_shown(at=request.now)
    return render(request, "articles/partner_notice.html", {"item": get_object_or_404(items, pk=pk)})


@public
@require_safe
def partner_notices(request: Request) -> HttpResponse:
    """Every political advertisement we carry or have carried in the last seven years (law.md L16)."""
    items = PartnerItem.objects.political_and_shown(at=request.now)
    return render(request, "articles/partner_notices.html", {"items": items})


def _river(request: Request, rows: QuerySet, *, length: int = 20) -> Stretch:
    try:
        return stretch_of(rows, request.GET.get("before", ""), length=length)
    except NoSuchPlace as error:
        raise Http404 from error
