"""Every address of the admin, tried by everybody: each opens what its work needs, and nobody lifts themselves up."""

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module, reload
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import clear_url_caches, get_resolver, set_urlconf

from articles.models import Article
from readers.models import User
from tests.make import NOW, a_grant, a_reader, a_subscription, an_article, an_author, somebody_in
from tests.security.routes import Route, good_values, routes
from tests.test_staff_desk import RIGHTS, VERBS

pytestmark = pytest.mark.django_db
GROUPS = tuple(RIGHTS)
# What each address of its own needs beyond being on the staff: one of these rights. None: every colleague.
ADMINISTRATORS = "an administrator"
NEEDS: dict[str, str | None] = {
    "index": None,
    "login": None,
    "logout": None,
    "jsi18n": None,
    "password_change": None,
    "password_change_done": None,
    "view_on_site": None,
    "autocomplete": None,
    "app_list": None,
    "second_factor": None,
    # What forms must carry, of one's own session.
    "articles_article_token": None,
    "see_as_stop": None,
    "why": "readers.view_user",
    "state": "newsroom.view_run",
    "see_as": "newsroom.see_as_reader",
    "newsroom_staffact_csv": "newsroom.view_staffact",
    "newsroom_staffact_jsonl": "newsroom.view_staffact",
    "newsroom_page_preview_new": "newsroom.add_page",
    "newsroom_page_preview": "newsroom.change_page",
    "newsroom_page_versions": "newsroom.view_page",
    "newsroom_page_version": "newsroom.view_page",
    "newsroom_page_restore": "newsroom.change_page",
    "newsroom_periodicjob_again": "newsroom.change_periodicjob",
    "newsroom_pagereview_again": "newsroom.change_pagereview",
    "newsroom_run_again": "newsroom.change_run",
    "rights_erasure_of": ADMINISTRATORS,
    "rights_register": ADMINISTRATORS,
    "rights_statement_match": "rights.change_statement",
    "rights_statement_accept": "rights.change_statement",
    "rights_statement_again": "rights.change_statement",
    "rights_statement_done": "rights.change_statement",
    "articles_article_withdraw": "articles.withdraw_article",
    "articles_article_put_back": "articles.withdraw_article",
    "articles_brief_quick": "articles.add_brief",
    "articles_agendaitem_quick": "articles.add_agendaitem",
    "articles_partneritem_end": "articles.change_partneritem",
    "articles_frontversion_preview": "articles.view_frontversion",
    "articles_frontversion_take_back": "articles.change_frontversion",
    "articles_picture_library": "articles.view_picture",
    "articles_picture_put_in": "articles.add_picture",
    "articles_picture_card": "articles.view_picture",
    "subscriptions_grant_end": "subscriptions.change_grant",
    "subscriptions_grant_many": "subscriptions.add_grant",
    "groups_student_proof": "groups.change_studentapplication",
    "groups_student_accept": "groups.change_studentapplication",
    "groups_student_refuse": "groups.change_studentapplication",
    "subscriptions_purchase_give_back": "subscriptions.change_purchase",
    "subscriptions_refund_again": "subscriptions.refund",
    "subscriptions_termsversion_publish": "subscriptions.change_termsversion",
    "subscriptions_termsversion_copy": "subscriptions.add_termsversion",
    "readers_user_payments": "subscriptions.refund",
    "readers_user_refund": "subscriptions.refund",
    "readers_user_give": "subscriptions.refund",
    "readers_user_close": ADMINISTRATORS,
    "subscriptions_stripeevent_again": "subscriptions.change_stripeevent",
    "readers_addresschange_again": ADMINISTRATORS,
}
# Whole desks, whose further addresses all need the same.
DESKS = {
    "articles_article_": "articles.change_article",
    "articles_livecoverage_": "articles.change_livecoverage",
    "groups_groupaccount_": "groups.change_groupaccount",
    "groups_enquiry_": "groups.change_enquiry",
}
STANDARD = re.compile(r"^(?P<model>\w+?_\w+?)_(?P<page>changelist|add|change|delete|history)$")
VERB = {"changelist": "view", "change": "view", "history": "view", "add": "add", "delete": "delete"}


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)


@pytest.fixture
def article() -> Article:
    """One of everything that addresses name: the number 1 is an article, a reader and a grant."""
    article = an_article()
    bob = a_reader()
    a_subscription(bob)
    a_grant(bob, by=a_reader("carol@example.org", is_staff=True))
    return article


@cache
def admin_routes() -> tuple[Route, ...]:
    return tuple(one for one in routes() if one.pieces[0].startswith("admin/"))


def needed(route: Route) -> tuple[bool, str | None]:
    """Whether this table knows the address, and the right it needs."""
    name = route.name
    if name in NEEDS:
        return True, NEEDS[name]
    if found := STANDARD.match(name):
        app, _, model = found["model"].partition("_")
        return True, f"{app}.{VERB[found['page']]}_{model}"
    return next(((True, right) for start, right in DESKS.items() if name.startswith(start)), (False, None))


def rights_of(group: str) -> set[str]:
    given = {
        f"{label.split('.')[0]}.{verb}_{label.split('.')[1]}"
        for label, verbs in RIGHTS[group].items()
        for verb in verbs
    }
    return given | VERBS[group]


def tried(client: Client, route: Route, good: dict[str, list[str]], method: str) -> HttpResponse:
    values = {name: good.get(name, ["1"])[0] for name in route.arguments}
    if route.name.startswith(("rights_statement_", "subscriptions_purchase_")):
        values |= dict.fromkeys(values, "00000000-0000-4000-8000-000000000000")
    if route.name.startswith("newsroom_page_"):
        values |= dict.fromkeys(values, "1")
    return getattr(client, method)(route.path(values))  # type: ignore[no-any-return]


def is_refused(route: Route, answer: HttpResponse) -> bool:
    """Refused, or nothing is there: the history of no row leads back to the desk."""
    leads_back = route.name.endswith("_history") and answer.get("Location") == "/admin/"
    return leads_back or answer.status_code in (403, 404, 405)


def is_a_door(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith(("/admin/login/", "/accounts/"))


def test_every_address_of_the_admin_is_in_the_table() -> None:
    names = {one.name for one in admin_routes() if not one.name.startswith("admin/")}
    unknown = {one.name for one in admin_routes() if one.name in names and not needed(one)[0]}
    assert not unknown
    assert len(names) > 250
    assert {f"{one._meta.app_label}_{one._meta.model_name}_changelist" for one in admin.site._registry} <= names
    assert set(NEEDS) - {"logout"} <= names | {"logout"}


@pytest.mark.parametrize("group", GROUPS)
def test_each_group_opens_what_it_has_a_right_to_and_is_refused_the_rest(group: str, article: Article) -> None:
    client, wrong = Client(raise_request_exception=False), []
    person = somebody_in(group, "gina@example.org")
    type(an_author()).objects.filter(pk=an_author().pk).update(account=person)
    client.force_login(person)
    mine, good = rights_of(group), good_values(article)
    session = client.cookies.output(header="")
    for route in admin_routes():
        known, right = needed(route)
        if not known or right is None or right in mine:
            continue
        # Django's own pages ask the same of both; ours are tried.
        for method in ("get",) if STANDARD.match(route.name) else ("get", "post"):
            client.cookies.load(session)
            answer = tried(client, route, good, method)
            if not is_refused(route, answer):
                wrong.append(f"{method} {route.name}: {answer.status_code} {answer.get('Location', '')}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("visitor", ["nobody", "reader"])
def test_readers_and_strangers_find_a_door_at_each(visitor: str, article: Article) -> None:
    client, good, wrong = Client(raise_request_exception=False), good_values(article), []
    if visitor == "reader":
        client.force_login(a_reader("eva@example.org"))
    session = client.cookies.output(header="")
    for route in admin_routes():
        if route.name in ("login", "logout", "jsi18n"):
            continue
        for method in ("get",) if STANDARD.match(route.name) else ("get", "post"):
            client.cookies.load(session)
            answer = tried(client, route, good, method)
            if not is_a_door(answer) and answer.status_code not in (403, 404, 405):
                wrong.append(f"{method} {route.name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_staff_of_no_group_see_an_empty_desk(article: Article) -> None:
    client, good = Client(raise_request_exception=False), good_values(article)
    client.force_login(a_reader("new@example.org", is_staff=True))
    session, wrong = client.cookies.output(header=""), []
    for route in admin_routes():
        known, right = needed(route)
        if not known or right is None:
            continue
        client.cookies.load(session)
        answer = tried(client, route, good, "get")
        if not is_refused(route, answer):
            wrong.append(f"{route.name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("group", GROUPS)
def test_autocompletion_gives_only_what_may_be_seen(group: str, article: Article) -> None:
    client, mine = Client(raise_request_exception=False), rights_of(group)
    client.force_login(somebody_in(group, "gina@example.org"))
    for model, one in admin.site._registry.items():
        for field in one.autocomplete_fields:
            remote = model._meta.get_field(field).related_model._meta
            query = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field}
            answer = client.get("/admin/autocomplete/", query)
            if f"{remote.app_label}.view_{remote.model_name}" not in mine:
                assert answer.status_code == 403, (group, model, field)


# --- Nobody lifts themselves up -------------------------------------------------------------------------

RAISED: dict[str, Any] = {
    "is_staff": "on",
    "is_superuser": "on",
    "is_active": "on",
    "groups": ["1", "2", "3", "4"],
    "user_permissions": ["1"],
    "password": "pbkdf2_sha256$1$x$y",
    "session_seal": "x",
    "email": "taken@example.org",
}


@pytest.mark.parametrize("group", GROUPS)
def test_nobody_raises_rights_with_fields_that_no_form_shows(group: str) -> None:
    gina, ada = somebody_in(group, "gina@example.org"), a_reader("ada@example.org", is_staff=True, is_superuser=True)
    gina.user_permissions.add(Permission.objects.get(codename="change_user"))
    client = Client()
    client.force_login(gina)
    before = {one.pk: (one.email, one.password, one.is_staff, one.is_superuser) for one in User.objects.all()}
    for person in (gina, ada):
        client.post(f"/admin/readers/user/{person.pk}/change/", RAISED | {"name": "x"})
        client.post(
            f"/admin/readers/user/{person.pk}/password/",
            {"password1": "a new pass word", "password2": "a new pass word"},
        )
        client.post(f"/admin/see-as/{person.pk}/")
    client.post("/admin/readers/user/add/", RAISED)
    client.post("/admin/auth/group/add/", {"name": "Kings", "permissions": ["1"]})
    client.post(f"/admin/auth/group/{gina.groups.get().pk}/change/", {"name": "Kings", "permissions": ["1"]})
    for path in ("account/language", "account/choices", "accounts/password/set", "account/email"):
        client.post(f"/{path}/", RAISED | {"language": "fr"})
    after = {one.pk: (one.email, one.password, one.is_staff, one.is_superuser) for one in User.objects.all()}
    assert after == before
    assert list(gina.groups.values_list("name", flat=True)) == [group]
    assert not Group.objects.filter(name="Kings").exists()


def test_what_a_reader_sends_to_their_own_account_raises_nothing() -> None:
    bob, client = a_reader(), Client()
    client.force_login(bob)
    for path in ("account/language", "account/choices", "newsletters/sign-up", "account/student"):
        client.post(f"/{path}/", RAISED | {"language": "fr"})
    bob.refresh_from_db()
    assert (bob.is_staff, bob.is_superuser, bob.groups.count(), bob.email) == (False, False, 0, "bob@example.org")


# --- The admin is where the setting says -----------------------------------------------------------------


@pytest.fixture
def elsewhere(settings: Any) -> Any:
    """The site with its admin at another address."""
    settings.ADMIN_PATH = "back-office"
    undone = (admin.site.login, admin.site.has_permission)
    # Not imported with this file: before a test begins DEBUG is on, and the addresses of development would stay.
    urls = import_module(settings.ROOT_URLCONF)
    reload(urls)
    clear_url_caches()
    yield
    settings.ADMIN_PATH = "admin"
    reload(urls)
    admin.site.login, admin.site.has_permission = undone  # type: ignore[method-assign,assignment]
    clear_url_caches()
    set_urlconf(None)


@pytest.mark.usefixtures("elsewhere")
def test_the_admin_moves_with_the_setting_and_leaves_nothing_behind(article: Article) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(a_reader("ada@example.org", is_staff=True, is_superuser=True))
    assert not [one for one in get_resolver().url_patterns if str(one.pattern).startswith("admin/")]
    assert client.get("/admin/").status_code == 404
    paths = [
        "",
        "readers/user/",
        f"articles/article/{article.pk}/change/",
        "articles/frontversion/",
        "newsroom/staffact/",
    ]
    for path in [*paths, "why/", "state/", f"readers/user/{User.objects.first().pk}/change/"]:
        answer = client.get(f"/back-office/{path}")
        assert answer.status_code == 200, path
        assert '"/admin/' not in answer.content.decode(), path
    assert "admin" not in client.get("/robots.txt").content.decode()
    assert "back-office" not in Client().get("/").content.decode()


def test_no_script_or_template_writes_the_address_of_the_admin_itself() -> None:
    from pathlib import Path

    root, found = Path(__file__).parents[2], []
    for folder in (
        "articles",
        "edge",
        "groups",
        "newsroom",
        "page_cache",
        "readers",
        "rights",
        "subscriptions",
        "templates",
    ):
        for path in (root / folder).rglob("*"):
            if path.suffix in (".py", ".html", ".js", ".txt") and re.search(r"[\"'(= ]/admin/", path.read_text()):
                found.append(str(path.relative_to(root)))
    assert not found
