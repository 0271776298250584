"""Plain makers with fixed values. Alice subscribes, Bob has an account and no more, Carol is staff."""

import time
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pkgutil import iter_modules
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client

import newsroom.migrations
from articles.models import Article, Author, LiveCoverage, LiveEntry, PartnerItem, Section
from articles.models.partner import ANSWERS
from groups.addresses import mailbox_of
from groups.models import Domain, Enquiry, GroupAccount, Manager, Seat, Term
from readers.models import User
from subscriptions.billing import SubscriptionFacts
from subscriptions.models import Contract, Customer, Grant, Plan, Subscription, TermsVersion

NOW = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)
TOMORROW = NOW + timedelta(days=1)
# What every browser says with a page that somebody asked to see.
BY_BROWSER = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "User-Agent": "Mozilla/5.0 Firefox/140.0"}
TEXT = (
    "<p>The first paragraph is for everyone.</p><p>So is the second one.</p>"
    "<p>The third is paid for and says canaryword.</p><p>The fourth ends the story.</p>"
)


def a_reader(email: str = "bob@example.org", **fields: Any) -> User:
    """Somebody with an account and a proved address."""
    reader = User.objects.create_user(email, **fields)
    EmailAddress.objects.create(user=reader, email=reader.email, verified=True, primary=True)
    return reader


def proved(client: Client) -> None:
    """The reader of this client has just shown once more that it is them."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "code", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()


def the_groups() -> None:
    """The groups of staff, as the migrations make them: tests with a real server empty every table."""
    for module in sorted(found.name for found in iter_modules(newsroom.migrations.__path__)):
        make = getattr(import_module(f"newsroom.migrations.{module}"), "make", None)
        if make:
            make(apps, SimpleNamespace(connection=connection))


def somebody_in(group: str, email: str = "dora@example.org") -> User:
    """A member of staff with the rights of that group: "Authors", "Editors", "Chief editors" or "Subscription desk"."""
    if not Group.objects.filter(name=group).exists():
        the_groups()
    person = a_reader(email, is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    return person


def a_section(slug: str = "climate", **fields: Any) -> Section:
    """A section; the same one when asked twice."""
    return Section.objects.get_or_create(slug=slug, defaults={"name": slug.replace("-", " ").capitalize(), **fields})[0]


def an_author(name: str = "Ana Novak") -> Author:
    """A name for a byline; the same one when asked twice."""
    return Author.objects.get_or_create(slug=name.lower().replace(" ", "-"), defaults={"name": name})[0]


def an_article(
    headline: str = "Ministers agree on a bridge",
    *,
    text: str = TEXT,
    section: Section | None = None,
    published: datetime | None = YESTERDAY,
    by: Author | None = None,
    **fields: Any,
) -> Article:
    """An article, published yesterday unless told otherwise; `published=None` leaves a draft."""
    slug = fields.pop("slug", headline.lower().replace(" ", "-").replace("’", ""))
    fields.setdefault("standfirst", "A bridge is agreed, and nobody knows who pays.")
    article = Article(headline=headline, slug=slug, section=section or a_section(), **fields)
    article.write(text)
    article.sign([by or an_author()])
    if published:
        article.publish(at=published)
    return article


def a_coverage(headline: str = "The council meets", *, published: datetime | None = YESTERDAY, **fields: Any) -> Any:
    """A live coverage, out since yesterday unless told otherwise; `published=None` leaves a draft."""
    slug = fields.pop("slug", headline.lower().replace(" ", "-"))
    fields.setdefault("standfirst", "Ministers talk about the bridge.")
    coverage = LiveCoverage.objects.create(
        headline=headline, slug=slug, section=fields.pop("section", None) or a_section(), **fields
    )
    if published:
        coverage.publish(at=published)
    return coverage


def an_entry(coverage: Any, headline: str = "It has begun", text: str = "<p>Doors shut.</p>", **fields: Any) -> Any:
    """An entry of a live coverage, of an hour ago unless told otherwise."""
    fields.setdefault("published_at", NOW - timedelta(hours=1))
    entry = LiveEntry(coverage=coverage, headline=headline, author=fields.pop("by", None) or an_author(), **fields)
    entry.write(text)
    return entry


def a_partner_item(organisation: str = "League", *, is_political: bool = False, **fields: Any) -> PartnerItem:
    """What somebody pays for; a political one with every answer."""
    when = {"starts_at": YESTERDAY, "ends_at": TOMORROW}
    answers = dict.fromkeys(ANSWERS, "As asked") | {"amount_cents": 48_000} if is_political else {}
    values = {"headline": "h", "url": "https://example.org/"} | when | answers | fields
    return PartnerItem.objects.create(organisation=organisation, is_political=is_political, **values)


def a_plan(interval: str = "year", **fields: Any) -> Plan:
    """The plan on sale for that interval."""
    price = {"year": 15000, "month": 1500}[interval]
    found = Plan.objects.filter(interval=interval, is_on_sale=True).first()
    return found or Plan.objects.create(
        **{"interval": interval, "price_cents": price, "lookup_key": interval, "stripe_price_id": f"price_{interval}"}
        | fields
    )


def a_subscription(reader: User, status: str = "active", *, at: datetime = NOW, **fields: Any) -> Subscription:
    """A subscription in one of Stripe's states, in the middle of its period."""
    values: dict[str, Any] = {
        "plan": fields.pop("plan", None) or a_plan(),
        "stripe_id": f"sub_{reader.pk}_{Subscription.objects.count()}",
        "status": status,
        "started_at": at - timedelta(days=10),
        "period_starts_at": at - timedelta(days=10),
        "period_ends_at": at + timedelta(days=20),
        "recorded_at": at,
    }
    if status == "trialing":
        values["trial_ends_at"] = values["period_ends_at"]
    if status == "past_due":
        values["unpaid_since"] = at - timedelta(days=3)
    return Subscription.objects.create(reader=reader, **values | fields)


def a_contract(subscription: Subscription, **fields: Any) -> Contract:
    """The contract of a subscription that was ordered on the site, under the terms of today."""
    reader, number = subscription.reader, f"VD-2026-{Contract.objects.count() + 1:06}"
    values: dict[str, Any] = {
        "number": number,
        "number_key": Contract.key_of(number),
        "kind": Contract.Kind.SUBSCRIPTION,
        "channel": Contract.Channel.WEB,
        "email": reader.email,
        "name": reader.name,
        "concluded_at": subscription.started_at,
        "made_at": subscription.started_at,
        "terms": TermsVersion.objects.in_force(at=subscription.started_at),
        "shown_html": "<dl><div><dt>You order</dt><dd>Everything</dd></div></dl>",
        "price_cents": subscription.plan.price_cents,
        "interval": subscription.plan.interval,
    }
    return Contract.objects.create(reader=reader, subscription=subscription, **values | fields)


def a_customer(email: str = "bob@example.org", stripe_id: str = "cus_bob", *, at: datetime = NOW) -> User:
    """A reader whom Stripe knows."""
    reader = a_reader(email)
    Customer.objects.create(reader=reader, stripe_id=stripe_id, created_at=at)
    return reader


def the_facts(
    interval: str = "month",
    status: str = "active",
    *,
    since: datetime = NOW,
    until: datetime | None = None,
    **fields: Any,
) -> SubscriptionFacts:
    """What Stripe says of Bob's subscription, which runs for 30 days from `since` unless told otherwise."""
    ends = until or since + timedelta(days=30)
    values: dict[str, Any] = {
        "stripe_id": "sub_1",
        "customer_id": "cus_bob",
        "status": status,
        "price_id": f"price_{interval}",
        "price_cents": {"year": 15000, "month": 1500}[interval],
        "interval": interval,
        "started_at": since,
        "period_starts_at": since,
        "period_ends_at": ends,
        "trial_ends_at": ends if status == "trialing" else None,
    }
    return SubscriptionFacts(**values | fields)


def a_grant(reader: User, *, by: User, at: datetime = NOW, **fields: Any) -> Grant:
    """Access given by staff, from yesterday for a month."""
    values: dict[str, Any] = {
        "kind": Grant.Kind.STUDENT,
        "reason": "Showed a student card",
        "starts_at": at - timedelta(days=1),
        "ends_at": at + timedelta(days=30),
        "granted_at": at - timedelta(days=1),
    }
    return Grant.objects.create(reader=reader, granted_by=by, **values | fields)


def an_agreement(organisation: str = "Harbour & Vale", *, seats: int | None = 20, **term: Any) -> GroupAccount:
    """An agreement of 2026, accepted and paid; fields of its term may be given, and None for `paid_at`."""
    group = GroupAccount.objects.create(
        organisation=organisation, kind=GroupAccount.Kind.COMPANY, created_at=NOW - timedelta(days=330)
    )
    a_term(group, seats=seats, **term)
    return group


def a_seat(group: GroupAccount, reader: User, *, at: datetime = NOW, **fields: Any) -> Seat:
    """A seat that this reader took by an invitation, a hundred days ago."""
    values: dict[str, Any] = {
        "address": reader.email,
        "mailbox": mailbox_of(reader.email),
        "how": Seat.How.INVITATION,
        "given_at": at - timedelta(days=100),
        "proved_at": at - timedelta(days=100),
    }
    return Seat.objects.create(group=group, reader=reader, **values | fields)


def a_manager(group: GroupAccount, email: str = "anna@harbourvale.example", *, at: datetime = NOW) -> User:
    """Somebody who looks after the seats of a group, with a proved address."""
    reader = a_reader(email, name="Anna Szabó")
    Manager.objects.create(group=group, reader=reader, address=email, made_at=at - timedelta(days=100))
    return reader


def a_domain(group: GroupAccount, name: str = "harbourvale.example", *, at: datetime = NOW, **fields: Any) -> Domain:
    """A domain of an organisation, open to everybody there."""
    return Domain.objects.create(group=group, name=name, added_at=at, **{"is_open": True} | fields)


def a_term(group: GroupAccount, *, seats: int | None = 20, **fields: Any) -> Term:
    """A term of an agreement: 2026, accepted and paid."""
    values: dict[str, Any] = {
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31),
        "price_cents": 150_000,
        "quoted_at": NOW - timedelta(days=330),
        "accepted_at": NOW - timedelta(days=329),
        "invoiced_at": NOW - timedelta(days=328),
        "paid_at": NOW - timedelta(days=327),
    }
    return Term.objects.create(group=group, seats=seats, **values | fields)


def an_enquiry(**fields: Any) -> Enquiry:
    """A question of yesterday, new and nobody's."""
    values: dict[str, Any] = {
        "key": uuid4(),
        "topic": "cannot_afford",
        "name": "Ida Holm",
        "email": "ida@example.org",
        "words": "A sentence.",
        "asked_at": YESTERDAY,
    }
    return Enquiry.objects.create(**values | fields)
