"""Work that waits for the jobs that take it up: whatever a bad minute of Stripe or of the mail server leaves."""

import io
import uuid
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from PIL import Image

from articles.models import Picture
from newsroom.demo import people
from readers.models import AddressChange, Letter, User
from rights import stating
from subscriptions import billing, pausing, price_changes
from subscriptions.models import Customer, Refund, StripeEvent, Subscription

LETTERS, RECEIPTS = 3, 3
TWO_MONTHS = timedelta(days=60)


def leave(*, at: datetime) -> None:
    """Leave it all behind; Stripe must answer."""
    subscriber = User.objects.get(email=people.SUBSCRIBER.email)
    mine = Subscription.objects.get(reader=subscriber)
    _letters(subscriber, at)
    _receipts(at)
    _a_picture()
    _a_refund(mine, at)
    _another_address(at)
    _a_statement(at)
    _a_second_order(subscriber, mine)
    pausing.pause(mine, pausing.choices_for(mine)[0], at=at)
    price_changes.announce("year", 17_000, from_at=at + TWO_MONTHS, at=at)


def _letters(reader: User, at: datetime) -> None:
    for number in range(LETTERS):
        words = {"subject": f"Letter {number}", "text": "Words.", "html": "<p>Words.</p>"}
        Letter.objects.create(
            reader=reader, to=reader.email, kind="chaos", occasion=str(number), written_at=at, **words
        )


def _receipts(at: datetime) -> None:
    customers = dict(Customer.objects.values_list("reader_id", "stripe_id"))
    for number, row in enumerate(Subscription.objects.order_by("pk")[:RECEIPTS]):
        about = {"id": row.stripe_id, "object": "subscription", "customer": customers[row.reader_id]}
        kind = "customer.subscription.updated"
        payload = {
            **{"id": f"evt_chaos{number}", "object": "event", "type": kind, "created": int(at.timestamp())},
            **{"livemode": False, "api_version": "2026-10-28.endive", "data": {"object": about}},
        }
        StripeEvent.objects.create(
            stripe_id=f"evt_chaos{number}", kind=kind, payload=payload, received_at=at - timedelta(minutes=10)
        )


def _a_picture() -> None:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((340, 260)).convert("RGB").save(out, "JPEG")
    picture = Picture(original=ContentFile(out.getvalue(), name="a.jpg"), alt="A ring", credit="Photo: chaos")
    picture.save()
    picture.make_first_renditions()


def _a_refund(row: Subscription, at: datetime) -> None:
    payment = next(one for one in billing.gateway().payments_of(row.stripe_id) if one.refundable_cents > 100)
    Refund.objects.create(
        pk=uuid.UUID(int=7),
        subscription=row,
        payment_id=payment.stripe_id,
        cents=100,
        kind=Refund.Kind.PARTIAL,
        reason="A page was missing",
        asked_at=at,
    )


def _another_address(at: datetime) -> None:
    reader = User.objects.get(email=people.CANCELLED.email)
    AddressChange.objects.create(
        reader=reader, old_email=reader.email, new_email="clara@example.org", asked_at=at, code_sent_at=at,
        token_hash="x" * 64, new_agreed_at=at, old_agreed_at=at, done_at=at,
    )  # fmt: skip
    User.objects.filter(pk=reader.pk).update(email="clara@example.org")


def _a_statement(at: datetime) -> None:
    reader = User.objects.get(email=people.TRIAL.email)
    key = uuid.UUID(int=8)
    stating.make(stating.Said(key, "withdrawal", "Tariq Trial", reader.email), reader, at=at)


def _a_second_order(reader: User, mine: Subscription) -> None:
    """Ordered twice at Stripe, of which the site has heard, and not yet settled it."""
    gateway = billing.gateway()
    customer = Customer.objects.get(reader=reader).stripe_id
    client = gateway._client.v1  # type: ignore[attr-defined]
    card = client.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    wish = {"customer": customer, "items": [{"price": mine.plan.stripe_price_id}], "default_payment_method": card}
    second = client.subscriptions.create(wish).id
    facts = gateway.subscription(second)
    Subscription.objects.create(
        reader=reader, plan=mine.plan, stripe_id=second, status=facts.status, started_at=facts.started_at,
        period_starts_at=facts.period_starts_at, period_ends_at=facts.period_ends_at,
        surplus=Subscription.Surplus.ORDER, recorded_at=facts.started_at,
    )  # fmt: skip
