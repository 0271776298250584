"""A mail server that takes letters, or is slow, silent, rude or forgetful: as much SMTP (RFC 5321) as Django speaks."""

import email
import email.policy
import re
import socket
import socketserver
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

RIGHT, SLOW, SILENT, REFUSING, BUSY, FORGETFUL = "right", "slow", "silent", "refusing", "busy", "forgetful"
SLOW_SECONDS = 0.3


@dataclass(frozen=True)
class Mail:
    """One that was taken."""

    message_id: str
    to: str
    subject: str
    text: str


@dataclass
class Mailbox:
    """Everything that was taken, and how the server behaves."""

    mode: str = RIGHT
    mails: list[Mail] = field(default_factory=list)
    # How many were taken without a word.
    forgotten: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, to: str, content: bytes) -> None:
        """Keep one."""
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        body = parsed.get_body(("plain",))
        text = body.get_content() if body else ""
        with self.lock:
            self.mails.append(Mail(str(parsed["Message-ID"]), to, str(parsed["Subject"]), text))

    def times(self) -> Counter[str]:
        """How often each was taken, by its id."""
        with self.lock:
            return Counter(one.message_id for one in self.mails)

    def code_for(self, address: str, *, after: int, patience: float = 3.0) -> str | None:
        """The six digits sent to an address after so many mails; None where none has come in so many seconds."""
        until = time.monotonic() + patience
        while True:
            with self.lock:
                found = [one for one in self.mails[after:] if one.to == address]
            for one in reversed(found):
                if digits := re.search(r"\b(\d{6})\b", one.text):
                    return digits[1]
            if time.monotonic() > until:
                return None
            time.sleep(0.05)


class Server(socketserver.ThreadingTCPServer):
    """Listens on this machine."""

    allow_reuse_address = daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        self.mailbox = Mailbox()
        super().__init__(("127.0.0.1", 0), _Talk)
        self.port: int = self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up is no mistake of ours."""


class _Talk(socketserver.StreamRequestHandler):
    server: Server
    timeout = 15

    def handle(self) -> None:
        mode, to = self.server.mailbox.mode, ""
        if mode == REFUSING:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return
        if mode == SILENT:
            self.rfile.read(1)
            return
        self._say("220 chaos")
        while line := self.rfile.readline().decode("utf-8", "replace").strip():
            word = line.upper()
            if word.startswith("EHLO"):
                self._say("250-chaos\r\n250-8BITMIME\r\n250 SMTPUTF8")
            elif word.startswith("RCPT") and mode == BUSY:
                self._say("451 Try again later.")
            elif word.startswith("RCPT"):
                found = re.search(r"<([^>]*)>", line)
                to = found[1] if found else ""
                self._say("250 OK")
            elif word == "DATA":
                self._say("354 Go on")
                self.server.mailbox.take(to, self._content())
                if mode == FORGETFUL:
                    self.server.mailbox.forgotten += 1
                    return
                self._say("250 Taken")
            elif word == "QUIT":
                self._say("221 Bye")
                return
            else:
                self._say("250 OK")

    def _content(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) and line.rstrip(b"\r\n") != b".":
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, words: str) -> None:
        if self.server.mailbox.mode == SLOW:
            time.sleep(SLOW_SECONDS)
        self.wfile.write(words.encode() + b"\r\n")
