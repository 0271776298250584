"""Cancelling without signing in (law.md L4): who, what, when; the receipt; and never a word of staying."""

import re
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from readers.models import Letter, User
from rights import handling, stating
from rights.models import Handling, Statement
from subscriptions import webhooks
from subscriptions.access import entitlement_for
from subscriptions.models import Refund, Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, somebody_in
from tests.test_withdrawal import ALICE, a_payment, kinds_to, last_to, subscribes, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
BRUSSELS = ZoneInfo("Europe/Brussels")
Outcome = Handling.Outcome


@pytest.fixture
def alice(billing: FakeBilling) -> User:
    """Pays by the month; her present month ends on 7 December."""
    return subscribes(
        billing,
        ALICE,
        "sub_1",
        began=NOW - timedelta(days=71),
        cents=1500,
        name="Alice Adams",
        price_id="price_month",
        price_cents=1500,
        interval="month",
        period_starts_at=NOW - timedelta(days=10),
        period_ends_at=NOW + timedelta(days=20),
    )


def cancel(client: Client, **typed: str) -> Any:
    """Fill in the page and press its button; returns the receipt."""
    form = client.get("/cancel/").context["form"]
    fields = {"name": "Alice Adams", "email": ALICE, "contract": form.initial.get("contract", "")}
    fields |= {"kind": "ordinary", "when": "earliest", "key": form.initial["key"]}
    return client.post("/cancel/", fields | typed, follow=True)


def about() -> Handling:
    return Handling.objects.get()


# --- The page ------------------------------------------------------------------------------------------


def test_the_page_asks_for_what_the_law_allows_and_nothing_more(client: Client) -> None:
    page = client.get("/cancel/")
    visible = [field.name for field in page.context["form"].visible_fields()]
    assert visible == ["name", "email", "contract", "kind", "reason", "when", "wished_on"]
    main = page.content.decode().partition("<main")[2].partition("</main>")[0]
    assert re.findall(r"<button[^>]*>(.*?)</button>", main) == ["Cancel now"]
    assert "sessionid" not in page.cookies


def test_the_earliest_date_and_the_ordinary_way_are_chosen_already(client: Client, alice: User) -> None:
    cancel(client)
    kept = Statement.objects.get()
    assert (kept.kind, kept.wished_on, kept.reason) == ("ordinary", None, "")


@pytest.mark.parametrize(
    "typed",
    [
        {"name": ""},
        {"email": ""},
        {"kind": "other"},
        {"kind": "extraordinary"},
        {"kind": "extraordinary", "reason": "see www.example.org"},
        {"when": "date"},
        {"when": "date", "wished_on": "2026-11-16"},
        {"when": "date", "wished_on": "2029-01-01"},
        {"when": "date", "wished_on": "soon"},
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_declared(client: Client, typed: dict[str, str]) -> None:
    page = cancel(client, **typed)
    assert page.context["form"].errors
    assert 'class="error"' in page.content.decode()
    assert not Statement.objects.exists()


def test_a_page_that_lay_open_for_too_long_is_sent_at_the_second_press(client: Client, alice: User) -> None:
    page = cancel(client, key="made up")
    again = page.context["form"]["key"].value()
    assert cancel(client, key=again).status_code == 200
    assert Statement.objects.count() == 1


# --- The receipt ---------------------------------------------------------------------------------------


def test_the_receipt_says_content_date_and_time_on_screen_and_by_mail(client: Client, alice: User) -> None:
    page = words(cancel(client))
    letter = last_to(ALICE, "statement_received")
    for text in (page, letter):
        for said in ("I cancel the contract named below for the earliest possible date.", "Alice Adams", ALICE):
            assert said in text
        assert "17 November 2026, 13:00:00 Brussels time (UTC+01:00)" in text


def test_signed_in_the_receipt_says_until_when_one_reads_and_offers_to_undo(client: Client, alice: User) -> None:
    client.force_login(alice)
    page = words(cancel(client))
    assert "You can read until 7 December 2026, and nothing more will be charged" in page
    assert "Undo, keep my subscription" in page


def test_pressed_twice_it_is_one_statement(client: Client, alice: User) -> None:
    form = client.get("/cancel/").context["form"]
    fields = {"name": "Alice Adams", "email": ALICE, "kind": "ordinary", "when": "earliest"}
    fields |= {"key": form.initial["key"], "contract": ""}
    answers = {client.post("/cancel/", fields).headers["Location"] for _ in range(2)}
    assert len(answers) == 1
    assert Statement.objects.count() == 1
    assert kinds_to(ALICE).count("statement_received") == 1


def test_the_receipt_can_be_printed_without_the_rest_of_the_page(client: Client, alice: User) -> None:
    page = cancel(client).content.decode()
    acts = page.partition("Back to the news")[0].rpartition('<div class="row')[2]
    assert "no-print" in acts


# --- What it does --------------------------------------------------------------------------------------


def test_it_ends_with_what_is_paid_and_the_reader_is_told(client: Client, alice: User, billing: FakeBilling) -> None:
    cancel(client)
    assert about().outcome == Outcome.CANCELLED
    assert about().ends_at == NOW + timedelta(days=20)
    assert billing.states["sub_1"].ends_at == NOW + timedelta(days=20)
    assert entitlement_for(alice, at=NOW)
    assert kinds_to(ALICE) == ["welcome", "statement_received", "cancelled"]


def test_what_was_cancelled_before_stays_so_and_the_reader_is_told(
    client: Client, alice: User, billing: FakeBilling
) -> None:
    webhooks.record(alice, billing.cancel_at_period_end("sub_1"), at=NOW)
    client.force_login(alice)
    page = words(cancel(client))
    assert about().outcome == Outcome.CANCELLED_BEFORE
    assert "was cancelled before. You can read until 7 December 2026" in page
    assert "7 December 2026" in last_to(ALICE, "nothing_to_end")


def test_what_had_ended_is_said_to_have_ended(client: Client, alice: User, billing: FakeBilling) -> None:
    ended = billing.becomes("sub_1", status="canceled", ends_at=NOW - timedelta(days=3))
    webhooks.record(alice, ended, at=NOW)
    cancel(client)
    assert about().outcome == Outcome.ENDED_BEFORE
    assert "had ended before" in last_to(ALICE, "nothing_to_end")


def test_an_extraordinary_one_has_the_ordinary_effect_at_once_and_is_read_by_a_person(
    client: Client, alice: User, billing: FakeBilling
) -> None:
    cancel(client, kind="extraordinary", reason="You printed my address.")
    assert Statement.objects.get().reason == "You printed my address."
    assert about().outcome == Outcome.CANCELLED
    assert about().needs_a_person
    assert billing.states["sub_1"].ends_at
    assert "You printed my address." in last_to(ALICE, "statement_received")


def test_a_reason_is_kept_of_extraordinary_ones_only(client: Client, alice: User) -> None:
    cancel(client, kind="ordinary", reason="Too dear.")
    assert Statement.objects.get().reason == ""


def test_what_does_not_fit_waits_for_a_person_and_ends_nothing(
    client: Client, alice: User, billing: FakeBilling
) -> None:
    cancel(client, name="Mallory Malone")
    assert about().needs_a_person
    assert billing.states["sub_1"].ends_at is None


def test_while_stripe_is_away_it_is_kept_and_carried_out_later(
    client: Client, alice: User, billing: FakeBilling
) -> None:
    billing.is_away = True
    client.force_login(alice)
    assert "It is being carried out" in words(cancel(client))
    billing.is_away = False
    assert handling.handle_waiting(at=NOW + timedelta(minutes=10)) == (1, 0)
    assert about().outcome == Outcome.CANCELLED


def test_what_renewed_while_stripe_was_away_is_given_back(client: Client, alice: User, billing: FakeBilling) -> None:
    billing.is_away = True
    cancel(client)
    billing.is_away = False
    renewed = NOW + timedelta(days=20)
    billing.becomes("sub_1", period_starts_at=renewed, period_ends_at=renewed + timedelta(days=31))
    billing.payments["sub_1"].insert(0, a_payment("sub_1", 1500, renewed, days=31))
    billing.now = renewed + timedelta(hours=2)
    handling.handle_waiting(at=renewed + timedelta(hours=2))
    assert about().outcome == Outcome.CANCELLED
    assert (about().cents, Refund.objects.get().cents) == (1500, 1500)
    assert billing.states["sub_1"].status == "canceled"
    assert "€15.00" in last_to(ALICE, "renewal_taken_back")
    assert "refund_on_its_way" not in kinds_to(ALICE)


# --- A wished date --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wished_on", "interval", "ends_now"),
    [
        (None, "month", True),
        (date(2026, 11, 20), "month", True),
        (date(2026, 12, 7), "month", True),
        (date(2027, 1, 6), "month", True),
        (date(2027, 1, 7), "month", False),
        (date(2027, 3, 1), "month", False),
        (date(2027, 3, 1), "year", True),
        (date(2027, 12, 6), "year", True),
        (date(2027, 12, 7), "year", False),
    ],
)
def test_it_ends_with_the_last_period_that_is_over_by_the_wished_day(
    wished_on: date | None, interval: str, ends_now: bool, alice: User
) -> None:
    subscription = Subscription.objects.select_related("plan").get()
    subscription.plan.interval = interval
    assert handling.ends_with_this_period(subscription, wished_on) is ends_now


@pytest.mark.parametrize(
    ("ends", "interval", "later"),
    [
        (date(2027, 1, 31), "month", date(2027, 2, 28)),
        (date(2028, 1, 31), "month", date(2028, 2, 29)),
        (date(2027, 12, 15), "month", date(2028, 1, 15)),
        (date(2028, 2, 29), "year", date(2029, 2, 28)),
        (date(2027, 4, 30), "month", date(2027, 5, 30)),
    ],
)
def test_a_period_later_is_the_same_day_or_the_last_of_the_month(ends: date, interval: str, later: date) -> None:
    assert handling._a_period_later(ends, interval) == later


def test_a_later_date_is_waited_for_and_then_kept(client: Client, alice: User, billing: FakeBilling) -> None:
    client.force_login(alice)
    page = words(cancel(client, when="date", wished_on="2027-01-20"))
    assert "by 20 January 2027" in page
    assert about().outcome == Outcome.WAITS
    assert billing.states["sub_1"].ends_at is None
    assert handling.handle_waiting(at=NOW + timedelta(days=19)) == (0, 0)
    renewed = datetime(2026, 12, 7, 13, tzinfo=BRUSSELS)
    billing.becomes("sub_1", period_starts_at=renewed, period_ends_at=datetime(2027, 1, 7, 13, tzinfo=BRUSSELS))
    assert handling.handle_waiting(at=renewed + timedelta(minutes=5)) == (1, 0)
    assert about().outcome == Outcome.CANCELLED
    assert billing.states["sub_1"].ends_at == datetime(2027, 1, 7, 13, tzinfo=BRUSSELS)


# --- The account ----------------------------------------------------------------------------------------


def test_in_the_account_what_else_there_is_stands_after_the_button_and_can_be_switched_off(
    client: Client, alice: User, settings: Any
) -> None:
    client.force_login(alice)
    page = client.get("/account/cancel/").content.decode()
    assert page.index("Cancel my subscription</button>") < page.index('href="/account/pause/"')
    settings.SAVE_OFFER = False
    assert 'href="/account/pause/"' not in client.get("/account/cancel/").content.decode()


def test_the_desk_sees_an_extraordinary_one_and_closes_it(client: Client, alice: User) -> None:
    cancel(client, kind="extraordinary", reason="You printed my address.")
    desk = Client()
    desk.force_login(somebody_in("Subscription desk"))
    kept = Statement.objects.get()
    page = desk.get(f"/admin/rights/statement/{kept.pk}/change/").content.decode()
    assert "You printed my address." in page
    desk.post(f"/admin/rights/statement/{kept.pk}/done/", {"note": "Apologised."})
    assert not about().needs_a_person
    assert about().outcome == Outcome.CANCELLED


def test_a_letter_about_it_has_a_link_to_what_became_of_it(client: Client, alice: User) -> None:
    cancel(client)
    link = stating.path_of(Statement.objects.get(), from_mailbox=True)
    assert link in Letter.objects.get(to=ALICE, kind="statement_received").text
    assert "You can read until 7 December 2026" in words(client.get(link))
