"""Everything the sandbox has, in one hand: store, clock, agenda, and one lock around them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .agenda import Agenda
from .clock import Clock
from .errors import ApiError, no_such
from .store import Store, Thing


@dataclass
class Asking:
    """The request that is being answered; empty when the clock is what makes things happen."""

    id: str | None = None
    idempotency_key: str | None = None


@dataclass
class World:
    """The state of one sandbox. Whoever reads or changes it does so inside `transaction()`."""

    store: Store
    base_url: str = ""
    clock: Clock = field(init=False)
    agenda: Agenda = field(init=False)
    asking: Asking = field(default_factory=Asking)
    fresh_events: list[str] = field(default_factory=list)
    in_any_order: bool = False
    on_events: Callable[["World", list[str], bool], None] = lambda world, events, in_any_order: None
    on_clock: Callable[[int], None] = lambda offset: None
    lock: threading.RLock = field(default_factory=threading.RLock)
    news: threading.Condition = field(init=False)
    _depth: int = 0

    def __post_init__(self) -> None:
        self.clock = Clock(self.store.setting("clock_offset", 0))
        self.agenda = Agenda(self.store)
        self.news = threading.Condition(self.lock)

    @property
    def now(self) -> int:
        """The sandbox's moment, in seconds."""
        return self.clock.now()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one at a time. A refusal that keeps changes (a declined payment) is kept."""
        with self.lock:
            if self._depth:
                yield
                return
            self.store.begin()
            self._depth = 1
            try:
                yield
            except ApiError as refusal:
                self._close(keep=refusal.keeps_changes)
                raise
            except BaseException:
                self._close(keep=False)
                raise
            else:
                self._close(keep=True)

    @contextmanager
    def sketch(self) -> Iterator[None]:
        """Try something and take it back, its events included."""
        events = len(self.fresh_events)
        try:
            with self.store.sketch():
                yield
        finally:
            del self.fresh_events[events:]

    @contextmanager
    def undone_on_refusal(self) -> Iterator[None]:
        """Take back what was done inside when it ends in a refusal; the refusal goes on."""
        events = len(self.fresh_events)
        self.store.execute("SAVEPOINT duty")
        try:
            yield
        except ApiError:
            self.store.execute("ROLLBACK TO duty")
            self.store.forget()
            del self.fresh_events[events:]
            raise
        finally:
            self.store.execute("RELEASE duty")

    def _close(self, *, keep: bool) -> None:
        self._depth = 0
        events, self.fresh_events = self.fresh_events, []
        in_any_order, self.in_any_order = self.in_any_order, False
        if not keep:
            self.store.rollback()
            return
        if events:
            self.on_events(self, events, in_any_order)
        self.store.commit()
        self.news.notify_all()

    def fetch(self, kind: str, wanted: str, *, param: str | None = None) -> Thing:
        """The object of this kind and id. Raises `ApiError`: 404 when named in the address, 400 in `param`."""
        found = self.store.get(wanted)
        if found is None or found["object"] != kind:
            raise no_such(kind, wanted, param)
        return found
