"""Webhooks: signed, at least once, in no promised order; and everything that can go wrong on the way."""

import hashlib
import hmac
import time

import pytest
import stripe

from stripe_sandbox.clock import DAY

from .conftest import SECRET, Here


def test_a_delivery_is_signed_with_the_time_of_the_wall(here: Here):
    here.sandbox.advance(100 * DAY)
    here.api.v1.customers.create({"email": "a@example.org"})
    here.sandbox.drain()
    moment, signature = (part.partition("=")[2] for part in here.inbox.headers[-1].split(","))
    assert abs(int(moment) - time.time()) < 30
    expected = hmac.new(SECRET.encode(), moment.encode() + b"." + here.inbox.bodies[-1], hashlib.sha256).hexdigest()
    assert signature == expected
    assert here.inbox.events[-1]["created"] > time.time() + 99 * DAY


def test_an_event_is_the_one_that_the_api_shows(here: Here):
    customer = here.api.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "attempt-1"})
    here.sandbox.drain()
    told = here.inbox.events[-1]
    kept = here.api.v1.events.retrieve(told["id"]).to_dict()
    assert told["data"]["object"]["id"] == customer.id
    assert told["request"]["idempotency_key"] == "attempt-1"
    assert (told["pending_webhooks"], kept["pending_webhooks"]) == (1, 0)
    assert {**kept, "pending_webhooks": 1} == told


def test_events_can_be_asked_for_by_type(here: Here, monthly, subscribe):
    subscribe(monthly)
    assert {one.type for one in here.api.v1.events.list({"types": ["invoice.*", "charge.succeeded"]}).data} == {
        "invoice.created", "invoice.finalized", "invoice.updated", "invoice.paid", "invoice.payment_succeeded",
        "charge.succeeded",
    }  # fmt: skip
    assert [one.type for one in here.api.v1.events.list({"type": "charge.succeeded"}).data] == ["charge.succeeded"]


def test_events_are_kept_for_thirty_days(here: Here):
    here.api.v1.customers.create({"email": "a@example.org"})
    here.sandbox.drain()
    here.sandbox.advance(31 * DAY)
    assert here.api.v1.events.list().data == []


def test_what_was_not_taken_is_sent_again(here: Here):
    here.inbox.status = 500
    here.api.v1.customers.create({"email": "a@example.org"})
    assert not here.sandbox.drain(patience=0.3)
    failure = here.control("drain", {"patience": 0})["failures"][0]
    assert (failure["type"], failure["status"]) == ("customer.created", 500)
    assert len(here.api.v1.events.list({"delivery_success": False}).data) == 1
    here.inbox.status = 200
    assert here.told() == ["customer.created"]


def test_held_deliveries_wait_for_the_mode_to_change(here: Here):
    here.control("deliveries", {"mode": "hold"})
    here.api.v1.customers.create({"email": "a@example.org"})
    assert here.told() == []
    here.control("deliveries", {"mode": "normal"})
    assert here.told() == ["customer.created"]


def test_dropped_deliveries_never_come_but_the_event_is_there(here: Here):
    here.control("deliveries", {"mode": "drop"})
    here.api.v1.customers.create({"email": "a@example.org"})
    here.control("deliveries", {"mode": "normal"})
    assert here.told() == []
    event = here.api.v1.events.list().data[0]
    here.control("deliver_again", {"event": event.id})
    assert here.told() == ["customer.created"]


def test_duplicated_deliveries_come_twice(here: Here):
    here.control("deliveries", {"mode": "duplicate"})
    here.api.v1.customers.create({"email": "a@example.org"})
    assert here.told() == ["customer.created"] * 2


def test_shuffled_deliveries_all_come(here: Here, monthly, subscribe):
    here.control("deliveries", {"mode": "shuffle"})
    subscribe(monthly)
    assert len(here.told()) == len(here.api.v1.events.list({"limit": 100}).data)


def test_delayed_deliveries_come_when_asked_for(here: Here):
    here.control("deliveries", {"mode": "normal", "delay": 600})
    here.api.v1.customers.create({"email": "a@example.org"})
    assert here.control("state")["deliveries"]["counts"] == {"pending": 1}
    assert here.told() == ["customer.created"]


@pytest.mark.parametrize("mode", ["wrong_secret", "old_timestamp"])
def test_a_bad_signature_is_refused_and_mended_by_the_next_attempt(here: Here, mode: str):
    here.control("deliveries", {"mode": mode})
    here.api.v1.customers.create({"email": "a@example.org"})
    assert not here.sandbox.drain(patience=0.3)
    assert here.inbox.unsigned >= 1
    assert here.inbox.events == []
    here.control("deliveries", {"mode": "normal"})
    assert here.told() == ["customer.created"]


def test_an_endpoint_gets_what_it_asked_for_and_shows_its_secret_once(here: Here):
    made = here.api.v1.webhook_endpoints.create({"url": here.inbox.url, "enabled_events": ["product.created"]})
    assert made.secret.startswith("whsec_")
    assert "secret" not in here.api.v1.webhook_endpoints.retrieve(made.id).to_dict()
    here.api.v1.customers.create({"email": "a@example.org"})
    here.api.v1.products.create({"name": "News"})
    here.sandbox.drain(patience=0.5)
    assert here.inbox.unsigned >= 1  # signed with the other secret
    assert here.inbox.kinds() == ["customer.created", "product.created"]
    assert here.api.v1.webhook_endpoints.delete(made.id).deleted


FAULTS = "POST /v1/customers"


@pytest.mark.parametrize(("status", "problem"), [(429, stripe.RateLimitError), (500, stripe.APIError)])
def test_an_error_on_order_does_nothing(here: Here, status: int, problem: type[Exception]):
    here.control("faults", [{"match": FAULTS, "action": f"status:{status}"}])
    with pytest.raises(problem):
        here.direct.v1.customers.create({"email": "a@example.org"})
    assert here.control("state")["counts"]["customer"] == 0
    here.direct.v1.customers.create({"email": "a@example.org"})


@pytest.mark.parametrize(("action", "done"), [("drop_before", 0), ("drop_after", 1), ("hang:0.05", 0)])
def test_a_lost_line_may_or_may_not_have_done_it(here: Here, action: str, done: int):
    here.control("faults", [{"match": "POST /v1/*", "action": action}])
    with pytest.raises(stripe.APIConnectionError):
        here.direct.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "k1"})
    assert here.control("state")["counts"]["customer"] == done
    here.direct.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "k1"})
    assert here.control("state")["counts"]["customer"] == 1


def test_a_server_error_after_the_fact_is_what_the_key_repeats(here: Here):
    here.control("faults", [{"match": FAULTS, "action": "apply_then_500"}])
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            here.direct.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "k1"})
    assert here.control("state")["counts"]["customer"] == 1


def test_a_fault_may_be_for_later_and_more_than_once(here: Here):
    here.control("faults", [{"match": FAULTS, "action": "status:500", "times": 2, "skip": 1}])
    statuses = [here.v1("POST", "/v1/customers", "email=a@example.org").status for _ in range(4)]
    assert statuses == [200, 500, 500, 200]


@pytest.mark.parametrize(
    ("name", "wish"),
    [
        ("faults", [{"match": FAULTS, "action": "explode"}]),
        ("deliveries", {"mode": "sometimes"}),
        ("clock", {}),
        ("fail_next_payment", {"customer": "cus_no"}),
        ("refund", {"charge": "ch_no"}),
        ("nothing", {}),
    ],
)
def test_a_control_that_makes_no_sense_says_so(here: Here, name: str, wish):
    assert "error" in here.control(name, wish)


def test_the_clock_goes_back_only_while_nobody_is_there(here: Here):
    assert here.control("clock", {"advance": -DAY})["offset"] in (-DAY, -DAY - 1)
    here.api.v1.customers.create({"email": "a@example.org"})
    assert "error" in here.control("clock", {"advance": -DAY})


def test_resetting_forgets_all_but_the_endpoint(here: Here, monthly, subscribe):
    subscribe(monthly)
    here.sandbox.advance(DAY)
    here.sandbox.drain()
    assert here.control("reset", {}) == {"ok": True}
    state = here.control("state")
    assert (state["counts"]["customer"], state["offset"]) == (0, 0)
    here.inbox.events.clear()
    here.api.v1.customers.create({"email": "a@example.org"})
    assert here.told() == ["customer.created"]
