"""Let those who subscribe already pay another price, after a notice with a way out."""

from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from edge import clock
from edge.clock import BRUSSELS
from edge.progress import Bar
from subscriptions import billing, price_changes
from subscriptions.models import Plan


class Command(BaseCommand):
    """`manage.py announce_price_change year 18000 --from 2027-03-01`: safe to repeat; one that stopped goes on."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("interval", choices=Plan.Interval.values)
        parser.add_argument("cents", type=int, help="The new price in cents, VAT inside.")
        parser.add_argument(
            "--from", dest="day", type=date.fromisoformat, required=True, help="The first day (Brussels): 2027-03-01."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        interval, cents, now = options["interval"], options["cents"], clock.now()
        from_at = datetime.combine(options["day"], time.min, tzinfo=BRUSSELS)
        if cents <= 0:
            raise CommandError("The price must be more than 0 cents.")
        if from_at <= now:
            raise CommandError("The day must lie in the future.")
        bar = Bar(total=price_changes.how_many(interval, cents), what="Noted")
        try:
            change = price_changes.announce(interval, cents, from_at=from_at, at=now, progress=bar.show)
        except billing.BillingError as error:
            raise CommandError(f"Stripe could not be asked, and nothing has changed: {error}") from error
        finally:
            bar.end()
        waiting = change.repricings.to_do().count()
        days = settings.PRICE_CHANGE_NOTICE_DAYS
        self.stdout.write(
            f"{change}: {waiting:,} subscriptions. The worker tells each of them; {days} days later at the earliest "
            "each is charged the new price. The admin shows how far it is, under Price changes."
        )
