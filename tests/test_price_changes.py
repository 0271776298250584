"""Another price for those who subscribe already: told first, with a way out, and only then charged."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from readers.models import Letter, User
from subscriptions import notices, price_changes, webhooks
from subscriptions.billing import SubscriptionFacts
from subscriptions.models import Notice, Plan, PriceChange, Repricing, Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, a_plan, a_reader

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at")]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Midnight in Brussels.
FROM = datetime(2026, 12, 31, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def plans() -> tuple[Plan, Plan]:
    return a_plan("year", lookup_key="year-15000"), a_plan("month", lookup_key="month-1500")


def lives(billing: FakeBilling, name: str, ends: datetime, interval: str = "year", **changes: Any) -> Subscription:
    """Somebody whose paid period ends then."""
    facts = SubscriptionFacts(
        **{
            "stripe_id": f"sub_{name}",
            "customer_id": f"cus_{name}",
            "status": "active",
            "price_id": f"price_{interval}",
            "price_cents": 15000 if interval == "year" else 1500,
            "interval": interval,
            "started_at": ends - timedelta(days=365 if interval == "year" else 31),
            "period_starts_at": ends - timedelta(days=365 if interval == "year" else 31),
            "period_ends_at": ends,
        }
        | changes
    )
    billing.states[facts.stripe_id] = facts
    reader = User.objects.filter(email=f"{name}@example.org").first() or a_reader(f"{name}@example.org")
    one = webhooks.record(reader, facts, at=NOW)
    mail.outbox.clear()
    return one


def announce(*words: str) -> str:
    said = StringIO()
    call_command("announce_price_change", *(words or ("year", "18000", "--from", "2027-01-01")), stdout=said)
    return said.getvalue()


def the_worker_works(at: datetime) -> None:
    notices.write_due(at=at)
    price_changes.apply_due(at=at)


def price_of(one: Subscription) -> int:
    return Subscription.objects.select_related("plan").get(pk=one.pk).plan.price_cents


def test_a_reader_is_told_a_month_before_and_only_then_is_the_price_changed(billing: FakeBilling) -> None:
    one = lives(billing, "anna", NOW + 100 * DAY)
    assert "1 subscriptions" in announce()
    assert price_of(one) == 15000
    assert "reprice" not in billing.calls
    the_worker_works(NOW + HOUR)
    body = " ".join(mail.outbox[0].body.split())
    assert mail.outbox[0].subject == "The price of your subscription changes on 25 February 2027"
    assert "Now €150.00 per year" in body
    assert "New €180.00 per year" in body
    assert "cancel at any time before 25 February 2027" in body
    assert "/account/cancel/" in body
    assert billing.states["sub_anna"].price_id == "price_year_18000"
    assert price_of(one) == 18000
    assert len(mail.outbox) == 1, "it is no switch of the reader's"
    assert Repricing.objects.get().changed_at == NOW + HOUR


def test_a_new_price_on_sale_alone_changes_nothing_for_anybody(billing: FakeBilling) -> None:
    one = lives(billing, "anna", NOW + 40 * DAY)
    call_command("new_price", "year", "18000", stdout=StringIO())
    the_worker_works(NOW + HOUR)
    assert price_of(one) == 15000
    assert "reprice" not in billing.calls


@pytest.mark.parametrize(
    ("interval", "ends_in_days", "first_charge"),
    [
        # The next charge is too soon, or before the day: the one after it.
        ("month", 20, "2027-01-07"),
        ("month", 44, "2027-01-31"),
        ("month", 45, "2027-01-01"),
        ("year", 29, "2027-12-16"),
        ("year", 60, "2027-01-16"),
    ],
)
def test_the_first_charge_at_the_new_price_is_after_the_day_and_a_month_after_the_notice(
    billing: FakeBilling, interval: str, ends_in_days: int, first_charge: str
) -> None:
    lives(billing, "anna", NOW + ends_in_days * DAY, interval)
    announce(interval, "1800" if interval == "month" else "18000", "--from", "2027-01-01")
    assert Repricing.objects.get().first_charge_at.date().isoformat() == first_charge


def test_a_price_that_is_due_after_the_next_renewal_is_set_after_it(billing: FakeBilling) -> None:
    one = lives(billing, "anna", NOW + 20 * DAY, "month")
    announce("month", "1800", "--from", "2026-12-01")
    the_worker_works(NOW + HOUR)
    assert len(mail.outbox) == 1
    assert price_of(one) == 1500, "the next charge is still at the old price"
    billing.becomes("sub_anna", period_starts_at=NOW + 20 * DAY, period_ends_at=NOW + 51 * DAY)
    webhooks.record(one.reader, billing.states["sub_anna"], at=NOW + 20 * DAY)
    the_worker_works(NOW + 20 * DAY + HOUR)
    assert price_of(one) == 1800
    assert len(mail.outbox) == 1


def test_where_the_notice_does_not_leave_the_old_price_is_charged_once_more(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = lives(billing, "anna", NOW + 50 * DAY, "month")
    announce("month", "1800", "--from", "2026-12-01")

    def refuse(*args: Any, **kwargs: Any) -> int:
        raise ConnectionError("nobody listens")

    with monkeypatch.context() as away:
        away.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        for days in (0, 10, 19, 20.1, 21):
            the_worker_works(NOW + days * DAY)
    assert price_of(one) == 1500
    assert Repricing.objects.get().first_charge_at == datetime(2027, 2, 6, 12, tzinfo=UTC)
    mail.outbox.clear()
    the_worker_works(NOW + 22 * DAY)
    assert Letter.objects.filter(kind="price_change", withdrawn=False).count() == 1
    assert Notice.objects.filter(kind="price_change").exclude(result="").get().result == "not_sent"


def test_a_notice_that_would_be_late_is_not_written_but_one_about_the_next_charge(billing: FakeBilling) -> None:
    one = lives(billing, "anna", NOW + 40 * DAY, "month")
    announce("month", "1800", "--from", "2026-12-01")
    assert Repricing.objects.get().first_charge_at == one.period_ends_at
    notices.write_due(at=NOW + 10 * DAY + HOUR)
    assert mail.outbox == [], "no worker for ten days"
    the_worker_works(NOW + 10 * DAY + HOUR)
    assert [letter.subject for letter in mail.outbox] == ["The price of your subscription changes on 27 January 2027"]


@pytest.mark.parametrize(("days", "first_charge"), [(32, "2027-01-19"), (33, "2026-12-20")])
def test_there_is_time_to_try_the_mail_server_again(billing: FakeBilling, days: int, first_charge: str) -> None:
    lives(billing, "anna", NOW + days * DAY, "month")
    announce("month", "1800", "--from", "2026-12-01")
    assert Repricing.objects.get().first_charge_at.date().isoformat() == first_charge


def test_a_free_trial_is_charged_what_was_agreed_when_it_ends(billing: FakeBilling) -> None:
    ends = NOW + 29 * DAY
    lives(billing, "anna", ends, status="trialing", trial_ends_at=ends, started_at=NOW)
    announce("year", "18000", "--from", "2026-11-18")
    assert Repricing.objects.get().first_charge_at.date().isoformat() == "2027-12-16"


def test_who_cancels_pays_nothing_and_who_stays_after_all_is_told_again(billing: FakeBilling) -> None:
    one = lives(billing, "anna", NOW + 100 * DAY)
    announce()
    webhooks.record(one.reader, billing.becomes("sub_anna", ends_at=NOW + 100 * DAY, cancelled_at=NOW), at=NOW)
    mail.outbox.clear()
    the_worker_works(NOW + HOUR)
    assert mail.outbox == []
    assert price_of(one) == 15000
    webhooks.record(one.reader, billing.becomes("sub_anna", ends_at=None, cancelled_at=None), at=NOW + 2 * HOUR)
    mail.outbox.clear()
    the_worker_works(NOW + 3 * HOUR)
    assert price_of(one) == 18000
    assert len(mail.outbox) == 1
    ended = lives(billing, "bert", NOW + 100 * DAY)
    announce()
    webhooks.record(ended.reader, billing.becomes("sub_bert", status="canceled", ends_at=NOW), at=NOW)
    the_worker_works(NOW + 4 * HOUR)
    assert Repricing.objects.get(subscription=ended).left_at == NOW + 4 * HOUR


def test_who_goes_over_to_another_plan_is_not_changed_back(billing: FakeBilling) -> None:
    one = lives(billing, "anna", NOW + 100 * DAY)
    announce()
    month = billing.becomes("sub_anna", price_id="price_month", price_cents=1500, interval="month")
    webhooks.record(one.reader, month, at=NOW)
    the_worker_works(NOW + HOUR)
    assert price_of(one) == 1500
    assert Repricing.objects.get().left_at is not None


def test_announced_twice_or_interrupted_everybody_is_told_once(
    billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("anna", "bert", "carl"):
        lives(billing, name, NOW + 100 * DAY)
    add, seen = price_changes._add, []

    def stop_at_the_second(*args: Any, **kwargs: Any) -> None:
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt
        add(*args, **kwargs)

    with monkeypatch.context() as interrupted:
        interrupted.setattr(price_changes, "_add", stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            announce()
    assert not PriceChange.objects.get().is_complete
    the_worker_works(NOW + HOUR)
    for _ in range(2):
        announce()
        the_worker_works(NOW + 2 * HOUR)
    assert PriceChange.objects.get().is_complete
    assert Repricing.objects.exclude(changed_at=None).count() == 3
    assert sorted(letter.to[0].partition("@")[0] for letter in mail.outbox) == ["anna", "bert", "carl"]


def test_while_stripe_is_away_the_old_price_stays_and_it_is_tried_again(billing: FakeBilling) -> None:
    one = lives(billing, "anna", NOW + 100 * DAY)
    announce()
    notices.write_due(at=NOW + HOUR)
    billing.is_away = True
    assert price_changes.apply_due(at=NOW + HOUR) == 0
    billing.is_away = False
    assert price_changes.apply_due(at=NOW + 2 * HOUR) == 1
    assert price_changes.apply_due(at=NOW + 3 * HOUR) == 0
    assert price_of(one) == 18000


def test_the_price_is_made_at_stripe_and_not_put_on_sale(billing: FakeBilling) -> None:
    announce()
    assert not Plan.objects.get(price_cents=18000).is_on_sale
    assert Plan.objects.on_sale().get(interval="year").price_cents == 15000


@pytest.mark.parametrize(
    "words",
    [
        ("year", "0", "--from", "2027-01-01"),
        ("year", "18000", "--from", "2026-11-17"),
        ("year", "18000", "--from", "soon"),
        ("week", "500", "--from", "2027-01-01"),
    ],
)
def test_nonsense_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        announce(*words)
    assert not PriceChange.objects.exists()


def test_the_desk_sees_how_many_were_told_changed_and_have_left(billing: FakeBilling, client: Client) -> None:
    for name in ("anna", "bert"):
        lives(billing, name, NOW + 100 * DAY)
    lives(billing, "carl", NOW + 20 * DAY, "month")
    announce()
    the_worker_works(NOW + HOUR)
    notices.write_due(at=NOW + 2 * HOUR)
    client.force_login(a_reader("boss@example.org", is_staff=True, is_superuser=True))
    page = client.get("/admin/subscriptions/pricechange/").content.decode()
    for name, count in (("concerned", 2), ("told", 2), ("changed", 2), ("left", 0)):
        assert f'class="field-{name}">{count}<' in page
    for place in ("pricechange", "repricing", "notice", "putoff"):
        assert client.get(f"/admin/subscriptions/{place}/").status_code == 200
    change = PriceChange.objects.get()
    page = client.get(f"/admin/subscriptions/pricechange/{change.pk}/change/").content.decode()
    assert f"repricing/?change__id__exact={change.pk}" in page
    assert client.get(f"/admin/subscriptions/repricing/?change__id__exact={change.pk}").status_code == 200
