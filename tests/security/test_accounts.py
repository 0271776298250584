"""Accounts, by attack: what is told to who guesses, what a code is good for, and what an owner learns."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from readers.known_devices import COOKIE
from readers.models import Letter, User
from tests.make import NOW, a_reader, proved, somebody_in

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


# --- Nobody learns who has an account, and nobody buys more tries with another address ---------------------------


def test_the_place_of_a_limit_is_no_header_s(client: Client, mailoutbox: list) -> None:
    """Twenty codes a minute from one place, whatever place the visitor invents."""
    for number in range(25):
        headers = {"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=198.51.100.{number}"}
        headers |= {"X-Real-IP": f"198.51.100.{number}", "CF-Connecting-IP": f"198.51.100.{number}"}
        answer = Client().post("/accounts/login/code/", {"email": f"r{number}@example.org"}, headers=headers)
    assert answer.status_code == 429
    assert len(mailoutbox) == 20


def test_asking_for_a_reset_takes_the_same_work_for_known_and_unknown(
    mailoutbox: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_reader("known@example.org", password="correct horse battery")
    monkeypatch.setattr("django.contrib.auth.hashers.MD5PasswordHasher.encode", None)
    costs = []
    for address in ("known@example.org", "fresh@example.org"):
        with CaptureQueriesContext(connection) as asked:
            Client().post("/accounts/password/reset/", {"email": address})
        costs.append(len(asked))
    assert abs(costs[0] - costs[1]) <= 4
    assert len(mailoutbox) == 2


def test_a_wrong_password_costs_the_same_hash_for_known_and_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    a_reader("known@example.org", password="correct horse battery")
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    said = []
    for address in ("known@example.org", "fresh@example.org"):
        hashed.clear()
        answer = Client().post("/accounts/login/", {"login": address, "password": "wrong horse battery"})
        said.append((answer.status_code, set(hashed), "wrong horse battery" in hashed))
    assert said[0] == said[1]
    assert said[0][2]


# --- Sessions ---------------------------------------------------------------------------------------------------


def test_the_key_of_a_session_is_another_one_after_logging_in(mailoutbox: list) -> None:
    client, bob = Client(), a_reader()
    client.post("/accounts/login/code/", {"email": bob.email})
    before = client.session.session_key
    client.post("/accounts/login/code/confirm/", {"code": code_in(mailoutbox)})
    assert before != client.session.session_key
    stolen = Client()
    stolen.cookies["sessionid"] = before
    assert stolen.get("/account/").status_code == 302


def test_whose_rights_change_comes_in_anew(client: Client) -> None:
    ada, bob, theirs = a_reader("ada@example.org", is_staff=True, is_superuser=True), a_reader(), Client()
    client.force_login(ada)
    theirs.force_login(bob)
    page = f"/admin/readers/user/{bob.pk}/change/"
    client.post(page, {"name": "Bobby", "is_active": "on"})
    assert theirs.get("/account/").status_code == 200
    client.post(page, {"name": "Bobby", "is_active": "on", "is_staff": "on"})
    assert theirs.get("/account/").status_code == 302
    own = f"/admin/readers/user/{ada.pk}/change/"
    editors = Group.objects.get(name="Editors").pk
    client.post(own, {"is_active": "on", "is_staff": "on", "is_superuser": "on", "groups": [editors]})
    assert client.get("/admin/").status_code == 200


# --- Too many at once --------------------------------------------------------------------------------------------


def test_an_account_in_many_browsers_is_shown_to_the_desk_and_goes_on(client: Client, settings: Any) -> None:
    settings.DEVICES_AT_ONCE = 2
    bob, eva = a_reader(), a_reader("eva@example.org")
    browsers = [Client() for _ in range(3)]
    for one, person in ((browsers[0], bob), (browsers[1], bob), (browsers[2], bob), (Client(), eva)):
        one.force_login(person)
        key = one.session.session_key
        UserSession.objects.create(user=person, session_key=key, user_agent="Firefox on Linux", last_seen_at=NOW)
    client.force_login(somebody_in("Subscription desk"))
    found = client.get("/admin/readers/user/", {"browsers": "many"}).content.decode()
    assert "bob@example.org" in found
    assert "eva@example.org</a>" not in found
    assert "Used in 3 browsers within a day" in client.get(f"/admin/readers/user/{bob.pk}/change/").content.decode()
    assert "browsers within a day" not in client.get(f"/admin/readers/user/{eva.pk}/change/").content.decode()
    assert all(one.get("/account/").status_code == 200 for one in browsers)


# --- What is dangerous at the desk is proved once more -------------------------------------------------------------


@pytest.fixture
def ada(settings: Any) -> tuple[User, Client]:
    """An administrator in production, with an app, who came in just now."""
    settings.STAFF_SECOND_FACTOR = True
    person = a_reader("ada@example.org", is_staff=True, is_superuser=True)
    TOTP.activate(person, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    client = Client()
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    proved(client)
    return person, client


def came(client: Client, *, minutes_ago: int) -> None:
    session = client.session
    when = time.time() - 60 * minutes_ago
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "id": 1, "at": when}]
    session.save()


def test_giving_access_or_rights_asks_for_the_factor_again(ada: tuple[User, Client]) -> None:
    _, client = ada
    bob = a_reader()
    came(client, minutes_ago=20)
    for path in ("/admin/subscriptions/grant/add/", "/admin/auth/group/add/", f"/admin/rights/erasure/of/{bob.pk}/"):
        assert client.get(path)["Location"].startswith("/accounts/2fa/reauthenticate/?next=%2Fadmin%2F"), path
    assert client.get("/admin/readers/user/").status_code == 200
    came(client, minutes_ago=10)
    assert client.get("/admin/subscriptions/grant/add/").status_code == 200


def test_a_button_pressed_too_late_does_nothing_and_says_so(ada: tuple[User, Client]) -> None:
    _, client = ada
    bob = a_reader()
    page = f"/admin/readers/user/{bob.pk}/change/"
    came(client, minutes_ago=61)
    form = {"name": "Bobby", "is_active": "on", "is_staff": "on"}
    answer = client.post(page, form, headers={"Referer": f"http://testserver{page}"})
    assert answer["Location"] == f"/accounts/2fa/reauthenticate/?{urlencode({'next': page})}"
    assert client.post(f"/admin/see-as/{bob.pk}/", headers={"Referer": "https://evil.example/"})["Location"].endswith(
        "next=%2Fadmin%2F"
    )
    bob.refresh_from_db()
    assert not bob.is_staff
    came(client, minutes_ago=59)
    client.post(page, form)
    bob.refresh_from_db()
    assert bob.is_staff
