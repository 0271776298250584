"""The desk of organisations: what was agreed, what is owed, what people ask, and who studies."""

from .agreements import GroupAccountAdmin
from .enquiry import AnswerTemplateAdmin, EnquiryAdmin
from .invoices import GroupInvoiceAdmin, GroupPaymentAdmin
from .student import AcademicDomainAdmin, StudentApplicationAdmin

__all__ = [
    "AcademicDomainAdmin",
    "AnswerTemplateAdmin",
    "EnquiryAdmin",
    "GroupAccountAdmin",
    "GroupInvoiceAdmin",
    "GroupPaymentAdmin",
    "StudentApplicationAdmin",
]
