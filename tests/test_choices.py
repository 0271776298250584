"""Newsletters and notices: nothing without a yes, each yes with its words, and one click to take it back."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from readers import choices
from readers.models import Consent, Newsletter, User
from tests.make import NOW, a_reader, somebody_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
PAGE = "/account/choices/"


@pytest.fixture
def keystone() -> Newsletter:
    return Newsletter.objects.create(
        name="Keystone", slug="keystone", rhythm="Thursdays.", about="Courts and rights.", position=1
    )


@pytest.fixture
def bob(client: Client) -> User:
    reader = a_reader()
    client.force_login(reader)
    return reader


def code_in(mail: Any) -> str:
    found = re.match(r"\d{6}", mail.subject)
    assert found
    return found[0]


def test_nothing_is_ticked_for_anybody(client: Client, bob: User, keystone: Newsletter) -> None:
    text = client.get(PAGE).content.decode()
    assert "Keystone" in text
    assert " checked" not in text
    assert not Consent.objects.exists()


def test_a_yes_is_kept_with_its_words_and_its_moment(client: Client, bob: User, keystone: Newsletter) -> None:
    client.post(PAGE, {"wanted": ["newsletter:keystone"]})
    consent = Consent.objects.get()
    assert (consent.reader, consent.given_at, consent.withdrawn_at) == (bob, NOW, None)
    assert consent.wording == "Keystone. Thursdays. Courts and rights."
    assert client.get(PAGE).content.decode().count(" checked") == 1


def test_saying_the_same_again_changes_nothing(client: Client, bob: User, keystone: Newsletter, at: Any) -> None:
    client.post(PAGE, {"wanted": ["newsletter:keystone"]})
    at(NOW + timedelta(days=1))
    client.post(PAGE, {"wanted": ["newsletter:keystone"]})
    assert Consent.objects.get().given_at == NOW


def test_a_no_leaves_the_yes_as_history(client: Client, bob: User, keystone: Newsletter, at: Any) -> None:
    client.post(PAGE, {"wanted": ["newsletter:keystone", "site_news"]})
    at(NOW + timedelta(days=1))
    client.post(PAGE, {"wanted": ["site_news"]})
    client.post(PAGE, {"wanted": ["site_news", "newsletter:keystone"]})
    periods = Consent.objects.filter(purpose="newsletter:keystone").order_by("pk")
    assert [one.withdrawn_at for one in periods] == [NOW + timedelta(days=1), None]


def test_nobody_can_agree_to_what_is_not_offered(client: Client, bob: User, keystone: Newsletter) -> None:
    Newsletter.objects.create(name="Gone", slug="gone", rhythm="Never.", about="Nothing.", is_offered=False)
    client.post(PAGE, {"wanted": ["newsletter:gone"]})
    client.post(PAGE, {"wanted": ["everything"]})
    assert not Consent.objects.exists()
    assert "Gone" not in client.get(PAGE).content.decode()


def test_what_the_law_has_us_send_stands_there_with_the_reason(client: Client, bob: User) -> None:
    text = client.get(PAGE).content.decode()
    assert "What we have to send" in text
    assert "cannot be switched off" in text
    for what, why in choices.required_letters():
        assert what in text
        assert why in text


def test_the_page_of_newsletters_is_the_same_for_everybody(client: Client, keystone: Newsletter) -> None:
    response = client.get("/newsletters/")
    text = response.content.decode()
    assert "Keystone" in text
    assert "Thursdays." in text
    assert "public" in response["Cache-Control"]
    assert not response.cookies
    assert "csrfmiddlewaretoken" not in text


def test_without_newsletters_the_page_says_so(client: Client) -> None:
    text = client.get("/newsletters/").content.decode()
    assert "There are none yet" in text
    assert text.count("<h1") == 1


def test_an_address_proved_by_a_code_becomes_an_account_with_choices(
    client: Client, keystone: Newsletter, mailoutbox: list
) -> None:
    text = client.get("/newsletters/sign-up/?newsletter=keystone").content.decode()
    assert 'value="newsletter:keystone" checked' in text, "as the visitor ticked it one page ago"
    client.post(
        "/accounts/login/code/",
        {"email": "new@example.org", "newsletter": ["newsletter:keystone"], "next": PAGE},
    )
    assert not Consent.objects.exists(), "nothing before the address is proved"
    done = client.post(
        "/accounts/login/code/confirm/", {"code": code_in(mailoutbox[0]), "next": PAGE}, follow=True
    ).content.decode()
    assert "Your newsletters are chosen." in done
    consent = Consent.objects.get()
    assert consent.reader.email == "new@example.org"
    assert consent.wording == "Keystone. Thursdays. Courts and rights."


def test_what_one_address_wanted_is_not_done_to_another(client: Client, keystone: Newsletter, mailoutbox: list) -> None:
    client.post("/accounts/login/code/", {"email": "a@example.org", "newsletter": ["newsletter:keystone"]})
    client.post("/accounts/login/code/", {"email": "b@example.org"})
    client.post("/accounts/login/code/confirm/", {"code": code_in(mailoutbox[-1])})
    assert User.objects.get(email="b@example.org").last_login is not None
    assert not Consent.objects.exists()


def test_choosing_nothing_leads_back(client: Client, keystone: Newsletter) -> None:
    assert client.get("/newsletters/sign-up/")["Location"] == "/newsletters/"
    assert client.get("/newsletters/sign-up/?newsletter=nonsense")["Location"] == "/newsletters/"


def test_a_signed_link_stops_one_newsletter_with_one_click_and_no_login(keystone: Newsletter) -> None:
    bob = a_reader()
    for purpose in ("newsletter:keystone", "site_news"):
        Consent.objects.give(bob, purpose, wording="w", language="en", at=NOW)
    path = choices.stop_address(bob, "newsletter:keystone").removeprefix("http://localhost:8000")
    stranger = Client(enforce_csrf_checks=True)
    page = stranger.get(path)
    assert "Stop Keystone?" in page.content.decode()
    assert "bob@" not in page.content.decode()
    assert Consent.objects.purposes_of(bob) == {"newsletter:keystone", "site_news"}, "a scanner stops nothing"
    assert "no longer comes to you" in stranger.post(path).content.decode()
    assert Consent.objects.purposes_of(bob) == {"site_news"}
    assert stranger.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_a_link_that_nobody_signed_stops_nothing(keystone: Newsletter) -> None:
    bob = a_reader()
    Consent.objects.give(bob, "newsletter:keystone", wording="w", language="en", at=NOW)
    path = choices.stop_address(bob, "newsletter:keystone").removeprefix("http://localhost:8000")
    for wrong in (path[:-2] + "x/", path.replace("stop/", "stop/x"), "/newsletters/stop/nonsense/"):
        assert Client().post(wrong).status_code == 404
    assert Consent.objects.in_force().exists()


def test_a_mail_program_gets_the_headers_of_its_own_button() -> None:
    headers = choices.stop_headers(a_reader(), "site_news")
    assert headers["List-Unsubscribe"].startswith("<http://localhost:8000/newsletters/stop/")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_database_holds_one_yes_per_purpose() -> None:
    bob = a_reader()
    for _ in range(2):
        Consent.objects.give(bob, "site_news", wording="w", language="en", at=NOW)
    assert Consent.objects.count() == 1


def test_editors_keep_the_newsletters(client: Client) -> None:
    client.force_login(somebody_in("Editors"))
    fields = {"name": "Headwater", "slug": "headwater", "rhythm": "Tuesdays.", "about": "Energy.", "position": "2"}
    client.post("/admin/readers/newsletter/add/", fields | {"is_offered": "on"})
    row = Newsletter.objects.get()
    client.post(f"/admin/readers/newsletter/{row.pk}/change/", fields | {"slug": "other", "name": "Source"})
    row.refresh_from_db()
    assert (row.name, row.slug, row.is_offered) == ("Source", "headwater", False)
    assert client.get(f"/admin/readers/newsletter/{row.pk}/delete/").status_code == 403
