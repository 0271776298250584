"""Development only: mail goes to a folder, one .eml file each, from which /dev/mail/ shows it."""

import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from secrets import token_hex

from django.conf import settings
from django.core.mail import EmailMessage as OutgoingMessage
from django.core.mail.backends.base import BaseEmailBackend

# Nanoseconds of the machine's own clock, so that names sort by age however the site's clock was moved.
NAME = re.compile(r"^(\d{20})-[0-9a-f]{8}\.eml$", re.ASCII)


class FolderBackend(BaseEmailBackend):
    """Keeps each message as a file of `settings.DEV_MAIL_DIR`, whose name says when it was sent."""

    def send_messages(self, email_messages: Sequence[OutgoingMessage]) -> int:
        """Write the messages; a file appears whole or not at all."""
        folder = Path(settings.DEV_MAIL_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{time.time_ns():020}-{token_hex(4)}.eml"
            unfinished = folder / f".{name}.part"
            unfinished.write_bytes(message.message().as_bytes().replace(b"\n", b"\r\n"))
            os.replace(unfinished, folder / name)
        return len(email_messages)


@dataclass(frozen=True)
class Mail:
    """A message of the folder. `sent_at` is UTC and the machine's own clock, never the moved one."""

    name: str
    sent_at: datetime
    to: str
    subject: str
    text: str
    html: str
    headers: list[tuple[str, str]]


def newest_first() -> list[Mail]:
    """Every message of the folder."""
    folder = Path(settings.DEV_MAIL_DIR)
    names = sorted((path.name for path in folder.glob("*.eml") if NAME.match(path.name)), reverse=True)
    return [mail for name in names if (mail := read(name))]


def read(name: str) -> Mail | None:
    """The message of that file name, or None where the name is not one of ours or the file is gone."""
    matched = NAME.match(name)
    if not matched:
        return None
    try:
        content = (Path(settings.DEV_MAIL_DIR) / name).read_bytes()
    except FileNotFoundError:
        return None
    message = message_from_bytes(content, policy=policy.default)
    return Mail(
        name=name,
        sent_at=datetime.fromtimestamp(int(matched[1]) / 1e9, UTC),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        headers=[(key, str(value)) for key, value in message.items()],
    )


def clear() -> int:
    """Delete every message. Returns how many there were."""
    mails = newest_first()
    for mail in mails:
        (Path(settings.DEV_MAIL_DIR) / mail.name).unlink(missing_ok=True)
    return len(mails)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
