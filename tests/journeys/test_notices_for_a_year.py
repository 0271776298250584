"""A whole trial, a year and its renewal by Stripe's clock, the mail server away for a week in the middle, and longer.

Whatever is charged, its reader was told in time; and of nothing was anybody told twice.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils.timezone import localtime

from newsroom.templatetags.newsroom import short_day
from readers import letters
from readers.models import User
from subscriptions import billing, checkout, notices, pausing, price_changes, putting_off, trial
from subscriptions.access import entitlement_for
from subscriptions.models import Notice, Plan, PutOff, Subscription
from tests.make import a_reader
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
STEP = timedelta(hours=12)
REMINDERS = ("trial ends", "is renewed on")


class Post:
    """A mail server that may be away."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    @contextmanager
    def away(self) -> Iterator[None]:
        def refuse(*args: Any, **kwargs: Any) -> int:
            raise ConnectionError("nobody listens")

        with self._patch.context() as patch:
            patch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
            yield


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    return Post(monkeypatch)


@pytest.fixture
def anna(world: World) -> User:
    return a_reader("anna@example.org")


def subscribe(world: World, reader: User, interval: str = "year") -> Subscription:
    """Order and pay by card."""
    offer = checkout.offer_to(reader, Plan.objects.on_sale().get(interval=interval), at=world.now())
    back = "http://testserver/subscribe/return/?session_id={CHECKOUT_SESSION_ID}"
    page = checkout.start(reader, offer, shown_html="", return_to="", success_url=back, cancel_url=back, at=world.now())
    world.pay(page)
    world.settle()
    return Subscription.objects.get(reader=reader)


def a_year_that_ends_in(world: World, reader: User, *, days: int) -> datetime:
    """A year without a trial, of which so many days are left. Returns its end."""
    trial.note_use(reader, at=world.now())
    end = subscribe(world, reader).period_ends_at
    world.pass_time(seconds=(end - timedelta(days=days) - world.now()).total_seconds())
    return end


def the_worker_works(world: World) -> None:
    """All that is about notices, as the worker would do it within an hour; twice, as after a restart."""
    now = world.now()
    for _ in range(2):
        notices.write_due(at=now)
        putting_off.guard(at=now)
        price_changes.apply_due(at=now)
        pausing.resume_due(at=now)
        letters.send_waiting(at=now, put_off_too=True)
    world.settle()


def live_until(world: World, moment: datetime, reader: User) -> None:
    """Let the days pass. The reader reads on all the time."""
    while world.now() < moment:
        world.pass_time(seconds=min(STEP, moment - world.now()).total_seconds() + 1)
        the_worker_works(world)
        assert entitlement_for(reader, at=world.now()), world.now()


def live_on(world: World, days: float, reader: User) -> None:
    live_until(world, world.now() + timedelta(days=days), reader)


def reminders(email: str) -> list[str]:
    """The subjects of all words about charges, oldest first."""
    subjects = [letter.subject for letter in mail.outbox if letter.to == [email]]
    return [one for one in subjects if any(words in one for words in REMINDERS)]


def charges(world: World) -> list[datetime]:
    """When Stripe began the periods that were charged, oldest first."""
    row = Subscription.objects.get()
    payments = billing.gateway().payments_of(row.stripe_id)
    return sorted(one.period_starts_at for one in payments if one.period_starts_at)


def assert_nothing_was_charged_untold(world: World) -> None:
    """Every charge but that of the order has a notice about it that the mail server took long enough before."""
    Notice.objects.take_note_of_what_was_sent()
    ordered_at = Subscription.objects.get().started_at
    later = [one for one in charges(world) if one > ordered_at + DAY]
    for charged_at in later:
        ahead = 7 * DAY if charged_at < ordered_at + 60 * DAY else 15 * DAY
        about = Notice.objects.filter(about_at=charged_at, sent_at__lte=charged_at - ahead)
        assert about.exists(), f"charged on {charged_at}, told of {list(Notice.objects.values('about_at', 'sent_at'))}"


def assert_nothing_was_said_twice() -> None:
    words = Counter((tuple(letter.to), letter.body) for letter in mail.outbox)
    assert max(words.values()) == 1
    ids = Counter(letter.extra_headers["Message-ID"] for letter in mail.outbox)
    assert max(ids.values()) == 1


def test_a_trial_a_year_and_its_renewal(world: World, anna: User) -> None:
    row = subscribe(world, anna)
    began = row.started_at
    live_on(world, 30.2, anna)
    assert charges(world) == [began + 30 * DAY]
    assert reminders(anna.email) == ["Your free trial ends on " + short_day(began + 30 * DAY)] * 2
    world.pass_time(days=328)
    live_on(world, 38, anna)
    assert len(charges(world)) == 2
    assert reminders(anna.email)[2:] == ["Your subscription is renewed on " + short_day(charges(world)[1])] * 2
    assert world.charged_cents() == 30_000
    assert not PutOff.objects.exists()
    assert_nothing_was_charged_untold(world)
    assert_nothing_was_said_twice()


def test_a_week_without_mail_in_the_middle_of_the_trial(world: World, anna: User, post: Post) -> None:
    row = subscribe(world, anna)
    end = row.started_at + 30 * DAY
    live_on(world, 18, anna)
    with post.away():
        live_on(world, 7, anna)
    live_until(world, end + DAY, anna)
    assert world.charged_cents() == 0, "the trial goes on"
    assert Subscription.objects.get().is_trial
    new_end = PutOff.objects.get().moved_to
    live_until(world, new_end + DAY, anna)
    assert charges(world) == [new_end]
    assert reminders(anna.email) == ["Your free trial ends on " + short_day(new_end)]
    assert_nothing_was_charged_untold(world)
    assert_nothing_was_said_twice()


def test_a_week_without_mail_before_the_renewal_is_made_up_for(world: World, anna: User, post: Post) -> None:
    end = a_year_that_ends_in(world, anna, days=36)
    with post.away():
        live_on(world, 7, anna)
    live_until(world, end + DAY, anna)
    assert len(charges(world)) == 2
    assert not PutOff.objects.exists()
    assert_nothing_was_charged_untold(world)
    assert_nothing_was_said_twice()


def test_a_month_without_mail_puts_the_renewal_off_until_it_flows_again(
    world: World, anna: User, post: Post, client: Client
) -> None:
    end = a_year_that_ends_in(world, anna, days=36)
    with post.away():
        live_on(world, 30, anna)
    waiting = Subscription.objects.get()
    assert waiting.is_put_off
    assert waiting.put_off_from == end
    assert len(PutOff.objects.all()) > 1
    client.force_login(anna)
    page = client.get("/account/").content.decode()
    assert "Our notice of it could not be sent in time" in page
    live_until(world, end + DAY, anna)
    assert world.charged_cents() == 15_000, "the old day has passed and nothing was taken"
    new_end = Subscription.objects.get().period_ends_at
    live_until(world, new_end + DAY, anna)
    assert len(charges(world)) == 2
    assert charges(world)[1] == new_end
    renewed = Subscription.objects.get()
    assert (renewed.status, renewed.is_put_off) == ("active", False)
    assert renewed.period_ends_at - new_end >= 365 * DAY
    assert_nothing_was_charged_untold(world)
    assert_nothing_was_said_twice()


def test_what_was_renewed_can_be_ended_at_once_and_the_rest_comes_back(
    world: World, anna: User, client: Client
) -> None:
    live_until(world, a_year_that_ends_in(world, anna, days=36) + DAY, anna)
    world.pass_time(days=100)
    client.force_login(anna)
    page = client.get("/account/cancel/")
    rest = page.context["rest"]
    assert rest is not None
    client.post("/account/end-now/", {"cents": rest.cents})
    client.post("/account/end-now/", {"cents": rest.cents})
    world.settle()
    payments = billing.gateway().payments_of(Subscription.objects.get().stripe_id)
    assert sum(one.refunded_cents for one in payments) == rest.cents
    starts, ends = rest.payment.period_starts_at, rest.payment.period_ends_at
    assert rest.cents == -(-15_000 * rest.unused_days // (localtime(ends).date() - localtime(starts).date()).days)
    assert Subscription.objects.get().status == "canceled"
    assert entitlement_for(anna, at=world.now()) is None
    assert_nothing_was_said_twice()


def test_another_price_is_charged_after_its_notice_and_not_before(world: World, anna: User) -> None:
    trial.note_use(anna, at=world.now())
    subscribe(world, anna, "month")
    price_changes.announce("month", 1800, from_at=world.now() + DAY, at=world.now())
    live_on(world, 70, anna)
    payments = billing.gateway().payments_of(Subscription.objects.get().stripe_id)
    assert [one.paid_cents for one in payments] == [1800, 1500, 1500]
    told = Notice.objects.get(kind=Notice.Kind.PRICE_CHANGE)
    assert told.sent_at is not None
    assert told.sent_at <= payments[0].paid_at - 30 * DAY
    assert_nothing_was_said_twice()
