"""The desk's pages for money back: what a reader paid, how much goes back, the question "really?", and the lists."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from edge.desk import ButtonMirrorAdmin, MirrorAdmin
from edge.http import Request
from readers.models import User

from . import billing, refunds
from .models import Dispute, Refund, Subscription
from .models.refund import in_euros
from .refunds import Offer

PERMISSION = "subscriptions.refund"
Kind = Refund.Kind


class RefundForm(forms.Form):
    """How much of one payment goes back, and why. `cleaned_data["cents"]` is the exact amount."""

    kind = forms.ChoiceField(label="How much", widget=forms.RadioSelect)
    euros = forms.DecimalField(
        label="The amount, in euro",
        required=False,
        min_value=Decimal("0.01"),
        max_digits=9,
        decimal_places=2,
        help_text="Only for “An amount”.",
    )
    reason = forms.CharField(
        max_length=300,
        label="Why",
        help_text="For us, in one sentence. The reader does not see it.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    ends_subscription = forms.BooleanField(required=False, label="And end the subscription now")

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        of_kind: dict[Any, Any] = {Kind.FULL: f"All of it: {in_euros(offer.left_cents)}"}
        if offer.left_cents < offer.payment.paid_cents:
            of_kind[Kind.FULL] = f"All that is left: {in_euros(offer.left_cents)}"
        if offer.rest_cents:
            rest = in_euros(offer.rest_cents)
            of_kind[Kind.REST] = f"The rest of the period, from tomorrow on: {rest}; the subscription ends at once"
        of_kind[Kind.PARTIAL] = "An amount"
        self.fields["kind"].choices = list(of_kind.items())  # type: ignore[attr-defined]
        if not offer.subscription.is_live:
            del self.fields["ends_subscription"]

    def clean(self) -> dict[str, Any]:
        """Count the cents. Raises ValidationError where no amount is given, or one that is more than what is left."""
        values = super().clean() or {}
        kind, euros = values.get("kind"), values.get("euros")
        if kind == Kind.PARTIAL and euros is None and "euros" not in self.errors:
            self.add_error("euros", "Type the amount.")
        if kind != Kind.PARTIAL and euros is not None:
            self.add_error("euros", "Either an amount or one of the others: leave this empty, or choose “An amount”.")
        cents = {Kind.FULL: self.offer.left_cents, Kind.REST: self.offer.rest_cents}.get(
            kind,  # type: ignore[arg-type]
            int((euros or 0) * 100),
        )
        if cents > self.offer.left_cents:
            self.add_error("euros", f"No more than {in_euros(self.offer.left_cents)} is left of this payment.")
        return values | {"cents": cents}


class ConfirmedRefund(forms.Form):
    """What the page before has shown, to the cent; `intention` makes pressing twice the same as pressing once."""

    intention = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=Kind.choices, widget=forms.HiddenInput)
    cents = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    reason = forms.CharField(max_length=300, widget=forms.HiddenInput)
    ends_subscription = forms.BooleanField(required=False, widget=forms.HiddenInput)


# --- The pages of one reader --------------------------------------------------------------------------


def urls_of(desk: admin.ModelAdmin) -> list[URLPattern]:
    """Below a reader's page: payments, refund, give."""

    def page(route: str, view: Callable[..., HttpResponse], methods: list[str], name: str) -> URLPattern:
        only = require_http_methods(methods)(partial(view, desk))
        return path(f"<int:reader_id>/payments/{route}", desk.admin_site.admin_view(only), name=f"readers_user_{name}")

    return [
        page("", payments, ["GET"], "payments"),
        page("<str:payment_id>/refund/", refund, ["GET", "POST"], "refund"),
        page("<str:payment_id>/give/", give, ["POST"], "give"),
    ]


def payments(desk: admin.ModelAdmin, request: Request, reader_id: int) -> HttpResponse:
    """What a reader has paid, asked of Stripe at this moment, with what can still be given back of each."""
    reader = _reader(request, reader_id)
    try:
        offers = refunds.offers_to(reader, at=request.now)
    except billing.BillingError as error:
        return _no_answer(request, reader, error, "What was paid cannot be looked up now.")
    context = {"offers": offers, "refunds": _refunds_of(reader), "title": "Payments"}
    return _shown(desk, request, "payments", reader, context)


def refund(desk: admin.ModelAdmin, request: Request, reader_id: int, payment_id: str) -> HttpResponse:
    """How much and why; then what exactly would happen. Nothing is given back here."""
    reader = _reader(request, reader_id)
    try:
        offer = _offer(reader, payment_id, at=request.now)
    except billing.BillingError as error:
        return _no_answer(request, reader, error, "Nothing was given back.")
    if not offer.is_possible:
        messages.info(request, "Nothing of this payment can be given back.")
        return _to_payments(reader)
    form = RefundForm(request.POST or None, offer=offer)
    context: dict[str, Any] = {"offer": offer, "title": "Give money back"}
    if not form.is_valid():
        return _shown(desk, request, "refund", reader, context | {"form": form})
    given = form.cleaned_data
    ends = given["kind"] == Kind.REST or given.get("ends_subscription", False)
    wish = {name: given[name] for name in ("kind", "cents", "reason")} | {"ends_subscription": ends}
    confirmed = ConfirmedRefund(initial=wish | {"intention": uuid4()})
    will_end = offer.subscription.is_live and (ends or offer.ends(given["cents"]))
    return _shown(desk, request, "confirm", reader, context | wish | {"form": confirmed, "will_end": will_end})


def give(desk: admin.ModelAdmin, request: Request, reader_id: int, payment_id: str) -> HttpResponse:
    """Give back what was confirmed, once."""
    reader = _reader(request, reader_id)
    form = ConfirmedRefund(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was given back: please begin again.")
        return _to_payments(reader)
    try:
        paid_for = _offer(reader, payment_id, at=request.now).subscription
        wish = form.cleaned_data | {"asked_by": request.user}
        row, is_new = refunds.ask(paid_for, payment_id, **wish, at=request.now)
    except refunds.TooMuch as error:
        messages.error(request, f"Nothing was given back: only {in_euros(error.left_cents)} is left of this payment.")
        return _to_payments(reader)
    except billing.BillingError as error:
        return _no_answer(request, reader, error, "Nothing was given back.")
    if is_new:
        desk.log_change(request, reader, _in_words(row))
    _send(desk, request, reader, row)
    return _to_payments(reader)


def _send(desk: admin.ModelAdmin, request: Request, reader: User, row: Refund) -> None:
    """Have Stripe do it, and say what came of it."""
    try:
        row = refunds.give(row, at=request.now)
    except refunds.RefundRefused as error:
        refunds.forget(row)
        desk.log_change(request, reader, f"Stripe refused to give {row.euros} back: {error}")
        messages.error(request, f"Nothing was given back. Stripe says: {error}")
    except billing.BillingError:
        waiting = "Stripe does not answer just now. It is noted, and done by itself as soon as Stripe is back."
        messages.warning(request, f"{row.euros} will be given back. {waiting}")
    else:
        if row.has_failed:
            messages.error(request, f"The refund of {row.euros} failed. Stripe says: {row.why_failed or row.status}")
        else:
            messages.success(request, f"{row.euros} are on their way to {reader}.")


def _in_words(row: Refund) -> str:
    end = ", and ended the subscription" if row.ends_subscription else ""
    return f"Gave back {row.euros} ({row.get_kind_display().lower()}) of {row.payment_id}{end}: {row.reason}"


def _reader(request: HttpRequest, reader_id: int) -> User:
    """The reader. Raises PermissionDenied, or Http404."""
    if not (request.user.has_perm(PERMISSION) and request.user.has_perm("readers.view_user")):
        raise PermissionDenied
    return get_object_or_404(User, pk=reader_id)


def _offer(reader: User, payment_id: str, *, at: datetime) -> Offer:
    """One payment of this reader. Raises Http404 where it is nobody's or somebody else's."""
    found = [one for one in refunds.offers_to(reader, at=at) if one.payment.stripe_id == payment_id]
    if not found:
        raise Http404
    return found[0]


def _refunds_of(reader: User) -> QuerySet[Refund]:
    return Refund.objects.filter(subscription__reader=reader).select_related("asked_by")


def _shown(
    desk: admin.ModelAdmin, request: HttpRequest, page: str, reader: User, context: dict[str, Any]
) -> HttpResponse:
    everything = desk.admin_site.each_context(request) | {"reader": reader, "opts": desk.opts} | context
    return TemplateResponse(request, f"admin/subscriptions/refund/{page}.html", everything)


def _no_answer(request: HttpRequest, reader: User, error: billing.BillingError, so: str) -> HttpResponse:
    said = f"Stripe says: {error}" if isinstance(error, billing.BillingRefused) else "Stripe does not answer just now."
    messages.error(request, f"{said} {so}")
    return HttpResponseRedirect(reverse("admin:readers_user_change", args=[reader.pk]))


def _to_payments(reader: User) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:readers_user_payments", args=[reader.pk]))


def context_of(reader: User, request: HttpRequest) -> dict[str, Any]:
    """What a reader's own page shows of this: from the database, so that it opens while Stripe is away."""
    return {
        "refunds": _refunds_of(reader),
        "disputes": Dispute.objects.filter(subscription__reader=reader),
        "may_refund": request.user.has_perm(PERMISSION) and Subscription.objects.filter(reader=reader).exists(),
    }


# --- The lists ----------------------------------------------------------------------------------------


class RefundOutcome(admin.SimpleListFilter):
    """What became of a refund."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("person", "Needs a person"), ("unanswered", "Not confirmed by Stripe"), ("given", "Given")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refund]) -> QuerySet[Refund]:
        found = Refund.objects
        chosen = {"person": found.need_a_person, "unanswered": found.unanswered, "given": found.given}.get(
            self.value() or ""
        )
        return queryset & chosen() if chosen else queryset


@admin.register(Refund)
class RefundAdmin(ButtonMirrorAdmin):
    """Everything given back, whoever asked for it. A failure stays on the desk's first page until it is seen to."""

    button = "I have seen to it"
    list_display = ("asked_at", "reader", "euros", "kind", "reason", "asked_by", "status", "why_failed", "seen_to_at")
    list_filter = (RefundOutcome, "kind")
    list_select_related = ("subscription__reader", "asked_by")
    search_fields = ("subscription__reader__email__startswith", "stripe_id__exact", "payment_id__exact")
    search_help_text = "The reader's e-mail address or its beginning; a number of Stripe."
    show_full_result_count = False

    @admin.display(description="reader", ordering="subscription__reader__email")
    def reader(self, row: Refund) -> str:
        return row.subscription.reader.email

    @admin.display(description="amount", ordering="cents")
    def euros(self, row: Refund) -> str:
        return row.euros

    def may_press(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PERMISSION)

    def is_pressable(self, row: Refund) -> bool:
        return row.needs_a_person

    def press(self, row: Refund, *, at: datetime) -> tuple[bool, str]:
        if row.was_seen_to(at=at):
            return True, "Seen to."
        return False, "There was nothing to see to."


@admin.register(Dispute)
class DisputeAdmin(MirrorAdmin):
    """Payments that their payers dispute. They are answered in Stripe's Dashboard."""

    list_display = ("opened_at", "reader", "euros", "reason", "status", "answer_by", "closed_at")
    list_filter = ("status",)
    list_select_related = ("subscription__reader",)
    search_fields = ("subscription__reader__email__startswith", "stripe_id__exact", "payment_id__exact")
    search_help_text = "The reader's e-mail address or its beginning; a number of Stripe."
    show_full_result_count = False

    @admin.display(description="reader", ordering="subscription__reader__email")
    def reader(self, row: Dispute) -> str:
        return row.subscription.reader.email

    @admin.display(description="amount", ordering="cents")
    def euros(self, row: Dispute) -> str:
        return in_euros(row.cents)
