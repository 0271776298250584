"""What is broken, for some seconds each, and what the site may answer meanwhile."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chaos import mail_server, postgres, stripe_line
from chaos.load import NONE, Leave
from chaos.stage import Stage

Breaking = Callable[[Stage], contextlib.AbstractContextManager[None]]
AWAY = Leave(may_be_away=True)
AWAY_AND_OLD = Leave(may_be_away=True, may_be_old=True)
SILENT = Leave(may_be_away=True, may_not_answer=True, may_be_old=True)
SECONDS = 4.0
ONE_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Fault:
    """One thing that breaks. Some take a small disk of their own, which only root may make, or a Redis to break."""

    name: str
    breaking: Breaking
    leave: Leave = AWAY
    seconds: float = SECONDS
    needs_disk: bool = False
    needs_redis: bool = False


# --- PostgreSQL -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def _killed_database(stage: Stage) -> Iterator[None]:
    stage.database.kill()
    try:
        yield
    finally:
        stage.database.start()


@contextlib.contextmanager
def _killed_again_and_again(stage: Stage) -> Iterator[None]:
    for _ in range(3):
        with _killed_database(stage):
            time.sleep(0.5)
        time.sleep(0.5)
    yield


@contextlib.contextmanager
def _read_only(stage: Stage) -> Iterator[None]:
    stage.database.set("default_transaction_read_only", "on")
    try:
        yield
    finally:
        stage.database.set("default_transaction_read_only", "off")


@contextlib.contextmanager
def _crowded(stage: Stage) -> Iterator[None]:
    with stage.database.crowded():
        yield


@contextlib.contextmanager
def _cut_off(stage: Stage) -> Iterator[None]:
    for _ in range(6):
        stage.database.cut_all()
        time.sleep(0.4)
    yield


@contextlib.contextmanager
def _full_database(stage: Stage) -> Iterator[None]:
    try:
        with stage.database.full():
            yield
    finally:
        # Without room for what it is about to write, PostgreSQL ends itself rather than lose anything.
        stage.database.start()


# --- Stripe and mail ------------------------------------------------------------------------------------


def _stripe(mode: str, share: float = 1.0) -> Breaking:
    @contextlib.contextmanager
    def broken(stage: Stage) -> Iterator[None]:
        stage.line.mode, stage.line.share = mode, share
        try:
            yield
        finally:
            stage.line.mode = stripe_line.RIGHT

    return broken


def _mail(mode: str) -> Breaking:
    @contextlib.contextmanager
    def broken(stage: Stage) -> Iterator[None]:
        stage.mailbox.mode = mode
        try:
            yield
        finally:
            stage.mailbox.mode = mail_server.RIGHT

    return broken


# --- Files ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _full_media(stage: Stage) -> Iterator[None]:
    with postgres.filled(stage.media):
        yield


@contextlib.contextmanager
def _media_read_only(stage: Stage) -> Iterator[None]:
    subprocess.run(["mount", "-o", "remount,ro", str(stage.media)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(stage.media)], check=True)


# --- Redis ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _killed_redis(stage: Stage) -> Iterator[None]:
    stage.kill_redis()
    try:
        yield
    finally:
        stage.start_redis()


@contextlib.contextmanager
def _stopped_redis(stage: Stage) -> Iterator[None]:
    with stage.frozen_redis():
        yield


# --- Processes and time ---------------------------------------------------------------------------------


@contextlib.contextmanager
def _killed_site(stage: Stage) -> Iterator[None]:
    for _ in range(2):
        stage.kill_site()
        stage.start_site()
        time.sleep(1)
    yield


@contextlib.contextmanager
def _killed_worker(stage: Stage) -> Iterator[None]:
    stage.kill_workers()
    yield
    stage.start_worker()


@contextlib.contextmanager
def _two_workers(stage: Stage) -> Iterator[None]:
    stage.start_worker()
    stage.let_pass(120)
    yield
    stage.kill_workers()
    stage.start_worker()


def _clock_wrong_by(seconds: int) -> Breaking:
    @contextlib.contextmanager
    def broken(stage: Stage) -> Iterator[None]:
        with stage.moved_clock(seconds):
            yield

    return broken


@contextlib.contextmanager
def _both_killed(stage: Stage) -> Iterator[None]:
    with _killed_redis(stage), _killed_database(stage):
        yield


@contextlib.contextmanager
def _nothing(stage: Stage) -> Iterator[None]:
    yield


FAULTS = (
    Fault("all is well", _nothing, NONE),
    Fault("postgres killed, back after seconds", _killed_database, AWAY_AND_OLD),
    Fault("postgres killed again and again", _killed_again_and_again, AWAY_AND_OLD, seconds=0),
    Fault("postgres read-only", _read_only, AWAY_AND_OLD),
    Fault("postgres has no connection left", _crowded, AWAY_AND_OLD),
    Fault("postgres cuts connections", _cut_off, AWAY_AND_OLD, seconds=0),
    Fault("postgres has a full disk", _full_database, AWAY_AND_OLD, needs_disk=True),
    Fault("stripe slow", _stripe(stripe_line.SLOW)),
    Fault("stripe silent", _stripe(stripe_line.SILENT), seconds=6),
    Fault("stripe cuts the line, one in two", _stripe(stripe_line.CUT, 0.5)),
    Fault("stripe does it, the answer is lost, one in two", _stripe(stripe_line.ANSWER_LOST, 0.5)),
    Fault("stripe answers 500, one in two", _stripe(stripe_line.ERROR, 0.5)),
    Fault("stripe answers 429", _stripe(stripe_line.BUSY)),
    Fault("stripe answers garbage, one in two", _stripe(stripe_line.GARBAGE, 0.5)),
    Fault("stripe answers with another object, one in two", _stripe(stripe_line.ANOTHER_OBJECT, 0.5)),
    Fault("mail slow", _mail(mail_server.SLOW)),
    Fault("mail silent", _mail(mail_server.SILENT)),
    Fault("mail refuses connections", _mail(mail_server.REFUSING)),
    Fault("mail says later", _mail(mail_server.BUSY)),
    Fault("mail is taken, the answer lost", _mail(mail_server.FORGETFUL)),
    Fault("media has a full disk", _full_media, needs_disk=True),
    Fault("media read-only", _media_read_only, needs_disk=True),
    Fault("site killed", _killed_site, SILENT, seconds=1),
    Fault("worker killed", _killed_worker, NONE),
    Fault("two workers at once", _two_workers, NONE),
    Fault("clock a day ahead, and back", _clock_wrong_by(ONE_DAY), NONE),
    Fault("clock a day behind, and back", _clock_wrong_by(-ONE_DAY), NONE),
    Fault("redis killed, back after seconds", _killed_redis, NONE, needs_redis=True),
    Fault("redis says nothing", _stopped_redis, NONE, needs_redis=True),
    Fault("redis and postgres killed", _both_killed, AWAY_AND_OLD, needs_redis=True),
)


def chosen(words: str) -> list[Fault]:
    """Those with one of these in their name, with commas between; all without."""
    return [one for one in FAULTS if is_meant(one.name, words)]


def is_meant(name: str, words: str) -> bool:
    """Whether a name has one of these in it."""
    return any(one.strip() in name for one in words.lower().split(","))
