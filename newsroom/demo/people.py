"""One reader of every kind, brought into their state by the real paths: our checkout, Stripe's page, Stripe's clock."""

import json
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from articles.models import Article, Author
from edge import clock
from readers.models import User
from subscriptions import billing, checkout, contracts, webhooks
from subscriptions.models import CheckoutAttempt, Grant, Plan, Subscription

# Long enough ago for a trial and a month to have passed.
LONG_AGO = timedelta(days=75)


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as."""

    email: str
    name: str
    story: str


ADMIN = Person("admin@viaduct.example", "Ada Administrator", "administrator: everything in the admin")
AUTHOR = Person("author@viaduct.example", "Zuzanna Kołodziej", "author: her own drafts")
CHIEF = Person("chief@viaduct.example", "Chloé Chief", "chief editor: the front page, and withdrawing")
EDITOR = Person("editor@viaduct.example", "Edith Editor", "editor: writes and publishes")
STAFF = Person("desk@viaduct.example", "Dora Desk", "subscription desk: readers and grants")
REGISTERED = Person("registered@viaduct.example", "Rita Registered", "an account and nothing else")
TRIAL = Person("trial@viaduct.example", "Tariq Trial", "in the free trial")
SUBSCRIBER = Person("subscriber@viaduct.example", "Sofia Subscriber", "subscriber, monthly")
PAST_DUE = Person("pastdue@viaduct.example", "Pavel Pastdue", "last payment refused, reading in grace")
CANCELLED = Person("cancelled@viaduct.example", "Clara Cancelled", "cancelled, still paid up")
LAPSED = Person("lapsed@viaduct.example", "Lars Lapsed", "was a subscriber once")
GRANTED = Person("student@viaduct.example", "Stella Student", "student access given by staff")
EVERYBODY = (REGISTERED, TRIAL, SUBSCRIBER, PAST_DUE, CANCELLED, LAPSED, GRANTED, AUTHOR, EDITOR, CHIEF, STAFF, ADMIN)


def settle_in() -> None:
    """Make them all, unless they are there. Needs an empty local Stripe for those who have a past."""
    if User.objects.filter(email=ADMIN.email).exists():
        return
    sys.stderr.write("Inviting a reader of every kind ...\n")
    with transaction.atomic():
        _invite_everybody()


def _invite_everybody() -> None:
    for person in EVERYBODY:
        _account(person)
    User.objects.filter(email=ADMIN.email).update(is_staff=True, is_superuser=True)
    groups = {AUTHOR: "Authors", EDITOR: "Editors", CHIEF: "Chief editors", STAFF: "Subscription desk"}
    for person, group in groups.items():
        user = User.objects.get(email=person.email)
        user.is_staff = True
        user.save(update_fields=["is_staff"])
        user.groups.add(Group.objects.get(name=group))
    Author.objects.filter(name=AUTHOR.name).update(account=User.objects.get(email=AUTHOR.email))
    _give_a_grant()
    _put_to_work()
    _live_through_the_past()


def _put_to_work() -> None:
    """Let the desk have something to do today: one article to be read, one that is planned and has a note."""
    now, editor = clock.now(), User.objects.get(email=EDITOR.email)
    drafts = list(Article.objects.filter(status=Article.Status.DRAFT).order_by("pk")[:2])
    for article in drafts[:1]:
        article.send_for_review(by=User.objects.get(email=AUTHOR.email), at=now - timedelta(hours=2))
    for article in drafts[1:]:
        article.planned_on = timezone.localdate(now)
        article.save(update_fields=["planned_on"])
        article.assign(editor, by=editor, at=now - timedelta(hours=1))
        words = "The unions answer by four. Keep the last paragraph open."
        article.steps.create(kind="note", note=words, by=editor, at=now - timedelta(minutes=50))


def _account(person: Person) -> User:
    user = User.objects.create_user(person.email, name=person.name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def _give_a_grant() -> None:
    now = clock.now() - timedelta(days=2)
    grant = Grant.objects.create(
        reader=User.objects.get(email=GRANTED.email),
        kind=Grant.Kind.STUDENT,
        reason="Sent a photo of this year’s student card",
        starts_at=now,
        ends_at=now + timedelta(days=300),
        granted_by=User.objects.get(email=STAFF.email),
        granted_at=now,
    )
    contracts.conclude_for_grant(grant, at=now)


def _live_through_the_past() -> None:
    """Move Stripe's clock back, let people order, and let the time pass until today."""
    today = clock.now()
    _move_clock_to(today - LONG_AGO)
    _order(SUBSCRIBER, "month")
    _order(LAPSED, "month", then=lambda gateway, one: gateway.cancel_at_period_end(one.stripe_id))
    _move_clock_to(today - timedelta(days=33))
    _order(PAST_DUE, "year", method="card_fails_later")
    _order(CANCELLED, "year")
    _move_clock_to(today - timedelta(days=7))
    _order(TRIAL, "year")
    # The wall's own time by now, so that both clocks run together from here.
    _move_clock_to(datetime.fromtimestamp(time.time(), UTC))
    for reader in User.objects.filter(subscriptions__isnull=False).distinct():
        webhooks.refresh(reader, at=clock.now())
    paid = Subscription.objects.get(reader__email=CANCELLED.email)
    webhooks.change(paid, lambda gateway: gateway.cancel_at_period_end(paid.stripe_id), at=clock.now())


def _order(
    person: Person,
    interval: str,
    *,
    method: str = "card_ok",
    then: Callable[[billing.Billing, Subscription], billing.SubscriptionFacts] | None = None,
) -> None:
    reader = User.objects.get(email=person.email)
    now = clock.now()
    offer = checkout.offer_to(reader, Plan.objects.on_sale().get(interval=interval), at=now)
    page = checkout.start(
        reader,
        offer,
        shown_html=render_to_string("subscriptions/_order_summary.html", {"offer": offer}),
        return_to="/",
        success_url=f"{settings.SITE_URL}/subscribe/return/?session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{settings.SITE_URL}/",
        at=now,
    )
    _post_form(page, {"method": method, "email": reader.email})
    checkout.finish(CheckoutAttempt.objects.get(reader=reader), at=now)
    if then:
        one = Subscription.objects.get(reader=reader)
        webhooks.change(one, lambda gateway: then(gateway, one), at=now)


def _move_clock_to(moment: datetime) -> None:
    body = json.dumps({"to": int(moment.timestamp())}).encode()
    request = urllib.request.Request(  # noqa: S310 - the local Stripe
        f"{settings.STRIPE_API_BASE}/_sandbox/clock", body, {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310


def _post_form(address: str, fields: dict[str, str]) -> None:
    class StayHere(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: object, **kwargs: object) -> None:
            return None

    try:
        urllib.request.build_opener(StayHere).open(address, urllib.parse.urlencode(fields).encode(), timeout=30).close()
    except urllib.error.HTTPError as answer:
        if answer.code != 303:
            raise
