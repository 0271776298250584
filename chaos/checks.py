"""What must hold once everything works again: whatever was promised is kept, once, and says the same on both sides."""

import io
import json
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chaos.http import Visitor
from chaos.load import Load, _is_picture
from chaos.stage import Stage, let_go_of_the_database

# What was put off (a letter, a receipt, a job that failed) is tried again within this.
WAIT_SECONDS = 15 * 60
ROUNDS = 4
PATIENCE_SECONDS = 25.0
LIVE = ("trialing", "active", "past_due", "unpaid", "paused", "incomplete")


def settle(stage: Stage) -> None:
    """Let time pass until nothing waits any more, or it has waited long enough."""
    let_go_of_the_database()
    for _ in range(ROUNDS):
        stage.ask_stripe("drain", patience=10)
        stage.let_pass(WAIT_SECONDS)
        until = time.monotonic() + PATIENCE_SECONDS
        time.sleep(1.5)
        while time.monotonic() < until and _is_busy():
            time.sleep(0.3)
        if not list(_waiting()):
            return


def lost(stage: Stage, load: Load) -> list[str]:
    """Everything that does not hold, in words."""
    return [
        *_waiting(),
        *_subscriptions(stage, load),
        *_money(stage),
        *_letters(stage),
        *_events(load),
        *_saved(load),
        *_pictures(stage, load),
        *_news(stage, load),
    ]


def _is_busy() -> bool:
    from edge import clock
    from newsroom.models import PeriodicJob, Run

    return Run.objects.unfinished().exists() or PeriodicJob.objects.filter(next_due_at__lte=clock.now()).exists()


def _waiting() -> Iterator[str]:
    """Jobs that failed or never ended, letters and events that were not dealt with."""
    from newsroom.models import PeriodicJob, Run
    from readers.models import Letter
    from subscriptions.models import StripeEvent

    for job in PeriodicJob.objects.exclude(last_error=""):
        yield f"the job {job.name} has failed: {job.last_error[:200]}"
    for run in Run.objects.filter(status="FAILED"):
        yield f"a run of {run.job_name} was given up: {run.error[:200]}"
    for run in Run.objects.filter(status="RUNNING"):
        yield f"a run of {run.job_name} has not ended"
    for letter in Letter.objects.filter(sent_at=None, withdrawn=False):
        yield f"{letter} waits: {letter.last_error[:200]}"
    for event in StripeEvent.objects.filter(handled_at=None):
        yield f"{event} is not handled: {event.last_error[:200]}"


def _subscriptions(stage: Stage, load: Load) -> Iterator[str]:
    """Who has paid has one subscription, here as there, and whoever has one has paid."""
    from subscriptions.models import Customer, Subscription

    theirs = {one["id"]: one for one in _everything(stage, "/v1/subscriptions?status=all")}
    ours = {row.stripe_id: row for row in Subscription.objects.select_related("reader")}
    for one in theirs.keys() - ours.keys():
        yield f"{one} is not on the site"
    for one in ours.keys() - theirs.keys():
        yield f"{one} is not at Stripe"
    for one in theirs.keys() & ours.keys():
        if ours[one].status != theirs[one]["status"]:
            yield f"{one} is {ours[one].status} here and {theirs[one]['status']} at Stripe"
    live = Counter(one["customer"] for one in theirs.values() if one["status"] in LIVE)
    yield from (f"{customer} has {count} live subscriptions" for customer, count in live.items() if count > 1)
    people = Counter(one["metadata"].get("reader") for one in _everything(stage, "/v1/customers?"))
    yield from (f"reader {reader} is {count} customers at Stripe" for reader, count in people.items() if count > 1)
    by_email = Counter(row.reader.email for row in ours.values())
    for email in load.ledger.paid:
        if by_email[email] != 1:
            yield f"{email} has paid and has {by_email[email]} subscriptions"
    readers = Counter(Customer.objects.filter(deleted_at=None).values_list("reader", flat=True))
    yield from (f"reader {reader} has {count} customers" for reader, count in readers.items() if count > 1)


def _money(stage: Stage) -> Iterator[str]:
    """Paid and given back are the same on both sides, to the cent."""
    from subscriptions import billing
    from subscriptions.models import Subscription

    money = stage.ask_stripe("state")["money"]
    paid = back = 0
    for row in Subscription.objects.filter(trial_ends_at=None):
        for one in billing.gateway().payments_of(row.stripe_id):
            paid, back = paid + one.paid_cents, back + one.refunded_cents
    if (paid, back) != (money["charged"], money["refunded"]):
        yield f"{paid} cents paid, {back} given back here; {money['charged']}, {money['refunded']} at Stripe"


def _letters(stage: Stage) -> Iterator[str]:
    """Each was taken once, unless it was taken and the answer lost: then a mailbox shows it once, by its id."""
    from readers.models import Letter
    from subscriptions.models import Subscription

    taken = stage.mailbox.times()
    ours = {f"<letter-{one.pk}@127.0.0.1>": one for one in Letter.objects.filter(withdrawn=False)}
    for name, one in ours.items():
        if not taken[name]:
            yield f"{one} never arrived"
    doubled = sum(1 for name, count in taken.items() if name in ours and count > 1)
    if doubled > stage.mailbox.forgotten:
        yield f"{doubled} letters were taken twice, and {stage.mailbox.forgotten} answers were lost"
    for name in taken:
        if name.startswith("<letter-") and name not in ours:
            yield f"{name} arrived, and nothing here knows of it"
    welcomed = Counter(Letter.objects.filter(kind="welcome").values_list("occasion", flat=True))
    for row in Subscription.objects.filter(surplus="").exclude(status__startswith="incomplete"):
        if welcomed[row.stripe_id] != 1:
            yield f"{row.stripe_id}: {welcomed[row.stripe_id]} welcomes"


def _events(load: Load) -> Iterator[str]:
    from subscriptions.models import StripeEvent

    kept = set(StripeEvent.objects.filter(stripe_id__in=load.ledger.events).values_list("stripe_id", flat=True))
    yield from (f"{one} was taken and is not kept" for one in load.ledger.events - kept)


def _saved(load: Load) -> Iterator[str]:
    from articles.models import SavedArticle

    there = set(SavedArticle.objects.values_list("reader_id", "article_id"))
    for key, is_saved in load.ledger.saved.items():
        if is_saved is not None and (key in there) != is_saved:
            yield f"reader {key[0]}: article {key[1]} was {'saved' if is_saved else 'removed'}, and is not so"


def _pictures(stage: Stage, load: Load) -> Iterator[str]:
    """What was taken is there; what a page shows is whole; no file has half of what belongs in it."""
    from PIL import Image

    from articles import pictures
    from articles.models import Picture

    rows = {one.pk: one for one in Picture.objects.all()}
    yield from (f"picture {pk} was taken and is not there" for pk in load.ledger.pictures.keys() - rows.keys())
    for one in rows.values():
        for width in one.widths:
            name = pictures.rendition_path(one.stem, width, "avif")
            if not (stage.media / name).exists():
                yield f"picture {one.pk} lacks {name}"
    for file in Path(stage.media).rglob("*"):
        if file.is_file() and file.suffix in (".avif", ".jpg"):
            try:
                Image.open(io.BytesIO(file.read_bytes())).load()
            except (OSError, SyntaxError) as error:
                yield f"{file.name} is half a picture: {error}"


def _news(stage: Stage, load: Load) -> Iterator[str]:
    """Every process shows the latest edition, and every picture that was promised."""
    visitor = Visitor(stage.site, "10.1.0.9")
    time.sleep(1)
    latest = load.ledger.editions[-1][1] if load.ledger.editions else 0
    for _ in range(6):
        answer = visitor.get(load.cast.news[1])
        if f"Edition {latest}." not in answer.text:
            yield f"edition {latest} is out and not shown ({answer.status})"
    for address in list(load.ledger.pictures.values())[-3:]:
        answer = visitor.get(address)
        if answer.status != 200 or _is_picture(answer):
            yield f"{address}: {answer.status} {_is_picture(answer)}"


def _everything(stage: Stage, path: str) -> list[dict[str, Any]]:
    """A list of Stripe's, read raw, without the site's own code."""
    found: list[dict[str, Any]] = []
    more = True
    while more:
        after = f"&starting_after={found[-1]['id']}" if found else ""
        request = urllib.request.Request(
            f"{stage.stripe}{path}&limit=100{after}", headers={"Authorization": "Bearer sk_test_judge"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = json.loads(answer.read())
        found += page["data"]
        more = page["has_more"]
    return found
