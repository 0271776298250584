"""What comes with a status of success and is no answer to what was asked counts as no answer."""

import json
from typing import Any

import pytest

from subscriptions import billing, calls
from subscriptions.billing import StripeBilling, believable

SUBSCRIPTION = {"id": "sub_1MowQVLkdIwHu7ixeRlqHVzs", "object": "subscription"}
OF_ANOTHER = {"id": "sub_9sRXfSsCkNdVTBnOq1kzmCyl", "object": "subscription"}
LIST = {"object": "list", "data": [], "has_more": False}
SESSION = {"id": "cs_test_a11YYufWQzNY63zpQ6QSNRQhkUpVph4W", "object": "checkout.session"}
ONE = "https://api.stripe.com/v1/subscriptions/sub_1MowQVLkdIwHu7ixeRlqHVzs"
ALL = "https://api.stripe.com/v1/subscriptions"
CUSTOMER = "https://api.stripe.com/v1/customers/cus_NffrFeUfNV2Hib"
PAGE = f"https://api.stripe.com/v1/checkout/sessions/{SESSION['id']}"


@pytest.mark.parametrize(
    ("url", "body", "is_one"),
    [
        (f"{ONE}?expand[]=latest_invoice", SUBSCRIPTION, True),
        (ONE, OF_ANOTHER, False),
        (ONE, LIST, False),
        (ONE, {"id": "sub_1MowQVLkdIwHu7ixeRlqHVzs", "object": "customer"}, False),
        (ALL, SUBSCRIPTION, True),
        (f"{ALL}?limit=100", LIST, True),
        (f"{ALL}/search?query=x", {"object": "search_result", "data": []}, True),
        (ALL, {"id": "we_1", "object": "webhook_endpoint"}, False),
        (CUSTOMER, {"id": "cus_NffrFeUfNV2Hib", "object": "customer", "deleted": True}, True),
        (f"{CUSTOMER}/balance_transactions", LIST, True),
        (PAGE, SESSION, True),
        (f"{PAGE}/expire", SESSION, True),
        (f"{PAGE}/expire", {"id": "we_1", "object": "webhook_endpoint"}, False),
        ("https://api.stripe.com/v1/invoices/create_preview", {"id": "upcoming_in_1", "object": "invoice"}, True),
        ("https://api.stripe.com/v1/something_new/sn_1", {"id": "sn_2"}, True),
        (ALL, [], False),
        (ALL, "It works!", False),
    ],
)
def test_an_answer_is_about_what_was_asked(url: str, body: Any, is_one: bool) -> None:
    assert believable.answers(url, json.dumps(body).encode()) is is_one


@pytest.mark.parametrize("body", [b"", b"<h1>It works!</h1>", b"\x1f\x8b\x08", b"{", b"null"])
def test_what_cannot_be_read_is_no_answer(body: bytes) -> None:
    assert not believable.answers(ALL, body)


@pytest.mark.parametrize("body", [b"\x1f\x8b\x08", json.dumps(OF_ANOTHER).encode()])
def test_what_is_no_answer_is_asked_again_and_said_to_be_stripe_away(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    asked: list[str] = []

    def another(self: Any, method: str, url: str, *rest: Any, **more: Any) -> tuple[bytes, int, dict[str, str]]:
        asked.append(url)
        return body, 200, {}

    monkeypatch.setattr("stripe.RequestsClient.request", another)
    monkeypatch.setattr(calls, "pause", lambda seconds: None)
    with pytest.raises(billing.BillingUnavailable):
        StripeBilling("sk_test_x").subscription("sub_1MowQVLkdIwHu7ixeRlqHVzs")
    assert len(asked) == calls.ATTEMPTS
