"""A pause: who may have one, when it begins and ends, and what is said about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from readers.models import Letter, User
from subscriptions import notices, pausing, webhooks
from subscriptions.access import entitlement_for, invitation_to
from subscriptions.answer import answer_for
from subscriptions.models import Subscription
from subscriptions.standing import State, standing_of
from tests.fakes import FakeBilling
from tests.make import NOW, a_customer, a_plan, a_reader, a_subscription, the_facts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at")]
PAID_UNTIL = NOW + timedelta(days=20)
GOES_ON = datetime(2027, 2, 7, 12, 0, tzinfo=UTC)


@pytest.fixture
def alice(client: Client, billing: FakeBilling) -> User:
    """Has paid for this month until 7 December."""
    a_plan("month")
    reader = a_customer("alice@example.org", "cus_alice")
    billing.states["sub_1"] = the_facts(since=NOW - timedelta(days=11), until=PAID_UNTIL, customer_id="cus_alice")
    webhooks.record(reader, billing.states["sub_1"], at=NOW)
    mail.outbox.clear()
    client.force_login(reader)
    return reader


def ask_for(client: Client, months: Any) -> Any:
    begins = client.get("/account/pause/").context["begins"]
    return client.post("/account/pause/", {"months": months, "begins": begins})


def the_one() -> Subscription:
    return Subscription.objects.get()


def test_the_page_shows_every_date_before_anything_happens(client: Client, alice: User, billing: FakeBilling) -> None:
    page = client.get("/account/pause/").content.decode()
    for words in (
        "You read until 7 December 2026",
        "until 7 January 2027",
        "until 7 March 2027",
        "€15 for a new month",
    ):
        assert words in page
    assert "pause" not in billing.calls


def test_it_begins_with_the_end_of_what_is_paid(client: Client, alice: User) -> None:
    ask_for(client, 2)
    one = the_one()
    assert (one.pause_starts_at, one.pause_ends_at) == (PAID_UNTIL, GOES_ON)
    assert entitlement_for(alice, at=PAID_UNTIL - timedelta(seconds=1))
    assert entitlement_for(alice, at=PAID_UNTIL) is None, "without the slack of a renewal: none is on its way"
    assert one.next_charge_at == GOES_ON


def test_the_account_says_first_when_it_begins_and_then_until_when(client: Client, alice: User, at: Any) -> None:
    ask_for(client, 2)
    page = client.get("/account/").content.decode()
    assert "Your pause begins on 7 December 2026" in page
    assert "Take the pause back" in page
    at(PAID_UNTIL + timedelta(days=1))
    page = client.get("/account/").content.decode()
    assert "Paused until 7 February 2027" in page
    assert "Resume now, pay €15" in page


def test_while_it_lasts_the_wall_offers_its_end_and_no_second_plan(alice: User, client: Client) -> None:
    ask_for(client, 1)
    assert not invitation_to(alice, at=NOW).is_paused
    assert invitation_to(alice, at=PAID_UNTIL).is_paused


def test_the_desk_is_told_why_a_paused_reader_cannot_read(client: Client, alice: User) -> None:
    ask_for(client, 2)
    answer = answer_for(alice, at=PAID_UNTIL + timedelta(days=1))
    assert not answer.may_read
    assert "Paused by the reader since 7 December 2026" in answer.because[0]
    assert "7 February 2027" in answer.because[0]


@pytest.mark.parametrize("months", ["", "0", "4", "12", "-1", "x"])
def test_only_one_two_or_three_months_are_possible(
    client: Client, alice: User, billing: FakeBilling, months: str
) -> None:
    assert "Please look again" in ask_for(client, months).content.decode()
    assert "pause" not in billing.calls


def test_a_page_opened_before_the_renewal_is_shown_again(client: Client, alice: User, billing: FakeBilling) -> None:
    answer = client.post("/account/pause/", {"months": 1, "begins": "1"})
    assert "Please look again" in answer.content.decode()
    assert "pause" not in billing.calls


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        ("trialing", {}),
        ("past_due", {}),
        ("unpaid", {}),
        ("canceled", {}),
        ("incomplete", {}),
        ("active", {"ends_at": PAID_UNTIL, "cancelled_at": NOW}),
        ("active", {"payment_pending": True}),
        ("active", {"pause_starts_at": PAID_UNTIL, "pause_ends_at": GOES_ON}),
    ],
    ids=["trial", "past due", "unpaid", "ended", "incomplete", "cancelled", "debit under way", "paused"],
)
def test_who_has_not_paid_the_present_period_cannot_pause(
    client: Client, billing: FakeBilling, status: str, fields: dict[str, Any]
) -> None:
    reader = a_reader()
    a_subscription(reader, status, **fields)
    client.force_login(reader)
    assert client.get("/account/pause/").headers["Location"] == "/account/"
    assert client.post("/account/pause/", {"months": 1}).headers["Location"] == "/account/"
    assert "pause" not in billing.calls


def test_the_button_for_a_pause_stands_where_one_is_possible(client: Client, alice: User) -> None:
    assert 'href="/account/pause/"' in client.get("/account/").content.decode()
    ask_for(client, 1)
    assert 'href="/account/pause/"' not in client.get("/account/").content.decode()


def test_it_is_confirmed_once_with_both_dates_and_the_charge(client: Client, alice: User) -> None:
    ask_for(client, 2)
    webhooks.refresh(alice, at=NOW)
    assert len(mail.outbox) == 1
    assert mail.outbox[0].subject == "Your subscription to Viaduct pauses on 7 December 2026"
    assert "7 February 2027" in mail.outbox[0].body
    assert "€15.00" in mail.outbox[0].body


def test_taken_back_before_it_began_nothing_has_happened(client: Client, alice: User) -> None:
    ask_for(client, 2)
    client.post("/account/resume/")
    one = the_one()
    assert (one.pause_starts_at, one.pause_ends_at, one.period_ends_at) == (None, None, PAID_UNTIL)
    assert standing_of(alice, at=NOW).state is State.ACTIVE
    assert "before it began" in mail.outbox[-1].body


def test_ended_early_a_new_period_begins_that_moment(client: Client, alice: User, at: Any) -> None:
    ask_for(client, 3)
    early = PAID_UNTIL + timedelta(days=10)
    at(early)
    client.post("/account/resume/")
    assert the_one().period_starts_at == early
    assert entitlement_for(alice, at=early)
    assert "€15.00 are charged" in mail.outbox[-1].body


def test_a_second_click_on_resume_does_nothing_more(client: Client, alice: User, billing: FakeBilling, at: Any) -> None:
    ask_for(client, 3)
    at(PAID_UNTIL + timedelta(days=10))
    client.post("/account/resume/")
    client.post("/account/resume/")
    assert billing.calls.count("resume") == 1


def test_it_ends_by_itself_when_its_day_has_come_and_not_before(client: Client, alice: User) -> None:
    ask_for(client, 2)
    assert pausing.resume_due(at=GOES_ON - timedelta(seconds=1)) == 0
    assert pausing.resume_due(at=GOES_ON) == 1
    assert pausing.resume_due(at=GOES_ON) == 0
    assert entitlement_for(alice, at=GOES_ON)


def test_while_stripe_is_away_it_waits_for_the_next_time(client: Client, alice: User, billing: FakeBilling) -> None:
    ask_for(client, 1)
    billing.is_away = True
    assert pausing.resume_due(at=GOES_ON) == 0
    billing.is_away = False
    assert pausing.resume_due(at=GOES_ON) == 1


def test_a_reminder_leaves_seven_days_before_once(client: Client, alice: User) -> None:
    ask_for(client, 2)
    mail.outbox.clear()
    assert notices.write_due(at=GOES_ON - timedelta(days=7, seconds=1)) == 0
    assert notices.write_due(at=GOES_ON - timedelta(days=7)) == 1
    assert notices.write_due(at=GOES_ON - timedelta(days=6)) == 0
    assert [letter.subject for letter in mail.outbox] == ["Your pause ends on 7 February 2027"]
    assert "/account/cancel/" in mail.outbox[0].body


def test_no_reminder_of_a_pause_that_was_ended_or_cancelled(client: Client, alice: User, billing: FakeBilling) -> None:
    ask_for(client, 2)
    billing.becomes("sub_1", ends_at=PAID_UNTIL, cancelled_at=NOW)
    webhooks.refresh(alice, at=NOW)
    assert notices.write_due(at=GOES_ON - timedelta(days=3)) == 0
    assert pausing.resume_due(at=GOES_ON) == 0


def test_a_reminder_that_could_not_leave_stays_when_the_pause_has_ended(client: Client, alice: User) -> None:
    ask_for(client, 2)
    notices.write_due(at=GOES_ON - timedelta(days=3))
    Letter.objects.filter(kind="pause_reminder").update(sent_at=None)
    pausing.resume(the_one(), at=GOES_ON - timedelta(days=2))
    assert Letter.objects.get(kind="pause_reminder").withdrawn


def test_cancelled_in_the_pause_it_ends_at_once_and_says_so(client: Client, alice: User, at: Any) -> None:
    ask_for(client, 2)
    at(PAID_UNTIL + timedelta(days=3))
    assert "At once, since nothing paid is left" in client.get("/account/cancel/").content.decode()
    client.post("/account/cancel/")
    assert the_one().status == "canceled"
    assert "paused, and has now ended" in mail.outbox[-1].body


def test_cancelled_before_the_pause_begins_it_ends_with_what_is_paid(client: Client, alice: User) -> None:
    ask_for(client, 2)
    client.post("/account/cancel/")
    assert the_one().ends_at == PAID_UNTIL
    assert standing_of(alice, at=NOW).state is State.CANCELLED


def test_cancelled_at_stripe_during_the_pause_it_is_ended_there_too(
    client: Client, alice: User, billing: FakeBilling
) -> None:
    ask_for(client, 2)
    later = PAID_UNTIL + timedelta(days=3)
    billing.becomes("sub_1", ends_at=later + timedelta(days=300), cancelled_at=later)
    webhooks.refresh(alice, at=later)
    assert "until" not in " ".join(letter.subject for letter in mail.outbox)
    assert pausing.end_cancelled(at=later) == 1
    assert the_one().status == "canceled"


def test_while_stripe_is_away_the_page_says_so_and_nothing_changes(
    client: Client, alice: User, billing: FakeBilling
) -> None:
    page = client.get("/account/pause/")
    billing.is_away = True
    assert client.post("/account/pause/", {"months": 1, "begins": page.context["begins"]}).status_code == 503
    assert the_one().pause_starts_at is None


def test_one_paused_by_stripe_itself_is_said_to_be_paused(client: Client) -> None:
    reader = a_reader()
    a_subscription(reader, "paused")
    client.force_login(reader)
    assert standing_of(reader, at=NOW).state is State.PAUSED
    assert "Resume now" in client.get("/account/").content.decode()
    assert invitation_to(reader, at=NOW).is_paused


@pytest.mark.parametrize(
    ("begins", "months", "ends"),
    [
        ("2026-11-30", 3, "2027-02-28"),
        ("2027-11-30", 3, "2028-02-29"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-10-15", 3, "2027-01-15"),
        ("2026-03-01", 1, "2026-04-01"),
    ],
)
def test_months_are_those_of_the_calendar(begins: str, months: int, ends: str) -> None:
    moment = datetime.fromisoformat(f"{begins}T22:30:00+00:00")
    assert pausing.months_after(moment, months) == datetime.fromisoformat(f"{ends}T22:30:00+00:00")
