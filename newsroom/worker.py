"""The worker: puts into the queue what is due, runs what is in the queue, and notes how it went.

Any number of workers may run beside each other. What makes that safe is one conditional update for each step: a
due time is moved on once, a run is begun once, and only who holds it may end it. A worker that was killed is missed
after two minutes, and what it ran is begun again: jobs must bear that.
"""

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import Error, close_old_connections, connection, transaction
from django.db.models import F
from django.utils.crypto import get_random_string
from django_tasks.base import TaskContext, TaskResultStatus
from django_tasks.utils import normalize_json

from edge import clock

from . import jobs
from .models import PeriodicJob, Run, Worker, WorkerLost
from .schedule import Job

log = logging.getLogger(__name__)
PAUSE_SECONDS = 1.0
BEAT_SECONDS = 15.0
PAUSE_WITHOUT_DATABASE_SECONDS = 5.0


def work(stop: threading.Event) -> None:
    """Run what is due until `stop` is set; the run at hand is finished first. Outlives an absent database."""
    while not stop.is_set():
        try:
            with _at_work() as worker:
                while not stop.is_set():
                    close_old_connections()
                    if not step(worker):
                        stop.wait(PAUSE_SECONDS)
        except Error as error:
            # What was at hand stays as it is, under a name that is not heard of again: it will be missed, and rerun.
            log.error("The database does not answer as it should: %s", _in_words(error))
            stop.wait(PAUSE_WITHOUT_DATABASE_SECONDS)


def work_once() -> int:
    """Run what is due now, and what that leads to, then return how many runs that were."""
    with _at_work() as worker:
        runs = 0
        while step(worker):
            runs += 1
        return runs


def step(worker: str) -> bool:
    """Plan, then run the first run that is due. False where there is none."""
    plan(at=clock.now())
    run = take(worker, at=clock.now())
    if run is None:
        return False
    carry_out(run)
    return True


# --- What is due ---------------------------------------------------------------------------------------


def plan(*, at: datetime) -> list[str]:
    """Put each periodic job whose time has come into the queue; returns their names.

    However many workers ask at the same moment, one of them does it. A job still waiting or running is not put there
    a second time: its next due time will find it done.
    """
    rows = {row.name: row for row in PeriodicJob.objects.all()}
    return [job.name for job in jobs.JOBS if _plan(job, rows.get(job.name), at=at)]


def _plan(job: Job, row: PeriodicJob | None, *, at: datetime) -> bool:
    if row is None:
        row, _ = PeriodicJob.objects.get_or_create(name=job.name, defaults={"next_due_at": job.first_due(at=at)})
    is_due = row.next_due_at <= at
    if not is_due and not job.is_lost(row.next_due_at, at=at):
        return False
    with transaction.atomic():
        if not row.move_on(next_due_at=job.next_after(at)) or not is_due:
            return False
        if Run.objects.unfinished().filter(task_path=job.path).exists():
            return False
        job.task.enqueue()
    return True


def ask_for(row: PeriodicJob, *, at: datetime) -> bool:
    """Have a periodic job run now, whenever it would be due. False where it is running, or no longer in the code."""
    job = jobs.named(row.name)
    if job is None:
        return False
    with transaction.atomic():
        PeriodicJob.objects.select_for_update().get(pk=row.pk)
        run = Run.objects.unfinished().filter(task_path=job.path).first()
        if run is None:
            job.task.enqueue()
            return True
        return run.again(at=at)


# --- One run -------------------------------------------------------------------------------------------


def take(worker: str, *, at: datetime) -> Run | None:
    """Begin the first run that is due, unless there is none. Each is begun by one worker only."""
    while (run := Run.objects.due(at=at).first()) is not None:
        if run.begin(worker, at=at):
            return run
    return None


def carry_out(run: Run) -> None:
    """Do it and note how it went. Raises nothing but what the database raises."""
    _note(run, last_started_at=run.started_at)
    started = time.monotonic()
    try:
        answer = normalize_json(_call(run))
    except (Exception, SystemExit) as error:  # Whatever a job does, the worker lives.
        _failed(run, error, at=clock.now())
        return
    now = clock.now()
    if run.succeed(answer, at=now):
        _note(run, last_finished_at=now, last_error="", failures=0)
        log.info("%s: %s (%.1f s)", run.job_name, answer, time.monotonic() - started)


def _call(run: Run) -> Any:
    result = run.task_result
    context = [TaskContext(task_result=result)] if result.task.takes_context else []  # type: ignore[arg-type]
    return result.task.call(*context, *result.args, **result.kwargs)


def _failed(run: Run, error: BaseException, *, at: datetime) -> None:
    if not run.fail(error, at=at):
        return
    _note(run, last_finished_at=at, last_error=_in_words(error), failures=F("failures") + 1)
    given_up = run.status == TaskResultStatus.FAILED
    what_now = "given up" if given_up else f"again at {run.run_after:%Y-%m-%d %H:%M} UTC"
    level = logging.ERROR if given_up else logging.WARNING
    log.log(level, "%s failed, try %d, %s: %s", run.job_name, run.attempts, what_now, _in_words(error))


def _note(run: Run, **values: Any) -> None:
    """Keep on the periodic job's row how its latest run went."""
    if job := jobs.job_of(run):
        PeriodicJob.objects.filter(name=job.name).update(**values)


def _in_words(error: BaseException) -> str:
    """Class and message in one line of bounded length, as any database takes it."""
    return " ".join(f"{type(error).__name__}: {error}".replace("\x00", "").split())[:2000]


# --- Who works -----------------------------------------------------------------------------------------


def sweep(*, at: datetime) -> None:
    """Put back what lost workers were running, and forget workers that are long gone."""
    alive = set(Worker.objects.alive(at=at).values_list("name", flat=True))
    for run in Run.objects.filter(status=TaskResultStatus.RUNNING):
        if run.worker not in alive:
            _failed(run, WorkerLost(f"{run.worker} was not heard of again."), at=at)
    Worker.objects.long_gone(at=at).delete()


@contextlib.contextmanager
def _at_work() -> Iterator[str]:
    """Be known as a worker meanwhile, under a name that no other has or will have."""
    name = f"{socket.gethostname()[:40]} {os.getpid()} {get_random_string(6)}"
    _beat(name)
    gone = threading.Event()
    beating = threading.Thread(target=_keep_beating, args=(name, gone), daemon=True)
    beating.start()
    try:
        yield name
    finally:
        gone.set()
        beating.join(timeout=BEAT_SECONDS)
        with contextlib.suppress(Error):
            Worker.objects.filter(name=name).delete()


def _keep_beating(name: str, gone: threading.Event) -> None:
    """Say that this worker is there, also while a long job runs, and look whether another one is missing."""
    while not gone.wait(BEAT_SECONDS):
        try:
            _beat(name)
        except Error as error:
            log.warning("No sign of life could be given: %s", _in_words(error))
        finally:
            connection.close()


def _beat(name: str) -> None:
    at = clock.now()
    Worker.objects.beat(name, at=at)
    sweep(at=at)
