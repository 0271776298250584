"""What every page of the admin shares: how a moment is typed, how a mirror is shown, how a long list is counted."""

from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from .http import now_of

MOMENT_HELP = "Brussels time."
# From here on a list says "more than", and older rows are found by narrowing: nobody turns forty pages.
MOST_COUNTED = 2_000


class MomentInput(forms.DateTimeInput):
    """The browser's own field for a day and a time; read as Brussels time."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


# For ModelAdmin.formfield_overrides.
MOMENTS: dict[Any, dict[str, Any]] = {
    models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MomentInput},
}


class UpToAPoint(Paginator):
    """Pages that are counted up to a point, so that the count costs the same however many rows there are."""

    @cached_property
    def _found(self) -> int:
        rows: models.QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[: MOST_COUNTED + 1].values("pk").count()

    @cached_property
    def count(self) -> int:
        """The number of rows, or MOST_COUNTED where there are more."""
        return min(self._found, MOST_COUNTED)

    @property
    def has_more(self) -> bool:
        """Whether there are more than were counted."""
        return self._found > MOST_COUNTED


class LatelySeen(admin.AllValuesFieldListFilter):
    """The values that stand in the newest rows, to choose from: all of them would be read from every row there is."""

    def __init__(
        self, field: Any, request: HttpRequest, params: Any, model: Any, model_admin: Any, field_path: str
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        newest = model._default_manager.order_by("-pk").values_list(field.name, flat=True)[:MOST_COUNTED]
        self.lookup_choices = sorted(set(newest) - {""})  # type: ignore[assignment]


class MirrorAdmin(admin.ModelAdmin):
    """Rows that the site or Stripe writes: staff may look and never touch, administrators included."""

    paginator: ClassVar[type] = UpToAPoint
    show_full_result_count = False
    formfield_overrides: ClassVar[dict[Any, dict[str, Any]]] = {models.URLField: {"assume_scheme": "https"}}

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Each field is looked up by itself: no index helps a question that joins two tables with an OR."""
        fields = self.get_search_fields(request)
        if len(fields) < 2 or not all(field.endswith(("__startswith", "__exact")) for field in fields):
            return super().get_search_results(request, queryset, search_term)
        for word in search_term.split()[:10]:
            each = [self.model._default_manager.filter(**{field: word}).order_by().values("pk") for field in fields]
            queryset = queryset.filter(pk__in=each[0].union(*each[1:]))
        return queryset, False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ButtonMirrorAdmin(MirrorAdmin):
    """A mirror whose rows have one button that sets something going; whoever may change rows of the kind may press it.

    The button has an address of its own, takes POST only, and leaves a line in the row's log.
    """

    button: ClassVar[str]
    change_form_template = "admin/mirror_with_button.html"

    def is_pressable(self, row: Any) -> bool:
        """Whether the button makes sense for this row now."""
        return True

    def press(self, row: Any, *, at: datetime) -> tuple[bool, str]:
        """Do it. Whether it went well, and what to tell and to log."""
        raise NotImplementedError

    def may_press(self, request: HttpRequest) -> bool:
        """Whether this person may press the button."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.press_view))
        return [path("<path:object_id>/again/", view, name=self._address), *super().get_urls()]

    def press_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Press the button of one row. Raises PermissionDenied, or Http404 where there is no such row."""
        if not (self.may_press(request) and self.has_view_permission(request)):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        went_well, words = self.press(row, at=now_of(request))
        self.log_change(request, row, words)
        messages.add_message(request, messages.SUCCESS if went_well else messages.WARNING, words)
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(page, args=[object_id]))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        if row and self.may_press(request) and self.is_pressable(row):
            context |= {"button": self.button, "button_url": reverse(f"admin:{self._address}", args=[row.pk])}
        return super().render_change_form(request, context, *args, **kwargs)

    @property
    def _address(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_again"
