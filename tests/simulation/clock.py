"""The moment on the stage: it stands still until it is moved, and is the same in every process."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE = "SIMULATION_CLOCK"
# By this status the local Stripe says that it would not say anything: what would be waited out is over at once.
SILENCE = 599


def now() -> datetime:
    """The moment that was set last (UTC)."""
    return datetime.fromtimestamp(int(Path(os.environ[FILE]).read_text()), tz=UTC)


def move_to(moment: datetime) -> None:
    """Let it be this moment for everybody who asks."""
    file = Path(os.environ[FILE])
    beside = file.with_suffix(".new")
    beside.write_text(f"{moment.timestamp():.0f}")
    os.replace(beside, file)


def rule() -> None:
    """Let the site in this process live by this clock, and wait for nothing: neither between its calls to Stripe nor
    for an answer that would not come."""
    import edge.clock
    from subscriptions import calls
    from subscriptions.billing import connection

    edge.clock.now = now
    calls.pause = lambda seconds: None
    connection._Session.request = _at_once(connection._Session.request)  # type: ignore[method-assign]


def _at_once(request: Any) -> Any:
    """The same request, which runs into its time limit without waiting for it where Stripe is silent."""
    import requests

    def ask(*args: Any, **kwargs: Any) -> Any:
        answer = request(*args, **kwargs)
        if answer.status_code == SILENCE:
            raise requests.ReadTimeout("Read timed out. (Ordered from the simulation.)")
        return answer

    return ask
