"""The line between the site and the local Stripe, on which anything may happen to a request or its answer."""

import http.client
import http.server
import json
import random
import socket
import threading
import time
import urllib.parse

RIGHT, SLOW, SILENT, CUT, ANSWER_LOST = "right", "slow", "silent", "cut", "answer lost"
ERROR, BUSY, GARBAGE, ANOTHER_OBJECT = "error", "busy", "garbage", "another object"
SLOW_SECONDS, SILENT_SECONDS = 1.0, 20.0
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "host")
GARBLED = b"\x1f\x8b\x08<html><h1>It works!</h1>\xff\xfe"
SOMETHING_ELSE = {"id": "we_1", "object": "webhook_endpoint", "livemode": False, "url": "https://example.org/"}


class Line(http.server.ThreadingHTTPServer):
    """Passes everything on, except for what `mode` makes of every request, or of a share of them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, to: str) -> None:
        self.to = urllib.parse.urlsplit(to)
        self.mode, self.share = RIGHT, 1.0
        self.dice, self.lock = random.Random(7), threading.Lock()
        self.spoiled = 0
        super().__init__(("127.0.0.1", 0), _Passing)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up is no mistake of ours."""

    def what_happens(self) -> str:
        """The fate of the next request."""
        with self.lock:
            if self.mode == RIGHT or self.dice.random() >= self.share:
                return RIGHT
            self.spoiled += 1
            return self.mode


class _Passing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Line

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fate = self.server.what_happens()
        if fate == SLOW:
            time.sleep(SLOW_SECONDS)
        elif fate == SILENT:
            time.sleep(SILENT_SECONDS)
            self._hang_up()
            return
        elif fate == CUT:
            self._hang_up()
            return
        elif fate == ERROR:
            self._answer(500, {"error": {"type": "api_error", "message": "An error of ours."}})
            return
        elif fate == BUSY:
            self._answer(429, {"error": {"type": "rate_limit_error", "message": "Too many requests."}})
            return
        elif fate == GARBAGE:
            self._send(200, {"Content-Type": "application/json"}, GARBLED)
            return
        elif fate == ANOTHER_OBJECT:
            self._answer(200, SOMETHING_ELSE)
            return
        status, headers, content = self._asked(body)
        if fate == ANSWER_LOST:
            self._hang_up()
            return
        self._send(status, headers, content)

    do_GET = do_POST = do_DELETE = _pass  # noqa: N815

    def _asked(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        to = self.server.to
        line = http.client.HTTPConnection(to.hostname or "", to.port, timeout=30)
        try:
            kept = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            line.request(self.command, self.path, body, kept)
            answer = line.getresponse()
            headers = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
            return answer.status, headers, answer.read()
        finally:
            line.close()

    def _answer(self, status: int, thing: object) -> None:
        self._send(status, {"Content-Type": "application/json"}, json.dumps(thing).encode())

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _hang_up(self) -> None:
        """A reset, in the middle of things."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close_connection = True
        self.connection.close()
