"""What the page to write on has beside the form: links to articles found by their words."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.timezone import localtime

from articles import search
from articles.models import Article
from edge.http import Request, now_of

# So many articles are offered for a link.
OFFERED = 8


class WritingPage(admin.ModelAdmin):
    """A page of the admin on which an article is written."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [path("links/", wrap(self.links), name="articles_article_links"), *super().get_urls()]

    def links(self, request: Request) -> JsonResponse:
        """Published articles that fit the words in `q`, to link to; the newest where it is empty.

        Raises PermissionDenied.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = _to_link(request.GET.get("q", ""), request=request)
        return JsonResponse({"articles": [_offer(one) for one in found]})

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """The line for the log, and for the editor what cleaning took out of the text: of saving, never of previews."""
        if form.left_out:
            names = ", ".join(form.left_out)
            messages.warning(request, f"The text was kept without what an article cannot hold: {names}.")
        return super().construct_change_message(request, form, formsets, add)


def _to_link(words: str, *, request: HttpRequest) -> list[Article]:
    at = now_of(request)
    published = Article.objects.published(at=at).select_related("section").defer("teaser", "teaser_text")
    asked = search.question(words)
    if not asked.is_asked:
        return list(published.newest_first()[:OFFERED])
    found = [hit.article for hit in search.results(asked, at=at).hits[:OFFERED]]
    return found or list(published.filter(headline__icontains=asked.text).newest_first()[:OFFERED])


def _offer(article: Article) -> dict[str, str]:
    day = date_format(localtime(article.published_at), "j F Y") if article.published_at else ""
    return {
        "headline": article.headline,
        "address": article.get_absolute_url(),
        "about": f"{article.section.name}, {day}",
    }
