"""A field that no form has changes nothing: nobody gives themselves a right by sending one along."""

import re
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from articles.models import Article
from groups.models import GroupAccount, Manager, Seat
from readers.models import User
from subscriptions.models import Grant, Subscription
from tests.make import NOW, a_plan, a_reader, a_subscription, an_article
from tests.security.routes import Route, good_values, routes
from tests.security.visitors import Browser, Visitor, desk, editor, reader
from tests.supply_chain.lock import ROOT

pytestmark = pytest.mark.django_db
# Everything about rights, money and time that a row has, as a form would name it.
EXTRA = {
    **dict.fromkeys(("is_staff", "is_superuser", "is_active", "is_admin", "admin", "gives_access", "verified"), "on"),
    **dict.fromkeys(("primary", "_popup", "is_free", "is_published", "may_manage", "is_academic"), "on"),
    **dict.fromkeys(("ends_at", "ends_at_0", "period_ends_at", "expires_at", "ended_at", "until"), "2099-01-01"),
    **dict.fromkeys(("price_cents", "amount_cents", "net_cents", "quantity", "discount"), "1"),
    **dict.fromkeys(("reader", "reader_id", "user", "user_id", "owner", "granted_by", "group_id", "pk", "id"), "1"),
    **dict.fromkeys(("groups", "user_permissions", "role", "roles"), "1"),
    **{
        "status": "active",
        "how": "invited",
        "seats": "10000",
        "plan_id": "1",
        "password": "x",
        "last_login": "2099-01-01",
    },
}
# Who is who, and may what; of readers also what they have.
OF_STAFF: dict[Any, tuple[str, ...]] = {
    User: ("is_staff", "is_superuser"),
    User.groups.through: ("user_id", "group_id"),
    User.user_permissions.through: ("user_id", "permission_id"),
}
OF_READERS: dict[Any, tuple[str, ...]] = OF_STAFF | {
    User: ("is_staff", "is_superuser", "is_active", "password"),
    Subscription: ("reader_id", "status", "period_ends_at", "ends_at", "plan_id"),
    Grant: ("reader_id", "ends_at"),
    GroupAccount: ("ended_at", "suspended_at"),
    Seat: ("group_id", "reader_id"),
    Manager: ("group_id", "reader_id"),
}
# Where a ModelForm may stand: at the desks, which ask for a right first.
DESKS = re.compile(
    r"(?:^|/)admin/|_desk\.py$|^subscriptions/admin\.py$|^newsroom/admin\.py$|^articles/models/|^newsroom/audit/"
)


class Filled(HTMLParser):
    """The fields of a page's forms as they stand there, as a browser would send them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self._select = self._textarea = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name, kind = said.get("name", ""), said.get("type", "text")
        if tag == "input" and name and kind not in ("submit", "button", "file", "image"):
            if kind not in ("checkbox", "radio") or "checked" in said:
                self.fields.setdefault(name, []).append(said.get("value", "on" if kind == "checkbox" else ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in said:
            self.fields.setdefault(self._select, []).append(said.get("value", ""))
        elif tag == "textarea":
            self._textarea = name

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.fields.setdefault(self._textarea, []).append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""


def held(rights: dict[Any, tuple[str, ...]]) -> dict[str, Any]:
    """How things stand."""
    return {model.__name__: sorted(model._base_manager.values_list("pk", *names)) for model, names in rights.items()}


class Gained(AssertionError):
    """Somebody has got something out of a request."""


def send_along(
    visitor: Visitor, article: Article, rights: dict[Any, tuple[str, ...]], where: Callable[[Route], bool]
) -> int:
    """POST every form as it stands, and EXTRA with it. How many were taken. Raises Gained."""
    browser = Browser(visitor())
    good, before, taken = good_values(article), held(rights), 0
    good["object_id"] = [str(person.pk) for person in User.objects.order_by("-pk")[:1]]
    for route in filter(where, routes()):
        path = route.path({name: good.get(name, ["x"])[0] for name in route.arguments})
        page = browser.get(path)
        html = "" if page.streaming or "html" not in page.get("Content-Type", "") else page.content.decode()
        fields = Filled(html).fields
        with browser.forgetting():
            answer = browser.client.post(path, EXTRA | fields)
            if held(rights) != before:
                raise Gained(path)
        taken += answer.status_code in (200, 302)
    return taken


@pytest.fixture
def article(at: Callable[[datetime], None]) -> Article:
    at(NOW)
    a_plan("year")
    a_subscription(a_reader("alice@example.org"))
    return an_article()


def test_the_walk_sends_forms_as_browsers_do() -> None:
    html = """<form><input name=a value=1><input type=checkbox name=b><input type=checkbox name=c checked>
    <select name=d><option value=1><option value=2 selected></select><textarea name=e>x</textarea></form>"""
    assert Filled(html).fields == {"a": ["1"], "c": ["on"], "d": ["2"], "e": ["x"]}


def test_a_reader_gains_nothing_at_any_address(article: Article) -> None:
    taken = send_along(reader, article, OF_READERS, lambda route: not route.pieces[0].startswith("admin/"))
    assert taken > 50


@pytest.mark.parametrize("visitor", [editor, desk])
def test_staff_gain_no_right_at_any_form_of_the_admin(visitor: Visitor, article: Article) -> None:
    taken = send_along(visitor, article, OF_STAFF, lambda route: route.pieces[0].startswith("admin/"))
    assert taken > 20


def test_forms_that_write_a_row_by_themselves_stand_at_the_desks_only() -> None:
    """A form of a reader's names each field and hands it to a function; none is filled from a model."""
    found = [
        path.relative_to(ROOT).as_posix()
        for app in ("newsroom", "rights", "articles", "groups", "subscriptions", "readers")
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"\bModelForm\b|modelform_factory|modelformset_factory", path.read_text())
    ]
    assert [name for name in found if not DESKS.search(name)] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "POST"},
        {"HTTP_X_HTTP_METHOD": "POST"},
        {"HTTP_X_METHOD_OVERRIDE": "DELETE"},
    ],
)
def test_no_header_and_no_field_makes_one_method_another(headers: dict[str, str], article: Article) -> None:
    browser = Browser(reader())
    for path in ("/account/keep/", "/account/feed/new/", "/account/feed/end/", "/stripe/webhook/", "/gift/"):
        assert browser.get(path, {"_method": "POST"}, **headers).status_code == 405, path
    answer = Client().post("/robots.txt", {"_method": "GET"}, HTTP_X_HTTP_METHOD_OVERRIDE="GET")
    assert answer.status_code == 405
