"""From the plans to the page to pay on, and back to the article."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from edge.caching import public
from edge.http import Request

from . import billing, checkout, trial
from .access import entitlement_for
from .forms import ChoiceOfPlan
from .models import CheckoutAttempt, Plan, Subscription
from .timeline import Timeline
from .trouble import billing_trouble

# A way back that is longer than any page's address is not one.
LONGEST_ADDRESS = 500
SECOND_TRIAL = gettext_lazy(
    "This card or account has had its free trial already, so we ended this one at once and charged nothing. "
    "Here is the order without a trial."
)

BEGUN = gettext_lazy("Thank you. Your subscription has begun, and everything is open to you.")
PENDING = gettext_lazy("Your bank needs up to five days to confirm the payment; you can read meanwhile.")


@require_safe
@public
def plans(request: Request) -> HttpResponse:
    """What it costs and what happens when. A chosen plan leads straight on."""
    if request.GET.get("plan"):
        return redirect(f"{reverse('confirm')}?{request.GET.urlencode()}")
    on_sale = list(Plan.objects.on_sale())
    with_trial = trial.is_offered_to(request.user)
    first_charge_at = on_sale[0].first_charge_at(at=request.now, with_trial=with_trial) if on_sale else None
    context = {
        "plans": on_sale,
        "with_trial": with_trial,
        "first_charge_at": first_charge_at,
        "timeline": Timeline(request.now, first_charge_at) if first_charge_at else None,
        "next": _own_page(request, request.GET.get("next", "")),
    }
    return render(request, "subscriptions/plans.html", context)


@require_safe
@login_required
def confirm(request: Request) -> HttpResponse:
    """The order, in full, before anything is ordered (law.md L2)."""
    form = ChoiceOfPlan(request.GET)
    if not form.is_valid():
        return _choose_anew(request, form)
    return _order_page(request, form)


@require_POST
@login_required
def order(request: Request) -> HttpResponse:
    """The order button. What was shown is stored; then Stripe takes the card."""
    form = ChoiceOfPlan(request.POST)
    if not form.is_valid():
        return _choose_anew(request, form)
    return_to = _own_page(request, form.cleaned_data["next"])
    try:
        offer = checkout.offer_to(request.user, form.cleaned_data["plan"], at=request.now)
        summary = _summary(offer)
        if request.POST.get("shown") != checkout.digest(summary):
            messages.warning(
                request, _("The date or the terms have changed since you opened this page. Please look again.")
            )
            return _order_page(request, form)
        address = checkout.start(
            request.user,
            offer,
            shown_html=summary,
            return_to=return_to,
            success_url=request.build_absolute_uri(reverse("come_back")) + "?session_id={CHECKOUT_SESSION_ID}",
            cancel_url=request.build_absolute_uri(_confirm_address(offer.plan, return_to)),
            at=request.now,
        )
    except checkout.AlreadySubscribed:
        return _already(request, return_to)
    except billing.BillingError as error:
        return billing_trouble(request, error, again=_confirm_address(form.cleaned_data["plan"], return_to))
    return HttpResponseRedirect(address)


@require_safe
@login_required
def come_back(request: Request) -> HttpResponse:
    """Back from Stripe, which proves nothing: Stripe is asked, and the answer recorded as a webhook's would be."""
    attempt = CheckoutAttempt.objects.filter(
        reader=request.user,
        stripe_session_id=request.GET.get("session_id") or "-",
    ).first()
    if attempt is None:
        raise Http404("No order of this reader has that number.")
    try:
        facts = checkout.finish(attempt, at=request.now)
    except billing.BillingError as error:
        return billing_trouble(request, error, again=request.get_full_path())
    if facts.status != "complete":
        messages.warning(
            request, _("The payment page was not finished. Nothing was ordered and nothing will be charged.")
        )
        return redirect(_confirm_address(attempt.plan, attempt.return_to))
    if Subscription.objects.filter(stripe_id=facts.subscription_id, surplus=Subscription.Surplus.TRIAL).exists():
        messages.warning(request, SECOND_TRIAL)
        return redirect(_confirm_address(attempt.plan, attempt.return_to))
    entitlement = entitlement_for(request.user, at=request.now)
    if entitlement is None:
        return render(request, "subscriptions/waiting.html", {"attempt": attempt}, status=202)
    messages.success(request, f"{BEGUN} {PENDING}" if entitlement.payment_pending else BEGUN)
    return redirect(f"{attempt.return_to}#continue" if attempt.return_to else "account")


def _choose_anew(request: Request, form: ChoiceOfPlan) -> HttpResponse:
    """Back to the plans with the reason; the page that is shown there is nobody else's."""
    messages.error(request, " ".join(str(error) for error in form.errors.get("plan", [_("Please choose a plan.")])))
    return redirect("plans")


def _order_page(request: Request, form: ChoiceOfPlan) -> HttpResponse:
    return_to = _own_page(request, form.cleaned_data["next"])
    try:
        offer = checkout.offer_to(request.user, form.cleaned_data["plan"], at=request.now)
    except checkout.AlreadySubscribed:
        return _already(request, return_to)
    summary = _summary(offer)
    context = {
        "offer": offer,
        "summary": summary,
        "shown": checkout.digest(summary),
        "next": return_to,
        "entitlement": entitlement_for(request.user, at=request.now),
        "other": Plan.objects.on_sale().exclude(pk=offer.plan.pk).first(),
    }
    return render(request, "subscriptions/confirm.html", context)


def _summary(offer: checkout.Offer) -> str:
    """The words above the order button, as they are shown and as they are kept."""
    return render_to_string("subscriptions/_order_summary.html", {"offer": offer})


def _already(request: Request, return_to: str) -> HttpResponse:
    messages.info(request, _("You already have a subscription; nothing more was ordered."))
    return redirect(return_to or "account")


def _confirm_address(plan: Plan, return_to: str) -> str:
    return f"{reverse('confirm')}?{urlencode({'plan': plan.interval, 'next': return_to})}"


def _own_page(request: Request, address: str) -> str:
    """The address if it is a page of this site, else nothing."""
    is_ours = (
        address.startswith("/")
        and len(address) <= LONGEST_ADDRESS
        and url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()})
    )
    return address if is_ours else ""
