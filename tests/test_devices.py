"""Where a reader is logged in: recognisable, with little kept, and ended at once."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from readers import devices
from readers.models import User
from tests.make import NOW, a_reader

pytestmark = pytest.mark.django_db
PAGE = "/account/devices/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
)
PIXEL = (
    "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
)


def logged_in(reader: User, link_by: Client | None = None, browser: str = FIREFOX) -> Client:
    """A browser of this reader, logged in by the operator's link as a real request does it."""
    from readers.models import SignInLink

    client = link_by or Client(headers={"user-agent": browser})
    token = SignInLink.objects.make(reader, at=NOW, lasts=timedelta(minutes=15))
    client.post(f"/accounts/sign-in/{token}/")
    return client


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        (PIXEL, "Chrome on Android"),
        ("curl/8.1", "Another browser"),
        ("", "Another browser"),
        ("<script>alert(1)</script>", "Another browser"),
    ],
)
def test_a_browser_is_named_as_a_person_would(user_agent: str, words: str) -> None:
    assert devices.in_words(user_agent) == words


def test_no_internet_address_and_no_fingerprint_is_kept(at: Any) -> None:
    logged_in(a_reader(), browser=EDGE)
    kept = UserSession.objects.get()
    assert kept.ip == devices.NO_ADDRESS
    assert kept.user_agent == "Edge on Windows"


def test_the_list_marks_this_browser_and_says_when_the_others_were_used(at: Any) -> None:
    bob = a_reader()
    here = logged_in(bob)
    logged_in(bob, browser=IPHONE)
    text = here.get(PAGE).content.decode()
    assert text.count("This one") == 1
    assert "Firefox on Linux" in text
    assert "Safari on iPhone" in text


def test_one_browser_can_be_logged_out_and_it_is_so_at_once(at: Any) -> None:
    bob = a_reader()
    here, phone = logged_in(bob), logged_in(bob, browser=IPHONE)
    device = UserSession.objects.get(session_key=phone.session.session_key)
    here.post(f"{PAGE}{device.pk}/")
    assert phone.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200


def test_all_others_can_be_logged_out_even_one_that_no_list_knows(at: Any) -> None:
    bob = a_reader()
    here, phone, unknown = logged_in(bob), logged_in(bob, browser=IPHONE), logged_in(bob)
    UserSession.objects.get(session_key=unknown.session.session_key).delete()
    here.post(f"{PAGE}others/")
    assert [client.get("/account/").status_code for client in (here, phone, unknown)] == [200, 302, 302]
    assert UserSession.objects.count() == 1


def test_logging_out_here_ends_this_one(at: Any) -> None:
    here = logged_in(a_reader())
    assert here.post(f"{PAGE}{UserSession.objects.get().pk}/")["Location"] == "/"
    assert here.get("/account/").status_code == 302
    assert not UserSession.objects.exists()


def test_nobody_ends_the_browser_of_somebody_else(at: Any) -> None:
    alice = logged_in(a_reader("alice@example.org"))
    mallory = logged_in(a_reader("mallory@example.org"))
    device = UserSession.objects.get(session_key=alice.session.session_key)
    mallory.post(f"{PAGE}{device.pk}/")
    assert alice.get("/account/").status_code == 200
    assert mallory.get(f"{PAGE}others/").status_code == 405


def test_last_used_is_exact_to_the_hour_and_costs_nothing_in_between(at: Any, django_assert_num_queries: Any) -> None:
    here = logged_in(a_reader())
    first = UserSession.objects.get().last_seen_at
    at(NOW + timedelta(minutes=59))
    here.get("/account/")
    assert UserSession.objects.get().last_seen_at == first
    at(NOW + timedelta(minutes=60))
    here.get("/account/")
    assert UserSession.objects.get().last_seen_at == NOW + timedelta(minutes=60)


def test_an_unknown_visitor_is_noted_nowhere(at: Any) -> None:
    client = Client()
    client.get("/")
    assert not client.cookies
    assert not Session.objects.exists()


def test_a_seal_that_was_never_set_ends_no_session_of_before() -> None:
    bob = a_reader()
    from django.contrib.auth.models import AbstractUser

    assert bob.get_session_auth_hash() == AbstractUser.get_session_auth_hash(bob)
