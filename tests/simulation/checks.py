"""What must hold at every step and at the end. Stripe's side is read raw, without the site's own code."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from newsroom.models import PeriodicJob
from readers.models import Letter
from subscriptions import billing
from subscriptions.access import entitlement_for
from subscriptions.models import Customer, StripeEvent, Subscription
from subscriptions.models.subscription import PAYMENT_GRACE, RENEWAL_SLACK
from tests.simulation import mailbox
from tests.simulation.lives import Reader
from tests.simulation.stage import Stripe

LIVE = ("trialing", "active", "past_due", "unpaid", "paused", "incomplete")
PAID = ("trialing", "active")
ASKED_ONE_BY_ONE = 5
KNOWN_AFTER = timedelta(hours=60)


@dataclass
class Watch:
    """Compares who may read with who pays, for everybody, at every step."""

    stripe: Stripe
    readers: list[Reader]
    paid_before: set[int] = field(default_factory=set)
    differed_before: set[str] = field(default_factory=set)
    looks: int = 0

    def look(self, *, at: datetime, all_recorded: bool) -> list[str]:
        """What does not hold at this moment. `all_recorded` says that a reconciliation has just been through."""
        self.looks += 1
        reading = set(Subscription.objects.giving_access(at=at).values_list("reader_id", flat=True))
        theirs = self.stripe.ask("simulation/everybody")["subscriptions"]
        until = self._until(theirs, at)
        paid = {reader for reader, end in until.items() if end is None}
        leeway = timedelta(0) if all_recorded else RENEWAL_SLACK + timedelta(hours=30)
        wrong = [f"{at:%F %T}: reader {one} pays and is locked out" for one in paid & self.paid_before - reading]
        for one in reading:
            end = until.get(one, datetime.min.replace(tzinfo=UTC))
            if end is not None and at > end + leeway:
                wrong.append(f"{at:%F %T}: reader {one} reads, and it ended on {end:%F %T}")
        if all_recorded:
            self.paid_before = paid
            wrong += [f"{at:%F %T}: {words}" for words in self._stale(theirs)]
        return wrong + self._one_by_one(reading, at)

    def _one_by_one(self, reading: set[int], at: datetime) -> list[str]:
        """The query and the answer for one reader must agree."""
        start = self.looks * ASKED_ONE_BY_ONE % len(self.readers)
        asked = self.readers[start : start + ASKED_ONE_BY_ONE]
        return [
            f"{at:%F %T}: the two rules of access disagree about {one.user}"
            for one in asked
            if bool(entitlement_for(one.user, at=at)) != (one.user.pk in reading)
        ]

    def _stale(self, theirs: list[dict[str, Any]]) -> list[str]:
        """Rows that a reconciliation has left as they were: they differ for the second time."""
        differing = dict(rows_that_differ(theirs))
        stale = [words for stripe_id, words in differing.items() if stripe_id in self.differed_before]
        self.differed_before = set(differing)
        return stale

    def _until(self, theirs: list[dict[str, Any]], at: datetime) -> dict[int, datetime | None]:
        """Until when each reader may read by what Stripe has; None where it goes on."""
        readers = dict(Customer.objects.values_list("stripe_id", "reader_id"))
        surplus = set(Subscription.objects.exclude(surplus="").values_list("stripe_id", flat=True))
        until: dict[int, datetime | None] = {}
        for one in theirs:
            reader = readers.get(one["customer"])
            if reader is None or one["id"] in surplus or one["status"].startswith("incomplete"):
                continue
            end = _end_of(one, at)
            before = until.get(reader, datetime.min.replace(tzinfo=UTC))
            until[reader] = None if end is None or before is None else max(end, before)
        return until


def _end_of(one: dict[str, Any], at: datetime) -> datetime | None:
    if one["paused_from"] and one["paused_from"] <= at.timestamp():
        return _moment(one["paused_from"])
    if one["status"] in PAID:
        return None
    if one["status"] == "past_due" and one["unpaid_since"]:
        return _moment(one["unpaid_since"]) + PAYMENT_GRACE
    return _moment(one["ended_at"] or 0)


# --- At the end ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What was compared, and every difference in words."""

    compared: int
    charged_cents: int
    refunded_cents: int
    charges: int
    differences: tuple[str, ...]


def judge(stripe: Stripe) -> Verdict:
    """Compare everything that is left at the end."""
    theirs = stripe.ask("simulation/everybody")["subscriptions"]
    charges = stripe.ask("simulation/charges")["charges"]
    money = stripe.look("/_sandbox/state")["money"]
    differences = [
        *(words for _, words in rows_that_differ(theirs)),
        *_two_live(theirs),
        *_two_customers(stripe),
        *_money(charges, money),
        *_charged_too_late(charges),
        *_letters(),
        *_receipts(),
        *_jobs(),
    ]
    return Verdict(len(theirs), money["charged"], money["refunded"], money["charges"], tuple(differences))


def _everything(stripe: Stripe, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more = True
    while more:
        after = f"&starting_after={found[-1]['id']}" if found else ""
        page = stripe.look(f"{path}&limit=100{after}")
        found += page["data"]
        more = page["has_more"]
    return found


def rows_that_differ(theirs: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Every row says what Stripe says, and there is one for each; else the number, and what differs in words."""
    ours = {row.stripe_id: row for row in Subscription.objects.select_related("plan")}
    for one in theirs:
        row = ours.pop(one["id"], None)
        if row is None:
            yield one["id"], f"{one['id']} is not on the site"
            continue
        for name, (here, there) in _compared(row, one).items():
            if here != there:
                yield one["id"], f"{one['id']}: {name} is {here} here and {there} at Stripe"
    for unknown in ours:
        yield unknown, f"{unknown} is not at Stripe"


def _compared(row: Subscription, raw: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    ends = raw["ended_at"] or raw["cancel_at"] or (raw["period_end"] if raw["cancel_at_period_end"] else None)
    return {
        "status": (row.status, raw["status"]),
        "plan": (row.plan.stripe_price_id, raw["price"]),
        "start": (row.started_at, _moment(raw["start_date"])),
        "trial end": (row.trial_ends_at, _moment_or_none(raw["trial_end"])),
        "period start": (row.period_starts_at, _moment(raw["period_start"])),
        "period end": (row.period_ends_at, _moment(raw["period_end"])),
        "end": (row.ends_at, _moment_or_none(ends)),
        "cancelled": (row.cancelled_at, _moment_or_none(raw["canceled_at"])),
        "pause": (row.pause_starts_at, _moment_or_none(raw["paused_from"])),
        "card": (row.card_last4, raw["last4"]),
    }


def _two_live(theirs: list[dict[str, Any]]) -> Iterator[str]:
    live = Counter(one["customer"] for one in theirs if one["status"] in LIVE)
    for customer, count in live.items():
        if count > 1:
            yield f"{customer} has {count} live subscriptions"


def _two_customers(stripe: Stripe) -> Iterator[str]:
    of = Counter(one["metadata"].get("reader") for one in _everything(stripe, "/v1/customers?"))
    for reader, count in of.items():
        if count > 1:
            yield f"reader {reader} is {count} customers at Stripe"


def _money(charges: list[dict[str, Any]], money: dict[str, int]) -> Iterator[str]:
    """What the site finds for its subscriptions is what Stripe has, to the cent; a surplus one is given back."""
    paid = refunded = 0
    theirs: Counter[str] = Counter()
    for one in charges:
        theirs[one["subscription"]] += one["amount"]
    for row in Subscription.objects.all():
        payments = billing.gateway().payments_of(row.stripe_id)
        of_row = sum(one.paid_cents for one in payments)
        back_of_row = sum(one.refunded_cents for one in payments)
        if of_row != theirs[row.stripe_id]:
            yield f"{row.stripe_id}: {of_row} cents are paid here and {theirs[row.stripe_id]} at Stripe"
        if row.is_surplus and of_row != back_of_row:
            yield f"{row.stripe_id} should not exist: {of_row} cents were taken and {back_of_row} given back"
        paid, refunded = paid + of_row, refunded + back_of_row
    if (paid, refunded) != (money["charged"], money["refunded"]):
        yield f"{paid} cents paid, {refunded} back here; {money['charged']}, {money['refunded']} at Stripe"
    if theirs.total() != money["charged"]:
        yield f"Stripe's own numbers disagree: {theirs.total()} and {money['charged']} cents"


def _charged_too_late(charges: list[dict[str, Any]]) -> Iterator[str]:
    """Nobody pays for what has ended, once the site can know of it: after a night, and the job that follows."""
    for one in charges:
        if one["ended_at"] and one["created"] > one["ended_at"] + KNOWN_AFTER.total_seconds():
            yield f"{one['id']}: charged on {_moment(one['created'])}, and it ended on {_moment(one['ended_at'])}"


def _letters() -> Iterator[str]:
    """Each letter left once, none waits, and there is one welcome for each subscription that began."""
    sent = Counter(mail["id"] for mail in mailbox.everything())
    for message, count in sent.items():
        if count > 1:
            yield f"{message} was sent {count} times"
    written = Letter.objects.filter(withdrawn=False)
    if (waiting := written.filter(sent_at=None).count()) or written.count() != len(sent):
        yield f"{written.count()} letters were written, {len(sent)} left, {waiting} wait"
    welcomed = Counter(written.filter(kind="welcome").values_list("occasion", flat=True))
    for row in Subscription.objects.filter(surplus="").exclude(status__startswith="incomplete"):
        if welcomed[row.stripe_id] != 1:
            yield f"{row.stripe_id}: {welcomed[row.stripe_id]} welcomes"


def _receipts() -> Iterator[str]:
    for one in StripeEvent.objects.filter(handled_at=None):
        yield f"{one} is not handled: {one.last_error[:200]}"
    for one in StripeEvent.objects.without_reader():
        yield f"{one} has no reader"


def _jobs() -> Iterator[str]:
    for job in PeriodicJob.objects.exclude(last_error=""):
        yield f"the job {job.name} has failed: {job.last_error[:200]}"


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _moment_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)
