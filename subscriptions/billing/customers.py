"""Customers: one at Stripe for each reader who ever went to pay."""

from .connection import Line, our_errors
from .values import says


class Customers(Line):
    """Makes customers and finds them again."""

    def make_customer(self, *, reader_id: int, email: str, key: str) -> str:
        """Make a customer for a reader and return its id. The same `key` makes the same one for 24 hours."""
        customers = self._client.v1.customers
        return self._once(
            key,
            lambda options: customers.create({"email": email, "metadata": {"reader": str(reader_id)}}, options).id,
            or_find=lambda: self.customer_of(reader_id=reader_id, email=email),
        )

    def customer_of(self, *, reader_id: int, email: str) -> str | None:
        """The customer that was made for a reader at that address, if there is one; the oldest where there are two."""
        with our_errors():
            page = self._client.v1.customers.list({"email": email, "limit": 100})
            found = [one.id for one in page.auto_paging_iter() if says(one.metadata, "reader", str(reader_id))]
        return found[-1] if found else None

    def change_email(self, customer_id: str, *, email: str) -> None:
        """Let Stripe write to this address from now on. Raises BillingUnknown where the customer is gone."""
        with our_errors():
            self._client.v1.customers.update(customer_id, {"email": email})

    def is_deleted(self, customer_id: str) -> bool:
        """Whether Stripe has deleted this customer. Raises BillingUnknown where the account never had them."""
        with our_errors():
            return bool(self._client.v1.customers.retrieve(customer_id).to_dict().get("deleted"))
