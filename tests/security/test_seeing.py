"""Staff see the site as a reader does: look at everything a reader asks about, touch nothing, and leave a trace."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import accumulate
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.models import Article, OpenedArticle
from articles.saved import keeps_history
from newsroom import seeing
from newsroom.audit.watching import written_table
from newsroom.models import LookedAs, StaffAct
from readers.choices import READING_HISTORY
from readers.models import Consent, User
from rights import export
from tests.make import NOW, a_reader, a_subscription, an_article, somebody_in
from tests.test_canary import every_address

pytestmark = pytest.mark.django_db
STOP = "/admin/see-as/stop/"
BANNER = "You see the site as bob@example.org does."


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)


@pytest.fixture
def bob() -> User:
    return a_reader()


@pytest.fixture
def article() -> Article:
    return an_article()


def look(client: Client, reader: User) -> int:
    return int(client.post(f"/admin/see-as/{reader.pk}/").status_code)


# --- Who may, and whom ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "status"), [("Authors", 403), ("Editors", 403), ("Chief editors", 403), ("Subscription desk", 302)]
)
def test_the_subscription_desk_may_and_no_editor(client: Client, bob: User, group: str, status: int) -> None:
    client.force_login(somebody_in(group))
    assert look(client, bob) == status
    assert LookedAs.objects.exists() is (status == 302)


def test_readers_and_strangers_are_led_to_the_door(client: Client, bob: User) -> None:
    assert client.post(f"/admin/see-as/{bob.pk}/")["Location"].startswith("/admin/login/")
    client.force_login(a_reader("eva@example.org"))
    assert client.post(f"/admin/see-as/{bob.pk}/")["Location"].startswith("/admin/login/")
    assert not LookedAs.objects.exists()


def test_nobody_who_has_rights_is_looked_through_not_even_by_an_administrator(client: Client) -> None:
    client.force_login(a_reader("ada@example.org", is_staff=True, is_superuser=True))
    was_staff = somebody_in("Editors", "former@example.org")
    was_staff.is_staff = False
    was_staff.save()
    closed = a_reader("closed@example.org", is_active=False)
    odd = a_reader("odd@example.org", is_superuser=True)
    for person in (somebody_in("Editors", "edith@example.org"), was_staff, closed, odd):
        assert look(client, person) == 403
    assert client.post("/admin/see-as/999999/").status_code == 404


def test_it_begins_with_a_press_of_the_button_only(desk: Client, bob: User) -> None:
    assert desk.get(f"/admin/see-as/{bob.pk}/").status_code == 405
    assert f'action="/admin/see-as/{bob.pk}/"' in desk.get(f"/admin/readers/user/{bob.pk}/change/").content.decode()


def test_the_admin_asks_for_the_second_factor_first(desk: Client, bob: User, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True
    assert look(desk, bob) == 302
    assert not LookedAs.objects.exists()


# --- What is seen ---------------------------------------------------------------------------------------


def test_pages_are_the_reader_s_with_a_banner_and_are_kept_by_nobody(desk: Client, bob: User, article: Article) -> None:
    a_subscription(bob)
    User.objects.filter(pk=bob.pk).update(language="fr")
    look(desk, bob)
    for path in ("/account/", "/account/invoices/", "/account/devices/", "/", article.get_absolute_url()):
        answer = desk.get(path)
        assert answer.status_code == 200, path
        assert BANNER in answer.content.decode(), path
        assert "no-store" in answer["Cache-Control"], path
    assert "Votre compte" in desk.get("/account/").content.decode()
    assert bob.email in desk.get("/account/").content.decode()


def test_a_reader_s_wall_is_seen_though_staff_have_none(desk: Client, bob: User, article: Article) -> None:
    assert 'class="paywall' not in desk.get(article.get_absolute_url()).content.decode()
    look(desk, bob)
    page = desk.get(article.get_absolute_url())
    assert page.context["reading"].is_locked


def test_below_the_admin_a_colleague_is_themselves(desk: Client, dora: User, bob: User) -> None:
    look(desk, bob)
    page = desk.get(f"/admin/readers/user/{bob.pk}/change/")
    assert page.status_code == 200
    assert page.context["user"] == dora


def test_who_looks_changes_nothing_for_others(desk: Client, bob: User, article: Article) -> None:
    look(desk, bob)
    desk.get(article.get_absolute_url())
    page = Client().get(article.get_absolute_url()).content.decode()
    assert BANNER not in page
    assert bob.email not in page


# --- Nothing is touched -----------------------------------------------------------------------------------


def test_no_address_writes_or_gives_a_file(desk: Client, bob: User, article: Article) -> None:
    a_subscription(bob)
    look(desk, bob)
    desk.raise_request_exception = False
    session = desk.cookies.output(header="")
    for address in every_address(article):
        if address.path.startswith(("/admin/", "/fr/", "/stripe/", "/dev/", "/healthz", "/readyz", "/metrics")):
            continue
        desk.cookies.clear()
        desk.cookies.load(session)
        with CaptureQueriesContext(connection) as asked:
            answer = desk.get(address.path)
        written = {written_table(one["sql"]) for one in asked.captured_queries} - {""} - seeing._OWN_TABLES
        assert not written, (address, written)
        assert answer.status_code < 500, address
        assert "attachment" not in answer.get("Content-Disposition", ""), address


@pytest.mark.parametrize(
    "path", ["/", "/account/choices/", "/subscribe/order/", "/accounts/logout/", "/nowhere/", "/gift/"]
)
def test_no_form_is_taken_anywhere(desk: Client, bob: User, path: str) -> None:
    look(desk, bob)
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(desk, method)(path)
        assert answer.status_code == 403, method
        assert "Not while you see as a reader" in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/account/data/download/",
            "/accounts/2fa/recovery-codes/",
            "/accounts/2fa/totp/activate/",
            "/account/email/",
        ),
        *("/account/history/", "/account/feed/", "/subscribe/confirm/?plan=year", "/accounts/password/change/"),
        *("/account/delete/", "/account/card/", "/account/invoices/portal/", "/accounts/logout/"),
    ],
)
def test_what_is_dangerous_or_secret_says_so_on_a_page(desk: Client, bob: User, path: str) -> None:
    look(desk, bob)
    answer = desk.get(path)
    assert answer.status_code == 403
    assert "Not while you see as a reader" in answer.content.decode()
    assert 'action="/admin/see-as/stop/"' in answer.content.decode()


def test_the_account_does_not_notice(desk: Client, bob: User, article: Article) -> None:
    a_subscription(bob)
    Consent.objects.create(
        reader=bob, purpose=READING_HISTORY, wording="Keep it", language="en", given_at=NOW - timedelta(days=9)
    )
    assert keeps_history(bob)
    look(desk, bob)
    desk.get(article.get_absolute_url())
    desk.get("/account/")
    bob.refresh_from_db()
    assert bob.last_login is None
    assert not UserSession.objects.filter(user=bob).exists()
    assert not OpenedArticle.objects.exists()
    assert "page.counts_as" not in desk.get(article.get_absolute_url()).wsgi_request.META


# --- It ends ----------------------------------------------------------------------------------------------


def test_the_button_ends_it_and_leads_back(desk: Client, bob: User) -> None:
    look(desk, bob)
    assert desk.post(STOP)["Location"] == f"/admin/readers/user/{bob.pk}/change/"
    assert BANNER not in desk.get("/account/").content.decode()
    assert LookedAs.objects.get().ended_at == NOW


def test_it_ends_after_half_an_hour(desk: Client, bob: User, at: Callable[..., None]) -> None:
    look(desk, bob)
    at(NOW + timedelta(minutes=29))
    assert BANNER in desk.get("/account/").content.decode()
    at(NOW + timedelta(minutes=30))
    assert BANNER not in desk.get("/account/").content.decode()
    assert LookedAs.objects.get().ended_at == NOW + timedelta(minutes=30)


def test_it_ends_with_the_session_the_right_and_the_reader_s_account(dora: User, bob: User) -> None:
    def lost() -> None:
        dora.groups.clear()

    def left() -> None:
        User.objects.filter(pk=bob.pk).update(is_active=False)

    def risen() -> None:
        User.objects.filter(pk=bob.pk).update(is_active=True, is_staff=True)

    desk = dora.groups.get()
    for happens in (lost, left, risen):
        dora.groups.add(desk)
        User.objects.filter(pk=bob.pk).update(is_active=True, is_staff=False)
        client = Client()
        client.force_login(dora)
        assert look(client, bob) == 302, happens
        happens()
        assert BANNER not in client.get("/account/").content.decode(), happens
        assert not LookedAs.objects.filter(ended_at=None).exists(), happens


def test_logging_out_ends_it(desk: Client, bob: User) -> None:
    look(desk, bob)
    desk.post("/admin/logout/")
    assert LookedAs.objects.get().ended_at == NOW
    assert desk.get("/account/").status_code == 302


def test_another_session_s_look_is_worth_nothing(desk: Client, bob: User) -> None:
    theirs = LookedAs.objects.create(
        reader=bob, by=somebody_in("Subscription desk", "o@example.org"), began_at=NOW, until=NOW + timedelta(hours=1)
    )
    session = desk.session
    session[seeing.SESSION] = theirs.pk
    session.save()
    assert BANNER not in desk.get("/account/").content.decode()


# --- It leaves a trace --------------------------------------------------------------------------------------


def test_begin_and_end_are_written_down(desk: Client, dora: User, bob: User) -> None:
    look(desk, bob)
    desk.post(STOP)
    kinds = StaffAct.objects.filter(model="readers.User", object_id=str(bob.pk), actor=dora).order_by("pk")
    assert list(kinds.values_list("kind", flat=True))[:2] == ["seeing", "seen"]


def test_readers_find_it_in_their_data_and_not_who_it_was(desk: Client, dora: User, bob: User) -> None:
    import zipfile

    look(desk, bob)
    with export.write_zip(bob, at=NOW) as written, zipfile.ZipFile(written) as archive:
        said = archive.read("lookedas.json").decode()
    assert "began_at" in said
    assert f'"by": {dora.pk}' not in said


def test_the_button_opens_no_form_inside_the_one_of_the_reader(bob: User) -> None:
    """A browser drops the inner one, and its end closes the outer one: nothing of the reader's would be saved."""
    desk = Client()
    desk.force_login(a_reader("ada@example.org", is_staff=True, is_superuser=True))
    page = desk.get(f"/admin/readers/user/{bob.pk}/change/").content.decode()
    assert 'form="see-as"' in page
    depths = list(accumulate(1 if tag == "<form" else -1 for tag in re.findall("</?form", page)))
    assert set(depths) == {0, 1}
