"""Where old links lead, as editors see and arrange it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from articles.models import FormerAddress, OldAddress

from .make import NOW, TOMORROW, an_article, somebody_in

pytestmark = pytest.mark.django_db
HERE, ELSEWHERE = "/admin/articles/formeraddress/", "/admin/articles/oldaddress/"


@pytest.fixture(autouse=True)
def _now(at: Callable[[datetime], None]) -> None:
    at(NOW)


@pytest.fixture
def desk(client: Client) -> Client:
    """Eve's browser."""
    client.force_login(somebody_in("Editors", "eve@example.org"))
    return client


def test_an_address_of_another_site_is_added_found_and_removed(desk):
    article = an_article("The bridge", slug="bridge")
    assert desk.get("/2019/05/Bridge-Opens/").status_code == 404

    desk.post(f"{ELSEWHERE}add/", {"path": "https://old.example/2019/05/Bridge-Opens/?utm=x", "article": article.pk})
    assert desk.get("/2019/05/Bridge-Opens/").url == "/climate/bridge/"
    for words in ("2019/05", "the bridge"):
        assert "/2019/05/bridge-opens" in desk.get(ELSEWHERE, {"q": words}).content.decode()

    desk.post(f"{ELSEWHERE}{OldAddress.objects.get().pk}/delete/", {"post": "yes"})
    assert desk.get("/2019/05/Bridge-Opens/").status_code == 404


def test_an_address_of_this_site_is_added_found_and_removed(desk):
    article = an_article("The bridge", slug="bridge")
    desk.post(f"{HERE}add/", {"slug": "brigde", "article": article.pk})
    assert desk.get("/climate/brigde/").url == "/climate/bridge/"
    assert "brigde" in desk.get(HERE, {"q": "brig"}).content.decode()
    desk.post(f"{HERE}{FormerAddress.objects.get().pk}/delete/", {"post": "yes"})
    assert desk.get("/climate/brigde/").status_code == 404


@pytest.mark.parametrize("path", ["/", "?p=12", "https://old.example", "/climate/bridge/", "/climate/", "/search/"])
def test_no_address_is_led_on_where_a_page_stands(desk, path):
    article = an_article("The bridge", slug="bridge")
    page = desk.post(f"{ELSEWHERE}add/", {"path": path, "article": article.pk})
    assert page.context["adminform"].form.errors.get("path"), path
    page = desk.post(f"{HERE}add/", {"slug": "bridge", "article": article.pk})
    assert "stands there now" in page.content.decode()


def test_the_list_says_what_leads_nowhere_yet(desk):
    FormerAddress.objects.create(slug="soon", article=an_article("Planned", published=TOMORROW))
    assert "nothing, until it is published" in desk.get(HERE).content.decode()


@pytest.mark.parametrize("group", ["Authors", "Subscription desk"])
def test_only_editors_arrange_where_links_lead(client, group):
    client.force_login(somebody_in(group))
    for page in (HERE, f"{HERE}add/", ELSEWHERE, f"{ELSEWHERE}add/"):
        assert client.get(page).status_code == 403
