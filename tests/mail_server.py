"""A mail server on this machine that takes everything, and fails in the ways that mail servers do when told to.

`python -m tests.mail_server PORT FILE` runs it alone, and writes the Message-ID of each mail it takes to the file.
"""

import re
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ID = re.compile(rb"^Message-ID: *<([^>]*)>", re.M | re.I)


class MailServer(socketserver.ThreadingTCPServer):
    """Knows what it took, in the order it came, and how often somebody connected."""

    allow_reuse_address, daemon_threads, request_queue_size = True, True, 50

    def __init__(self, port: int = 0, *, takes: Callable[[str], object] | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self.taken: list[str] = []
        self.connections = 0
        self.takes = takes or self.taken.append
        # Mailboxes that it does not know, and after how many mails it hangs up (once) without a word.
        self.refuses: set[str] = set()
        self.hangs_up_after: int | None = None
        self._count = 0

    @property
    def port(self) -> int:
        return self.server_address[1]

    def hangs_up_now(self) -> bool:
        """Whether the mail at hand is the one that is lost."""
        self._count += 1
        return self._count - 1 == self.hangs_up_after


class _Conversation(socketserver.StreamRequestHandler):
    """What is said over one connection."""

    server: MailServer
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.server.connections += 1
        self._say(220)
        for line in self.rfile:
            word, _, rest = line.strip().decode().partition(" ")
            match word.upper():
                case "RCPT" if rest.partition("<")[2].rstrip(">") in self.server.refuses:
                    self._say(550)
                case "DATA":
                    self._say(354)
                    if not self._take():
                        return
                case "QUIT":
                    self._say(221)
                    return
                case _:
                    self._say(250)

    def _take(self) -> bool:
        said = bytearray()
        for line in self.rfile:
            if line == b".\r\n":
                break
            said += line
        if self.server.hangs_up_now():
            return False
        found = _ID.search(said)
        self.server.takes(found[1].decode() if found else "")
        self._say(250)
        return True

    def _say(self, code: int) -> None:
        self.wfile.write(b"%d ok\r\n" % code)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """One that runs beside the test."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def main(port: str, path: str) -> None:
    """Take mail until somebody ends it."""
    with open(path, "a", buffering=1) as file, MailServer(int(port), takes=lambda name: file.write(name + "\n")) as it:
        it.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
