"""Many readers, one agreement: what was agreed with an organisation, what it owes, and who sits in it."""

from .contact import Contact
from .event import GroupEvent
from .group_account import GroupAccount
from .invoice import GroupInvoice, GroupPayment
from .term import Term

__all__ = ["Contact", "GroupAccount", "GroupEvent", "GroupInvoice", "GroupPayment", "Term"]
