"""The desk gives money back: an amount, a question, once, by those who may, with a line in the log."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from readers.models import User
from subscriptions import refunds, webhooks
from subscriptions.access import entitlement_for
from subscriptions.billing import BillingRefused, PaymentFacts
from subscriptions.models import Dispute, Refund, Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, a_customer, a_plan, a_reader, somebody_in, the_facts

pytestmark = pytest.mark.django_db(transaction=True)
STARTS, ENDS = NOW - timedelta(days=10), NOW + timedelta(days=20)


@pytest.fixture
def bob(billing: FakeBilling, at: Callable[[datetime], None]) -> User:
    """Who pays €15 a month, ten days ago for the first time."""
    a_plan("month")
    reader = a_customer(at=STARTS)
    billing.states["sub_1"] = the_facts(since=STARTS, until=ENDS)
    billing.payments["sub_1"] = [PaymentFacts("pi_now", "in_1", 1500, 0, STARTS, STARTS, ENDS, "visa", "4242")]
    webhooks.record(reader, billing.states["sub_1"], at=STARTS)
    return reader


def payments_of(reader: User) -> str:
    return f"/admin/readers/user/{reader.pk}/payments/"


def refund_of(reader: User, payment_id: str = "pi_now") -> str:
    return f"{payments_of(reader)}{payment_id}/refund/"


def give(reader: User, payment_id: str = "pi_now") -> str:
    return f"{payments_of(reader)}{payment_id}/give/"


def wish(kind: str = "full", **more: str) -> dict[str, str]:
    return {"kind": kind, "euros": "", "reason": "Asked nicely", **more}


def ask(desk: Client, reader: User, **fields: str) -> Any:
    return desk.post(refund_of(reader), wish(**fields))


def confirmed(page: Any) -> dict[str, str]:
    """The hidden fields of the page that asks "really?"."""
    fields = re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', page.content.decode())
    return {name: unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def words(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(page.content.decode())).split())


# --- The way ---------------------------------------------------------------------------------------------


def test_from_the_reader_to_the_refund(desk: Client, bob: User, billing: FakeBilling) -> None:
    assert payments_of(bob) in desk.get(f"/admin/readers/user/{bob.pk}/change/").content.decode()
    listed = desk.get(payments_of(bob))
    assert "€15.00" in words(listed)
    assert refund_of(bob) in listed.content.decode()
    form = words(desk.get(refund_of(bob)))
    assert "All of it: €15.00" in form
    assert "The rest of the period, from tomorrow on: €9.50" in form
    question = ask(desk, bob, kind="rest")
    assert "Give €9.50 back to bob@example.org?" in words(question)
    assert "The subscription ends at once" in words(question)
    assert not Refund.objects.exists(), "nothing happens before the answer"
    page = desk.post(give(bob), confirmed(question), follow=True)
    assert "€9.50 are on their way to bob@example.org." in words(page)
    row = Refund.objects.get()
    assert (row.cents, row.kind, row.ends_subscription, row.status) == (950, "rest", True, "succeeded")
    assert billing.states["sub_1"].status == "canceled"
    assert entitlement_for(bob, at=NOW) is None


def test_the_log_says_who_gave_what_and_why(desk: Client, bob: User, dora: User) -> None:
    desk.post(give(bob), confirmed(ask(desk, bob, kind="partial", euros="2.50")))
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (dora, str(bob.pk))
    assert entry.get_change_message() == "Gave back €2.50 (an amount) of pi_now: Asked nicely"
    assert "Asked nicely" in words(desk.get(f"/admin/readers/user/{bob.pk}/change/"))


def test_a_double_click_gives_back_once(desk: Client, bob: User, billing: FakeBilling) -> None:
    answer = confirmed(ask(desk, bob, kind="partial", euros="5"))
    for _ in range(2):
        desk.post(give(bob), answer)
    assert Refund.objects.get().cents == 500
    assert billing.calls.count("refund") == 1
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "says", "will_end"),
    [
        ({"kind": "full"}, "€15.00", True),
        ({"kind": "rest"}, "€9.50", True),
        ({"kind": "partial", "euros": "14.99"}, "€14.99", False),
        ({"kind": "partial", "euros": "15"}, "€15.00", True),
        ({"kind": "partial", "euros": "1", "ends_subscription": "on"}, "€1.00", True),
    ],
)
def test_the_question_says_the_exact_amount_and_what_follows(
    desk: Client, bob: User, fields: dict[str, str], says: str, will_end: bool
) -> None:
    question = ask(desk, bob, **fields)
    assert f"Give {says} back now" in words(question)
    assert ("The subscription ends at once" in words(question)) is will_end
    desk.post(give(bob), confirmed(question))
    assert (entitlement_for(bob, at=NOW) is None) is will_end, "and so it comes"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "partial"}, "Type the amount."),
        ({"kind": "partial", "euros": "15.01"}, "No more than €15.00 is left"),
        ({"kind": "partial", "euros": "0"}, "greater than or equal to 0.01"),
        ({"kind": "partial", "euros": "-3"}, "greater than or equal to 0.01"),
        ({"kind": "partial", "euros": "1.234"}, "no more than 2 decimal places"),
        ({"kind": "partial", "euros": "NaN"}, "Enter a number"),
        ({"kind": "full", "euros": "3"}, "Either an amount or one of the others"),
        ({"kind": "all"}, "not one of the available choices"),
        ({"reason": ""}, "This field is required"),
    ],
)
def test_a_wrong_amount_is_said_at_the_field(desk: Client, bob: User, fields: dict[str, str], says: str) -> None:
    page = ask(desk, bob, **fields)
    assert says in words(page)
    assert "Show what would happen" in words(page)


def test_more_than_is_left_by_now_is_refused(desk: Client, bob: User, billing: FakeBilling) -> None:
    answer = confirmed(ask(desk, bob))
    billing.give_back("pi_now", 1000)
    page = desk.post(give(bob), answer, follow=True)
    assert "Nothing was given back: only €5.00 is left of this payment." in words(page)
    assert not Refund.objects.exists()


def test_what_stripe_refuses_is_said_and_forgotten(desk: Client, bob: User, billing: FakeBilling) -> None:
    answer = confirmed(ask(desk, bob))
    given = billing.payments["sub_1"]
    real = billing.payments_of
    billing.payments_of = lambda stripe_id: real(stripe_id) and [given[0]]  # type: ignore[method-assign]
    billing.refund = lambda *args, **kwargs: refuse()  # type: ignore[method-assign]
    page = desk.post(give(bob), answer, follow=True)
    assert "Nothing was given back. Stripe says: Charged back." in words(page)
    assert not Refund.objects.exists()
    assert [entry.get_change_message().split(" ")[0] for entry in LogEntry.objects.order_by("pk")] == ["Gave", "Stripe"]


def refuse() -> None:
    raise BillingRefused("Charged back.")


def test_while_stripe_is_away_the_desk_is_told_so(desk: Client, bob: User, billing: FakeBilling) -> None:
    answer = confirmed(ask(desk, bob))
    billing.is_away = True
    for response in (desk.get(payments_of(bob), follow=True), desk.post(give(bob), answer, follow=True)):
        assert "Stripe does not answer just now" in words(response)
    assert not Refund.objects.exists()
    assert desk.get(f"/admin/readers/user/{bob.pk}/change/").status_code == 200, "the reader's page opens"


def test_what_was_promised_is_done_when_stripe_is_back(
    desk: Client, bob: User, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = confirmed(ask(desk, bob, kind="partial", euros="5"))

    def away(*args: Any, **kwargs: Any) -> None:
        billing.is_away = True
        billing._call("refund")

    with monkeypatch.context() as patch:
        patch.setattr(billing, "refund", away)
        page = desk.post(give(bob), answer, follow=True)
    assert "€5.00 will be given back." in words(page)
    assert Refund.objects.get().is_unanswered
    billing.is_away = False
    assert refunds.give_waiting(at=NOW) == 1
    assert Refund.objects.get().status == "succeeded"
    assert LogEntry.objects.count() == 1


def test_a_payment_of_another_reader_is_not_found(desk: Client, bob: User) -> None:
    eve = a_reader("eve@example.org")
    answer = confirmed(ask(desk, bob))
    assert desk.get(refund_of(eve)).status_code == 404
    assert desk.post(give(eve), answer).status_code == 404
    assert not Refund.objects.exists()


def test_nothing_left_and_disputed_payments_offer_nothing(desk: Client, bob: User, billing: FakeBilling) -> None:
    billing.dispute_becomes("pi_now", "needs_response")
    refunds.look_at("pi_now", at=NOW)
    assert "disputed" in words(desk.get(payments_of(bob)))
    assert desk.get(refund_of(bob)).status_code == 302
    billing.dispute_becomes("pi_now", "won")
    refunds.look_at("pi_now", at=NOW)
    billing.give_back("pi_now", 1500)
    assert "nothing left" in words(desk.get(payments_of(bob)))
    assert desk.get(refund_of(bob)).status_code == 302


# --- Who may ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["Editors", "reader", "nobody"])
def test_others_cannot_give_money_back(client: Client, bob: User, who: str, billing: FakeBilling) -> None:
    if who != "nobody":
        client.force_login(somebody_in(who) if who == "Editors" else bob)
    answer = {"intention": "0" * 32, "kind": "full", "cents": "1500", "reason": "x"}
    for response in (client.get(payments_of(bob)), client.get(refund_of(bob)), client.post(give(bob), answer)):
        assert response.status_code in (302, 403)
    assert not Refund.objects.exists()
    assert "refund" not in billing.calls


def test_giving_back_takes_a_post_with_a_token(desk: Client, bob: User, dora: User) -> None:
    assert desk.get(give(bob)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(dora)
    assert strict.post(give(bob), {}).status_code == 403


def test_refunds_and_disputes_are_never_edited(client: Client, bob: User) -> None:
    client.force_login(a_reader("ada@example.org", is_staff=True, is_superuser=True))
    row = Refund.objects.create(
        subscription=Subscription.objects.get(), payment_id="pi_now", cents=1, kind="full", asked_at=NOW
    )
    for verb in ("change", "delete"):
        assert client.post(f"/admin/subscriptions/refund/{row.pk}/{verb}/", {"cents": 2}).status_code == 403
    assert client.get("/admin/subscriptions/refund/add/").status_code == 403
    assert client.get("/admin/subscriptions/dispute/add/").status_code == 403


# --- What needs a person ---------------------------------------------------------------------------------


@pytest.fixture
def failed(bob: User, billing: FakeBilling) -> Refund:
    """A refund that came back."""
    number = billing.give_back("pi_now", 500).stripe_id
    billing.refund_becomes(number, "failed", "lost_or_stolen_card")
    refunds.look_at("pi_now", at=NOW)
    return Refund.objects.get()


def test_a_failed_refund_stands_red_on_the_first_page_until_it_is_seen_to(desk: Client, failed: Refund) -> None:
    assert "A refund of €5.00 failed." in words(desk.get("/admin/"))
    page = f"/admin/subscriptions/refund/{failed.pk}/"
    assert "I have seen to it" in words(desk.get(f"{page}change/"))
    desk.post(f"{page}again/")
    assert "Needs a person" not in words(desk.get("/admin/"))
    assert "I have seen to it" not in words(desk.get(f"{page}change/"))
    assert LogEntry.objects.get().get_change_message() == "Seen to."


def test_a_dispute_that_waits_for_our_answer_stands_there_too(desk: Client, bob: User, billing: FakeBilling) -> None:
    billing.dispute_becomes("pi_now", "needs_response")
    refunds.look_at("pi_now", at=NOW)
    assert "A dispute about €15.00 waits for our answer until" in words(desk.get("/admin/"))
    assert "needs_response" in words(desk.get(f"/admin/readers/user/{bob.pk}/change/"))
    Dispute.objects.update(status="under_review")
    assert "Needs a person" not in words(desk.get("/admin/"))


def test_editors_do_not_see_it(client: Client, failed: Refund) -> None:
    client.force_login(somebody_in("Editors", "eva@example.org"))
    assert "Needs a person" not in words(client.get("/admin/"))


def test_the_lists_find_by_what_became_of_it(desk: Client, failed: Refund) -> None:
    address = "/admin/subscriptions/refund/"
    assert "1 refund" in words(desk.get(address, {"outcome": "person"}))
    for outcome in ("unanswered", "given"):
        assert "0 refunds" in words(desk.get(address, {"outcome": outcome}))
    for term in ("bob@", "re_1", "pi_now"):
        assert "bob@example.org" in words(desk.get(address, {"q": term}))
        assert "0 disputes" in words(desk.get("/admin/subscriptions/dispute/", {"q": term}))
