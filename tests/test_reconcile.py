"""Reconciliation: whatever was lost on the way, our rows end up saying what Stripe says, and a second run is bored."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from threading import Barrier

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from readers.models import User
from subscriptions import reconcile, webhooks
from subscriptions.access import entitlement_for
from subscriptions.billing import BillingUnavailable, SubscriptionFacts
from subscriptions.models import Customer, Finding, Reconciliation, Subscription
from subscriptions.models.reconciliation import AlreadyRunning
from tests.fakes import FakeBilling
from tests.make import NOW, TOMORROW, a_plan, a_reader, a_subscription

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at")]


def at_stripe(billing: FakeBilling, number: int, **changes: object) -> SubscriptionFacts:
    """A running subscription of customer `number`, at Stripe only."""
    facts = SubscriptionFacts(
        stripe_id=f"sub_{number}",
        customer_id=f"cus_{number}",
        status="active",
        price_id="price_year",
        price_cents=15000,
        interval="year",
        started_at=NOW - timedelta(days=10),
        period_starts_at=NOW - timedelta(days=10),
        period_ends_at=NOW + timedelta(days=355),
        card_brand="visa",
        card_last4="4242",
    )
    billing.states[facts.stripe_id] = replace(facts, **changes)  # type: ignore[arg-type]
    return billing.states[facts.stripe_id]


def a_customer(number: int) -> User:
    reader = a_reader(f"reader{number}@example.org")
    Customer.objects.create(reader=reader, stripe_id=f"cus_{number}", created_at=NOW)
    return reader


def everybody(billing: FakeBilling, how_many: int) -> list[User]:
    """Readers whose rows say what Stripe says, newest last."""
    a_plan("year")
    readers = [a_customer(number) for number in range(1, how_many + 1)]
    for number, reader in enumerate(readers, start=1):
        webhooks.record(reader, at_stripe(billing, number), at=NOW)
    mail.outbox.clear()
    billing.calls.clear()
    return readers


# --- What it mends -----------------------------------------------------------------------------------


def test_where_all_is_well_it_changes_nothing_and_asks_for_nothing_but_the_list(billing: FakeBilling) -> None:
    everybody(billing, 3)
    run = reconcile.run(at=NOW)
    assert (run.seen, run.changed_nothing, run.finished_at is not None) == (3, True, True)
    assert billing.calls == ["every_subscription"]
    assert not Finding.objects.exists()


def test_a_row_that_says_something_else_is_repaired_and_the_difference_is_kept(billing: FakeBilling) -> None:
    reader = everybody(billing, 1)[0]
    billing.becomes("sub_1", status="canceled", ends_at=NOW - timedelta(hours=1), cancelled_at=NOW - timedelta(hours=1))
    run = reconcile.run(at=NOW)
    assert (run.repaired, run.missing) == (1, 0)
    assert entitlement_for(reader, at=NOW) is None
    finding = Finding.objects.get()
    assert (finding.kind, finding.reader, finding.stripe_id) == ("repaired", reader, "sub_1")
    assert finding.changes == {
        "status": ["active", "canceled"],
        "ends_at": [None, "2026-11-17T11:00:00Z"],
        "cancelled_at": [None, "2026-11-17T11:00:00Z"],
    }
    assert "after we last asked (17 November 2026, 13:00)" in finding.why


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "past_due", "unpaid_since": NOW},
        {"period_ends_at": NOW + timedelta(days=400)},
        {"price_id": "price_month", "price_cents": 1500, "interval": "month"},
        {"card_last4": "0002"},
        {"cancelled_at": NOW, "ends_at": TOMORROW},
        {"status": "incomplete_expired"},
        {"status": "paused"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_differs_is_repaired_once(billing: FakeBilling, changes: dict[str, object]) -> None:
    everybody(billing, 1)
    facts = billing.becomes("sub_1", **changes)
    assert reconcile.run(at=NOW).repaired == 1
    assert webhooks.says_the_same(Subscription.objects.get(), facts)
    assert reconcile.run(at=TOMORROW).changed_nothing


def test_a_subscription_nobody_told_us_of_is_recorded_and_its_reader_welcomed_once(billing: FakeBilling) -> None:
    a_plan("year")
    reader = a_customer(1)
    at_stripe(billing, 1)
    run = reconcile.run(at=NOW)
    assert (run.missing, run.repaired) == (1, 0)
    assert entitlement_for(reader, at=NOW)
    assert Finding.objects.get().changes["status"] == [None, "active"]
    reconcile.run(at=TOMORROW)
    assert len(mail.outbox) == 1


def test_two_of_one_reader_become_one_and_the_second_is_given_back(billing: FakeBilling) -> None:
    a_plan("year")
    a_customer(1)
    at_stripe(billing, 1)
    at_stripe(billing, 2, customer_id="cus_1", started_at=NOW)
    assert reconcile.run(at=NOW).missing == 2
    assert Subscription.objects.live().get().stripe_id == "sub_1"
    assert billing.states["sub_2"].status == "canceled"
    assert reconcile.run(at=TOMORROW).changed_nothing


def test_the_list_is_only_a_hint(billing: FakeBilling, monkeypatch: pytest.MonkeyPatch) -> None:
    """A webhook that comes between the list and the look is not undone by what the list said."""
    reader = everybody(billing, 1)[0]
    said = [billing.becomes("sub_1", status="past_due", unpaid_since=NOW)]
    later = billing.becomes("sub_1", status="active", unpaid_since=None, period_ends_at=NOW + timedelta(days=720))
    webhooks.record(reader, later, at=NOW)
    monkeypatch.setattr(billing, "every_subscription", lambda *, starting_after="": iter([said]))
    run = reconcile.run(at=NOW)
    assert run.changed_nothing
    assert not Finding.objects.exists()
    assert Subscription.objects.get().period_ends_at == NOW + timedelta(days=720)


# --- What a person should look at --------------------------------------------------------------------


def test_a_row_that_stripe_does_not_know_is_reported_and_kept(billing: FakeBilling) -> None:
    reader = a_reader()
    a_subscription(reader, stripe_id="sub_ghost", at=NOW - timedelta(days=1))
    run = reconcile.run(at=NOW)
    assert (run.unknown, run.changed_nothing) == (1, True)
    assert Finding.objects.get().reader == reader
    assert Subscription.objects.filter(stripe_id="sub_ghost").exists()


def test_a_row_that_was_recorded_while_it_ran_is_not_called_unknown(billing: FakeBilling) -> None:
    a_subscription(a_reader(), stripe_id="sub_brand_new", at=NOW + timedelta(minutes=1))
    assert reconcile.run(at=NOW).unknown == 0


def test_a_row_that_the_list_left_out_is_asked_for_by_its_number(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody(billing, 1)
    billing.becomes("sub_1", status="canceled", ends_at=NOW)
    monkeypatch.setattr(billing, "every_subscription", lambda *, starting_after="": iter([]))
    run = reconcile.run(at=TOMORROW)
    assert (run.unknown, run.repaired) == (0, 1)


def test_a_subscription_of_nobody_we_know_is_reported_and_matched_by_nothing(billing: FakeBilling) -> None:
    a_plan("year")
    a_reader("reader1@example.org")
    at_stripe(billing, 1)
    run = reconcile.run(at=NOW)
    assert (run.strangers, Finding.objects.get().kind) == (1, "stranger")
    assert not Subscription.objects.exists()


def test_what_only_a_person_can_settle_is_one_line_however_often_it_is_found(billing: FakeBilling) -> None:
    at_stripe(billing, 1)
    a_subscription(a_reader(), stripe_id="sub_ghost", at=NOW - timedelta(days=1))
    for day in range(3):
        last = reconcile.run(at=NOW + timedelta(days=day))
    assert (last.strangers, last.unknown) == (1, 1)
    assert Finding.objects.count() == 2
    assert {finding.reconciliation for finding in Finding.objects.all()} == {last}
    assert {finding.found_at.date() for finding in Finding.objects.all()} == {NOW.date()}


def test_one_that_cannot_be_recorded_does_not_keep_the_others_from_it(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody(billing, 3)
    for number in (1, 2, 3):
        billing.becomes(f"sub_{number}", card_last4="0002")
    record = webhooks.record

    def stumbling(reader: User, facts: SubscriptionFacts, *, at: datetime) -> Subscription:
        if facts.stripe_id == "sub_2":
            raise ValueError("a row like no other")
        return record(reader, facts, at=at)

    monkeypatch.setattr(webhooks, "record", stumbling)
    run = reconcile.run(at=NOW)
    assert (run.repaired, run.failed) == (2, 1)
    assert Finding.objects.get(kind="failed").why == "ValueError: a row like no other"


def test_with_the_key_of_another_account_it_asks_for_some_rows_and_stops_wondering(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "ASKED_ABOUT_AT_MOST", 2)
    for number in range(5):
        a_subscription(a_reader(f"r{number}@example.org"), stripe_id=f"sub_{number}", at=NOW - timedelta(days=1))
    run = reconcile.run(at=NOW)
    assert billing.calls.count("subscription") == 2
    assert "3 more of our rows" in run.remark


# --- Interrupted, resumed, and one at a time ---------------------------------------------------------


def goes_away_after(billing: FakeBilling, seen: int) -> Callable[[int], None]:
    def progress(so_far: int) -> None:
        billing.is_away = so_far >= seen

    return progress


def test_stripe_goes_away_in_the_middle_and_the_next_run_goes_on_from_there(billing: FakeBilling) -> None:
    everybody(billing, 6)
    billing.page_size = 2
    for number in range(1, 7):
        billing.becomes(f"sub_{number}", card_last4="0002")
    with pytest.raises(BillingUnavailable):
        reconcile.run(at=NOW, progress=goes_away_after(billing, 2))
    stopped = Reconciliation.objects.get()
    assert (stopped.finished_at, stopped.seen, stopped.repaired, stopped.last_seen) == (None, 2, 2, "sub_5")
    assert stopped.remark.startswith("Stopped after 2. BillingUnavailable")
    billing.is_away = False
    billing.calls.clear()
    run = reconcile.run(at=NOW + timedelta(hours=1))
    assert run.pk == stopped.pk
    assert (run.seen, run.repaired, run.remark) == (6, 6, "")
    assert billing.calls.count("every_subscription") == 2
    assert run.unknown == 0, "what was met before the interruption counts as met"
    assert reconcile.run(at=TOMORROW).changed_nothing


def test_a_page_that_was_half_done_is_done_again_and_nothing_is_counted_twice(billing: FakeBilling) -> None:
    everybody(billing, 4)
    for number in range(1, 5):
        billing.becomes(f"sub_{number}", card_last4="0002")
    ask = billing.subscription

    def twice_and_no_more(stripe_id: str) -> SubscriptionFacts:
        billing.is_away = billing.calls.count("subscription") >= 2
        return ask(stripe_id)

    billing.subscription = twice_and_no_more  # type: ignore[method-assign]
    with pytest.raises(BillingUnavailable):
        reconcile.run(at=NOW)
    billing.subscription, billing.is_away = ask, False  # type: ignore[method-assign]
    run = reconcile.run(at=NOW)
    assert (run.seen, run.repaired) == (4, 4)


def test_an_interruption_of_any_kind_lets_the_next_one_go_on_at_once(billing: FakeBilling) -> None:
    everybody(billing, 2)

    def interrupted(so_far: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reconcile.run(at=NOW, progress=interrupted)
    assert reconcile.run(at=NOW).finished_at


def test_an_interruption_of_yesterday_is_no_reason_to_skip_what_was_seen_yesterday(billing: FakeBilling) -> None:
    everybody(billing, 4)
    billing.page_size = 2
    with pytest.raises(BillingUnavailable):
        reconcile.run(at=NOW, progress=goes_away_after(billing, 2))
    billing.is_away = False
    billing.becomes("sub_4", card_last4="0002")
    run = reconcile.run(at=TOMORROW)
    assert (run.seen, run.repaired, run.started_at) == (4, 1, TOMORROW)


def test_a_second_one_at_the_same_time_is_refused(billing: FakeBilling) -> None:
    everybody(billing, 1)
    refused = []

    def another(so_far: int) -> None:
        with pytest.raises(AlreadyRunning):
            reconcile.run(at=NOW)
        refused.append(so_far)

    assert reconcile.run(at=NOW, progress=another).finished_at
    assert refused == [1]
    assert Reconciliation.objects.count() == 1


def test_one_whose_process_died_is_taken_over_after_five_minutes(billing: FakeBilling) -> None:
    everybody(billing, 1)
    dead = Reconciliation.objects.take(at=NOW)
    with pytest.raises(AlreadyRunning):
        reconcile.run(at=NOW + timedelta(minutes=4))
    assert reconcile.run(at=NOW + timedelta(minutes=5)).pk == dead.pk
    with pytest.raises(AlreadyRunning):
        dead.note(seen=99)


@pytest.mark.postgres
def test_of_twenty_that_begin_at_the_same_moment_one_runs(billing: FakeBilling) -> None:
    everybody(billing, 2)
    barrier = Barrier(20)

    def begin(number: int) -> bool:
        try:
            barrier.wait()
            Reconciliation.objects.take(at=NOW)
        except AlreadyRunning:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(begin, range(20))).count(True) == 1
    assert Reconciliation.objects.count() == 1


def test_the_database_holds_one_unfinished_run(billing: FakeBilling) -> None:
    Reconciliation.objects.create(started_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reconciliation.objects.create(started_at=NOW)
    Reconciliation.objects.create(started_at=NOW, finished_at=NOW)
    Reconciliation.objects.create(started_at=NOW, finished_at=NOW)


def test_a_page_on_which_nothing_differs_costs_five_queries(
    billing: FakeBilling, django_assert_max_num_queries
) -> None:
    everybody(billing, 3)
    page = next(billing.every_subscription())
    walk = Reconciliation.objects.take(at=NOW)
    with django_assert_max_num_queries(7):  # rows, customers, what was met (asked, written), how far; BEGIN, COMMIT
        reconcile._compare(walk, page, lambda: NOW)
        walk.note(last_seen="sub_1", seen=3)


# --- The command -------------------------------------------------------------------------------------


def test_the_command_says_what_it_did_and_then_that_there_was_nothing_to_do(billing: FakeBilling) -> None:
    everybody(billing, 2)
    billing.becomes("sub_2", card_last4="0002")
    first, second = StringIO(), StringIO()
    call_command("reconcile", stdout=first)
    call_command("reconcile", stdout=second)
    assert "Compared with 2 subscriptions" in first.getvalue()
    assert "1 repaired, 0 were missing" in first.getvalue()
    assert "Nothing had to be changed." in second.getvalue()


def test_the_command_says_so_while_stripe_is_away(billing: FakeBilling) -> None:
    everybody(billing, 1)
    billing.is_away = True
    with pytest.raises(CommandError, match="Run this again later; it goes on from there") as stopped:
        call_command("reconcile", stdout=StringIO())
    assert stopped.value.returncode == 1


def test_the_command_refuses_to_run_twice_at_once(billing: FakeBilling) -> None:
    Reconciliation.objects.take(at=NOW)
    with pytest.raises(CommandError, match="Another reconciliation is running"):
        call_command("reconcile", stdout=StringIO())


# --- The desk ----------------------------------------------------------------------------------------


def test_the_desk_sees_what_changed_and_why_and_changes_nothing(client: Client, billing: FakeBilling) -> None:
    reader = everybody(billing, 1)[0]
    billing.becomes("sub_1", status="past_due", unpaid_since=NOW)
    run = reconcile.run(at=NOW)
    client.force_login(a_reader("root@example.org", is_staff=True, is_superuser=True))
    run_page = client.get(f"/admin/subscriptions/reconciliation/{run.pk}/change/")
    assert f"/admin/subscriptions/finding/?reconciliation__id__exact={run.pk}" in run_page.content.decode()
    found = client.get("/admin/subscriptions/finding/", {"reconciliation__id__exact": run.pk}).content.decode()
    assert reader.email in found
    assert "status: active → past_due<br>unpaid_since: nothing → 17 November 2026, 13:00" in found
    assert "no word of it had reached us" in found
    assert client.get("/admin/subscriptions/finding/", {"q": "sub_1"}).context["cl"].result_count == 1
    finding = f"/admin/subscriptions/finding/{Finding.objects.get().pk}"
    assert client.get(f"{finding}/change/").status_code == 200
    assert client.post(f"{finding}/change/", {"why": "x"}).status_code == 403
    assert client.post(f"{finding}/delete/").status_code == 403
