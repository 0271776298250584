"""Month ends, leap days, two changes of the clocks and the end of a trial: our moments are Stripe's, to the second."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils.timezone import localtime

from readers.models import User
from subscriptions import billing, checkout, dunning, trial
from subscriptions.access import Source, entitlement_for
from subscriptions.models import Customer, Plan, Subscription
from tests.make import a_reader
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def moment(text: str) -> datetime:
    """A moment in UTC, from `2027-01-31 10:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def go_to(world: World, at: datetime) -> None:
    """Let it be that moment (or up to a second or two later) for Stripe and for the site."""
    world.control("clock", to=int(at.timestamp()))
    world.settle()


@pytest.fixture
def anna(world: World) -> User:
    """Anna, who has no trial left."""
    reader = a_reader("anna@example.org")
    trial.note_use(reader, at=world.now())
    return reader


@pytest.fixture
def bert(world: World) -> User:
    """Bert, who has never been here before."""
    return a_reader("bert@example.org")


def subscribe(world: World, reader: User, interval: str) -> Subscription:
    """Order and pay by card."""
    offer = checkout.offer_to(reader, Plan.objects.get(interval=interval), at=world.now())
    back = "http://testserver/subscribe/return/?session_id={CHECKOUT_SESSION_ID}"
    page = checkout.start(reader, offer, shown_html="", return_to="", success_url=back, cancel_url=back, at=world.now())
    world.pay(page)
    world.settle()
    return Subscription.objects.get(reader=reader)


def reads(reader: User, at: datetime) -> bool:
    return entitlement_for(reader, at=at) is not None


def said_by_stripe(row: Subscription) -> Subscription:
    """The row as it is now, after making sure that Stripe says the same."""
    row = Subscription.objects.get(pk=row.pk)
    facts = billing.gateway().subscription(row.stripe_id)
    names = ("status", "started_at", "trial_ends_at", "period_starts_at", "period_ends_at", "ends_at", "cancelled_at")
    assert {name: getattr(row, name) for name in names} == {name: getattr(facts, name) for name in names}
    return row


def assert_goes_on(world: World, reader: User, row: Subscription) -> Subscription:
    """The next boundary comes and goes: Stripe's numbers before and after it, and not a second without access."""
    before = said_by_stripe(row)
    boundary, charged = before.period_ends_at, world.charged_cents()
    go_to(world, boundary - timedelta(minutes=1))
    assert said_by_stripe(before).period_ends_at == boundary
    go_to(world, boundary + timedelta(minutes=1))
    after = said_by_stripe(before)
    assert (after.status, after.period_starts_at) == ("active", boundary)
    assert all(reads(reader, boundary + step) for step in (-SECOND, timedelta(0), SECOND, HOUR))
    assert world.charged_cents() == charged, "the invoice is a draft for an hour"
    go_to(world, boundary + HOUR + timedelta(minutes=1))
    assert world.charged_cents() == charged + after.plan.price_cents
    return said_by_stripe(after)


def test_a_month_that_began_on_the_31st_ends_on_the_last_day_of_each_month(world: World, anna: User) -> None:
    go_to(world, moment("2027-01-31 10:00"))
    row = subscribe(world, anna, "month")
    ends = []
    for _ in range(4):
        ends.append(row.period_ends_at.date().isoformat())
        row = assert_goes_on(world, anna, row)
    assert ends == ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]


def test_a_year_that_began_on_a_leap_day_ends_on_the_28th_and_on_the_29th_when_there_is_one(
    world: World, anna: User
) -> None:
    go_to(world, moment("2028-02-29 23:30"))
    row = subscribe(world, anna, "year")
    ends = []
    for _ in range(4):
        ends.append(row.period_ends_at.date().isoformat())
        row = assert_goes_on(world, anna, row)
    assert ends == ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


@pytest.mark.parametrize(
    ("begun", "months", "on_the_wall"),
    [
        # At two in the morning of 28 March 2027 the clocks of Brussels jump to three.
        ("2027-02-28 01:30", 1, "28 March, 03:30 +0200"),
        ("2027-03-15 12:00", 1, "15 April, 14:00 +0200"),
        # At three in the morning of 31 October 2027 they go back to two, and a quarter past two comes twice.
        ("2027-08-31 00:15", 2, "31 October, 02:15 +0200"),
        ("2027-08-31 01:15", 2, "31 October, 02:15 +0100"),
        ("2027-10-15 12:00", 1, "15 November, 13:00 +0100"),
    ],
)
def test_a_change_of_the_clocks_moves_no_boundary(
    world: World, anna: User, begun: str, months: int, on_the_wall: str
) -> None:
    go_to(world, moment(begun))
    row = subscribe(world, anna, "month")
    lag = row.started_at - moment(begun)
    for _ in range(months):
        row = assert_goes_on(world, anna, row)
    assert f"{localtime(row.period_starts_at - lag):%-d %B, %H:%M %z}" == on_the_wall
    assert row.period_starts_at.time() == row.started_at.time(), "the hour in UTC stays"


@pytest.mark.parametrize(
    ("begun", "months"), [("2027-02-28 00:45", 0), ("2027-08-31 00:45", 1), ("2027-08-31 01:15", 1)]
)
def test_a_cancelled_month_ends_at_its_second_whatever_the_clocks_do(
    world: World, anna: User, begun: str, months: int
) -> None:
    go_to(world, moment(begun))
    row = subscribe(world, anna, "month")
    for _ in range(months):
        row = assert_goes_on(world, anna, row)
    billing.gateway().cancel_at_period_end(row.stripe_id)
    world.settle()
    cancelled = said_by_stripe(row)
    end = cancelled.period_ends_at
    assert cancelled.ends_at == end
    assert [reads(anna, end + step) for step in (-SECOND, timedelta(0), SECOND)] == [True, False, False]
    go_to(world, end + timedelta(minutes=1))
    ended = said_by_stripe(row)
    assert (ended.status, ended.ends_at) == ("canceled", end)
    assert not reads(anna, end + SECOND)
    assert world.charged_cents() == 1_500 * (months + 1)


def test_a_trial_goes_over_into_the_paid_time_without_a_gap(world: World, bert: User) -> None:
    row = subscribe(world, bert, "year")
    end = row.trial_ends_at
    assert end == row.started_at + timedelta(days=30) == row.period_ends_at
    go_to(world, end - timedelta(minutes=1))
    assert said_by_stripe(row).status == "trialing"
    around = (-SECOND, timedelta(0), SECOND, HOUR - SECOND, HOUR + SECOND)
    assert [reads(bert, end + step) for step in around] == [True] * 5, "even before Stripe has said that it goes on"
    go_to(world, end + timedelta(minutes=1))
    paid = said_by_stripe(row)
    assert (paid.status, paid.period_starts_at, paid.trial_ends_at) == ("active", end, end)
    assert [reads(bert, end + step) for step in around] == [True] * 5
    assert world.charged_cents() == 0, "the first invoice is a draft for an hour"
    go_to(world, end + HOUR + timedelta(minutes=1))
    assert world.charged_cents() == 15_000
    assert said_by_stripe(row).status == "active"


def test_a_cancelled_trial_ends_at_its_second_and_is_never_charged(world: World, bert: User) -> None:
    row = subscribe(world, bert, "month")
    billing.gateway().cancel_at_period_end(row.stripe_id)
    world.settle()
    end = said_by_stripe(row).trial_ends_at
    assert end is not None
    assert [reads(bert, end + step) for step in (-SECOND, timedelta(0), SECOND)] == [True, False, False]
    go_to(world, end + 2 * HOUR)
    assert said_by_stripe(row).status == "canceled"
    assert world.charged_cents() == 0


def test_a_payment_refused_an_hour_after_the_trial_leaves_the_reader_reading(world: World, bert: User) -> None:
    row = subscribe(world, bert, "month")
    world.control("fail_next_payment", customer=Customer.objects.get(reader=bert).stripe_id, on=True, times=9)
    end = row.period_ends_at
    go_to(world, end + timedelta(minutes=30))
    assert said_by_stripe(row).status == "active"
    go_to(world, end + 2 * HOUR)
    late = said_by_stripe(row)
    assert (late.status, late.unpaid_since) == ("past_due", end), "the grace is counted from the invoice"
    fortnight = end + timedelta(days=14)
    assert [reads(bert, fortnight + step) for step in (-SECOND, timedelta(0), SECOND)] == [True, False, False]
    entitlement = entitlement_for(bert, at=fortnight - SECOND)
    assert entitlement is not None
    assert (entitlement.source, entitlement.until) == (Source.GRACE, fortnight)


def test_what_stripe_ends_after_its_own_last_try_is_said_and_cannot_be_paid_any_more(world: World, bert: User) -> None:
    row = subscribe(world, bert, "month")
    world.control("fail_next_payment", customer=Customer.objects.get(reader=bert).stripe_id, on=True, times=9)
    go_to(world, row.period_ends_at + 2 * HOUR)
    page = billing.gateway().open_invoice_page(row.stripe_id)
    go_to(world, row.period_ends_at + timedelta(days=8))
    ended = said_by_stripe(row)
    assert (ended.status, reads(bert, world.now())) == ("canceled", False)
    assert world.letters_to(bert.email)[-1] == "Your subscription to Viaduct has ended"
    dunning.end_overdue(at=world.now())
    world.control("fail_next_payment", customer=Customer.objects.get(reader=bert).stripe_id, on=False)
    world.pay(page)
    world.settle()
    assert world.charged_cents() == 0, "the link in the old letter takes no money"
    assert said_by_stripe(row).unpaid_since is None


def test_the_account_shows_the_day_of_brussels(world: World, anna: User, client: Client) -> None:
    go_to(world, moment("2027-06-30 22:30"))
    row = subscribe(world, anna, "month")
    assert localtime(row.period_ends_at).date().isoformat() == "2027-07-31", "in UTC it is still the 30th"
    client.force_login(anna)
    assert "31 July 2027" in client.get("/account/").content.decode().replace("\xa0", " ")
