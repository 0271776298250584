"""The desk of organisations: what was agreed, what is owed, and what happened."""

from .agreements import GroupAccountAdmin
from .invoices import GroupInvoiceAdmin, GroupPaymentAdmin

__all__ = ["GroupAccountAdmin", "GroupInvoiceAdmin", "GroupPaymentAdmin"]
