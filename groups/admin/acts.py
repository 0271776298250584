"""What staff can do to an agreement: one verb a line, each with its question, its form and its address."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404

from .. import agreeing, contract_views, invoicing, paying
from ..models import GroupAccount, GroupInvoice, Term
from . import forms as ask
from .forms import cents_of

Given = dict[str, Any]


@dataclass(frozen=True)
class Doing:
    """One press of a button: to what, by whom, when."""

    group: GroupAccount
    by: Any
    at: datetime
    target: Any = None


@dataclass(frozen=True)
class Act:
    """A verb. `of` names what it is done to besides the agreement: a term, an invoice or a payment of it."""

    question: str
    button: str
    form: type[forms.Form]
    do: Callable[[Doing, Given], str]
    of: str = ""
    hint: str = ""
    is_grave: bool = False

    def target_of(self, group: GroupAccount, pk: str) -> Any:
        """What it is done to. Raises Http404 where the agreement has no such thing."""
        rows: dict[str, Any] = {"term": group.terms, "invoice": group.invoices, "payment": group.payments}
        if not self.of:
            return None
        try:
            return get_object_or_404(rows[self.of], pk=pk)
        except (ValueError, ValidationError):
            raise Http404 from None

    def form_for(self, doing: Doing, data: Any) -> forms.Form:
        """Its form, filled in with what is known."""
        if self.form is ask.TransferForm:
            return ask.TransferForm(data, group=doing.group, now=doing.at, initial={"invoice": doing.target})
        return self.form(data, initial=_known(doing))


def _known(doing: Doing) -> Given:
    target = doing.target
    if isinstance(target, Term):
        signs = doing.group.contacts.filter(role="signatory").first()
        who = {"name": signs.name, "email": signs.email} if signs else {}
        return {"seats": target.seats, "purchase_order": target.purchase_order} | who
    return {}


def quote(doing: Doing, given: Given) -> str:
    agreeing.quote(doing.target, by=doing.by, at=doing.at)
    return "The quote is on its way."


def accept(doing: Doing, given: Given) -> str:
    shown_html = contract_views.summary_of(doing.target, at=doing.at)
    contract = agreeing.accept(doing.target, **given, shown_html=shown_html, by=doing.by, at=doing.at)
    return f"Accepted; the contract is {contract.number}."


def invoice(doing: Doing, given: Given) -> str:
    how = GroupInvoice.How(given["how"])
    made = invoicing.of_term(doing.target, how=how, days_until_due=given["days"], by=doing.by, at=doing.at)
    if how == GroupInvoice.How.STRIPE:
        return "The invoice is made; Stripe sends it."
    return f"The invoice {made.number} is on its way."


def begin(doing: Doing, given: Given) -> str:
    agreeing.begin_before_payment(doing.target, because=given["because"], by=doing.by, at=doing.at)
    return "It may begin before it is paid."


def seats(doing: Doing, given: Given) -> str:
    how = GroupInvoice.How(given["how"]) if given["how"] else None
    made = invoicing.change_seats(doing.target, given["seats"], how=how, by=doing.by, at=doing.at)
    return f"{given['seats']} seats are agreed{', and the added ones are invoiced' if made else ''}."


def renew(doing: Doing, given: Given) -> str:
    term = agreeing.renew(doing.group, by=doing.by, at=doing.at)
    return f"Here is the draft of the next term, {term.starts_on:%d.%m.%Y} to {term.ends_on:%d.%m.%Y}."


def suspend(doing: Doing, given: Given) -> str:
    done = agreeing.suspend(doing.group, because=given["because"], by=doing.by, at=doing.at)
    return "Nobody of it reads now." if done else "It was suspended or ended before."


def restore(doing: Doing, given: Given) -> str:
    if doing.group.suspended_by_rule:
        raise agreeing.NotPossible("An invoice is overdue: record its payment, or wait for it until a day.")
    agreeing.restore(doing.group, by=doing.by, at=doing.at)
    return "Everybody reads again."


def end(doing: Doing, given: Given) -> str:
    done = agreeing.end(doing.group, because=given["because"], by=doing.by, at=doing.at)
    return "It has ended." if done else "It had ended before."


def transfer(doing: Doing, given: Given) -> str:
    euros = given.pop("euros")
    paying.record_transfer(doing.group, cents=cents_of(euros), **given, by=doing.by, at=doing.at)
    if given["invoice"] is None:
        return "Recorded. Say what it is for as soon as somebody knows."
    paid = GroupInvoice.objects.get(pk=given["invoice"].pk)
    if paid.too_much_cents:
        return "Recorded. More came than was owed: send it back, or move it to the right invoice."
    return "Recorded; the invoice is paid." if paid.paid_at else "Recorded; it is less than what is owed."


def move(doing: Doing, given: Given) -> str:
    paying.move(doing.target, given["number"], by=doing.by, at=doing.at)
    return f"Moved to {given['number']}."


def send_back(doing: Doing, given: Given) -> str:
    reference = given["bank_reference"]
    paying.send_back(doing.target, cents_of(given["euros"]), bank_reference=reference, by=doing.by, at=doing.at)
    return "Written down."


def forgive(doing: Doing, given: Given) -> str:
    paying.forgive(doing.target, because=given["because"], by=doing.by, at=doing.at)
    return "The rest is let go of; the invoice is paid."


def wait(doing: Doing, given: Given) -> str:
    paying.wait(doing.target, given["until"], because=given["because"], by=doing.by, at=doing.at)
    return f"Nothing is suspended for it until {given['until']:%d.%m.%Y}."


def void(doing: Doing, given: Given) -> str:
    invoicing.make_void(doing.target, because=given["because"], by=doing.by, at=doing.at)
    return "Nothing is owed for it any more."


ACTS = {
    "quote": Act(
        "Send the quote?", "Send the quote", ask.NothingForm, quote, "term", "It goes to everybody who signs."
    ),
    "accept": Act("Note that they accepted", "Accepted", ask.YesForm, accept, "term"),
    "invoice": Act("Invoice this term", "Make the invoice", ask.InvoiceForm, invoice, "term"),
    "begin": Act("Let it begin before payment?", "Let it begin", ask.ReasonForm, begin, "term"),
    "seats": Act("Change the number of seats", "Change", ask.SeatsForm, seats, "term"),
    "renew": Act("Draft another term?", "Draft another term", ask.NothingForm, renew),
    "suspend": Act("Suspend the agreement?", "Suspend it", ask.ReasonForm, suspend, is_grave=True),
    "restore": Act("Let it go on?", "Let it go on", ask.NothingForm, restore),
    "end": Act(
        "End the agreement?",
        "End it",
        ask.ReasonForm,
        end,
        hint="At once and for good; what is owed stays owed, and nothing is given back by itself.",
        is_grave=True,
    ),
    "transfer": Act("Record a transfer", "Record", ask.TransferForm, transfer),
    "paid": Act("Record a transfer for this invoice", "Record", ask.TransferForm, transfer, "invoice"),
    "move": Act("Move this payment to the right invoice", "Move it", ask.MoveForm, move, "payment"),
    "send-back": Act("What went back", "Write it down", ask.SendBackForm, send_back, "invoice"),
    "forgive": Act("Let go of the rest?", "Let go of it", ask.ReasonForm, forgive, "invoice"),
    "wait": Act("Wait for this payment", "Wait", ask.WaitForm, wait, "invoice"),
    "void": Act("Make this invoice void?", "Make it void", ask.ReasonForm, void, "invoice", is_grave=True),
}
