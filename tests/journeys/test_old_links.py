"""A link to an invoice that was opened once and left: it takes no money for what has ended."""

from subscriptions import billing, checkout, dunning, trial
from subscriptions.models import Customer, Plan, Subscription
from tests.make import a_reader
from tests.world import World


def test_an_invoice_that_a_switch_left_behind_is_void_once_the_subscription_has_ended(world: World) -> None:
    reader = a_reader("anna@example.org")
    trial.note_use(reader, at=world.now())
    offer = checkout.offer_to(reader, Plan.objects.on_sale().get(interval="year"), at=world.now())
    back = "http://testserver/subscribe/return/?session_id={CHECKOUT_SESSION_ID}"
    page = checkout.start(reader, offer, shown_html="", return_to="", success_url=back, cancel_url=back, at=world.now())
    world.pay(page)
    world.settle()
    row = Subscription.objects.get()
    customer = Customer.objects.get().stripe_id
    world.control("fail_next_payment", customer=customer, on=True, times=99)
    world.pass_time(seconds=(row.period_ends_at - world.now()).total_seconds() + 2 * 3600)
    month, gateway = Plan.objects.on_sale().get(interval="month"), billing.gateway()
    gateway.switch(row.stripe_id, month.stripe_price_id, key="1")
    gateway.end_now(row.stripe_id)
    world.settle()
    assert Subscription.objects.get().unpaid_since is not None
    dunning.end_overdue(at=world.now())
    row.refresh_from_db()
    assert row.status == "canceled"
    assert row.unpaid_since is None
    assert gateway.subscription(row.stripe_id).unpaid_since is None
