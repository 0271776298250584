"""A renewed year may be ended at any time: the unused days are given back, as shown, once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from readers.models import Letter, User
from subscriptions import ending_early, refunds, webhooks
from subscriptions.billing import BillingRefused, PaymentFacts, SubscriptionFacts
from subscriptions.models import Refund, Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, a_plan, a_reader

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at")]
DAY = timedelta(days=1)
# The second year began 100 days before NOW: 264 days are left after today, of 365.
BEGAN = NOW - 100 * DAY
REST = 10850


def payment(number: int, starts: datetime, ends: datetime) -> PaymentFacts:
    return PaymentFacts(f"pi_{number}", f"in_{number}", 15000, 0, starts, starts, ends, "visa", "4242")


@pytest.fixture
def anna(billing: FakeBilling, client: Client) -> User:
    """In her second year, which was paid 100 days ago."""
    a_plan("year")
    reader = a_reader("anna@example.org")
    facts = SubscriptionFacts(
        stripe_id="sub_1",
        customer_id="cus_1",
        status="active",
        price_id="price_year",
        price_cents=15000,
        interval="year",
        started_at=BEGAN - 365 * DAY,
        period_starts_at=BEGAN,
        period_ends_at=BEGAN + 365 * DAY,
    )
    billing.states["sub_1"] = facts
    billing.payments["sub_1"] = [
        payment(2, BEGAN, BEGAN + 365 * DAY),
        payment(1, BEGAN - 365 * DAY, BEGAN),
    ]
    webhooks.record(reader, facts, at=NOW)
    mail.outbox.clear()
    client.force_login(reader)
    return reader


def the_one() -> Subscription:
    return Subscription.objects.select_related("plan", "reader").get()


def words(page: Any) -> str:
    return " ".join(page.content.decode().replace("\xa0", " ").split())


def test_the_cancel_page_offers_both_ends_and_says_what_each_gives(client: Client, anna: User) -> None:
    page = words(client.get("/account/cancel/"))
    assert "Cancel my subscription" in page
    assert "You can read until</dt><dd>9 August 2027" in page
    assert "for the 264 days that are left: €108.50" in page
    assert "End it now and get €108.50 back" in page


def test_two_presses_end_it_and_give_the_shown_amount_back(client: Client, anna: User, billing: FakeBilling) -> None:
    page = words(client.post("/account/end-now/", {"cents": REST}, follow=True))
    assert "Your subscription has ended, and €108.50 are on their way back to you." in page
    assert billing.states["sub_1"].status == "canceled"
    assert [(one.cents, one.status) for one in billing.refunds.values()] == [(REST, "succeeded")]
    row = Refund.objects.get()
    assert (row.cents, row.kind, row.ends_subscription, row.asked_by) == (REST, "rest", True, None)
    subjects = [letter.subject for letter in mail.outbox]
    assert subjects.count("Your subscription ends, and €108.50 go back to you") == 1
    assert len(subjects) == 2, "and one when the money is on its way"


def test_pressed_twice_or_in_two_windows_it_is_given_back_once(
    client: Client, anna: User, billing: FakeBilling
) -> None:
    for _ in range(3):
        client.post("/account/end-now/", {"cents": REST})
    assert len(billing.refunds) == Refund.objects.count() == 1
    assert Letter.objects.filter(kind="ended_early").count() == 1


def test_two_presses_at_the_same_moment_promise_the_same_money(anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Late in the year so much of the payment is left that two promises would fit."""
    late = BEGAN + 300 * DAY
    rest = ending_early.rest_of(the_one(), at=late)
    assert rest is not None
    monkeypatch.setattr(ending_early, "_refund_of", lambda subscription: None)
    first, second = (ending_early._promise(the_one(), shown_cents=rest.cents, at=late) for _ in range(2))
    assert first.pk == second.pk
    assert Refund.objects.count() == 1


def test_a_day_later_the_amount_is_shown_anew_before_anything_happens(
    client: Client, anna: User, billing: FakeBilling, at: Any
) -> None:
    at(NOW + DAY)
    page = words(client.post("/account/end-now/", {"cents": REST}, follow=True))
    assert "The amount has changed since you opened this page" in page
    assert "End it now and get €108.09 back" in page
    assert not billing.refunds
    assert billing.states["sub_1"].status == "active"


@pytest.mark.parametrize("typed", ["", "0", "-1", "15000", "108.50", "1" * 30, "٣"])
def test_nobody_chooses_the_amount(client: Client, anna: User, billing: FakeBilling, typed: str) -> None:
    client.post("/account/end-now/", {"cents": typed})
    assert not Refund.objects.exists()
    assert not billing.refunds


def test_in_the_first_year_there_is_nothing_to_give_back_unless_the_house_says_so(
    client: Client, anna: User, billing: FakeBilling, settings: Any
) -> None:
    billing.payments["sub_1"] = billing.payments["sub_1"][:1]
    assert "End it now" not in words(client.get("/account/cancel/"))
    assert "only a year that was renewed" in words(client.post("/account/end-now/", {"cents": REST}, follow=True))
    assert not Refund.objects.exists()
    settings.END_EARLY_IN_FIRST_YEAR = True
    assert "End it now and get €108.50 back" in words(client.get("/account/cancel/"))


def test_months_before_the_first_year_make_it_no_renewed_one(anna: User, billing: FakeBilling) -> None:
    months = [payment(9, BEGAN - 31 * DAY, BEGAN), payment(8, BEGAN - 62 * DAY, BEGAN - 31 * DAY)]
    billing.payments["sub_1"] = [billing.payments["sub_1"][0], *months]
    assert ending_early.rest_of(the_one(), at=NOW) is None


@pytest.mark.parametrize(
    ("at_hour", "unused_days"),
    [
        # A quarter to midnight in Brussels, and a quarter past; a part of a cent is the reader's.
        (datetime(2026, 11, 17, 22, 45, tzinfo=UTC), 264),
        (datetime(2026, 11, 17, 23, 15, tzinfo=UTC), 263),
    ],
)
def test_days_are_those_of_brussels_and_rounded_for_the_reader(anna: User, at_hour: datetime, unused_days: int) -> None:
    rest = ending_early.rest_of(the_one(), at=at_hour)
    assert rest is not None
    assert rest.unused_days == unused_days
    assert rest.cents == -(-15000 * unused_days // 365)


def test_a_cancelled_reader_may_still_end_it_at_once(client: Client, anna: User, billing: FakeBilling) -> None:
    client.post("/account/cancel/")
    assert "End it now and get €108.50 back" in words(client.get("/account/cancelled/"))
    client.post("/account/end-now/", {"cents": REST})
    assert billing.states["sub_1"].status == "canceled"


def test_while_stripe_is_away_it_can_be_cancelled_and_not_be_ended_at_once(
    client: Client, anna: User, billing: FakeBilling
) -> None:
    billing.is_away = True
    page = client.get("/account/cancel/")
    assert page.status_code == 200
    assert "End it now" not in words(page)
    assert client.get("/account/end-now/").status_code == 503
    assert client.post("/account/end-now/", {"cents": REST}).status_code == 503
    assert not Refund.objects.exists()


def test_a_promise_is_kept_where_stripe_goes_away_in_between(
    client: Client, anna: User, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def goes_away(*args: Any, **kwargs: Any) -> None:
        billing.is_away = True
        billing.subscription("sub_1")

    with monkeypatch.context() as away:
        away.setattr(billing, "refund", goes_away)
        page = words(client.post("/account/end-now/", {"cents": REST}, follow=True))
    assert "We have noted it" in page
    assert Letter.objects.filter(kind="ended_early").count() == 1
    billing.is_away = False
    assert refunds.give_waiting(at=NOW + timedelta(minutes=5)) == 1
    assert billing.states["sub_1"].status == "canceled"
    assert sum(one.cents for one in billing.refunds.values()) == REST


def test_where_stripe_refuses_nothing_has_happened(
    client: Client, anna: User, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise BillingRefused("The charge has been disputed.")

    monkeypatch.setattr(billing, "refund", refuse)
    answer = client.post("/account/end-now/", {"cents": REST})
    assert answer.status_code == 409
    assert billing.states["sub_1"].status == "active"
    assert not Refund.objects.exists()
    assert not Letter.objects.filter(kind="ended_early").exists()


def test_days_before_a_renewal_that_was_put_off_are_given_back_too(anna: User, billing: FakeBilling) -> None:
    ends, now = BEGAN + 365 * DAY, BEGAN + 355 * DAY
    billing.becomes(
        "sub_1", status="trialing", period_starts_at=now - DAY, period_ends_at=ends + 4 * DAY, put_off_from=ends
    )
    one = webhooks.record(anna, billing.states["sub_1"], at=now)
    rest = ending_early.rest_of(one, at=now)
    assert rest is not None
    assert rest.unused_days == 9
    assert ending_early.rest_of(one, at=ends + DAY) is None, "the free days cost nothing"


def test_a_stranger_sees_nothing(client: Client, anna: User) -> None:
    client.logout()
    assert client.get("/account/end-now/").headers["Location"].startswith("/accounts/login/")
    client.force_login(a_reader("bob@example.org"))
    assert client.get("/account/end-now/").headers["Location"] == "/account/"
