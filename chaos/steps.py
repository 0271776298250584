"""Dies at a step: in a child of this process, which ends itself by SIGKILL after the n-th thing it does.

A step is whatever outlives the process: a statement that stands at once, a commit, a request that Stripe has carried
out, a mail that was taken, half a file, a whole one. What is done within a transaction is undone with it, wherever in
it the end comes.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# The children say on a file how many steps they took.
READS = ("SELECT", "SET", "SHOW", "SAVEPOINT", "RELEASE", "BEGIN")


class Steps:
    """Counts, and kills at the one that was chosen; 0 is never."""

    def __init__(self, at: int) -> None:
        self.at, self.taken = at, 0
        self.counts = True

    def take(self) -> None:
        """One more, unless nothing counts just now."""
        self.taken += self.counts
        if self.counts and self.taken == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def only_within_jobs(steps: Steps) -> None:
    """Count what a job does, and its end, but not how a worker takes it and notes how it went. In a child, too."""
    from newsroom import worker

    call, steps.counts = worker._call, False

    def counted(run: Any) -> Any:
        steps.counts = True
        try:
            answer = call(run)
            steps.take()
            return answer
        finally:
            steps.counts = False

    worker._call = counted


def watch(steps: Steps) -> None:
    """Have everything that this process does counted. Call it in a child: it cannot be undone."""
    import requests
    from django.core.files.base import File
    from django.core.files.storage import FileSystemStorage
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

    from tests.simulation.mailbox import Mailbox

    execute, commit = CursorWrapper.execute, BaseDatabaseWrapper._commit  # type: ignore[attr-defined]
    ask, mail = requests.Session.request, Mailbox.send_messages
    save, chunks = FileSystemStorage._save, File.chunks  # type: ignore[attr-defined]

    def counted_execute(self: Any, sql: Any, params: Any = None) -> Any:
        done = execute(self, sql, params)
        if not self.db.in_atomic_block and not str(sql).lstrip("( \n").upper().startswith(READS):
            steps.take()
        return done

    def counted_commit(self: Any) -> Any:
        done = commit(self)
        steps.take()
        return done

    def counted_ask(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        answer = ask(self, method, *args, **kwargs)
        if method.upper() != "GET":
            steps.take()
        return answer

    def counted_mail(self: Any, messages: Any) -> Any:
        taken = mail(self, messages)
        steps.take()
        return taken

    def counted_save(self: Any, name: str, content: Any) -> Any:
        kept = save(self, name, content)
        steps.take()
        return kept

    def counted_chunks(self: Any, chunk_size: int | None = None) -> Iterator[bytes]:
        for chunk in chunks(self, chunk_size):
            yield chunk[: len(chunk) // 2]
            steps.take()
            yield chunk[len(chunk) // 2 :]

    CursorWrapper.execute = counted_execute  # type: ignore[method-assign]
    BaseDatabaseWrapper._commit = counted_commit  # type: ignore[attr-defined]
    requests.Session.request = counted_ask  # type: ignore[method-assign]
    Mailbox.send_messages = counted_mail  # type: ignore[method-assign]
    FileSystemStorage._save, File.chunks = counted_save, counted_chunks  # type: ignore[attr-defined,method-assign]


class Died(Exception):
    """A child ended by itself and not as it was told; the message holds what it said."""


def in_child(
    act: Callable[[], Any], answer: Path, *, kill_at: int = 0, counts: bool = False, within_jobs: bool = False
) -> Any:
    """Let a child do it; returns what it answers, as JSON keeps it, or None where it was killed at that step.

    With `counts` the answer is how many steps it took; `within_jobs` leaves the worker's own ones out. Raises Died.
    """
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            steps = Steps(kill_at)
            if kill_at or counts:
                watch(steps)
            if within_jobs:
                only_within_jobs(steps)
            found = act()
            answer.write_text(json.dumps(steps.taken if counts else found))
            code = 0
        except BaseException as error:
            import traceback

            answer.write_text(json.dumps("".join(traceback.format_exception(error))[-3000:]))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    said = json.loads(answer.read_text()) if answer.exists() else f"status {status}"
    if status:
        raise Died(said)
    return said
