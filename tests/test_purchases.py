"""What is paid once: one page however often the button is pressed, access when it is paid, and money back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from readers.models import User
from subscriptions import leaving, purchases, student_years, webhooks
from subscriptions.access import entitlement_for
from subscriptions.billing import BillingUnavailable, EventFacts
from subscriptions.models import Contract, Grant, Purchase
from tests.fakes import FakeBilling
from tests.make import NOW, TOMORROW, a_customer, a_grant, a_reader, somebody_in

pytestmark = pytest.mark.django_db
SHOWN = "<dl><div><dt>You order</dt><dd>One year</dd></div></dl>"


def begun(reader: User, *, cents: int = 3000, shown: str = SHOWN, at: Any = NOW) -> tuple[Purchase, str]:
    return purchases.start(
        reader, "student", cents=cents, reason="Ghent", shown_html=shown, back_url="https://n.example/back/", at=at
    )


def event(purchase: Purchase, kind: str = "checkout.session.completed", number: int = 1) -> EventFacts:
    return EventFacts(f"evt_{number}", kind, "cus_bob", "", purchase.stripe_session_id, {})


def test_however_often_the_button_is_pressed_there_is_one_page(billing: FakeBilling) -> None:
    reader = a_customer()
    first, address = begun(reader)
    again, same = begun(reader)
    assert (first, address) == (again, same)
    assert billing.calls.count("open_payment") == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Purchase.objects.create(reader=reader, kind="student", cents=1, shown_html="", shown_hash="", ordered_at=NOW)


def test_another_price_closes_the_page_of_the_first(billing: FakeBilling) -> None:
    reader = a_customer()
    first, _ = begun(reader)
    second, _ = begun(reader, cents=3500, shown=SHOWN + "!")
    assert billing.sessions[first.stripe_session_id].status == "expired"
    assert second != first
    first.refresh_from_db()
    assert first.closed_at == NOW


def test_a_page_that_was_paid_a_moment_ago_is_not_paid_a_second_time(billing: FakeBilling) -> None:
    reader = a_customer()
    first, _ = begun(reader)
    billing.pay_once(first.stripe_session_id)
    paid, address = begun(reader, cents=3500, shown=SHOWN + "!")
    assert (paid, address) == (first, "")
    assert Grant.objects.count() == 1


@pytest.mark.parametrize("who_is_first", ["event", "return"])
def test_the_year_begins_when_it_is_paid_whoever_tells_first(
    who_is_first: str, billing: FakeBilling, django_capture_on_commit_callbacks: Any
) -> None:
    reader = a_customer()
    purchase, _ = begun(reader)
    billing.pay_once(purchase.stripe_session_id)
    with django_capture_on_commit_callbacks(execute=True):
        steps = [lambda: webhooks.handle(event(purchase), at=NOW), lambda: purchases.finish(purchase, at=NOW)]
        for step in steps if who_is_first == "event" else reversed(steps):
            step()
    grant = Grant.objects.get()
    assert (grant.kind, grant.reason, grant.granted_by) == ("student", "Ghent", None)
    assert entitlement_for(reader, at=grant.ends_at - timedelta(seconds=1))
    contract = Contract.objects.get()
    assert (contract.price_cents, contract.channel, contract.shown_html) == (3000, "web", SHOWN)
    assert len(mail.outbox) == 1
    assert "€30" in mail.outbox[0].body


def test_a_debit_gives_access_when_it_arrives_and_none_when_it_comes_back(billing: FakeBilling) -> None:
    for email, kind, reads in (("a@example.org", "succeeded", True), ("b@example.org", "failed", False)):
        reader = a_customer(email, f"cus_{email}")
        purchase, _ = begun(reader)
        billing.pay_once(purchase.stripe_session_id, "unpaid")
        webhooks.handle(event(purchase, number=len(email) + purchase.reader_id), at=NOW)
        purchase.refresh_from_db()
        assert purchase.is_pending
        assert begun(reader) == (purchase, "")
        assert entitlement_for(reader, at=NOW) is None
        if reads:
            session = billing.sessions[purchase.stripe_session_id]
            billing.sessions[purchase.stripe_session_id] = type(session)(**vars(session) | {"payment_status": "paid"})
        webhooks.handle(event(purchase, f"checkout.session.async_payment_{kind}", reader.pk * 100), at=TOMORROW)
        assert bool(entitlement_for(reader, at=TOMORROW)) is reads
        assert Purchase.objects.unfinished().count() == 0


def test_money_goes_back_once_and_the_access_ends_with_it(desk: Client, dora: User, billing: FakeBilling) -> None:
    reader = a_customer()
    purchase, _ = begun(reader)
    assert not purchases.give_back(purchase, by=dora, at=NOW)
    billing.pay_once(purchase.stripe_session_id)
    purchases.finish(purchase, at=NOW)
    assert [purchases.give_back(purchase, by=dora, at=NOW) for _ in range(2)] == [True, False]
    assert entitlement_for(reader, at=NOW) is None
    assert billing.payments[purchase.stripe_session_id][0].refunded_cents == 3000


def test_only_who_may_give_money_back_presses_the_button(billing: FakeBilling, at: Any) -> None:
    at(NOW)
    reader = a_customer()
    purchase, _ = begun(reader)
    billing.pay_once(purchase.stripe_session_id)
    purchases.finish(purchase, at=NOW)
    edith, button = (
        somebody_in("Editors", "edith@example.org"),
        f"/admin/subscriptions/purchase/{purchase.pk}/give-back/",
    )
    client = Client()
    client.force_login(edith)
    assert client.post(button).status_code == 403
    edith.user_permissions.add(*Permission.objects.filter(codename__in=["view_purchase", "change_purchase"]))
    assert client.post(button).status_code == 302
    purchase.refresh_from_db()
    assert purchase.given_back_by == edith


def test_while_stripe_is_away_nothing_is_ordered(billing: FakeBilling) -> None:
    reader = a_customer()
    billing.is_away = True
    with pytest.raises(BillingUnavailable):
        begun(reader)
    billing.is_away = False
    assert begun(reader)[1]
    assert Purchase.objects.count() == 1


def test_who_leaves_can_no_longer_pay(billing: FakeBilling) -> None:
    reader = a_customer()
    purchase, _ = begun(reader)
    leaving.leave(reader, at=NOW)
    assert billing.sessions[purchase.stripe_session_id].status == "expired"


# --- How long a year is ---------------------------------------------------------------------------------


def test_a_year_is_a_year_of_the_calendar_at_the_same_hour_in_brussels() -> None:
    spans = {"2026-11-17T12:00:00+00:00": "2027-11-17", "2028-02-29T12:00:00+00:00": "2029-02-28"}
    for start, end in spans.items():
        assert student_years.a_year_after(datetime.fromisoformat(start)).date().isoformat() == end
    summer = datetime.fromisoformat("2026-03-29T10:00:00+02:00")
    assert student_years.a_year_after(summer).isoformat() == "2027-03-29T10:00:00+02:00"


def test_the_next_year_follows_on_the_one_that_runs_and_can_be_asked_for_in_its_last_60_days() -> None:
    reader = a_reader()
    assert student_years.may_ask_from(reader, at=NOW) is None
    running = a_grant(reader, by=reader, ends_at=NOW + timedelta(days=61))
    assert student_years.may_ask_from(reader, at=NOW) == NOW + timedelta(days=1)
    assert student_years.may_ask_from(reader, at=TOMORROW) is None
    following = student_years.give(reader, reason="Ghent", by=None, at=TOMORROW)
    assert following.starts_at == running.ends_at
    assert student_years.may_ask_from(reader, at=TOMORROW) is not None
