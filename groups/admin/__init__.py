"""The desk of organisations: what was agreed, what is owed, what people ask, and who studies."""

from .agreements import GroupAccountAdmin
from .enquiry import AnswerTemplateAdmin, EnquiryAdmin
from .invoices import GroupInvoiceAdmin, GroupPaymentAdmin
from .seats import DomainAdmin, InvitationAdmin, ManagerAdmin, SeatAdmin
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
    "SeatAdmin",
    "StudentApplicationAdmin",
]
