"""An account goes: Stripe first, then we; a customer deleted at Stripe; and nobody shares one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from readers.models import User
from subscriptions import checkout, dunning, leaving, refunds, webhooks
from subscriptions.access import entitlement_for
from subscriptions.billing import BillingUnavailable, BillingUnknown, EventFacts
from subscriptions.models import CheckoutAttempt, Contract, Customer, Refund, StripeEvent, Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, a_customer, a_plan, a_reader, somebody_in, the_facts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at")]


@pytest.fixture
def bob(billing: FakeBilling) -> User:
    """A subscriber."""
    a_plan("month")
    reader = a_customer()
    billing.states["sub_1"] = the_facts()
    webhooks.record(reader, billing.states["sub_1"], at=NOW)
    return reader


@pytest.fixture
def admin(client: Client) -> User:
    person = a_reader("root@example.org", is_staff=True, is_superuser=True)
    client.force_login(person)
    return person


def raises(error: Exception) -> Callable[..., None]:
    def call(*args: Any) -> None:
        raise error

    return call


def press_order(client: Client) -> Any:
    shown = client.get("/subscribe/confirm/", {"plan": "month"}).context["shown"]
    return client.post("/subscribe/order/", {"plan": "month", "shown": shown})


# --- Leaving -----------------------------------------------------------------------------------------


def test_who_leaves_is_ended_at_stripe(bob: User, billing: FakeBilling) -> None:
    assert leaving.leave(bob, at=NOW) == 1
    assert billing.states["sub_1"].status == "canceled"
    assert entitlement_for(bob, at=NOW) is None


def test_leaving_twice_changes_nothing_more(bob: User, billing: FakeBilling) -> None:
    leaving.leave(bob, at=NOW)
    assert leaving.leave(bob, at=NOW) == 0
    assert billing.calls.count("end_now") == 1


def test_who_never_ordered_leaves_without_a_word_to_stripe(billing: FakeBilling) -> None:
    assert leaving.leave(a_reader(), at=NOW) == 0
    assert not billing.calls


def test_what_we_had_not_heard_of_is_ended_as_well(bob: User, billing: FakeBilling) -> None:
    Contract.objects.all().delete()
    Subscription.objects.all().delete()
    assert leaving.leave(bob, at=NOW) == 1
    assert billing.states["sub_1"].status == "canceled"


def test_the_open_bill_of_who_leaves_is_void(bob: User, billing: FakeBilling) -> None:
    billing.becomes("sub_1", status="past_due", unpaid_since=NOW)
    leaving.leave(bob, at=NOW)
    assert "void_open_invoices" in billing.calls


def test_nobody_can_pay_any_more_on_a_page_that_was_open(client: Client, billing: FakeBilling) -> None:
    a_plan("month")
    reader = a_reader()
    client.force_login(reader)
    press_order(client)
    leaving.leave(reader, at=NOW)
    assert [facts.status for facts in billing.sessions.values()] == ["expired"]


def test_what_was_paid_on_it_a_moment_ago_ends_with_the_rest(client: Client, billing: FakeBilling) -> None:
    a_plan("month")
    reader = a_reader()
    client.force_login(reader)
    press_order(client)
    billing.pay(next(iter(billing.sessions)))
    assert leaving.leave(reader, at=NOW) == 1
    assert {facts.status for facts in billing.states.values()} == {"canceled"}


# --- A debit under way when they leave ---------------------------------------------------------------


@pytest.fixture
def under_way(bob: User, billing: FakeBilling) -> None:
    """Bob's first debit, which his bank has not answered."""
    billing.in_hand.add("sub_1")
    webhooks.record(bob, billing.becomes("sub_1", payment_pending=True), at=NOW)
    mail.outbox.clear()


def the_bank_says_yes(billing: FakeBilling, *, at: datetime) -> EventFacts:
    billing.now = at
    billing.debit_arrives("sub_1", 1500)
    return EventFacts(f"evt_{at}", "invoice.paid", "cus_bob", "sub_1", "", {})


@pytest.mark.usefixtures("under_way")
def test_a_debit_that_arrives_after_the_reader_left_goes_back_by_itself(bob: User, billing: FakeBilling) -> None:
    leaving.close_account(bob, at=NOW)
    mail.outbox.clear()
    event = the_bank_says_yes(billing, at=NOW + timedelta(days=4))
    for number in range(2):
        webhooks.handle(replace(event, stripe_id=f"evt_{number}"), at=NOW + timedelta(days=4))
    row = Refund.objects.get()
    assert (row.cents, row.status, row.asked_by) == (1500, "succeeded", None)
    assert [one.cents for one in billing.refunds.values()] == [1500]
    assert [letter.subject for letter in mail.outbox] == ["€15.00 are on their way back to you"]


@pytest.mark.usefixtures("under_way")
def test_who_has_no_address_any_more_gets_the_money_and_no_letter(bob: User, billing: FakeBilling) -> None:
    leaving.leave(bob, at=NOW)
    mail.outbox.clear()
    User.objects.filter(pk=bob.pk).update(email="0123456789@deleted.invalid")
    webhooks.handle(the_bank_says_yes(billing, at=NOW + timedelta(days=4)), at=NOW + timedelta(days=4))
    assert [one.cents for one in billing.refunds.values()] == [1500]
    assert not mail.outbox


@pytest.mark.usefixtures("under_way")
def test_where_no_event_tells_of_it_the_worker_finds_it(bob: User, billing: FakeBilling) -> None:
    leaving.leave(bob, at=NOW)
    dunning.end_overdue(at=NOW)
    assert not billing.refunds
    the_bank_says_yes(billing, at=NOW + timedelta(days=4))
    dunning.end_overdue(at=NOW + timedelta(days=4))
    assert [one.cents for one in billing.refunds.values()] == [1500]


@pytest.mark.usefixtures("under_way")
def test_while_stripe_is_away_the_promise_waits_for_the_worker(
    bob: User, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving.leave(bob, at=NOW)
    event = the_bank_says_yes(billing, at=NOW + timedelta(days=4))
    with monkeypatch.context() as patch:
        patch.setattr(billing, "refunds_of", raises(BillingUnavailable("Stripe is away.")))
        webhooks.handle(event, at=NOW + timedelta(days=4))
    assert Refund.objects.get().is_unanswered
    assert refunds.give_waiting(at=NOW + timedelta(days=5)) == 1
    assert [one.cents for one in billing.refunds.values()] == [1500]


@pytest.mark.usefixtures("under_way")
def test_a_debit_that_arrives_in_time_is_kept(bob: User, billing: FakeBilling) -> None:
    webhooks.handle(the_bank_says_yes(billing, at=NOW + timedelta(days=4)), at=NOW + timedelta(days=4))
    billing.now = NOW + timedelta(days=5)
    leaving.leave(bob, at=NOW + timedelta(days=5))
    assert not billing.refunds


@pytest.mark.usefixtures("under_way")
def test_so_it_is_where_we_hear_of_it_after_the_end(bob: User, billing: FakeBilling) -> None:
    the_bank_says_yes(billing, at=NOW + timedelta(days=4))
    billing.becomes("sub_1", status="canceled", ends_at=NOW + timedelta(days=5))
    webhooks.refresh(bob, at=NOW + timedelta(days=5))
    assert Subscription.objects.get().status == "canceled"
    assert not billing.refunds


@pytest.mark.usefixtures("under_way")
def test_a_debit_that_comes_back_leaves_nothing_to_give(bob: User, billing: FakeBilling) -> None:
    leaving.leave(bob, at=NOW)
    billing.in_hand.clear()
    dunning.end_overdue(at=NOW + timedelta(days=5))
    assert not Subscription.objects.ended_and_payable().exists()
    assert not Refund.objects.exists()


def test_a_second_order_whose_debit_arrives_late_goes_back_too_and_is_told(bob: User, billing: FakeBilling) -> None:
    billing.in_hand.add("sub_2")
    later = NOW + timedelta(minutes=1)
    second = replace(billing.states["sub_1"], stripe_id="sub_2", started_at=later, payment_pending=True)
    billing.states["sub_2"] = second
    webhooks.record(bob, second, at=later)
    assert billing.states["sub_2"].status == "canceled"
    assert Subscription.objects.ended_and_payable().get().stripe_id == "sub_2", "the worker keeps an eye on it"
    billing.now = NOW + timedelta(days=4)
    billing.debit_arrives("sub_2", 1500)
    webhooks.handle(EventFacts("evt_9", "invoice.paid", "cus_bob", "sub_2", "", {}), at=billing.now)
    assert [one.cents for one in billing.refunds.values()] == [1500]
    assert mail.outbox[-1].subject == "€15.00 are on their way back to you"
    assert entitlement_for(bob, at=NOW)


def test_while_stripe_is_away_nothing_is_closed(bob: User, billing: FakeBilling) -> None:
    billing.is_away = True
    with pytest.raises(BillingUnavailable):
        leaving.close_account(bob, at=NOW)
    bob.refresh_from_db()
    assert bob.is_active
    assert entitlement_for(bob, at=NOW)


# --- The administrators' button ----------------------------------------------------------------------


def test_an_administrator_is_asked_first_and_told_what_ends(client: Client, bob: User, admin: User) -> None:
    address = f"/admin/readers/user/{bob.pk}/close/"
    assert address in client.get(f"/admin/readers/user/{bob.pk}/change/").content.decode()
    page = client.get(address).content.decode()
    assert "Monthly, 15.00 EUR" in page
    assert "not given back by itself" in page
    bob.refresh_from_db()
    assert bob.is_active


def test_closing_ends_subscription_and_sessions_and_keeps_the_row(
    client: Client, bob: User, admin: User, billing: FakeBilling
) -> None:
    browser = Client()
    browser.force_login(bob)
    UserSession.objects.create(
        user=bob, session_key=browser.session.session_key, ip="127.0.0.1", user_agent="x", data={}
    )
    client.post(f"/admin/readers/user/{bob.pk}/close/")
    bob.refresh_from_db()
    assert not bob.is_active
    assert billing.states["sub_1"].status == "canceled"
    assert browser.get("/account/").status_code == 302
    assert not UserSession.objects.filter(user=bob).exists()
    assert "Closed the account; 1 subscription ended." in LogEntry.objects.latest("pk").get_change_message()
    assert Subscription.objects.filter(reader=bob).exists()


def test_while_stripe_is_away_the_button_says_that_nothing_was_closed(
    client: Client, bob: User, admin: User, billing: FakeBilling
) -> None:
    billing.is_away = True
    page = client.post(f"/admin/readers/user/{bob.pk}/close/", follow=True).content.decode()
    assert "Nothing was closed" in page
    bob.refresh_from_db()
    assert bob.is_active


@pytest.mark.parametrize("group", ["Subscription desk", "Editors"])
def test_nobody_else_may_close_an_account(client: Client, bob: User, group: str) -> None:
    client.force_login(somebody_in(group))
    for ask in (client.get, client.post):
        assert ask(f"/admin/readers/user/{bob.pk}/close/").status_code == 403
    bob.refresh_from_db()
    assert bob.is_active


def test_nobody_closes_their_own_account_by_mistake(client: Client, admin: User) -> None:
    client.post(f"/admin/readers/user/{admin.pk}/close/")
    admin.refresh_from_db()
    assert admin.is_active


# --- Deleted at Stripe -------------------------------------------------------------------------------


def the_deletion(number: int = 1, customer_id: str = "cus_bob") -> EventFacts:
    return EventFacts(f"evt_{number}", "customer.deleted", customer_id, "", "", {})


def test_a_customer_deleted_at_stripe_reads_no_more(bob: User, billing: FakeBilling) -> None:
    billing.becomes("sub_1", status="canceled", ends_at=NOW)
    billing.deleted_customers.add("cus_bob")
    webhooks.handle(the_deletion(), at=NOW)
    assert entitlement_for(bob, at=NOW) is None
    assert Customer.objects.get().deleted_at == NOW


def test_also_where_stripe_forgets_the_subscription_with_them(
    bob: User, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(stripe_id: str) -> None:
        raise BillingUnknown("No such subscription.")

    monkeypatch.setattr(billing, "subscription", unknown)
    billing.deleted_customers.add("cus_bob")
    webhooks.handle(the_deletion(), at=NOW)
    one = Subscription.objects.get()
    assert (one.status, one.ends_at) == ("canceled", NOW)


def test_an_event_alone_deletes_nobody(bob: User) -> None:
    webhooks.handle(the_deletion(), at=NOW)
    assert Customer.objects.get().deleted_at is None
    assert entitlement_for(bob, at=NOW)
    assert StripeEvent.objects.get().remark == "Stripe still has this customer."


def test_the_next_order_makes_a_new_customer_and_history_stays(client: Client, bob: User, billing: FakeBilling) -> None:
    billing.becomes("sub_1", status="canceled", ends_at=NOW)
    billing.deleted_customers.add("cus_bob")
    webhooks.handle(the_deletion(), at=NOW)
    client.force_login(bob)
    assert press_order(client).status_code == 302
    new = Customer.objects.of(bob)
    assert new
    assert new.stripe_id != "cus_bob"
    assert Customer.objects.filter(reader=bob).count() == 2


def test_the_order_notices_a_deletion_of_which_no_event_came(client: Client, bob: User, billing: FakeBilling) -> None:
    billing.becomes("sub_1", status="canceled", ends_at=NOW)
    webhooks.refresh(bob, at=NOW)
    billing.deleted_customers.add("cus_bob")
    client.force_login(bob)
    press_order(client)
    assert CheckoutAttempt.objects.get().stripe_session_id
    assert Customer.objects.get(stripe_id="cus_bob").deleted_at == NOW


def test_a_late_word_of_an_old_deletion_leaves_the_new_subscription_alone(
    client: Client, bob: User, billing: FakeBilling
) -> None:
    billing.becomes("sub_1", status="canceled", ends_at=NOW)
    billing.deleted_customers.add("cus_bob")
    webhooks.handle(the_deletion(), at=NOW)
    client.force_login(bob)
    press_order(client)
    billing.pay(next(iter(billing.sessions)))
    checkout.finish(CheckoutAttempt.objects.get(), at=NOW)
    assert entitlement_for(bob, at=NOW)
    webhooks.handle(the_deletion(2), at=NOW)
    assert entitlement_for(bob, at=NOW)


def test_a_subscription_event_of_the_old_customer_still_finds_its_reader(bob: User, billing: FakeBilling) -> None:
    Customer.objects.update(deleted_at=NOW)
    billing.becomes("sub_1", status="canceled", ends_at=NOW)
    event = EventFacts("evt_3", "customer.subscription.deleted", "cus_bob", "sub_1", "", {})
    webhooks.handle(event, at=NOW)
    assert Subscription.objects.get().status == "canceled"


def test_two_readers_never_share_a_customer(bob: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.create(reader=a_reader("eve@example.org"), stripe_id="cus_bob", created_at=NOW)


def test_a_reader_has_one_customer_at_a_time(bob: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.create(reader=bob, stripe_id="cus_2", created_at=NOW)
