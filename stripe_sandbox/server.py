"""One sandbox: its world, its server, the threads that deliver events and let time pass."""

import os
import threading
from pathlib import Path

from . import deliveries, webhook_endpoints
from .agenda import move_clock, run_due
from .faults import Faults
from .idempotency import Keys
from .store import Store
from .wire import Server
from .world import World

HEARTBEAT = 1.0


class Sandbox:
    """A local Stripe, as a program or inside a test.

    `port` 0 takes a free one, `state` is a file or `:memory:`, `webhook_url` gets every event signed with
    `webhook_secret`, and `offset_file` always holds the seconds by which the clock is ahead of the wall.
    """

    def __init__(
        self,
        port: int = 0,
        state: str = ":memory:",
        webhook_url: str | None = None,
        webhook_secret: str = "whsec_test",
        offset_file: str | None = None,
    ):
        self.world = World(Store(state))
        self.world.on_events = deliveries.queue
        self.world.on_clock = self._write_offset
        self.webhook = (webhook_url, webhook_secret)
        self.offset_file = Path(offset_file) if offset_file else None
        self.faults = Faults()
        self.keys = Keys()
        self.senders = deliveries.Senders(self.world)
        self.server = Server(port, self)
        self.port: int = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.world.base_url = self.url
        self.stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True),
            threading.Thread(target=self._let_time_pass, daemon=True),
        ]

    def start(self) -> "Sandbox":
        """Listen, deliver, and let time pass."""
        self._prepare()
        self.senders.start()
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Stop at once; the state stays in its file."""
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()
        self.server.hang_up()
        self.senders.stop()
        with self.world.lock:
            self.world.store.close()

    def advance(self, seconds: int) -> int:
        """Move the clock forward and do everything due on the way; gives the new moment."""
        with self.world.transaction():
            move_clock(self.world, self.world.now + seconds)
            return self.world.now

    def drain(self, patience: float = 10.0) -> bool:
        """Deliver every pending event; False when some were not taken within `patience` seconds."""
        return self.senders.drain(patience)

    def reset(self) -> None:
        """Forget everything but the endpoint that was given at the start."""
        self.faults.set([])
        with self.world.transaction():
            self.world.store.erase()
            self.world.clock.offset = 0
        self._prepare()

    def _prepare(self) -> None:
        url, secret = self.webhook
        if url:
            with self.world.transaction():
                webhook_endpoints.keep_registered(self.world, url, secret)
        self._write_offset(self.world.clock.offset)

    def _write_offset(self, offset: int) -> None:
        if self.offset_file:
            beside = self.offset_file.with_name(self.offset_file.name + ".new")
            beside.write_text(f"{offset}\n")
            os.replace(beside, self.offset_file)

    def _let_time_pass(self) -> None:
        """Do what falls due as the wall's time goes by."""
        while not self.stopping.wait(HEARTBEAT):
            with self.world.lock:
                if not self.stopping.is_set():
                    run_due(self.world, self.world.now)
