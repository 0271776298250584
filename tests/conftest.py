"""For every test, without asking: fast passwords, mail in memory, no network but loopback."""

import contextlib
import gc
import ipaddress
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, TransactionTestCase

from readers.models import User
from tests import fresh
from tests.fakes import FakeBilling
from tests.make import NOW, somebody_in

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0]
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise RuntimeError(f"A test tried to reach {host}; only loopback is allowed.")
    _connect(self, address)


socket.socket.connect = _loopback_only  # type: ignore[assignment,method-assign]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--again`: another kind of database has seen every test already, and this one need not see all of them."""
    parser.addoption("--again", action="store_true", help="leave out what needs no database, or any")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--again`, only what a database has a part in."""
    if config.getoption("--again"):
        again = [item for item in items if _depends_on_the_database(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in again])
        items[:] = again


def _depends_on_the_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("postgres") or item.get_closest_marker("everywhere"):
        return True
    if item.get_closest_marker("anywhere"):
        return False
    fixtures, case = getattr(item, "fixturenames", ()), getattr(item, "cls", None) or object
    asks = {"db", "transactional_db", "live_server"} & set(fixtures) or item.get_closest_marker("django_db")
    return bool(asks) or issubclass(case, TransactionTestCase)


def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end: looking through it for garbage again and again takes a tenth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """The database of tests/fresh.py instead of one migrated anew, and its way of cleaning up instead of a flush."""
    with contextlib.ExitStack() as at_the_end:
        with django_db_blocker.unblock():
            made = at_the_end.enter_context(fresh.database())
        served = fresh.Served()

        def clean_up(case: TransactionTestCase) -> None:
            served.wait()
            made.put_back()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TransactionTestCase, "_fixture_teardown", clean_up)
            yield
        with django_db_blocker.unblock():
            at_the_end.close()


@pytest.fixture(scope="session")
def _folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders that are made when a test writes there, which few do."""
    root = tmp_path_factory.mktemp("site")
    return (root / str(number) for number in count())


@pytest.fixture(autouse=True)
def _quick_and_quiet(settings: Any, _folders: Iterator[Path]) -> Iterator[None]:
    folder = next(_folders)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = folder / "media"
    settings.DEV_MAIL_DIR = folder / "mail"
    settings.CLOCK_OFFSET_FILE = ""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def billing(monkeypatch: pytest.MonkeyPatch) -> FakeBilling:
    """The billing provider of every test: in memory, unless a test starts the local Stripe."""
    fake = FakeBilling()
    monkeypatch.setattr("subscriptions.billing.gateway", lambda: fake)
    return fake


@pytest.fixture
def dora(db: None) -> User:
    """Dora works at the subscription desk."""
    return somebody_in("Subscription desk")


@pytest.fixture
def desk(client: Client, dora: User) -> Client:
    """Dora's browser."""
    client.force_login(dora)
    return client


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the moment that every request gets; NOW until the test says otherwise."""
    moment = NOW

    def move(to: datetime) -> None:
        nonlocal moment
        moment = to

    monkeypatch.setattr("edge.clock.now", lambda: moment)
    return move
