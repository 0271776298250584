"""The library of pictures, and the small card the editor asks for."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import URLPattern, path
from django.utils.html import format_html

from articles import pictures
from articles.models import Picture

from .forms import PictureForm


@admin.register(Picture)
class PictureAdmin(admin.ModelAdmin):
    """Upload, describe, credit. It can be shown at once; lighter files are made by a job."""

    form = PictureForm
    list_display = ("thumbnail", "__str__", "credit", "size", "uploaded_at")
    list_display_links = ("thumbnail", "__str__")
    list_per_page = 48
    search_fields = ("caption", "alt", "credit")
    search_help_text = "Caption, alternative text or credit."
    show_full_result_count = False
    ordering = ("-pk",)
    actions = None
    readonly_fields = ("shown",)
    fieldsets = (
        (None, {"fields": ["shown", "original"]}),
        ("What it shows and who made it", {"fields": ["alt", "caption", "credit"]}),
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
        card = self.admin_site.admin_view(self.card)
        return [path("<int:picture_id>/card/", card, name="articles_picture_card"), *super().get_urls()]

    def card(self, request: HttpRequest, picture_id: int) -> JsonResponse:
        """What the editor shows of a picture in the text. Raises PermissionDenied or Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        picture = Picture.objects.filter(pk=picture_id).first() if picture_id < 2**63 else None
        if picture is None:
            raise Http404
        card: dict[str, Any] = {
            "id": picture.pk,
            "thumbnail": pictures.thumbnail_url(picture.stem, picture.widths[:2][-1:]),
            "alt": picture.alt,
            "caption": picture.caption,
            "credit": picture.credit,
        }
        return JsonResponse(card)
