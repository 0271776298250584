"""An error is reported where a setting says so, and says nothing about a person."""

import json
import logging
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import sentry_sdk
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from sentry_sdk.transport import Transport

from edge.logs import HEADER
from newsroom import error_reports
from tests.make import a_reader

SENT: list[dict[str, Any]] = []


class Kept(Transport):
    """Keeps what would leave."""

    def capture_envelope(self, envelope: Any) -> None:
        """Open it as the other side would."""
        SENT.extend(json.loads(item.get_bytes()) for item in envelope.items)


def breaks(request: HttpRequest, token: str) -> HttpResponse:
    address, code = "anna.szabo@harbour.example", request.POST.get("code")
    raise ValueError(f"Nobody at {address} with code: {code} and sk_live_abcdef")


def __getattr__(name: str) -> Any:
    """The site's addresses and one that goes wrong, made when asked, after the tests have switched DEBUG off."""
    if name not in ("handler500", "urlpatterns"):
        raise AttributeError(name)
    urls = import_module("newsroom.urls")
    return urls.handler500 if name == "handler500" else [path("breaks/<str:token>/", breaks), *urls.urlpatterns]


@pytest.fixture(autouse=True)
def _reported() -> Iterator[None]:
    SENT.clear()
    error_reports.begin("https://public@sentry.example/1", release="r1", transport=Kept)
    yield
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


@pytest.mark.django_db
@pytest.mark.urls("tests.test_error_reports")
def test_a_fault_of_ours_is_reported_without_a_word_about_a_person() -> None:
    bob, client = a_reader("bob@example.org", name="Bob Vandenberghe"), Client()
    client.force_login(bob, "django.contrib.auth.backends.ModelBackend")
    session, given = client.cookies["sessionid"].value, {}
    asked = RequestFactory(HTTP_HOST="testserver").post(
        "/breaks/Zk3f9aPq8sLx0vWn2yTr5uBd/?code=482913",
        {"code": "482913", "email": "bob@example.org"},
        headers={
            "X-Forwarded-For": "192.0.2.77",
            "User-Agent": "Firefox of Bob",
            "Cookie": f"sessionid={session}; csrftoken={'c' * 32}",
            "X-CSRFToken": "c" * 32,
        },
    )
    # It would begin with a new connection to the database, which knows nothing of this test's rows.
    request_started.disconnect(close_old_connections)
    b"".join(WSGIHandler()(asked.environ, lambda status, headers: given.update(headers)))
    request_started.connect(close_old_connections)
    (event,) = SENT
    error = event["exception"]["values"][-1]
    assert (error["type"], event["release"], len(event["event_id"])) == ("ValueError", "r1", 32)
    assert error["stacktrace"]["frames"][-1]["function"] == "breaks"
    assert event["request"] == {"method": "POST", "url": "/breaks/[token]/"}
    assert event["tags"]["request_id"] == given[HEADER]
    words = json.dumps(event)
    secrets = ("bob@", "Bob V", "482913", "anna.szabo", "sk_live", "192.0.2.77", "Firefox of", "Zk3f9a", "sessionid")
    assert not [secret for secret in (*secrets, session) if secret in words]
    assert not {"user", "breadcrumbs", "extra", "contexts"} & event.keys()


def test_what_is_logged_as_an_error_is_reported_and_struck_out_too() -> None:
    logging.getLogger("newsroom").error("No answer for %s", "bob@example.org")
    (event,) = SENT
    assert "bob@" not in json.dumps(event)
    assert "No answer for" in json.dumps(event)


def test_without_a_dsn_nothing_is_reported() -> None:
    sentry_sdk.get_global_scope().set_client(None)
    error_reports.begin("", transport=Kept)
    logging.getLogger("newsroom").error("It went wrong")
    assert not SENT
