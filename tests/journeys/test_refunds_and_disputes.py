"""Money comes back: from the desk, from Stripe's Dashboard, by the bank; and the reader reads on, or does not."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from articles.models import Article
from readers.models import User
from subscriptions import billing, refunds
from subscriptions.billing import PaymentFacts, StripeBilling
from subscriptions.models import Customer, Dispute, Refund, StripeEvent, Subscription
from tests.journeys.test_from_the_wall_to_the_last_day import ANNA, may_read, order, own_path, sign_in
from tests.make import an_article, somebody_in
from tests.test_refund_desk import confirmed, words
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = "readers@viaduct.example"


@pytest.fixture
def article(world: World) -> Article:
    return an_article(published=world.now() - timedelta(days=1))


def subscribe(client: Client, world: World, plan: str, method: str = "card_ok") -> None:
    sign_in(client, world, ANNA, "/")
    client.get(own_path(world.pay(order(client, plan), method=method)))
    world.pass_time(days=30, hours=2)


@pytest.fixture
def anna(client: Client, world: World, article: Article) -> Client:
    """Anna, whose trial is over and who has paid for the year this morning."""
    subscribe(client, world, "year")
    return client


@pytest.fixture
def desk(world: World) -> Client:
    """Dora's browser, at the subscription desk."""
    browser = Client()
    browser.force_login(somebody_in("Subscription desk"))
    return browser


def at_stripe() -> str:
    """What Stripe calls Anna's subscription."""
    return billing.gateway().subscription(Subscription.objects.get().stripe_id).status


def payments() -> list[PaymentFacts]:
    return billing.gateway().payments_of(Subscription.objects.get().stripe_id)


def give_back(desk: Client, payment: PaymentFacts, **fields: str) -> Any:
    """Dora fills in the form, reads the question, and says yes."""
    page = f"/admin/readers/user/{User.objects.get(email=ANNA).pk}/payments/{payment.stripe_id}"
    question = desk.post(f"{page}/refund/", {"kind": "full", "euros": "", "reason": "Asked nicely"} | fields)
    return desk.post(f"{page}/give/", confirmed(question), follow=True)


def refunded_cents(world: World) -> int:
    return world._ask("/_sandbox/state")["money"]["refunded"]


def to_the_operator() -> list[str]:
    return [letter.subject for letter in mail.outbox if letter.to == [OPERATOR]]


# --- The desk ------------------------------------------------------------------------------------------


def test_the_desk_gives_back_the_rest_of_the_year(anna: Client, desk: Client, world: World, article: Article) -> None:
    world.pass_time(days=99)
    assert "on their way" in words(give_back(desk, payments()[0], kind="rest"))
    world.settle()
    days = (payments()[0].period_ends_at - payments()[0].period_starts_at).days  # type: ignore[operator]
    assert refunded_cents(world) == Refund.objects.get().cents == -(-15_000 * (days - 100) // days)
    assert at_stripe() == Subscription.objects.get().status == "canceled"
    assert not may_read(anna, article)
    told = [subject for subject in world.letters_to(ANNA) if "on their way back" in subject]
    assert len(told) == 1
    page = words(anna.get("/account/invoices/"))
    assert "Given back to you" in page
    world.pass_time(days=400)
    assert world.charged_cents() == 15_000, "nothing more is charged"


def test_the_desk_gives_back_a_part_and_nothing_else_changes(
    anna: Client, desk: Client, world: World, article: Article
) -> None:
    give_back(desk, payments()[0], kind="partial", euros="50")
    world.settle()
    assert (refunded_cents(world), at_stripe()) == (5_000, "active")
    assert may_read(anna, article)
    world.pass_time(days=366)
    assert may_read(anna, article)
    assert world.charged_cents() == 30_000


def test_an_earlier_month_goes_back_and_the_reader_reads_on(
    client: Client, desk: Client, world: World, article: Article
) -> None:
    subscribe(client, world, "month")
    world.pass_time(days=31, hours=2)
    this_month, first_month = payments()
    give_back(desk, first_month)
    world.settle()
    assert (refunded_cents(world), at_stripe()) == (1_500, "active")
    assert may_read(client, article)
    give_back(desk, this_month)
    world.settle()
    assert (refunded_cents(world), at_stripe()) == (3_000, "canceled")
    assert not may_read(client, article)


@pytest.mark.parametrize("fault", ["drop_after", "apply_then_500", "status:500"])
def test_whatever_happens_to_the_call_the_money_goes_back_once(
    anna: Client, desk: Client, world: World, article: Article, fault: str
) -> None:
    world.control("faults", faults=[{"match": "POST /v1/refunds", "action": fault, "times": 1}])
    give_back(desk, payments()[0])
    world.control("faults", faults=[])
    refunds.give_waiting(at=world.now())
    world.settle()
    assert refunded_cents(world) == 15_000
    assert Refund.objects.count() == 1
    assert at_stripe() == "canceled"
    assert len([subject for subject in world.letters_to(ANNA) if "on their way back" in subject]) == 1


def test_what_was_promised_while_stripe_was_away_is_kept(
    anna: Client, desk: Client, world: World, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment, here = payments()[0], billing.gateway()
    calls = count()
    gone = StripeBilling("sk_test_local_sandbox", "http://127.0.0.1:9")
    page = f"/admin/readers/user/{User.objects.get(email=ANNA).pk}/payments/{payment.stripe_id}"
    wish = {"kind": "full", "euros": "", "reason": "Asked nicely"}
    answer = confirmed(desk.post(f"{page}/refund/", wish))
    # It goes away between the counting and the giving.
    monkeypatch.setattr("subscriptions.billing.gateway", lambda: here if next(calls) < 2 else gone)
    said = words(desk.post(f"{page}/give/", answer, follow=True))
    assert "€150.00 will be given back" in said
    assert "othing was given back" not in said
    monkeypatch.setattr("subscriptions.billing.gateway", lambda: here)
    assert Refund.objects.get().is_unanswered
    assert may_read(anna, article)
    assert refunds.give_waiting(at=world.now()) == 1
    world.settle()
    assert refunded_cents(world) == 15_000
    assert not may_read(anna, article)


# --- Stripe's Dashboard --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["duplicate", "shuffle"])
def test_all_of_it_given_back_in_the_dashboard_ends_both(
    anna: Client, world: World, article: Article, mode: str
) -> None:
    world.control("deliveries", mode=mode)
    world.control("refund", payment_intent=payments()[0].stripe_id)
    world.settle()
    row = Refund.objects.get()
    assert (row.cents, row.kind, row.asked_by) == (15_000, "full", None)
    assert at_stripe() == Subscription.objects.get().status == "canceled"
    assert not may_read(anna, article)
    assert StripeEvent.objects.waiting().count() == 0
    assert len([subject for subject in world.letters_to(ANNA) if "on their way back" in subject]) == 1


def test_a_part_given_back_in_the_dashboard_is_shown_and_changes_nothing(
    anna: Client, world: World, article: Article
) -> None:
    world.control("refund", payment_intent=payments()[0].stripe_id, amount=1234)
    world.settle()
    assert "€12.34" in words(anna.get("/account/invoices/"))
    assert may_read(anna, article)
    assert at_stripe() == "active"


def test_where_every_event_is_lost_the_night_finds_it(anna: Client, world: World, article: Article) -> None:
    world.control("deliveries", mode="drop")
    world.control("refund", payment_intent=payments()[0].stripe_id)
    world.settle()
    assert may_read(anna, article)
    refunds.catch_up(at=world.now())
    assert not may_read(anna, article)
    assert Refund.objects.get().cents == 15_000


def test_a_refund_that_fails_raises_one_alarm(anna: Client, desk: Client, world: World, article: Article) -> None:
    give_back(desk, payments()[0], kind="partial", euros="50")
    world.settle()
    world.control("refund", fail=Refund.objects.get().stripe_id)
    world.settle()
    row = Refund.objects.get()
    assert (row.status, row.why_failed) == ("failed", "lost_or_stolen_card")
    assert "A refund of €50.00 failed." in words(desk.get("/admin/"))
    assert to_the_operator() == ["A refund of €50.00 failed and needs a person"]
    assert "we are looking into it" in words(anna.get("/account/invoices/"))
    assert may_read(anna, article)
    give_back(desk, payments()[0], kind="partial", euros="150")
    world.settle()
    assert refunded_cents(world) == 15_000, "what came back can be given again"


def test_a_refund_to_an_account_is_on_its_way_for_days(
    client: Client, desk: Client, world: World, article: Article
) -> None:
    subscribe(client, world, "year", "sepa_ok")
    world.pass_time(days=6)
    give_back(desk, payments()[0], kind="partial", euros="50")
    world.settle()
    assert Refund.objects.get().status == "pending"
    assert "On its way" in words(client.get("/account/invoices/"))
    world.pass_time(days=4)
    assert Refund.objects.get().status == "succeeded"
    assert len([subject for subject in world.letters_to(ANNA) if "on their way back" in subject]) == 1


# --- The bank ------------------------------------------------------------------------------------------


def dispute(world: World) -> str:
    """Anna's bank says that the newest payment was wrong; returns the dispute's number."""
    charge = next(event["data"]["object"]["id"] for event in world.events() if event["type"] == "charge.succeeded")
    opened = world.control("dispute", charge=charge)
    world.settle()
    return opened["id"]


def test_a_dispute_that_nobody_answers_ends_both_after_seven_days(
    anna: Client, desk: Client, world: World, article: Article
) -> None:
    dispute(world)
    assert may_read(anna, article)
    assert "A dispute about €150.00 waits for our answer" in words(desk.get("/admin/"))
    world.pass_time(days=8)
    assert Dispute.objects.get().is_lost
    assert at_stripe() == "canceled"
    assert not may_read(anna, article)
    assert to_the_operator() == ["A dispute about €150.00: open", "A dispute about €150.00: lost"]
    assert world.letters_to(ANNA)[-1] == "Your subscription to Viaduct has ended"


def test_a_dispute_that_is_won_changes_nothing(anna: Client, desk: Client, world: World, article: Article) -> None:
    number = dispute(world)
    world.control("dispute", dispute=number, status="won")
    world.settle()
    assert Dispute.objects.get().status == "won"
    assert "Needs a person" not in words(desk.get("/admin/"))
    assert at_stripe() == "active"
    assert may_read(anna, article)


def test_a_disputed_payment_is_not_given_back_as_well(anna: Client, desk: Client, world: World) -> None:
    dispute(world)
    give_back(desk, payments()[0])
    world.settle()
    assert refunded_cents(world) == 0
    assert not Refund.objects.exists()


def test_who_lost_access_by_a_dispute_may_come_back(anna: Client, world: World, article: Article) -> None:
    number = dispute(world)
    world.control("dispute", dispute=number, status="lost")
    world.settle()
    assert not may_read(anna, article)
    anna.get(own_path(world.pay(order(anna, "month"))))
    world.settle()
    assert may_read(anna, article)
    refunds.catch_up(at=world.now())
    assert may_read(anna, article)


# --- After a switch from the year to the month -----------------------------------------------------------


def credit(world: World) -> int:
    return billing.gateway().credit_of(Customer.objects.get().stripe_id)


@pytest.fixture
def switched(anna: Client, world: World) -> PaymentFacts:
    """The year that Anna has paid, of which all but a month is her credit now."""
    year = payments()[0]
    page = anna.get("/account/switch/")
    answer = anna.post("/account/switch/", {"to": "month", "intention": page.context["intention"]}, follow=True)
    world.settle()
    assert Subscription.objects.get().plan.interval == "month", words(answer)
    assert 13_000 < credit(world) <= 13_500
    return year


@pytest.mark.parametrize("fault", ["", "drop_after", "apply_then_500"])
def test_all_of_the_year_goes_back_and_no_credit_stays(
    desk: Client, world: World, switched: PaymentFacts, fault: str
) -> None:
    if fault:
        world.control(
            "faults", faults=[{"match": "POST /v1/customers/*/balance_transactions", "action": fault, "times": 1}]
        )
    give_back(desk, switched)
    world.control("faults", faults=[])
    refunds.give_waiting(at=world.now())
    world.settle()
    assert (refunded_cents(world), credit(world)) == (15_000, 0)
    refunds.catch_up(at=world.now())
    assert (refunded_cents(world), credit(world)) == (15_000, 0)


def test_a_part_of_the_year_given_back_in_the_dashboard_lowers_the_credit_once(
    anna: Client, world: World, switched: PaymentFacts, article: Article
) -> None:
    before = credit(world)
    world.control("deliveries", mode="duplicate")
    world.control("refund", payment_intent=switched.stripe_id, amount=5_000)
    world.settle()
    assert credit(world) == before - 5_000
    assert may_read(anna, article)
    world.control("refund", fail=Refund.objects.get().stripe_id)
    world.settle()
    assert credit(world) == before, "it came back to us"
