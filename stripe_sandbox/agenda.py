"""What will happen when: one entry for each kind of thing and each object, done in the order of time."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from .errors import ApiError
from .store import Store

if TYPE_CHECKING:
    from .world import World

Duty = Callable[["World", str], None]
DUTIES: dict[str, Duty] = {}


def duty(kind: str) -> Callable[[Duty], Duty]:
    """Name the function that does what an agenda entry of this kind stands for.

    A duty looks for itself whether there still is something to do: the object may have changed since.
    """

    def name(function: Duty) -> Duty:
        DUTIES[kind] = function
        return function

    return name


class Agenda:
    """Entries (kind, id) with a moment in seconds."""

    def __init__(self, store: Store):
        self.store = store

    def put(self, kind: str, wanted: str, at: int) -> None:
        """Do this at that moment; an earlier entry for the same is replaced."""
        self.store.execute(
            "INSERT INTO agenda VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET at = excluded.at",
            (kind, wanted, at),
        )

    def drop(self, kind: str, wanted: str) -> None:
        """Do not do this after all."""
        self.store.execute("DELETE FROM agenda WHERE kind = ? AND id = ?", (kind, wanted))

    def next_moment(self) -> int | None:
        """When the next thing is due, or None."""
        return self.store.execute("SELECT min(at) FROM agenda").fetchone()[0]

    def take(self, until: int) -> tuple[str, str, int] | None:
        """The earliest entry due by that moment, taken off the agenda; None when there is none."""
        row = self.store.execute(
            "SELECT kind, id, at FROM agenda WHERE at <= ? ORDER BY at, rowid LIMIT 1", (until,)
        ).fetchone()
        if row:
            self.drop(row[0], row[1])
        return row


def run_due(world: "World", until: int) -> int:
    """Do everything due by that moment, each at its own time. Says how many entries were done."""
    done = 0
    with world.transaction():
        while entry := world.agenda.take(until):
            kind, wanted, at = entry
            with world.clock.held_at(at):
                _do(world, kind, wanted)
            done += 1
            world.store.forget()
    return done


def _do(world: "World", kind: str, wanted: str) -> None:
    """One duty. What turns out to be impossible is left, and said on the terminal."""
    try:
        with world.undone_on_refusal():
            DUTIES[kind](world, wanted)
    except ApiError as refusal:
        sys.stderr.write(f"stripe sandbox: {kind} {wanted}: {refusal.message}\n")


def move_clock(world: "World", to: int) -> None:
    """Set the clock forward to that moment (seconds) and do everything that falls due on the way."""
    with world.transaction():
        run_due(world, to)
        world.clock.move_to(to)
        world.store.set_setting("clock_offset", world.clock.offset)
        world.on_clock(world.clock.offset)
        _forget_old(world)


def _forget_old(world: "World") -> None:
    """Events are kept for 30 days, answers to idempotent requests for one."""
    world.store.execute(
        "DELETE FROM objects WHERE kind = 'event' AND created < ? AND NOT EXISTS (SELECT 1 FROM deliveries"
        " WHERE event = objects.id AND state IN ('pending', 'sending', 'held'))",
        (world.now - 30 * 86400,),
    )
    world.store.execute("DELETE FROM answers WHERE created < ?", (world.now - 86400,))
