"""The desk's list of what was paid once, and the button that gives it back."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from edge.desk import MirrorAdmin
from edge.http import Request

from . import billing, purchases
from .models import Purchase
from .models.refund import in_euros


@admin.register(Purchase)
class PurchaseAdmin(MirrorAdmin):
    """What readers ordered and paid once; it never renews."""

    change_form_template = "admin/mirror_with_button.html"
    list_display = ("reader", "kind", "amount", "ordered_at", "paid_at", "given_back_at")
    list_filter = ("kind",)
    list_select_related = ("reader",)
    search_fields = ("reader__email__startswith", "stripe_session_id__exact", "stripe_payment_id__exact")
    show_full_result_count = False
    exclude = ("payment_url", "shown_hash")

    @admin.display(description="price")
    def amount(self, row: Purchase) -> str:
        return in_euros(row.cents)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.give_back))
        return [path("<uuid:key>/give-back/", view, name="subscriptions_purchase_give_back"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        may = request.user.has_perm("subscriptions.change_purchase")
        if row and may and row.paid_at and not row.given_back_at:
            button_url = reverse("admin:subscriptions_purchase_give_back", args=[row.pk])
            context |= {"button": "Give the money back and end the access", "button_url": button_url}
        return super().render_change_form(request, context, *args, **kwargs)

    def give_back(self, request: Request, key: UUID) -> HttpResponse:
        """Give the money back and end the access. Raises PermissionDenied, or Http404."""
        if not request.user.has_perm("subscriptions.change_purchase"):
            raise PermissionDenied
        row = get_object_or_404(Purchase, pk=key)
        try:
            is_given = purchases.give_back(row, by=request.user, at=request.now)
        except billing.BillingError as error:
            messages.warning(request, f"Nothing was given back. Stripe says: {error}")
        else:
            words = f"Gave {in_euros(row.cents)} back." if is_given else "There was nothing to give back."
            self.log_change(request, row, words)
            messages.info(request, words)
        return HttpResponseRedirect(reverse("admin:subscriptions_purchase_change", args=[key]))
