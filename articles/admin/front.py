"""The front desk: the chief editor puts articles on the front page, now or from a moment on, and takes that back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from articles.front import NEWEST, Plan, front_page, plan_of
from articles.models import Article, FrontVersion, Section
from articles.models.front import HOLDS, Chosen, Place, Slot
from edge.desk import MomentInput
from edge.http import Request

from .preview import _hidden

# What the buttons of the desk say.
NOW, LATER, PREVIEW = "now", "later", "preview"
PREFIX = "place-"
FOUND, WAITING, HISTORY = 20, 20, 30
# Articles that appear within this time can be given their place beforehand.
AHEAD = timedelta(days=7)


class FrontForm(forms.Form):
    """What is typed beside the places: from when on, and why."""

    note = forms.CharField(required=False, max_length=200, label="Note for colleagues")
    begins_at = forms.DateTimeField(required=False, widget=MomentInput, label="From (Brussels time)")
    # What stood when the desk was opened; somebody else's change since then is not written over unseen.
    began_with = forms.CharField(required=False, widget=forms.HiddenInput)
    # The waiting change that this one is instead of.
    instead_of = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)

    def __init__(self, *args: Any, verb: str = NOW, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verb, self.at = verb, at

    def clean_begins_at(self) -> datetime:
        """From when on (UTC). Raises ValidationError where a later moment is asked for and has passed, or is none."""
        if self.verb != LATER:
            return self.at
        moment: datetime | None = self.cleaned_data["begins_at"]
        if moment is None:
            raise forms.ValidationError("Choose the day and the time first.")
        if moment <= self.at:
            raise forms.ValidationError("This moment has passed. To change the page at once, press “Put it up now”.")
        return moment


@dataclass(frozen=True)
class Option:
    """A place that an article may be given."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Card:
    """An article at the desk: where it stands by hand, else where by rule, and where it may stand."""

    article: Article
    options: tuple[Option, ...]
    by_rule: str
    appears_at: datetime | None


@dataclass(frozen=True)
class Spot:
    """A place of the page: what was put there by hand, or what the rule has put there."""

    value: str
    number: int
    card: Card | None
    by_rule: Article | None


@dataclass(frozen=True)
class Strip:
    """A slot of the page with its places."""

    title: str
    spots: tuple[Spot, ...]


def value_of(place: Place) -> str:
    """How a form says a place: "second-2", "section.7-1"."""
    return f"{place.slot}{f'.{place.section}' if place.section else ''}-{place.position}"


def places_for(article: Article) -> dict[str, Place]:
    """Where that article may stand: opinions in the strip of opinions or at the top, reports in their own section."""
    slots = [Slot.LEAD, Slot.SECOND, Slot.ALSO, Slot.INVESTIGATION]
    slots.insert(3, Slot.VOICES if article.section.is_opinion else Slot.SECTION)
    places = [
        Place(slot, article.section_id if slot == Slot.SECTION else None, number + 1)
        for slot in slots
        for number in range(HOLDS[slot])
    ]
    return {value_of(place): place for place in places}


def in_words(place: Place, section: Section) -> str:
    """ "Second leads 2", "Climate 1", "Lead"."""
    slot = Slot(place.slot)
    name = section.name if slot == Slot.SECTION else slot.label
    return f"{name} {place.position}" if HOLDS[slot] > 1 else str(name)


def typed_places(data: Any, articles: dict[int, Article]) -> tuple[Chosen, list[str]]:
    """What the form says stands where, and what is wrong with it, in words."""
    chosen: Chosen = {}
    wrong: list[str] = []
    for pk, article in articles.items():
        value = data.get(f"{PREFIX}{pk}", "")
        place = places_for(article).get(value)
        if value and place is None:
            wrong.append(f"“{article}” cannot stand there.")
        elif place in chosen:
            other = articles[chosen[place]]
            wrong.append(f"“{other}” and “{article}” are both put at {in_words(place, article.section)}: move one.")
        elif place:
            chosen[place] = pk
    return chosen, wrong


@admin.register(FrontVersion)
class FrontVersionAdmin(admin.ModelAdmin):
    """The list of versions is the desk itself: the places of the page, the articles, and what stood before."""

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["articles/front-desk.css"]}
        js: ClassVar[list[Script]] = [Script("articles/front-desk.js", defer=True)]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FrontVersion | None = None) -> bool:
        """What stood on the front page is not forgotten; a version is taken back."""
        return False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("preview/", wrap(self.preview), name="articles_frontversion_preview"),
            path("<int:pk>/take-back/", wrap(require_POST(self.take_back)), name="articles_frontversion_take_back"),
            *super().get_urls(),
        ]

    # --- The desk -----------------------------------------------------------------------------------

    def changelist_view(self, request: Request, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Look at the page, and change it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._change(request)
        standing = FrontVersion.objects.standing(at=request.now).first()
        shown = self._asked_for(request) or standing
        initial: dict[str, Any] = {"began_with": _mark(standing)}
        if shown and shown.begins_at > request.now:
            initial |= {"note": shown.note, "begins_at": shown.begins_at, "instead_of": shown.pk}
        return self._page(request, FrontForm(initial=initial, at=request.now), shown.chosen() if shown else {}, shown)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A version is looked at on the desk."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        desk = reverse("admin:articles_frontversion_changelist")
        return HttpResponseRedirect(f"{desk}?from={object_id}" if object_id.isdecimal() else desk)

    def _asked_for(self, request: Request) -> FrontVersion | None:
        """The version whose places are to be looked at, or used again. Raises Http404 where there is none."""
        asked = request.GET.get("from", "")
        if not asked:
            return None
        if not (asked.isascii() and asked.isdecimal() and len(asked) < 19):
            raise Http404
        return get_object_or_404(FrontVersion, pk=asked)

    @transaction.atomic
    def _change(self, request: Request) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        chosen, wrong = typed_places(request.POST, _typed_articles(request, at=request.now))
        form = FrontForm(request.POST, verb=request.POST.get("verb", ""), at=request.now)
        is_valid = form.is_valid()
        if is_valid and form.verb not in (NOW, LATER):
            wrong.append("Say whether the change begins now or later.")
        standing = FrontVersion.objects.standing(at=request.now).select_for_update(of=("self",)).first()
        if is_valid and not wrong and form.cleaned_data["began_with"] != _mark(standing):
            wrong.append(_changed_meanwhile(standing))
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["began_with"] = _mark(standing)  # type: ignore[index]
        if wrong or not is_valid:
            return self._page(request, form, chosen, None, wrong=wrong, status=422)
        typed = form.cleaned_data
        version = FrontVersion.objects.keep(
            chosen,
            by=request.user,
            at=request.now,
            begins_at=typed["begins_at"],
            note=typed["note"],
            instead_of=typed["instead_of"],
        )
        self.log_change(request, version, _said(version, at=request.now))
        messages.success(request, _said(version, at=request.now))
        return self._back()

    def take_back(self, request: Request, pk: int) -> HttpResponse:
        """Undo what stands, or call off what was to come. Raises Http404 where that is neither."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        known = {one.pk: one for one in FrontVersion.objects.waiting(at=request.now)}
        standing = FrontVersion.objects.standing(at=request.now).first()
        version = standing if standing and standing.pk == pk else known.get(pk)
        if version is None:
            messages.warning(request, "That is not what stands or waits any more; nothing was changed.")
            return self._back()
        version.take_back(by=request.user, at=request.now)
        words = "Undone: what stood before stands again." if version is standing else "Called off: it does not begin."
        self.log_change(request, version, words)
        messages.success(request, words)
        return self._back()

    def preview(self, request: Request) -> HttpResponse:
        """The page as it would be: what is typed (POST), or a version at the moment it begins (GET)."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        at = request.now
        chosen: Chosen = {}
        if request.method == "POST":
            chosen, _ = typed_places(request.POST, _typed_articles(request, at=at))
            form = FrontForm(request.POST, verb=LATER, at=at)
            if request.POST.get("begins_at") and form.is_valid():
                at = form.cleaned_data["begins_at"]
        elif version := self._asked_for(request):
            at, chosen = max(version.begins_at, at), version.chosen()
        page = front_page(at=at, chosen=chosen)
        context = {"page": page, "sections": page.sections, "front": True, "user": AnonymousUser(), "now": at}
        return _hidden(
            render(request, "articles/front_preview.html", context | {"at": at, "is_later": at > request.now})
        )

    def _back(self) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:articles_frontversion_changelist"))

    # --- What the page of the desk shows --------------------------------------------------------------

    def _page(
        self,
        request: Request,
        form: FrontForm,
        chosen: Chosen,
        shown: FrontVersion | None,
        *,
        wrong: Sequence[str] = (),
        status: int = 200,
    ) -> HttpResponse:
        at = request.now
        plan = plan_of(at=at, chosen=chosen)
        asked = request.GET.get("q", "").replace("\0", "")[:100].strip()
        articles = _offered(at, also={*chosen.values(), *plan.keys()}, asked=asked)
        cards = _cards(articles, chosen, plan, at=at)
        standing = FrontVersion.objects.standing(at=at).first()
        media = self.media
        if hasattr(media, "with_nonce"):
            media = media.with_nonce(str(request.csp_nonce))  # type: ignore[attr-defined]
        context = self.admin_site.each_context(request) | {
            "title": "Front page",
            "opts": self.opts,
            "form": form,
            "wrong": wrong,
            "media": media,
            "strips": _strips(cards, chosen, plan),
            "pool": [card for pk, card in cards.items() if pk not in set(chosen.values())],
            "asked": asked,
            "shown": shown if shown != standing else None,
            "standing": standing,
            "waiting": FrontVersion.objects.waiting(at=at).select_related("made_by"),
            "history": FrontVersion.objects.select_related("made_by", "taken_back_by")
            .filter(begins_at__lte=at)
            .order_by("-begins_at", "-pk")[:HISTORY],
            "may_change": self.has_change_permission(request),
        }
        return render(request, "admin/articles/frontversion/desk.html", context, status=status)


def _typed_articles(request: Request, *, at: datetime) -> dict[int, Article]:
    """The articles that the form puts somewhere: those that are out, or will be by themselves."""
    keys = [
        int(name.removeprefix(PREFIX))
        for name, value in request.POST.items()
        if name.startswith(PREFIX) and value and name.removeprefix(PREFIX).isascii() and name[len(PREFIX) :].isdecimal()
    ]
    listed = [key for key in keys if key < 2**62]
    return {one.pk: one for one in _placeable().filter(pk__in=listed[: sum(HOLDS.values()) * 50]).order_by("pk")}


def _placeable() -> QuerySet[Article]:
    published = Article.objects.filter(status=Article.Status.PUBLISHED, published_at__isnull=False)
    return published.select_related("section").defer("teaser", "teaser_text")


def _offered(at: datetime, *, also: Iterable[int], asked: str) -> dict[int, Article]:
    """The cards of the desk: what stands on the page, what was looked for, what is new, what appears soon."""
    found: list[Article] = []
    if asked:
        words = Q(headline__icontains=asked) | Q(slug__icontains=asked) | Q(authors__name__icontains=asked)
        keys = Article.objects.filter(words, status=Article.Status.PUBLISHED).values("pk")
        found += _placeable().filter(pk__in=keys).order_by("-published_at", "-pk")[:FOUND]
    soon = _placeable().filter(published_at__gt=at, published_at__lte=at + AHEAD).order_by("published_at", "pk")
    found += soon[:WAITING]
    found += _placeable().filter(published_at__lte=at).order_by("-published_at", "-pk")[:NEWEST]
    found += _placeable().filter(pk__in=set(also)).order_by("-published_at", "-pk")
    return {one.pk: one for one in found}


def _cards(articles: dict[int, Article], chosen: Chosen, plan: Plan, *, at: datetime) -> dict[int, Card]:
    by_hand = {pk: value_of(place) for place, pk in chosen.items()}
    by_rule = {
        key: Place(slot, section, number + 1)
        for (slot, section), keys in plan.stands.items()
        for number, key in enumerate(keys)
        if key is not None
    }
    return {
        pk: Card(
            article=article,
            options=tuple(
                Option(value, in_words(place, article.section), value == by_hand.get(pk))
                for value, place in places_for(article).items()
            ),
            by_rule=in_words(by_rule[pk], article.section) if pk in by_rule and pk not in by_hand else "",
            appears_at=article.published_at if article.published_at and article.published_at > at else None,
        )
        for pk, article in articles.items()
    }


def _strips(cards: dict[int, Card], chosen: Chosen, plan: Plan) -> list[Strip]:
    """The slots in the order of the page, with the sections where they stand."""
    before = [(slot, None, slot.label) for slot in (Slot.LEAD, Slot.SECOND, Slot.ALSO, Slot.VOICES)]
    columns = [(Slot.SECTION, one.pk, one.name) for one in plan.sections if not one.is_opinion]
    after = [(Slot.INVESTIGATION, None, Slot.INVESTIGATION.label)]
    return [
        Strip(str(title), tuple(_spots(Slot(slot), section, cards, chosen, plan)))
        for slot, section, title in (*before, *columns, *after)
    ]


def _spots(slot: Slot, section: int | None, cards: dict[int, Card], chosen: Chosen, plan: Plan) -> Iterable[Spot]:
    stands = plan.stands.get((slot, section), ())
    for number in range(HOLDS[slot]):
        place = Place(slot, section, number + 1)
        by_hand = cards.get(chosen.get(place, 0))
        ruled = cards.get(stands[number] or 0) if number < len(stands) else None
        yield Spot(value_of(place), number + 1, by_hand, ruled.article if ruled and ruled is not by_hand else None)


def _mark(version: FrontVersion | None) -> str:
    return str(version.pk) if version else "rule"


def _changed_meanwhile(standing: FrontVersion | None) -> str:
    who = (standing.made_by.name or str(standing.made_by)) if standing and standing.made_by else "Somebody"
    clock = f" at {timezone.localtime(standing.made_at):%H:%M}" if standing else ""
    return (
        f"{who} changed the front page{clock}, while you were at it. What you arranged is still here. "
        "Look at the page in another window; if you press again, yours takes its place."
    )


def _said(version: FrontVersion, *, at: datetime) -> str:
    if version.begins_at <= at:
        return "The front page is changed."
    local = timezone.localtime(version.begins_at)
    return f"The front page changes by itself on {local.day} {local:%B %Y, %H:%M}."
