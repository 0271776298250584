"""A reader's address changes only when both mailboxes agree; what is dangerous asks for a proof first."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from readers.models import AddressChange, Letter, User
from tests.make import NOW, a_reader, proved, somebody_in

pytestmark = pytest.mark.django_db
PAGE, NEW = "/account/email/", "bob.new@example.org"


@pytest.fixture
def bob(client: Client, at: Any) -> User:
    reader = a_reader()
    client.force_login(reader)
    proved(client)
    return reader


def code_in(mail: Any) -> str:
    found = re.search(r"\b\d{6}\b", mail.body)
    assert found, mail.body
    return found[0]


def link_in(mail: Any) -> str:
    found = re.search(r"http://localhost:8000(/account/email/old/\S+)", mail.body)
    assert found, mail.body
    return found[1]


def ask(client: Client, mailoutbox: list, email: str = NEW) -> tuple[Any, Any]:
    """Ask for the change: the mail to the new mailbox and the one to the old."""
    assert client.post(PAGE, {"email": email})["Location"] == PAGE
    to_new, to_old = mailoutbox[-2:]
    assert (to_new.to, to_old.to) == ([email], ["bob@example.org"])
    return to_new, to_old


def address_of(reader: User) -> str:
    return User.objects.get(pk=reader.pk).email


def test_nothing_changes_before_both_mailboxes_have_agreed(client: Client, bob: User, mailoutbox: list) -> None:
    to_new, to_old = ask(client, mailoutbox)
    client.post("/account/email/code/", {"code": code_in(to_new)})
    assert address_of(bob) == "bob@example.org"
    assert "Proved on 17 November 2026" in client.get(PAGE).content.decode()
    done = Client().post(link_in(to_old))
    assert "The address is changed" in done.content.decode()
    assert address_of(bob) == NEW
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [(NEW, True, True)]


def test_the_mailboxes_may_agree_in_either_order(client: Client, bob: User, mailoutbox: list) -> None:
    to_new, to_old = ask(client, mailoutbox)
    assert "this mailbox has agreed" in Client().post(link_in(to_old)).content.decode()
    assert address_of(bob) == "bob@example.org"
    page = client.post("/account/email/code/", {"code": code_in(to_new)}, follow=True).content.decode()
    assert f"Your address is now {NEW}." in page
    assert address_of(bob) == NEW


def test_both_mailboxes_are_told_afterwards(client: Client, bob: User, mailoutbox: list) -> None:
    to_new, to_old = ask(client, mailoutbox)
    client.post(link_in(to_old))
    client.post("/account/email/code/", {"code": code_in(to_new)})
    told = Letter.objects.filter(kind="address_changed")
    assert set(told.values_list("to", flat=True)) == {"bob@example.org", NEW}


def test_a_scanner_that_opens_the_link_agrees_to_nothing(client: Client, bob: User, mailoutbox: list) -> None:
    to_new, to_old = ask(client, mailoutbox)
    client.post("/account/email/code/", {"code": code_in(to_new)})
    for _ in range(3):
        response = Client().get(link_in(to_old))
        assert response.status_code == 200
        assert "no-store" in response["Cache-Control"]
    assert address_of(bob) == "bob@example.org"


def test_the_old_mailbox_can_stop_it_and_everybody_is_logged_out(client: Client, bob: User, mailoutbox: list) -> None:
    _, to_old = ask(client, mailoutbox)
    page = Client().post(link_in(to_old) + "stop/").content.decode()
    assert "The change is stopped" in page
    assert client.get("/account/").status_code == 302, "who asked is logged out, too"
    assert Client().post(link_in(to_old)).status_code == 410
    assert address_of(bob) == "bob@example.org"


def test_everywhere_else_the_reader_is_logged_out(client: Client, bob: User, mailoutbox: list) -> None:
    elsewhere = Client()
    elsewhere.force_login(bob)
    to_new, to_old = ask(client, mailoutbox)
    client.post("/account/email/code/", {"code": code_in(to_new)})
    Client().post(link_in(to_old))
    assert client.get("/account/").status_code == 200, "the browser that asked stays"
    assert elsewhere.get("/account/").status_code == 302


def test_a_code_works_five_times_wrong_and_not_a_sixth(client: Client, bob: User, mailoutbox: list) -> None:
    to_new, _ = ask(client, mailoutbox)
    right = code_in(to_new)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for _ in range(5):
        client.post("/account/email/code/", {"code": wrong})
    client.post("/account/email/code/", {"code": right})
    assert AddressChange.objects.get().new_agreed_at is None
    assert "no longer works" in client.get(PAGE).content.decode()


def test_a_new_code_takes_the_place_of_the_one_before(client: Client, bob: User, mailoutbox: list) -> None:
    first, _ = ask(client, mailoutbox)
    client.post("/account/email/again/")
    second = mailoutbox[-1]
    if code_in(first) != code_in(second):
        client.post("/account/email/code/", {"code": code_in(first)})
        assert AddressChange.objects.get().new_agreed_at is None
    client.post("/account/email/code/", {"code": code_in(second)})
    assert AddressChange.objects.get().new_agreed_at == NOW


def test_a_code_lasts_fifteen_minutes_and_a_change_three_days(
    client: Client, bob: User, mailoutbox: list, at: Any
) -> None:
    to_new, to_old = ask(client, mailoutbox)
    at(NOW + timedelta(minutes=15))
    client.post("/account/email/code/", {"code": code_in(to_new)})
    assert AddressChange.objects.get().new_agreed_at is None
    at(NOW + timedelta(days=3) - timedelta(seconds=1))
    assert Client().get(link_in(to_old)).status_code == 200
    at(NOW + timedelta(days=3))
    assert Client().get(link_in(to_old)).status_code == 410


def test_asking_again_ends_what_was_asked_before(client: Client, bob: User, mailoutbox: list) -> None:
    _, to_old = ask(client, mailoutbox)
    ask(client, mailoutbox, "third@example.org")
    assert Client().post(link_in(to_old)).status_code == 410
    assert AddressChange.objects.open(at=NOW).get().new_email == "third@example.org"


def test_nobody_learns_whether_an_address_has_an_account(client: Client, bob: User, mailoutbox: list) -> None:
    a_reader("alice@example.org")
    pages = []
    for email in ("alice@example.org", "nobody@example.org"):
        client.post(PAGE, {"email": email})
        text = client.get(PAGE).content.decode().replace(email, "EMAIL")
        pages.append(re.sub(r'csrfmiddlewaretoken" value="[^"]+', "", text))
    assert pages[0] == pages[1]
    to_alice = mailoutbox[0]
    assert to_alice.to == ["alice@example.org"]
    assert "has an account already" in " ".join(to_alice.body.split())
    assert not re.search(r"\d{6}", to_alice.body + to_alice.subject)


def test_whoever_is_quicker_with_an_address_has_it(client: Client, bob: User, mailoutbox: list) -> None:
    to_new, to_old = ask(client, mailoutbox)
    Client().post(link_in(to_old))
    a_reader(NEW)
    page = client.post("/account/email/code/", {"code": code_in(to_new)}, follow=True).content.decode()
    assert "This address cannot be used" in page
    assert address_of(bob) == "bob@example.org"


def test_an_address_that_somebody_only_typed_stands_in_nobodys_way(client: Client, bob: User, mailoutbox: list) -> None:
    User.objects.create_user(NEW, date_joined=NOW)
    to_new, to_old = ask(client, mailoutbox)
    client.post("/account/email/code/", {"code": code_in(to_new)})
    Client().post(link_in(to_old))
    assert address_of(bob) == NEW


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Please type the new address."),
        ("bob@", "This address is not complete."),
        (" BOB@example.org ", "That is the address you have already."),
        ("a" * 260 + "@example.org", "too long"),
    ],
)
def test_a_mistake_is_named(client: Client, bob: User, mailoutbox: list, typed: str, words: str) -> None:
    assert words in client.post(PAGE, {"email": typed}).content.decode()
    assert not mailoutbox


def test_while_the_mail_server_is_away_nothing_begins(
    client: Client, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    response = client.post(PAGE, {"email": NEW})
    assert response.status_code == 503
    assert not AddressChange.objects.open(at=NOW).exists()


def test_the_mails_are_kept_nowhere_since_they_open_doors(client: Client, bob: User, mailoutbox: list) -> None:
    ask(client, mailoutbox)
    assert not Letter.objects.exists()


def test_nobody_can_be_mailed_over_and_over(client: Client, bob: User, mailoutbox: list) -> None:
    answers = [client.post(PAGE, {"email": NEW}).status_code for _ in range(5)]
    assert answers[:3] == [302] * 3
    assert answers[3:] == [429] * 2


def test_a_reader_may_keep_the_address_after_all(client: Client, bob: User, mailoutbox: list) -> None:
    _, to_old = ask(client, mailoutbox)
    client.post("/account/email/keep/")
    assert Client().get(link_in(to_old)).status_code == 410


# --- Is it still you? ------------------------------------------------------------------------------------------------

DANGEROUS = [PAGE, "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"]


@pytest.mark.parametrize("path", DANGEROUS)
def test_a_reader_without_a_password_proves_it_by_a_code(client: Client, mailoutbox: list, path: str, at: Any) -> None:
    client.force_login(a_reader())
    asked = client.get(path)
    assert asked["Location"].startswith("/account/security/proof/?next=")
    assert not mailoutbox, "looking sends nothing"
    sent = client.post(asked["Location"], {"next": path})
    assert "We sent six digits" in client.get(sent["Location"]).content.decode()
    done = client.post(sent["Location"], {"next": path, "code": code_in(mailoutbox[0])})
    assert done["Location"] == path
    assert client.get(path).status_code == 200


def test_a_wrong_code_proves_nothing(client: Client, mailoutbox: list, at: Any) -> None:
    client.force_login(a_reader())
    client.post("/account/security/proof/", {})
    wrong = f"{(int(code_in(mailoutbox[0])) + 1) % 1_000_000:06}"
    for _ in range(5):
        client.post("/account/security/proof/", {"code": wrong})
    client.post("/account/security/proof/", {"code": code_in(mailoutbox[0])})
    assert client.get(PAGE).status_code == 302


def test_who_has_a_password_may_use_it_instead(client: Client, at: Any) -> None:
    client.force_login(a_reader(password="correct horse battery"))
    asked = client.get(PAGE)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert "Have a code sent by email" in client.get(asked["Location"]).content.decode()
    done = client.post(asked["Location"], {"password": "correct horse battery", "next": PAGE})
    assert done["Location"] == PAGE
    assert client.get(PAGE).status_code == 200


def test_who_has_a_second_factor_cannot_do_with_a_mail_alone(client: Client, at: Any) -> None:
    bob = a_reader()
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client.force_login(bob)
    asked = client.get(PAGE)
    assert asked["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert "Have a code sent by email" not in client.get(asked["Location"]).content.decode()
    assert not client.get("/account/security/proof/")["Location"].startswith("/account/security/proof/")


def test_a_password_may_be_set_and_removed(client: Client, bob: User, mailoutbox: list) -> None:
    client.post("/accounts/password/set/", {"password1": "correct horse battery", "password2": "correct horse battery"})
    assert User.objects.get(pk=bob.pk).has_usable_password()
    elsewhere = Client()
    elsewhere.force_login(User.objects.get(pk=bob.pk))
    proved(client)
    assert "Remove it" in client.get("/account/security/").content.decode()
    client.post("/account/security/password/remove/")
    assert not User.objects.get(pk=bob.pk).has_usable_password()
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert "was removed" in mailoutbox[-1].subject


def test_a_password_is_removed_only_by_who_proves_it(client: Client, at: Any) -> None:
    bob = a_reader(password="correct horse battery")
    client.force_login(bob)
    assert "reauthenticate" in client.post("/account/security/password/remove/")["Location"]
    assert User.objects.get(pk=bob.pk).has_usable_password()


# --- At the desk -----------------------------------------------------------------------------------------------------


def test_an_administrator_stands_in_for_an_old_mailbox_that_is_lost_and_for_nothing_else(
    client: Client, bob: User, mailoutbox: list
) -> None:
    to_new, _ = ask(client, mailoutbox)
    change = AddressChange.objects.get()
    desk = Client()
    desk.force_login(a_reader("root@example.org", is_staff=True, is_superuser=True))
    button = f"/admin/readers/addresschange/{change.pk}/again/"
    assert "Agree for the old mailbox" in desk.get(button.replace("again", "change")).content.decode()
    desk.post(button)
    assert address_of(bob) == "bob@example.org", "the new mailbox still has to prove itself"
    client.post("/account/email/code/", {"code": code_in(to_new)})
    assert address_of(bob) == NEW


def test_the_subscription_desk_sees_changes_and_cannot_agree_to_one(
    client: Client, bob: User, mailoutbox: list
) -> None:
    ask(client, mailoutbox)
    change = AddressChange.objects.get()
    desk = Client()
    desk.force_login(somebody_in("Subscription desk"))
    assert NEW in desk.get("/admin/readers/addresschange/").content.decode()
    assert desk.post(f"/admin/readers/addresschange/{change.pk}/again/").status_code == 403


def test_nobody_at_the_desk_sees_what_opens_a_door(client: Client, bob: User, mailoutbox: list) -> None:
    ask(client, mailoutbox)
    change = AddressChange.objects.get()
    desk = Client()
    desk.force_login(a_reader("root@example.org", is_staff=True, is_superuser=True))
    text = desk.get(f"/admin/readers/addresschange/{change.pk}/change/").content.decode()
    assert change.token_hash not in text
    assert change.code_hash not in text
