"""The pages of the news: find, ask, render."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render

from edge.caching import public
from subscriptions.access import entitlement_for

from .models import Article, Author, FormerAddress, Section
from .paywall import reading_of


@public
def front(request: HttpRequest) -> HttpResponse:
    """The front page."""
    return render(request, "articles/front.html", {"front": True})


@public
def section(request: HttpRequest, section: str) -> HttpResponse:
    """A section: its remit and its river."""
    here = get_object_or_404(Section, slug=section)
    return render(request, "articles/section.html", {"here": here})


@public
def article(request: HttpRequest, section: str, slug: str) -> HttpResponse:
    """An article, with its wall or without."""
    article = _published_or_404(request, slug)
    if request.path != article.get_absolute_url():
        return HttpResponsePermanentRedirect(article.get_absolute_url())
    reading = reading_of(article, entitlement_for(request.user, at=request.now))
    return render(request, "articles/article.html", {"article": article, "reading": reading})


def _published_or_404(request: HttpRequest, slug: str) -> Article:
    published = Article.objects.published(at=request.now).for_teasers()
    if found := published.filter(slug=slug).first():
        return found
    if former := FormerAddress.objects.filter(slug=slug).first():
        if found := published.filter(pk=former.article_id).first():
            return found
    raise Http404


@public
def author(request: HttpRequest, slug: str) -> HttpResponse:
    """A page about who wrote it."""
    return render(request, "articles/author.html", {"author": get_object_or_404(Author, slug=slug)})


@public
def search(request: HttpRequest) -> HttpResponse:
    """Search in what everyone may see."""
    return render(request, "articles/search.html")
