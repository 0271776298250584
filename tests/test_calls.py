"""Asking Stripe: patiently, within a budget, and whatever gets lost on the way, what was asked for happens once."""

import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.db import transaction

from readers.models import User
from stripe_sandbox.server import Sandbox
from subscriptions import calls, checkout, webhooks
from subscriptions.billing import BillingUnavailable, EventFacts, Order, StripeBilling
from subscriptions.models import CheckoutAttempt, Customer, Plan, Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, a_plan, a_reader, a_subscription

DAY = 24 * 3600

# --- Patience ----------------------------------------------------------------------------------------


class Broken(Exception):
    """The connection was lost."""


@dataclass
class Clock:
    """Time that passes only when somebody waits, and how long each wait was."""

    now: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("subscriptions.calls.time", clock)
    monkeypatch.setattr("subscriptions.calls.pause", clock.wait)
    return clock


def answering(clock: Clock, *answers: Any, each_takes: float = 0.1) -> Callable[[float], calls.Answer]:
    """A Stripe that says these things in turn: a status, a status with headers, or a lost connection."""
    left = list(answers)

    def ask(seconds: float) -> calls.Answer:
        clock.now += min(each_takes, seconds)
        said = left.pop(0)
        if said is Broken:
            raise Broken
        status, headers = said if isinstance(said, tuple) else (said, {})
        return calls.Answer(b"", status, headers)

    return ask


@pytest.mark.parametrize("first", [500, 502, 503, 429, 409, Broken])
def test_what_may_pass_is_asked_again(clock: Clock, first: Any) -> None:
    assert calls.patiently(answering(clock, first, 200), no_answer=Broken).status == 200
    assert len(clock.waits) == 1


@pytest.mark.parametrize("first", [200, 400, 401, 402, 403, 404])
def test_what_was_answered_is_not_asked_again(clock: Clock, first: int) -> None:
    assert calls.patiently(answering(clock, first), no_answer=Broken).status == first
    assert clock.waits == []


def test_it_asks_four_times_at_most_and_waits_longer_each_time(clock: Clock) -> None:
    assert calls.patiently(answering(clock, *[500] * 4), no_answer=Broken).status == 500
    assert len(clock.waits) == 3
    assert all(longest / 2 <= wait <= longest for wait, longest in zip(clock.waits, (0.5, 1, 2), strict=True))


def test_where_nothing_was_ever_answered_it_says_so(clock: Clock) -> None:
    with pytest.raises(Broken):
        calls.patiently(answering(clock, *[Broken] * 4), no_answer=Broken)


def test_it_waits_as_long_as_stripe_asks(clock: Clock) -> None:
    calls.patiently(answering(clock, (429, {"Retry-After": "3"}), 200), no_answer=Broken)
    assert clock.waits == [3]


def test_where_stripe_asks_for_a_minute_nobody_waits(clock: Clock) -> None:
    assert calls.patiently(answering(clock, (429, {"Retry-After": "60"})), no_answer=Broken).status == 429
    assert clock.waits == []


@pytest.mark.parametrize("nonsense", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-5"])
def test_a_pause_that_makes_no_sense_is_our_own(clock: Clock, nonsense: str) -> None:
    calls.patiently(answering(clock, (429, {"Retry-After": nonsense}), 200), no_answer=Broken)
    assert 0.25 <= clock.waits[0] <= 0.5


@pytest.mark.parametrize(("status", "advice", "asked"), [(500, "false", 1), (400, "true", 2)])
def test_what_stripe_advises_about_repeating_is_followed(clock: Clock, status: int, advice: str, asked: int) -> None:
    said = [(status, {"Stripe-Should-Retry": advice})] * asked
    last = calls.patiently(answering(clock, *said[:-1], said[-1] if asked == 1 else 200), no_answer=Broken)
    assert last.status == (500 if asked == 1 else 200)


def test_an_error_that_stripe_keeps_under_the_key_is_not_asked_for_again(clock: Clock) -> None:
    kept = (500, {"Idempotent-Replayed": "true"})
    assert calls.patiently(answering(clock, 500, kept), no_answer=Broken).status == 500
    assert len(clock.waits) == 1


def test_the_budget_holds_for_one_call_with_all_its_attempts(clock: Clock, settings: Any) -> None:
    settings.STRIPE_BUDGET_SECONDS = 20
    began = clock.now
    with pytest.raises(Broken):
        calls.patiently(answering(clock, *[Broken] * 4, each_takes=60), no_answer=Broken)
    assert clock.now - began <= 20


def test_each_attempt_gets_the_time_limit_or_what_is_left_of_the_budget(clock: Clock, settings: Any) -> None:
    settings.STRIPE_TIMEOUT_SECONDS = 8
    limits = []

    def ask(seconds: float) -> calls.Answer:
        limits.append(round(seconds, 1))
        clock.now += seconds
        raise Broken

    with calls.budget(11), pytest.raises(Broken):
        calls.patiently(ask, no_answer=Broken)
    assert limits[0] == 8
    assert 2 < limits[1] <= 2.8
    assert len(limits) == 2


def test_several_calls_share_one_budget_and_an_inner_one_never_lengthens_it(clock: Clock) -> None:
    with calls.budget(10):
        calls.patiently(answering(clock, 200, each_takes=6), no_answer=Broken)
        with calls.budget(20):
            assert calls.seconds_left() == pytest.approx(4)
        clock.now += 5
        with pytest.raises(calls.OutOfTime):
            calls.patiently(answering(clock, 200), no_answer=Broken)
    assert calls.seconds_left() == site.STRIPE_BUDGET_SECONDS


def test_a_budget_is_of_one_thread_only(clock: Clock) -> None:
    seen = []
    with calls.budget(1):
        other = threading.Thread(target=lambda: seen.append(calls.seconds_left()))
        other.start()
        other.join()
    assert seen == [site.STRIPE_BUDGET_SECONDS]


# --- While a reader is locked ------------------------------------------------------------------------


class Watched(FakeBilling):
    """Remembers what every call was allowed to take."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: dict[str, float] = {}

    def _call(self, name: str) -> None:
        self.limits[name] = calls.seconds_left()
        super()._call(name)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    fake = Watched()
    monkeypatch.setattr("subscriptions.billing.gateway", lambda: fake)
    return fake


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("clock")
def test_nothing_asked_under_a_readers_lock_may_take_longer_than_ten_seconds(watched: Watched) -> None:
    plan, reader = a_plan("year"), a_reader()
    Customer.objects.create(reader=reader, stripe_id=f"cus_{reader.pk}", created_at=NOW)
    attempt = CheckoutAttempt.objects.create(
        reader=reader, plan=plan, with_trial=True, price_cents=1, first_charge_at=NOW, started_at=NOW
    )
    order = Order(str(attempt.pk), f"cus_{reader.pk}", "price_year", 30, "", "", "")
    attempt.stripe_session_id = watched.open_checkout(order).session_id
    facts = watched.pay(attempt.stripe_session_id)
    assert watched.limits["open_checkout"] == site.STRIPE_BUDGET_SECONDS
    checkout.finish(attempt, at=NOW)
    row = webhooks.change(
        reader.subscriptions.get(), lambda gateway: gateway.cancel_at_period_end(facts.stripe_id), at=NOW
    )
    webhooks.change(row, lambda gateway: gateway.keep(facts.stripe_id), at=NOW)
    webhooks.refresh(reader, at=NOW)
    webhooks.handle(EventFacts("evt_1", "x", f"cus_{reader.pk}", facts.stripe_id, "", {"id": "evt_1"}), at=NOW)
    under_lock = {"checkout", "subscription", "cancel_at_period_end", "keep", "subscriptions_of"}
    assert under_lock <= watched.limits.keys()
    assert {watched.limits[name] for name in under_lock} == {calls.WHILE_LOCKED_SECONDS}


@pytest.mark.django_db(transaction=True)
def test_who_asks_under_a_lock_without_a_budget_fails_the_test(billing: FakeBilling) -> None:
    subscription = a_subscription(a_reader())
    with transaction.atomic(), pytest.raises(AssertionError, match="under a lock"):
        billing.subscription(subscription.stripe_id)


# --- Once, whatever gets lost ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    sandbox.start()
    yield sandbox
    sandbox.stop()


@dataclass
class Stripe:
    """A local Stripe with a customer who pays for a month, has cancelled another, and has a payment page open."""

    sandbox: Sandbox
    gateway: StripeBilling
    prices: dict[str, str]
    customer: str = ""
    session: str = ""
    subscription: str = ""
    payment: str = ""
    leaving: str = ""

    def count(self, kind: str) -> int:
        with self.sandbox.world.transaction():
            return self.sandbox.world.store.count(kind)

    def events(self, kind: str) -> int:
        with self.sandbox.world.transaction():
            return len([one for one in self.sandbox.world.store.find("event") if one["type"] == kind])

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.sandbox.world.now, tz=UTC)

    def pause(self) -> dict[str, datetime]:
        paid_until = self.gateway.subscription(self.subscription).period_ends_at
        return {"starts_at": paid_until, "ends_at": paid_until + timedelta(days=60)}

    def fault(self, action: str, *, times: int = 1) -> None:
        writes = [{"match": f"{method} *", "action": action, "times": times} for method in ("POST", "DELETE")]
        self.sandbox.faults.set(writes)

    def order(self, attempt: str) -> Order:
        return Order(
            attempt,
            self.customer,
            self.prices["month"],
            0,
            "http://127.0.0.1/?{CHECKOUT_SESSION_ID}",
            "http://127.0.0.1/",
            "1",
        )

    def pay(self, page: str) -> None:
        body = urllib.parse.urlencode({"method": "card_ok", "email": ""}).encode()
        with suppress(urllib.error.HTTPError):  # it leads back to a site that is not there
            urllib.request.build_opener(_StayHere).open(page, body, timeout=10).close()


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@pytest.fixture
def local(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Stripe:
    monkeypatch.setattr("subscriptions.calls.pause", lambda seconds: None)
    settings.STRIPE_TIMEOUT_SECONDS = 5
    sandbox.reset()
    gateway = StripeBilling("sk_test_local_sandbox", sandbox.url)
    prices = {
        interval: gateway.make_price(
            lookup_key=interval, product="News", cents=cents, currency="eur", interval=interval
        )
        for interval, cents in (("month", 1500), ("year", 15000))
    }
    local = Stripe(sandbox, gateway, prices)
    local.customer = gateway.make_customer(reader_id=7, email="bob@example.org", key="customer-7")
    paid = gateway.open_checkout(local.order("paid"))
    local.pay(paid.url)
    local.subscription = gateway.checkout(paid.session_id).subscription_id
    local.payment = gateway.payments_of(local.subscription)[0].stripe_id
    leaving = gateway.open_checkout(local.order("leaving"))
    local.pay(leaving.url)
    local.leaving = gateway.cancel_at_period_end(gateway.checkout(leaving.session_id).subscription_id).stripe_id
    local.session = gateway.open_checkout(local.order("open")).session_id
    return local


# What is done, and what there is one more of when it has happened.
WRITES: dict[str, tuple[Callable[[Stripe], object], Callable[[Stripe], int]]] = {
    "make_customer": (
        lambda it: it.gateway.make_customer(reader_id=8, email="eva@example.org", key="customer-8"),
        lambda it: it.count("customer"),
    ),
    "make_price": (
        lambda it: (
            it.gateway.price_of("new")
            or it.gateway.make_price(lookup_key="new", product="More", cents=900, currency="eur", interval="month")
        ),
        lambda it: it.count("price"),
    ),
    "open_checkout": (
        lambda it: it.gateway.open_checkout(it.order("new")),
        lambda it: it.count("checkout.session"),
    ),
    "close_checkout": (
        lambda it: it.gateway.close_checkout(it.session),
        lambda it: it.events("checkout.session.expired"),
    ),
    "cancel_at_period_end": (
        lambda it: it.gateway.cancel_at_period_end(it.subscription),
        lambda it: it.events("customer.subscription.updated"),
    ),
    "keep": (
        lambda it: it.gateway.keep(it.leaving),
        lambda it: it.events("customer.subscription.updated"),
    ),
    "pause": (
        lambda it: it.gateway.pause(it.subscription, **it.pause()),
        lambda it: it.events("customer.subscription.updated"),
    ),
    "switch": (
        lambda it: it.gateway.switch(it.subscription, it.prices["year"], key="switch-1"),
        lambda it: it.count("charge"),
    ),
    "end_now": (
        lambda it: it.gateway.end_now(it.subscription),
        lambda it: it.events("customer.subscription.deleted"),
    ),
    "portal": (lambda it: it.gateway.portal(), lambda it: it.count("billing_portal.configuration")),
    "refund": (
        lambda it: it.gateway.refund(it.payment, 500, key="goodwill"),
        lambda it: it.count("refund"),
    ),
}
FAULTS = ["status:500", "status:429", "hang:1", "drop_before", "drop_after", "apply_then_500"]


@pytest.mark.parametrize("action", FAULTS)
@pytest.mark.parametrize("name", WRITES)
def test_one_thing_gets_lost_and_it_happens_once(local: Stripe, settings: Any, name: str, action: str) -> None:
    ask, there_are = WRITES[name]
    before = there_are(local)
    if action.startswith("hang"):
        settings.STRIPE_TIMEOUT_SECONDS = 0.4
    local.fault(action)
    said = pressed_until_it_works(local, ask)
    assert there_are(local) == before + 1
    assert ask(local) == said, "the same intention again gives the same answer"
    assert there_are(local) == before + 1


@pytest.mark.parametrize("action", [action for action in FAULTS if not action.startswith("hang")])
@pytest.mark.parametrize("name", WRITES)
def test_everything_gets_lost_until_the_button_is_pressed_again(local: Stripe, name: str, action: str) -> None:
    ask, there_are = WRITES[name]
    before = there_are(local)
    local.fault(action, times=calls.ATTEMPTS)
    with suppress(BillingUnavailable):
        ask(local)
    local.sandbox.faults.set([])
    ask(local)
    assert there_are(local) == before + 1


@pytest.mark.parametrize("times", [1, calls.ATTEMPTS])
@pytest.mark.parametrize("action", [action for action in FAULTS if not action.startswith("hang")])
def test_a_pause_that_is_ended_is_charged_once(local: Stripe, action: str, times: int) -> None:
    local.gateway.pause(local.subscription, **local.pause())
    local.sandbox.advance(40 * DAY)
    before = local.count("charge")
    local.fault(action, times=times)
    resume = lambda it: it.gateway.resume(it.subscription, at=it.now(), key="resume-1")  # noqa: E731
    pressed_until_it_works(local, resume)
    resume(local)
    assert local.count("charge") == before + 1


def pressed_until_it_works(local: Stripe, ask: Callable[[Stripe], object]) -> object:
    """A reader who is told that Stripe does not answer presses the button again."""
    try:
        return ask(local)
    except BillingUnavailable:
        return ask(local)


def test_a_button_pressed_with_other_words_opens_no_second_page(local: Stripe) -> None:
    """The key is the attempt's, whose page may be asked for from another host name of ours."""
    first = local.gateway.open_checkout(local.order("new"))
    again = local.gateway.open_checkout(replace(local.order("new"), cancel_url="http://127.0.0.1/elsewhere/"))
    assert again.session_id == first.session_id


def test_where_stripe_keeps_failing_under_a_key_it_is_asked_for_under_the_next(
    local: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Done, answered by an error that is kept, and yet not to be found: then it is not there."""
    monkeypatch.setattr(local.gateway, "customer_of", lambda **who: None)
    local.fault("apply_then_500")
    assert local.gateway.make_customer(reader_id=9, email="i@example.org", key="customer-9")
    assert local.gateway.make_customer(reader_id=9, email="i@example.org", key="customer-9")
    assert local.count("customer") == 3, "one that was lost for good, and one that is used again and again"


def test_every_subscription_is_listed_page_by_page_and_from_where_it_stopped(local: Stripe) -> None:
    for _ in range(100):
        wish: Any = {"customer": local.customer, "items": [{"price": local.prices["year"]}], "trial_period_days": 30}
        local.gateway._client.v1.subscriptions.create(wish)
    pages = list(local.gateway.every_subscription())
    assert [len(page) for page in pages] == [100, 2]
    everything = [facts for page in pages for facts in page]
    assert len({facts.stripe_id for facts in everything}) == 102
    assert everything[-1] == local.gateway.subscription(local.subscription), "as when it is asked for alone"
    rest = list(local.gateway.every_subscription(starting_after=everything[49].stripe_id))
    assert [facts for page in rest for facts in page] == everything[50:]
    assert list(local.gateway.every_subscription(starting_after=everything[-1].stripe_id)) == []


def test_a_list_tells_that_a_discount_is_running_and_a_look_tells_how_much_is_left(local: Stripe) -> None:
    client = local.gateway._client.v1
    coupon = client.coupons.create({"percent_off": 20, "duration": "forever"})
    client.subscriptions.update(local.subscription, {"discounts": [{"coupon": coupon.id}]})
    looked_at = local.gateway.subscription(local.subscription)
    listed = next(
        one for page in local.gateway.every_subscription() for one in page if one.stripe_id == local.subscription
    )
    assert (looked_at.discounted_cents, listed.discounted_cents, listed.is_discounted) == (1200, None, True)
    plan = Plan(stripe_price_id=looked_at.price_id)
    row = Subscription(plan=plan, stripe_id=looked_at.stripe_id, **webhooks._mirrored(looked_at, None))
    assert webhooks.says_the_same(row, listed)
    row.discounted_cents = None
    assert not webhooks.says_the_same(row, listed)


# --- After 24 hours Stripe has forgotten the key -----------------------------------------------------


@dataclass
class Shop:
    """A reader at our order page, with the local Stripe behind it."""

    stripe: Stripe
    reader: User

    def now(self) -> datetime:
        return self.stripe.now()

    def order(self, interval: str = "year") -> str:
        plan = Plan.objects.get(interval=interval)
        offer = checkout.Offer(plan, with_trial=True, first_charge_at=self.now() + timedelta(days=30), terms=None)
        pages = {"success_url": "http://127.0.0.1/?{CHECKOUT_SESSION_ID}", "cancel_url": "http://127.0.0.1/"}
        return checkout.start(self.reader, offer, shown_html="€", return_to="", at=self.now(), **pages)

    def open_pages(self) -> int:
        with self.stripe.sandbox.world.transaction():
            return len(self.stripe.sandbox.world.store.find("checkout.session", {"status": "open"}))


@pytest.fixture
def shop(local: Stripe, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr("subscriptions.billing.gateway", lambda: local.gateway)
    local.gateway.close_checkout(local.session)
    for interval in ("year", "month"):
        a_plan(interval, stripe_price_id=local.prices[interval])
    return Shop(local, a_reader("bob@example.org"))


@pytest.mark.parametrize("action", ["drop_after", "apply_then_500"])
@pytest.mark.parametrize("hours", [1, 22, 25, 24 * 40])
def test_a_customer_whose_answer_was_lost_is_found_again_however_late(shop: Shop, hours: int, action: str) -> None:
    before = shop.stripe.count("customer")
    shop.stripe.sandbox.faults.set([{"match": "POST /v1/customers", "action": action, "times": calls.ATTEMPTS}])
    with suppress(BillingUnavailable):
        shop.order()
    shop.stripe.sandbox.faults.set([])
    shop.stripe.sandbox.advance(hours * 3600)
    assert shop.order()
    assert shop.stripe.count("customer") == before + 1
    assert shop.open_pages() == 1


@pytest.mark.parametrize("hours", [1, 22, 25])
def test_of_a_page_whose_answer_was_lost_one_is_open_however_late(shop: Shop, hours: int) -> None:
    lost = [{"match": "POST /v1/checkout/sessions", "action": "drop_after", "times": calls.ATTEMPTS}]
    shop.stripe.sandbox.faults.set(lost)
    with pytest.raises(BillingUnavailable):
        shop.order()
    shop.stripe.sandbox.advance(hours * 3600)
    assert shop.order()
    assert shop.open_pages() == 1


def test_a_page_whose_answer_was_lost_is_closed_when_another_plan_is_chosen(shop: Shop) -> None:
    lost = [{"match": "POST /v1/checkout/sessions", "action": "drop_after", "times": calls.ATTEMPTS}]
    shop.stripe.sandbox.faults.set(lost)
    with pytest.raises(BillingUnavailable):
        shop.order("year")
    assert shop.order("month")
    assert shop.open_pages() == 1
    assert CheckoutAttempt.objects.exclude(stripe_session_id="").count() == 2


def test_an_order_that_never_reached_stripe_is_looked_for_once(shop: Shop) -> None:
    shop.stripe.sandbox.faults.set(
        [{"match": "POST /v1/checkout/sessions", "action": "drop_before", "times": calls.ATTEMPTS}]
    )
    with pytest.raises(BillingUnavailable):
        shop.order("year")
    assert shop.order("month")
    never = CheckoutAttempt.objects.get(plan__interval="year")
    assert (never.stripe_session_id, never.expires_at is not None) == ("", True)


def test_who_has_just_paid_in_one_tab_is_not_led_to_pay_in_another(shop: Shop) -> None:
    shop.stripe.pay(shop.order("year"))
    with pytest.raises(checkout.AlreadySubscribed):
        shop.order("month")
    assert shop.reader.subscriptions.get().plan.interval == "year"
    assert shop.open_pages() == 0
