"""Invoices to organisations: made once, sent through Stripe or for a bank transfer, and kept as Stripe has them."""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from edge import languages
from edge.clock import BRUSSELS
from readers.letters import about_agreements
from subscriptions import billing, calls
from subscriptions.billing import EventFacts, InvoiceOrder, Organisation, SentInvoiceFacts

from . import agreeing, paying
from .agreeing import NotPossible, address_of, addresses_of
from .models import Contact, GroupAccount, GroupEvent, GroupInvoice, GroupPayment, InvoiceYear, Term
from .models.term import begins, day_of
from .vat import Vat, vat_for

log = logging.getLogger(__name__)
INVOICES = "groups.invoices"
About, How = GroupInvoice.About, GroupInvoice.How
# An invoice may be paid long after it was made; older ones are asked about one by one while they are open.
LOOK_BACK = timedelta(days=120)


# --- Made by staff ------------------------------------------------------------------------------------


def of_term(term: Term, *, how: GroupInvoice.How, days_until_due: int, by: Any, at: datetime) -> GroupInvoice:
    """Invoice a term that was accepted, once. Raises NotPossible or VatUnknown; Stripe is asked after the commit."""
    return _made(term, About.TERM, how, term.priced_seats, term.price_cents, days_until_due, by, at)


def of_seats(term: Term, added: int, net_cents: int, *, how: GroupInvoice.How, by: Any, at: datetime) -> GroupInvoice:
    """Invoice seats that were added to a term. As `of_term`, but as often as seats are added."""
    return _made(term, About.SEATS, how, added, net_cents, settings.GROUP_DAYS_UNTIL_DUE, by, at)


@transaction.atomic
def change_seats(term: Term, seats: int, *, how: GroupInvoice.How | None, by: Any, at: datetime) -> GroupInvoice | None:
    """Agree on another number of seats and invoice what was added, or do neither; without `how` nothing is invoiced.

    Raises NotPossible or VatUnknown.
    """
    GroupAccount.objects.locked(term.group_id)
    was = Term.objects.values_list("seats", flat=True).get(pk=term.pk)
    cents = agreeing.change_seats(term, seats, by=by, at=at)
    return of_seats(term, seats - was, cents, how=how, by=by, at=at) if how and cents and was else None


@transaction.atomic
def _made(
    term: Term,
    about: GroupInvoice.About,
    how: GroupInvoice.How,
    seats: int | None,
    net_cents: int,
    days_until_due: int,
    by: Any,
    at: datetime,
) -> GroupInvoice:
    (group,) = GroupAccount.objects.locked(term.group_id)
    term.refresh_from_db()
    if term.accepted_at is None:
        raise NotPossible("Nobody has accepted it yet.")
    if about == About.TERM and term.invoices.filter(about=About.TERM, void_at=None).exists():
        raise NotPossible("This term is invoiced already; make that invoice void first.")
    if not net_cents:
        raise NotPossible("There is nothing to pay.")
    if how == How.TRANSFER and not (settings.SELLER_IBAN and settings.SELLER_VAT_NUMBER):
        raise NotPossible("SELLER_IBAN and SELLER_VAT_NUMBER are not set, so nobody could pay it.")
    if how == How.STRIPE and not addresses_of(group, Contact.Role.BILLING):
        raise NotPossible("Nobody is there to send it to: add a contact person who receives invoices.")
    vat = vat_of(term)
    with translation.override(languages.code_of(group.language)):
        what, note = _line(term, about, seats), vat_of(term).note
    invoice = GroupInvoice(
        group=group,
        term=term,
        about=about,
        how=how,
        what=what[:200],
        seats=seats or 1,
        net_cents=net_cents,
        cents=net_cents + vat.on(net_cents),
        vat_percent=vat.percent,
        vat_note=note[:200],
        purchase_order=term.purchase_order,
        billed_to=billed_to(group),
        language=group.language,
        made_at=at,
        due_on=day_of(at) + timedelta(days=days_until_due),
    )
    if how == How.TRANSFER:
        invoice.number, invoice.sent_at = InvoiceYear.next_number(at.astimezone(BRUSSELS).year), at
    invoice.save()
    if about == About.TERM:
        Term.objects.filter(pk=term.pk).update(invoiced_at=at)
    GroupEvent.note(
        group,
        by,
        "made an invoice",
        at=at,
        invoice=invoice.pk,
        how=str(how),
        cents=invoice.cents,
        due_on=invoice.due_on,
    )
    if how == How.TRANSFER:
        _write(invoice, at=at)
    else:
        transaction.on_commit(partial(_try_to_send, invoice, at=at), robust=True)
    return invoice


def vat_of(term: Term) -> Vat:
    """The VAT on its invoices. Raises VatUnknown."""
    return vat_for(term.group.country, term.group.vat_number, agreed=term.vat_percent)


def _line(term: Term, about: GroupInvoice.About, seats: int | None) -> str:
    """What the line of the invoice says."""
    days = {
        "site": settings.SITE_NAME,
        "first": term.starts_on.strftime("%d.%m.%Y"),
        "last": term.ends_on.strftime("%d.%m.%Y"),
        "count": seats or 0,
    }
    if about == About.SEATS:
        added = ngettext(
            "%(site)s, %(count)s seat added until %(last)s",
            "%(site)s, %(count)s seats added until %(last)s",
            seats or 0,
        )
        return added % days
    if seats is None:
        return _("%(site)s, access for everybody, %(first)s to %(last)s") % days
    return (
        ngettext(
            "%(site)s, %(count)s seat, %(first)s to %(last)s", "%(site)s, %(count)s seats, %(first)s to %(last)s", seats
        )
        % days
    )


def billed_to(group: GroupAccount) -> str:
    """Whom it is made out to: name, address, VAT number, a line each."""
    lines = (
        group.name_on_invoice,
        group.street,
        group.street_2,
        f"{group.postal_code} {group.city}".strip(),
        group.country,
        group.vat_number,
    )
    return "\n".join(line for line in lines if line)


def _write(invoice: GroupInvoice, *, at: datetime) -> None:
    for address in addresses_of(invoice.group, Contact.Role.BILLING):
        about_agreements.invoice_by_transfer(
            address,
            organisation=invoice.group.organisation,
            number=invoice.number,
            what=invoice.what,
            cents=invoice.cents,
            due_on=invoice.due_on,
            reference=invoice.reference,
            link=address_of("group_invoice", token_of(invoice), language=invoice.language),
            language=invoice.language,
            occasion=str(invoice.pk),
            at=at,
        )


def token_of(invoice: GroupInvoice) -> str:
    """What stands in the address of an invoice's page."""
    return signing.dumps(str(invoice.pk), salt=INVOICES, compress=True)


def invoice_of(token: str) -> GroupInvoice | None:
    """The invoice behind such an address; None for one that we did not make."""
    try:
        pk = signing.loads(token, salt=INVOICES)
    except signing.BadSignature:
        return None
    return GroupInvoice.objects.filter(pk=pk).select_related("group", "term").first()


def make_void(invoice: GroupInvoice, *, because: str, by: Any, at: datetime) -> None:
    """It is owed no more; another one may be made for the term. Raises NotPossible, or BillingError from Stripe.

    Money that came for it stays on it until it is moved or sent back, and is shown as too much.
    """
    with transaction.atomic(), calls.budget(calls.WHILE_LOCKED_SECONDS):
        (group,) = GroupAccount.objects.locked(invoice.group_id)
        invoice.refresh_from_db()
        if invoice.void_at:
            return
        if invoice.stripe_id and billing.gateway().void_invoice(invoice.stripe_id).status != "void":
            raise NotPossible("Stripe says that it was paid.")
        invoice.void_at, invoice.paid_at = at, None
        invoice.stripe_status = "void" if invoice.stripe_id else ""
        invoice.save(update_fields=["void_at", "paid_at", "stripe_status"])
        GroupEvent.note(group, by, "made an invoice void", at=at, invoice=invoice.pk, because=because)
        paying.settle(group, at=at)


# --- Through Stripe -------------------------------------------------------------------------------------


def _try_to_send(invoice: GroupInvoice, *, at: datetime) -> None:
    """What fails now is tried again by the job; staff see that it waits."""
    try:
        send(invoice, at=at)
    except billing.BillingError as error:
        log.warning("Invoice %s was not sent: %s", invoice.pk, error)
        GroupInvoice.objects.filter(pk=invoice.pk, sent_at=None).update(last_error=str(error)[:300])


def send(invoice: GroupInvoice, *, at: datetime) -> GroupInvoice:
    """Let Stripe make and send an invoice of ours; however often, there is one. Raises BillingError."""
    invoice = GroupInvoice.objects.select_related("group", "term").get(pk=invoice.pk)
    if invoice.sent_at or invoice.void_at or invoice.how != How.STRIPE:
        return invoice
    customer_id = customer_of(invoice)
    invoice.refresh_from_db(fields=["void_at"])
    if invoice.void_at:
        return invoice
    term = invoice.term
    facts = billing.gateway().send_invoice(
        InvoiceOrder(
            key=str(invoice.pk),
            customer_id=customer_id,
            what=invoice.what,
            quantity=invoice.seats,
            net_cents=invoice.net_cents,
            days_until_due=max((invoice.due_on - day_of(at)).days, 0),
            period_starts_at=begins(term.starts_on),
            period_ends_at=term.access_ends_at,
            vat_percent=invoice.vat_percent,
            vat_country=settings.SELLER_COUNTRY,
            purchase_order=invoice.purchase_order,
            note=invoice.vat_note,
        )
    )
    with transaction.atomic():
        (group,) = GroupAccount.objects.locked(invoice.group_id)
        return record(group, facts, at=at) or invoice


def customer_of(invoice: GroupInvoice) -> str:
    """The customer at Stripe whom it goes to, as it has to be for it; made where there is none. Raises BillingError."""
    group, gateway = invoice.group, billing.gateway()
    organisation = organisation_of(group, reverse_charge=is_reverse_charge(invoice))
    if group.stripe_customer_id:
        gateway.change_organisation(group.stripe_customer_id, organisation)
        return group.stripe_customer_id
    before = group.events.filter(verb=LOST_CUSTOMER).count()
    customer_id = gateway.make_organisation(organisation, key=f"{group.pk}-{before}" if before else str(group.pk))
    GroupAccount.objects.filter(pk=group.pk).update(stripe_customer_id=customer_id)
    return customer_id


def is_reverse_charge(invoice: GroupInvoice) -> bool:
    """Whether the customer accounts for its VAT. Not where VAT stands on it, or where a rate was typed by hand."""
    group = invoice.group
    if invoice.vat_percent or invoice.term.vat_percent is not None or not group.vat_number:
        return False
    return vat_for(group.country, group.vat_number).is_reverse_charge


def organisation_of(group: GroupAccount, *, reverse_charge: bool) -> Organisation:
    """Whom Stripe makes an invoice out to."""
    addresses = addresses_of(group, Contact.Role.BILLING)
    return Organisation(
        name=group.name_on_invoice,
        email=addresses[0] if addresses else "",
        language=group.language,
        street=group.street,
        street_2=group.street_2,
        postal_code=group.postal_code,
        city=group.city,
        country=group.country,
        vat_number=group.vat_number,
        reverse_charge=reverse_charge,
    )


def record(group: GroupAccount, facts: SentInvoiceFacts, *, at: datetime) -> GroupInvoice | None:
    """Make our row say what Stripe says, and let follow what follows. None for one that we did not make.

    Call it with the group's row locked and with facts fetched under that lock, or of what was just made.
    """
    invoice = _known(group, facts)
    if invoice is None:
        return None
    invoice.stripe_id, invoice.stripe_status, invoice.number = facts.stripe_id, facts.status, facts.number
    invoice.cents, invoice.net_cents = facts.total_cents, facts.net_cents
    invoice.hosted_url, invoice.last_error = facts.page_url, ""
    invoice.sent_at = invoice.sent_at or facts.sent_at
    if facts.due_at:
        invoice.due_on = day_of(facts.due_at)
    if facts.status == "void" and invoice.void_at is None:
        invoice.void_at, invoice.paid_at = at, None
        GroupEvent.note(group, None, "found an invoice void at Stripe", at=at, invoice=invoice.pk)
    invoice.save()
    if invoice.void_at and facts.status == "open":
        transaction.on_commit(partial(_void_at_stripe, invoice), robust=True)
    for money in facts.payments:
        payment, is_new = GroupPayment.objects.get_or_create(
            stripe_id=money.stripe_id,
            defaults={
                "group": group,
                "invoice": invoice,
                "cents": money.cents,
                "received_on": day_of(money.paid_at),
                "recorded_at": at,
            },
        )
        if is_new:
            GroupEvent.note(group, None, "paid through Stripe", at=at, invoice=invoice.pk, cents=payment.cents)
    paying.settle(group, at=at)
    invoice.refresh_from_db()
    return invoice


def _void_at_stripe(invoice: GroupInvoice) -> bool:
    """It was made void here before Stripe had answered: let nobody pay it there. False where Stripe cannot now."""
    try:
        facts = billing.gateway().void_invoice(invoice.stripe_id)
    except billing.BillingError as error:
        log.warning("The invoice %s could not be made void at Stripe: %s", invoice.stripe_id, error)
        return False
    GroupInvoice.objects.filter(pk=invoice.pk).update(stripe_status=facts.status)
    return True


def _known(group: GroupAccount, facts: SentInvoiceFacts) -> GroupInvoice | None:
    """By Stripe's number, or by ours, which Stripe keeps with it: a webhook may be quicker than our own answer."""
    found = GroupInvoice.objects.select_for_update().filter(group=group)
    return found.filter(stripe_id=facts.stripe_id).first() or (
        found.filter(pk=facts.key, stripe_id="").first() if _is_number(facts.key) else None
    )


def _is_number(key: str) -> bool:
    return len(key) == 36 and key.count("-") == 4


# --- What Stripe says -----------------------------------------------------------------------------------

LOST_CUSTOMER = "lost its customer at Stripe"
BY_HAND = "found an invoice at Stripe that we did not make"


def hear(event: EventFacts, *, at: datetime) -> str | None:
    """What an event changes in an agreement, as a remark for its receipt; None where it is about none.

    The payload is a hint: Stripe is asked anew under the group's lock. Raises BillingError.
    """
    if event.payment_id and (payment := GroupPayment.objects.filter(stripe_id=event.payment_id).first()):
        _record_refunds(payment, at=at)
        return ""
    group = GroupAccount.objects.exclude(stripe_customer_id="").filter(stripe_customer_id=event.customer_id).first()
    if group is None:
        return None
    if event.kind == "customer.deleted":
        return _let_go_of_customer(group, at=at)
    if not event.invoice_id:
        return "About an agreement; nothing to do."
    return _ask_and_record(group, event.invoice_id, at=at)


def _ask_and_record(group: GroupAccount, stripe_id: str, *, at: datetime) -> str:
    with transaction.atomic(), calls.budget(calls.WHILE_LOCKED_SECONDS):
        (group,) = GroupAccount.objects.locked(group.pk)
        facts = billing.gateway().sent_invoice(stripe_id)
        if facts.status == "draft" or record(group, facts, at=at):
            return ""
        if not group.events.filter(verb=BY_HAND, facts__stripe_id=stripe_id).exists():
            GroupEvent.note(group, None, BY_HAND, at=at, stripe_id=stripe_id, cents=facts.total_cents)
        return "An invoice of an agreement that was made at Stripe by hand."


def _let_go_of_customer(group: GroupAccount, *, at: datetime) -> str:
    with transaction.atomic(), calls.budget(calls.WHILE_LOCKED_SECONDS):
        (group,) = GroupAccount.objects.locked(group.pk)
        if not billing.gateway().is_deleted(group.stripe_customer_id):
            return "Stripe still has this customer."
        GroupEvent.note(group, None, LOST_CUSTOMER, at=at, customer=group.stripe_customer_id)
        group.stripe_customer_id = ""
        group.save(update_fields=["stripe_customer_id"])
    return ""


def _record_refunds(payment: GroupPayment, *, at: datetime) -> int:
    """What went back through Stripe is a payment of less than nothing. How many of those came or went."""
    changed = 0
    with transaction.atomic(), calls.budget(calls.WHILE_LOCKED_SECONDS):
        (group,) = GroupAccount.objects.locked(payment.group_id)
        payment.refresh_from_db()
        for refund in billing.gateway().refunds_of(payment.stripe_id):
            known = GroupPayment.objects.filter(stripe_id=refund.stripe_id)
            if refund.status in ("failed", "canceled"):
                changed += known.delete()[0]
            elif not known.exists():
                GroupPayment.objects.create(
                    group=group,
                    invoice=payment.invoice,
                    cents=-refund.cents,
                    received_on=day_of(refund.made_at or at),
                    stripe_id=refund.stripe_id,
                    recorded_at=at,
                )
                GroupEvent.note(group, None, "gave money back through Stripe", at=at, cents=refund.cents)
                changed += 1
        paying.settle(group, at=at)
    return changed


# --- Jobs --------------------------------------------------------------------------------------------------


def send_waiting(*, at: datetime) -> int:
    """Send what Stripe could not be asked for, and close there what was paid to our account or is void here.

    How many were done.
    """
    done = 0
    waiting = GroupInvoice.objects.filter(how=How.STRIPE, sent_at=None, void_at=None)
    for invoice in waiting.order_by("made_at")[:100]:
        _try_to_send(invoice, at=at)
        done += GroupInvoice.objects.filter(pk=invoice.pk, sent_at__isnull=False).exists()
    elsewhere = GroupInvoice.objects.filter(how=How.STRIPE, stripe_status="open", paid_at__isnull=False)
    for invoice in elsewhere[:100]:
        done += paying.close_at_stripe(invoice, at=at)
    void_here = GroupInvoice.objects.filter(how=How.STRIPE, stripe_status="open", void_at__isnull=False)
    return done + sum(map(_void_at_stripe, void_here[:100]))


def reconcile(*, at: datetime) -> str:
    """Ask Stripe for every invoice it sent lately, every older one that is open, and all money that went back lately.

    What differs is mended. Raises BillingUnavailable; what was mended until then stays mended.
    """
    seen = mended = 0
    met: set[str] = set()
    customers = dict(GroupAccount.objects.exclude(stripe_customer_id="").values_list("stripe_customer_id", "pk"))
    for facts in billing.gateway().sent_invoices(at - LOOK_BACK):
        if facts.customer_id in customers:
            met.add(facts.stripe_id)
            seen += 1
            mended += _mend(customers[facts.customer_id], facts, at=at)
    for invoice in GroupInvoice.objects.open().filter(how=How.STRIPE).exclude(stripe_id="").exclude(stripe_id__in=met):
        seen += 1
        try:
            mended += _mend(invoice.group_id, billing.gateway().sent_invoice(invoice.stripe_id), at=at)
        except billing.BillingUnknown:
            log.error("Stripe knows no invoice %s, which we have down for %s", invoice.stripe_id, invoice.group)
    mended += _mend_refunds(at=at)
    return f"{seen} invoices compared, {mended} mended."


def _mend(group_id: int, facts: SentInvoiceFacts, *, at: datetime) -> int:
    if facts.status == "draft":
        return 0
    row = GroupInvoice.objects.filter(stripe_id=facts.stripe_id).first()
    if row and (row.stripe_status, row.cents, row.number) == (facts.status, facts.total_cents, facts.number):
        return 0
    group = GroupAccount(pk=group_id)
    return int(_ask_and_record(group, facts.stripe_id, at=at) == "")


def _mend_refunds(*, at: datetime) -> int:
    """Record what went back of our organisations' payments, of whatever age. How many rows came or went."""
    told = {one.payment_id for one in billing.gateway().money_back_since(at - LOOK_BACK)}
    ours = GroupPayment.objects.filter(cents__gt=0, stripe_id__in=told).order_by("pk")
    return sum(_record_refunds(payment, at=at) for payment in ours)
