"""Stripe's own pages for a reader's card, address and invoices."""

from typing import Any

from .connection import Line, our_errors
from .values import says

# By this, in its metadata, we know our own portal configuration again.
PORTAL_MARK = "newsroom"


class Portal(Line):
    """Sends readers to Stripe's pages."""

    def card_page(self, customer_id: str, *, return_url: str) -> str:
        """The address of Stripe's page where this customer changes the card, and comes back from by itself."""
        after: Any = {"type": "redirect", "redirect": {"return_url": return_url}}
        return self._portal_session(
            {
                "customer": customer_id,
                "return_url": return_url,
                "flow_data": {"type": "payment_method_update", "after_completion": after},
            }
        )

    def portal_page(self, customer_id: str, *, return_url: str) -> str:
        """The address of Stripe's page with a customer's card and invoices."""
        return self._portal_session({"customer": customer_id, "return_url": return_url})

    def _portal_session(self, wish: dict[str, Any]) -> str:
        given: Any = wish | {"configuration": self.portal()}
        with our_errors():
            return self._client.v1.billing_portal.sessions.create(given).url

    def portal(self) -> str:
        """What readers may do on Stripe's own pages: the default saved at Stripe, else ours, made where it is missing.

        Without a saved one Stripe opens no portal. Plans are switched and paused on our pages (docs/billing.md).
        """
        configurations = self._client.v1.billing_portal.configurations
        with our_errors():
            page = configurations.list({"active": True, "limit": 100})
            found = sorted(page.auto_paging_iter(), key=lambda one: not one.is_default)
            usable = [one.id for one in found if one.is_default or says(one.metadata, "made_by", PORTAL_MARK)]
            return usable[0] if usable else configurations.create(_portal_params()).id


def _portal_params() -> Any:
    """What readers may do on Stripe's own pages, in Stripe's words."""
    return {
        "features": {
            "customer_update": {"enabled": True, "allowed_updates": ["address", "name", "tax_id"]},
            "invoice_history": {"enabled": True},
            "payment_method_update": {"enabled": True},
            "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
            # Ours begin where the paid period ends; Stripe's would begin at once and take the paid rest away.
            "subscription_pause": {"enabled": False},
            # Ours show the cost first.
            "subscription_update": {"enabled": False},
        },
        "metadata": {"made_by": PORTAL_MARK},
    }
