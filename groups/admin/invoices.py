"""Invoices and payments of all organisations: to find by a number, and to see what does not fit."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from edge.desk import MirrorAdmin
from edge.http import now_of
from subscriptions.models.refund import in_euros

from .. import paying
from ..models import GroupInvoice, GroupPayment


class FitsFilter(admin.SimpleListFilter):
    """What does not fit."""

    title = "what came"
    parameter_name = "came"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("open", "Open"),
            ("overdue", "Overdue"),
            ("little", "Too little"),
            ("much", "Too much, or twice"),
            ("waits", "Not sent yet"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        found = {
            "open": queryset.open,
            "overdue": lambda: queryset.overdue(at=now_of(request)),
            "little": lambda: paying.too_little(queryset),
            "much": lambda: paying.too_much(queryset),
            "waits": lambda: queryset.filter(sent_at=None, void_at=None),
        }.get(self.value() or "")
        return found() if found else queryset


class PaymentInline(admin.TabularInline):
    """What came for it."""

    model = GroupPayment
    extra = 0
    fields = ("cents", "received_on", "bank_reference", "payer", "stripe_id", "recorded_by")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(GroupInvoice)
class GroupInvoiceAdmin(MirrorAdmin):
    """What organisations owe. What is done about it is done on the agreement's page."""

    list_display = ("__str__", "agreement", "amount", "came", "left", "due_on", "paid_at", "void_at")
    list_filter = (FitsFilter, "how", "about")
    list_select_related = ("group",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("number__iexact", "stripe_id", "group__organisation", "purchase_order__iexact")
    search_help_text = (
        "A number, the reference of a transfer (+++090/9337/55493+++), or part of the organisation’s name."
    )
    inlines = (PaymentInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupInvoice]:
        return super().get_queryset(request).prefetch_related("payments")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """A structured reference names the invoice whose number ends in its digits."""
        digits = "".join(sign for sign in search_term if sign.isdigit())
        if search_term.strip().startswith("+++") and len(digits) == 12:
            ours = digits[:10].lstrip("0")
            return queryset.filter(number__endswith=f"{ours[:4]}-{ours[4:]}"), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="agreement")
    def agreement(self, invoice: GroupInvoice) -> SafeString:
        link = reverse("admin:groups_groupaccount_change", args=[invoice.group_id])
        return format_html('<a href="{}">{}</a>', link, invoice.group)

    @admin.display(description="amount")
    def amount(self, invoice: GroupInvoice) -> str:
        return in_euros(invoice.cents)

    @admin.display(description="came")
    def came(self, invoice: GroupInvoice) -> str:
        return in_euros(invoice.came_cents)

    @admin.display(description="left")
    def left(self, invoice: GroupInvoice) -> str:
        if invoice.too_much_cents:
            return f"{in_euros(invoice.too_much_cents)} too much"
        return in_euros(invoice.left_cents) if invoice.is_open else "–"


@admin.register(GroupPayment)
class GroupPaymentAdmin(MirrorAdmin):
    """What came from organisations, and what went back."""

    list_display = ("received_on", "group", "cents", "invoice", "bank_reference", "payer", "recorded_by")
    list_filter = (("invoice", admin.EmptyFieldListFilter),)
    list_select_related = ("group", "invoice", "invoice__group", "recorded_by")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("bank_reference__startswith", "stripe_id", "payer", "group__organisation")
    search_help_text = "The bank’s number of a transfer, Stripe’s, the payer, or the organisation."
