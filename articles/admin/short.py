"""The short things: briefs and the agenda of the day, each with a line to type the next one in."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from articles.models import AgendaItem, Brief
from edge.desk import MOMENTS, MomentInput, UpToAPoint
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


class QuickAdmin(ShortAdmin):
    """Above the list stands a line to type the next one in: it is out with one press, and the line is empty again."""

    quick_form: ClassVar[type[forms.ModelForm]]
    quick_button: ClassVar[str]
    change_list_template = "admin/articles/quick.html"
    show_full_result_count = False
    paginator = UpToAPoint

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.quick))
        return [path("quick/", view, name=f"articles_{self.opts.model_name}_quick"), *super().get_urls()]

    def quick(self, request: HttpRequest) -> HttpResponse:
        """Keep what was typed in the line; what is wrong with it stands above the list."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.quick_form(request.POST)
        if not form.is_valid():
            request.method = "GET"
            return self.changelist_view(request, {"quick": form})
        row = form.save(commit=False)
        self.date(request, row)
        row.save()
        self.log_addition(request, row, [{"added": {}}])
        messages.success(request, self.said(request, row))
        return HttpResponseRedirect(reverse(f"admin:articles_{self.opts.model_name}_changelist"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        line: dict[str, Any] = {"quick_button": self.quick_button}
        if self.has_add_permission(request):
            line["quick"] = self.quick_form(initial=self.next_line(request))
        return super().changelist_view(request, line | (extra_context or {}))

    def date(self, request: HttpRequest, row: Any) -> None:
        """Give it the moment that was left out."""

    def said(self, request: HttpRequest, row: Any) -> str:
        """What the editor is told."""
        return f"Added: {row}."

    def next_line(self, request: HttpRequest) -> dict[str, Any]:
        """What stands in the empty line already."""
        return {}


class QuickBrief(forms.ModelForm):
    """A headline, a sentence if there is one, and a moment if it is not now."""

    class Meta:
        model = Brief
        fields = ("headline", "text", "published_at")
        widgets: ClassVar[dict[str, Any]] = {
            "headline": forms.TextInput(attrs={"autofocus": True}),
            "text": forms.Textarea(attrs={"rows": 2}),
            "published_at": MomentInput(),
        }
        labels: ClassVar[dict[str, str]] = {"headline": "News in a line", "text": "More, if any", "published_at": "At"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "quick_%s"} | kwargs)
        self.fields["published_at"].required = False
        self.fields["published_at"].help_text = "Empty: now. Brussels time."


class QuickAgenda(forms.ModelForm):
    """When, what and where."""

    class Meta:
        model = AgendaItem
        fields = ("starts_at", "title", "place")
        widgets: ClassVar[dict[str, Any]] = {
            "starts_at": MomentInput(),
            "title": forms.TextInput(attrs={"autofocus": True}),
        }
        labels: ClassVar[dict[str, str]] = {"starts_at": "When", "title": "What", "place": "Where"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "quick_%s"} | kwargs)
        self.fields["starts_at"].help_text = "Brussels time."


@admin.register(Brief)
class BriefAdmin(QuickAdmin):
    """News in a sentence or two, free to read. A moment in the future: it appears by itself then."""

    list_display = ("headline", "published_at")
    search_fields = ("headline", "text")
    date_hierarchy = "published_at"
    starts_now = "published_at"
    quick_form, quick_button = QuickBrief, "Publish, and the next"

    def date(self, request: HttpRequest, row: Brief) -> None:
        row.published_at = row.published_at or now_of(request)

    def said(self, request: HttpRequest, row: Brief) -> str:
        return f"Out: {row}" if row.published_at <= now_of(request) else f"It appears by itself: {row}"


@admin.register(AgendaItem)
class AgendaItemAdmin(QuickAdmin):
    """What happens in Brussels today and soon."""

    list_display = ("title", "starts_at", "place")
    search_fields = ("title", "place")
    date_hierarchy = "starts_at"
    quick_form, quick_button = QuickAgenda, "Add, and the next"

    def next_line(self, request: HttpRequest) -> dict[str, Any]:
        """A day is typed in one go: the next line begins where the last one was."""
        last = AgendaItem.objects.order_by("-pk").first()
        return {"starts_at": last.starts_at} if last and last.starts_at > now_of(request) else {}
