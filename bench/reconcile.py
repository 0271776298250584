"""How many subscriptions a second a reconciliation compares, and how many it mends."""

from datetime import UTC, datetime

from bench.many import Ask, seconds_for, timed
from bench.webhooks import EXPAND, KEY

LISTED = "expand[]=data.latest_invoice&expand[]=data.default_payment_method"


def a_round(stripe: str, ids: list[str], *, spoiled: bool) -> tuple[float, float]:
    """The seconds of one reconciliation, and of the lists and fetches it needs at Stripe alone.

    `spoiled` makes every row wrong first, so that each is asked for anew and mended.
    """
    from subscriptions.models import Subscription

    if spoiled:
        Subscription.objects.update(card_last4="0000")
    reconciled = timed(lambda: _reconcile(len(ids), mends=len(ids) if spoiled else 0))
    lists = [Ask(f"/v1/subscriptions?status=all&limit=100{_after(ids, at)}&{LISTED}", KEY) for at in _pages(ids)]
    fetches = [Ask(f"/v1/subscriptions/{one}?{EXPAND}", KEY) for one in ids] if spoiled else []
    return reconciled, seconds_for(stripe, lists + fetches, connections=1)


def _reconcile(count: int, *, mends: int) -> None:
    from subscriptions import reconcile

    found = reconcile.run(at=datetime.now(UTC))
    if (found.seen, found.repaired) != (count, mends):
        raise RuntimeError(f"{found.seen} of {count} were seen and {found.repaired} of {mends} mended.")


def _pages(ids: list[str]) -> range:
    return range(0, len(ids), 100)


def _after(ids: list[str], at: int) -> str:
    """The cursor of the page that begins with the subscription `at`, counted from the newest."""
    return f"&starting_after={ids[::-1][at - 1]}" if at else ""
