"""Who and what is on the stage when it begins: articles, plans, subscribers, and somebody at the desk."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from chaos.http import Visitor

CANARY = "canaryword"
ARTICLES, SUBSCRIBERS = 6, 4
EDITION = "Edition"


@dataclass(frozen=True)
class Subscriber:
    """A reader who pays, and how they are known."""

    pk: int
    email: str
    customer: str
    stripe_id: str
    visitor: Visitor


@dataclass(frozen=True)
class Cast:
    """Everybody, and the addresses of what they read. The last article is the one that is written anew all the time."""

    articles: tuple[tuple[int, str], ...]
    news: tuple[int, str]
    subscribers: tuple[Subscriber, ...]
    editor: Visitor


def gather(site: str) -> Cast:
    """Make them all, in an empty database and an empty Stripe."""
    from django.core.management import call_command

    from subscriptions.models import Plan
    from tests import make

    now = datetime.now(UTC)
    call_command("sync_plans", stdout=io.StringIO())
    # Some are charged at once, the others in a month.
    Plan.objects.filter(interval="month").update(trial_days=0)
    written = [make.an_article(f"Ministers agree on bridge {number}", published=now) for number in range(ARTICLES)]
    news = make.an_article("What is new", standfirst=f"{EDITION} 0.", published=now)
    subscribers = tuple(_subscriber(site, number, at=now) for number in range(SUBSCRIBERS))
    editor = make.a_reader("editor@example.org", is_staff=True, is_superuser=True)
    return Cast(
        tuple((one.pk, one.get_absolute_url()) for one in written),
        (news.pk, news.get_absolute_url()),
        subscribers,
        _signed_in(site, editor, "10.0.1.1"),
    )


def _subscriber(site: str, number: int, *, at: datetime) -> Subscriber:
    from subscriptions import billing, webhooks
    from subscriptions.models import Customer, Plan
    from tests import make

    gateway: Any = billing.gateway()
    reader = make.a_reader(f"subscriber{number}@example.org")
    customer = gateway.make_customer(reader_id=reader.pk, email=reader.email, key=f"chaos-{number}")
    Customer.objects.create(reader=reader, stripe_id=customer, created_at=at)
    card = gateway._client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    price = Plan.objects.on_sale().get(interval="year").stripe_price_id
    wish = {"customer": customer, "items": [{"price": price}], "default_payment_method": card}
    stripe_id = gateway._client.v1.subscriptions.create(wish).id
    with webhooks.locked(reader.pk) as locked:
        webhooks.record(locked, gateway.subscription(stripe_id), at=at)
    return Subscriber(reader.pk, reader.email, customer, stripe_id, _signed_in(site, reader, f"10.0.0.{number + 1}"))


def _signed_in(site: str, reader: Any, address: str) -> Visitor:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(reader.pk), reader.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session.create()
    return Visitor(site, address, {settings.SESSION_COOKIE_NAME: session.session_key, "csrftoken": "c" * 32})
