"""Coming in: an address, a code, and what must not happen on the way."""

import gettext
import re
import threading
from datetime import timedelta
from io import StringIO
from smtplib import SMTPException
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from edge import clock
from readers.models import SignInLink, User
from tests.make import a_reader, proved

pytestmark = pytest.mark.django_db
ADDRESS_PAGE = "/accounts/login/code/"
CODE_PAGE = "/accounts/login/code/confirm/"
ARTICLE = "/climate/ministers-agree/#continue"


def ask(client: Client, email: str, next_url: str = "", **more: Any) -> Any:
    """Type an address on the one page."""
    return client.post(ADDRESS_PAGE, {"email": email} | ({"next": next_url} if next_url else {}), **more)


def code_in(mail: Any) -> str:
    """The six digits of a mail."""
    found = re.search(r"^\s+(\d{6})$", mail.body, re.M)
    assert found, mail.body
    return found[1]


def another(code: str, step: int = 1) -> str:
    """A code that was not sent."""
    return f"{(int(code) + step) % 1_000_000:06}"


def type_code(client: Client, code: str, next_url: str = "") -> Any:
    return client.post(CODE_PAGE, {"code": code} | ({"next": next_url} if next_url else {}))


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


# --- The way in ------------------------------------------------------------------------------------------------------


def test_a_new_address_becomes_a_reader_who_is_proved_by_the_code(client: Client, mailoutbox: list) -> None:
    response = ask(client, "New.Reader@Example.org", ARTICLE)
    assert response.status_code == 302
    assert response["Location"] == f"{CODE_PAGE}?next={quote(ARTICLE, safe='')}"
    reader = User.objects.get(email="new.reader@example.org")
    assert not reader.has_usable_password()
    assert not EmailAddress.objects.get(user=reader).verified
    [mail] = mailoutbox
    assert mail.to == ["new.reader@example.org"]
    response = type_code(client, code_in(mail), ARTICLE)
    assert response["Location"] == ARTICLE
    assert is_in(client)
    address = EmailAddress.objects.get(user=reader)
    assert address.verified
    assert address.primary


def test_a_known_address_signs_in_to_its_account(client: Client, mailoutbox: list) -> None:
    bob = a_reader("bob@example.org")
    ask(client, "BOB@example.org")
    response = type_code(client, code_in(mailoutbox[0]))
    assert response["Location"] == "/account/"
    assert client.session["_auth_user_id"] == str(bob.pk)
    assert User.objects.count() == 1


def test_an_administrator_made_on_the_command_line_needs_one_code_only(client: Client, mailoutbox: list) -> None:
    User.objects.create_superuser("root@example.org", "a long pass phrase")
    ask(client, "root@example.org")
    type_code(client, code_in(mailoutbox[0]))
    assert is_in(client)
    assert len(mailoutbox) == 1


@pytest.mark.parametrize("between", ["", " ", "-", "\u202f", "–", "  \n"])
def test_a_code_may_be_pasted_with_spaces_and_dashes(client: Client, mailoutbox: list, between: str) -> None:
    ask(client, "bob@example.org")
    code = code_in(mailoutbox[0])
    type_code(client, code[:3] + between + code[3:])
    assert is_in(client)


def test_a_code_may_be_typed_in_other_digits(client: Client, mailoutbox: list) -> None:
    ask(client, "bob@example.org")
    type_code(client, code_in(mailoutbox[0]).translate(str.maketrans("0123456789", "０１２３４５６７８９")))
    assert is_in(client)


def test_the_code_page_is_made_for_phones_and_for_pasting(client: Client) -> None:
    ask(client, "bob@example.org")
    page = client.get(CODE_PAGE).content.decode()
    field = re.search(r'<input[^>]*name="code"[^>]*>', page)
    assert field
    assert 'inputmode="numeric"' in field[0]
    assert 'autocomplete="one-time-code"' in field[0]
    assert "input--code" in field[0]
    assert "pattern" not in field[0]


def test_signing_up_is_the_same_page_and_keeps_the_way_back(client: Client) -> None:
    response = client.get("/accounts/signup/?next=/climate/")
    assert response["Location"] == f"{ADDRESS_PAGE}?next=/climate/"
    assert client.post("/accounts/signup/", {"email": "x@example.org"}).status_code == 405
    assert not User.objects.exists()


def test_a_password_works_for_those_who_have_one(client: Client) -> None:
    a_reader("bob@example.org", password="correct horse battery")
    page = client.get("/accounts/login/?next=/climate/").content.decode()
    assert 'type="password"' in page
    response = client.post(
        "/accounts/login/", {"login": "bob@example.org", "password": "correct horse battery", "next": "/climate/"}
    )
    assert response["Location"] == "/climate/"
    assert is_in(client)
    assert client.session.get_expiry_age() > 80 * 24 * 3600


def test_whoever_is_signed_in_is_sent_on(client: Client) -> None:
    client.force_login(a_reader())
    assert client.get(f"{ADDRESS_PAGE}?next=/climate/")["Location"] == "/climate/"


def test_looking_at_the_page_starts_no_session(client: Client) -> None:
    response = client.get(ADDRESS_PAGE)
    assert set(response.cookies) == {settings.CSRF_COOKIE_NAME}
    assert "no-store" in response["Cache-Control"]


# --- Wrong, old, too many --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("48210", "That is five digits. The code has six."),
        ("1", "That is one digit. The code has six."),
        ("4821012", "That is seven digits. The code has six."),
        ("1" * 30, "That is 30 digits. The code has six."),
        ("abcdef", "The code is six digits and nothing else."),
        ("12345a", "The code is six digits and nothing else."),
        ("", "Please type the six digits from our email."),
        ("9" * 500, "That is much longer than our code."),
        ("123\x00456", "Null characters are not allowed."),
    ],
)
def test_what_is_no_code_is_explained_and_costs_no_try(client: Client, mailoutbox: list, typed: str, said: str) -> None:
    ask(client, "bob@example.org", ARTICLE)
    for _ in range(6):
        response = type_code(client, typed, ARTICLE)
    assert response.status_code == 200
    assert said in response.content.decode()
    assert type_code(client, code_in(mailoutbox[0]), ARTICLE)["Location"] == ARTICLE


def test_after_five_wrong_codes_the_right_one_no_longer_works(client: Client, mailoutbox: list) -> None:
    ask(client, "bob@example.org", ARTICLE)
    code = code_in(mailoutbox[0])
    said = []
    for step in range(1, 5):
        page = type_code(client, another(code, step), ARTICLE)
        said += re.findall(r"You have (\w+) more", page.content.decode())
        assert ARTICLE in page.content.decode()
    assert said == ["four", "three", "two", "one"]
    last = type_code(client, another(code, 5), ARTICLE)
    assert last["Location"] == f"{ADDRESS_PAGE}?next={quote(ARTICLE, safe='')}"
    page = client.get(last["Location"]).content.decode()
    assert "That was the last try" in page
    assert ARTICLE in page
    type_code(client, code)
    assert not is_in(client)


def test_tries_that_arrive_together_cannot_outrun_the_count(client: Client, mailoutbox: list) -> None:
    """A session that is read by many requests before one of them writes would count them as one."""
    ask(client, "bob@example.org")
    code = code_in(mailoutbox[0])
    frozen = dict(client.session.items())
    for step in range(1, 9):
        session = client.session
        session.clear()
        session.update(frozen)
        session.save()
        type_code(client, another(code, step))
    session = client.session
    session.update(frozen)
    session.save()
    type_code(client, code)
    assert not is_in(client)


def test_a_code_is_good_for_fifteen_minutes(client: Client, mailoutbox: list) -> None:
    ask(client, "bob@example.org")
    with time_machine.travel(timezone.now() + timedelta(minutes=14, seconds=50), tick=False):
        assert type_code(client, code_in(mailoutbox[0]))["Location"] == "/account/"


def test_an_old_code_is_refused_with_a_way_on(client: Client, mailoutbox: list) -> None:
    ask(client, "bob@example.org", ARTICLE)
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=5), tick=False):
        response = type_code(client, code_in(mailoutbox[0]), ARTICLE)
        assert response["Location"] == f"{ADDRESS_PAGE}?next={quote(ARTICLE, safe='')}"
        assert "older than 15 minutes" in client.get(response["Location"]).content.decode()
    assert not is_in(client)


def test_a_code_works_only_in_the_browser_that_asked_for_it(client: Client, mailoutbox: list) -> None:
    ask(client, "bob@example.org")
    elsewhere = Client()
    response = elsewhere.post(CODE_PAGE, {"code": code_in(mailoutbox[0])}, follow=True)
    assert "another browser asked for it" in response.content.decode()
    assert not is_in(elsewhere)
    assert elsewhere.get(CODE_PAGE).status_code == 302


def test_a_new_code_replaces_the_old_one_and_keeps_the_way_back(client: Client, mailoutbox: list) -> None:
    ask(client, "bob@example.org", ARTICLE)
    response = ask(client, "bob@example.org", ARTICLE)
    assert "We sent a new code" in client.get(response["Location"]).content.decode()
    first, second = (code_in(mail) for mail in mailoutbox)
    if first != second:
        type_code(client, first, ARTICLE)
        assert not is_in(client)
    assert type_code(client, second, ARTICLE)["Location"] == ARTICLE


def test_another_address_can_be_used_while_a_code_waits(client: Client, mailoutbox: list) -> None:
    ask(client, "typo@example.org", ARTICLE)
    page = client.get(f"{ADDRESS_PAGE}?next={quote(ARTICLE, safe='')}")
    assert page.status_code == 200
    assert "Type it here" in page.content.decode()
    ask(client, "right@example.org", ARTICLE)
    type_code(client, code_in(mailoutbox[1]), ARTICLE)
    assert client.session["_auth_user_id"] == str(User.objects.get(email="right@example.org").pk)


def test_a_code_of_one_address_does_not_open_another(client: Client, mailoutbox: list) -> None:
    ask(client, "alice@example.org")
    ask(client, "bob@example.org")
    alices, bobs = (code_in(mail) for mail in mailoutbox)
    if alices != bobs:
        type_code(client, alices)
        assert not is_in(client)


# --- What is typed as an address -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "anna.szabo@",
        "@example.org",
        "no at sign",
        "a" * 10_000 + "@example.org",
        "a" * 250 + "@example.org",
        "bob@example.org\nBcc: everyone@example.org",
        "bob@example.org\r\nSubject: hello",
        "bob\x00@example.org",
        "bob@example.org,eve@example.org",
        "“bob”@example.org",
        "<script>@example.org",
        "bób@example.org",
    ],
)
def test_what_is_no_address_makes_no_reader_and_sends_nothing(client: Client, mailoutbox: list, address: str) -> None:
    response = ask(client, address)
    assert response.status_code == 200
    page = response.content.decode()
    assert 'aria-invalid="true"' in page
    assert 'class="error"' in page
    assert "<script>@" not in page
    assert not mailoutbox
    assert not User.objects.exists()


def test_a_domain_in_another_script_is_an_address(client: Client, mailoutbox: list) -> None:
    ask(client, "anna@bücher.example")
    assert mailoutbox[0].to == ["anna@bücher.example"]
    mailoutbox[0].message().as_bytes()
    type_code(client, code_in(mailoutbox[0]))
    assert is_in(client)


def test_an_address_that_cannot_be_mailed_is_a_message_and_not_a_crash(client: Client, monkeypatch: Any) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise SMTPException("no route")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    response = ask(client, "bob@example.org")
    assert response.status_code == 503
    assert "We could not send the code just now" in response.content.decode()
    assert client.get(CODE_PAGE).status_code == 302


# --- Where it leads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "http:evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "https://testserver@evil.example/",
        "http://testserver.evil.example/",
        "%2F%2Fevil.example",
        "\thttps://evil.example",
        "data:text/html,x",
    ],
)
def test_nobody_is_sent_to_another_host(client: Client, mailoutbox: list, elsewhere: str) -> None:
    response = ask(client, "bob@example.org", elsewhere)
    assert response["Location"].startswith(CODE_PAGE)
    final = type_code(client, code_in(mailoutbox[0]), elsewhere)["Location"]
    assert final == "/account/" or (final.startswith("%2F") and "evil" in final)
    link = client.get(f"{ADDRESS_PAGE}?next={quote(elsewhere, safe='')}")["Location"]
    assert link == "/account/" or link.startswith("%2F")


# --- Nobody learns who has an account --------------------------------------------------------------------------------


def seen_by_a_stranger(path: str, email: str, mailoutbox: list) -> list[Any]:
    """Everything that somebody who types `email` can see: every answer on the way, its cookies, its mails."""
    client = Client()
    client.get(path)
    code_page = CODE_PAGE if path == ADDRESS_PAGE else "/accounts/password/reset/confirm/"
    before = len(mailoutbox)
    seen: list[Any] = []
    for response in (
        client.post(path, {"email": email, "next": "/climate/"}),
        client.get(code_page),
        client.post(code_page, {"code": "000000"}),
    ):
        body = re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", response.content.decode()).replace(email, "EMAIL")
        headers = {name: value for name, value in response.headers.items() if name not in {"Content-Length", "Expires"}}
        seen.append((response.status_code, headers, sorted(response.cookies), body))
    seen.append(len(mailoutbox) - before)
    seen.append(sorted(client.session.keys()))
    return seen


@pytest.mark.parametrize("path", [ADDRESS_PAGE, "/accounts/password/reset/"])
def test_known_new_and_closed_addresses_look_the_same(mailoutbox: list, path: str) -> None:
    a_reader("known@example.org", password="correct horse battery")
    a_reader("shut@example.org", is_active=False)
    known = seen_by_a_stranger(path, "known@example.org", mailoutbox)
    assert known == seen_by_a_stranger(path, "fresh@example.org", mailoutbox)
    assert known == seen_by_a_stranger(path, "shut@example.org", mailoutbox)


def test_known_and_new_addresses_take_the_same_work(
    django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch, mailoutbox: list
) -> None:
    """No password is hashed for either, and two rows more are all the difference."""
    a_reader("known@example.org")
    monkeypatch.setattr("django.contrib.auth.hashers.MD5PasswordHasher.encode", None)
    with django_assert_max_num_queries(40) as known:
        ask(Client(), "known@example.org")
    with django_assert_max_num_queries(40) as fresh:
        ask(Client(), "fresh@example.org")
    assert len(fresh) - len(known) <= 8
    assert len(mailoutbox) == 2


def test_a_closed_account_gets_no_code_and_cannot_come_in(client: Client, mailoutbox: list) -> None:
    a_reader("shut@example.org", is_active=False)
    response = ask(client, "shut@example.org")
    assert response["Location"].startswith(CODE_PAGE)
    assert not re.search(r"\d{6}", mailoutbox[0].subject + mailoutbox[0].body)
    assert User.objects.count() == 1
    for digits in ("", "000000"):
        type_code(client, digits)
        assert not is_in(client)


def test_a_wrong_password_does_not_tell_either(client: Client) -> None:
    a_reader("known@example.org", password="correct horse battery")
    pages = [
        client.post("/accounts/login/", {"login": email, "password": "wrong"}).content.decode().replace(email, "EMAIL")
        for email in ("known@example.org", "fresh@example.org")
    ]
    known, fresh = (re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', "", page) for page in pages)
    assert known == fresh
    assert "do not belong together" in known


# --- Not too often ---------------------------------------------------------------------------------------------------


def test_an_address_is_not_flooded_with_codes(client: Client, mailoutbox: list) -> None:
    for _ in range(3):
        assert ask(Client(), "bob@example.org").status_code == 302
    response = ask(client, "bob@example.org")
    assert response.status_code == 429
    assert "That was too often for now" in response.content.decode()
    assert len(mailoutbox) == 3
    assert ask(client, "alice@example.org").status_code == 302


def test_an_address_gets_at_most_thirty_codes_a_day(mailoutbox: list) -> None:
    start = timezone.now()
    for minute in range(0, 24 * 60, 3):
        with time_machine.travel(start + timedelta(minutes=minute), tick=False):
            ask(Client(REMOTE_ADDR=f"10.0.{minute // 250}.{minute % 250}"), "bob@example.org")
    assert len(mailoutbox) == 30


def test_too_much_of_anything_gets_a_page_of_ours(client: Client) -> None:
    for number in range(22):
        response = client.post("/accounts/password/reset/", {"email": f"r{number}@example.org"})
    assert response.status_code == 429
    assert "That was a little too fast" in response.content.decode()
    assert "no-store" in response["Cache-Control"]


# --- The operator's link ---------------------------------------------------------------------------------------------


def a_link(reader: User, **options: Any) -> str:
    out = StringIO()
    call_command("sign_in_link", reader.email, stdout=out, **options)
    address = out.getvalue().strip()
    assert address.startswith(settings.SITE_URL + "/accounts/sign-in/")
    return address.removeprefix(settings.SITE_URL)


def test_looking_at_a_link_changes_nothing_and_its_button_signs_in_once(client: Client) -> None:
    bob = a_reader()
    link = a_link(bob)
    for method in (client.get, client.head, client.get):
        assert method(link).status_code == 200
    assert client.options(link).status_code == 405
    assert not is_in(client)
    assert "Sign in as bob@example.org" in client.get(link).content.decode()
    assert client.post(link)["Location"] == "/account/"
    assert client.session["_auth_user_id"] == str(bob.pk)
    second = Client()
    for response in (second.post(link), second.get(link)):
        assert response.status_code == 410
        assert "no longer works" in response.content.decode()
    assert not is_in(second)


def test_a_link_leads_on_but_not_to_another_host(client: Client) -> None:
    bob = a_reader()
    link = a_link(bob)
    assert 'name="next" value="/climate/"' in client.get(f"{link}?next=/climate/").content.decode()
    assert client.post(link, {"next": "/climate/"})["Location"] == "/climate/"
    assert Client().post(a_link(bob), {"next": "https://evil.example/"})["Location"] == "/account/"


def test_a_link_is_good_for_its_minutes(client: Client) -> None:
    link = a_link(a_reader(), minutes=5)
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1), tick=False):
        assert client.get(link).status_code == 410
        assert client.post(link).status_code == 410
    assert not is_in(client)


def test_the_token_is_not_in_the_database() -> None:
    link = a_link(a_reader())
    token = link.rstrip("/").rpartition("/")[2]
    assert len(token) >= 40
    assert token not in str(list(SignInLink.objects.values()))


def test_a_link_is_used_by_one_of_many_who_press_at_once() -> None:
    SignInLink.objects.make(a_reader(), at=clock.now(), lasts=timedelta(minutes=5))
    held = [SignInLink.objects.get() for _ in range(5)]
    assert [link.use(at=clock.now()) for link in held] == [True, False, False, False, False]


def test_an_unknown_token_is_gone(client: Client) -> None:
    assert client.get(reverse("sign_in_link", args=["x" * 43])).status_code == 410
    assert client.get("/accounts/sign-in/" + quote("“ ’") + "/").status_code == 410


def test_a_link_of_a_closed_account_is_gone(client: Client) -> None:
    bob = a_reader()
    link = a_link(bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert client.post(link).status_code == 410


def test_a_link_needs_the_token_of_the_form() -> None:
    link = a_link(a_reader())
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(link)
    assert response.status_code == 403
    assert "open for too long" in response.content.decode()
    assert SignInLink.objects.usable(at=clock.now()).exists()


def test_a_link_works_for_an_address_that_was_never_proved(client: Client, mailoutbox: list) -> None:
    link = a_link(User.objects.create_superuser("root@example.org"))
    client.post(link)
    assert is_in(client)
    assert not mailoutbox


def test_no_link_is_made_for_nobody() -> None:
    with pytest.raises(CommandError, match="no account"):
        call_command("sign_in_link", "nobody@example.org")
    a_reader("shut@example.org", is_active=False)
    with pytest.raises(CommandError, match="closed"):
        call_command("sign_in_link", "shut@example.org")
    with pytest.raises(CommandError, match="minutes"):
        call_command("sign_in_link", "shut@example.org", minutes=0)


# --- Second factors and passkeys -------------------------------------------------------------------------------------


def app_code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_an_authenticator_app_is_asked_for_after_a_code_and_after_a_link(client: Client, mailoutbox: list) -> None:
    bob = a_reader()
    TOTP.activate(bob, "JBSWY3DPEHPK3PXP")
    ask(client, bob.email)
    assert type_code(client, code_in(mailoutbox[0]))["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": app_code("JBSWY3DPEHPK3PXP")})
    assert is_in(client)
    other = Client()
    assert other.post(a_link(bob))["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(other)


def a_passkey(reader: User) -> Authenticator:
    return Authenticator.objects.create(
        user=reader, type=Authenticator.Type.WEBAUTHN, data={"name": "Phone", "passwordless": True, "credential": {}}
    )


def test_a_readers_passkey_is_a_way_in_and_not_a_second_lock(client: Client, mailoutbox: list) -> None:
    bob = a_reader()
    a_passkey(bob)
    ask(client, bob.email)
    type_code(client, code_in(mailoutbox[0]))
    assert is_in(client)
    assert client.get("/account/email/").status_code == 200
    changed = client.post("/account/email/", {"email": "bob.new@example.org"})
    assert changed["Location"] == "/account/email/", "a login of this minute is proof enough"


def test_for_staff_a_passkey_is_a_second_lock(client: Client) -> None:
    carol = a_reader("carol@example.org", is_staff=True)
    a_passkey(carol)
    assert client.post(a_link(carol))["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(client)


def test_a_passkey_is_offered_after_the_first_sign_in_until_answered(client: Client, mailoutbox: list) -> None:
    ask(client, "new@example.org")
    type_code(client, code_in(mailoutbox[0]))
    assert client.session["passkey_offer"] is True
    assert client.get("/account/security/passkey/later/").status_code == 405
    assert client.post("/account/security/passkey/later/", {"next": "/account/security/"})["Location"] == (
        "/account/security/"
    )
    assert "passkey_offer" not in client.session
    client.post("/accounts/logout/")
    ask(client, "new@example.org")
    type_code(client, code_in(mailoutbox[1]))
    assert "passkey_offer" not in client.session


def test_saying_yes_leads_to_the_page_that_adds_one(client: Client) -> None:
    client.force_login(a_reader())
    proved(client)
    assert client.post("/account/security/passkey/")["Location"] == "/accounts/2fa/webauthn/add/"
    page = client.get("/accounts/2fa/webauthn/add/").content.decode()
    assert re.search(r'type="checkbox"[^>]*name="passwordless"[^>]*checked', page)


# --- The pages of an account -----------------------------------------------------------------------------------------

ACCOUNT_PAGES = [
    "/account/security/",
    "/account/email/",
    "/account/devices/",
    "/account/choices/",
    "/account/security/proof/",
    "/accounts/password/set/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/logout/",
]


@pytest.mark.parametrize("path", ACCOUNT_PAGES)
def test_every_page_of_an_account_wears_our_clothes(client: Client, path: str) -> None:
    client.force_login(a_reader())
    proved(client)
    response = client.get(path)
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count("<h1") == 1
    assert 'class="masthead' in page
    assert "Menu:" not in page
    assert "as_p" not in page
    assert not re.search(r"<[^>]+ (?:style|on[a-z]+)=", page), "nothing inline"
    assert not re.search(r"<script(?![^>]*(?:src=|application/json))", page)
    assert not re.search(r'<input(?![^>]*(?:class="(?:input|.*input)|type="(?:hidden|checkbox|radio)))', page)
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("path", [*ACCOUNT_PAGES, "/accounts/password/change/", "/accounts/2fa/webauthn/add/"])
def test_a_stranger_is_led_to_sign_in_first(client: Client, path: str) -> None:
    response = client.get(path, follow=False)
    assert response.status_code == 302
    if path != "/accounts/logout/":
        assert "/accounts/login/" in response["Location"]


def test_staff_come_into_the_admin_through_the_same_door(client: Client, mailoutbox: list) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith(ADDRESS_PAGE)
    carol = a_reader("carol@example.org", is_staff=True)
    carol.groups.add(Group.objects.get_or_create(name="Editors")[0])
    ask(client, carol.email, "/admin/")
    assert type_code(client, code_in(mailoutbox[0]), "/admin/")["Location"] == "/admin/"


# --- Addresses nobody proved -----------------------------------------------------------------------------------------


def test_unproved_addresses_are_forgotten_after_two_days(client: Client, mailoutbox: list) -> None:
    ask(client, "ghost@example.org")
    ask(client, "real@example.org")
    type_code(client, code_in(mailoutbox[1]))
    staff = User.objects.create_superuser("root@example.org")
    linked = User.objects.create_user("linked@example.org")
    SignInLink.objects.make(linked, at=clock.now(), lasts=timedelta(minutes=5))
    call_command("clear_unproved_readers", stdout=StringIO())
    assert User.objects.count() == 4
    with time_machine.travel(timezone.now() + timedelta(days=2, minutes=1), tick=False):
        out = StringIO()
        call_command("clear_unproved_readers", stdout=out)
    assert out.getvalue() == "1 unproved address forgotten.\n"
    assert set(User.objects.values_list("email", flat=True)) == {"real@example.org", staff.email, linked.email}


def test_asking_again_keeps_the_row_while_the_code_travels(mailoutbox: list) -> None:
    ask(Client(), "slow@example.org")
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        late = Client()
        ask(late, "slow@example.org")
        call_command("clear_unproved_readers", stdout=StringIO())
        type_code(late, code_in(mailoutbox[1]))
        assert is_in(late)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_tabs_asking_at_once_make_one_reader() -> None:
    answers = []

    def tab() -> None:
        answers.append(ask(Client(), "new@example.org").status_code)
        connections.close_all()

    threads = [threading.Thread(target=tab) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302]
    assert User.objects.count() == 1


def test_the_pages_of_allauth_speak_our_language(client: Client) -> None:
    client.force_login(a_reader())
    proved(client)
    for path in ACCOUNT_PAGES:
        page = client.get(path).content.decode()
        assert not re.search(r"Security Key|Sign (?:In|Out)\b|Two-Factor|Master key", page), path
    assert re.search(r"<h1>\s*Add a passkey\s*</h1>", client.get("/accounts/2fa/webauthn/add/").content.decode())


def test_a_pending_change_does_not_catch_the_one_who_owns_the_address(client: Client, mailoutbox: list) -> None:
    """Bob types the address of somebody who has no account yet; that somebody must not land in his."""
    bob = a_reader()
    client.force_login(bob)
    proved(client)
    client.post("/account/email/", {"email": "anna@example.org"})
    assert mailoutbox[0].to == ["anna@example.org"]
    annas = Client()
    ask(annas, "anna@example.org")
    type_code(annas, code_in(mailoutbox[-1]))
    assert annas.session["_auth_user_id"] != str(bob.pk)


def test_the_compiled_words_are_those_of_the_source() -> None:
    folder = settings.BASE_DIR / "newsroom/locale/en_GB/LC_MESSAGES"
    source = (folder / "django.po").read_text()
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', source, re.M)
    assert len(pairs) > 50
    assert all(compiled.gettext(ours) == theirs for ours, theirs in pairs)


def test_the_offer_stands_on_the_account_page_but_not_where_somebody_orders(client: Client, mailoutbox: list) -> None:
    ask(client, "new@example.org")
    type_code(client, code_in(mailoutbox[0]))
    assert "Next time without a code?" in client.get("/account/").content.decode()
    assert "Next time without a code?" not in client.get("/subscribe/").content.decode()
    client.post("/account/security/passkey/later/")
    assert "Next time without a code?" not in client.get("/account/").content.decode()
