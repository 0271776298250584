"""In development every mail is a file and a page."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.core.mail import EmailMultiAlternatives, get_connection, send_mail
from django.test import Client
from django.urls import NoReverseMatch, include, path, reverse

from newsroom import dev_mail

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.test_dev_mail")]


def __getattr__(name: str) -> list:
    """The addresses of development, made when asked: `newsroom.urls` must not be read before DEBUG is off."""
    if name != "urlpatterns":
        raise AttributeError(name)
    return [path("dev/", include("newsroom.dev_urls")), *import_module("newsroom.urls").urlpatterns]


@pytest.fixture
def folder(settings: Any) -> Path:
    """Mail goes to files."""
    settings.EMAIL_BACKEND = "newsroom.dev_mail.FolderBackend"
    return Path(settings.DEV_MAIL_DIR)


def a_mail(subject: str = "123456 is your code", to: str = "bob@example.org", html: str = "<p>Hello</p>") -> str:
    message = EmailMultiAlternatives(subject, "Dear readér,\nhello €", to=[to])
    message.attach_alternative(html, "text/html")
    message.connection = get_connection("newsroom.dev_mail.FolderBackend")
    message.send()
    return dev_mail.newest_first()[0].name


def test_a_mail_becomes_a_file_that_mail_programs_open(folder: Path) -> None:
    assert send_mail("One", "text", None, ["bob@example.org"]) == 1
    [file] = folder.iterdir()
    assert file.name.endswith(".eml")
    assert b"Subject: One\r\n" in file.read_bytes()


def test_the_newest_stands_first_with_its_code(folder: Path, client: Client) -> None:
    for number in range(12):
        a_mail(f"Mail {number}")
    page = client.get("/dev/mail/").content.decode()
    assert re.findall(r">Mail (\d+)<", page) == [str(number) for number in range(11, -1, -1)]
    assert "bob@example.org" in page


def test_signing_in_works_with_nothing_but_these_pages(folder: Path, client: Client) -> None:
    client.post("/accounts/login/code/", {"email": "new@example.org"})
    code = re.search(r">(\d{6}) is your code", client.get("/dev/mail/").content.decode())
    assert code
    client.post("/accounts/login/code/confirm/", {"code": code[1]})
    assert "_auth_user_id" in client.session


def test_a_mail_shows_text_html_and_headers(folder: Path, client: Client) -> None:
    name = a_mail(subject="Grüße <b>an</b> alle")
    page = client.get(f"/dev/mail/{name}/")
    text = page.content.decode()
    assert "Dear readér,<br>hello €" in text
    assert "Grüße &lt;b&gt;an&lt;/b&gt; alle" in text
    assert f'src="/dev/mail/{name}/html/"' in text
    assert "frame-src 'self'" in page["Content-Security-Policy"]


def test_the_html_of_a_mail_cannot_do_anything(folder: Path, client: Client) -> None:
    name = a_mail(html="<html><head></head><body><script>alert(1)</script><p style='color:red'>Hi</p></body></html>")
    response = client.get(f"/dev/mail/{name}/html/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "allow-scripts" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "<p style='color:red'>Hi</p>" in response.content.decode()


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "..", "x.eml", "01795352684123456789-abcdef12.eml", "%2e%2e%2fsecret", "a" * 300,
     "01795352684123456789-abcdef12.eml/../../x"],
)  # fmt: skip
def test_only_names_of_mails_are_opened(folder: Path, client: Client, name: str) -> None:
    a_mail()
    (folder.parent / "secret").write_text("secret")
    assert dev_mail.read(name) is None
    for address in (f"/dev/mail/{name}/", f"/dev/mail/{name}/html/"):
        assert client.get(address).status_code == 404
    assert client.get("/dev/mail/\x00.eml/").status_code == 400


def test_throwing_away_needs_a_post(folder: Path, client: Client) -> None:
    a_mail()
    assert client.get("/dev/mail/clear/").status_code == 405
    assert len(dev_mail.newest_first()) == 1
    assert client.post("/dev/mail/clear/")["Location"] == "/dev/mail/"
    assert "No mail yet" in client.get("/dev/mail/").content.decode()


def test_an_empty_or_missing_folder_is_fine(client: Client) -> None:
    assert "No mail yet" in client.get("/dev/mail/").content.decode()


def test_a_half_written_file_is_not_shown(folder: Path, client: Client) -> None:
    a_mail()
    (folder / ".01795352684123456789-abcdef12.eml.part").write_bytes(b"Subject: half")
    (folder / "notes.txt").write_text("mine")
    assert len(dev_mail.newest_first()) == 1


@pytest.mark.urls("newsroom.urls")
def test_outside_development_there_is_no_such_page(client: Client) -> None:
    assert site_settings.DEBUG is False
    with pytest.raises(NoReverseMatch):
        reverse("dev_mails")
    assert client.get("/dev/mail/").status_code == 404


@pytest.mark.parametrize("address", ["/no/such/page/at/all/", "/climate/no-such-story/"])
def test_an_unknown_address_shows_the_sites_own_page_while_developing(
    client: Client, settings: Any, address: str
) -> None:
    settings.DEBUG = True
    response = client.get(address)
    assert response.status_code == 404
    assert "There is no page at this address" in response.content.decode()
    assert "URLconf" not in response.content.decode()
