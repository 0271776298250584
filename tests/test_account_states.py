"""Every state of an account: said in words, with exactly one thing to do next."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from readers.models import User
from subscriptions.standing import Step, standing_of
from tests.make import NOW, a_contract, a_grant, a_plan, a_reader, a_subscription

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
IN_20_DAYS = NOW + timedelta(days=20)
CANCELLED = {"ends_at": IN_20_DAYS, "cancelled_at": NOW}
PAUSED = {"pause_starts_at": NOW - timedelta(days=1), "pause_ends_at": IN_20_DAYS}
PAUSE_COMING = {"pause_starts_at": IN_20_DAYS, "pause_ends_at": NOW + timedelta(days=50)}


def subscribed(status: str = "active", **fields: Any) -> Callable[[User], None]:
    return lambda reader: a_subscription(reader, status, **fields) and None


def let_in(kind: str, ends_at: datetime) -> Callable[[User], None]:
    def let(reader: User) -> None:
        a_grant(reader, by=a_reader("carol@example.org", is_staff=True), kind=kind, ends_at=ends_at)

    return let


def on_the_staff(reader: User) -> None:
    reader.is_staff = True
    reader.save()


STATES: list[tuple[str, Callable[[User], Any], str, Step, str]] = [
    ("never", lambda reader: None, "no subscription yet", Step.SUBSCRIBE, "Start your free trial"),
    ("trial", subscribed("trialing"), "20 days left of your free trial", Step.READ, "Read the news"),
    (
        "trial, cancelled",
        subscribed("trialing", **CANCELLED),
        "Cancelled. You can read until 7 December 2026",
        Step.KEEP,
        "Undo, keep my subscription",
    ),
    ("active", subscribed(), "You are a subscriber", Step.READ, "Read the news"),
    ("debit under way", subscribed(payment_pending=True), "up to five days", Step.READ, "Read the news"),
    ("past due", subscribed("past_due"), "Your bank refused", Step.PAY, "Pay now, with any card"),
    ("unpaid", subscribed("unpaid"), "Your bank refused", Step.PAY, "Pay now, with any card"),
    (
        "needs confirmation",
        subscribed("past_due", needs_confirmation=True),
        "Your bank asks you to confirm the payment",
        Step.CONFIRM_PAYMENT,
        "Confirm the payment",
    ),
    (
        "cancelled, paid up",
        subscribed(**CANCELLED),
        "Cancelled. You can read until 7 December 2026",
        Step.KEEP,
        "Undo, keep my subscription",
    ),
    ("paused", subscribed(**PAUSED), "Paused until 7 December 2026", Step.RESUME, "Resume now, pay €150"),
    (
        "pause coming",
        subscribed(**PAUSE_COMING),
        "Your pause begins on 7 December 2026",
        Step.TAKE_PAUSE_BACK,
        "Take the pause back",
    ),
    (
        "lapsed",
        subscribed("canceled", ends_at=NOW - timedelta(days=1)),
        "Your subscription ended on 16 November 2026",
        Step.SUBSCRIBE_AGAIN,
        "Subscribe again, €150 per year",
    ),
    (
        "granted",
        let_in("press", IN_20_DAYS),
        "You can read everything until 7 December 2026",
        Step.READ,
        "Read the news",
    ),
    (
        "student",
        let_in("student", NOW + timedelta(days=300)),
        "Student access until 13 September 2027",
        Step.READ,
        "Read the news",
    ),
    (
        "student whose year ends",
        let_in("student", IN_20_DAYS),
        "Student access until 7 December 2026",
        Step.PROVE_AGAIN,
        "Prove again that you study",
    ),
    ("staff", on_the_staff, "You work here", Step.READ, "Read the news"),
]


@pytest.fixture(params=STATES, ids=[state[0] for state in STATES])
def state(request: Any, client: Client) -> tuple[str, str, Step, str, str]:
    """The name of a state, what the card says in it, the step, the words on its button, and the card itself."""
    name, become, says, step, words = request.param
    a_plan("year")
    a_plan("month")
    reader = a_reader()
    become(reader)
    client.force_login(reader)
    page = client.get("/account/").content.decode()
    card = unescape(page.split('<section class="status"')[1].split("</section>")[0])
    assert standing_of(reader, at=NOW).next_step is step
    return name, says, step, words, card


def test_it_is_said_in_words_and_the_one_thing_to_do_next_is_the_only_full_button(state: Any) -> None:
    _, says, _, words, card = state
    assert says in card
    first = re.findall(r'<(?:a|button) class="btn"[^>]*>(.*?)</(?:a|button)>', card)
    assert first == [words]


def test_the_card_says_what_comes_of_it_in_a_sentence(state: Any) -> None:
    card = state[4]
    sentence = re.sub(r"<[^>]+>", " ", card.split('<p class="legal">')[1].split("</p>")[0]).strip()
    assert sentence.endswith(".")


def test_whoever_will_be_charged_can_cancel_from_the_card(state: Any) -> None:
    name, card = state[0], state[4]
    pays = {"trial", "active", "debit under way", "past due", "unpaid", "needs confirmation", "paused", "pause coming"}
    assert ('href="/account/cancel/"' in card) == (name in pays)


def test_a_trial_shows_what_happens_when(client: Client) -> None:
    reader = a_reader()
    a_subscription(reader, "trialing")
    client.force_login(reader)
    page = client.get("/account/").content.decode()
    assert "We write to you on 30 November 2026 at the latest, before anything is charged." in page
    steps = page.split('<ol class="steps">')[1].split("</ol>")[0]
    assert re.findall(r'class="kicker"[^>]*>([^<]*)<', steps) == [
        "7 November",
        "30 November",
        "7 December",
        "Any time",
    ]


def test_the_plans_show_today_reminder_first_charge_and_any_time(client: Client) -> None:
    a_plan("year")
    page = client.get("/subscribe/").content.decode()
    steps = page.split('<ol class="steps">')[1].split("</ol>")[0]
    assert re.findall(r'class="kicker"[^>]*>([^<]*)<', steps) == [
        "Today, 17 November",
        "10 December",
        "17 December",
        "Any time",
    ]


def test_a_trial_shorter_than_its_notice_promises_no_reminder_on_the_way(client: Client) -> None:
    a_plan("year", trial_days=7)
    page = client.get("/subscribe/").content.decode()
    assert "We remind you" not in page


@pytest.mark.parametrize(
    ("days_ago", "says"),
    [(0, "Until 1 December 2026 you can also"), (14, "Until 17 November 2026 you can also"), (15, "")],
)
def test_the_card_says_until_when_withdrawing_is_in_time(client: Client, days_ago: int, says: str) -> None:
    reader = a_reader()
    began = NOW - timedelta(days=days_ago)
    a_contract(a_subscription(reader, "trialing", started_at=began))
    client.force_login(reader)
    page = client.get("/account/").content.decode()
    assert says in page if says else "you can also" not in page


@pytest.mark.parametrize("address", ["/account/contracts/", "/withdraw/", "/cancel/", "/account/devices/"])
def test_the_ways_to_everything_start_in_the_account(client: Client, address: str) -> None:
    reader = a_reader()
    a_contract(a_subscription(reader))
    client.force_login(reader)
    assert f'href="{address}"' in client.get("/account/").content.decode()
