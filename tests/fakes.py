"""A billing provider in memory, with the same names as the real one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection

from subscriptions import calls
from subscriptions.billing import (
    BillingRefused,
    BillingUnavailable,
    BillingUnknown,
    CheckoutFacts,
    DisputeFacts,
    EventFacts,
    InvoiceFacts,
    InvoiceOrder,
    MoneyBack,
    MoneyIn,
    Order,
    Organisation,
    Payment,
    PaymentFacts,
    RefundFacts,
    SentInvoiceFacts,
    StripeBilling,
    SubscriptionFacts,
    SwitchFacts,
)
from tests.make import NOW

PERIODS = {"price_year": ("year", timedelta(days=365), 15000), "price_month": ("month", timedelta(days=31), 1500)}


class FakeBilling:
    """Keeps what it is told. `is_away` makes every call fail as an unreachable Stripe does."""

    def __init__(self) -> None:
        self.is_away = False
        self.page_size = 100
        self.now: datetime = NOW
        self.calls: list[str] = []
        self.orders: dict[str, Order] = {}
        self.sessions: dict[str, CheckoutFacts] = {}
        self.states: dict[str, SubscriptionFacts] = {}
        self.payments: dict[str, list[PaymentFacts]] = {}
        self.refunds: dict[str, RefundFacts] = {}
        self.refunded: dict[str, str] = {}
        self.disputes: dict[str, list[DisputeFacts]] = {}
        self.periods = dict(PERIODS)
        self.deleted_customers: set[str] = set()
        self.emails: dict[str, str] = {}
        self.credits: dict[str, int] = {}
        self.credit_taken: dict[str, int] = {}
        self.organisations: dict[str, Organisation] = {}
        self.invoice_orders: dict[str, InvoiceOrder] = {}
        self.sent: dict[str, SentInvoiceFacts] = {}
        # Subscriptions with a debit under way, which the bank still has to answer.
        self.in_hand: set[str] = set()
        self._numbers = count(1)
        self._real = StripeBilling("sk_test_fake", "http://127.0.0.1:9")

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if any(not block._from_testcase for block in connection.atomic_blocks):
            assert calls.seconds_left() <= calls.WHILE_LOCKED_SECONDS, f"{name} under a lock, and no budget for it"
        if self.is_away:
            raise BillingUnavailable("Stripe is away.")

    # What a reader does on Stripe's pages.

    def pay(self, session_id: str) -> SubscriptionFacts:
        """The reader types a good card on the payment page."""
        session = self.sessions[session_id]
        assert session.status == "open", f"the page is {session.status}"
        order = next(order for order in self.orders.values() if order.attempt_id == session.attempt_id)
        interval, period, cents = self.periods[order.price_id]
        ends = self.now + (timedelta(days=order.trial_days) if order.trial_days else period)
        facts = SubscriptionFacts(
            stripe_id=f"sub_{next(self._numbers)}",
            customer_id=session.customer_id,
            status="trialing" if order.trial_days else "active",
            price_id=order.price_id,
            price_cents=cents,
            interval=interval,
            started_at=self.now,
            period_starts_at=self.now,
            period_ends_at=ends,
            trial_ends_at=ends if order.trial_days else None,
            card_brand="visa",
            card_last4="4242",
            attempt_id=session.attempt_id,
            billing_country="BE",
            payment_country="BE",
        )
        self.states[facts.stripe_id] = facts
        if not order.trial_days:
            paid = PaymentFacts(f"pi_{facts.stripe_id}", f"in_{facts.stripe_id}", cents, 0, self.now)
            self.payments[facts.stripe_id] = [paid]
        self.sessions[session_id] = replace(session, status="complete", subscription_id=facts.stripe_id, url="")
        return facts

    def becomes(self, stripe_id: str, **changes: Any) -> SubscriptionFacts:
        """Something happens to a subscription at Stripe."""
        self.states[stripe_id] = replace(self.states[stripe_id], **changes)
        return self.states[stripe_id]

    def give_back(self, payment_id: str, cents: int, *, key: str = "", status: str = "succeeded") -> RefundFacts:
        """Some of a payment goes back; without a key it is done in Stripe's Dashboard."""
        place = key or f"dashboard {len(self.refunds)}"
        if place not in self.refunds:
            self._add_to_refunded(payment_id, cents)
            number = f"re_{len(self.refunds) + 1}"
            self.refunds[place] = RefundFacts(number, status, cents, key=key, made_at=self.now)
            self.refunded[number] = payment_id
        return self.refunds[place]

    def refund_becomes(self, stripe_id: str, status: str, why_failed: str = "") -> None:
        """The bank has said something about a refund; one that failed no longer counts."""
        place = next(place for place, one in self.refunds.items() if one.stripe_id == stripe_id)
        if status == "failed":
            self._add_to_refunded(self.refunded[stripe_id], -self.refunds[place].cents)
        self.refunds[place] = replace(self.refunds[place], status=status, why_failed=why_failed)

    def _add_to_refunded(self, payment_id: str, cents: int) -> None:
        for made in self.payments.values():
            for place, payment in enumerate(made):
                if payment.stripe_id == payment_id:
                    if cents > payment.refundable_cents:
                        raise BillingRefused("The refund is more than what was paid.")
                    made[place] = replace(payment, refunded_cents=payment.refunded_cents + cents)

    def dispute_becomes(self, payment_id: str, status: str, *, cents: int = 1500) -> None:
        """The payer has called the payment wrong, or the bank has said something about it."""
        known = self.disputes.get(payment_id)
        opened_at = known[0].opened_at if known else self.now
        answer_by = opened_at + timedelta(days=7)
        facts = DisputeFacts(f"du_{payment_id}", status, cents, "fraudulent", opened_at, answer_by)
        self.disputes[payment_id] = [facts]

    def invoice_is_paid(self, stripe_id: str) -> None:
        """An organisation pays an invoice on Stripe's page."""
        facts = self.sent[stripe_id]
        assert facts.status == "open", f"the invoice is {facts.status}"
        money = MoneyIn(f"pi_{stripe_id}", facts.total_cents, self.now)
        self.sent[stripe_id] = replace(facts, status="paid", payments=(money,))
        self.payments[stripe_id] = [PaymentFacts(money.stripe_id, stripe_id, money.cents, 0, self.now)]

    # The methods of subscriptions.billing.Billing.

    def make_customer(self, *, reader_id: int, email: str, key: str) -> str:
        self._call("make_customer")
        number = f"cus_{reader_id}"
        while number in self.deleted_customers:
            number += "_new"
        return number

    def customer_of(self, *, reader_id: int, email: str) -> str | None:
        self._call("customer_of")
        return None

    def change_email(self, customer_id: str, *, email: str) -> None:
        self._call("change_email")
        if customer_id in self.deleted_customers:
            raise BillingUnknown("No such customer.")
        self.emails[customer_id] = email

    def is_deleted(self, customer_id: str) -> bool:
        self._call("is_deleted")
        return customer_id in self.deleted_customers

    def price_of(self, lookup_key: str) -> str | None:
        self._call("price_of")
        return None

    def make_price(self, *, lookup_key: str, product: str, cents: int, currency: str, interval: str) -> str:
        self._call("make_price")
        if not interval:
            return f"price_once_{cents}"
        price_id = f"price_{interval}"
        if self.periods[price_id][2] != cents:
            price_id = f"price_{interval}_{cents}"
            self.periods[price_id] = (interval, self.periods[f"price_{interval}"][1], cents)
        return price_id

    def open_checkout(self, order: Order) -> CheckoutFacts:
        self._call("open_checkout")
        session_id = f"cs_{order.attempt_id}"
        if session_id not in self.sessions:
            self.orders[session_id] = order
            self.sessions[session_id] = CheckoutFacts(
                session_id=session_id,
                status="open",
                url=f"https://checkout.example/{session_id}",
                expires_at=self.now + timedelta(hours=24),
                customer_id=order.customer_id,
                attempt_id=order.attempt_id,
            )
        return self.sessions[session_id]

    def open_payment(self, payment: Payment) -> CheckoutFacts:
        self._call("open_payment")
        session_id = f"cs_{payment.purchase_id}"
        if session_id not in self.sessions:
            self.sessions[session_id] = CheckoutFacts(
                session_id=session_id,
                status="open",
                url=f"https://checkout.example/{session_id}",
                expires_at=self.now + timedelta(hours=24),
                customer_id=payment.customer_id,
                attempt_id=payment.purchase_id,
                payment_status="unpaid",
            )
        return self.sessions[session_id]

    def pay_once(self, session_id: str, status: str = "paid") -> None:
        """The reader pays for something that is paid once: at once, or (`unpaid`) by a debit that is under way."""
        session = self.sessions[session_id]
        assert session.status == "open", f"the page is {session.status}"
        self.payments[session_id] = [PaymentFacts(f"pi_{session_id}", "", 3000, 0, self.now)]
        self.sessions[session_id] = replace(
            session, status="complete", url="", payment_status=status, payment_id=f"pi_{session_id}"
        )

    def checkout(self, session_id: str) -> CheckoutFacts:
        self._call("checkout")
        if session_id not in self.sessions:
            raise BillingRefused("No such checkout session.")
        return self.sessions[session_id]

    def checkout_of(self, customer_id: str, attempt_id: str) -> CheckoutFacts | None:
        self._call("checkout_of")
        of_customer = (facts for facts in self.sessions.values() if facts.customer_id == customer_id)
        return next((facts for facts in of_customer if facts.attempt_id == attempt_id), None)

    def close_checkout(self, session_id: str) -> None:
        self._call("close_checkout")
        if self.sessions[session_id].status == "open":
            self.sessions[session_id] = replace(self.sessions[session_id], status="expired", url="")

    def subscription(self, stripe_id: str) -> SubscriptionFacts:
        self._call("subscription")
        if stripe_id not in self.states:
            raise BillingUnknown("No such subscription.")
        return self.states[stripe_id]

    def subscriptions_of(self, customer_id: str) -> list[SubscriptionFacts]:
        self._call("subscriptions_of")
        return [facts for facts in self.states.values() if facts.customer_id == customer_id]

    def every_subscription(self, *, starting_after: str = "") -> Iterator[list[SubscriptionFacts]]:
        newest_first = list(reversed(self.states))
        begin = newest_first.index(starting_after) + 1 if starting_after else 0
        for place in range(begin, len(newest_first), self.page_size):
            self._call("every_subscription")
            yield [self.states[stripe_id] for stripe_id in newest_first[place : place + self.page_size]]

    def cancel_at_period_end(self, stripe_id: str) -> SubscriptionFacts:
        self._call("cancel_at_period_end")
        return self.becomes(stripe_id, ends_at=self.states[stripe_id].period_ends_at, cancelled_at=self.now)

    def keep(self, stripe_id: str) -> SubscriptionFacts:
        self._call("keep")
        if self.states[stripe_id].status == "canceled":
            raise BillingRefused("This subscription has already ended.")
        return self.becomes(stripe_id, ends_at=None, cancelled_at=None)

    def pause(self, stripe_id: str, *, starts_at: datetime, ends_at: datetime) -> SubscriptionFacts:
        self._call("pause")
        facts = self.states[stripe_id]
        if facts.status != "active" or facts.period_ends_at != starts_at or facts.payment_pending:
            raise BillingRefused("Your subscription has changed meanwhile.")
        return self.becomes(stripe_id, pause_starts_at=starts_at, pause_ends_at=ends_at)

    def resume(self, stripe_id: str, *, at: datetime, key: str) -> SubscriptionFacts:
        self._call("resume")
        facts = self.states[stripe_id]
        if facts.pause_starts_at is None:
            return facts
        period: dict[str, Any] = {}
        if facts.pause_starts_at <= at:
            lasts = self.periods[facts.price_id][1]
            period = {"period_starts_at": at, "period_ends_at": at + lasts}
        return self.becomes(stripe_id, pause_starts_at=None, pause_ends_at=None, **period)

    def put_off(self, stripe_id: str, *, charge_at: datetime, until: datetime) -> SubscriptionFacts:
        self._call("put_off")
        facts = self.states[stripe_id]
        next_charge_at = facts.pause_ends_at or facts.period_ends_at
        if facts.status not in ("trialing", "active") or facts.ends_at or next_charge_at not in (charge_at, until):
            raise BillingRefused("The subscription has changed meanwhile.")
        if facts.pause_ends_at:
            return self.becomes(stripe_id, pause_ends_at=until)
        if facts.status == "active":
            return self.becomes(
                stripe_id, status="trialing", trial_ends_at=until, period_ends_at=until, put_off_from=charge_at
            )
        return self.becomes(stripe_id, trial_ends_at=until, period_ends_at=until)

    def reprice(self, stripe_id: str, price_id: str) -> SubscriptionFacts:
        self._call("reprice")
        return self.becomes(stripe_id, price_id=price_id, price_cents=self.periods[price_id][2])

    def preview_switch(self, stripe_id: str, price_id: str) -> SwitchFacts:
        self._call("preview_switch")
        facts = self.states[stripe_id]
        cents = self.periods[price_id][2]
        in_trial = facts.status == "trialing"
        return SwitchFacts(0 if in_trial else cents, cents, facts.period_ends_at)

    def switch(self, stripe_id: str, price_id: str, *, key: str) -> SubscriptionFacts:
        self._call("switch")
        interval, _, cents = self.periods[price_id]
        return self.becomes(stripe_id, price_id=price_id, price_cents=cents, interval=interval)

    def end_now(self, stripe_id: str) -> SubscriptionFacts:
        self._call("end_now")
        if self.states[stripe_id].status == "canceled":
            return self.states[stripe_id]
        open_since = self.states[stripe_id].period_starts_at if stripe_id in self.in_hand else None
        return self.becomes(
            stripe_id,
            status="canceled",
            ends_at=self.now,
            cancelled_at=self.now,
            unpaid_since=open_since or self.states[stripe_id].unpaid_since,
            payment_pending=False,
        )

    def debit_arrives(self, stripe_id: str, cents: int) -> None:
        """The bank says yes to a debit that was under way."""
        self.in_hand.discard(stripe_id)
        facts = self.becomes(stripe_id, unpaid_since=None, unpaid_cents=0, payment_pending=False)
        payment = PaymentFacts(f"pi_{stripe_id}", f"in_{stripe_id}", cents, 0, facts.started_at, arrived_at=self.now)
        self.payments.setdefault(stripe_id, []).insert(0, payment)

    def payments_of(self, stripe_id: str) -> list[PaymentFacts]:
        self._call("payments_of")
        return list(self.payments.get(stripe_id, []))

    def refund(self, payment_id: str, cents: int, *, key: str) -> RefundFacts:
        self._call("refund")
        return self.give_back(payment_id, cents, key=key)

    def refunds_of(self, payment_id: str) -> list[RefundFacts]:
        self._call("refunds_of")
        return [one for one in reversed(self.refunds.values()) if self.refunded[one.stripe_id] == payment_id]

    def disputes_of(self, payment_id: str) -> list[DisputeFacts]:
        self._call("disputes_of")
        return list(self.disputes.get(payment_id, []))

    def credit_of(self, customer_id: str) -> int:
        self._call("credit_of")
        return self.credits.get(customer_id, 0)

    def take_from_credit(self, customer_id: str, cents: int, *, currency: str, key: str) -> int:
        self._call("take_from_credit")
        if key not in self.credit_taken:
            self.credit_taken[key] = min(self.credits.get(customer_id, 0), cents)
            self.credits[customer_id] = self.credits.get(customer_id, 0) - self.credit_taken[key]
        return self.credit_taken[key]

    def return_to_credit(self, customer_id: str, *, currency: str, key: str) -> int:
        self._call("return_to_credit")
        taken = self.credit_taken.get(key, 0)
        if f"{key}-back" not in self.credit_taken:
            self.credit_taken[f"{key}-back"] = -taken
            self.credits[customer_id] = self.credits.get(customer_id, 0) + taken
        return taken

    def payment_of_charge(self, charge_id: str) -> str:
        self._call("payment_of_charge")
        return charge_id.replace("ch_", "pi_")

    def subscription_of_payment(self, payment_id: str) -> str:
        self._call("subscription_of_payment")
        of = [one for one, made in self.payments.items() if any(payment.stripe_id == payment_id for payment in made)]
        return of[0] if of else ""

    def money_back_since(self, since: datetime) -> list[MoneyBack]:
        self._call("money_back_since")
        given = [one for one in self.refunds.values() if one.made_at and one.made_at >= since]
        disputed = [(payment_id, one) for payment_id, made in self.disputes.items() for one in made]
        back = [(self.refunded[one.stripe_id], one) for one in given]
        return [MoneyBack(payment_id, one.stripe_id, one.status) for payment_id, one in [*back, *disputed]]

    def open_invoice_page(self, stripe_id: str) -> str:
        self._call("open_invoice_page")
        return "https://invoice.example/pay" if self.states[stripe_id].status == "past_due" else ""

    def void_open_invoices(self, stripe_id: str) -> bool:
        self._call("void_open_invoices")
        if stripe_id in self.in_hand:
            return False
        if stripe_id in self.states:
            self.becomes(stripe_id, unpaid_since=None, unpaid_cents=0)
        return True

    def invoices(self, customer_id: str, *, limit: int = 24) -> list[InvoiceFacts]:
        self._call("invoices")
        return [InvoiceFacts("V-1", self.now, 0, "paid", "Trial", "https://invoice.example/1.pdf", "")]

    def make_organisation(self, organisation: Organisation, *, key: str) -> str:
        self._call("make_organisation")
        self.organisations[f"cus_org_{key}"] = organisation
        return f"cus_org_{key}"

    def change_organisation(self, customer_id: str, organisation: Organisation) -> None:
        self._call("change_organisation")
        if customer_id in self.deleted_customers:
            raise BillingUnknown("No such customer.")
        self.organisations[customer_id] = organisation

    def send_invoice(self, order: InvoiceOrder) -> SentInvoiceFacts:
        self._call("send_invoice")
        stripe_id = f"in_{order.key}"
        if stripe_id not in self.sent:
            self.invoice_orders[stripe_id] = order
            vat_cents = round(order.net_cents * order.vat_percent / 100)
            self.sent[stripe_id] = SentInvoiceFacts(
                stripe_id=stripe_id,
                customer_id=order.customer_id,
                status="open",
                key=order.key,
                total_cents=order.net_cents + vat_cents,
                number=f"ORG-{len(self.sent) + 1:04}",
                net_cents=order.net_cents,
                sent_at=self.now,
                due_at=self.now + timedelta(days=order.days_until_due),
                page_url=f"https://invoice.example/{stripe_id}",
            )
        return self.sent[stripe_id]

    def sent_invoice(self, stripe_id: str) -> SentInvoiceFacts:
        self._call("sent_invoice")
        if stripe_id not in self.sent:
            raise BillingUnknown("No such invoice.")
        return self.sent[stripe_id]

    def sent_invoices(self, since: datetime) -> Iterator[SentInvoiceFacts]:
        self._call("sent_invoices")
        for facts in reversed(self.sent.values()):
            if facts.sent_at and facts.sent_at >= since:
                yield replace(facts, payments=())

    def settle_elsewhere(self, stripe_id: str) -> SentInvoiceFacts:
        self._call("settle_elsewhere")
        if self.sent[stripe_id].status == "void":
            raise BillingRefused("The invoice is void.")
        self.sent[stripe_id] = replace(self.sent[stripe_id], status="paid")
        return self.sent[stripe_id]

    def void_invoice(self, stripe_id: str) -> SentInvoiceFacts:
        self._call("void_invoice")
        if self.sent[stripe_id].status == "paid":
            raise BillingRefused("The invoice was paid.")
        self.sent[stripe_id] = replace(self.sent[stripe_id], status="void")
        return self.sent[stripe_id]

    def card_page(self, customer_id: str, *, return_url: str) -> str:
        self._call("card_page")
        return "https://portal.example/card"

    def portal_page(self, customer_id: str, *, return_url: str) -> str:
        self._call("portal_page")
        return "https://portal.example/"

    def portal(self) -> str:
        self._call("portal")
        return "bpc_1"

    def verified_event(self, body: bytes, signature: str) -> EventFacts:
        return self._real.verified_event(body, signature)
