"""Contracts at the desk: to find and to read, for staff and administrators alike."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from edge.desk import MirrorAdmin

from .models import Amendment, Contract


class AmendmentInline(admin.StackedInline):
    """What changed since."""

    model = Amendment
    extra = 0
    fields = ("plan", "price_cents", "interval", "channel", "shown_at", "agreed_at", "shown_text")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Contract)
class ContractAdmin(MirrorAdmin):
    """What was agreed, word for word. Nobody alters it; a change of plan is an amendment below."""

    list_display = ("number", "kind", "reader", "channel", "concluded_at", "price_cents", "interval")
    list_filter = ("kind", "channel")
    ordering = ("-pk",)
    list_select_related = ("reader",)
    search_fields = ("number_key__startswith", "email__startswith", "reader__email__startswith")
    search_help_text = "Its number without dashes (VD2026000123), or the e-mail address."
    show_full_result_count = False
    inlines = (AmendmentInline,)
    order: ClassVar[tuple[str, ...]] = ("language", "summary", "shown_text", "shown_hash", "terms", "terms_hash")
    price: ClassVar[tuple[str, ...]] = ("price_cents", "interval", "trial_days", "first_charge_at")
    fieldsets = (
        (None, {"fields": ("number", "kind", "channel", "concluded_at", "made_at")}),
        ("With whom", {"fields": ("reader", "email", "name", "billing_country", "payment_country")}),
        ("About what", {"fields": ("subscription", "grant", "attempt", *price)}),
        ("What was shown and accepted", {"fields": order}),
    )

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """A number is found with its dashes and without."""
        term = search_term if "@" in search_term else Contract.key_of(search_term) or search_term
        return super().get_search_results(request, queryset, term)

    @admin.display(description="As it was shown")
    def summary(self, contract: Contract) -> SafeString:
        """The order summary in its own markup."""
        return format_html(
            '<div class="desk-shown" lang="{}">{}</div>', contract.language, SafeString(contract.shown_html)
        )
