"""A short part of `make chaos`: one death in full, and what its judges call wrong."""

import os
import subprocess
import sys

import pytest

from chaos import faults, kills
from chaos.http import Answer
from chaos.load import NONE, Leave, Load
from newsroom import jobs

AWAY = Leave(may_be_away=True)
PAGE = b"<h1>We will be back in a moment</h1>" + b"<p>Please try again in a minute.</p>" * 20


@pytest.mark.postgres
@pytest.mark.parametrize("fault", ["killed while a webhook"])
def test_nothing_is_answered_wrongly_and_nothing_lost(fault: str) -> None:
    foreign = ("DATABASE_URL", "VAR_DIR", "STRIPE_", "DJANGO_SETTINGS_MODULE", "CACHE_URL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    command = [sys.executable, "-m", "chaos", "--only", fault]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert told.returncode == 0, told.stdout + told.stderr
    assert fault in told.stdout


def test_every_job_is_killed() -> None:
    assert set(kills.JOBS) >= {"process_events", "send_letters", "reconcile"}
    assert set(kills.JOBS) <= {job.name for job in jobs.JOBS}


def test_a_fault_has_a_name_of_its_own() -> None:
    names = [one.name for one in faults.FAULTS] + [name for name, _ in kills.all_lives("")]
    assert len(names) == len(set(names))
    assert [one.name for one in faults.chosen("Cuts connections, well")] == ["all is well", "postgres cuts connections"]


def answer(status: int, content: bytes = PAGE, *, seconds: float = 0.1, **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"content-type": "text/html; charset=utf-8"} | given, content, 0.0, seconds)


@pytest.mark.parametrize(
    ("given", "leave", "words"),
    [
        (answer(200), NONE, ""),
        (answer(500), AWAY, "500"),
        (answer(503, retry_after="30"), AWAY, ""),
        (answer(503, retry_after="30"), NONE, "503"),
        (answer(503), AWAY, "without a word on when to come back"),
        (answer(503, b"<p>Oops</p>", retry_after="30"), AWAY, "tells its reader nothing"),
        (answer(0, b"ConnectionResetError"), AWAY, "ConnectionResetError"),
        (answer(0, b""), Leave(may_not_answer=True), ""),
        (answer(200, seconds=21.0), AWAY, "answered after 21 s"),
        (answer(200, b"canaryword"), NONE, "a stranger reads what is paid for"),
    ],
)
def test_an_answer_is_right_put_off_or_wrong(given: Answer, leave: Leave, words: str) -> None:
    def is_teaser(one: Answer) -> str:
        return "a stranger reads what is paid for" if b"canaryword" in one.content else ""

    found = Load._wrong_with(None, given, 200, is_teaser, (leave, NONE))  # type: ignore[arg-type]
    assert (words in found) if words else found == ""


def test_what_is_missing_or_too_much_after_a_death_is_found() -> None:
    right = {"letters": {"a": 1, "b": 1}, "stripe": {"state": "1 customer"}}
    assert kills._differences(right, right) == []
    found = {"letters": {"a": 2}, "stripe": {"state": "2 customers"}}
    assert sorted(kills._differences(right, found)) == [
        "letters: 1 fewer of b",
        "letters: 1 more of a",
        "stripe: 2 customers instead of 1 customer",
    ]
