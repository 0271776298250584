"""What somebody types becomes no header of a mail, no recipient and no markup; and no look-alike is mailed."""

import inspect
import re
import typing
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Any

import pytest
from django.core.mail import BadHeaderError, EmailMessage
from django.test import Client

from groups import academic, addresses
from groups.addresses import Problem
from readers import letters as every_letter
from readers.letters import post
from readers.models import Letter, User
from tests.make import NOW, a_plan, a_reader, an_article

pytestmark = pytest.mark.django_db
STRANGE = "Eve\r\nBcc: victim@evil.example\r\n\r\n<script>alert(1)</script>\u202e\u2028To: victim@evil.example"
HEADERS = {
    *("subject", "from", "to", "reply-to", "date", "message-id", "auto-submitted", "mime-version", "content-type"),
    "content-transfer-encoding",
}
# What only our own code says, never a person.
OURS: dict[str, Any] = {
    "language": "en",
    "terms_language": "en",
    "interval": "year",
    "topic": "group",
    "terms_html": "<p>Terms</p>",
    "group_id": 1,
    "list_id": 1,
    "token": "a-token",
    "number": "VD-2026-000001",
    "terms": {"starts_on": date(2026, 12, 1), "ends_on": date(2027, 11, 30), "seats": 12, "price_cents": 120_000},
}


def letters() -> Iterator[tuple[str, Any]]:
    """Every function that writes one, by its name."""
    for file in sorted(Path(every_letter.__file__).parent.glob("about_*.py")):
        module = import_module(f"readers.letters.{file.stem}")
        for name, made in inspect.getmembers(module, inspect.isfunction):
            if made.__module__ == module.__name__ and not name.startswith("_"):
                hints = typing.get_type_hints(made)
                if hints.get("return") == Letter | None:
                    yield name, made


def something(name: str, kind: Any, reader: User) -> Any:
    """A value of that kind, as hostile as it may be."""
    if name in OURS:
        return OURS[name]
    if name in ("address", "to"):
        return "bob@example.org"
    if isinstance(kind, UnionType) or typing.get_origin(kind) is typing.Union:
        return something(name, next(one for one in typing.get_args(kind) if one is not type(None)), reader)
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return tuple(something("", one, reader) for one in inside)
    if origin is not None and len(inside) == 1:
        return [something("", inside[0], reader)]
    simple = {
        str: STRANGE,
        int: 7,
        bool: True,
        datetime: NOW + timedelta(days=9),
        date: date(2026, 12, 1),
        User: reader,
    }
    if kind in simple:
        return simple[kind]
    return kind(**{key: something(key, one, reader) for key, one in typing.get_type_hints(kind).items()})


def test_no_letter_has_a_header_or_a_recipient_that_somebody_typed() -> None:
    reader = a_reader("bob@example.org", name=STRANGE)
    walked = 0
    for name, made in letters():
        kinds = typing.get_type_hints(made)
        named = {key: something(key, kinds[key], reader) for key in inspect.signature(made).parameters}
        letter = made(**named)
        assert letter is not None, name
        assert not re.search(r"[\r\n\x00]", letter.subject), name
        sent = post._as_message(letter).message().as_bytes()
        message = message_from_bytes(sent, policy=policy.default)
        assert {key.lower() for key in message} <= HEADERS, name
        assert message["To"] == letter.to, name
        assert message["Bcc"] is None
        assert post._as_message(letter).recipients() == [letter.to], name
        assert "<script" not in letter.html, name
        walked += 1
    assert walked > 45


@pytest.mark.parametrize(
    "address", ["bob@example.org\nBcc: victim@evil.example", "bob@example.org\r\nTo: victim@evil.example"]
)
def test_an_address_of_two_lines_is_mailed_by_nobody(address: str, mailoutbox: list[Any]) -> None:
    with pytest.raises(BadHeaderError):
        EmailMessage("a", "b", to=[address]).message()
    for path in (
        "/accounts/login/code/",
        "/accounts/password/reset/",
        "/ask/",
        "/on-site/pass/",
        "/newsletters/sign-up/",
    ):
        Client(raise_request_exception=False).post(
            path, {"email": address, "name": address, "topic": "group", "words": address}
        )
    assert not [letter for letter in mailoutbox if "evil" in str(letter.message())]


# --- Look-alikes ---------------------------------------------------------------------------------------------

# Each is another mailbox than bob@kind.example, and some folding of letters takes it for that one.
ALIKE = (
    *(
        "b\u043eb@kind.example",
        "bob@k\u0456nd.example",
        "bob@k\u0131nd.example",
        "bob@\u212aind.example",
        "bob@kind.examp\u217ce",
    ),
    *(
        "\uff42ob@kind.example",
        "bob@kind\u3002example",
        "bob@kind\uff0eexample",
        "bob\u200b@kind.example",
        "bo\u00adb@kind.example",
    ),
    *(
        "bob@kind.example\u0000",
        "bob@kind.example.",
        "bob@xn--knd-jma.example",
        "bob@kind.example@evil.example",
        "bob@evil.example@kind.example",
    ),
    *(
        '"bob@kind.example"@evil.example',
        "bob@kind.example,eve@evil.example",
        "bob@kind.example eve@evil.example",
        "b\u00f6b@kind.example",
    ),
    *(
        "bob@kind.ex\u0430mple",
        "bob@kind.example;eve@evil.example",
        "<bob@kind.example>eve@evil.example",
        "bob\u0001@kind.example",
    ),
)


@pytest.mark.parametrize("path", ["/accounts/login/code/", "/accounts/password/reset/"])
def test_a_look_alike_gets_no_code_of_the_address_it_looks_like(
    path: str, mailoutbox: list[Any], settings: Any
) -> None:
    """A code for Bob's account goes to the address Bob proved, in exactly its letters, whatever was typed."""
    settings.ACCOUNT_RATE_LIMITS = False
    a_reader("bob@kind.example")
    for typed in ALIKE:
        mailoutbox.clear()
        client = Client(raise_request_exception=False)
        assert client.post(path, {"email": typed}).status_code < 500, typed
        for letter in mailoutbox:
            (to,) = letter.recipients()
            if to == "bob@kind.example":
                continue
            code = re.search(r"\b[0-9]{6}\b", letter.body)
            if path.endswith("/code/") and code:
                client.post("/accounts/login/code/confirm/", {"code": code[0]})
                person = client.get("/account/").wsgi_request.user
                assert getattr(person, "email", "") != "bob@kind.example", typed
            elif code:
                client.post("/accounts/password/reset/confirm/", {"code": code[0]})
                answer = client.post("/accounts/password/reset/complete/", {"password1": "a long enough password 7"})
                assert not User.objects.get(email="bob@kind.example").has_usable_password(), (typed, answer)


@pytest.mark.parametrize(
    "typed",
    [
        "k\u0456nd.example",
        "kind.ex\u0430mple",
        "xn--knd-9kc.example",
        "kin\u0501.example",
        "\u043aind.example",
        "kind.examp\u04cfe",
    ],
)
def test_an_organisation_gets_no_domain_that_looks_like_anothers(typed: str) -> None:
    assert isinstance(addresses.clean_domain(typed), Problem) or addresses.clean_domain(typed) != "kind.example"
    assert addresses.domain_of(f"eve@{typed}") != "kind.example"
    assert (
        addresses.clean(f"eve@{typed}") is Problem.LOOK_ALIKE or addresses.domain_of(f"eve@{typed}") != "kind.example"
    )


@pytest.mark.parametrize(
    "domain",
    [
        "kuleuven.be.evil.example",
        "evil-kuleuven.be",
        "kulеuven.be",
        "kuleuven.be\u3002evil.example",
        "xkuleuven.be",
        "ac.uk",
    ],
)
def test_a_domain_that_looks_like_a_universitys_proves_nothing(domain: str) -> None:
    assert academic.domain_of("eve@student.kuleuven.be").verdict is academic.Verdict.ACADEMIC
    assert academic.domain_of(f"eve@{domain}").verdict is academic.Verdict.UNKNOWN


@pytest.mark.parametrize(
    "slug", ["ａ-bridge", "a-br\u0456dge", "A-Bridge", "a-bridge\u200b", "a-bridge\u0000", "a%2dbridge", "a-bridge."]
)
def test_an_address_that_looks_like_a_pages_is_no_page(slug: str) -> None:
    a_plan()
    an_article("A bridge")
    answer = Client(raise_request_exception=False).get(f"/climate/{slug}/")
    assert answer.status_code in (301, 302, 400, 404) or slug == "a%2dbridge"
