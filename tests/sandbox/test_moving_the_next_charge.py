"""`trial_end` moves the next charge: of a trial, of a paid period, once or again."""

import pytest

from stripe_sandbox.clock import DAY, HOUR

from .conftest import Here, make_price


def moved(here: Here, subscription, days: int, **more):
    wish = {"trial_end": here.control("clock")["now"] + days * DAY, "proration_behavior": "none"}
    return here.api.v1.subscriptions.update(subscription.id, wish | {"expand": ["latest_invoice"]} | more)


def charged(here: Here) -> int:
    return here.control("state")["money"]["charged"]


def test_a_trial_gets_another_end_and_is_charged_then(here: Here, yearly, subscribe):
    subscription = subscribe(yearly, trial_period_days=30)
    here.sandbox.advance(23 * DAY)
    longer = moved(here, subscription, 17)
    assert (longer.status, longer.trial_start) == ("trialing", subscription.trial_start)
    assert longer["items"].data[0].current_period_end == longer.trial_end > subscription.trial_end
    here.sandbox.advance(17 * DAY - HOUR)
    assert charged(here) == 0
    here.sandbox.advance(3 * HOUR)
    assert charged(here) == 15000


def test_a_paid_year_goes_over_into_free_days_without_credit_and_is_charged_after_them(here: Here, yearly, subscribe):
    subscription = subscribe(yearly)
    here.sandbox.advance(350 * DAY)
    free = moved(here, subscription, 18)
    assert free.status == "trialing"
    period = free["items"].data[0]
    assert (period.current_period_start, period.current_period_end) == (free.trial_start, free.trial_end)
    assert abs(free.trial_start - here.control("clock")["now"]) < 5
    assert (free.latest_invoice.total, free.latest_invoice.status) == (0, "paid")
    assert here.api.v1.customers.retrieve(subscription.customer).balance == 0
    here.sandbox.advance(18 * DAY - HOUR)
    assert charged(here) == 15000, "the old boundary has passed and nothing was taken"
    here.sandbox.advance(3 * HOUR)
    assert charged(here) == 30000
    renewed = here.api.v1.subscriptions.retrieve(subscription.id)
    assert (renewed.status, renewed["items"].data[0].current_period_start) == ("active", free.trial_end)


def test_what_was_moved_can_be_moved_again(here: Here, yearly, subscribe):
    subscription = subscribe(yearly)
    here.sandbox.advance(350 * DAY)
    moved(here, subscription, 18)
    here.sandbox.advance(16 * DAY)
    again = moved(here, subscription, 18)
    assert again.status == "trialing"
    here.sandbox.advance(17 * DAY)
    assert charged(here) == 15000
    here.sandbox.advance(DAY + 2 * HOUR)
    assert charged(here) == 30000


def test_the_unused_rest_comes_back_as_a_credit_where_that_is_wanted(here: Here, yearly, subscribe):
    subscription = subscribe(yearly)
    here.sandbox.advance(335 * DAY)
    moved(here, subscription, 40, proration_behavior="create_prorations")
    balance = here.api.v1.customers.retrieve(subscription.customer).balance
    assert -1240 <= balance <= -1225


def test_a_moment_that_has_passed_is_refused(here: Here, yearly, subscribe):
    subscription = subscribe(yearly)
    with pytest.raises(Exception, match="must be in the future"):
        moved(here, subscription, -1)


def test_another_price_without_proration_is_charged_from_the_next_period_on(here: Here, subscribe):
    old, new = make_price(here, 15000, "year"), make_price(here, 18000, "year")
    subscription = subscribe(old)
    here.sandbox.advance(300 * DAY)
    item = {"id": subscription["items"].data[0].id, "price": new}
    here.api.v1.subscriptions.update(subscription.id, {"items": [item], "proration_behavior": "none"})
    assert charged(here) == 15000
    here.sandbox.advance(66 * DAY)
    assert charged(here) == 33000
