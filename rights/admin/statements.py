"""Statements to look at: what was declared, never altered, and what staff can do about it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from edge.desk import MirrorAdmin
from edge.http import Request
from subscriptions.models.refund import in_euros

from .. import handling, matching, stating
from ..models import Handling, Statement

By = Handling.MatchedBy
PERMISSION = "rights.change_statement"


class Queue(admin.SimpleListFilter):
    """What waits for whom."""

    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Wait for a person"), ("stripe", "Wait for Stripe"), ("disputed", "It was not me")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Statement]) -> QuerySet[Statement]:
        found = {
            "waiting": Handling.objects.need_a_person(),
            "stripe": Handling.objects.filter(outcome=Handling.Outcome.OPEN, subscription__isnull=False),
            "disputed": Handling.objects.exclude(disputed_at=None),
        }.get(self.value() or "")
        return queryset if found is None else queryset.filter(pk__in=found.values("pk"))


@admin.register(Statement)
class StatementAdmin(MirrorAdmin):
    """Withdrawals and cancellations word for word; what staff do is a row beside them."""

    change_form_template = "admin/rights/statement/change_form.html"
    list_display = ("sent_at", "kind", "name", "email", "found", "outcome", "why")
    list_filter = (Queue, "kind")
    list_select_related = ("handling__reader",)
    search_fields = ("email__istartswith", "name__icontains", "contract__icontains")
    search_help_text = "The e-mail address or its beginning, the name, the contract as it was typed."
    show_full_result_count = False
    date_hierarchy = "sent_at"
    fields = (
        *("text_as_sent", "kind", "name", "email", "contract", "wished_on", "reason", "language", "sent_at", "digest"),
        *("is_whole", "found", "matched_by", "outcome", "done_at", "given_back", "ends_at", "why", "note"),
        *("disputed_at", "seen_to", "last_error"),
    )
    readonly_fields = fields

    # --- What is shown ------------------------------------------------------------------------------

    @admin.display(description="what was declared")
    def text_as_sent(self, row: Statement) -> SafeString:
        return format_html("<pre>{}</pre>", row.text)

    @admin.display(description="unaltered", boolean=True)
    def is_whole(self, row: Statement) -> bool:
        return row.is_unaltered

    @admin.display(description="reader", ordering="handling__reader__email")
    def found(self, row: Statement) -> SafeString | str:
        reader = row.handling.reader
        if reader is None:
            return "not found"
        return format_html('<a href="{}">{}</a>', reverse("admin:readers_user_change", args=[reader.pk]), reader.email)

    @admin.display(description="found by")
    def matched_by(self, row: Statement) -> str:
        return row.handling.get_matched_by_display()

    @admin.display(description="what became of it", ordering="handling__outcome")
    def outcome(self, row: Statement) -> str:
        return row.handling.get_outcome_display()

    @admin.display(description="done")
    def done_at(self, row: Statement) -> Any:
        return row.handling.done_at

    @admin.display(description="given back")
    def given_back(self, row: Statement) -> str:
        cents = row.handling.cents
        return "-" if cents is None else in_euros(cents)

    @admin.display(description="the contract ends")
    def ends_at(self, row: Statement) -> Any:
        return row.handling.ends_at

    @admin.display(description="why staff")
    def why(self, row: Statement) -> str:
        return row.handling.why_a_person if row.handling.needs_a_person else ""

    @admin.display(description="notes of staff")
    def note(self, row: Statement) -> str:
        return row.handling.note or "-"

    @admin.display(description="“it was not me”")
    def disputed_at(self, row: Statement) -> Any:
        return row.handling.disputed_at

    @admin.display(description="seen to")
    def seen_to(self, row: Statement) -> str:
        about = row.handling
        return f"{about.seen_to_at:%Y-%m-%d %H:%M} UTC, {about.seen_to_by}" if about.seen_to_at else "-"

    @admin.display(description="last answer of Stripe")
    def last_error(self, row: Statement) -> str:
        return row.handling.last_error or "-"

    # --- What staff do ------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def act(name: str, view: Callable[..., str]) -> URLPattern:
            wrapped = self.admin_site.admin_view(require_POST(partial(self._act, view)))
            return path(f"<uuid:pk>/{name}/", wrapped, name=f"rights_statement_{name}")

        acts = [act("match", _match), act("accept", _accept), act("again", _again), act("done", _done)]
        return [*acts, *super().get_urls()]

    def _act(self, view: Callable[[Request, Handling], str], request: Request, pk: Any) -> HttpResponse:
        """Do it, say what was done, and keep a line of it. Raises PermissionDenied, or Http404."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        row = get_object_or_404(Statement.objects.select_related("handling__reader"), pk=pk)
        words = view(request, row.handling)
        self.log_change(request, row, words)
        messages.info(request, words)
        return HttpResponseRedirect(reverse("admin:rights_statement_change", args=[pk]))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        if row and request.user.has_perm(PERMISSION):
            about = row.handling
            context |= {
                "handling": about,
                "may_match": not about.is_matched and not about.is_done,
                "may_accept": about.outcome == Handling.Outcome.TOO_LATE,
                "may_try_again": about.is_matched and about.outcome == Handling.Outcome.OPEN,
            }
        return super().render_change_form(request, context, *args, **kwargs)


def _match(request: Request, about: Handling) -> str:
    """This contract it is: carry it out as if it had been found at once."""
    typed = request.POST.get("contract", "")
    subscription = stating.subscription_named(typed)
    if about.is_matched or about.is_done:
        return "It is matched already."
    if subscription is None:
        return f"No contract has this number, and no reader with one has this address: {typed[:200]}"
    about.was_matched(subscription, By.STAFF)
    stating.acknowledge(about, at=request.now)
    done = handling.handle(about, at=request.now)
    done.was_seen_to(request.user, f"Matched to {matching.number_of(subscription)}.", at=request.now)
    return f"Matched to {matching.number_of(subscription)} of {subscription.reader}. {done.get_outcome_display()}."


def _accept(request: Request, about: Handling) -> str:
    """It came too late, and we undo the contract all the same."""
    if not about.accept_although_late():
        return "It did not come too late."
    done = handling.handle(about, at=request.now)
    return f"Accepted although late. {done.get_outcome_display()}."


def _again(request: Request, about: Handling) -> str:
    """Ask Stripe now."""
    about.is_due()
    done = handling.handle(about, at=request.now)
    return f"{done.get_outcome_display()}. {done.last_error}".strip()


def _done(request: Request, about: Handling) -> str:
    """A person has seen to it."""
    note = request.POST.get("note", "")[:2000]
    about.was_seen_to(request.user, note, at=request.now)
    return f"Seen to. {note}".strip()
