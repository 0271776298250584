"""Money back: how much, once, from whichever side, and what it does to access."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readers.models import Letter, User
from subscriptions import refunds, surplus, webhooks
from subscriptions.access import entitlement_for
from subscriptions.billing import (
    BillingError,
    BillingRefused,
    BillingUnavailable,
    EventFacts,
    PaymentFacts,
    SubscriptionFacts,
)
from subscriptions.models import Customer, Dispute, Refund, StripeEvent, Subscription
from subscriptions.models.stripe_event import NO_READER
from subscriptions.refunds import must_end, unused_cents
from tests.fakes import FakeBilling
from tests.make import NOW, a_customer, a_plan, a_reader, a_subscription, the_facts

BRUSSELS = ZoneInfo("Europe/Brussels")
LAST_MONTH = NOW - timedelta(days=40)
STARTS = NOW - timedelta(days=10)
ENDS = NOW + timedelta(days=20)

# --- The rest of a period ------------------------------------------------------------------------------

moments = st.datetimes(datetime(2023, 1, 1), datetime(2033, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them naive
# Slow machines are no reason to fail.
patiently = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
lengths = st.timedeltas(timedelta(hours=1), timedelta(days=800))


@patiently
@given(st.integers(0, 10**7), moments, lengths, moments)
def test_used_and_unused_are_together_what_was_paid(
    paid: int, starts: datetime, length: timedelta, at: datetime
) -> None:
    ends = starts + length
    unused = unused_cents(paid, starts, ends, at)
    first, last, today = (moment.astimezone(BRUSSELS).date() for moment in (starts, ends, at))
    days = max((last - first).days, 1)
    used_days = 0 if at < starts else min((today - first).days + 1, days)
    used = paid * used_days // days
    assert used + unused == paid
    assert 0 <= unused <= paid


@patiently
@given(st.integers(0, 10**7), moments, lengths, moments, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_later_there_is_never_more_left(
    paid: int, starts: datetime, length: timedelta, at: datetime, wait: timedelta
) -> None:
    ends = starts + length
    assert unused_cents(paid, starts, ends, at) >= unused_cents(paid, starts, ends, at + wait)


@patiently
@given(st.integers(0, 10**7), moments, lengths, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_after_the_end_nothing_is_left(paid: int, starts: datetime, length: timedelta, late: timedelta) -> None:
    assert unused_cents(paid, starts, starts + length, starts + length + late) == 0


def brussels(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BRUSSELS).astimezone(UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("paid", "starts", "ends", "at", "left"),
    [
        # The day of the start counts as used, from its first second to its last.
        (3000, (2026, 4, 1, 12), (2026, 5, 1, 12), (2026, 4, 1, 12), 2900),
        (3000, (2026, 4, 1, 12), (2026, 5, 1, 12), (2026, 4, 1, 23, 59), 2900),
        (3000, (2026, 4, 1, 12), (2026, 5, 1, 12), (2026, 4, 2, 0), 2800),
        (3000, (2026, 4, 1, 12), (2026, 5, 1, 12), (2026, 4, 30, 23), 0),
        # Before it begins, all of it is left.
        (3000, (2026, 4, 1, 12), (2026, 5, 1, 12), (2026, 4, 1, 11), 3000),
        # Rounded up: 1500 x 15 / 31 = 725.8.
        (1500, (2026, 1, 1), (2026, 2, 1), (2026, 1, 16), 726),
        # The day without 02:30 and the day with two of them are one day each.
        (3100, (2026, 3, 1), (2026, 4, 1), (2026, 3, 29, 0, 30), 200),
        (3100, (2026, 3, 1), (2026, 4, 1), (2026, 3, 29, 23, 30), 200),
        (3100, (2026, 10, 1), (2026, 11, 1), (2026, 10, 25, 0, 30), 600),
        (3100, (2026, 10, 1), (2026, 11, 1), (2026, 10, 25, 23, 30), 600),
        # A leap year has 366 days, and its February 29.
        (36600, (2027, 3, 1), (2028, 3, 1), (2028, 2, 28, 12), 100),
        (36600, (2027, 3, 1), (2028, 3, 1), (2028, 2, 29, 12), 0),
        (2900, (2028, 2, 1), (2028, 3, 1), (2028, 2, 1), 2800),
        # A month that began on the 31st.
        (2800, (2026, 1, 31), (2026, 2, 28), (2026, 2, 1), 2600),
        (0, (2026, 1, 1), (2026, 2, 1), (2026, 1, 1), 0),
    ],
)
def test_unused_days_are_those_of_the_calendar_of_brussels(
    paid: int, starts: tuple, ends: tuple, at: tuple, left: int
) -> None:
    assert unused_cents(paid, brussels(*starts), brussels(*ends), brussels(*at)) == left


# --- The rule ------------------------------------------------------------------------------------------


def paid(refunded: int = 0) -> PaymentFacts:
    return PaymentFacts("pi_1", "in_1", 1500, refunded, STARTS, STARTS, ENDS)


def a_refund(status: str, *, ends: bool) -> Refund:
    return Refund(status=status, ends_subscription=ends, cents=1)


@pytest.mark.parametrize(
    ("current", "refund", "dispute", "ends"),
    [
        (None, None, None, False),
        (paid(), None, None, False),
        (paid(1), None, None, False),
        (paid(1499), None, None, False),
        (paid(1500), None, None, True),
        (paid(700), a_refund("succeeded", ends=True), None, True),
        (paid(700), a_refund("pending", ends=True), None, True),
        (paid(), a_refund("failed", ends=True), None, False),
        (paid(), a_refund("", ends=True), None, False),
        (paid(700), a_refund("succeeded", ends=False), None, False),
        (None, a_refund("succeeded", ends=True), None, True),
        *((paid(), None, status, False) for status in ("needs_response", "under_review", "won", "prevented")),
        *((paid(), None, f"warning_{status}", False) for status in ("needs_response", "under_review", "closed")),
        *((paid(), None, f"appeal_{status}", False) for status in ("needs_response", "under_review")),
        (paid(), None, "lost", True),
        (None, None, "lost", True),
    ],
)
def test_the_rule(current: PaymentFacts | None, refund: Refund | None, dispute: str | None, ends: bool) -> None:
    disputes = [Dispute(status=dispute)] if dispute else []
    assert must_end(current, [refund] if refund else [], disputes) is ends


# --- Bob, who pays by the month ------------------------------------------------------------------------


@pytest.fixture
def bob(billing: FakeBilling, at: Callable[[datetime], None]) -> User:
    """Who pays €15 a month: once for the month before, once for the one that runs."""
    a_plan("month")
    reader = a_customer(at=LAST_MONTH)
    billing.states["sub_1"] = the_facts(since=STARTS, until=ENDS, started_at=LAST_MONTH)
    billing.payments["sub_1"] = [
        PaymentFacts("pi_now", "in_2", 1500, 0, STARTS, STARTS, ENDS, "visa", "4242"),
        PaymentFacts("pi_before", "in_1", 1500, 0, LAST_MONTH, LAST_MONTH, STARTS, "visa", "1111"),
    ]
    webhooks.record(reader, billing.states["sub_1"], at=LAST_MONTH)
    mail.outbox.clear()
    return reader


def wish(payment_id: str, cents: int, *, by: User, at: datetime = NOW, **fields: Any) -> tuple[Refund, bool]:
    values = {"intention": uuid4(), "kind": "partial", "reason": "Asked nicely", "ends_subscription": False}
    return refunds.ask(Subscription.objects.get(), payment_id, cents, asked_by=by, at=at, **values | fields)


def give(payment_id: str, cents: int, *, by: User, **fields: Any) -> Refund:
    row, _ = wish(payment_id, cents, by=by, **fields)
    return refunds.give(row, at=NOW)


def an_event(kind: str, payment_id: str = "pi_now", number: int = 1) -> EventFacts:
    return EventFacts(f"evt_{kind}_{number}", kind, "", "", "", {}, payment_id=payment_id)


def told(to: str = "bob@example.org") -> list[str]:
    return [letter.subject for letter in mail.outbox if letter.to == [to]]


def to_the_operator() -> list[str]:
    return told("readers@viaduct.example")


pytestmark = pytest.mark.django_db(transaction=True)


# --- From the desk -------------------------------------------------------------------------------------


def test_a_part_given_back_changes_nothing_else(bob: User, dora: User, billing: FakeBilling) -> None:
    row = give("pi_now", 500, by=dora)
    assert (row.status, row.stripe_id, row.asked_by) == ("succeeded", "re_1", dora)
    assert billing.payments["sub_1"][0].refunded_cents == 500
    assert billing.refunds[str(row.pk)].cents == 500, "the row's id is the key at Stripe"
    assert entitlement_for(bob, at=NOW)
    assert billing.states["sub_1"].status == "active"


def test_all_of_the_current_payment_ends_access_and_the_subscription(
    bob: User, dora: User, billing: FakeBilling
) -> None:
    give("pi_now", 1500, by=dora, kind="full")
    assert entitlement_for(bob, at=NOW) is None
    assert Subscription.objects.get().status == billing.states["sub_1"].status == "canceled"


def test_two_parts_that_are_all_of_it_count_as_all_of_it(bob: User, dora: User, billing: FakeBilling) -> None:
    give("pi_now", 700, by=dora)
    assert entitlement_for(bob, at=NOW)
    give("pi_now", 800, by=dora)
    assert entitlement_for(bob, at=NOW) is None


def test_all_of_an_earlier_payment_changes_nothing(bob: User, dora: User, billing: FakeBilling) -> None:
    give("pi_before", 1500, by=dora, kind="full")
    assert entitlement_for(bob, at=NOW)
    assert billing.states["sub_1"].status == "active"


def test_the_rest_of_the_period_ends_both(bob: User, dora: User, billing: FakeBilling) -> None:
    offer = refunds.offers_to(bob, at=NOW)[0]
    assert offer.rest_cents == 950  # 19 of 30 days
    row = give("pi_now", offer.rest_cents, by=dora, kind="rest")
    assert row.ends_subscription
    assert entitlement_for(bob, at=NOW) is None
    assert billing.states["sub_1"].status == "canceled"


def test_the_tick_ends_both_whatever_the_amount(bob: User, dora: User, billing: FakeBilling) -> None:
    give("pi_before", 1, by=dora, ends_subscription=True)
    assert entitlement_for(bob, at=NOW) is None
    assert billing.states["sub_1"].status == "canceled"
    assert "void_open_invoices" in billing.calls, "nobody pays for what they cannot read"


def test_pressing_twice_gives_back_once(bob: User, dora: User, billing: FakeBilling) -> None:
    intention = uuid4()
    first, is_new = wish("pi_now", 500, by=dora, intention=intention)
    second, is_new_again = wish("pi_now", 500, by=dora, intention=intention)
    assert (is_new, is_new_again, first) == (True, False, second)
    refunds.give(first, at=NOW)
    refunds.give(second, at=NOW)
    assert billing.calls.count("refund") == 1
    assert len(told()) == 1


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Do all of this at the same moment; what each returned, or raised."""

    def with_own_connection(deed: Callable[[], object]) -> object:
        try:
            return deed()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(with_own_connection, deeds))


def test_many_presses_at_the_same_moment_give_back_once(bob: User, dora: User, billing: FakeBilling) -> None:
    intention = uuid4()

    def press() -> Refund:
        row, _ = wish("pi_now", 500, by=dora, intention=intention)
        return refunds.give(row, at=NOW)

    answers = at_once(*[press] * 6)
    assert {answer.stripe_id for answer in answers if isinstance(answer, Refund)} == {"re_1"}
    assert len(billing.refunds) == Refund.objects.count() == len(told()) == 1
    assert billing.payments["sub_1"][0].refunded_cents == 500


def test_two_of_the_desk_do_not_give_back_more_than_was_paid_together(
    bob: User, dora: User, billing: FakeBilling
) -> None:
    answers = at_once(*[lambda: give("pi_now", 1000, by=dora)] * 4)
    assert sum(isinstance(answer, refunds.TooMuch) for answer in answers) == 3
    assert billing.payments["sub_1"][0].refunded_cents == 1000


def test_all_of_its_events_at_the_same_moment_record_it_once(bob: User, billing: FakeBilling) -> None:
    billing.give_back("pi_now", 1500)
    kinds = ("charge.refunded", "refund.created", "refund.updated", "charge.refund.updated")
    events = [an_event(kind, number=number) for kind in kinds for number in range(3)]
    answers = at_once(*[partial(webhooks.handle, event, at=NOW) for event in events])
    assert answers == [None] * 12
    assert Refund.objects.count() == len(told()) == 1
    assert Subscription.objects.get().status == "canceled"


@pytest.mark.parametrize("cents", [1501, 0, -1])
def test_never_more_than_was_paid_and_never_nothing(bob: User, dora: User, billing: FakeBilling, cents: int) -> None:
    with pytest.raises(refunds.TooMuch):
        wish("pi_now", cents, by=dora)
    assert not Refund.objects.exists()
    assert "refund" not in billing.calls


def test_what_was_given_back_elsewhere_counts(bob: User, dora: User, billing: FakeBilling) -> None:
    billing.give_back("pi_now", 1000)
    with pytest.raises(refunds.TooMuch) as too_much:
        wish("pi_now", 501, by=dora)
    assert too_much.value.left_cents == 500


def test_what_is_promised_counts_before_stripe_has_confirmed_it(bob: User, dora: User, billing: FakeBilling) -> None:
    wish("pi_now", 1000, by=dora)
    with pytest.raises(refunds.TooMuch) as too_much:
        wish("pi_now", 501, by=dora)
    assert too_much.value.left_cents == 500


def test_a_payment_of_somebody_else_is_not_given_back(bob: User, dora: User, billing: FakeBilling) -> None:
    billing.payments["sub_other"] = [PaymentFacts("pi_other", "in_9", 9900, 0, NOW)]
    with pytest.raises(refunds.TooMuch):
        wish("pi_other", 100, by=dora)


def test_the_database_refuses_a_refund_of_nothing_and_one_number_twice(bob: User) -> None:
    one = Subscription.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.create(subscription=one, payment_id="pi", cents=0, kind="full", asked_at=NOW)
    Refund.objects.create(subscription=one, payment_id="pi", cents=1, kind="full", asked_at=NOW, stripe_id="re_1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.create(subscription=one, payment_id="pi", cents=1, kind="full", asked_at=NOW, stripe_id="re_1")


def test_while_stripe_is_away_a_promise_waits_and_is_kept_once_it_is_back(
    bob: User, dora: User, billing: FakeBilling
) -> None:
    row, _ = wish("pi_now", 1500, by=dora, kind="full")
    billing.is_away = True
    with pytest.raises(BillingUnavailable):
        refunds.give(row, at=NOW)
    assert refunds.give_waiting(at=NOW) == 0
    assert entitlement_for(bob, at=NOW), "nothing was given back yet"
    billing.is_away = False
    assert refunds.give_waiting(at=NOW) == 1
    assert refunds.give_waiting(at=NOW) == 0
    assert entitlement_for(bob, at=NOW) is None
    assert len(billing.refunds) == 1


def test_an_answer_that_was_lost_is_found_by_its_key(
    bob: User, dora: User, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, _ = wish("pi_now", 1500, by=dora, kind="full")
    billing.give_back("pi_now", 1500, key=str(row.pk))
    monkeypatch.setattr(billing, "refund", None)
    refunds.give(row, at=NOW)
    assert Refund.objects.get().stripe_id == "re_1"
    assert entitlement_for(bob, at=NOW) is None


def test_where_the_end_does_not_follow_the_refund_is_not_forgotten(
    bob: User, dora: User, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(stripe_id: str) -> SubscriptionFacts:
        raise BillingRefused("Not now.")

    row, _ = wish("pi_now", 950, by=dora, kind="rest")
    with monkeypatch.context() as patch:
        patch.setattr(billing, "end_now", no)
        with pytest.raises(BillingError) as error:
            refunds.give(row, at=NOW)
    assert not isinstance(error.value, refunds.RefundRefused)
    assert refunds.give_waiting(at=NOW) == 1
    assert len(billing.refunds) == 1
    assert Refund.objects.get().ends_subscription
    assert entitlement_for(bob, at=NOW) is None


def test_what_stripe_refuses_later_needs_a_person(bob: User, dora: User, billing: FakeBilling) -> None:
    row, _ = wish("pi_now", 1000, by=dora)
    billing.give_back("pi_now", 1500)
    assert refunds.give_waiting(at=NOW) == 0
    assert refunds.needs_a_person().refunds == [row]
    assert len(to_the_operator()) == 1
    assert refunds.give_waiting(at=NOW) == 0
    assert len(to_the_operator()) == 1


# --- From Stripe's Dashboard ---------------------------------------------------------------------------


def test_a_refund_in_the_dashboard_is_recorded_and_follows_the_rule(bob: User, billing: FakeBilling) -> None:
    billing.give_back("pi_now", 1500)
    webhooks.handle(an_event("charge.refunded"), at=NOW)
    row = Refund.objects.get()
    assert (row.cents, row.kind, row.asked_by, row.reason) == (1500, "full", None, refunds.IN_THE_DASHBOARD)
    assert entitlement_for(bob, at=NOW) is None
    assert billing.states["sub_1"].status == "canceled"


def test_a_part_in_the_dashboard_is_recorded_and_changes_nothing(bob: User, billing: FakeBilling) -> None:
    billing.give_back("pi_now", 700)
    webhooks.handle(an_event("charge.refunded"), at=NOW)
    assert Refund.objects.get().kind == "partial"
    assert entitlement_for(bob, at=NOW)


@pytest.mark.parametrize("order", list(permutations(["refund.created", "charge.refunded", "refund.updated"])))
def test_every_order_of_its_events_and_their_repetition_end_the_same(
    bob: User, dora: User, billing: FakeBilling, order: tuple[str, ...]
) -> None:
    row, _ = wish("pi_now", 500, by=dora)
    billing.give_back("pi_now", 500, key=str(row.pk))
    for number in (1, 2):
        for kind in order:
            webhooks.handle(an_event(kind, number=number), at=NOW)
            webhooks.handle(an_event(kind, number=number), at=NOW)
    refunds.give(row, at=NOW)
    row.refresh_from_db()
    assert (Refund.objects.count(), row.stripe_id, row.reason) == (1, "re_1", "Asked nicely")
    assert len(told()) == 1


def test_a_charge_alone_leads_to_its_payment(bob: User, billing: FakeBilling) -> None:
    billing.give_back("pi_now", 300)
    event = replace(an_event("charge.dispute.created", payment_id=""), charge_id="ch_now")
    webhooks.handle(event, at=NOW)
    assert Refund.objects.get().cents == 300


def test_a_payment_of_no_reader_waits_for_staff_and_is_never_guessed(db: None, billing: FakeBilling) -> None:
    billing.payments["sub_9"] = [PaymentFacts("pi_9", "in_9", 1500, 1500, NOW)]
    billing.states["sub_9"] = the_facts(since=STARTS, until=ENDS, stripe_id="sub_9", customer_id="cus_stranger")
    webhooks.handle(an_event("charge.refunded", "pi_9"), at=NOW)
    assert StripeEvent.objects.get().remark == NO_READER
    assert not Refund.objects.exists()


def test_a_payment_for_no_subscription_is_none_of_our_business(db: None, billing: FakeBilling) -> None:
    webhooks.handle(an_event("charge.refunded", "pi_unknown"), at=NOW)
    assert StripeEvent.objects.get().remark == "Not about a subscription."


def test_a_subscription_that_was_never_heard_of_is_recorded_first(db: None, billing: FakeBilling) -> None:
    a_plan("month")
    reader = a_reader()
    Customer.objects.create(reader=reader, stripe_id="cus_9", created_at=NOW)
    billing.states["sub_9"] = the_facts(since=STARTS, until=ENDS, stripe_id="sub_9", customer_id="cus_9")
    billing.payments["sub_9"] = [PaymentFacts("pi_9", "in_9", 1500, 0, STARTS, STARTS, ENDS)]
    billing.give_back("pi_9", 200)
    webhooks.handle(an_event("charge.refunded", "pi_9"), at=NOW)
    assert Refund.objects.get().subscription.reader == reader


def test_while_stripe_is_away_the_receipt_waits(bob: User, billing: FakeBilling) -> None:
    billing.give_back("pi_now", 1500)
    billing.is_away = True
    with pytest.raises(BillingUnavailable):
        webhooks.handle(an_event("charge.refunded"), at=NOW)
    assert StripeEvent.objects.get().handled_at is None


def test_what_webhooks_did_not_tell_is_found(bob: User, billing: FakeBilling) -> None:
    billing.give_back("pi_now", 1500)
    assert refunds.catch_up(at=NOW) == 1
    assert Refund.objects.get().status == "succeeded"
    assert entitlement_for(bob, at=NOW) is None
    refunds.catch_up(at=NOW)
    assert Refund.objects.count() == 1
    assert len(told()) == 1


def test_what_our_rows_say_already_is_not_asked_for_every_night(bob: User, billing: FakeBilling) -> None:
    billing.give_back("pi_now", 400)
    assert refunds.catch_up(at=NOW) == 1
    assert refunds.catch_up(at=NOW) == 0


def test_what_is_still_open_is_looked_at_however_old_it_is(bob: User, billing: FakeBilling) -> None:
    number = billing.give_back("pi_now", 400, status="pending").stripe_id
    refunds.catch_up(at=NOW)
    assert Refund.objects.get().in_words == "On its way"
    billing.refund_becomes(number, "succeeded")
    refunds.catch_up(at=NOW + timedelta(days=60))
    assert Refund.objects.get().in_words == "Sent"


def test_the_second_of_two_orders_is_written_about_once(bob: User, billing: FakeBilling) -> None:
    """It is ended and given back by itself, and its own letter says so."""
    second = replace(billing.states["sub_1"], stripe_id="sub_2", started_at=NOW)
    billing.states["sub_2"] = second
    billing.payments["sub_2"] = [PaymentFacts("pi_2", "in_9", 1500, 0, NOW, NOW, ENDS)]
    webhooks.record(bob, second, at=NOW)
    surplus.settle_all(at=NOW)
    webhooks.handle(an_event("charge.refunded", "pi_2"), at=NOW)
    assert Refund.objects.get().reason == refunds.BY_THE_HOUSE
    assert len(told()) == 1
    assert entitlement_for(bob, at=NOW)


# --- What the reader is told ---------------------------------------------------------------------------


def test_the_reader_is_told_how_much_where_to_and_how_long(bob: User, dora: User, billing: FakeBilling) -> None:
    give("pi_before", 500, by=dora)
    letter = mail.outbox[-1]
    assert letter.subject == "€5.00 are on their way back to you"
    assert "Visa ending in 1111" in letter.body, "the card that paid, not the one of today"
    assert "ten days" in letter.body
    assert "has ended" not in letter.body


def test_the_letter_says_that_the_subscription_has_ended_with_it(bob: User, dora: User, billing: FakeBilling) -> None:
    give("pi_now", 1500, by=dora, kind="full")
    assert "has ended with it" in mail.outbox[-1].body


def test_each_refund_is_told_once_however_often_it_changes(bob: User, billing: FakeBilling) -> None:
    number = billing.give_back("pi_now", 400, status="pending").stripe_id
    webhooks.handle(an_event("charge.refunded"), at=NOW)
    billing.refund_becomes(number, "succeeded")
    webhooks.handle(an_event("refund.updated"), at=NOW)
    assert len(told()) == 1
    billing.give_back("pi_now", 400)
    webhooks.handle(an_event("charge.refunded", number=2), at=NOW)
    assert len(told()) == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [("pending", "On its way"), ("succeeded", "Sent"), ("failed", "Came back to us; we are looking into it")],
)
def test_the_account_lists_refunds(client: Any, bob: User, billing: FakeBilling, status: str, words: str) -> None:
    number = billing.give_back("pi_now", 1234).stripe_id
    billing.refund_becomes(number, status)
    webhooks.handle(an_event("charge.refunded"), at=NOW)
    client.force_login(bob)
    page = client.get("/account/invoices/").content.decode()
    assert "€12.34" in page
    assert "17 November 2026" in page
    assert words in page


def test_a_promise_that_stripe_has_not_confirmed_is_not_shown(client: Any, bob: User, dora: User) -> None:
    wish("pi_now", 1234, by=dora)
    client.force_login(bob)
    assert "€12.34" not in client.get("/account/invoices/").content.decode()


# --- A refund that fails -------------------------------------------------------------------------------


def test_a_refund_that_fails_raises_one_alarm_and_changes_nothing(bob: User, dora: User, billing: FakeBilling) -> None:
    row = give("pi_now", 500, by=dora)
    billing.refund_becomes(row.stripe_id, "failed", "lost_or_stolen_card")
    for kind in ("refund.failed", "refund.updated", "charge.refund.updated"):
        webhooks.handle(an_event(kind), at=NOW)
    row.refresh_from_db()
    assert (row.status, row.why_failed, row.failed_at) == ("failed", "lost_or_stolen_card", NOW)
    assert refunds.needs_a_person().refunds == [row]
    assert to_the_operator() == ["A refund of €5.00 failed and needs a person"]
    assert entitlement_for(bob, at=NOW)
    assert refunds.offers_to(bob, at=NOW)[0].left_cents == 1500, "it can be given back again"


def test_the_alarm_ends_when_a_person_has_seen_to_it(bob: User, billing: FakeBilling) -> None:
    number = billing.give_back("pi_now", 500).stripe_id
    billing.refund_becomes(number, "failed")
    webhooks.handle(an_event("refund.failed"), at=NOW)
    row = Refund.objects.get()
    assert row.was_seen_to(at=NOW)
    assert not row.was_seen_to(at=NOW)
    webhooks.handle(an_event("refund.updated"), at=NOW)
    assert not refunds.needs_a_person()
    assert len(to_the_operator()) == 1


def test_an_alarm_that_could_not_be_mailed_is_sent_later(bob: User, billing: FakeBilling) -> None:
    """It is a letter like any other: written first, and sent again by the worker."""
    number = billing.give_back("pi_now", 500).stripe_id
    billing.refund_becomes(number, "failed")
    webhooks.handle(an_event("refund.failed"), at=NOW)
    assert Letter.objects.get(kind="operator_refund_failed").reader is None


# --- Disputes ------------------------------------------------------------------------------------------


def test_a_dispute_that_is_opened_suspends_nothing_and_is_told_to_the_operator(bob: User, billing: FakeBilling) -> None:
    billing.dispute_becomes("pi_now", "needs_response")
    webhooks.handle(an_event("charge.dispute.created"), at=NOW)
    row = Dispute.objects.get()
    assert (row.cents, row.reason, row.opened_at, row.closed_at) == (1500, "fraudulent", NOW, None)
    assert refunds.needs_a_person().disputes == [row]
    assert to_the_operator() == ["A dispute about €15.00: open"]
    assert entitlement_for(bob, at=NOW)
    assert told() == []


def test_a_dispute_that_is_lost_ends_both_and_the_reader_is_told(bob: User, billing: FakeBilling) -> None:
    billing.dispute_becomes("pi_before", "needs_response")
    webhooks.handle(an_event("charge.dispute.created", "pi_before"), at=NOW)
    billing.dispute_becomes("pi_before", "lost")
    for number in (1, 2):
        webhooks.handle(an_event("charge.dispute.closed", "pi_before", number), at=NOW)
    assert Dispute.objects.get().closed_at == NOW
    assert entitlement_for(bob, at=NOW) is None
    assert billing.states["sub_1"].status == "canceled"
    assert told() == ["Your subscription to Viaduct has ended"]
    assert to_the_operator() == ["A dispute about €15.00: open", "A dispute about €15.00: lost"]


def test_a_dispute_that_is_won_changes_nothing(bob: User, billing: FakeBilling) -> None:
    for status in ("needs_response", "under_review", "won"):
        billing.dispute_becomes("pi_now", status)
        webhooks.handle(an_event("charge.dispute.updated", number=len(status)), at=NOW)
    assert not refunds.needs_a_person()
    assert Dispute.objects.get().closed_at == NOW
    assert entitlement_for(bob, at=NOW)
    assert told() == []


def test_who_comes_back_after_a_lost_dispute_is_not_thrown_out_again(bob: User, billing: FakeBilling) -> None:
    billing.dispute_becomes("pi_now", "lost")
    webhooks.handle(an_event("charge.dispute.closed"), at=NOW)
    billing.states["sub_2"] = the_facts(
        since=STARTS, until=ENDS, stripe_id="sub_2", customer_id="cus_bob", started_at=NOW
    )
    webhooks.record(bob, billing.states["sub_2"], at=NOW)
    webhooks.handle(an_event("charge.dispute.updated"), at=NOW)
    assert entitlement_for(bob, at=NOW)


def test_a_disputed_payment_is_not_given_back_a_second_time(bob: User, billing: FakeBilling) -> None:
    for status, is_possible in (("needs_response", False), ("won", True), ("warning_needs_response", True)):
        billing.dispute_becomes("pi_now", status)
        refunds.look_at("pi_now", at=NOW)
        assert refunds.offers_to(bob, at=NOW)[0].is_possible is is_possible


# --- What staff are offered ----------------------------------------------------------------------------


def test_each_payment_is_offered_with_what_is_left_of_it(bob: User, billing: FakeBilling) -> None:
    billing.give_back("pi_before", 1500)
    now, before = refunds.offers_to(bob, at=NOW)
    assert (now.left_cents, now.rest_cents, now.is_current, now.is_possible) == (1500, 950, True, True)
    assert (before.left_cents, before.rest_cents, before.is_current, before.is_possible) == (0, 0, False, False)
    assert now.ends(1500)
    assert not now.ends(1499)
    assert not before.ends(1500)


def test_the_rest_is_never_more_than_what_is_left(bob: User, billing: FakeBilling) -> None:
    billing.give_back("pi_now", 1000)
    assert refunds.offers_to(bob, at=NOW)[0].rest_cents == 500


def test_a_payment_that_became_a_credit_has_no_rest_counted_in_days(bob: User, billing: FakeBilling) -> None:
    """After a switch from a year to a month the year's payment pays for months to come."""
    year = PaymentFacts("pi_year", "in_3", 15000, 0, STARTS, STARTS, STARTS + timedelta(days=365))
    billing.payments["sub_1"] = [year]
    offer = refunds.offers_to(bob, at=NOW)[0]
    assert (offer.is_current, offer.rest_cents, offer.left_cents) == (True, 0, 15000)


def test_who_never_paid_is_offered_nothing(db: None, billing: FakeBilling) -> None:
    reader = a_reader()
    a_subscription(reader, "trialing")
    assert refunds.offers_to(reader, at=NOW) == []


# --- After a switch to a shorter period -----------------------------------------------------------------


@pytest.fixture
def switched(bob: User, billing: FakeBilling) -> None:
    """Bob has paid for a year, and reads by the month since: the rest of the year is his credit."""
    year = PaymentFacts("pi_year", "in_year", 15000, 0, STARTS, STARTS, STARTS + timedelta(days=365))
    billing.payments["sub_1"] = [year]
    billing.credits["cus_bob"] = 13500


@pytest.mark.usefixtures("switched")
@pytest.mark.parametrize(("cents", "credit"), [(15000, 0), (13500, 0), (5000, 8500)])
def test_what_goes_back_is_not_kept_as_credit_as_well(
    bob: User, dora: User, billing: FakeBilling, cents: int, credit: int
) -> None:
    give("pi_year", cents, by=dora)
    assert billing.credits["cus_bob"] == credit


@pytest.mark.usefixtures("switched")
def test_nor_where_it_went_back_in_the_dashboard_however_often_we_hear_of_it(bob: User, billing: FakeBilling) -> None:
    billing.give_back("pi_year", 5000)
    for number in range(3):
        webhooks.handle(an_event("charge.refunded", "pi_year", number), at=NOW)
    assert billing.credits["cus_bob"] == 8500


@pytest.mark.usefixtures("switched")
def test_a_refund_that_comes_back_to_us_is_credit_again_once(bob: User, dora: User, billing: FakeBilling) -> None:
    row = give("pi_year", 5000, by=dora)
    billing.refund_becomes(row.stripe_id, "failed", "lost_or_stolen_card")
    for number in range(3):
        webhooks.handle(an_event("refund.failed", "pi_year", number), at=NOW)
    assert billing.credits["cus_bob"] == 13500


@pytest.mark.usefixtures("switched")
def test_the_desk_sees_what_is_kept_as_credit(bob: User, dora: User, client: Client) -> None:
    assert refunds.offers_to(bob, at=NOW)[0].credit_cents == 13500
    client.force_login(dora)
    page = client.get(f"/admin/readers/user/{bob.pk}/payments/pi_year/refund/").content.decode()
    assert "€135.00 of it is kept as credit at Stripe" in page


def test_a_credit_that_did_not_come_from_the_payment_is_left_alone(bob: User, dora: User, billing: FakeBilling) -> None:
    billing.credits["cus_bob"] = 700
    give("pi_now", 500, by=dora)
    assert billing.credits["cus_bob"] == 700
