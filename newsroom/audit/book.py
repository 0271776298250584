"""The log of acts at the desk: administrators read it, search it and take it along; nobody writes in it."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_safe

from edge.desk import MirrorAdmin
from edge.http import now_of
from newsroom.models import StaffAct
from readers.models import User
from rights.export import safe_cell

from .values import WITHHELD

COLUMNS = ("at", "actor", "actor_id", "kind", "model", "object_id", "rows", "changes", "through", "request", "network")
CHUNK = 500


class ByWhom(admin.SimpleListFilter):
    """Who did it: those who are on the staff."""

    title = "who"
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        staff = User.objects.filter(is_staff=True).order_by("email").values_list("pk", "email")[:100]
        return [(str(pk), email) for pk, email in staff]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StaffAct]) -> QuerySet[StaffAct]:
        chosen = self.value() or ""
        is_number = chosen.isascii() and chosen.isdecimal() and len(chosen) < 19
        return queryset.filter(actor=int(chosen)) if is_number else queryset


@admin.register(StaffAct)
class StaffActAdmin(MirrorAdmin):
    """What staff did, newest first."""

    list_display = ("at", "who", "kind", "row", "said", "through", "network")
    list_filter = (ByWhom, "kind", ("at", admin.DateFieldListFilter))
    list_per_page = 50
    search_fields = ("object_id",)
    search_help_text = "Somebody’s e-mail address, a kind of row such as subscriptions.Grant, its number, or a request."
    show_full_result_count = False
    actions = None
    change_list_template = "admin/newsroom/staffact/change_list.html"
    fields = ("at", "who", "kind", "row", "count", "through", "what_changed", "request_id", "network")
    readonly_fields = ("who", "row", "what_changed")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffAct]:
        # Joined, since the account may be there no more, and its number is all that is left.
        return super().get_queryset(request).select_related("actor")

    @admin.display(description="who", ordering="actor")
    def who(self, act: StaffAct) -> str:
        return _who(act)

    @admin.display(description="what")
    def row(self, act: StaffAct) -> str:
        if not act.model:
            return "-"
        words = f"{_in_words(act.model)} {act.object_id}".strip() + (f" ({act.count} rows)" if act.count > 1 else "")
        address = _address_of(act)
        return format_html('<a href="{}">{}</a>', address, words) if address else words

    @admin.display(description="changed")
    def said(self, act: StaffAct) -> str:
        return ", ".join(list(act.changes)[:6]) + (" …" if len(act.changes) > 6 else "")

    @admin.display(description="what changed")
    def what_changed(self, act: StaffAct) -> str:
        if not act.changes:
            return "-"
        rows = format_html_join(
            "",
            '<tr><td>{}</td><td data-l="Before">{}</td><td data-l="After">{}</td></tr>',
            ((name, *_both(values)) for name, values in sorted(act.changes.items())),
        )
        head = "<thead><tr><th>Field</th><th>Before</th><th>After</th></tr></thead>"
        return format_html('<table class="desk-table">' + head + "<tbody>{}</tbody></table>", rows)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StaffAct], search_term: str
    ) -> tuple[QuerySet[StaffAct], bool]:
        """By a whole address, kind of row, number or request; each of them has an index or is rare."""
        term = search_term.strip()[:100]
        if not term:
            return queryset, False
        if "@" in term:
            return queryset.filter(actor__in=User.objects.filter(email=term.lower())), False
        label, _, number = term.partition(" ")
        if "." in label:
            rows = queryset.filter(model__iexact=label)
            return (rows.filter(object_id=number.strip()) if number else rows), False
        return queryset.filter(Q(object_id=term) | Q(request_id=term)), False

    # --- To take along ------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.export))
        forms = [path(f"export/{form}/", view, {"form": form}, name=f"newsroom_staffact_{form}") for form in FORMS]
        return [*forms, *super().get_urls()]

    def export(self, request: HttpRequest, form: str) -> HttpResponse | StreamingHttpResponse:
        """What the list shows with its filters, oldest first; itself an act. Raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:newsroom_staffact_changelist"))
        rows = found.order_by("pk").iterator(chunk_size=CHUNK)
        kind, written = FORMS[form]
        name = f"acts-of-staff-{now_of(request):%Y-%m-%d}.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(written(rows), content_type=kind, headers=headers)


class _Line:
    """What a writer of CSV writes to: it gives each line back."""

    def write(self, text: str) -> str:
        return text


def _csv(acts: Iterator[StaffAct]) -> Iterator[str]:
    sheet = csv.writer(_Line())
    yield sheet.writerow(COLUMNS)
    for act in acts:
        said = _facts(act)
        said["changes"] = json.dumps(act.changes, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)
        yield sheet.writerow([safe_cell(said[name]) for name in COLUMNS])


def _json_lines(acts: Iterator[StaffAct]) -> Iterator[str]:
    for act in acts:
        yield json.dumps(_facts(act), cls=DjangoJSONEncoder, ensure_ascii=False) + "\n"


def _facts(act: StaffAct) -> dict[str, Any]:
    """An act as programs read it; the moment in UTC."""
    return {
        "at": act.at.astimezone(UTC).isoformat(),
        "actor": _who(act),
        "actor_id": act.actor_id,
        "kind": act.kind,
        "model": act.model,
        "object_id": act.object_id,
        "rows": act.count,
        "changes": act.changes,
        "through": act.through,
        "request": act.request_id,
        "network": act.network,
    }


FORMS: dict[str, tuple[str, Any]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "jsonl": ("application/jsonl; charset=utf-8", _json_lines),
}


def _who(act: StaffAct) -> str:
    return act.actor.email if act.actor else f"account {act.actor_id}"


def _both(values: list[Any]) -> tuple[str, str]:
    was, is_now = values if len(values) == 2 else (WITHHELD, WITHHELD)
    return _printed(was), _printed(is_now)


def _printed(value: Any) -> str:
    if value is None:
        return "-"
    return "not told" if value == WITHHELD else str(value)


def _in_words(label: str) -> str:
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except LookupError:
        return label


def _address_of(act: StaffAct) -> str:
    """The page of the row, where it has one and is one."""
    if not act.object_id or act.kind == StaffAct.Kind.DELETED:
        return ""
    app, _, name = act.model.lower().partition(".")
    try:
        return reverse(f"admin:{app}_{name}_change", args=[act.object_id])
    except NoReverseMatch:
        return ""
