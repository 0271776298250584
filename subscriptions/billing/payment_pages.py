"""Payment pages: Stripe's Checkout, where the card of an order is typed."""

from typing import Any

import stripe
from django.conf import settings

from .connection import Line, our_errors
from .facts import CheckoutFacts, Order, Payment
from .values import id_of, moment

# Stripe Tax finds the rate by the address that is typed on the payment page; our prices hold the tax already.
TAX_PARAMS: Any = {
    "automatic_tax": {"enabled": True},
    "customer_update": {"address": "auto", "name": "auto"},
    "tax_id_collection": {"enabled": True},
}


class PaymentPages(Line):
    """Opens payment pages, looks at them and closes them."""

    def open_checkout(self, order: Order) -> CheckoutFacts:
        """Open a payment page for an order. The attempt's id is the key: the same order opens the same page."""
        page = checkout_params(order)
        return self._once(
            f"checkout-{order.attempt_id}",
            lambda options: _checkout_facts(self._client.v1.checkout.sessions.create(page, options).to_dict()),
            or_find=lambda: self._if_open(self.checkout_of(order.customer_id, order.attempt_id)),
        )

    def open_payment(self, payment: Payment) -> CheckoutFacts:
        """Open a page for something that is paid once. The purchase's id is the key, as an attempt's is."""
        page = payment_params(payment)
        return self._once(
            f"purchase-{payment.purchase_id}",
            lambda options: _checkout_facts(self._client.v1.checkout.sessions.create(page, options).to_dict()),
            or_find=lambda: self._if_open(self.checkout_of(payment.customer_id, payment.purchase_id)),
        )

    def _if_open(self, facts: CheckoutFacts | None) -> CheckoutFacts | None:
        return facts if facts and facts.status == "open" else None

    def checkout(self, session_id: str) -> CheckoutFacts:
        """What became of a payment page."""
        with our_errors():
            return _checkout_facts(self._client.v1.checkout.sessions.retrieve(session_id).to_dict())

    def checkout_of(self, customer_id: str, attempt_id: str) -> CheckoutFacts | None:
        """The payment page that was opened for an attempt, if there is one, also after its key is forgotten."""
        with our_errors():
            page = self._client.v1.checkout.sessions.list({"customer": customer_id, "limit": 100})
            found = (_checkout_facts(one.to_dict()) for one in page.auto_paging_iter())
            return next((facts for facts in found if facts.attempt_id == attempt_id), None)

    def close_checkout(self, session_id: str) -> None:
        """Make an open payment page unusable. One that is already paid or expired stays as it is."""
        with our_errors():
            try:
                self._client.v1.checkout.sessions.expire(session_id)
            except stripe.InvalidRequestError:
                return


def checkout_params(order: Order) -> Any:
    """A payment page for an order, in Stripe's words."""
    return {
        "mode": "subscription",
        "ui_mode": "hosted_page",
        "customer": order.customer_id,
        "client_reference_id": order.attempt_id,
        "line_items": [{"price": order.price_id, "quantity": 1}],
        "payment_method_collection": "always",
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "locale": "auto",
        "subscription_data": {
            "metadata": {"attempt": order.attempt_id, "terms": order.terms_version},
            **(
                {
                    "trial_period_days": order.trial_days,
                    "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
                }
                if order.trial_days
                else {}
            ),
        },
        "metadata": {"attempt": order.attempt_id},
        **({"allow_promotion_codes": True} if settings.STRIPE_PROMOTION_CODES else {}),
        **(TAX_PARAMS if settings.STRIPE_TAX else {}),
    }


def payment_params(payment: Payment) -> Any:
    """A page for something that is paid once, in Stripe's words."""
    return {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "customer": payment.customer_id,
        "client_reference_id": payment.purchase_id,
        "line_items": [{"price": payment.price_id, "quantity": 1}],
        "success_url": payment.back_url,
        "cancel_url": payment.back_url,
        "locale": "auto",
        "metadata": {"purchase": payment.purchase_id},
        **(TAX_PARAMS if settings.STRIPE_TAX else {}),
    }


def _checkout_facts(given: dict[str, Any]) -> CheckoutFacts:
    return CheckoutFacts(
        session_id=given["id"],
        status=given.get("status") or "",
        url=given.get("url") or "",
        expires_at=moment(given["expires_at"]),
        customer_id=id_of(given.get("customer")),
        attempt_id=given.get("client_reference_id") or "",
        subscription_id=id_of(given.get("subscription")),
        payment_status=given.get("payment_status") or "",
        payment_id=id_of(given.get("payment_intent")),
    )
