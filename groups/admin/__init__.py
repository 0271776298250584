"""The desk of organisations: what was agreed, what is owed, what people ask, and who studies."""

from .agreements import GroupAccountAdmin
from .enquiry import AnswerTemplateAdmin, EnquiryAdmin
from .invoices import GroupInvoiceAdmin, GroupPaymentAdmin
from .networks import NetworkAdmin, OffSitePassAdmin
from .seats import DomainAdmin, InvitationAdmin, ManagerAdmin, SeatAdmin
from .sign_on import MonthOfUseAdmin, SignOnAdmin
from .student import AcademicDomainAdmin, StudentApplicationAdmin

__all__ = [
    "AcademicDomainAdmin",
    "AnswerTemplateAdmin",
    "DomainAdmin",
    "EnquiryAdmin",
    "GroupAccountAdmin",
    "GroupInvoiceAdmin",
    "GroupPaymentAdmin",
    "InvitationAdmin",
    "ManagerAdmin",
    "MonthOfUseAdmin",
    "NetworkAdmin",
    "OffSitePassAdmin",
    "SeatAdmin",
    "SignOnAdmin",
    "StudentApplicationAdmin",
]
