"""What Stripe says, and what we make of it: signed, once, in any order."""

import hashlib
import hmac
import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from readers.models import User
from subscriptions import webhooks
from subscriptions.models import StripeEvent, Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, a_customer, a_plan, a_reader, the_facts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at")]
SECRET = "whsec_local_sandbox"


@pytest.fixture
def bob(billing: FakeBilling) -> User:
    a_plan("year")
    reader = a_customer()
    billing.states["sub_1"] = the_facts("year", "trialing")
    return reader


def an_event(number: int = 1, **object_: Any) -> dict[str, Any]:
    return {
        "id": f"evt_{number}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(NOW.timestamp()),
        "livemode": False,
        "pending_webhooks": 1,
        "request": None,
        "type": "customer.subscription.updated",
        "data": {"object": {"id": "sub_1", "object": "subscription", "customer": "cus_bob"} | object_},
    }


def signed(body: bytes, secret: str = SECRET, at: float | None = None) -> str:
    stamp = int(at or time.time())
    return f"t={stamp},v1={hmac.new(secret.encode(), f'{stamp}.'.encode() + body, hashlib.sha256).hexdigest()}"


def deliver(client: Client, event: Any, signature: str | None = None):
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return client.post(
        "/stripe/webhook/",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signed(body) if signature is None else signature},
    )


def test_a_signed_event_gives_access(client: Client, bob: User) -> None:
    assert deliver(client, an_event()).status_code == 200
    assert Subscription.objects.get().reader == bob
    assert StripeEvent.objects.get().handled_at == NOW


def test_delivered_twice_it_changes_nothing_more(client: Client, bob: User, billing: FakeBilling) -> None:
    deliver(client, an_event())
    before = len(billing.calls), len(mail.outbox)
    assert deliver(client, an_event()).status_code == 200
    assert (len(billing.calls), len(mail.outbox)) == before


def test_the_payload_is_only_a_hint(client: Client, bob: User) -> None:
    deliver(client, an_event(status="canceled", current_period_end=0))
    assert Subscription.objects.get().status == "trialing"


def test_events_in_any_order_end_in_stripes_state(client: Client, bob: User, billing: FakeBilling) -> None:
    billing.becomes("sub_1", status="active", trial_ends_at=None)
    for number in (3, 1, 2):
        deliver(client, an_event(number))
    assert Subscription.objects.get().status == "active"


def test_an_event_of_a_kind_we_do_not_know_is_accepted(client: Client, bob: User) -> None:
    event = an_event() | {"type": "radar.early_fraud_warning.created"}
    event["data"]["object"] = {"id": "issfr_1", "object": "radar.early_fraud_warning"}
    assert deliver(client, event).status_code == 200
    assert StripeEvent.objects.get().remark == "Not about a subscription."


def test_an_event_about_a_stranger_is_kept_for_staff_and_matched_by_nothing(client: Client, bob: User) -> None:
    assert deliver(client, an_event(customer="cus_stranger", customer_email="bob@example.org")).status_code == 200
    assert StripeEvent.objects.get().remark == "No reader of ours."
    assert not Subscription.objects.exists()


DEEP = b'{"a":' * 60_000 + b"1" + b"}" * 60_000


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"{", b'"x"', b"\xff\xfe", DEEP, b'{"object":"event"}', b'{"object":"v2.core.event"}'],
    ids=["empty", "null", "list", "object", "broken", "text", "not utf-8", "deep", "no type", "thin"],
)
def test_a_body_that_is_no_event_is_refused_even_if_signed(client: Client, bob: User, body: bytes) -> None:
    assert deliver(client, body).status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize(
    "signature",
    ["", "t=1,v1=x", "nonsense", "t=abc,v1=def", "v1=é", "t=,v1=", signed(b"another body"), "t=1" * 5000],
    ids=["none", "short", "nonsense", "no number", "not ascii", "empty parts", "of another body", "endless"],
)
def test_an_event_without_stripes_signature_is_refused(client: Client, bob: User, signature: str) -> None:
    assert deliver(client, an_event(), signature).status_code == 400


def test_an_old_signature_is_refused(client: Client, bob: User) -> None:
    body = json.dumps(an_event()).encode()
    assert deliver(client, body, signed(body, at=time.time() - 3600)).status_code == 400


@pytest.mark.parametrize("number", ["evt_\x00", "evt_" + "1" * 300])
def test_an_event_that_no_database_could_keep_is_refused(client: Client, bob: User, number: str) -> None:
    assert deliver(client, an_event() | {"id": number}).status_code == 400


def test_a_signature_from_the_future_is_refused(client: Client, bob: User) -> None:
    body = json.dumps(an_event()).encode()
    assert deliver(client, body, signed(body, at=time.time() + 3600)).status_code == 400


def test_an_event_of_another_account_is_refused(client: Client, bob: User) -> None:
    assert deliver(client, an_event() | {"account": "acct_other"}).status_code == 400


def test_a_signature_made_with_another_secret_is_refused(client: Client, bob: User) -> None:
    body = json.dumps(an_event()).encode()
    assert deliver(client, body, signed(body, secret="whsec_mallory")).status_code == 400


def test_while_a_secret_is_rotated_both_are_believed(client: Client, bob: User, settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]
    assert deliver(client, an_event()).status_code == 200


def test_an_event_of_the_live_mode_is_refused_by_a_test_site(client: Client, bob: User) -> None:
    assert deliver(client, an_event() | {"livemode": True}).status_code == 400


def test_a_body_of_50_megabytes_is_refused_unread(client: Client) -> None:
    assert deliver(client, b"x" * 50_000_000, "t=1,v1=x").status_code == 413


def test_only_post_is_answered(client: Client) -> None:
    assert client.get("/stripe/webhook/").status_code == 405


def test_while_stripe_cannot_be_asked_the_event_waits_and_is_handled_later(
    client: Client, bob: User, billing: FakeBilling
) -> None:
    billing.is_away = True
    response = deliver(client, an_event())
    assert response.status_code == 503
    assert StripeEvent.objects.get().handled_at is None
    billing.is_away = False
    assert deliver(client, an_event()).status_code == 200
    assert Subscription.objects.count() == 1


def test_a_new_subscription_is_welcomed_once(client: Client, bob: User) -> None:
    for number in range(3):
        deliver(client, an_event(number))
    assert [letter.to for letter in mail.outbox] == [["bob@example.org"]]
    assert "17 December 2026" in mail.outbox[0].body
    assert "€150" in mail.outbox[0].body


def test_a_cancellation_and_its_undoing_are_each_confirmed_once(bob: User, billing: FakeBilling) -> None:
    one = webhooks.record(bob, billing.states["sub_1"], at=NOW)
    mail.outbox.clear()
    webhooks.change(one, lambda gateway: gateway.cancel_at_period_end("sub_1"), at=NOW)
    webhooks.refresh(bob, at=NOW)
    assert len(mail.outbox) == 1
    assert "17 December 2026" in mail.outbox[0].body
    webhooks.change(one, lambda gateway: gateway.keep("sub_1"), at=NOW)
    webhooks.refresh(bob, at=NOW)
    assert len(mail.outbox) == 2
    assert Subscription.objects.get().ends_at is None


def test_a_failed_payment_is_told_once_with_the_end_of_the_grace(bob: User, billing: FakeBilling) -> None:
    webhooks.record(bob, billing.states["sub_1"], at=NOW)
    mail.outbox.clear()
    failed = replace(billing.states["sub_1"], status="past_due", unpaid_since=NOW, unpaid_cents=15000)
    webhooks.record(bob, failed, at=NOW)
    webhooks.record(bob, replace(failed, unpaid_since=NOW + timedelta(days=3)), at=NOW + timedelta(days=3))
    assert len(mail.outbox) == 1
    assert "1 December 2026" in mail.outbox[0].body
    assert Subscription.objects.get().unpaid_since == NOW, "the grace does not begin anew"


def test_recording_the_same_facts_twice_changes_nothing(bob: User, billing: FakeBilling) -> None:
    webhooks.record(bob, billing.states["sub_1"], at=NOW)
    before = Subscription.objects.values().get()
    webhooks.record(bob, billing.states["sub_1"], at=NOW)
    assert Subscription.objects.values().get() == before
    assert len(mail.outbox) == 1


def test_a_subscription_never_moves_to_another_reader(bob: User, billing: FakeBilling) -> None:
    webhooks.record(bob, billing.states["sub_1"], at=NOW)
    with pytest.raises(ValueError, match="another reader"):
        webhooks.record(a_reader("mallory@example.org"), billing.states["sub_1"], at=NOW)


def test_a_price_made_by_hand_at_stripe_becomes_a_plan_that_is_not_on_sale(bob: User, billing: FakeBilling) -> None:
    webhooks.record(bob, replace(billing.states["sub_1"], price_id="price_odd", price_cents=9900), at=NOW)
    plan = Subscription.objects.get().plan
    assert (plan.price_cents, plan.is_on_sale) == (9900, False)
