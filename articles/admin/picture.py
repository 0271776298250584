"""The library of pictures, and the small card the editor asks for."""

from datetime import datetime
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import DateTimeField, QuerySet, Value
from django.forms import ModelForm
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from articles import pictures
from articles.models import Picture
from articles.models.picture import PictureQuerySet
from edge.http import now_of

from .forms import PictureForm, QuickPictureForm

# So many at a time in the dialog beside a text.
SHELF = 24


class RightsFilter(admin.SimpleListFilter):
    """Pictures that may no longer, or soon no longer, be shown, and those that lack what the law asks for."""

    title = "rights"
    parameter_name = "rights"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("soon", "End within 30 days"), ("ended", "Have ended"), ("lacking", "No alternative text or credit")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Picture]) -> QuerySet[Picture]:
        at, found = now_of(request), cast(PictureQuerySet, queryset)
        match self.value():
            case "soon":
                return found.ending_soon(at=at).order_by("usable_until", "pk")
            case "ended":
                return found.ended(at=at)
            case "lacking":
                return found.not_described()
        return queryset


@admin.register(Picture)
class PictureAdmin(admin.ModelAdmin):
    """Upload, describe, credit. It can be shown at once; lighter files are made by a job."""

    form = PictureForm
    list_display = ("thumbnail", "__str__", "credit", "rights", "size", "uploaded_at")
    list_filter = (RightsFilter,)
    list_display_links = ("thumbnail", "__str__")
    list_per_page = 48
    search_fields = ("caption", "alt", "credit", "rights_holder")
    search_help_text = "Caption, alternative text, credit or rights holder."
    show_full_result_count = False
    ordering = ("-pk",)
    actions = None
    readonly_fields = ("shown",)
    fieldsets = (
        (None, {"fields": ["shown", "original"]}),
        ("What it shows and who made it", {"fields": ["alt", "caption", "credit"]}),
        ("Rights", {"fields": ["rights_holder", "usable_until"]}),
        (
            "The point that matters",
            {
                "fields": [("focus_x", "focus_y")],
                "description": "Click on the picture: this point stays in sight where the picture is cut to fit. "
                "As numbers: from the left and from the top, between 0 and 1.",
            },
        ),
    )

    class Media:
        js: ClassVar[list[Script]] = [Script("articles/desk.js", defer=True)]

    @admin.display(description="picture")
    def thumbnail(self, picture: Picture) -> str:
        address = pictures.thumbnail_url(picture.stem, picture.widths)
        if not address:
            return "—"
        return format_html('<img class="thumbnail" src="{}" alt="{}" loading="lazy">', address, picture.alt)

    @admin.display(description="rights")
    def rights(self, picture: Picture) -> str:
        at: datetime = picture.asked_at  # type: ignore[attr-defined]
        warning = picture.warning(at=at)
        return format_html('<span class="warns">{}</span>', warning) if warning else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Picture]:
        # What is said of rights in the list depends on the moment of the request.
        return super().get_queryset(request).annotate(asked_at=Value(now_of(request), output_field=DateTimeField()))

    @admin.display(description="size")
    def size(self, picture: Picture) -> str:
        return f"{picture.width} × {picture.height}"

    @admin.display(description="picture")
    def shown(self, picture: Picture) -> str:
        if not picture.src:
            return "It is shown here once it is saved."
        return format_html('<span class="focus" data-focus><img src="{}" alt=""></span>', picture.src)

    def save_model(self, request: HttpRequest, obj: Picture, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "original" in form.changed_data:
            obj.make_first_renditions()

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("library/", wrap(self.library), name="articles_picture_library"),
            path("put-in/", wrap(require_POST(self.put_in)), name="articles_picture_put_in"),
            path("<int:picture_id>/card/", wrap(self.card), name="articles_picture_card"),
            *super().get_urls(),
        ]

    def library(self, request: HttpRequest) -> JsonResponse:
        """The newest pictures that fit the words in `q`, 24 a page, for the dialog. Raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        words, page = request.GET.get("q", "")[:100], request.GET.get("page", "1")
        first = (min(int(page), 1000) - 1) * SHELF if page.isascii() and page.isdecimal() and int(page[:5]) else 0
        found, _ = self.get_search_results(request, Picture.objects.order_by("-pk"), words.replace("\0", ""))
        shown = list(found[first : first + SHELF + 1])
        cards = [_card(one, at=now_of(request)) for one in shown[:SHELF]]
        return JsonResponse({"pictures": cards, "more": len(shown) > SHELF})

    def put_in(self, request: HttpRequest) -> JsonResponse:
        """Keep an upload from the dialog; answers with its card, or with what is wrong with each field (422).

        Raises PermissionDenied.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = QuickPictureForm(request.POST, request.FILES)
        if not form.is_valid():
            return JsonResponse({"errors": form.errors}, status=422)
        # Where the disk is full there is no picture, rather than one without files.
        with transaction.atomic():
            picture = form.save()
            picture.make_first_renditions()
            self.log_addition(request, picture, [{"added": {}}])
        return JsonResponse(_card(picture, at=now_of(request)), status=201)

    def card(self, request: HttpRequest, picture_id: int) -> JsonResponse:
        """What the editor shows of a picture in the text. Raises PermissionDenied or Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        picture = Picture.objects.filter(pk=picture_id).first() if picture_id < 2**63 else None
        if picture is None:
            raise Http404
        return JsonResponse(_card(picture, at=now_of(request)))


def _card(picture: Picture, *, at: datetime) -> dict[str, Any]:
    return {
        "id": picture.pk,
        "thumbnail": pictures.thumbnail_url(picture.stem, picture.widths[:2][-1:]),
        "alt": picture.alt,
        "caption": picture.caption,
        "credit": picture.credit,
        "warning": picture.warning(at=at),
    }
