"""The reader's own account: what I have, what it costs, and the way out."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from edge.http import Request
from edge.visitor import visitor_of

from . import billing, cancelling, ending_early, pausing, switching, trial, webhooks, withdrawing
from .access import Entitlement, Source, all_entitlements_for
from .forms import WhyCancelled
from .models import Contract, Customer, Farewell, Plan, Refund, Subscription
from .models.refund import in_euros
from .standing import Standing, State, standing_of
from .trouble import billing_trouble


@require_safe
@login_required
def account(request: Request) -> HttpResponse:
    """The account. Asks the database only: it opens while Stripe is away."""
    standing = _standing(request)
    context = {
        "standing": standing,
        "subscription": standing.subscription,
        "entitlements": (entitlements := all_entitlements_for(visitor_of(request), at=request.now)),
        "paid_for_by_others": _paid_for_by_others(standing, entitlements),
        "other_plan": _other_plan(standing),
        "plans": list(Plan.objects.on_sale()),
        "with_trial": trial.is_offered_to(request.user),
        "is_customer": Customer.objects.of(request.user) is not None,
        "has_contracts": Contract.objects.of(request.user).exists(),
        "withdraw_until": _last_day_to_withdraw(standing, request.now),
    }
    return render(request, "subscriptions/account.html", context)


# What lets a reader in wherever they are, at somebody else's expense.
OF_OTHERS = (Source.STAFF, Source.SEAT, Source.GRANT)


def _paid_for_by_others(standing: Standing, entitlements: list[Entitlement]) -> Entitlement | None:
    """What gives a paying reader the same for nothing, the longest of several; None where nothing does."""
    if not standing.can_cancel:
        return None
    given = [one for one in entitlements if one.source in OF_OTHERS]
    return max(given, key=lambda one: (one.until is None, one.until), default=None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def cancel(request: Request) -> HttpResponse:
    """One page, one button; access stays until the end of what is paid."""
    standing = _standing(request)
    if standing.can_keep:
        return redirect("cancelled")
    if not standing.can_cancel or standing.subscription is None:
        messages.info(request, _("You have no subscription to cancel."))
        return redirect("account")
    if request.method != "POST":
        at_once = cancelling.ends_at_once(standing.subscription, at=request.now)
        rest = _rest(request, standing)
        page = _about(standing, form=WhyCancelled(), at_once=at_once, rest=rest)
        return render(request, "subscriptions/cancel.html", page)
    try:
        left = cancelling.cancel(standing.subscription, at=request.now)
    except billing.BillingError as error:
        return billing_trouble(request, error, again=reverse("cancel"))
    _note_why(request, in_trial=standing.subscription.is_trial)
    if not left.is_live:
        messages.success(request, _("Your subscription has ended, and nothing more will be charged."))
        return redirect("account")
    return redirect("cancelled")


def _note_why(request: Request, *, in_trial: bool) -> None:
    """Keep the answer to the optional question; a wrong one is no reason to bother somebody who is leaving."""
    form = WhyCancelled(request.POST)
    if form.is_valid() and form.cleaned_data["why"]:
        today = timezone.localdate(request.now)
        Farewell.objects.create(reason=form.cleaned_data["why"], in_trial=in_trial, said_on=today)


@require_safe
@login_required
def cancelled(request: Request) -> HttpResponse:
    """What a cancelled reader has left, and the way back."""
    standing = _standing(request)
    if not standing.can_keep:
        return redirect("account")
    return render(request, "subscriptions/cancelled.html", _about(standing, rest=_rest(request, standing)))


def _rest(request: Request, standing: Standing) -> ending_early.Rest | None:
    """What ending at once gives back; nothing where Stripe does not answer, since cancelling must not wait for it."""
    try:
        return ending_early.rest_of(standing.subscription, at=request.now) if standing.subscription else None
    except billing.BillingError:
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def end_now(request: Request) -> HttpResponse:
    """A renewed year ends at once. What goes back stands above the button, and is what goes back."""
    subscription = _standing(request).subscription
    if subscription is None:
        return redirect("account")
    try:
        if request.method == "POST":
            return _end_now(request, subscription)
        rest = ending_early.rest_of(subscription, at=request.now)
    except billing.BillingError as error:
        return billing_trouble(request, error, again=reverse("end_now"))
    if rest is None:
        messages.info(request, _("There is nothing to give back: only a year that was renewed can be ended at once."))
        return redirect("account")
    return render(request, "subscriptions/end_now.html", {"rest": rest, "subscription": subscription})


def _end_now(request: Request, subscription: Subscription) -> HttpResponse:
    """Raises BillingError where nothing has happened."""
    shown = request.POST.get("cents", "")
    try:
        cents = int(shown) if shown.isdecimal() and len(shown) < 9 else 0
        refund = ending_early.end(subscription, shown_cents=cents, at=request.now)
    except ending_early.Changed:
        messages.warning(request, _("The amount has changed since you opened this page. Please look again."))
        return redirect("end_now")
    amount = {"amount": in_euros(refund.cents)}
    if refund.has_failed:
        words = _("Your bank has sent %(amount)s back to us. Please write to us, and we pay it another way.")
        messages.error(request, words % amount)
    elif refund.is_unanswered:
        words = _("We have noted it: your subscription ends, and %(amount)s go back, as soon as the bank can be asked.")
        messages.success(request, words % amount)
    else:
        words = _("Your subscription has ended, and %(amount)s are on their way back to you.")
        messages.success(request, words % amount)
    return redirect("account")


@require_POST
@login_required
def keep(request: Request) -> HttpResponse:
    """Take the cancellation back."""
    standing = _standing(request)
    if not standing.can_keep or standing.subscription is None:
        messages.info(request, _("There is no cancellation to take back."))
        return redirect("account")
    stripe_id = standing.subscription.stripe_id
    try:
        webhooks.change(standing.subscription, lambda gateway: gateway.keep(stripe_id), at=request.now)
    except billing.BillingError as error:
        return billing_trouble(request, error, again=reverse("account"))
    messages.success(request, _("Your subscription goes on as before."))
    return redirect("account")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def switch(request: Request) -> HttpResponse:
    """The other plan: what it costs first, then the button."""
    standing = _standing(request)
    other, subscription = _other_plan(standing), standing.subscription
    if not standing.can_switch or other is None or subscription is None:
        messages.info(request, _("There is nothing to switch."))
        return redirect("account")
    try:
        if request.method != "POST":
            cost = billing.gateway().preview_switch(subscription.stripe_id, other.stripe_price_id)
            context = _about(standing, other=other, cost=cost)
            summary = render_to_string("subscriptions/_switch_summary.html", context)
            context |= {"summary": summary, "intention": switching.seal(summary)}
            return render(request, "subscriptions/switch.html", context)
        if request.POST.get("to") != other.interval:
            messages.info(request, _("You already have this plan."))
            return redirect("account")
        switching.switch(subscription, other, sealed=request.POST.get("intention", ""), at=request.now)
    except switching.NotShown:
        return redirect("switch")
    except billing.BillingError as error:
        return billing_trouble(request, error, again=reverse("switch"))
    messages.success(request, _("You pay yearly now.") if other.is_yearly else _("You pay monthly now."))
    return redirect("account")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def pause(request: Request) -> HttpResponse:
    """One to three months without charge; the dates stand above the button."""
    standing = _standing(request)
    subscription = standing.subscription
    if not standing.can_pause or subscription is None:
        messages.info(request, _("To pause, you need a running subscription whose present period is paid."))
        return redirect("account")
    choices = pausing.choices_for(subscription)
    page = _about(standing, choices=choices, begins=f"{subscription.period_ends_at.timestamp():.0f}")
    if request.method != "POST":
        return render(request, "subscriptions/pause.html", page)
    choice = next((one for one in choices if str(one.months) == request.POST.get("months")), None)
    if choice is None or request.POST.get("begins") != page["begins"]:
        messages.warning(request, _("The dates have changed since you opened this page. Please look again."))
        return render(request, "subscriptions/pause.html", page)
    try:
        pausing.pause(subscription, choice, at=request.now)
    except billing.BillingError as error:
        return billing_trouble(request, error, again=reverse("pause"))
    messages.success(request, _("Your pause is set. We have sent you the dates."))
    return redirect("account")


@require_POST
@login_required
def resume(request: Request) -> HttpResponse:
    """End a pause, or take it back before it has begun."""
    standing = _standing(request)
    if not standing.can_resume or standing.subscription is None:
        messages.info(request, _("There is no pause to end."))
        return redirect("account")
    try:
        pausing.resume(standing.subscription, at=request.now)
    except billing.BillingError as error:
        return billing_trouble(request, error, again=reverse("account"))
    messages.success(request, _("Your subscription goes on."))
    return redirect("account")


@require_POST
@login_required
def card(request: Request) -> HttpResponse:
    """To Stripe's page where the card is changed."""
    return _to_stripe(request, lambda customer, back: billing.gateway().card_page(customer, return_url=back))


@require_safe
@login_required
def pay(request: Request) -> HttpResponse:
    """To Stripe's page where the open invoice is paid at once, with any card: the link in notices and letters."""
    standing = _standing(request)
    if standing.subscription is None or standing.state is not State.PAST_DUE:
        messages.info(request, _("There is nothing to pay."))
        return redirect("account")
    try:
        address = billing.gateway().open_invoice_page(standing.subscription.stripe_id)
        if not address:
            webhooks.refresh(request.user, at=request.now)
    except billing.BillingError as error:
        return billing_trouble(request, error, again=reverse("pay"))
    return HttpResponseRedirect(address) if address else redirect("account")


@require_POST
@login_required
def portal(request: Request) -> HttpResponse:
    """To Stripe's page with the invoices and the billing address."""
    return _to_stripe(request, lambda customer, back: billing.gateway().portal_page(customer, return_url=back))


@require_safe
@login_required
def invoices(request: Request) -> HttpResponse:
    """What was charged, asked of Stripe at this moment, and what was given back."""
    customer = Customer.objects.of(request.user)
    try:
        listed = billing.gateway().invoices(customer.stripe_id) if customer else []
    except billing.BillingError as error:
        return billing_trouble(request, error, again=reverse("invoices"))
    refunds = Refund.objects.told_to_readers().filter(subscription__reader=request.user)
    context = _about(_standing(request), invoices=listed, refunds=refunds)
    return render(request, "subscriptions/invoices.html", context)


@require_safe
@login_required
def back(request: Request) -> HttpResponse:
    """Back from Stripe's pages, where anything may have been changed: ask, record, show."""
    try:
        webhooks.refresh(request.user, at=request.now)
    except billing.BillingError:
        messages.warning(request, _("Stripe did not answer just now. What you changed will show here within minutes."))
    return redirect("account")


def _last_day_to_withdraw(standing: Standing, now: datetime) -> datetime | None:
    """A moment of the last day on which the running contract can be withdrawn from; None where that is over."""
    contract = Contract.objects.filter(subscription=standing.subscription).first() if standing.subscription else None
    if contract is None or standing.subscription is None or not standing.subscription.is_live:
        return None
    charged = contract.first_charge_at if contract.first_charge_at and contract.first_charge_at <= now else None
    deadline = withdrawing.deadline_of(contract.concluded_at, charged)
    return deadline - timedelta(seconds=1) if withdrawing.in_time(now, deadline) else None


def _standing(request: Request) -> Standing:
    return standing_of(request.user, at=request.now)


def _about(standing: Standing, **more: object) -> dict[str, object]:
    return {"standing": standing, "subscription": standing.subscription, **more}


def _other_plan(standing: Standing) -> Plan | None:
    if standing.subscription is None:
        return None
    return (
        Plan.objects.on_sale().exclude(interval=standing.subscription.plan.interval).exclude(stripe_price_id="").first()
    )


def _to_stripe(request: Request, address_for: Callable[[str, str], str]) -> HttpResponse:
    customer = Customer.objects.of(request.user)
    if customer is None:
        messages.info(request, _("There is nothing to change: you have not paid with a card here."))
        return redirect("account")
    try:
        address = address_for(customer.stripe_id, request.build_absolute_uri(reverse("back_from_portal")))
    except billing.BillingError as error:
        return billing_trouble(request, error, again=reverse("account"))
    return HttpResponseRedirect(address)
