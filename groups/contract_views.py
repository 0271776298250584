"""The pages on which an organisation reads a quote, says yes to it, and sees what it owes."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from edge import languages
from edge.http import Request
from subscriptions import contracts
from subscriptions.models import TermsVersion

from . import agreeing, invoicing
from .manager_views import about, for_managers
from .managing import Desk
from .models import Term
from .vat import Vat, VatUnknown


class YesForm(forms.Form):
    """Who says yes for the organisation, and what the invoice has to quote."""

    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label=_("Your email address"), help_text=_("The contract is sent there."))
    purchase_order = forms.CharField(
        label=_("Your order number"),
        max_length=80,
        required=False,
        help_text=_("If your invoices have to quote one."),
    )
    may = forms.BooleanField(label=_("I may conclude this contract for the organisation."))
    shown = forms.CharField(widget=forms.HiddenInput, max_length=64)


@require_safe
def quote(request: Request, token: str) -> HttpResponse:
    """What we offer, and the form that says yes. Raises Http404 for an address that is not ours or no longer is."""
    return _quote_page(request, token, _term(token))


@require_POST
def accept(request: Request, token: str) -> HttpResponse:
    """Say yes for the organisation. Where what was shown has changed meanwhile, it is shown again."""
    term = _term(token)
    form = YesForm(request.POST)
    if not form.is_valid():
        return _quote_page(request, token, term, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    shown_html = summary_of(term, at=request.now)
    if form.cleaned_data["shown"] != contracts.digest(shown_html):
        return _quote_page(request, token, term, form, has_changed=True, status=HTTPStatus.CONFLICT)
    said = form.cleaned_data
    try:
        agreeing.accept(
            term,
            name=said["name"],
            email=said["email"],
            purchase_order=said["purchase_order"],
            shown_html=shown_html,
            at=request.now,
        )
    except agreeing.QuoteIsOver:
        return _quote_page(request, token, term, status=HTTPStatus.CONFLICT)
    except agreeing.NotPossible:
        return _quote_page(request, token, term, form, needs_a_person=True, status=HTTPStatus.CONFLICT)
    return redirect("group_quote", token)


@require_safe
def invoice(request: Request, token: str) -> HttpResponse:
    """An invoice of our own, to read and to print. Raises Http404 for an address that we did not make."""
    found = invoicing.invoice_of(token)
    if found is None:
        raise Http404
    if found.hosted_url:
        return redirect(found.hosted_url)
    with translation.override(languages.code_of(found.language)):
        return render(request, "groups/invoice.html", {"invoice": found, "seller": _seller()})


@require_safe
@for_managers
def contract(request: Request, desk: Desk) -> HttpResponse:
    """The dates, the invoices and the contact persons, for managers and for staff who look over their shoulder."""
    group = desk.group
    invoices = group.invoices.filter(sent_at__isnull=False).select_related("term").prefetch_related("payments")
    context = about(desk, "contract") | {
        "terms": [(term, term.state(at=request.now)) for term in group.terms.binding().select_related("contract")],
        "invoices": [(one, invoicing.token_of(one), one.is_overdue(at=request.now)) for one in invoices],
        "contacts": group.contacts.all(),
    }
    return render(request, "groups/contract.html", context)


def summary_of(term: Term, *, at: Any) -> str:
    """What stands above the button, in the organisation's language: this is kept with the contract."""
    with translation.override(languages.code_of(term.group.language)):
        vat = vat_or_none(term)
        context = {
            "term": term,
            "group": term.group,
            "vat": vat,
            "vat_cents": vat.on(term.price_cents) if vat else None,
            "total_cents": term.price_cents + vat.on(term.price_cents) if vat else None,
            "billed_to": invoicing.billed_to(term.group),
            "terms_of_use": TermsVersion.objects.in_force(at=at),
        }
        return render_to_string("groups/_quote.html", context)


def vat_or_none(term: Term) -> Vat | None:
    """The VAT on it; None where nobody has said yet which it is."""
    try:
        return invoicing.vat_of(term)
    except VatUnknown:
        return None


def _term(token: str) -> Term:
    term = agreeing.term_of(token)
    if term is None:
        raise Http404
    return term


def _quote_page(
    request: Request,
    token: str,
    term: Term,
    form: YesForm | None = None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    **what: Any,
) -> HttpResponse:
    term.refresh_from_db()
    shown_html = term.contract.shown_html if term.contract else summary_of(term, at=request.now)
    shown = contracts.digest(shown_html)
    context = {
        "token": token,
        "shown": shown,
        "term": term,
        "group": term.group,
        "form": form or YesForm(initial={"purchase_order": term.purchase_order}),
        # Made by our own template, which escapes what is put into it.
        "summary": mark_safe(shown_html),  # noqa: S308
        "is_open": agreeing.can_be_accepted(term, at=request.now) and term.group.ended_at is None,
        **what,
    }
    return render(request, "groups/quote.html", context, status=status)


def _seller() -> dict[str, Any]:
    return {
        "name": settings.SITE_PUBLISHER,
        "vat_number": settings.SELLER_VAT_NUMBER,
        "iban": settings.SELLER_IBAN,
        "bic": settings.SELLER_BIC,
        "email": settings.GROUPS_EMAIL,
    }
