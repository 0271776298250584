"""One key, one execution: the first answer to a request is kept for a day and given again."""

import threading
from dataclasses import dataclass, field

from .clock import DAY
from .errors import ApiError
from .world import World

LONGEST_KEY = 255


@dataclass
class Keys:
    """The keys that are being worked on right now."""

    in_hand: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str) -> None:
        """Work on this key. Raises `ApiError` (409) when somebody already does."""
        with self.lock:
            if key in self.in_hand:
                raise ApiError(
                    409,
                    "idempotency_error",
                    "There is currently another in-progress request using this Idempotent Key.",
                    code="idempotency_key_in_use",
                )
            self.in_hand.add(key)

    def give_back(self, key: str) -> None:
        """The work on this key is done."""
        with self.lock:
            self.in_hand.discard(key)


def answer_kept(world: World, key: str, request: str) -> tuple[int, str] | None:
    """The status and body kept for a key, or None. Raises `ApiError` (400) when another request had this key."""
    with world.transaction():
        row = world.store.execute(
            "SELECT request, status, body FROM answers WHERE key = ? AND created > ?", (key, world.now - DAY)
        ).fetchone()
    if not row:
        return None
    if row[0] != request:
        raise ApiError(
            400,
            "idempotency_error",
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
        )
    return row[1], row[2]


def keep(world: World, key: str, request: str, status: int, body: str) -> None:
    """Remember an answer, errors included. Part of the transaction that the answer is about."""
    world.store.execute(
        "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", (key, request, status, body, world.now)
    )
