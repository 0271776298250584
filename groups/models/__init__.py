"""Many readers, one agreement: what was agreed with an organisation, what it owes, and who sits in it."""

from .contact import Contact
from .domain import Domain, JoinLink
from .event import GroupEvent
from .group_account import GroupAccount
from .invitation import Invitation, InvitationList, ListLine
from .invoice import GroupInvoice, GroupPayment, InvoiceYear
from .network import Network, OffSitePass
from .request import AnswerTemplate, Enquiry, EnquiryEntry
from .seat import Manager, Seat
from .sign_on import SignOn, SignOnDomain
from .student import AcademicDomain, StudentApplication, StudentProof
from .term import Term
from .usage import MonthOfUse, Opening, PersonDay

__all__ = [
    "AcademicDomain",
    "AnswerTemplate",
    "Contact",
    "Domain",
    "Enquiry",
    "EnquiryEntry",
    "GroupAccount",
    "GroupEvent",
    "GroupInvoice",
    "GroupPayment",
    "Invitation",
    "InvitationList",
    "InvoiceYear",
    "JoinLink",
    "ListLine",
    "Manager",
    "MonthOfUse",
    "Network",
    "OffSitePass",
    "Opening",
    "PersonDay",
    "Seat",
    "SignOn",
    "SignOnDomain",
    "StudentApplication",
    "StudentProof",
    "Term",
]
