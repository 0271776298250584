"""Compare every subscription with Stripe, mend what differs, and say what it was."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from edge import clock
from edge.progress import Bar
from subscriptions import billing, reconcile
from subscriptions.models import Reconciliation, Subscription
from subscriptions.models.reconciliation import AlreadyRunning


class Command(BaseCommand):
    """`manage.py reconcile`: safe at any time, and again and again; one that was interrupted goes on."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        bar = Bar(total=Subscription.objects.count(), what="Compared")
        try:
            found = reconcile.run(at=clock.now(), progress=bar.show)
        except AlreadyRunning as error:
            raise CommandError(str(error)) from error
        except billing.BillingError as error:
            raise CommandError(f"Stripe: {error}\nStopped. Run this again later; it goes on from there.") from error
        finally:
            bar.end()
        self.stdout.write(in_words(found))
        if found.failed:
            raise CommandError(f"{found.failed:,} could not be recorded; the admin says why, under Findings.")


def in_words(found: Reconciliation) -> str:
    """What a run came to, for the terminal."""
    lines = [f"Compared with {found.seen:,} subscriptions at Stripe."]
    lines.append("Nothing had to be changed." if found.changed_nothing else _mended(found))
    if found.unknown:
        lines.append(f"{found.unknown:,} of our rows are unknown to Stripe; a person should look.")
    if found.strangers:
        lines.append(f"{found.strangers:,} at Stripe are of customers who are no readers of ours.")
    if found.remark:
        lines.append(found.remark)
    return "\n".join(lines)


def _mended(found: Reconciliation) -> str:
    return f"{found.repaired:,} repaired, {found.missing:,} were missing and are recorded now."
