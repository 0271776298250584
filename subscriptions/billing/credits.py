"""Credit: what a switch to a shorter period has left over, which pays for later periods."""

from typing import Any

from .connection import Line, our_errors


class Credits(Line):
    """Reads a customer's credit, takes from it, and gives back what was taken."""

    def credit_of(self, customer_id: str) -> int:
        """What a customer has to their credit, in cents; 0 for one who has none, owes, or is deleted."""
        with our_errors():
            customer = self._client.v1.customers.retrieve(customer_id).to_dict()
        return max(-customer.get("balance", 0), 0)

    def take_from_credit(self, customer_id: str, cents: int, *, currency: str, key: str) -> int:
        """Take `cents` of a customer's credit, or all where there is less, once for each key; returns how many."""
        taken = self._change_for(customer_id, key)
        if taken is not None:
            return taken
        cents = min(self.credit_of(customer_id), cents)
        return self._change_credit(customer_id, cents, currency, key) if cents else 0

    def return_to_credit(self, customer_id: str, *, currency: str, key: str) -> int:
        """Give back to a customer's credit what was taken under this key, once; returns how many cents."""
        taken = self._change_for(customer_id, key)
        if not taken:
            return 0
        given = self._change_for(customer_id, f"{key}-back")
        return -(self._change_credit(customer_id, -taken, currency, f"{key}-back") if given is None else given)

    def _change_credit(self, customer_id: str, cents: int, currency: str, key: str) -> int:
        changes = self._client.v1.customers.balance_transactions
        wish: Any = {
            "amount": cents,
            "currency": currency,
            "description": "A refund, which pays out what was kept as credit",
            "metadata": {"key": key},
        }
        return self._once(
            f"credit-{key}",
            lambda options: changes.create(customer_id, wish, options).amount,
            or_find=lambda: self._change_for(customer_id, key),
        )

    def _change_for(self, customer_id: str, key: str) -> int | None:
        """What was changed under a key, if it was."""
        with our_errors():
            page = self._client.v1.customers.balance_transactions.list(customer_id, {"limit": 100})
            found = (one.to_dict() for one in page.auto_paging_iter())
            return next((one["amount"] for one in found if (one.get("metadata") or {}).get("key") == key), None)
