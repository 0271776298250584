"""Into the admin with a second factor: enforced where the setting says so, with a way to set it up."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib import admin
from django.test import Client

from readers.models import User
from tests.check import production

from .make import a_reader, an_article, proved, somebody_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/second-factor/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _enforced(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True


@pytest.fixture
def eve() -> User:
    return somebody_in("Chief editors", "eve@example.org")


def came_by_code(person: User) -> Client:
    """A browser in which this person typed the six digits from the mail."""
    client = Client()
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    proved(client)
    return client


def showed(client: Client, kind: str) -> Client:
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "type": kind, "id": 1, "at": time.time()}]
    session.save()
    return client


def code_of_app() -> str:
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))


def test_staff_without_a_second_factor_are_led_to_set_one_up(eve: User) -> None:
    article = an_article()
    for address in ("/admin/", f"/admin/articles/article/{article.pk}/change/", "/admin/articles/frontversion/"):
        answer = came_by_code(eve).get(address, follow=True)
        assert answer.redirect_chain[-1][0].startswith(PAGE)
        page = answer.content.decode()
        for way in ("/accounts/2fa/webauthn/add/", "/accounts/2fa/totp/activate/", f'href="{address}"'):
            assert way in page


def test_nothing_of_the_admin_opens_without_it(eve: User) -> None:
    client, article = came_by_code(eve), an_article()
    assert client.get(f"/admin/articles/article/{article.pk}/preview/?as=subscriber").status_code in {302, 404}
    for model in admin.site._registry:
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for path in (address, f"{address}add/"):
            answer = client.get(path)
            assert (answer.status_code, answer.get("Location", "")[:13]) == (302, "/admin/login/"), path
    assert client.post("/admin/articles/frontversion/", {"verb": "now"}).status_code == 302
    assert client.get("/admin/autocomplete/").status_code in {302, 403}
    assert client.get("/admin/why/").status_code == 302


@pytest.mark.parametrize("kind", ["webauthn", "totp", "recovery_codes"])
def test_whoever_has_shown_one_in_this_session_comes_in(eve: User, kind: str) -> None:
    client = showed(came_by_code(eve), kind)
    assert client.get("/admin/").status_code == 200
    assert client.get(PAGE)["Location"] == "/admin/"


def test_a_session_from_before_it_was_set_up_shows_it_first(eve: User) -> None:
    TOTP.activate(eve, SECRET)
    client = came_by_code(eve)
    answer = client.get("/admin/articles/article/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2Farticles%2Farticle%2F"
    typed = client.post("/accounts/2fa/reauthenticate/", {"code": code_of_app(), "next": "/admin/articles/article/"})
    assert typed["Location"] == "/admin/articles/article/"
    assert client.get("/admin/articles/article/").status_code == 200


def test_a_passkey_is_asked_for_before_the_app(eve: User) -> None:
    TOTP.activate(eve, SECRET)
    Authenticator.objects.create(user=eve, type="webauthn", data={"name": "Laptop", "credential": {}})
    assert came_by_code(eve).get(PAGE)["Location"].startswith("/accounts/2fa/webauthn/reauthenticate/")


@pytest.mark.django_db(transaction=True)
def test_setting_up_an_app_is_showing_it(eve: User) -> None:
    client = came_by_code(eve)
    client.get("/accounts/2fa/totp/activate/")
    session = client.session
    session["mfa.totp.secret"] = SECRET
    session.save()
    assert client.post("/accounts/2fa/totp/activate/", {"code": code_of_app()}).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert came_by_code(eve).get("/admin/").status_code == 302, "another session has to show it"


def test_another_persons_proof_is_worth_nothing(eve: User) -> None:
    client = showed(came_by_code(eve), "totp")
    session = client.session
    session["account_authentication_methods_user"] = str(a_reader().pk)
    session.save()
    assert client.get("/admin/").status_code == 302


def test_readers_and_strangers_are_not_shown_the_way_in() -> None:
    assert came_by_code(a_reader()).get(PAGE).status_code == 403
    assert "/accounts/login/" in Client().get(PAGE)["Location"]


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/account/", "javascript:alert(1)"])
def test_the_way_on_leads_nowhere_but_into_the_admin(eve: User, elsewhere: str) -> None:
    assert showed(came_by_code(eve), "totp").get(PAGE, {"next": elsewhere})["Location"] == "/admin/"


def test_where_it_is_not_enforced_a_code_alone_opens_the_admin(eve: User, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = False
    assert came_by_code(eve).get("/admin/").status_code == 200


@pytest.mark.parametrize(("variables", "enforced"), [(production, "True"), (lambda folder: {}, "False")])
def test_it_is_enforced_in_production_and_not_while_developing(tmp_path: Path, variables: Any, enforced: str) -> None:
    told = "from newsroom import settings; print(settings.STAFF_SECOND_FACTOR)"
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)} | variables(str(tmp_path))
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", told], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == enforced
