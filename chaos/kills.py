"""What becomes of work whose process dies at every one of its steps, once it is begun again: the same as if none died.

Each life is lived once in peace, which tells what is right, and then once for every step at which it can die. Before
each of them the database, Stripe and the files are what they were. Recovery is what the site does by itself: another
worker misses the lost one after two minutes, letters and receipts are taken up again; a person presses the button once
more.
"""

import contextlib
import io
import os
import re
import shutil
import signal
import socket
import tempfile
import time
import traceback
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from chaos import steps
from chaos.faults import is_meant
from chaos.stage import SECRET, let_go_of_the_database
from tests import pg, programs

DAY = timedelta(days=1)
# What brings the site up to what Stripe says.
NIGHTLY = ("reconcile", "catch_up_refunds", "process_events", "send_letters")
# Trials have ended and months were charged; a year is about to.
LATER_DAYS = (33, 340)
# Every job that is always there: read, since the settings are not known yet where their names are needed.
_PLAIN_JOB = re.compile(r"^    Job\((\w+),", re.MULTILINE)
JOBS = tuple(_PLAIN_JOB.findall((programs.ROOT / "newsroom" / "jobs.py").read_text(encoding="utf-8")))
# What brings the site up to what Stripe says.
NIGHTLY = ("reconcile", "catch_up_refunds", "process_events", "send_letters")
# Trials have ended and months were charged; a year is about to.
LATER_DAYS = (33, 340)
# As newsroom/jobs.py has them, without those of a search engine that is not here; a test says so.
JOBS = (
    "process_events", "send_letters", "settle_surplus", "give_back_waiting", "handle_statements", "make_renditions",
    "end_overdue", "send_last_calls", "end_pauses", "write_notices", "guard_charges", "apply_price_changes",
    "tell_of_grants", "tell_owners_of_grants", "remind_of_enquiries", "settle_students", "remind_students",
    "send_group_invoices", "follow_group_invoices", "tell_of_ending_agreements", "reconcile_group_invoices",
    "remind_of_page_reviews", "follow_addresses", "count_reading", "ask_who_is_still_there", "count_orders",
    "clear_page_notes", "keep_no_longer", "reconcile", "catch_up_refunds",
)  # fmt: skip
# When the recovery comes, counted from the death: a lost worker is missed, a letter that was being sent is free again.
RECOVERIES = (timedelta(minutes=3), timedelta(minutes=16))
TECHNICAL = (
    "django_session",
    "newsroom_worker",
    "newsroom_periodicjob",
    "django_tasks_database_dbtaskresult",
    "django_admin_log",
    "django_content_type",
    "auth_permission",
    "django_migrations",
    "page_cache_change",
    "newsroom_cache",
    "subscriptions_sighting",
)
# How often something was tried is no matter, nor are the words of a letter and of a note, which hold moments.
NOT_COMPARED = {"attempts", "failures", "last_error", "text", "html", "payload", "changes", "request_id", "object_id"}
BY_CHANCE = re.compile(r"[A-Za-z0-9_.~-]{16,}|[0-9a-f]{8}-[0-9a-f-]{27}|\b[12]\d{9}\b")


@dataclass(frozen=True)
class Life:
    """Something that is done, and done again after it died: by whoever did it, where `again` is given."""

    name: str
    act: Callable[[datetime], Any]
    again: Callable[[datetime], Any] | None = None
    moment: str = "now"
    # Where two are as right as one, only what `checked` finds counts.
    is_compared: bool = True
    # Without the steps by which a worker takes a job and notes how it went, which are the same for each.
    within_jobs: bool = False


@dataclass
class Told:
    """What came of a life: at how many steps it died, and what was different afterwards."""

    name: str
    deaths: int = 0
    lost: list[str] = field(default_factory=list)


class World:
    """A database and a Stripe that can be put back to what they were."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.stripe_port = _a_steady_port()
        self.answer, self.state = folder / "answer", folder / "stripe.sqlite3"
        self.media, self.mail = folder / "media", folder / "mail"
        self.sandbox = 0
        self.moments: dict[str, datetime] = {}
        self.best: dict[str, str] = {}

    @property
    def stripe(self) -> str:
        """Where Stripe is."""
        return f"http://127.0.0.1:{self.stripe_port}"

    def begin_stripe(self) -> None:
        """In a process of its own, with the state that stands in its file; nothing is delivered."""
        self.sandbox = os.fork()
        if self.sandbox == 0:
            try:
                _be_stripe(self.stripe_port, str(self.state))
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.stripe}/_sandbox/clock", timeout=2).close()
                return
            time.sleep(0.01)
        raise RuntimeError("Stripe does not answer.")

    def end_stripe(self, number: int = signal.SIGTERM) -> None:
        """Stop it; its state is in its file, unless it is killed."""
        if self.sandbox:
            ended, self.sandbox = self.sandbox, 0
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(ended, number)
                os.waitpid(ended, 0)

    def keep(self, moment: str, at: datetime) -> None:
        """Remember everything under that name."""
        self.end_stripe()
        let_go_of_the_database()
        self._do(f'DROP DATABASE IF EXISTS "kept {moment}"', f'CREATE DATABASE "kept {moment}" TEMPLATE live')
        kept = self.folder / moment
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        shutil.copy(self.state, kept / "stripe")
        shutil.copytree(self.media, kept / "media")
        (kept / "mail").write_bytes(self.mail.read_bytes() if self.mail.exists() else b"")
        self.moments[moment] = at
        self.begin_stripe()

    def put_back(self, moment: str) -> datetime:
        """Have everything as it was; returns the moment."""
        self.end_stripe(signal.SIGKILL)
        let_go_of_the_database()
        self._do("DROP DATABASE IF EXISTS live WITH (FORCE)", f'CREATE DATABASE live TEMPLATE "kept {moment}"')
        kept = self.folder / moment
        for file in self.folder.glob("stripe.sqlite3*"):
            file.unlink()
        shutil.copy(kept / "stripe", self.state)
        shutil.rmtree(self.media)
        shutil.copytree(kept / "media", self.media)
        shutil.copy(kept / "mail", self.mail)
        self.begin_stripe()
        return self.moments[moment]

    def _do(self, *statements: str) -> None:
        import psycopg2

        with contextlib.closing(psycopg2.connect(self.url.replace("postgres://", "postgresql://"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)


def _a_steady_port() -> int:
    """One that stays free while nobody listens on it: connections begin at ports of another range."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("No port is free.")


def _be_stripe(port: int, state: str) -> None:
    from stripe_sandbox.server import Sandbox

    stop = {signal.SIGTERM}
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    sandbox = Sandbox(port, state, "http://127.0.0.1:9/", SECRET).start()
    signal.sigwait(stop)
    sandbox.stop()


@contextlib.contextmanager
def world(*, with_work: bool) -> Iterator[World]:
    """A newsroom with readers of every kind, Django ready in this process. Raises SystemExit.

    Organisations, and all the rest that jobs find to do, are there `with_work` only.
    """
    bin_dir = pg.binaries()
    if bin_dir is None:
        raise SystemExit("There is no PostgreSQL here (apt-get install postgresql).")
    with tempfile.TemporaryDirectory(prefix="chaos-") as name, pg.server(bin_dir) as url:
        it = World(Path(name), url)
        it.media.mkdir()
        (it.folder / "static").mkdir()
        os.environ.update(
            {
                "DJANGO_SETTINGS_MODULE": "chaos.settings",
                "DATABASE_URL": url.removesuffix("/postgres") + "/live",
                "VAR_DIR": name,
                "CHAOS_MEDIA": str(it.media),
                "CHAOS_MAIL": "tests.simulation.mailbox.Mailbox",
                "SIMULATION_MAIL": str(it.mail),
                "STRIPE_SECRET_KEY": "sk_test_local_sandbox",
                "STRIPE_WEBHOOK_SECRETS": SECRET,
                "STRIPE_API_BASE": it.stripe,
            }
        )
        it._do("CREATE DATABASE live")
        try:
            _settle_in(it, with_work=with_work)
            _warm_up(it, JOBS if with_work else NIGHTLY)
            yield it
        finally:
            let_go_of_the_database()
            it.end_stripe(signal.SIGKILL)


def _settle_in(it: World, *, with_work: bool) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    let_go_of_the_database()
    it.begin_stripe()
    steps.in_child(lambda: call_command("sync_plans", stdout=io.StringIO()), it.answer)
    steps.in_child(partial(_people, with_work=with_work), it.answer)
    it.keep("now", datetime.now(UTC))


def _warm_up(it: World, jobs: Sequence[str]) -> None:
    """Have everything imported that the children will need, each of which would do so anew."""
    from chaos import lives

    at = it.put_back("now")
    for life in lives.LIVES:
        _begin(life, at)
    _run(at, *jobs)
    checked(it)
    _picture_of(it)
    let_go_of_the_database()


def _live_on(it: World) -> None:
    """Later moments, each as it comes and once more after the night that compares everything with Stripe."""
    it.put_back("now")
    for days in LATER_DAYS:
        at = datetime.now(UTC) + days * DAY
        _move_stripe_to(it, at)
        it.keep(f"{days} days on", at)
        steps.in_child(partial(_run, at, *NIGHTLY), it.answer)
        it.keep(f"{days} days on, compared", at)


def _people(*, with_work: bool) -> None:
    from chaos import lives, unfinished
    from newsroom.demo import asking, groups, people

    now = datetime.now(UTC)
    with contextlib.redirect_stderr(io.StringIO()):
        people.settle_in()
    if with_work:
        groups.settle_in(at=now)
        asking.settle_in(at=now)
        unfinished.leave(at=now)
    lives.sign_in()


def _move_stripe_to(it: World, at: datetime) -> None:
    body = f'{{"to": {at.timestamp():.0f}}}'.encode()
    urllib.request.urlopen(urllib.request.Request(f"{it.stripe}/_sandbox/clock", body), timeout=60).close()


# --- Doing it -------------------------------------------------------------------------------------------


def _be_at(at: datetime) -> None:
    import edge.clock
    from subscriptions import calls

    edge.clock.now = lambda: at
    calls.pause = lambda seconds: None


def _run(at: datetime, *names: str) -> None:
    """What a worker does for these jobs, one after the other."""
    from newsroom import jobs, worker

    _be_at(at)
    for name in names:
        job = jobs.named(name)
        assert job is not None
        job.task.enqueue()
        with worker._at_work() as me:
            while (run := worker.take(me, at=at)) is not None:
                worker.carry_out(run)


def _run_of(name: str, at: datetime) -> None:
    _run(at, name)


def _recover(at: datetime, life: Life, *, job: str) -> None:
    """As another worker and whoever pressed the button would."""
    for wait in RECOVERIES:
        _be_at(at + wait)
        if life.again:
            life.again(at + wait)
        _run(at + wait, *([job] if job else []), "process_events", "send_letters")


def _picture_of(it: World) -> dict[str, Any]:
    """Everything that there is, without what chance and the clock put into it."""
    from django.apps import apps
    from django.db import models

    found: dict[str, Any] = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table in TECHNICAL or model._meta.proxy:
            continue
        names = [
            one.attname
            for one in model._meta.concrete_fields
            if not isinstance(one, models.DateTimeField | models.ForeignKey | models.AutoField | models.UUIDField)
            and one.name not in NOT_COMPARED
        ]
        rows = Counter(str(tuple(_steady(value) for value in row)) for row in model._base_manager.values_list(*names))
        found[model._meta.db_table] = dict(rows)
    mails = {line["id"]: f"{line['to']}: {line['subject']}" for line in _mails(it)}
    found["mail"] = dict(Counter(mails.values()))
    found["stripe"] = {"state": _of_stripe(it)}
    found["files"] = dict(Counter(_steady(file.name) for file in it.media.rglob("*") if file.is_file()))
    return found


def _steady(value: Any) -> str:
    return BY_CHANCE.sub("…", str(value))


def _mails(it: World) -> list[dict[str, Any]]:
    import json

    return [json.loads(line) for line in it.mail.read_text().splitlines()]


def _of_stripe(it: World) -> str:
    import json

    with urllib.request.urlopen(f"{it.stripe}/_sandbox/state", timeout=30) as answer:
        said = json.loads(answer.read())
    counts = {name: count for name, count in said["counts"].items() if name != "event"}
    customers = sorted(str(one) for one in said["money"]["customers"].values())
    return f"{counts} {said['subscriptions']} {customers}"


def _differences(right: dict[str, Any], found: dict[str, Any]) -> list[str]:
    words = []
    for table in right.keys() | found.keys():
        more = Counter(found.get(table, {})) if table != "stripe" else Counter()
        if table == "stripe":
            if right[table] != found[table]:
                words.append(f"stripe: {found[table]['state']} instead of {right[table]['state']}")
            continue
        less = Counter(right.get(table, {}))
        words += [f"{table}: {count} more of {row[:200]}" for row, count in (more - less).items()]
        words += [f"{table}: {count} fewer of {row[:200]}" for row, count in (less - more).items()]
    return words


def checked(it: World) -> list[str]:
    """What must never be, whatever was compared: jobs that never end, files that are half written."""
    from PIL import Image

    from articles import pictures
    from articles.models import Picture
    from newsroom.models import Run

    words = [f"{run} has not ended: {run.error[:300]}" for run in Run.objects.exclude(status="SUCCESSFUL")]
    for file in it.media.rglob("pictures/*"):
        try:
            Image.open(io.BytesIO(file.read_bytes())).load()
        except (OSError, SyntaxError) as error:
            words.append(f"{file.name[-12:]} is half a picture: {error}")
    for one in Picture.objects.all():
        for width in one.widths:
            if not (it.media / pictures.rendition_path(one.stem, width, "avif")).exists():
                words.append(f"picture {one.pk} lacks what its page shows")
    return words


# --- Living and dying -----------------------------------------------------------------------------------


def all_lives(words: str) -> Iterator[tuple[str, Callable[[World], Told]]]:
    """Everything that can die, by name, where these words are in it."""
    from chaos import lives

    for life in lives.LIVES:
        if is_meant(life.name, words):
            yield life.name, partial(live_through, life=life)
    names = [name for name in JOBS if is_meant(f"worker killed in {name}", words)]
    for name in names:
        yield f"worker killed in {name}", partial(_of_job, name=name, names=names)


def _of_job(it: World, *, name: str, names: Sequence[str]) -> Told:
    it.best = it.best or moments_for(it, names)
    is_the_first = name == JOBS[0]
    act = partial(_run_of, name)
    life = Life(f"worker killed in {name}", act, moment=it.best[name], within_jobs=not is_the_first)
    return live_through(it, life, job=name)


def live_through(it: World, life: Life, *, job: str = "", most: int = 10_000) -> Told:
    """Once in peace, then once for each step; says what was different."""
    told = Told(life.name)
    right, count = _in_peace(it, life, job)
    told.lost += [f"in peace: {words}" for words in _looked(it)]
    every = max(1, -(-count // most))
    for number in range(1, count + 1, every):
        at = it.put_back(life.moment)
        if (
            steps.in_child(lambda at=at: _begin(life, at), it.answer, kill_at=number, within_jobs=life.within_jobs)
            is not None
        ):  # type: ignore[misc]
            break
        told.deaths += 1
        try:
            steps.in_child(lambda at=at: _recover(at, life, job=job), it.answer)  # type: ignore[misc]
        except steps.Died as error:
            told.lost.append(f"step {number}: {error}")
            continue
        words = _looked(it)
        if life.is_compared:
            words += _differences(right, steps.in_child(lambda: _picture_of(it), it.answer))
        told.lost += [f"step {number}: {one}" for one in words]
    return told


def _in_peace(it: World, life: Life, job: str) -> tuple[dict[str, Any], int]:
    at = it.put_back(life.moment)
    count = steps.in_child(lambda: _begin(life, at), it.answer, counts=True, within_jobs=life.within_jobs)
    steps.in_child(lambda: _recover(at, life, job=job), it.answer)
    return steps.in_child(lambda: _picture_of(it), it.answer), count


def _begin(life: Life, at: datetime) -> None:
    _be_at(at)
    life.act(at)


def _looked(it: World) -> list[str]:
    return steps.in_child(lambda: checked(it), it.answer)


def moments_for(it: World, names: Sequence[str]) -> dict[str, str]:
    """For each of these jobs the moment at which it does most."""
    _live_on(it)
    counted: dict[str, dict[str, int]] = {}
    for moment in it.moments:
        at = it.put_back(moment)
        counted[moment] = steps.in_child(partial(_steps_of_each, at, names), it.answer)
    return {name: max(counted, key=lambda moment: counted[moment][name]) for name in names}


def _steps_of_each(at: datetime, names: Sequence[str]) -> dict[str, int]:
    all_steps, found = steps.Steps(0), {}
    steps.watch(all_steps)
    for name in names:
        before = all_steps.taken
        _run(at, name)
        found[name] = all_steps.taken - before
    return found
