"""Logging in with the account at work: who is let in, as whom, and who is not."""

import base64
import re
import zlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client

from groups import inviting, sign_on
from groups.models import Domain, GroupAccount, Invitation, Seat, SignOn, SignOnDomain
from readers.models import User
from tests.groups.provider import (
    CLIENT,
    ENTITY,
    SECRET,
    OpenIDProvider,
    a_certificate,
    a_saml_answer,
    an_open_id_provider,
)
from tests.make import NOW, a_plan, a_reader, a_subscription, an_agreement, an_article

pytestmark = pytest.mark.django_db
HOST = "http://localhost"
OIDC, SAML = "/accounts/oidc/harbour/login/", "/accounts/saml/harbour-saml/login/"


@pytest.fixture(autouse=True)
def _now(at: Any, settings: Any) -> None:
    at(NOW)
    settings.SITE_URL = HOST


@pytest.fixture(scope="module")
def listening() -> Iterator[OpenIDProvider]:
    with an_open_id_provider() as provider:
        yield provider


@pytest.fixture
def idp(listening: OpenIDProvider) -> OpenIDProvider:
    """The provider of Harbour & Vale, as it was at first."""
    listening.__init__(listening.url)  # type: ignore[misc]
    return listening


@pytest.fixture
def group() -> GroupAccount:
    return an_agreement("Harbour & Vale", seats=2)


@pytest.fixture
def oidc(group: GroupAccount, idp: OpenIDProvider) -> SignOn:
    return speaks_for(
        SignOn.objects.create(
            group=group,
            kind=SignOn.Kind.OIDC,
            slug="harbour",
            issuer=idp.url,
            client_id=CLIENT,
            secret=SECRET,
            is_on=True,
            changed_at=NOW,
        )
    )


@pytest.fixture
def saml(group: GroupAccount) -> SignOn:
    return speaks_for(
        SignOn.objects.create(
            group=group,
            kind=SignOn.Kind.SAML,
            slug="harbour-saml",
            issuer=ENTITY,
            sso_url="https://idp.harbour.example/sso",
            certificate=a_certificate("theirs"),
            is_on=True,
            changed_at=NOW,
        )
    )


def speaks_for(sign_on: SignOn, name: str = "harbour.example") -> SignOn:
    domain, _ = Domain.objects.get_or_create(group=sign_on.group, name=name, ended_at=None, defaults={"added_at": NOW})
    SignOnDomain.objects.create(sign_on=sign_on, domain=domain)
    return sign_on


def a_browser() -> Client:
    return Client(headers={"host": "localhost"})


def comes_back(idp: OpenIDProvider, client: Client, *, next_path: str = "") -> HttpResponse:
    """From the button to the provider and back."""
    there = client.get(OIDC, {"next": next_path} if next_path else {})
    assert there.status_code == 302, there.content
    assert there["Location"].startswith(f"{idp.url}/authorize?")
    asked = parse_qs(urlsplit(there["Location"]).query)
    assert asked["redirect_uri"] == [f"{HOST}{OIDC}callback/"]
    code = idp.code_for(there["Location"])
    return client.get(f"{OIDC}callback/", {"code": code, "state": asked["state"][0]})


def who(client: Client) -> User | None:
    return User.objects.filter(pk=client.session.get("_auth_user_id")).first()


# --- Coming in -----------------------------------------------------------------------------------------


def test_a_newcomer_gets_an_account_a_proved_address_and_a_seat(oidc: SignOn, idp: OpenIDProvider) -> None:
    idp.claims["name"] = "Ana Novak"
    a_plan("year")
    an_article()
    client = a_browser()
    answer = comes_back(idp, client, next_path="/climate/ministers-agree-on-a-bridge/")
    assert (answer.status_code, answer["Location"]) == (302, "/climate/ministers-agree-on-a-bridge/")
    ana = who(client)
    assert ana is not None
    assert (ana.email, ana.name, ana.has_usable_password()) == ("ana@harbour.example", "Ana Novak", False)
    assert EmailAddress.objects.get(user=ana).verified
    seat = Seat.objects.get(reader=ana)
    assert (seat.how, seat.address, seat.group) == ("sign_on", "ana@harbour.example", oidc.group)
    assert "canaryword" in client.get("/climate/ministers-agree-on-a-bridge/").content.decode()


def test_no_link_to_the_provider_is_kept(oidc: SignOn, idp: OpenIDProvider) -> None:
    comes_back(idp, a_browser())
    assert not SocialAccount.objects.exists()


def test_coming_again_is_the_same_reader_in_the_same_seat(oidc: SignOn, idp: OpenIDProvider, at: Any) -> None:
    first, again = a_browser(), a_browser()
    comes_back(idp, first)
    at(NOW + timedelta(days=30))
    idp.claims["email"] = "Ana@Harbour.Example"
    comes_back(idp, again)
    assert who(first) == who(again)
    seat = Seat.objects.get()
    assert (seat.given_at, seat.proved_at) == (NOW, NOW + timedelta(days=30))


def test_a_reader_who_had_an_account_at_that_address_keeps_it(oidc: SignOn, idp: OpenIDProvider) -> None:
    ana = a_reader("ana@harbour.example", name="Ana")
    a_subscription(ana)
    client = a_browser()
    comes_back(idp, client)
    assert who(client) == ana
    assert User.objects.filter(email="ana@harbour.example").count() == 1


def test_who_comes_when_every_seat_is_taken_has_an_account_and_is_told(oidc: SignOn, idp: OpenIDProvider) -> None:
    for name in ("ana", "ben", "cleo"):
        idp.claims |= {"email": f"{name}@harbour.example", "sub": name}
        client = a_browser()
        comes_back(idp, client)
    assert who(client)
    assert Seat.objects.count() == 2
    assert "Every seat of Harbour" in client.get("/account/").content.decode()


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (Seat.Why.REMOVED, "Somebody removed you from this group."),
        (Seat.Why.TRANSFERRED, "Somebody removed you from this group."),
        (Seat.Why.LEFT, ""),
    ],
)
def test_who_was_removed_or_left_gets_no_seat_again_by_the_log_in(
    oidc: SignOn, idp: OpenIDProvider, why: Seat.Why, words: str
) -> None:
    comes_back(idp, a_browser())
    Seat.objects.get().end(why, by=None, at=NOW)
    again = a_browser()
    comes_back(idp, again)
    ana = who(again)
    assert ana is not None
    assert not Seat.objects.held().exists()
    page = again.get("/account/").content.decode()
    assert words in page
    assert "Every seat of" not in page
    assert inviting.invite(oidc.group, ana.email, by=None, at=NOW, language="en") == "invited"
    assert inviting.accept(Invitation.objects.get(), ana, at=NOW)
    assert sign_on.welcome(oidc, sign_on.Said(ana.email, True), language="en", at=NOW).has_seat


def test_the_session_lasts_a_week_so_that_leavers_are_noticed(oidc: SignOn, idp: OpenIDProvider) -> None:
    client = a_browser()
    comes_back(idp, client)
    assert client.session.get_expiry_age() <= 7 * 24 * 60 * 60


@pytest.mark.parametrize("language", ["fr", "nl"])
def test_the_address_for_the_provider_is_the_same_in_every_language(
    oidc: SignOn, idp: OpenIDProvider, language: str
) -> None:
    client = a_browser()
    client.force_login(a_reader(language=language), backend="django.contrib.auth.backends.ModelBackend")
    assert comes_back(idp, client).status_code == 302


# --- Whom a provider may name ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "email",
    [
        "eve@elsewhere.example",
        "ana@harbour.example.evil.example",
        "ana@sub.harbour.example",
        "ana@harb0ur.example",
        "ana",
        "",
    ],
)
def test_a_provider_speaks_for_its_domains_and_nothing_else(oidc: SignOn, idp: OpenIDProvider, email: str) -> None:
    a_reader("eve@elsewhere.example")
    idp.claims["email"] = email
    client = a_browser()
    assert comes_back(idp, client).status_code == 403
    assert who(client) is None
    assert not Seat.objects.exists()


def test_a_domain_that_a_manager_added_is_not_enough(oidc: SignOn, idp: OpenIDProvider) -> None:
    """Who once had an address at a university could otherwise come into everybody's account there."""
    Domain.objects.create(group=oidc.group, name="university.example", added_at=NOW)
    victim = a_reader("prof@university.example")
    idp.claims["email"] = victim.email
    client = a_browser()
    assert comes_back(idp, client).status_code == 403
    assert who(client) is None


def test_a_domain_of_another_agreement_is_not_theirs(oidc: SignOn, idp: OpenIDProvider) -> None:
    other = an_agreement("Other")
    Domain.objects.create(group=other, name="other.example", added_at=NOW)
    a_reader("bea@other.example")
    idp.claims["email"] = "bea@other.example"
    assert comes_back(idp, a_browser()).status_code == 403


@pytest.mark.parametrize(
    ("verified", "vouches", "comes_in"),
    [
        *((True, False, True), ("true", False, True), (None, True, True), (None, False, False), (False, False, False)),
        *((False, True, False), ("false", True, False), ("yes", False, False)),
    ],
)
def test_only_a_verified_address_counts(
    oidc: SignOn, idp: OpenIDProvider, verified: Any, vouches: bool, comes_in: bool
) -> None:
    SignOn.objects.update(vouches_for_addresses=vouches)
    idp.claims.pop("email_verified")
    if verified is not None:
        idp.claims["email_verified"] = verified
    client = a_browser()
    comes_back(idp, client)
    assert (who(client) is not None) is comes_in


@pytest.mark.parametrize("fields", [{"is_staff": True}, {"is_superuser": True}, {"is_active": False}])
def test_nobody_comes_in_as_our_staff_or_as_who_is_locked_out(
    oidc: SignOn, idp: OpenIDProvider, fields: dict[str, Any]
) -> None:
    a_reader("ana@harbour.example", **fields)
    client = a_browser()
    assert comes_back(idp, client).status_code == 403
    assert who(client) is None


def test_a_password_that_somebody_set_before_the_address_was_proved_is_gone(oidc: SignOn, idp: OpenIDProvider) -> None:
    squatter = User.objects.create_user("ana@harbour.example", "a-password-of-somebody")
    EmailAddress.objects.create(user=squatter, email=squatter.email, verified=False, primary=True)
    stays = Client()
    stays.force_login(squatter, backend="django.contrib.auth.backends.ModelBackend")
    comes_back(idp, a_browser())
    squatter.refresh_from_db()
    assert not squatter.has_usable_password()
    assert stays.get("/account/").status_code == 302


def test_who_took_the_account_to_another_address_is_out_of_the_providers_reach(
    oidc: SignOn, idp: OpenIDProvider
) -> None:
    client = a_browser()
    comes_back(idp, client)
    ana = who(client)
    assert ana is not None
    User.objects.filter(pk=ana.pk).update(email="ana@home.example")
    EmailAddress.objects.filter(user=ana).update(email="ana@home.example")
    again = a_browser()
    comes_back(idp, again)
    assert who(again) not in (ana, None)


def test_nobody_ties_an_account_at_work_to_the_one_they_are_in(oidc: SignOn, idp: OpenIDProvider) -> None:
    bob = a_reader()
    client = a_browser()
    client.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    there = client.get(OIDC, {"process": "connect"})
    code = idp.code_for(there["Location"])
    state = parse_qs(urlsplit(there["Location"]).query)["state"][0]
    assert client.get(f"{OIDC}callback/", {"code": code, "state": state}).status_code == 403
    assert not SocialAccount.objects.exists()


# --- What is forged --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "value"),
    [("signed_with", "somebody else's"), ("issuer", "https://evil.example"), ("audience", "another"), ("lasts", -60)],
)
def test_a_token_that_is_not_the_providers_for_us_and_now_lets_nobody_in(
    oidc: SignOn, idp: OpenIDProvider, what: str, value: Any
) -> None:
    setattr(idp, what, value)
    client = a_browser()
    assert comes_back(idp, client).status_code == 401
    assert who(client) is None


def test_more_about_somebody_else_is_not_believed(oidc: SignOn, idp: OpenIDProvider) -> None:
    idp.claims.pop("email")
    idp.userinfo = {"sub": "somebody else", "email": "ben@harbour.example", "email_verified": True}
    assert comes_back(idp, a_browser()).status_code == 401
    idp.userinfo["sub"] = "ana-1"
    client = a_browser()
    comes_back(idp, client)
    assert who(client) == User.objects.get(email="ben@harbour.example")


def test_an_answer_that_nobody_asked_for_lets_nobody_in(oidc: SignOn, idp: OpenIDProvider) -> None:
    started, stranger = a_browser(), a_browser()
    there = started.get(OIDC)
    answer = {"code": idp.code_for(there["Location"]), "state": parse_qs(urlsplit(there["Location"]).query)["state"][0]}
    assert stranger.get(f"{OIDC}callback/", answer).status_code == 401
    assert stranger.get(f"{OIDC}callback/", {"code": "x", "state": "x"}).status_code == 401
    assert started.get(f"{OIDC}callback/", answer).status_code == 302
    assert started.get(f"{OIDC}callback/", answer).status_code == 401, "and once only"


@pytest.mark.parametrize(
    "change",
    [
        lambda sign_on: SignOn.objects.update(is_on=False),
        lambda sign_on: GroupAccount.objects.update(suspended_at=NOW, suspended_because="Not paid"),
        lambda sign_on: GroupAccount.objects.update(ended_at=NOW, ended_because="Over"),
    ],
)
def test_without_a_running_agreement_there_is_no_such_address(oidc: SignOn, saml: SignOn, change: Any) -> None:
    change(oidc)
    for path in (OIDC, f"{OIDC}callback/", SAML, SAML.replace("login", "acs"), "/sign-on/harbour/"):
        client = a_browser()
        answer = client.post(path) if "acs" in path else client.get(path)
        assert answer.status_code == 404, path


def test_a_provider_that_does_not_answer_is_said_to_be_away(oidc: SignOn) -> None:
    SignOn.objects.update(issuer="http://127.0.0.1:9")
    answer = a_browser().get(OIDC)
    assert answer.status_code == 502
    assert "does not answer" in answer.content.decode()


# --- SAML --------------------------------------------------------------------------------------------------


def asked_of_saml(client: Client) -> dict[str, str]:
    """What we ask the provider for: its id, where it shall answer, who asks."""
    there = client.get(SAML)
    assert there["Location"].startswith("https://idp.harbour.example/sso?")
    packed = parse_qs(urlsplit(there["Location"]).query)["SAMLRequest"][0]
    request = zlib.decompress(base64.b64decode(packed), -15).decode()
    return {
        "in_response_to": re.search(r'\bID="([^"]+)"', request)[1],  # type: ignore[index]
        "to": re.search(r'AssertionConsumerServiceURL="([^"]+)"', request)[1],  # type: ignore[index]
        "audience": re.search(r"<saml:Issuer>([^<]+)<", request)[1],  # type: ignore[index]
    }


def answers(client: Client, answer: str) -> HttpResponse:
    at_our_door = client.post(SAML.replace("login", "acs"), {"SAMLResponse": answer, "RelayState": ""})
    assert at_our_door.status_code == 302
    return client.get(at_our_door["Location"])


def test_a_signed_assertion_lets_somebody_in(saml: SignOn) -> None:
    client = a_browser()
    asked = asked_of_saml(client)
    assert asked["to"] == f"{HOST}/accounts/saml/harbour-saml/acs/"
    assert answers(client, a_saml_answer(**asked)).status_code == 302
    ana = who(client)
    assert ana is not None
    assert ana.email == "ana@harbour.example"
    assert Seat.objects.get().reader == ana


@pytest.mark.parametrize(
    "forged",
    [
        {"signed_with": "somebody else's"},
        {"is_signed": False},
        {"entity": "https://evil.example/metadata"},
        {"audience": "https://other.example"},
        {"to": "https://other.example/acs/"},
        {"minutes": -10},
        {"in_response_to": "ONELOGIN_never_asked"},
    ],
)
def test_an_assertion_that_is_not_the_providers_for_us_and_now_lets_nobody_in(saml: SignOn, forged: Any) -> None:
    client = a_browser()
    asked = asked_of_saml(client)
    answer = answers(client, a_saml_answer(**(asked | forged)))
    assert answer.status_code in (401, 403), answer.status_code
    assert who(client) is None
    assert not User.objects.exists()


def test_an_assertion_whose_words_were_changed_after_signing_is_refused(saml: SignOn) -> None:
    client = a_browser()
    asked = asked_of_saml(client)
    words = base64.b64decode(a_saml_answer(**asked)).replace(b"ana@harbour", b"ben@harbour")
    assert answers(client, base64.b64encode(words).decode()).status_code == 401


def test_an_assertion_is_taken_once_and_by_who_asked(saml: SignOn) -> None:
    client, thief = a_browser(), a_browser()
    answer = a_saml_answer(**asked_of_saml(client))
    assert answers(thief, answer).status_code in (401, 403)
    assert answers(client, answer).status_code == 302
    client.logout()
    assert answers(client, answer).status_code in (401, 403)


def test_a_provider_of_saml_speaks_for_its_domains_only(saml: SignOn) -> None:
    a_reader("eve@elsewhere.example")
    client = a_browser()
    answer = answers(client, a_saml_answer(**asked_of_saml(client), email="eve@elsewhere.example"))
    assert answer.status_code == 403
    assert who(client) is None


def test_rubbish_at_the_door_of_saml_is_refused_and_of_nobody_not_kept(saml: SignOn) -> None:
    client = a_browser()
    for rubbish in ("", "x", "PHg+", base64.b64encode(b"<x/>").decode()):
        assert answers(client, rubbish).status_code == 401
    assert a_browser().post("/accounts/saml/nobody/acs/", {"SAMLResponse": "x"}).status_code == 404


def test_the_metadata_names_where_to_answer(saml: SignOn) -> None:
    said = a_browser().get("/accounts/saml/harbour-saml/metadata/").content.decode()
    assert f'Location="{HOST}/accounts/saml/harbour-saml/acs/"' in said


# --- The pages, and what staff may enter ---------------------------------------------------------------------


def test_an_address_at_work_leads_to_the_log_in_of_its_organisation(oidc: SignOn) -> None:
    client = a_browser()
    found = client.post("/sign-on/", {"email": "Ana@Harbour.Example", "next": "/climate/"})
    assert found["Location"] == "/sign-on/harbour/?next=%2Fclimate%2F"
    page = client.get(found["Location"]).content.decode()
    assert f'{OIDC}?next=%2Fclimate%2F"' in page
    assert client.post("/sign-on/", {"email": "ana@elsewhere.example"}).status_code == 422


def test_their_it_finds_everything_to_enter_on_one_page(oidc: SignOn, saml: SignOn) -> None:
    page = a_browser().get("/sign-on/harbour/set-up/").content.decode()
    assert f"{HOST}{OIDC}callback/" in page
    assert "@harbour.example" in page
    assert SECRET not in page
    page = a_browser().get("/sign-on/harbour-saml/set-up/").content.decode()
    for needed in ("acs/", "metadata/"):
        assert f"{HOST}/accounts/saml/harbour-saml/{needed}" in page


@pytest.mark.parametrize(
    "fields",
    [
        {"issuer": "https://login.microsoftonline.com/common/v2.0"},
        {"issuer": "https://login.microsoftonline.com/organizations/v2.0"},
        {"issuer": "http://idp.harbour.example"},
        {"issuer": "idp.harbour.example"},
        {"issuer": "", "is_on": True},
        {"client_id": "", "is_on": True},
        {"kind": "saml", "sso_url": "javascript:alert(1)"},
        {"kind": "saml", "sso_url": "https://idp.harbour.example/sso", "certificate": "", "is_on": True},
    ],
)
def test_what_would_let_strangers_in_or_cannot_work_is_refused(group: GroupAccount, fields: dict[str, Any]) -> None:
    values = {"kind": "openid_connect", "issuer": "https://idp.harbour.example", "client_id": "x"} | fields
    with pytest.raises(ValidationError):
        SignOn(group=group, slug="x", changed_at=NOW, **values).clean()


def test_the_database_switches_nothing_on_that_is_not_complete(group: GroupAccount) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SignOn.objects.create(group=group, slug="x", kind="saml", issuer=ENTITY, is_on=True, changed_at=NOW)
