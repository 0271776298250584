"""What is in the log, and what is never in it."""

import json
import logging
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from edge import logs
from tests.make import a_reader


@pytest.fixture
def written() -> Iterator[StringIO]:
    """Everything that anything logs, as production writes it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Json())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("to anna.szabo+x@harbour.example.", "to a…@harbour.example."),
        ("code: 482913", "code: [struck out]"),
        ("Not Found: /account/link/Zk3f9aPq8sLx0vWn2yTr5uBd/", "Not Found: /account/link/[token]/"),
        ("whsec_0123 and sk_test_abc", "[key] and [key]"),
        ("4242 4242 4242 4242", "[number]"),
        ("postgres://news:pass@db/news", "postgres://[struck out]@db/news"),
        ("0123456789abcdef0123456789abcdef", "[token]"),
        ("Refused sub_1TabcDEF1234567890123456", "Refused sub_1TabcDEF1234567890123456"),
        (
            "/climate/ministers-agree-on-a-bridge-for-2026-again/",
            "/climate/ministers-agree-on-a-bridge-for-2026-again/",
        ),
        ("2026-11-17T12:00:00.000+00:00, 10000 letters", "2026-11-17T12:00:00.000+00:00, 10000 letters"),
    ],
)
def test_what_opens_a_door_or_names_a_person_is_struck_out_and_nothing_else(said: str, kept: str) -> None:
    assert logs.struck_out(said) == kept


def test_a_line_is_json_with_moment_level_message_request_and_traceback(written: StringIO) -> None:
    def view(request: Any) -> HttpResponse:
        try:
            raise ValueError("for bob@example.org")
        except ValueError:
            logging.getLogger("x").exception("It went wrong")
        return HttpResponse(status=500)

    answer = logs.identify(view)(RequestFactory().get("/"))
    (line,) = [json.loads(one) for one in written.getvalue().splitlines() if '"x"' in one]
    assert (line["level"], line["logger"], line["message"]) == ("ERROR", "x", "It went wrong")
    assert line["at"].endswith("+00:00")
    assert line["request_id"] == answer[logs.HEADER]
    assert "ValueError: for b…@example.org" in line["exc_info"]
    assert logs.request_id() == ""


def test_every_request_has_its_own_number_and_only_errors_tell_it() -> None:
    seen = []

    def view(request: Any) -> HttpResponse:
        seen.append(logs.request_id())
        return HttpResponse()

    answers = [logs.identify(view)(RequestFactory().get("/")) for _ in range(2)]
    assert len(set(seen)) == 2
    assert not any(logs.HEADER in answer for answer in answers)


@pytest.mark.django_db
def test_somebody_signs_in_and_the_log_holds_neither_code_nor_address(written: StringIO, mailoutbox: list[Any]) -> None:
    a_reader("bob.longname@example.org")
    client = Client()
    client.post("/accounts/login/code/", {"email": "bob.longname@example.org"})
    code = re.search(r"\b[0-9]{6}\b", mailoutbox[-1].body)
    assert code
    client.post("/accounts/login/code/confirm/", {"code": "000000"})
    client.post("/accounts/login/code/confirm/", {"code": code[0]})
    assert client.get("/account/").status_code == 200
    client.get("/account/link/Zk3f9aPq8sLx0vWn2yTr5uBd/")
    for secret in (code[0], "bob.longname", client.cookies["sessionid"].value, "Zk3f9aPq8sLx0vWn2yTr5uBd"):
        assert secret not in written.getvalue(), secret
    assert written.getvalue()
