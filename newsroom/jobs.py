"""What the site does by itself, and how often. `manage.py work` runs it; every job may be run twice without harm."""

from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.utils.timezone import localtime
from django_tasks import task

from articles import renditions, results
from edge import clock
from groups import asking, rechecking, students, unmanaged
from groups import invoicing as group_invoicing
from groups import overdue as group_overdue
from groups import renewing as group_renewing
from groups.usage import count_up
from page_cache import changes, purging
from readers import letters
from rights import handling, retention
from subscriptions import (
    coming_from,
    dunning,
    giving,
    moving,
    notices,
    pausing,
    price_changes,
    putting_off,
    receipts,
    refunds,
    surplus,
)
from subscriptions import reconcile as reconciliation

from . import reviews
from .backups import making, shelf
from .models import Run
from .schedule import Job

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# Counts of orders are taken anew for so long: a worker that was away for some days misses none.
COUNTED_AGAIN = timedelta(days=20)


@task
def process_events() -> str:
    """Handle what Stripe said and could not be handled at once."""
    return receipts.retry_unhandled(at=clock.now()).in_words


@task
def send_letters() -> str:
    """Send what was written and could not be sent at once."""
    now = clock.now()
    sent, left = letters.send_waiting(at=now)
    if sent and letters.some_wait(at=now):
        # The others have their turn first.
        send_letters.enqueue()
    return f"{sent} sent, {left} left."


@task
def settle_surplus() -> str:
    """End and give back what was ordered twice and could not be settled at once."""
    return f"{surplus.settle_all(at=clock.now())} settled."


@task
def end_overdue() -> str:
    """End what was not paid within the grace."""
    return f"{dunning.end_overdue(at=clock.now())} ended."


@task
def send_last_calls() -> str:
    """Tell those whose grace ends soon."""
    return f"{dunning.send_last_calls(at=clock.now())} written."


@task
def end_pauses() -> str:
    """Let paused subscriptions go on when their day has come, and end those cancelled meanwhile."""
    now = clock.now()
    return f"{pausing.resume_due(at=now)} go on, {pausing.end_cancelled(at=now)} ended."


@task
def write_notices() -> str:
    """Tell readers in time what will be charged, what ends and what changes."""
    return f"{notices.write_due(at=clock.now())} written."


@task
def guard_charges() -> str:
    """Put off every charge whose notice could not be sent in time."""
    return f"{putting_off.guard(at=clock.now())} put off."


@task
def apply_price_changes() -> str:
    """Set announced prices at Stripe for those who were told in time."""
    return f"{price_changes.apply_due(at=clock.now())} changed."


@task
def give_back_waiting() -> str:
    """Give back what was promised while Stripe could not be asked."""
    return f"{refunds.give_waiting(at=clock.now())} given back."


@task
def handle_statements() -> str:
    """Carry out withdrawals and cancellations that could not be at once, or whose day has come."""
    done, left = handling.handle_waiting(at=clock.now())
    return f"{done} carried out, {left} left."


@task
def catch_up_refunds() -> str:
    """Look for refunds and disputes of which no event has told."""
    return f"{refunds.catch_up(at=clock.now())} payments looked at."


@task
def follow_addresses() -> str:
    """Tell Stripe of readers who have another address."""
    return f"{moving.follow_all(at=clock.now())} told."


@task
def tell_of_grants() -> str:
    """Write to readers who were given access."""
    return f"{giving.tell_readers(at=clock.now())} written."


@task
def tell_owners_of_grants() -> str:
    """Tell staff which access they answer for ends soon."""
    return f"{giving.tell_owners(at=clock.now())} written."


@task
def remind_of_enquiries() -> str:
    """Tell staff what people have asked and what is due."""
    return f"{asking.remind_staff(at=clock.now())} written."


@task
def settle_students() -> str:
    """Give students the year they have paid for."""
    return f"{students.settle_paid()} settled."


@task
def remind_students() -> str:
    """Write to students whose year ends soon, and to staff whose proofs wait."""
    now = clock.now()
    return f"{students.remind(at=now)} written, {students.tell_the_house(at=now)} to staff."


@task
def remind_of_page_reviews() -> str:
    """Ask the staff to look at the standing pages that have to be true."""
    return f"{reviews.remind(at=clock.now())} written."


@task
def count_reading() -> str:
    """Count what organisations read yesterday, and forget who read what."""
    return f"{count_up(at=clock.now())} counted."


@task
def ask_who_is_still_there() -> str:
    """Ask once a year whether readers still have the address that gives them a seat, and free what is left."""
    return rechecking.carry_out(at=clock.now()).in_words


@task
def keep_no_longer() -> str:
    """Forget what is no longer needed, by the rules of the retention."""
    return retention.carry_out(at=clock.now())


@task
def reconcile() -> str:
    """Ask Stripe for everything, and repair what differs."""
    found = reconciliation.run(at=clock.now())
    return f"{found.seen} compared, {found.repaired} repaired, {found.missing} missing, {found.failed} failed."


@task
def make_renditions() -> str:
    """Make pictures as light as their pages want them."""
    return "{} made, {} left.".format(*renditions.make_waiting())


@task
def follow_in_search() -> str:
    """Write to OpenSearch what has changed in the articles."""
    from articles.search import opensearch

    done = opensearch.follow()
    return f"{done.written} written, {done.refused} refused, {done.waiting} left."


@task
def rebuild_search() -> str:
    """Write every article to OpenSearch anew, and forget there what is gone here."""
    from articles.search import opensearch

    return f"{sum(1 for _ in opensearch.rebuild())} portions written."


@task
def send_group_invoices() -> str:
    """Send invoices to organisations that Stripe could not be asked for at once."""
    return f"{group_invoicing.send_waiting(at=clock.now())} done."


@task
def follow_group_invoices() -> str:
    """Remind organisations of overdue invoices, and suspend where one is overdue for too long."""
    now = clock.now()
    return f"{group_overdue.remind(at=now)} reminded, {group_overdue.suspend_unpaid(at=now)} suspended."


@task
def tell_of_ending_agreements() -> str:
    """Tell organisations, and every week the desk, which agreements end soon; the desk also, which have no manager."""
    at = clock.now()
    return f"{group_renewing.write_due(at=at)} written; {unmanaged.tell(at=at)} without a manager."


@task
def reconcile_group_invoices() -> str:
    """Ask Stripe for the invoices to organisations, and repair what differs."""
    return group_invoicing.reconcile(at=clock.now())


@task
def count_orders() -> str:
    """Count for each article the orders, trials and payments that came from its page."""
    now = clock.now()
    came = (
        results.CameFrom(one.page, *map(_day, (one.begun_at, one.trial_at, one.paid_at)))
        for one in coming_from.orders(at=now)
    )
    return f"{results.take_orders(came, since=localtime(now).date() - COUNTED_AGAIN)} counted."


def _day(moment: datetime | None) -> Any:
    return localtime(moment).date() if moment else None


@task
def clear_page_notes() -> str:
    """Forget which tables were written long ago; every process has read it."""
    return f"{changes.clear_old_notes()} forgotten."


@task
def keep_everything() -> str:
    """Write database and pictures into a sealed backup, and remove the oldest."""
    return making.make(shelf.folder(), keep=settings.BACKUP_KEEP, at=clock.now()).in_words


@task
def purge(tags: list[str]) -> str:
    """Tell the cache in front of us what it has to forget. Raises NotPurged, to be tried again."""
    if found := purging.purger():
        found.purge(tags)
        return f"{len(tags)} told."
    return "There is nobody to tell."


# The nightly ones in Brussels time, one after the other while few read.
JOBS = (
    Job(process_events, every=MINUTE),
    Job(send_letters, every=MINUTE),
    Job(settle_surplus, every=5 * MINUTE),
    Job(give_back_waiting, every=5 * MINUTE),
    Job(handle_statements, every=MINUTE),
    Job(make_renditions, every=MINUTE),
    Job(end_overdue, every=HOUR),
    Job(send_last_calls, every=HOUR),
    Job(end_pauses, every=5 * MINUTE),
    Job(write_notices, every=HOUR),
    Job(guard_charges, every=HOUR),
    Job(apply_price_changes, every=HOUR),
    Job(tell_of_grants, every=MINUTE),
    Job(tell_owners_of_grants, daily_at=time(8, 30)),
    Job(remind_of_enquiries, daily_at=time(8, 20)),
    Job(settle_students, every=5 * MINUTE),
    Job(remind_students, daily_at=time(8, 40)),
    Job(send_group_invoices, every=5 * MINUTE),
    Job(follow_group_invoices, every=HOUR),
    Job(tell_of_ending_agreements, daily_at=time(9, 20)),
    Job(reconcile_group_invoices, daily_at=time(3, 45)),
    Job(remind_of_page_reviews, daily_at=time(9, 10)),
    Job(follow_addresses, every=5 * MINUTE),
    # Before anything is forgotten, or what was opened would be gone uncounted.
    Job(count_reading, daily_at=time(2, 30)),
    Job(ask_who_is_still_there, daily_at=time(8, 30)),
    Job(count_orders, every=HOUR),
    Job(clear_page_notes, every=HOUR),
    Job(keep_no_longer, daily_at=time(3, 10)),
    Job(reconcile, daily_at=time(3, 40)),
    Job(catch_up_refunds, daily_at=time(3, 50)),
    *((Job(keep_everything, daily_at=time(4, 40)),) if settings.BACKUP_DIR else ()),
    *(
        (Job(follow_in_search, every=MINUTE), Job(rebuild_search, daily_at=time(4, 20)))
        if settings.SEARCH_ENGINE == "opensearch"
        else ()
    ),
)


def named(name: str) -> Job | None:
    """The periodic job of that name, if it is (still) one."""
    return next((job for job in JOBS if job.name == name), None)


def job_of(run: Run) -> Job | None:
    """The periodic job that a run belongs to, if any."""
    return next((job for job in JOBS if job.path == run.task_path), None)
