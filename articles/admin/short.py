"""The short things: briefs, partner items, the agenda of the day."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from articles.models import AgendaItem, Brief, PartnerItem
from edge.desk import MOMENTS
from edge.http import now_of


class ShortAdmin(admin.ModelAdmin):
    """Things with a moment, typed in Brussels time; the moment is now unless another one is chosen."""

    formfield_overrides = MOMENTS
    starts_now: str = ""
    actions = None

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        now = {self.starts_now: now_of(request)} if self.starts_now else {}
        return now | super().get_changeform_initial_data(request)

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(db_field, models.DateTimeField):
            field.help_text = f"{field.help_text} Brussels time.".strip()
        return field


@admin.register(Brief)
class BriefAdmin(ShortAdmin):
    """News in a sentence or two, free to read. A moment in the future: it appears by itself then."""

    list_display = ("headline", "published_at")
    search_fields = ("headline", "text")
    date_hierarchy = "published_at"
    starts_now = "published_at"


@admin.register(PartnerItem)
class PartnerItemAdmin(ShortAdmin):
    """What somebody pays for. It never runs without its payer, and a political one never without its notice."""

    list_display = ("headline", "organisation", "starts_at", "ends_at", "is_political")
    list_filter = ("is_political",)
    search_fields = ("headline", "organisation")
    starts_now = "starts_at"
    formfield_overrides = MOMENTS | {models.URLField: {"assume_scheme": "https"}}
    fieldsets = (
        (None, {"fields": ["organisation", "headline", "url"]}),
        ("When", {"fields": ["starts_at", "ends_at"]}),
        (
            "Political advertising",
            {
                "fields": ["is_political", "notice"],
                "description": "European law asks for a public notice beside every political advertisement.",
            },
        ),
    )


@admin.register(AgendaItem)
class AgendaItemAdmin(ShortAdmin):
    """What happens in Brussels today and soon."""

    list_display = ("title", "starts_at", "place")
    search_fields = ("title", "place")
    date_hierarchy = "starts_at"
