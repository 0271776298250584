"""Many readers, one agreement: what was agreed with an organisation, what it owes, and who sits in it."""

from .contact import Contact
from .domain import Domain, JoinLink
from .event import GroupEvent
from .group_account import GroupAccount
from .invitation import Invitation, InvitationList, ListLine
from .invoice import GroupInvoice, GroupPayment
from .seat import Manager, Seat
from .term import Term

__all__ = [
    "Contact",
    "Domain",
    "GroupAccount",
    "GroupEvent",
    "GroupInvoice",
    "GroupPayment",
    "Invitation",
    "InvitationList",
    "JoinLink",
    "ListLine",
    "Manager",
    "Seat",
    "Term",
]
