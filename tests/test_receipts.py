"""What Stripe said and could not be handled at once is tried until it is handled, or a person has to look."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.test import Client

from readers.models import User
from subscriptions import receipts, webhooks
from subscriptions.billing import BillingUnavailable, SubscriptionFacts, event_from_receipt
from subscriptions.models import Customer, StripeEvent, Subscription
from subscriptions.models.stripe_event import FIRST_HANDLING, MOST_ATTEMPTS, NO_READER, RETRIES
from subscriptions.receipts import AWAY_AFTER, Summary, retry_unhandled
from tests.fakes import FakeBilling
from tests.make import NOW, a_customer, a_plan, a_reader, the_facts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
MINUTE = timedelta(minutes=1)
LATER = NOW + FIRST_HANDLING + timedelta(seconds=1)
EVENTS = "/admin/subscriptions/stripeevent/"


@pytest.fixture
def bob(billing: FakeBilling) -> User:
    """Bob is in his trial, says Stripe; we have not heard of it."""
    a_plan("year")
    reader = a_customer()
    billing.states["sub_1"] = the_facts("year", "trialing")
    return reader


def a_receipt(number: int = 1, *, received: datetime = NOW, **object_: Any) -> StripeEvent:
    """A receipt that was not handled, about Bob's subscription unless told otherwise."""
    kind = "customer.subscription.updated"
    payload = {
        "id": f"evt_{number}",
        "object": "event",
        "created": int(NOW.timestamp()),
        "livemode": False,
        "type": kind,
        "data": {"object": {"id": "sub_1", "object": "subscription", "customer": "cus_bob"} | object_},
    }
    return StripeEvent.objects.create(stripe_id=f"evt_{number}", kind=kind, payload=payload, received_at=received)


def fresh(receipt: StripeEvent) -> StripeEvent:
    return StripeEvent.objects.get(pk=receipt.pk)


# --- Trying again -----------------------------------------------------------------------------------------


def test_a_receipt_that_was_not_handled_gives_access_later(bob: User) -> None:
    receipt = a_receipt()
    assert retry_unhandled(at=LATER) == Summary(handled=1)
    assert Subscription.objects.get().reader == bob
    assert fresh(receipt).handled_at == LATER


def test_the_page_that_took_the_delivery_has_two_minutes(bob: User) -> None:
    a_receipt()
    assert retry_unhandled(at=NOW + FIRST_HANDLING) == Summary()
    assert not Subscription.objects.exists()


def test_what_is_handled_is_not_handled_again(bob: User, billing: FakeBilling) -> None:
    a_receipt()
    retry_unhandled(at=LATER)
    before = len(billing.calls)
    assert retry_unhandled(at=LATER + timedelta(days=9)) == Summary()
    assert len(billing.calls) == before


def test_the_oldest_comes_first(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (2, 3, 1):
        a_receipt(number, received=NOW + number * timedelta(seconds=1))
    seen: list[str] = []
    monkeypatch.setattr(webhooks, "handle", lambda event, at: seen.append(event.stripe_id))
    retry_unhandled(at=LATER + MINUTE)
    assert seen == ["evt_1", "evt_2", "evt_3"]


def test_one_that_fails_does_not_stop_the_others(bob: User) -> None:
    bad, unreadable, good = a_receipt(1, id="sub_unknown"), a_receipt(2), a_receipt(3)
    StripeEvent.objects.filter(pk=unreadable.pk).update(payload={"id": "evt_2"})
    assert retry_unhandled(at=LATER) == Summary(handled=1, failed=2)
    assert fresh(good).handled_at == LATER
    assert fresh(bad).handled_at is None
    assert fresh(unreadable).last_error.startswith("NotFromStripe: ")


def test_the_try_and_its_error_are_counted_on_the_receipt(bob: User, billing: FakeBilling) -> None:
    billing.is_away = True
    receipt = a_receipt()
    assert retry_unhandled(at=LATER) == Summary(failed=1)
    receipt = fresh(receipt)
    assert (receipt.attempts, receipt.last_error) == (1, "BillingUnavailable: Stripe is away.")
    assert receipt.next_try_at == LATER + MINUTE


def test_the_tries_come_further_apart(bob: User, billing: FakeBilling) -> None:
    billing.is_away = True
    receipt, moment = a_receipt(), LATER
    for wait in (*RETRIES, RETRIES[-1], RETRIES[-1]):
        assert retry_unhandled(at=moment) == Summary(failed=1)
        assert retry_unhandled(at=moment + wait - timedelta(seconds=1)) == Summary()
        moment += wait
    assert fresh(receipt).attempts == len(RETRIES) + 2


def test_after_three_days_of_tries_it_needs_a_person_and_stays_listed(bob: User, billing: FakeBilling) -> None:
    billing.is_away = True
    receipt, moment, summaries = a_receipt(), LATER, []
    while fresh(receipt).attempts < MOST_ATTEMPTS:
        summaries.append(retry_unhandled(at=moment))
        moment = fresh(receipt).next_try_at or moment
    assert summaries[-1] == Summary(failed=1, given_up=1)
    assert timedelta(days=3) < moment - LATER - RETRIES[-1] < timedelta(days=3, hours=6)
    billing.is_away = False
    assert retry_unhandled(at=moment + timedelta(days=30)) == Summary()
    assert list(StripeEvent.objects.given_up()) == [receipt]
    assert fresh(receipt).needs_a_person
    assert not StripeEvent.objects.waiting().exists()


def test_a_worker_that_was_off_for_a_week_gives_nothing_up(bob: User) -> None:
    a_receipt()
    assert retry_unhandled(at=NOW + timedelta(days=7)) == Summary(handled=1)


def test_a_delivery_of_stripes_own_may_overtake_us(bob: User, billing: FakeBilling) -> None:
    receipt = a_receipt()
    webhooks.handle(event_from_receipt(receipt.payload), at=NOW + MINUTE)
    before = len(billing.calls)
    assert receipts.handle(receipt, at=LATER) is None
    receipt.failed("too late", at=LATER)
    assert len(billing.calls) == before
    assert (fresh(receipt).attempts, fresh(receipt).handled_at) == (0, NOW + MINUTE)


def test_while_stripe_is_away_the_rest_is_left_alone(bob: User, billing: FakeBilling) -> None:
    for number in range(AWAY_AFTER + 3):
        a_receipt(number)
    billing.is_away = True
    before = len(billing.calls)
    summary = retry_unhandled(at=LATER)
    assert summary == Summary(failed=AWAY_AFTER, left=3)
    assert summary.in_words == "0 handled, 5 failed, 3 left: Stripe is away."
    assert len(billing.calls) - before == AWAY_AFTER
    assert StripeEvent.objects.filter(attempts=0).count() == 3
    billing.is_away = False
    assert retry_unhandled(at=LATER + MINUTE) == Summary(handled=AWAY_AFTER + 3)


def test_a_few_that_fail_for_themselves_do_not_look_like_an_outage(
    bob: User, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4 * AWAY_AFTER):
        a_receipt(number, id=f"sub_{number % 2}")
    found = billing.subscription

    def subscription(stripe_id: str) -> SubscriptionFacts:
        if stripe_id == "sub_0":
            raise BillingUnavailable("out of order")
        return found(stripe_id)

    monkeypatch.setattr(billing, "subscription", subscription)
    assert retry_unhandled(at=LATER) == Summary(handled=2 * AWAY_AFTER, failed=2 * AWAY_AFTER)


def test_nobody_is_told_twice(bob: User, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    for number in range(3):
        a_receipt(number)
    with django_capture_on_commit_callbacks(execute=True):
        retry_unhandled(at=LATER)
    assert len(mailoutbox) == 1


def test_an_event_of_a_stranger_is_put_on_a_list_and_never_guessed_by_address(bob: User) -> None:
    receipt = a_receipt(customer="cus_stranger", customer_email="bob@example.org")
    assert retry_unhandled(at=LATER) == Summary(handled=1)
    assert fresh(receipt).remark == NO_READER
    assert list(StripeEvent.objects.without_reader()) == [receipt]
    assert not StripeEvent.objects.handled().exists()
    assert not Subscription.objects.exists()


def test_every_receipt_is_on_exactly_one_list(bob: User) -> None:
    a_receipt(1)
    StripeEvent.objects.filter(pk=a_receipt(2).pk).update(attempts=MOST_ATTEMPTS)
    StripeEvent.objects.filter(pk=a_receipt(3).pk).update(handled_at=NOW, remark=NO_READER)
    StripeEvent.objects.filter(pk=a_receipt(4).pk).update(handled_at=NOW)
    StripeEvent.objects.filter(pk=a_receipt(5).pk).update(handled_at=NOW, remark="Not about a subscription.")
    lists = [StripeEvent.objects.waiting(), StripeEvent.objects.given_up()]
    lists += [StripeEvent.objects.without_reader(), StripeEvent.objects.handled()]
    assert [sorted(found.values_list("stripe_id", flat=True)) for found in lists] == [
        ["evt_1"],
        ["evt_2"],
        ["evt_3"],
        ["evt_4", "evt_5"],
    ]


def test_the_command_says_what_came_of_it(bob: User, at: Callable[[datetime], None]) -> None:
    a_receipt(1)
    a_receipt(2, id="sub_unknown")
    at(LATER)
    said = StringIO()
    call_command("process_events", stdout=said)
    assert said.getvalue() == "1 handled, 1 failed.\n"


def test_a_live_receipt_is_read_as_one() -> None:
    payload = a_receipt().payload | {"livemode": True}
    assert event_from_receipt(payload).subscription_id == "sub_1"


# --- At the desk --------------------------------------------------------------------------------------------


@pytest.fixture
def admin(client: Client) -> Client:
    """The browser of an administrator."""
    client.force_login(a_reader("ada@example.org", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("outcome", ["person", "waiting", "stranger", "handled"])
def test_the_list_shows_what_came_of_receipts(admin: Client, bob: User, outcome: str) -> None:
    one = {
        "waiting": a_receipt(101),
        "person": a_receipt(102),
        "stranger": a_receipt(103),
        "handled": a_receipt(104),
    }
    StripeEvent.objects.filter(pk=one["person"].pk).update(attempts=MOST_ATTEMPTS)
    StripeEvent.objects.filter(pk=one["stranger"].pk).update(handled_at=NOW, remark=NO_READER)
    StripeEvent.objects.filter(pk=one["handled"].pk).update(handled_at=NOW)
    page = admin.get(f"{EVENTS}?outcome={outcome}").content.decode()
    assert [name for name, receipt in one.items() if receipt.stripe_id in page] == [outcome]


def test_a_person_has_a_receipt_handled_again(admin: Client, bob: User) -> None:
    receipt = a_receipt()
    StripeEvent.objects.filter(pk=receipt.pk).update(attempts=MOST_ATTEMPTS, last_error="Stripe was away")
    assert "Handle again" in admin.get(f"{EVENTS}{receipt.pk}/change/").content.decode()
    page = admin.post(f"{EVENTS}{receipt.pk}/again/", follow=True).content.decode()
    assert "Handled." in page
    assert Subscription.objects.get().reader == bob
    assert LogEntry.objects.get().get_change_message() == "Handled."


def test_a_stranger_who_has_become_known_is_handled_again(admin: Client, bob: User) -> None:
    receipt = a_receipt(customer="cus_later")
    retry_unhandled(at=LATER)
    Customer.objects.update(stripe_id="cus_later")
    admin.post(f"{EVENTS}{receipt.pk}/again/")
    assert fresh(receipt).remark == ""
    assert Subscription.objects.get().reader == bob


def test_what_fails_again_says_why_and_is_tried_from_the_beginning(
    admin: Client, bob: User, billing: FakeBilling
) -> None:
    receipt = a_receipt()
    StripeEvent.objects.filter(pk=receipt.pk).update(attempts=MOST_ATTEMPTS)
    billing.is_away = True
    page = admin.post(f"{EVENTS}{receipt.pk}/again/", follow=True).content.decode()
    assert "Not handled: BillingUnavailable: Stripe is away." in page
    assert fresh(receipt).attempts == 1


def test_the_button_is_for_administrators_and_takes_post_only(admin: Client, bob: User) -> None:
    receipt = a_receipt()
    assert admin.get(f"{EVENTS}{receipt.pk}/again/").status_code == 405
    admin.force_login(a_reader("dora@example.org", is_staff=True))
    assert admin.post(f"{EVENTS}{receipt.pk}/again/").status_code == 403
    assert fresh(receipt).handled_at is None
