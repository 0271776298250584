"""Who comes to the site, from the least trusted to the most."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.test import Client

from readers.models import User
from tests.make import a_reader, a_subscription, somebody_in

Visitor = Callable[[], User | None]


def nobody() -> None:
    """No account."""
    return


def reader() -> User:
    """An account and no subscription."""
    return a_reader()


def lapsed() -> User:
    """A subscription that has ended."""
    person = a_reader("lapsed@example.org")
    a_subscription(person, "canceled")
    return person


def subscriber() -> User:
    """Entitled to read."""
    person = a_reader("alice@example.org")
    a_subscription(person)
    return person


def editor() -> User:
    """The editor's desk."""
    return somebody_in("Editors", "edith@example.org")


def desk() -> User:
    """The subscription desk."""
    return somebody_in("Subscription desk")


def root() -> User:
    """An administrator."""
    return User.objects.create_superuser("root@example.org", "a long enough password")


class Browser:
    """A visitor's client, that forgets after each request what the request has done."""

    def __init__(self, person: User | None) -> None:
        self.client = Client(raise_request_exception=False)
        if person:
            self.client.force_login(person, "django.contrib.auth.backends.ModelBackend")
        self._session = self.client.cookies.output(header="")

    def get(self, path: str, data: Any = None, **how: Any) -> Any:
        """As Client.get."""
        with self.forgetting():
            return self.client.get(path, data, **how)

    def post(self, path: str, data: Any = None, **how: Any) -> Any:
        """As Client.post."""
        with self.forgetting():
            return self.client.post(path, data, **how)

    def generic(self, method: str, path: str, **how: Any) -> Any:
        """As Client.generic."""
        with self.forgetting():
            return self.client.generic(method, path, **how)

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """Inside, the visitor is signed in; at its end nothing has happened."""
        self.client.cookies.clear()
        self.client.cookies.load(self._session)
        before = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(before)
