"""A payment failed: told once, mended in one step, over after 14 days by our own clock."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core import mail
from django.test import Client

from readers.models import Letter, User
from subscriptions import dunning, notices, webhooks
from subscriptions.access import entitlement_for
from subscriptions.models import Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, a_customer, a_plan, a_reader, a_subscription, the_facts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at")]
PAID_UNTIL = NOW + timedelta(days=31)


@pytest.fixture
def bob(billing: FakeBilling) -> User:
    """A monthly subscriber whose card was refused this noon."""
    a_plan("month")
    reader = a_customer()
    paid = the_facts(until=PAID_UNTIL, started_at=NOW - timedelta(days=31))
    webhooks.record(reader, paid, at=NOW)
    mail.outbox.clear()
    billing.states["sub_1"] = replace(paid, status="past_due", unpaid_since=NOW, unpaid_cents=1500)
    webhooks.record(reader, billing.states["sub_1"], at=NOW)
    return reader


def subjects() -> list[str]:
    return [letter.subject for letter in mail.outbox]


def test_the_notice_stands_on_every_page_with_one_link_that_pays(client: Client, bob: User) -> None:
    client.force_login(bob)
    for address in ("/", "/terms/", "/subscribe/", "/search/"):
        page = client.get(address).content.decode()
        assert "Your bank refused the last payment. You can read until 1 December 2026." in page, address
        assert 'href="/account/pay/"' in page
    assert client.get("/account/pay/").headers["Location"] == "https://invoice.example/pay"


def test_nobody_else_sees_the_notice(client: Client, bob: User) -> None:
    assert "refused the last payment" not in client.get("/").content.decode()
    client.force_login(a_reader("anna@example.org"))
    assert "refused the last payment" not in client.get("/").content.decode()
    assert client.get("/account/pay/").headers["Location"] == "/account/"


def test_it_is_told_once_however_often_the_bank_refuses(bob: User, billing: FakeBilling) -> None:
    for days in (1, 3, 5):
        again = replace(billing.states["sub_1"], unpaid_since=NOW + timedelta(days=days))
        webhooks.record(bob, again, at=NOW + timedelta(days=days))
    assert len(subjects()) == 1


def test_a_bank_that_wants_a_confirmation_is_told_apart(bob: User, billing: FakeBilling) -> None:
    webhooks.record(bob, replace(billing.states["sub_1"], needs_confirmation=True), at=NOW)
    assert subjects()[-1] == "Your bank asks you to confirm a payment"
    assert "/account/pay/" in mail.outbox[-1].body


def test_three_days_before_the_end_there_is_one_last_call(bob: User) -> None:
    assert dunning.send_last_calls(at=NOW + timedelta(days=10)) == 0
    assert dunning.send_last_calls(at=NOW + timedelta(days=11)) == 1
    assert dunning.send_last_calls(at=NOW + timedelta(days=12)) == 0
    assert subjects()[-1] == "Your access to Viaduct ends on 1 December"


def test_after_14_days_it_ends_here_and_at_stripe(bob: User, billing: FakeBilling) -> None:
    end = NOW + timedelta(days=14)
    assert entitlement_for(bob, at=end - timedelta(seconds=1))
    assert dunning.end_overdue(at=end - timedelta(seconds=1)) == 0
    assert entitlement_for(bob, at=end) is None
    assert dunning.end_overdue(at=end) == 1
    assert billing.states["sub_1"].status == "canceled"
    assert "void_open_invoices" in billing.calls, "nobody pays for what they cannot read"
    assert subjects()[-1] == "Your subscription to Viaduct has ended"
    assert dunning.end_overdue(at=end) == 0
    assert len(subjects()) == 2


def test_what_stripe_ends_by_itself_is_said_once_and_nobody_can_pay_for_it_any_more(
    bob: User, billing: FakeBilling
) -> None:
    facts = billing.becomes("sub_1", status="canceled", ended_unpaid=True, ends_at=NOW + timedelta(days=7))
    for _ in range(2):
        webhooks.record(bob, facts, at=NOW + timedelta(days=7))
    assert subjects()[-1] == "Your subscription to Viaduct has ended"
    assert len(subjects()) == 2
    assert Subscription.objects.get().unpaid_since is not None, "its invoice is still open"
    dunning.end_overdue(at=NOW + timedelta(days=7))
    assert "void_open_invoices" in billing.calls
    assert Subscription.objects.get().unpaid_since is None
    billing.calls.clear()
    dunning.end_overdue(at=NOW + timedelta(days=8))
    assert billing.calls == [], "there is nothing left to ask about"


def test_what_was_paid_a_minute_ago_is_not_ended_though_we_have_not_heard(bob: User, billing: FakeBilling) -> None:
    billing.becomes("sub_1", status="active", unpaid_since=None, unpaid_cents=0)
    assert dunning.send_last_calls(at=NOW + timedelta(days=12)) == 0
    Subscription.objects.update(status="past_due", unpaid_since=NOW)
    assert dunning.end_overdue(at=NOW + timedelta(days=14)) == 0
    assert billing.states["sub_1"].status == "active"
    assert "void_open_invoices" not in billing.calls
    assert Subscription.objects.get().status == "active"


def test_while_the_bank_has_a_debit_in_hand_its_answer_is_waited_for(bob: User, billing: FakeBilling) -> None:
    billing.in_hand.add("sub_1")
    assert dunning.end_overdue(at=NOW + timedelta(days=14)) == 0
    assert billing.states["sub_1"].status == "past_due"
    assert entitlement_for(bob, at=NOW + timedelta(days=14)) is None
    billing.in_hand.clear()
    assert dunning.end_overdue(at=NOW + timedelta(days=19)) == 1


def test_who_cancels_while_a_payment_is_open_is_never_charged_for_it(
    client: Client, bob: User, billing: FakeBilling
) -> None:
    client.force_login(bob)
    page = client.get("/account/cancel/").content.decode()
    assert "Nothing of it is paid, so it ends at once." in page
    assert "<dt>You can read until</dt>" not in page
    page = client.post("/account/cancel/", follow=True).content.decode()
    assert "nothing more will be charged" in page
    assert billing.states["sub_1"].status == "canceled"
    assert billing.calls.index("void_open_invoices") < billing.calls.index("end_now")
    assert entitlement_for(bob, at=NOW) is None
    assert subjects()[-1].startswith("Your subscription to Viaduct is cancelled")


def test_while_stripe_is_away_the_end_waits(bob: User, billing: FakeBilling) -> None:
    end = NOW + timedelta(days=14)
    billing.is_away = True
    assert dunning.end_overdue(at=end) == 0
    assert entitlement_for(bob, at=end) is None, "our own clock needs nobody"
    billing.is_away = False
    assert dunning.end_overdue(at=end) == 1


def test_a_letter_that_could_not_leave_in_time_stays_once_the_payment_is_mended(
    bob: User, billing: FakeBilling
) -> None:
    Letter.objects.filter(kind="payment_failed").update(sent_at=None)
    webhooks.record(bob, replace(billing.states["sub_1"], status="active", unpaid_since=None), at=NOW)
    assert not Letter.objects.waiting(at=NOW + timedelta(days=1)).exists()


def test_the_same_goes_for_one_who_cancelled_meanwhile(bob: User, billing: FakeBilling) -> None:
    Letter.objects.filter(kind="payment_failed").update(sent_at=None)
    webhooks.record(bob, replace(billing.states["sub_1"], status="canceled", ends_at=NOW), at=NOW)
    assert not Letter.objects.waiting(at=NOW + timedelta(days=1)).filter(kind="payment_failed").exists()


def test_the_next_failure_is_told_anew(bob: User, billing: FakeBilling) -> None:
    later = NOW + timedelta(days=31)
    webhooks.record(bob, replace(billing.states["sub_1"], status="active", unpaid_since=None), at=NOW)
    webhooks.record(bob, replace(billing.states["sub_1"], unpaid_since=later), at=later)
    assert len(subjects()) == 2
    assert Subscription.objects.get().unpaid_since == later


@pytest.mark.parametrize(
    ("days_left", "letters"),
    [(31, 0), (30, 1), (8, 1), (7, 1), (0, 1), (-1, 0)],
)
def test_a_card_is_spoken_of_30_days_before_it_expires(days_left: int, letters: int) -> None:
    today = date(2026, 11, 17)
    expires = today + timedelta(days=days_left)
    a_subscription(a_reader(), card_expires_on=expires, period_ends_at=NOW + timedelta(days=90))
    assert notices.write_due(at=NOW) == letters
    assert notices.write_due(at=NOW) == 0


def test_and_again_7_days_before() -> None:
    expires = date(2026, 12, 17)
    a_subscription(a_reader(), card_expires_on=expires, period_ends_at=NOW + timedelta(days=90))
    assert [notices.write_due(at=NOW + timedelta(days=days)) for days in (0, 10, 23, 24, 29)] == [*(1, 0, 1, 0, 0)]


def test_a_card_that_outlives_the_next_charge_and_a_cancelled_plan_are_left_alone() -> None:
    expires = date(2026, 12, 1)
    a_subscription(a_reader(), card_expires_on=expires, period_ends_at=NOW + timedelta(days=10))
    ends = NOW + timedelta(days=60)
    a_subscription(a_reader("x@example.org"), card_expires_on=expires, period_ends_at=ends, ends_at=ends)
    assert notices.write_due(at=NOW) == 0
