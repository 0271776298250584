"""HTTP: requests come in, are given to the API, the controls or the pages, and answers go out."""

import contextlib
import json
import socket
import sys
import time
import traceback
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from . import API_VERSION, api, checkout_page, control, control_page, invoice_page, portal_page
from .errors import ApiError
from .faults import as_error
from .forms import decode_flat
from .pages import Page, Redirect, note
from .routing import Table

if TYPE_CHECKING:
    from .server import Sandbox

LARGEST_BODY = 1 << 20
MOST_READ = 1 << 24
PAGES = Table((*checkout_page.PAGES, *portal_page.PAGES, *invoice_page.PAGES))


class HangUp(Exception):
    """End the connection without an answer."""


class Server(ThreadingHTTPServer):
    """Listens on this machine only; can let go of all connections at once."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, sandbox: "Sandbox"):
        self.sandbox = sandbox
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is gone is no mistake of ours; everything else is said on the terminal."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Close what clients keep open."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """One connection, which may carry many requests."""

    protocol_version = "HTTP/1.1"
    server_version = "stripe_sandbox"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the page at the root shows what happened."""

    def answer(self) -> None:
        """Answer one request, whatever happens."""
        try:
            self._answer()
        except HangUp:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception:
            if self.server.sandbox.stopping.is_set():
                self.close_connection = True
                return
            traceback.print_exc(file=sys.stderr)
            error = ApiError(500, "api_error", "The sandbox made a mistake; its terminal says which.")
            self._send(500, json.dumps(error.body()), "application/json")

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = answer  # noqa: N815

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            # Unread, it would be answered with a reset, and the caller would never see why.
            self.rfile.read(min(length, MOST_READ))
            error = ApiError(413, "invalid_request_error", "Request entity too large")
            self._send(413, json.dumps(error.body()), "application/json")
            return
        body = self.rfile.read(length) if length else b""
        url = urllib.parse.urlsplit(self.path)
        if url.path.startswith("/v1/"):
            self._answer_api(api.Request(self.command, url.path, url.query, body, self.headers))
        elif url.path.startswith("/_sandbox/"):
            self._send_page(control.answer(self.server.sandbox, self.command, url.path, body))
        else:
            self._send_page(self._page(url, body))

    def _answer_api(self, request: api.Request) -> None:
        sandbox = self.server.sandbox
        fault = sandbox.faults.next_for(request.method, request.path)
        if fault.startswith("hang:"):
            time.sleep(float(fault.removeprefix("hang:")))
        if fault == "drop_before" or fault.startswith("hang:"):
            raise HangUp()
        if fault.startswith("status:"):
            error = as_error(fault)
            self._send(error.status, json.dumps(error.body()), "application/json", {"Stripe-Version": API_VERSION})
            return
        answer = api.answer(sandbox.world, sandbox.keys, request, lost_by_server=fault == "apply_then_500")
        if fault == "drop_after":
            raise HangUp()
        self._send(answer.status, answer.body, "application/json", answer.headers)

    def _page(self, url: urllib.parse.SplitResult, body: bytes) -> Page | Redirect:
        form = decode_flat(body.decode(errors="replace") if self.command == "POST" else url.query)
        sandbox = self.server.sandbox
        if url.path == "/":
            return control_page.do(sandbox, form) if self.command == "POST" else control_page.show(sandbox, form)
        found = PAGES.find(self.command, url.path)
        if not found:
            return note("Nothing here", "The sandbox has no such page.", status=404, link=("/", "Controls"))
        try:
            return found[0][2](sandbox.world, form, **found[1])
        except ApiError as refusal:
            return note("That cannot be", refusal.message, status=refusal.status)

    def _send_page(self, page: Page | Redirect) -> None:
        if isinstance(page, Redirect):
            self._send(303, "", "text/plain", {"Location": page.to})
        else:
            self._send(page.status, page.body, page.kind)

    def _send(self, status: int, body: str | bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        raw = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(raw)), **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()
