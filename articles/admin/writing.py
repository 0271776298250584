"""What the page to write on has beside the form: links to articles, and what was typed and not saved."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from articles import search
from articles.models import Article
from edge.http import Request, now_of

from . import unsaved

# So many articles are offered for a link.
OFFERED = 8


class WritingPage(admin.ModelAdmin):
    """A page of the admin on which an article is written."""

    class Media:
        js: ClassVar[list[Script]] = [Script("articles/keep-typing.js", defer=True)]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("links/", wrap(self.links), name="articles_article_links"),
            path("unsaved/keep/", wrap(require_POST(self.keep_typed)), name="articles_article_keep"),
            path("unsaved/drop/", wrap(require_POST(self.drop_typed)), name="articles_article_drop"),
            path("unsaved/token/", wrap(self.token), name="articles_article_token"),
            *super().get_urls(),
        ]

    def keep_typed(self, request: HttpRequest) -> HttpResponse:
        """Keep what is typed and not saved yet."""
        return unsaved.keep(self, request)

    def drop_typed(self, request: HttpRequest) -> HttpResponse:
        """Throw away what was typed and not saved."""
        return unsaved.drop(request)

    def token(self, request: HttpRequest) -> HttpResponse:
        """What a form must carry now."""
        return unsaved.token(request)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The form; what was sent before and whose answer was lost is saved into the same article."""
        key = unsaved.key_in(request.POST) if request.method == "POST" else None
        if key is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            if copy := unsaved.claim(request, key):
                object_id = unsaved.again(request, copy, object_id)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Article | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if request.method == "GET" and (copy := unsaved.taken_up(request, obj)):
            form.typed_before = unsaved.as_sent(copy)  # type: ignore[attr-defined]
        return form

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context |= unsaved.context(request, kwargs.get("obj"))
        return super().render_change_form(request, context, *args, **kwargs)

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
        if (key := unsaved.key_in(request.POST)) and (copy := unsaved.claim(request, key)):
            copy.has_been_saved(form.instance, at=now_of(request))
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
