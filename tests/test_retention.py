"""Nothing is kept longer than it is needed; what is still needed is never touched."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as project
from django.contrib.sessions.models import Session
from django.test import Client

from edge.personal_data import Anonymise, Keep, days, years
from readers.models import NOWHERE, Letter, SignInLink, User
from rights import erasure, retention
from rights.inventory import entries
from rights.models import RetentionRun
from subscriptions.models import CheckoutAttempt, Refund, StripeEvent, Subscription, TrialUse
from tests.everything import a_reader_with_everything, a_row
from tests.make import NOW, a_reader, somebody_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
SECOND = timedelta(seconds=1)


def named(name: str) -> retention.Duty:
    return next(duty for duty in retention.duties() if duty.name == name)


def a_letter(reader: User, **fields: Any) -> Letter:
    given = {"kind": "welcome", "to": reader.email, "occasion": "1", "subject": "s", "text": "t", "html": "h"}
    return Letter.objects.create(reader=reader, **given | {"written_at": NOW, "sent_at": NOW} | fields)


# --- Terms -----------------------------------------------------------------------------------------------------------


def test_days_are_counted_from_the_moment() -> None:
    assert days("KEEP_RUNS_DAYS").cutoff(at=NOW) == NOW - timedelta(days=14)
    assert days("KEEP_RUNS_DAYS").ends(NOW) == NOW + timedelta(days=14)


@pytest.mark.parametrize(
    ("happened", "kept_until"),
    [
        (datetime(2026, 1, 1, 0, 0, tzinfo=UTC), datetime(2033, 12, 31, 23, 0, tzinfo=UTC)),
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), datetime(2033, 12, 31, 23, 0, tzinfo=UTC)),
        # In Brussels the new year has begun.
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), datetime(2034, 12, 31, 23, 0, tzinfo=UTC)),
    ],
)
def test_years_are_counted_from_the_end_of_the_brussels_calendar_year(happened: datetime, kept_until: datetime) -> None:
    term = years("KEEP_BOOKS_YEARS")
    assert term.ends(happened) == kept_until
    assert not happened < term.cutoff(at=kept_until - SECOND)
    assert happened < term.cutoff(at=kept_until)


# --- The rules -------------------------------------------------------------------------------------------------------


def test_whatever_outlives_an_account_has_an_end() -> None:
    endless = [
        entry.label
        for entry in entries()
        if entry.data.is_of_readers and isinstance(entry.data.on_deletion, Keep | Anonymise)
        if not entry.data.deleted_by
    ]
    assert not endless


@pytest.mark.parametrize("duty", retention.duties(), ids=lambda duty: duty.name)
def test_each_rule_can_be_asked_and_says_why(duty: retention.Duty) -> None:
    assert duty.due(NOW).count() == 0
    assert duty.oldest(at=NOW) is None
    assert all(str(words) for words in (duty.what, duty.since, duty.why, duty.term_in_words))


def test_the_words_of_a_letter_go_after_two_years_and_the_row_stays() -> None:
    reader = a_reader()
    old = a_letter(reader, written_at=NOW - timedelta(days=730, seconds=1))
    young = a_letter(reader, occasion="2", written_at=NOW - timedelta(days=730))
    retention.carry_out(at=NOW)
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.text, old.html, old.kind) == ("", "", "welcome")
    assert young.text == "t"


def test_what_stripe_sent_is_emptied_and_what_nobody_has_handled_is_not() -> None:
    old = NOW - timedelta(days=91)
    handled = StripeEvent.objects.create(stripe_id="1", kind="k", payload={"a": 1}, received_at=old, handled_at=old)
    waiting = StripeEvent.objects.create(stripe_id="2", kind="k", payload={"a": 1}, received_at=old)
    retention.carry_out(at=NOW)
    handled.refresh_from_db()
    waiting.refresh_from_db()
    assert (handled.payload, waiting.payload) == ({}, {"a": 1})
    retention.carry_out(at=NOW + timedelta(days=400))
    assert list(StripeEvent.objects.values_list("stripe_id", flat=True)) == ["2"]


def test_orders_that_came_to_nothing_go_after_ninety_days() -> None:
    reader = a_reader()
    a_row(CheckoutAttempt, reader, completed_at=None, started_at=NOW - timedelta(days=91))
    a_row(CheckoutAttempt, reader, completed_at=NOW, started_at=NOW - timedelta(days=91))
    retention.carry_out(at=NOW)
    assert CheckoutAttempt.objects.get().completed_at == NOW


def test_a_running_subscription_is_never_touched_however_old() -> None:
    reader = a_reader()
    a_row(Subscription, reader, status="active", ends_at=None, started_at=NOW - timedelta(days=20_000))
    retention.carry_out(at=NOW)
    assert Subscription.objects.exists()


def test_books_go_after_their_term_and_the_contract_s_rows_after_theirs() -> None:
    reader = a_reader_with_everything()
    retention.carry_out(at=datetime(2033, 12, 31, 22, tzinfo=UTC))
    assert Refund.objects.exists()
    retention.carry_out(at=datetime(2033, 12, 31, 23, tzinfo=UTC))
    assert not Refund.objects.exists()
    assert Subscription.objects.filter(reader=reader).exists()
    retention.carry_out(at=datetime(2036, 12, 31, 23, tzinfo=UTC))
    assert not Subscription.objects.exists()


def test_what_is_left_of_a_deleted_account_goes_with_the_last_thing_tied_to_it() -> None:
    reader = a_reader_with_everything()
    erasure.erase(reader, at=NOW)
    assert User.objects.filter(email__endswith=NOWHERE).exists()
    late = datetime(2037, 1, 2, tzinfo=UTC)
    retention.carry_out(at=late)
    retention.carry_out(at=late)
    assert not User.objects.filter(email__endswith=NOWHERE).exists()
    assert not [entry.label for entry in entries() if entry.data.whose == "reader" and entry.model.objects.exists()]


def test_a_trial_is_forgotten_after_three_years_and_only_of_deleted_accounts() -> None:
    old = NOW - timedelta(days=3 * 365, seconds=1)
    TrialUse.objects.create(mailbox="x" * 64, used_at=old)
    TrialUse.objects.create(mailbox="bob@example.org", used_at=old, reader=a_reader())
    retention.carry_out(at=NOW)
    assert TrialUse.objects.get().mailbox == "bob@example.org"


def test_expired_links_are_forgotten() -> None:
    SignInLink.objects.make(a_reader(), at=NOW, lasts=timedelta(minutes=15))
    retention.carry_out(at=NOW + timedelta(days=29))
    assert SignInLink.objects.exists()
    retention.carry_out(at=NOW + timedelta(days=31))
    assert not SignInLink.objects.exists()


def test_an_unproved_address_goes_and_a_proved_one_stays() -> None:
    User.objects.create_user("typed@example.org", date_joined=NOW - timedelta(days=3))
    a_reader(date_joined=NOW - timedelta(days=3))
    retention.carry_out(at=NOW)
    assert list(User.objects.values_list("email", flat=True)) == ["bob@example.org"]


def test_forms_left_lying_go_after_a_day_and_whoever_is_signed_in_stays_so(client: Client) -> None:
    client.post("/accounts/login/code/", {"email": "typed@example.org"})
    bob = Client()
    bob.force_login(a_reader())
    lasts = timedelta(seconds=project.SESSION_COOKIE_AGE)
    Session.objects.update(expire_date=NOW + lasts - timedelta(days=1))
    retention.carry_out(at=NOW)
    assert Session.objects.count() == 2
    UserSession.objects.all().delete()
    Session.objects.update(expire_date=NOW + lasts - timedelta(days=1, seconds=1))
    retention.carry_out(at=NOW)
    assert ["_auth_user_id" in one.get_decoded() for one in Session.objects.all()] == [True]


def test_the_list_of_devices_forgets_what_is_over() -> None:
    reader = a_reader()
    a_row(UserSession, reader, session_key="gone")
    retention.carry_out(at=NOW)
    assert not UserSession.objects.exists()


# --- How it is done --------------------------------------------------------------------------------------------------


def test_many_rows_go_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for number in range(10):
        StripeEvent.objects.create(
            stripe_id=str(number), kind="k", payload={}, received_at=NOW, handled_at=NOW - timedelta(days=401)
        )
    assert named("subscriptions.StripeEvent by handled_at").carry_out(at=NOW) == 10


def test_what_something_kept_points_to_stays_and_does_not_hold_up_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    ended = NOW - timedelta(days=365 * 12)
    held, _free = (
        a_row(Subscription, a_reader(email), status="canceled", ends_at=ended)
        for email in ("anna@example.org", "bob@example.org")
    )
    a_row(Refund, a_reader("carl@example.org"), subscription=held, asked_at=NOW)
    retention.carry_out(at=NOW)
    assert list(Subscription.objects.all()) == [held]


def test_many_that_stay_do_not_go_round_in_circles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    for email in ("anna@example.org", "bob@example.org", "carl@example.org"):
        Client().force_login(a_reader(email))
    UserSession.objects.all().delete()
    Session.objects.update(expire_date=NOW + timedelta(days=1))
    assert named("unfinished sign-ins").carry_out(at=NOW) == 0
    assert Session.objects.count() == 3


def test_carrying_out_twice_changes_nothing_more() -> None:
    a_letter(a_reader(), written_at=NOW - timedelta(days=800))
    retention.carry_out(at=NOW)
    assert retention.carry_out(at=NOW).startswith("0 forgotten")


def test_one_rule_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    SignInLink.objects.make(a_reader(), at=NOW - timedelta(days=60), lasts=timedelta(minutes=15))

    def breaks(*, at: datetime) -> Any:
        raise RuntimeError("Broken.")

    monkeypatch.setattr("rights.sessions.left_lying", breaks)
    with pytest.raises(RuntimeError):
        retention.carry_out(at=NOW)
    assert not SignInLink.objects.exists()


def test_a_run_is_noted_for_each_rule() -> None:
    a_letter(a_reader(), written_at=NOW - timedelta(days=800))
    retention.carry_out(at=NOW)
    retention.carry_out(at=NOW + timedelta(hours=24))
    assert RetentionRun.objects.count() == len(retention.duties())
    run = RetentionRun.objects.get(rule="readers.Letter.text.html.last_error")
    assert (run.count, run.total) == (0, 1)


# --- Where it is shown -----------------------------------------------------------------------------------------------


def test_a_dry_run_counts_and_changes_nothing(client: Client) -> None:
    client.force_login(a_reader("root@example.org", is_staff=True, is_superuser=True))
    old = a_letter(a_reader(), written_at=NOW - timedelta(days=800))
    found = {one.duty.name: one for one in retention.dry_run(at=NOW)}["readers.Letter.text.html.last_error"]
    assert (found.count, found.oldest, found.last) == (1, old.written_at, None)
    page = client.get("/admin/rights/retentionrun/?dry").content.decode()
    assert "This was a dry run: nothing has changed." in page
    old.refresh_from_db()
    assert old.text == "t"


def test_only_administrators_see_it(client: Client) -> None:
    client.force_login(somebody_in("Subscription desk"))
    assert client.get("/admin/rights/retentionrun/").status_code == 403


def test_everybody_can_read_the_same_table_for_the_query_of_the_footer(
    client: Client, django_assert_num_queries: Any, settings: Any
) -> None:
    settings.KEEP_LETTERS_DAYS = 123
    with django_assert_num_queries(2):
        response = client.get("/privacy/retention/")
    page = response.content.decode()
    assert response["Cache-Control"].startswith("public")
    assert "123 days after it was written" in page
    for duty in retention.duties():
        assert str(duty.why) in page.replace("&#x27;", "'")
