"""Readers are told before something happens: when, once, and in words that are true when they leave."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TransactionTestCase

from readers import letters
from readers.models import Letter, User
from subscriptions import notices, pausing, prices, putting_off, webhooks
from subscriptions.billing import SubscriptionFacts
from subscriptions.models import Notice, Subscription
from subscriptions.notice_dates import due_now, need_of, notices_for
from tests.fakes import FakeBilling
from tests.make import NOW, a_plan, a_reader

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at")]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
Kind = Notice.Kind


def the_facts(**changes: Any) -> SubscriptionFacts:
    """In the trial of the yearly plan, which began at NOW."""
    values: dict[str, Any] = {
        "stripe_id": "sub_1",
        "customer_id": "cus_1",
        "status": "trialing",
        "price_id": "price_year",
        "price_cents": 15000,
        "interval": "year",
        "started_at": NOW,
        "period_starts_at": NOW,
        "period_ends_at": NOW + 30 * DAY,
        "trial_ends_at": NOW + 30 * DAY,
        "card_brand": "visa",
        "card_last4": "4242",
    }
    return SubscriptionFacts(**values | changes)


def paid(ends: datetime, **changes: Any) -> SubscriptionFacts:
    """A paid year that ends then."""
    values = {"status": "active", "trial_ends_at": None, "period_starts_at": ends - 365 * DAY, "period_ends_at": ends}
    return the_facts(**values | {"started_at": ends - 365 * DAY} | changes)


def lives(billing: FakeBilling, facts: SubscriptionFacts, *, at: datetime = NOW) -> Subscription:
    """A reader who has this at Stripe and here."""
    a_plan("year")
    a_plan("month")
    reader = User.objects.filter(email="anna@example.org").first() or a_reader("anna@example.org")
    billing.states[facts.stripe_id] = facts
    one = webhooks.record(reader, facts, at=at)
    mail.outbox.clear()
    return one


def planned(facts: SubscriptionFacts, billing: FakeBilling) -> dict[str, datetime]:
    return {one.kind: one.due_at for one in notices_for(lives(billing, facts))}


def told() -> list[str]:
    return [letter.subject for letter in mail.outbox]


def the_mail_server_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> int:
        raise ConnectionError("nobody listens")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)


# --- When ------------------------------------------------------------------------------------------------------------


def test_a_trial_of_30_days_is_spoken_of_on_day_20_and_before_seven_full_days_are_left(billing: FakeBilling) -> None:
    assert planned(the_facts(), billing) == {
        Kind.TERMS_AT_ZERO: NOW,
        Kind.TRIAL_FIRST: NOW + 20 * DAY,
        Kind.TRIAL_LAST: NOW + 23 * DAY - 12 * HOUR,
    }


@pytest.mark.parametrize(
    ("signed_up", "last"),
    [
        # In Brussels 09:00, 13:00 and 23:45: on day 23, from midnight on or twelve hours before.
        ("2026-11-17 08:00", "2026-12-09 23:00"),
        ("2026-11-17 12:00", "2026-12-10 00:00"),
        ("2026-11-17 22:45", "2026-12-10 10:45"),
        # 00:30: on that day there would be no time to try again.
        ("2026-11-16 23:30", "2026-12-09 11:30"),
        # The clocks go forward and back in between; seven days are seven times 24 hours.
        ("2027-03-01 08:00", "2027-03-23 23:00"),
        ("2027-02-27 12:00", "2027-03-22 00:00"),
        ("2027-10-05 08:00", "2027-10-27 22:00"),
    ],
)
def test_the_last_reminder_leaves_early_on_day_23_of_brussels(billing: FakeBilling, signed_up: str, last: str) -> None:
    began, due = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (signed_up, last))
    ends = began + 30 * DAY
    found = planned(the_facts(started_at=began, period_ends_at=ends, trial_ends_at=ends), billing)
    assert found[Kind.TRIAL_LAST] == due
    assert due <= ends - 7 * DAY - 2 * HOUR


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        (60, 50, 52.5),
        (30, 20, 22.5),
        (14, 4, 6.5),
        (12, 2, 4.5),
        (11, None, 3.5),
        (8, None, 0.5),
        (7, None, 0),
        (3, None, 0),
    ],
)
def test_other_trials_are_spoken_of_as_long_before_their_end_or_at_once(
    billing: FakeBilling, days: int, first: float | None, last: float
) -> None:
    ends = NOW + days * DAY
    found = planned(the_facts(period_ends_at=ends, trial_ends_at=ends), billing)
    assert found.get(Kind.TRIAL_FIRST) == (None if first is None else NOW + first * DAY)
    assert found[Kind.TRIAL_LAST] == NOW + last * DAY


def test_a_year_is_spoken_of_35_and_16_days_before_it_is_renewed(billing: FakeBilling) -> None:
    ends = NOW + 100 * DAY
    assert planned(paid(ends), billing) == {Kind.RENEWAL_FIRST: ends - 35 * DAY, Kind.RENEWAL_LAST: ends - 16 * DAY}


def test_a_month_is_spoken_of_only_where_the_house_wants_that(billing: FakeBilling, settings: Any) -> None:
    monthly = paid(NOW + 20 * DAY, price_id="price_month", price_cents=1500, interval="month")
    assert planned(monthly, billing) == {}
    settings.MONTH_NOTICE_DAYS = 5
    assert planned(monthly, billing) == {Kind.MONTH: NOW + 15 * DAY}


def test_a_pause_is_spoken_of_a_week_before_it_ends_and_the_renewal_after_it_like_any_other(
    billing: FakeBilling,
) -> None:
    ends = NOW + 50 * DAY
    facts = paid(NOW + DAY, pause_starts_at=NOW + DAY, pause_ends_at=ends)
    assert planned(facts, billing) == {
        Kind.RENEWAL_FIRST: ends - 35 * DAY,
        Kind.RENEWAL_LAST: ends - 16 * DAY,
        Kind.PAUSE_ENDS: ends - 7 * DAY,
    }


@pytest.mark.parametrize(
    ("expires", "first", "last"),
    [
        (date(2027, 1, 31), datetime(2027, 1, 1, 8, tzinfo=UTC), datetime(2027, 1, 24, 8, tzinfo=UTC)),
        # The clocks go forward in between: nine in the morning stays nine in the morning.
        (date(2027, 4, 20), datetime(2027, 3, 21, 8, tzinfo=UTC), datetime(2027, 4, 13, 7, tzinfo=UTC)),
    ],
)
def test_a_card_is_spoken_of_at_nine_in_the_morning_of_brussels(
    billing: FakeBilling, expires: date, first: datetime, last: datetime
) -> None:
    found = planned(paid(NOW + 300 * DAY, card_expires_on=expires), billing)
    assert (found[Kind.CARD_FIRST], found[Kind.CARD_LAST]) == (first, last)


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_at": NOW + 30 * DAY, "cancelled_at": NOW},
        {"status": "canceled", "ends_at": NOW},
        {"status": "past_due", "unpaid_since": NOW, "trial_ends_at": None},
        {"status": "incomplete", "trial_ends_at": None},
        {"status": "paused"},
    ],
)
def test_where_nothing_will_be_charged_nobody_is_told(billing: FakeBilling, changes: dict[str, Any]) -> None:
    one = lives(billing, the_facts(**changes))
    assert notices_for(one) == []
    assert need_of(one) is None


def test_of_several_words_about_the_same_only_the_latest_is_written(billing: FakeBilling) -> None:
    one = lives(billing, the_facts())
    kinds = [[due.kind for due in due_now(notices_for(one), at=NOW + days * DAY)][1:] for days in (19, 20, 22, 23, 30)]
    assert kinds == [[], [Kind.TRIAL_FIRST], [Kind.TRIAL_FIRST], [Kind.TRIAL_LAST], []]


# --- Once, and in true words ---------------------------------------------------------------------------------------


def test_the_terms_are_in_the_welcome_also_where_nothing_is_charged(billing: FakeBilling) -> None:
    one = lives(billing, the_facts())
    assert notices.write_due(at=NOW + HOUR) == 0
    notices.write_due(at=NOW + 2 * HOUR)
    row = Notice.objects.get(kind=Kind.TERMS_AT_ZERO)
    assert (row.letter.kind, row.sent_at, row.result) == ("welcome", NOW, "sent")
    assert row.subscription == one


def test_a_reader_is_told_once_however_often_the_job_runs(billing: FakeBilling) -> None:
    lives(billing, the_facts())
    for hours in range(0, 30 * 24, 5):
        notices.write_due(at=NOW + hours * HOUR)
    assert told() == ["Your free trial ends on 17 December"] * 2
    assert [one.result for one in Notice.objects.filter(kind__startswith="trial")] == ["sent", "sent"]


def test_the_reminder_says_date_amount_card_and_both_ways_out(billing: FakeBilling) -> None:
    lives(billing, the_facts(discounted_cents=12000))
    notices.write_due(at=NOW + 23 * DAY)
    body = " ".join(mail.outbox[0].body.split())
    for words in (
        "You have been reading us for 23 days. In 7 days your trial becomes a yearly subscription",
        "Charged on 17 December 2026",
        "€120.00 for one year, VAT included",
        "ending 4242",
        "cancel before 17 December and you pay nothing: http://localhost:8000/account/cancel/",
        "Switch to €15 per month instead",
    ):
        assert words in body, body


def test_the_notice_of_a_renewal_says_how_to_end_before_and_after(billing: FakeBilling) -> None:
    lives(billing, paid(NOW + 36 * DAY))
    notices.write_due(at=NOW)
    assert told() == []
    notices.write_due(at=NOW + DAY)
    body = " ".join(mail.outbox[0].body.split())
    assert told() == ["Your subscription is renewed on 23 December"]
    assert "renewed by itself for another year on 23 December 2026, in 35 days, unless" in body
    assert "€150.00 for one year" in body
    assert "/account/cancel/" in body
    assert "we give back what you paid for the days that are left" in body


def test_words_that_wait_are_written_anew_when_the_amount_changes(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = lives(billing, the_facts())
    with monkeypatch.context() as away:
        the_mail_server_is_away(away)
        notices.write_due(at=NOW + 20 * DAY)
    billing.becomes("sub_1", price_id="price_month", price_cents=1500, interval="month")
    webhooks.record(one.reader, billing.states["sub_1"], at=NOW + 20 * DAY + HOUR)
    mail.outbox.clear()
    notices.write_due(at=NOW + 20 * DAY + 2 * HOUR)
    letters.send_waiting(at=NOW + 21 * DAY)
    assert told() == ["Your free trial ends on 17 December"]
    assert "€15.00 for one month" in mail.outbox[0].body


def test_words_that_wait_for_a_reader_who_moved_go_to_the_new_address(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = lives(billing, the_facts())
    with monkeypatch.context() as away:
        the_mail_server_is_away(away)
        notices.write_due(at=NOW + 20 * DAY)
    User.objects.filter(pk=one.reader_id).update(email="new@example.org")
    notices.write_due(at=NOW + 20 * DAY + HOUR)
    letters.send_waiting(at=NOW + 21 * DAY)
    assert [letter.to for letter in mail.outbox] == [["new@example.org"]]


@pytest.mark.parametrize(
    "becomes",
    [
        {"ends_at": NOW + 30 * DAY, "cancelled_at": NOW + 21 * DAY},
        {"status": "canceled", "ends_at": NOW + 21 * DAY},
    ],
)
def test_what_nobody_needs_any_more_does_not_leave_and_comes_back_when_it_is_needed_again(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch, becomes: dict[str, Any]
) -> None:
    one = lives(billing, the_facts())
    with monkeypatch.context() as away:
        the_mail_server_is_away(away)
        notices.write_due(at=NOW + 20 * DAY)
    webhooks.record(one.reader, billing.becomes("sub_1", **becomes), at=NOW + 21 * DAY)
    assert Notice.objects.get(kind=Kind.TRIAL_FIRST).result == "not_needed"
    mail.outbox.clear()
    letters.send_waiting(at=NOW + 21 * DAY)
    assert told() == []
    if one.status == "trialing" and becomes.get("status") is None:
        kept = billing.becomes("sub_1", ends_at=None, cancelled_at=None)
        webhooks.record(one.reader, kept, at=NOW + 22 * DAY)
        mail.outbox.clear()
        notices.write_due(at=NOW + 22 * DAY)
        assert told() == ["Your free trial ends on 17 December"]
        assert Notice.objects.get(kind=Kind.TRIAL_FIRST).is_open


def test_a_later_word_takes_the_place_of_one_that_still_waits(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives(billing, the_facts())
    with monkeypatch.context() as away:
        the_mail_server_is_away(away)
        notices.write_due(at=NOW + 20 * DAY)
    mail.outbox.clear()
    notices.write_due(at=NOW + 22.6 * DAY)
    letters.send_waiting(at=NOW + 22.7 * DAY)
    assert told() == ["Your free trial ends on 17 December"]
    assert Notice.objects.get(kind=Kind.TRIAL_FIRST).result == "replaced"


def test_a_letter_that_is_being_sent_is_neither_taken_back_nor_written_twice(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = lives(billing, the_facts())
    with monkeypatch.context() as away:
        the_mail_server_is_away(away)
        notices.write_due(at=NOW + 20 * DAY)
    letter = Letter.objects.get(kind="trial_reminder")
    assert letter.claim(at=NOW + 21 * DAY)
    webhooks.record(one.reader, billing.becomes("sub_1", discounted_cents=100), at=NOW + 21 * DAY)
    notices.write_due(at=NOW + 21 * DAY)
    assert Letter.objects.filter(kind="trial_reminder").count() == 1
    letter.was_sent(at=NOW + 21 * DAY)
    notices.write_due(at=NOW + 21 * DAY + HOUR)
    assert Notice.objects.get(kind=Kind.TRIAL_FIRST).result == "sent"


def test_while_stripe_is_away_a_word_about_money_waits_six_hours_and_then_says_what_we_know(
    billing: FakeBilling,
) -> None:
    lives(billing, the_facts())
    billing.is_away = True
    assert notices.write_due(at=NOW + 20 * DAY + HOUR) == 0
    assert notices.write_due(at=NOW + 20 * DAY + 6 * HOUR) == 1


def test_stripe_is_asked_anew_before_a_word_about_money(billing: FakeBilling) -> None:
    lives(billing, the_facts())
    billing.becomes("sub_1", ends_at=NOW + 30 * DAY, cancelled_at=NOW)
    assert notices.write_due(at=NOW + 20 * DAY) == 0
    assert not Notice.objects.filter(kind=Kind.TRIAL_FIRST).exists()


def test_letters_that_were_written_before_there_was_a_ledger_are_not_written_again(billing: FakeBilling) -> None:
    expires = date(2026, 12, 10)
    one = lives(billing, paid(NOW + 300 * DAY, card_expires_on=expires))
    letters.card_expires(
        one.reader,
        last4="4242",
        expires_on=expires,
        next_charge_at=one.period_ends_at,
        occasion=f"sub_1 {expires} 0",
        at=NOW - DAY,
    )
    assert len(told()) == 1
    notices.write_due(at=NOW)
    notices.write_due(at=NOW + HOUR)
    assert len(told()) == 1
    assert Notice.objects.get(kind=Kind.CARD_FIRST).sent_at == NOW - DAY


def test_one_row_that_cannot_be_written_keeps_no_other_from_being_told(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives(billing, the_facts())
    other = the_facts(stripe_id="sub_2")
    billing.states["sub_2"] = other
    webhooks.record(a_reader("bert@example.org"), other, at=NOW)
    mail.outbox.clear()
    keep = notices.keep

    def break_for_the_first(one: Subscription, *, at: datetime) -> int:
        if one.stripe_id == "sub_1":
            raise ZeroDivisionError
        return keep(one, at=at)

    monkeypatch.setattr(notices, "keep", break_for_the_first)
    assert notices.write_due(at=NOW + 20 * DAY) == 1
    assert [letter.to for letter in mail.outbox] == [["bert@example.org"]]


# --- No charge without it --------------------------------------------------------------------------------------------


def charge_of(one: Subscription) -> datetime:
    return Subscription.objects.get(pk=one.pk).period_ends_at


def test_nothing_is_put_off_where_the_reader_was_told_in_time(billing: FakeBilling) -> None:
    lives(billing, the_facts())
    notices.write_due(at=NOW + 20 * DAY)
    for days in (23.1, 25, 29.9):
        assert putting_off.guard(at=NOW + days * DAY) == 0
    assert "put_off" not in billing.calls


def test_a_trial_goes_on_where_no_reminder_was_sent_seven_full_days_before(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = lives(billing, the_facts())
    with monkeypatch.context() as away:
        the_mail_server_is_away(away)
        notices.write_due(at=NOW + 22.6 * DAY)
        assert putting_off.guard(at=NOW + 23 * DAY) == 0
        assert putting_off.guard(at=NOW + 23 * DAY + HOUR) == 1
        assert putting_off.guard(at=NOW + 23 * DAY + 2 * HOUR) == 0
    after = Subscription.objects.get(pk=one.pk)
    assert after.is_trial
    assert after.trial_ends_at == after.period_ends_at == NOW + 34 * DAY
    assert after.put_offs.get().first_due_at == NOW + 30 * DAY
    mail.outbox.clear()
    letters.send_waiting(at=NOW + 24 * DAY)
    [letter] = [one for one in mail.outbox if one.subject == "Your free trial ends on 21 December"]
    body = " ".join(letter.body.split())
    assert "It was to end on 17 December 2026. We could not send you this message in time" in body
    assert Notice.objects.filter(kind=Kind.TRIAL_LAST, result="not_sent").count() == 1
    assert putting_off.guard(at=NOW + 33 * DAY) == 0, "this time it was told in time"


@pytest.mark.parametrize(("sent_before", "is_put_off"), [(timedelta(days=7), 0), (timedelta(days=7, seconds=-1), 1)])
def test_seven_full_days_are_seven_full_days(billing: FakeBilling, sent_before: timedelta, is_put_off: int) -> None:
    one = lives(billing, the_facts())
    notices.write_due(at=NOW + 30 * DAY - sent_before - HOUR)
    Letter.objects.filter(kind="trial_reminder").update(sent_at=one.period_ends_at - sent_before)
    Notice.objects.filter(kind=Kind.TRIAL_LAST).update(result="", sent_at=None)
    assert putting_off.guard(at=one.period_ends_at - 6 * DAY) == is_put_off


def test_a_renewal_waits_where_neither_notice_was_sent_and_is_no_second_trial(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    ends = NOW + 40 * DAY
    one = lives(billing, paid(ends))
    with monkeypatch.context() as away:
        the_mail_server_is_away(away)
        for days in (5, 24, 25):
            notices.write_due(at=NOW + days * DAY)
            assert putting_off.guard(at=NOW + days * DAY) == 0
        assert putting_off.guard(at=NOW + 25 * DAY + HOUR) == 1
    after = Subscription.objects.get(pk=one.pk)
    assert (after.status, after.put_off_from, after.is_trial, after.is_put_off) == ("trialing", ends, False, True)
    assert after.period_ends_at == ends + 4 * DAY
    assert after.put_offs.get().was_due_at == ends
    client.force_login(one.reader)
    page = client.get("/account/").content.decode()
    assert "trial" not in page.lower().replace("trialing", "")
    assert "You are a subscriber" in page
    assert "The charge was due on 27 December 2026" in page
    assert "put off to 31 December 2026" in page
    mail.outbox.clear()
    letters.send_waiting(at=NOW + 26 * DAY)
    assert "Your subscription is renewed on 31 December" in told()
    assert putting_off.guard(at=NOW + 40 * DAY) == 0


def test_it_is_put_off_again_and_again_and_after_60_days_a_person_has_to_decide(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch, settings: Any, client: Any
) -> None:
    settings.SERVER_EMAIL = "operator@viaduct.example"
    ends = NOW + 10 * DAY
    one = lives(billing, paid(ends))
    the_mail_server_is_away(monkeypatch)
    for days in range(0, 80):
        notices.write_due(at=NOW + days * DAY)
        putting_off.guard(at=NOW + days * DAY)
        assert charge_of(one) > NOW + (days + 14) * DAY
    rows = list(one.put_offs.order_by("decided_at"))
    assert len(rows) > 15
    assert {row.first_due_at for row in rows} == {ends}
    assert [row.was_due_at for row in rows[1:]] == [row.moved_to for row in rows[:-1]]
    assert Letter.objects.filter(kind="operator_cannot_be_told").count() == 1
    assert Letter.objects.filter(kind="operator_charges_put_off").count() == len(rows)
    assert Subscription.objects.get(pk=one.pk).put_off_from == ends
    assert [row.pk for row in putting_off.needs_a_person(at=NOW + 80 * DAY)] == [rows[-1].pk]


def test_while_stripe_is_away_it_is_tried_every_time_and_a_person_hears_of_it_three_days_before(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = lives(billing, the_facts())
    the_mail_server_is_away(monkeypatch)
    billing.is_away = True
    for days in (24, 25, 26.9):
        assert putting_off.guard(at=NOW + days * DAY) == 0
    assert not Letter.objects.filter(kind="operator_charge_at_risk").exists()
    assert putting_off.guard(at=NOW + 27 * DAY) == 0
    assert putting_off.guard(at=NOW + 28 * DAY) == 0
    assert Letter.objects.filter(kind="operator_charge_at_risk").count() == 1
    billing.is_away = False
    assert putting_off.guard(at=NOW + 28 * DAY) == 1
    assert charge_of(one) == NOW + 38 * DAY, "seven days and three for trying, counted from now"
    assert one.put_offs.count() == 1


def test_an_answer_that_was_lost_puts_nothing_off_twice(billing: FakeBilling, monkeypatch: pytest.MonkeyPatch) -> None:
    one = lives(billing, the_facts())
    the_mail_server_is_away(monkeypatch)
    done = billing.put_off

    def answer_is_lost(*args: Any, **kwargs: Any) -> None:
        done(*args, **kwargs)
        billing.is_away = True
        billing.subscription("sub_1")

    with monkeypatch.context() as lost:
        lost.setattr(billing, "put_off", answer_is_lost)
        assert putting_off.guard(at=NOW + 24 * DAY) == 0
    billing.is_away = False
    assert putting_off.guard(at=NOW + 25 * DAY) == 1
    assert charge_of(one) == NOW + 34 * DAY
    assert one.put_offs.get().done_at == NOW + 25 * DAY


def test_who_cancels_in_time_is_not_put_off(billing: FakeBilling, monkeypatch: pytest.MonkeyPatch) -> None:
    one = lives(billing, the_facts())
    the_mail_server_is_away(monkeypatch)
    billing.becomes("sub_1", ends_at=NOW + 30 * DAY, cancelled_at=NOW + DAY)
    assert putting_off.guard(at=NOW + 24 * DAY) == 0
    assert not one.put_offs.exists(), "Stripe knew it before us"


def test_who_cancels_after_it_was_decided_is_not_put_off(billing: FakeBilling, monkeypatch: pytest.MonkeyPatch) -> None:
    one = lives(billing, the_facts())
    the_mail_server_is_away(monkeypatch)
    billing.is_away = True
    putting_off.guard(at=NOW + 24 * DAY)
    billing.is_away = False
    billing.becomes("sub_1", ends_at=NOW + 30 * DAY, cancelled_at=NOW + 24 * DAY)
    assert putting_off.guard(at=NOW + 25 * DAY) == 0
    assert one.put_offs.get().result == "not_needed"
    assert "put_off" not in billing.calls
    webhooks.record(one.reader, billing.becomes("sub_1", ends_at=None, cancelled_at=None), at=NOW + 26 * DAY)
    assert putting_off.guard(at=NOW + 26 * DAY) == 1, "kept after all, and still untold"
    assert one.put_offs.get().result == ""


def test_a_pause_of_a_yearly_reader_lasts_until_the_notice_was_sent(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = NOW + 40 * DAY
    facts = paid(NOW - DAY, pause_starts_at=NOW - DAY, pause_ends_at=goes_on)
    one = lives(billing, replace(facts, period_ends_at=NOW + 364 * DAY))
    the_mail_server_is_away(monkeypatch)
    assert putting_off.guard(at=goes_on - 14 * DAY) == 1
    assert Subscription.objects.get(pk=one.pk).pause_ends_at == goes_on + 4 * DAY
    assert pausing.resume_due(at=goes_on) == 0


def test_monthly_readers_are_charged_without_a_notice_each_time_but_not_the_first_time(billing: FakeBilling) -> None:
    month = {"price_id": "price_month", "price_cents": 1500, "interval": "month"}
    one = lives(billing, the_facts(**month))
    assert need_of(one) is not None
    billing.becomes("sub_1", status="active", period_starts_at=NOW + 30 * DAY, period_ends_at=NOW + 61 * DAY)
    assert need_of(webhooks.record(one.reader, billing.states["sub_1"], at=NOW + 30 * DAY)) is None


def test_a_short_trial_is_charged_when_it_was_spoken_of_in_its_first_half(billing: FakeBilling) -> None:
    ends = NOW + 4 * DAY
    lives(billing, the_facts(period_ends_at=ends, trial_ends_at=ends))
    notices.write_due(at=NOW + HOUR)
    assert putting_off.guard(at=NOW + 3 * DAY) == 0


def test_a_new_price_on_sale_changes_no_notice_of_an_old_reader(billing: FakeBilling) -> None:
    lives(billing, paid(NOW + 30 * DAY))
    prices.change("year", 18000)
    notices.write_due(at=NOW)
    assert "€150.00 for one year" in mail.outbox[-1].body


# --- Any order -------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "guard", "send", "down", "up", "record", "stripe"]),
        st.integers(min_value=1, max_value=40),
    ),
    min_size=20,
    max_size=60,
)


class AnyOrder(TransactionTestCase):
    """Whatever runs when, nobody is told twice and nothing is charged untold."""

    @hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def test_any_order_of_jobs_and_restarts_tells_each_thing_once(self, steps: list[tuple[str, int]]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            billing = FakeBilling()
            patch.setattr("subscriptions.billing.gateway", lambda: billing)
            mail.outbox = []
            one = lives(billing, the_facts())
            now, is_down = NOW, False
            for what, hours in steps:
                now += hours * HOUR
                if billing.states["sub_1"].period_ends_at <= now:
                    break
                with patch.context() as mail_server:
                    if is_down:
                        the_mail_server_is_away(mail_server)
                    match what:
                        case "write":
                            notices.write_due(at=now)
                        case "guard":
                            putting_off.guard(at=now)
                        case "send":
                            letters.send_waiting(at=now, put_off_too=True)
                        case "record":
                            webhooks.record(one.reader, billing.states["sub_1"], at=now)
                        case "stripe":
                            billing.is_away = not billing.is_away
                        case "down" | "up":
                            is_down = what == "down"
            reminders = [letter.subject for letter in mail.outbox if "trial ends" in letter.subject]
            by_charge = Notice.objects.filter(kind__in=[Kind.TRIAL_FIRST, Kind.TRIAL_LAST])
            by_charge.take_note_of_what_was_sent()
            assert len(reminders) == by_charge.filter(result="sent").count()
            for charge_at in by_charge.values_list("about_at", flat=True):
                kinds = list(by_charge.filter(about_at=charge_at).values_list("kind", flat=True))
                assert len(kinds) == len(set(kinds))
            for row in one.put_offs.exclude(done_at=None):
                told_in_time = by_charge.filter(about_at=row.was_due_at, sent_at__lte=row.was_due_at - 7 * DAY)
                assert not told_in_time.exists()
