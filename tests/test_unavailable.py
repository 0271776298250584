"""Closed for maintenance, or without a database: a page of ours, 503, and when to come again."""

import errno
import re
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import path

from page_cache.moments import right_until
from tests.make import NOW, a_reader

ROOT = Path(__file__).resolve().parent.parent
BARE = ("400.html", "500.html", "503.html")


def away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("could not connect to server")


def away_within(request: HttpRequest) -> HttpResponse:
    try:
        raise InterfaceError("connection already closed")
    except InterfaceError as error:
        raise RuntimeError("the menu could not be drawn") from error


def closed_to_writers(request: HttpRequest) -> HttpResponse:
    class ReadOnly(Exception):
        pgcode = "25006"

    raise InternalError("cannot execute UPDATE in a read-only transaction") from ReadOnly()


def cut_off(request: HttpRequest) -> HttpResponse:
    class Unknown(Exception):
        pgcode = None

    raise DatabaseError("error with status PGRES_TUPLES_OK and no message from the libpq") from Unknown()


def nothing_changed(request: HttpRequest) -> HttpResponse:
    raise DatabaseError("Save with update_fields did not affect any rows.")


def full(request: HttpRequest) -> HttpResponse:
    raise OSError(errno.ENOSPC, "No space left on device")


def session_not_kept(request: HttpRequest) -> HttpResponse:
    try:
        closed_to_writers(request)
    except InternalError:
        raise SessionInterrupted("The session was deleted before the request completed.") from None


def session_deleted(request: HttpRequest) -> HttpResponse:
    raise SessionInterrupted("The session was deleted before the request completed.")


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def constraint_broken(request: HttpRequest) -> HttpResponse:
    raise IntegrityError("one_letter_per_occasion")


def __getattr__(name: str) -> Any:
    """The site's addresses and some that go wrong, made when asked, after the tests have switched DEBUG off."""
    if name not in ("handler400", "handler500", "urlpatterns"):
        raise AttributeError(name)
    urls = import_module("newsroom.urls")
    if name != "urlpatterns":
        return getattr(urls, name)
    database = (away, away_within, closed_to_writers, cut_off, nothing_changed, constraint_broken)
    views = (*database, full, session_not_kept, session_deleted, broken)
    return [*(path(f"{view.__name__.replace('_', '-')}/", view) for view in views), *urls.urlpatterns]


@pytest.fixture
def sign(settings: Any, tmp_path: Path) -> Path:
    """The file whose being there closes the site."""
    settings.MAINTENANCE_FILE = str(tmp_path / "maintenance")
    return Path(settings.MAINTENANCE_FILE)


# --- Closed for maintenance -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["/", "/climate/a-bridge/", "/account/", "/admin/", "/stripe/webhook/", "/no-such/"]
)
def test_a_closed_site_says_so_everywhere_and_asks_no_database(sign: Path, address: str) -> None:
    sign.touch()
    answer = Client().get(address)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "600"
    assert answer["Cache-Control"] == "no-store"
    assert "We are working on the site" in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_the_page_has_its_colours_also_while_the_site_is_closed(sign: Path, settings: Any) -> None:
    settings.SITE_COLOURS = {"band": ("#e2d5f2", "#2c1a44")}
    sign.touch()
    (colours,) = re.findall(r'href="(/brand-\w+\.css)"', Client().get("/").content.decode())
    assert "#e2d5f2" in Client().get(colours).content.decode()


@pytest.mark.django_db
def test_the_site_opens_when_the_file_is_gone(sign: Path) -> None:
    sign.touch()
    assert Client().get("/").status_code == 503
    sign.unlink()
    assert Client().get("/").status_code == 200


@pytest.mark.parametrize(
    ("said", "seconds"), [("", 600), ("120\n", 120), ("soon", 600), ("-5", 1), ("999999999", 86400), ("1e9", 600)]
)
def test_the_number_in_the_file_is_how_long_to_wait(sign: Path, said: str, seconds: int) -> None:
    sign.write_text(said)
    assert Client().get("/")["Retry-After"] == str(seconds)


@pytest.mark.django_db
def test_staff_who_are_signed_in_come_in_and_readers_do_not(sign: Path) -> None:
    bob, carol = Client(), Client()
    bob.force_login(a_reader(), "django.contrib.auth.backends.ModelBackend")
    carol.force_login(a_reader("carol@example.org", is_staff=True), "django.contrib.auth.backends.ModelBackend")
    sign.write_text("120")
    assert carol.get("/").status_code == 200
    assert carol.get("/admin/").status_code in (200, 302, 403)
    for address in ("/", "/account/", "/admin/"):
        answer = bob.get(address)
        assert (answer.status_code, answer["Retry-After"]) == (503, "120"), address
    forged = Client()
    forged.cookies["sessionid"] = "x" * 32
    assert forged.get("/").status_code == 503
    sign.write_text("120 nobody")
    assert (carol.get("/").status_code, carol.get("/")["Retry-After"]) == (503, "120")


@pytest.mark.django_db
def test_a_link_of_the_operators_signs_staff_in_while_the_site_is_closed(sign: Path) -> None:
    said = StringIO()
    call_command("sign_in_link", a_reader("carol@example.org", is_staff=True).email, stdout=said)
    address, carol = urlsplit(said.getvalue().split()[0]).path, Client()
    sign.touch()
    assert carol.get(address).status_code == 200
    carol.post(address)
    assert carol.get("/").status_code == 200
    sign.write_text("nobody")
    assert Client().get(address).status_code == 503


def test_forms_are_refused_too_and_nothing_is_promised(sign: Path) -> None:
    sign.touch()
    answer = Client().post("/accounts/login/code/", {"email": "bob@example.org"})
    assert answer.status_code == 503
    assert "nothing was ordered or cancelled" in answer.content.decode()
    assert "counts from the moment you send it" in answer.content.decode()


# --- Without a database --------------------------------------------------------------------------------------


@pytest.mark.urls("tests.test_unavailable")
@pytest.mark.parametrize(
    "address", ["/away/", "/away-within/", "/closed-to-writers/", "/cut-off/", "/full/", "/session-not-kept/"]
)
def test_where_nothing_can_be_read_or_kept_the_site_says_come_again(address: str) -> None:
    answer = Client(raise_request_exception=False).get(address)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert "The shelf with our articles cannot be reached" in answer.content.decode()


@pytest.mark.urls("tests.test_unavailable")
@pytest.mark.parametrize(
    ("address", "status"),
    [("/broken/", 500), ("/constraint-broken/", 500), ("/nothing-changed/", 500), ("/session-deleted/", 400)],
)
def test_a_fault_of_our_own_is_no_maintenance(address: str, status: int) -> None:
    answer = Client(raise_request_exception=False).get(address)
    assert answer.status_code == status
    assert "Retry-After" not in answer


@pytest.mark.django_db
def test_a_page_that_outlives_its_database_is_handed_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("page_cache.moments.connection.cursor", gone)
    monkeypatch.setattr("page_cache.moments.connection.close", lambda: None)
    assert right_until({"articles_article"}, at=NOW) == NOW


@pytest.mark.django_db
@pytest.mark.urls("tests.test_unavailable")
def test_a_database_that_goes_away_under_a_page_or_a_session_is_no_error_500(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(a_reader(), "django.contrib.auth.backends.ModelBackend")

    def gone(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", gone)
    for address in ("/", "/account/", "/fr/privacy/", "/feed.xml", "/robots.txt"):
        assert client.get(address).status_code == 503, address


# --- The pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BARE)
def test_the_bare_pages_extend_nothing_and_obey_the_policy(name: str) -> None:
    source = (ROOT / "templates" / name).read_text()
    assert "{% extends" not in source
    page = render_to_string(name, {"is_planned": True})
    assert not re.search(r"<style|<script|\sstyle=|\son\w+=", page)
    assert page.count("<h1") == 1
    for language in ("fr", "nl", "de"):
        assert f'lang="{language}"' in page
