"""A mail server that keeps one line for each mail it took, and refuses some."""

import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

FILE = "SIMULATION_MAIL"
FAULTS = "SIMULATION_FAULTS"


class Mailbox(BaseEmailBackend):
    """Appends to the file that SIMULATION_MAIL names; refuses SIMULATION_FAULTS percent, unless a file says stop."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        for message in messages:
            file = Path(os.environ[FILE])
            if not file.with_suffix(".calm").exists() and random.random() * 100 < float(os.environ.get(FAULTS, "0")):
                raise ConnectionError("The mail server hung up. (Ordered from the simulation.)")
            line = {"id": message.extra_headers["Message-ID"], "to": message.to[0], "subject": message.subject}
            with file.open("ab", buffering=0) as outbox:
                outbox.write(json.dumps(line).encode() + b"\n")
        return len(messages)


def calm() -> None:
    """Refuse nothing any more."""
    Path(os.environ[FILE]).with_suffix(".calm").touch()


def everything() -> list[dict[str, Any]]:
    """Every mail that was taken, oldest first: id, to, subject."""
    file = Path(os.environ[FILE])
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
