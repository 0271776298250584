"""The list of articles: found by every word, narrowed, and as fast with a hundred thousand as with a hundred."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from articles import results
from articles.models import Article, Author, Byline, Picture, Section
from articles.search import desk
from edge.desk import UpToAPoint
from edge.http import now_of

from . import bulk, chart

# A list of names longer than this is searched in, not chosen from.
MOST_NAMES = 60
COUNTED = {
    "opened": "Opened",
    "wall_met": "Met the wall",
    "checkouts": "Orders begun",
    "trials": "Trials begun",
    "paid": "Paid",
}


class WithResults(ChangeList):
    """The rows of a page together with what became of each, in one query for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        found = results.lately([row.pk for row in rows], at=now_of(request))
        for row in rows:
            row.lately = found.get(row.pk)
        self.result_list = rows


class StateFilter(admin.SimpleListFilter):
    """How far it has come, by the moment of the request."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        states = dict(Article.Status.choices)
        before = [(key, states[key]) for key in ("draft", "review", "ready")]
        return [*before, ("scheduled", "Scheduled"), *((key, states[key]) for key in ("published", "withdrawn"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        at, chosen = now_of(request), self.value() or ""
        out = Article.Status.PUBLISHED
        if chosen == "scheduled":
            return queryset.filter(status=out, published_at__gt=at)
        if chosen == out:
            return queryset.filter(status=out, published_at__lte=at)
        return queryset.filter(status=chosen) if chosen in Article.Status.values else queryset


class SectionFilter(admin.SimpleListFilter):
    """The sections in their order."""

    title = "section"
    parameter_name = "section__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(section.pk), section.name) for section in Section.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        chosen = self.value() or ""
        return queryset.filter(section=int(chosen)) if chosen.isdecimal() and len(chosen) < 19 else queryset


class AuthorFilter(admin.SimpleListFilter):
    """Whose name stands under it: chosen from the staff, or by `?author=` and the address of anybody's page."""

    title = "author"
    parameter_name = "author"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Author.objects.filter(is_guest=False).values_list("slug", "name")[:MOST_NAMES])

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        chosen = self.value() or ""
        signed = Byline.objects.filter(author__slug=chosen[:120]).values("article")
        return queryset.filter(pk__in=signed) if chosen and chosen.isprintable() else queryset


class NeedsFilter(admin.SimpleListFilter):
    """What somebody has to see to."""

    title = "needs"
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("picture", "A picture"), ("ends-soon", "A new picture: rights end soon"), ("author", "A name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        at = now_of(request)
        needs = {
            "picture": Q(hero__isnull=True),
            "ends-soon": Q(hero__in=Picture.objects.ending_soon(at=at) | Picture.objects.ended(at=at)),
            "author": Q(bylines__isnull=True),
        }
        return queryset.filter(needs.get(self.value() or "", Q()))


class PublishedFilter(admin.SimpleListFilter):
    """When it came out."""

    title = "published"
    parameter_name = "since"
    spans: ClassVar[dict[str, tuple[str, timedelta]]] = {
        "day": ("Last 24 hours", timedelta(days=1)),
        "week": ("Last 7 days", timedelta(days=7)),
        "month": ("Last 30 days", timedelta(days=30)),
        "year": ("Last year", timedelta(days=365)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, words) for key, (words, _) in self.spans.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        chosen = self.spans.get(self.value() or "")
        if chosen is None:
            return queryset
        at = now_of(request)
        return queryset.filter(status=Article.Status.PUBLISHED, published_at__lte=at, published_at__gt=at - chosen[1])


class ListPage(admin.ModelAdmin):
    """What ArticleAdmin shows before an article is opened."""

    list_filter = (
        *(StateFilter, SectionFilter, AuthorFilter, NeedsFilter, PublishedFilter),
        *("kicker", "is_free"),
    )
    list_per_page = 50
    list_max_show_all = 0
    paginator = UpToAPoint
    show_full_result_count = False
    # Any field: the words are looked up by `desk.narrowed`, and without one there would be no line to type in.
    search_fields = ("headline",)
    search_help_text = "Any words of it, its authors, or its address. “Quotes” keep words together, -minus leaves out."

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithResults

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Full text, drafts included; the person's own part of it is the queryset's."""
        return desk.narrowed(queryset, search_term[:200]), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those that say first what they would do (`bulk`); for whoever may change articles."""
        return bulk.actions() if self.has_change_permission(request) and not request.GET.get("_popup") else {}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.results))
        return [path("<int:article_id>/results/", view, name="articles_article_results"), *super().get_urls()]

    def results(self, request: HttpRequest, article_id: int) -> HttpResponse:
        """What readers did with an article, in numbers and a small picture."""
        article = get_object_or_404(self.get_queryset(request), pk=article_id)
        if not self.has_view_permission(request, article):
            raise PermissionDenied
        at = now_of(request)
        bars = chart.bars(results.day_by_day(article, at=at))
        last = results.lately([article.pk], at=at).get(article.pk, results.Lately())
        all_days = results.altogether(article)
        context = self.admin_site.each_context(request) | {
            "title": "What readers did",
            "opts": self.opts,
            "article": article,
            "bars": bars,
            "most": max(bar.day.opened for bar in bars),
            "chart": {"width": chart.WIDTH, "height": chart.HEIGHT},
            "counts": [
                {"name": words, "lately": getattr(last, name), "altogether": getattr(all_days, name)}
                for name, words in COUNTED.items()
            ],
            "since": results.counted_since(),
        }
        return render(request, "admin/articles/article/results.html", context)

    @admin.display(description="opened")
    def opened(self, article: Article) -> SafeString | str:
        """How often in the last thirty days, with the way to the rest."""
        lately: results.Lately | None = getattr(article, "lately", None)
        if lately is None:
            return "–"
        address = reverse("admin:articles_article_results", args=[article.pk])
        wall = f"{lately.wall_met} at the wall" if lately.wall_met else ""
        return format_html('<a href="{}">{}</a> <small class="desk-quiet">{}</small>', address, lately.opened, wall)
