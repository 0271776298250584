"""Invoices: the reader's list of them, and the open ones."""

import logging
from typing import Any

from .connection import Line, our_errors
from .errors import BillingRefused
from .facts import InvoiceFacts
from .values import moment, web_address

log = logging.getLogger(__name__)


class Invoices(Line):
    """Lists invoices, and closes the open ones of what has ended."""

    def open_invoice_page(self, stripe_id: str) -> str:
        """Stripe's page where an open invoice is paid at once, with any card; empty where none is open."""
        with our_errors():
            found = self._client.v1.invoices.list({"subscription": stripe_id, "status": "open", "limit": 1})
        return web_address(found.data[0].hosted_invoice_url) if found.data else ""

    def void_open_invoices(self, stripe_id: str) -> bool:
        """Let nobody pay any more for a subscription that has ended, and say whether that holds for all of it.

        What the bank has in hand stays open until it has answered.
        """
        with our_errors():
            page = self._client.v1.invoices.list({"subscription": stripe_id, "status": "open", "limit": 100})
            found = [one.id for one in page.auto_paging_iter()]
        are_void = [self._void(invoice_id) for invoice_id in found]
        return all(are_void)

    def _void(self, invoice_id: str) -> bool:
        try:
            with our_errors():
                self._client.v1.invoices.void_invoice(invoice_id)
        except BillingRefused as error:
            log.info("The invoice %s stays open: %s", invoice_id, error)
            return False
        return True

    def invoices(self, customer_id: str, *, limit: int = 24) -> list[InvoiceFacts]:
        """A customer's finished invoices, newest first."""
        with our_errors():
            page = self._client.v1.invoices.list({"customer": customer_id, "limit": limit})
            return [_invoice_facts(one.to_dict()) for one in page.data if one.status != "draft"]


def _invoice_facts(given: dict[str, Any]) -> InvoiceFacts:
    lines = given["lines"]["data"]
    return InvoiceFacts(
        number=given.get("number") or "",
        made_at=moment(given["created"]),
        total_cents=given["total"],
        status=given.get("status") or "",
        description=(lines[0].get("description") or "") if lines else "",
        pdf_url=web_address(given.get("invoice_pdf")),
        page_url=web_address(given.get("hosted_invoice_url")),
    )
