"""The worker: what is due runs once, what fails comes back, what was lost is found, and nothing stops it but we."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test import Client
from django_tasks import TaskContext, task
from django_tasks.base import TaskResultStatus

from newsroom import jobs, worker
from newsroom.models import LEASE, MOST_ATTEMPTS, RETRIES, PeriodicJob, Run, Worker
from newsroom.schedule import Job
from readers.models import User
from tests.make import NOW, a_reader

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BRUSSELS = ZoneInfo("Europe/Brussels")
Move = Callable[[datetime], None]
in_a_database = pytest.mark.django_db


@task
def tidies() -> str:
    """Tidy up."""
    return "All tidy."


@task
def counts(number: int, *, by: int = 1) -> int:
    return number + by


@task(takes_context=True)
def says_which_try(context: TaskContext) -> int:
    return context.attempt


@task
def breaks() -> None:
    raise ValueError("<b>the pipe</b> burst")


@task
def leaves() -> None:
    raise SystemExit(1)


@task
def answers_nonsense() -> object:
    return object()


TIDY = Job(tidies, every=MINUTE)
# Of the site, before a test says otherwise.
OURS = jobs.JOBS


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say which jobs there are; tidying every minute unless told otherwise."""

    def are(*chosen: Job) -> None:
        monkeypatch.setattr(jobs, "JOBS", chosen)

    are(TIDY)
    return are


def runs(status: TaskResultStatus | None = None) -> list[Run]:
    found = Run.objects.order_by("enqueued_at")
    return list(found.filter(status=status) if status else found)


def the_run() -> Run:
    return Run.objects.get()


def work_all() -> int:
    """What one worker does until nothing is due."""
    done = 0
    while worker.step("Wanda"):
        done += 1
    return done


# --- When -----------------------------------------------------------------------------------------------


def test_every_minute_is_due_at_full_minutes_so_that_workers_agree() -> None:
    noon = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
    for moment in (noon, noon + timedelta(seconds=1), noon + timedelta(seconds=59, microseconds=999_999)):
        assert TIDY.next_after(moment) == noon + MINUTE
    assert TIDY.first_due(at=NOW + timedelta(seconds=7)) == NOW + timedelta(seconds=7)


@pytest.mark.parametrize("at", [time(3, 40), time(2, 30), time(0, 0), time(23, 59)])
def test_a_daily_job_is_due_once_on_each_day_of_brussels_when_clocks_change_too(at: time) -> None:
    job = Job(tidies, daily_at=at)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    days = []
    for _ in range(800):
        moment = job.next_after(moment)
        days.append(moment.astimezone(BRUSSELS).date())
    assert days == [days[0] + number * DAY for number in range(800)]


def test_a_daily_job_keeps_its_time_on_the_wall_through_the_year() -> None:
    job = Job(tidies, daily_at=time(3, 40))
    assert job.next_after(datetime(2026, 7, 1, 1, 39, tzinfo=UTC)) == datetime(2026, 7, 1, 1, 40, tzinfo=UTC)
    assert job.next_after(datetime(2026, 7, 1, 1, 40, tzinfo=UTC)) == datetime(2026, 7, 2, 1, 40, tzinfo=UTC)
    assert job.next_after(datetime(2026, 12, 1, 1, 40, tzinfo=UTC)) == datetime(2026, 12, 1, 2, 40, tzinfo=UTC)


def test_an_hour_that_is_skipped_or_doubled_is_no_trouble() -> None:
    job = Job(tidies, daily_at=time(2, 30))
    spring, autumn = datetime(2026, 3, 28, 22, 0, tzinfo=UTC), datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    assert job.next_after(spring) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert job.next_after(autumn) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert job.next_after(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "words"),
    [(1, "second"), (90, "90 seconds"), (60, "minute"), (300, "5 minutes"), (3600, "hour"), (21600, "6 hours")],
)
def test_how_often_is_said_in_the_largest_unit(every: int, words: str) -> None:
    assert Job(tidies, every=timedelta(seconds=every)).in_words == f"every {words}"


@pytest.mark.parametrize("wrong", [{}, {"every": MINUTE, "daily_at": time(3)}, {"every": timedelta(0)}])
def test_a_job_that_comes_never_or_in_two_ways_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="tidies"):
        Job(tidies, **wrong)


# --- Coming back ------------------------------------------------------------------------------------------


@in_a_database
def test_what_is_due_runs_once_and_then_waits_for_its_next_time(at: Move) -> None:
    at(NOW)
    assert work_all() == 1
    at(NOW + timedelta(seconds=59))
    assert work_all() == 0
    at(NOW + MINUTE)
    assert work_all() == 1
    assert [(run.status, run.return_value) for run in runs()] == [("SUCCESSFUL", "All tidy.")] * 2
    row = PeriodicJob.objects.get()
    assert (row.last_started_at, row.last_finished_at, row.failures) == (NOW + MINUTE, NOW + MINUTE, 0)
    assert row.next_due_at == NOW + 2 * MINUTE


@in_a_database
def test_a_daily_job_waits_for_its_time_from_the_first_day_on(at: Move, only_these: Callable[..., None]) -> None:
    only_these(Job(tidies, daily_at=time(3, 40)))
    at(NOW)
    assert work_all() == 0
    at(datetime(2026, 11, 18, 2, 40, tzinfo=UTC))
    assert work_all() == 1


@in_a_database
def test_what_was_missed_is_done_once_and_not_made_up_for(at: Move) -> None:
    at(NOW)
    work_all()
    at(NOW + 30 * DAY)
    assert work_all() == 1


@in_a_database
def test_a_clock_that_is_moved_back_does_not_stop_what_comes_back(at: Move) -> None:
    at(NOW + 30 * DAY)
    work_all()
    at(NOW)
    assert work_all() == 0
    at(NOW + MINUTE)
    assert work_all() == 1


@in_a_database
def test_a_job_that_still_waits_or_runs_is_not_put_into_the_queue_again(at: Move) -> None:
    assert worker.plan(at=NOW) == ["tidies"]
    assert worker.plan(at=NOW + MINUTE) == []
    assert worker.take("Wanda", at=NOW + MINUTE)
    assert worker.plan(at=NOW + 2 * MINUTE) == []
    assert len(runs()) == 1


@in_a_database
def test_looking_when_nothing_is_due_costs_two_queries(at: Move, django_assert_num_queries: Any) -> None:
    work_all()
    with django_assert_num_queries(2):
        worker.step("Wanda")


@in_a_database
def test_once_runs_what_is_due_and_returns(at: Move, capsys: pytest.CaptureFixture[str]) -> None:
    counts.enqueue(1)
    call_command("work", once=True)
    assert capsys.readouterr().out == "2 runs.\n"
    assert not Worker.objects.exists()


# --- The queue --------------------------------------------------------------------------------------------


@in_a_database
def test_a_task_is_given_its_arguments_and_may_know_which_try_it_is(at: Move, only_these: Callable[..., None]) -> None:
    only_these()
    counts.enqueue(2, by=3)
    says_which_try.enqueue()
    work_all()
    assert {run.job_name: run.return_value for run in runs()} == {"counts": 5, "says_which_try": 1}


@in_a_database
def test_a_task_that_was_put_off_is_not_begun_before_its_moment(at: Move, only_these: Callable[..., None]) -> None:
    only_these()
    tidies.using(run_after=NOW + HOUR).enqueue()
    at(NOW + HOUR - timedelta(seconds=1))
    assert work_all() == 0
    at(NOW + HOUR)
    assert work_all() == 1


@in_a_database
def test_what_a_transaction_asked_for_is_forgotten_with_it(at: Move) -> None:
    with transaction.atomic():
        tidies.enqueue()
        transaction.set_rollback(True)
    assert not Run.objects.exists()


# --- Failing ------------------------------------------------------------------------------------------------


@in_a_database
def test_what_fails_is_tried_after_1_5_30_minutes_2_and_6_hours_and_then_given_up(
    at: Move, only_these: Callable[..., None]
) -> None:
    only_these()
    breaks.enqueue()
    moment = NOW
    for wait in (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR):
        at(moment)
        assert work_all() == 1
        at(moment + wait - timedelta(seconds=1))
        assert work_all() == 0
        moment += wait
    at(moment)
    assert work_all() == 1
    run = the_run()
    assert (run.status, run.attempts, run.finished_at) == (TaskResultStatus.FAILED, MOST_ATTEMPTS, moment)
    at(moment + 30 * DAY)
    assert work_all() == 0


@in_a_database
def test_class_message_and_traceback_of_an_error_are_kept(at: Move, only_these: Callable[..., None]) -> None:
    only_these(Job(breaks, every=MINUTE))
    work_all()
    run, row = the_run(), PeriodicJob.objects.get()
    assert run.exception_class_path == "builtins.ValueError"
    assert run.error == "ValueError: <b>the pipe</b> burst"
    assert "in breaks" in run.traceback
    assert (row.last_error, row.failures) == ("ValueError: <b>the pipe</b> burst", 1)


@in_a_database
def test_each_run_is_one_line_in_the_log(
    at: Move, only_these: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    only_these()
    caplog.set_level("INFO", logger="newsroom.worker")
    tidies.enqueue()
    breaks.enqueue()
    work_all()
    good, bad = caplog.messages
    assert good.startswith("tidies: All tidy. (")
    assert bad == "breaks failed, try 1, again at 2026-11-17 12:01 UTC: ValueError: <b>the pipe</b> burst"


@in_a_database
def test_a_success_clears_the_error(at: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as today:
        today.setattr(worker, "_call", lambda run: 1 / 0)
        work_all()
    assert PeriodicJob.objects.get().last_error == "ZeroDivisionError: division by zero"
    at(NOW + MINUTE)
    assert work_all() == 1
    run, row = the_run(), PeriodicJob.objects.get()
    assert (run.status, run.error, row.last_error, row.failures) == (TaskResultStatus.SUCCESSFUL, "", "", 0)


@in_a_database
@pytest.mark.parametrize("bad", [breaks, leaves, answers_nonsense])
def test_whatever_a_job_does_the_others_have_their_turn(at: Move, only_these: Callable[..., None], bad: Any) -> None:
    only_these()
    bad.enqueue()
    tidies.enqueue()
    assert work_all() == 2
    assert [run.status for run in runs()] == [TaskResultStatus.READY, TaskResultStatus.SUCCESSFUL]


@in_a_database
@pytest.mark.parametrize("path", ["newsroom.jobs.gone", "gone.altogether", "newsroom.jobs.MINUTE", "nonsense"])
def test_a_task_that_is_no_longer_in_the_code_fails_and_stops_nothing(
    at: Move, only_these: Callable[..., None], path: str
) -> None:
    only_these()
    tidies.enqueue()
    Run.objects.update(task_path=path)
    assert work_all() == 1
    assert the_run().status == TaskResultStatus.READY
    assert the_run().error


@in_a_database
def test_a_job_that_was_given_up_comes_back_at_its_next_time(at: Move, only_these: Callable[..., None]) -> None:
    only_these(Job(breaks, daily_at=time(3, 40)))
    night = datetime(2026, 11, 18, 2, 40, tzinfo=UTC)
    worker.plan(at=NOW)
    for hours in range(24):
        at(night + hours * HOUR)
        work_all()
    assert [run.status for run in runs()] == [TaskResultStatus.FAILED]
    at(night + DAY)
    work_all()
    assert [run.status for run in runs()] == [TaskResultStatus.FAILED, TaskResultStatus.READY]
    assert PeriodicJob.objects.get().failures == MOST_ATTEMPTS + 1


# --- Being lost ---------------------------------------------------------------------------------------------


@pytest.fixture
def lost(db: None, at: Move) -> Run:
    """A run whose worker was killed at NOW."""
    Worker.objects.beat("Karl", at=NOW)
    tidies.enqueue()
    run = worker.take("Karl", at=NOW)
    assert run
    return run


def test_what_a_killed_worker_ran_is_run_again_after_two_minutes(
    lost: Run, at: Move, only_these: Callable[..., None]
) -> None:
    only_these()
    at(NOW + LEASE - timedelta(seconds=1))
    worker.sweep(at=NOW + LEASE - timedelta(seconds=1))
    assert work_all() == 0
    at(NOW + LEASE)
    worker.sweep(at=NOW + LEASE)
    assert work_all() == 1
    run = the_run()
    assert (run.status, run.worker_ids) == (TaskResultStatus.SUCCESSFUL, ["Karl", "Wanda"])


def test_a_worker_that_gives_signs_of_life_keeps_its_long_job(lost: Run) -> None:
    for minutes in range(1, 300):
        Worker.objects.beat("Karl", at=NOW + minutes * MINUTE)
        worker.sweep(at=NOW + minutes * MINUTE)
    assert the_run().status == TaskResultStatus.RUNNING


def test_who_comes_back_too_late_changes_nothing_any_more(lost: Run, at: Move, only_these: Callable[..., None]) -> None:
    only_these()
    at(NOW + LEASE)
    worker.sweep(at=NOW + LEASE)
    taken_over = worker.take("Wanda", at=NOW + LEASE)
    assert taken_over
    assert not lost.succeed("late", at=NOW + LEASE)
    assert not lost.fail(ValueError("late"), at=NOW + LEASE)
    assert taken_over.succeed("in time", at=NOW + LEASE)
    assert the_run().return_value == "in time"


def test_a_job_that_kills_its_workers_is_given_up_like_any_other(
    lost: Run, at: Move, only_these: Callable[..., None]
) -> None:
    only_these()
    moment = NOW
    for _ in range(MOST_ATTEMPTS):
        moment += LEASE
        worker.sweep(at=moment)
        worker.take("nobody", at=moment)
    run = the_run()
    assert (run.status, run.attempts) == (TaskResultStatus.FAILED, MOST_ATTEMPTS)
    assert run.error == "newsroom.models.machine_room.WorkerLost: nobody was not heard of again."


def test_a_worker_heard_of_in_the_future_only_is_lost_too(lost: Run) -> None:
    """The clock of the demonstration was moved back since."""
    Worker.objects.beat("Karl", at=NOW + 30 * DAY)
    worker.sweep(at=NOW)
    assert the_run().status == TaskResultStatus.READY


@in_a_database
def test_workers_that_are_long_gone_are_forgotten(at: Move) -> None:
    Worker.objects.beat("Karl", at=NOW)
    worker.sweep(at=NOW + DAY)
    assert Worker.objects.exists()
    worker.sweep(at=NOW + DAY + timedelta(seconds=1))
    assert not Worker.objects.exists()


# --- Stopping -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_told_to_stop_it_finishes_the_run_at_hand_and_begins_no_other(
    at: Move, only_these: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    only_these()
    stop = threading.Event()
    call = worker._call
    monkeypatch.setattr(worker, "_call", lambda run: [stop.set(), call(run)][1])
    tidies.enqueue()
    tidies.enqueue()
    worker.work(stop)
    assert sorted(run.status for run in runs()) == [TaskResultStatus.READY, TaskResultStatus.SUCCESSFUL]
    assert not Worker.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_outlives_an_absent_database_and_goes_on_under_another_name(
    at: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, names = threading.Event(), []

    def step(name: str) -> bool:
        names.append(name)
        if len(names) == 1:
            raise OperationalError("the server closed the connection")
        stop.set()
        return True

    monkeypatch.setattr(worker, "step", step)
    monkeypatch.setattr(worker, "PAUSE_WITHOUT_DATABASE_SECONDS", 0)
    worker.work(stop)
    assert len(set(names)) == 2


def test_the_program_works_until_sigterm_and_leaves_within_seconds(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "STRIPE_", "CLOCK_"))
    } | {"VAR_DIR": str(tmp_path), "LOG_LEVEL": "INFO", "PYTHONUNBUFFERED": "1"}
    manage = [sys.executable, str(Path(__file__).parent.parent / "manage.py")]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
    with subprocess.Popen([*manage, "work"], env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            said = next(line for line in process.stderr if "process_events" in line)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()
    assert "0 handled, 0 failed." in said


# --- Several workers ----------------------------------------------------------------------------------------


def at_once(number: int, act: Callable[[int], Any]) -> list[Any]:
    """What so many threads get that begin at the same moment, each with a connection of its own."""
    ready, answers = threading.Barrier(number), [None] * number

    def one(index: int) -> None:
        try:
            connection.ensure_connection()
            ready.wait(timeout=10)
            answers[index] = act(index)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [False, True], ids=["on the first day", "later"])
def test_workers_that_look_at_the_same_moment_put_each_job_into_the_queue_once(
    only_these: Callable[..., None], is_known: bool
) -> None:
    chosen = [Job(each, every=MINUTE) for each in (tidies, breaks, leaves)]
    only_these(*chosen)
    if is_known:
        for job in chosen:
            PeriodicJob.objects.create(name=job.name, next_due_at=NOW)
    planned = at_once(8, lambda _: worker.plan(at=NOW))
    assert sorted(name for names in planned for name in names) == ["breaks", "leaves", "tidies"]
    assert Run.objects.count() == 3


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_each_run_is_begun_by_one_of_many_workers(at: Move, only_these: Callable[..., None]) -> None:
    only_these()
    for number in range(40):
        counts.enqueue(number)

    def work(index: int) -> int:
        done = 0
        while worker.step(f"worker {index}"):
            done += 1
        return done

    assert sum(at_once(8, work)) == 40
    assert {run.attempts for run in runs()} == {1}
    assert sorted(run.return_value for run in runs()) == list(range(1, 41))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_was_lost_is_put_back_once_however_many_look(at: Move, only_these: Callable[..., None]) -> None:
    only_these()
    tidies.enqueue()
    worker.take("Karl", at=NOW)
    at_once(8, lambda _: worker.sweep(at=NOW + LEASE))
    taken = at_once(8, lambda index: worker.take(f"worker {index}", at=NOW + LEASE))
    assert sum(run is not None for run in taken) == 1
    assert the_run().attempts == 2


# --- The jobs we have ---------------------------------------------------------------------------------------


@in_a_database
def test_every_job_of_the_site_runs_on_an_empty_site(at: Move, only_these: Callable[..., None]) -> None:
    only_these(*OURS)
    worker.plan(at=NOW)
    at(NOW + DAY)
    work_all()
    assert {run.job_name: run.error for run in runs()} == {job.name: "" for job in OURS}


def test_what_must_come_back_does() -> None:
    comes = {job.name: job.in_words for job in OURS}
    assert len(comes) == len(OURS)
    assert comes["process_events"] == comes["send_letters"] == "every minute"
    assert comes["reconcile"] == "daily at 03:40"
    assert all(job.does for job in OURS)


@in_a_database
def test_finished_runs_are_forgotten_after_14_days_and_others_never(at: Move) -> None:
    old = NOW - timedelta(days=14)
    for status in TaskResultStatus:
        for finished_at in (old, old - timedelta(seconds=1)):
            run = Run.objects.get(pk=tidies.enqueue().id)
            Run.objects.filter(pk=run.pk).update(status=status, finished_at=finished_at)
    assert jobs.keep_no_longer.call().startswith("2 forgotten")
    assert Run.objects.count() == 6


# --- In the admin ---------------------------------------------------------------------------------------------

JOBS, RUNS = "/admin/newsroom/periodicjob/", "/admin/newsroom/run/"


@pytest.fixture
def admin(db: None, client: Client, at: Move) -> Client:
    """The browser of an administrator."""
    client.force_login(a_reader("ada@example.org", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def given_up(admin: Client, only_these: Callable[..., None], at: Move) -> Run:
    """A run that was tried as often as may be."""
    only_these(Job(breaks, every=MINUTE))
    worker.plan(at=NOW)
    for wait in (timedelta(0), *RETRIES):
        at(NOW + wait)
        Run.objects.filter(status=TaskResultStatus.READY).update(run_after=NOW)
        run = worker.take("Wanda", at=NOW)
        assert run
        worker.carry_out(run)
    at(NOW)
    return the_run()


def test_the_list_of_jobs_shows_how_they_went(admin: Client, given_up: Run) -> None:
    page = admin.get(JOBS).content.decode()
    assert "every minute" in page
    assert "ValueError: &lt;b&gt;the pipe&lt;/b&gt; burst" in page
    assert "<b>the pipe" not in page


def test_without_a_worker_the_list_says_so(admin: Client) -> None:
    assert "No worker is running" in admin.get(JOBS).content.decode()
    Worker.objects.beat("Wanda", at=NOW)
    page = admin.get(JOBS).content.decode()
    assert "No worker is running" not in page
    assert "Worker Wanda" in page


def test_a_run_shows_what_went_wrong(admin: Client, given_up: Run) -> None:
    page = admin.get(f"{RUNS}{given_up.pk}/change/").content.decode()
    assert "Given up" in page
    assert "Traceback (most recent call last)" in page
    assert "<b>the pipe" not in page
    assert "Given up" in admin.get(f"{RUNS}?status__exact=FAILED").content.decode()
    assert str(given_up.pk) in admin.get(f"{RUNS}?job=breaks").content.decode()


def test_what_was_given_up_runs_again_at_the_press_of_a_button(admin: Client, given_up: Run) -> None:
    page = admin.post(f"{RUNS}{given_up.pk}/again/", follow=True).content.decode()
    assert "a worker begins it within seconds" in page
    run = the_run()
    assert (run.status, run.attempts) == (TaskResultStatus.READY, 0)
    assert worker.take("Wanda", at=NOW)
    assert "asked for again" in LogEntry.objects.get().get_change_message()


def test_what_runs_or_is_done_has_no_such_button(admin: Client) -> None:
    run = Run.objects.get(pk=tidies.enqueue().id)
    assert run.begin("Wanda", at=NOW)
    assert "again/" not in admin.get(f"{RUNS}{run.pk}/change/").content.decode()
    assert "running, or done" in admin.post(f"{RUNS}{run.pk}/again/", follow=True).content.decode()
    assert the_run().status == TaskResultStatus.RUNNING


def test_a_job_runs_now_at_the_press_of_a_button_and_only_once(admin: Client, at: Move) -> None:
    work_all()
    row = PeriodicJob.objects.get()
    for _ in range(2):
        admin.post(f"{JOBS}{row.pk}/again/")
    assert work_all() == 1
    assert len(runs()) == 2


def test_a_job_that_waits_for_its_next_try_is_brought_forward(
    admin: Client, at: Move, only_these: Callable[..., None]
) -> None:
    only_these(Job(breaks, daily_at=time(3, 40)))
    worker.plan(at=NOW)
    at(NOW + DAY)
    work_all()
    admin.post(f"{JOBS}{PeriodicJob.objects.get().pk}/again/")
    assert work_all() == 1
    assert len(runs()) == 1


def test_the_button_takes_post_only_and_finds_what_there_is(admin: Client, given_up: Run) -> None:
    assert admin.get(f"{RUNS}{given_up.pk}/again/").status_code == 405
    assert admin.post(f"{RUNS}nonsense/again/").status_code == 404
    assert admin.post(f"{JOBS}999/again/").status_code == 404


@pytest.mark.parametrize("who", ["nobody", "reader", "staff"])
def test_the_button_is_for_administrators(client: Client, given_up: Run, who: str) -> None:
    client.logout()
    if who != "nobody":
        client.force_login(User.objects.create_user(f"{who}@example.org", is_staff=who == "staff"))
    assert client.post(f"{RUNS}{given_up.pk}/again/").status_code == (403 if who == "staff" else 302)
    assert the_run().status == TaskResultStatus.FAILED


def test_jobs_are_not_edited_by_hand(admin: Client, given_up: Run) -> None:
    row = PeriodicJob.objects.get()
    for address in (f"{JOBS}add/", f"{JOBS}{row.pk}/delete/", f"{RUNS}add/", f"{RUNS}{given_up.pk}/delete/"):
        assert admin.get(address).status_code == 403
    assert admin.post(f"{JOBS}{row.pk}/change/", {"name": "x"}).status_code == 403
