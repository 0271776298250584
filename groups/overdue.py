"""What follows when an organisation does not pay: a reminder, nobody reads, and all again once it is paid."""

from datetime import datetime

from readers.letters import about_agreements

from . import agreeing, invoicing
from .models import Contact, GroupInvoice


def suspend_unpaid(*, at: datetime) -> int:
    """Suspend every agreement with an invoice overdue for too long. How many that were."""
    late = (
        GroupInvoice.objects.suspending(at=at)
        .filter(group__suspended_at=None, group__ended_at=None)
        .select_related("group")
    )
    return sum(
        agreeing.suspend(
            invoice.group,
            because=f"The invoice {invoice} was due on {invoice.due_on:%d.%m.%Y} and is not paid",
            by=None,
            at=at,
        )
        for invoice in late
    )


def remind(*, at: datetime) -> int:
    """Write once about every invoice that is overdue, and say when reading stops. How many letters were written."""
    written = 0
    late = GroupInvoice.objects.overdue(at=at).filter(group__ended_at=None)
    for invoice in late.select_related("group", "term").prefetch_related("payments"):
        page = agreeing.address_of("group_invoice", invoicing.token_of(invoice), language=invoice.language)
        for address in agreeing.addresses_of(invoice.group, Contact.Role.BILLING):
            letter = about_agreements.invoice_overdue(
                address,
                organisation=invoice.group.organisation,
                number=invoice.number,
                left_cents=invoice.left_cents,
                due_on=invoice.due_on,
                suspends_on=invoice.suspends_on,
                link=invoice.hosted_url or page,
                language=invoice.language,
                occasion=str(invoice.pk),
                at=at,
            )
            written += letter is not None
    return written
