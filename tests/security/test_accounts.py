"""Accounts, by attack: what is told to who guesses, what a code is good for, and what an owner learns."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from readers.known_devices import COOKIE
from readers.models import Letter, User
from tests.make import NOW, a_reader

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)


def code_in(mailbox: list) -> str:
    return next(word for word in mailbox[-1].body.split() if word.isdecimal() and len(word) == 6)


def log_in(client: Client, reader: User, mailbox: list) -> None:
    client.post("/accounts/login/code/", {"email": reader.email})
    client.post("/accounts/login/code/confirm/", {"code": code_in(mailbox)}, headers={"User-Agent": FIREFOX})
    assert client.session["_auth_user_id"] == str(reader.pk)


# --- A login on a new device --------------------------------------------------------------------------


def letters() -> list[Letter]:
    return list(Letter.objects.filter(kind="new_device"))


def test_the_first_login_of_an_account_is_no_news(mailoutbox: list) -> None:
    log_in(Client(), a_reader(), mailoutbox)
    assert not letters()


def test_a_login_in_a_strange_browser_is_told_and_in_the_same_one_it_is_not(
    mailoutbox: list, at: Callable[..., None]
) -> None:
    bob, mine, strange = a_reader(), Client(), Client()
    log_in(mine, bob, mailoutbox)
    mine.post("/accounts/logout/")
    at(NOW + timedelta(days=300))
    log_in(mine, bob, mailoutbox)
    assert not letters()
    at(NOW + timedelta(days=301))
    log_in(strange, bob, mailoutbox)
    [told] = letters()
    assert told.to == bob.email
    assert "Firefox on Linux" in told.text


def test_a_browser_knows_several_accounts_and_names_none(mailoutbox: list) -> None:
    bob, eva, client = a_reader(), a_reader("eva@example.org"), Client()
    for person in (bob, eva, bob):
        log_in(client, person, mailoutbox)
        client.post("/accounts/logout/")
    assert not letters()
    assert "example" not in client.cookies[COOKIE].value


@pytest.mark.parametrize("forged", ["", "x", "WyJ4Il0:1abc:signature", '"["'])
def test_a_forged_mark_is_no_mark(forged: str, mailoutbox: list) -> None:
    bob, client = a_reader(last_login=NOW - timedelta(days=3)), Client()
    client.cookies[COOKIE] = forged
    log_in(client, bob, mailoutbox)
    assert len(letters()) == 1
