"""The archive by month, and the investigations."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from articles.archive import Month, years
from tests.make import NOW, an_article

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)


def page(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_a_month_begins_and_ends_at_midnight_in_brussels() -> None:
    an_article("Last of October", published=datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC))
    an_article("First of November", published=datetime(2026, 10, 31, 23, 0, 0, tzinfo=UTC))
    assert "Last of October" in page("/archive/2026/10/")
    assert "First of November" not in page("/archive/2026/10/")
    assert "First of November" in page("/archive/2026/11/")


def test_the_archive_names_every_month_in_which_something_appeared_and_no_other() -> None:
    an_article("Old", published=datetime(2025, 11, 15, tzinfo=UTC))
    an_article("At midnight in Brussels", published=datetime(2025, 12, 31, 23, 0, tzinfo=UTC))
    an_article("New")
    an_article("Of tomorrow", published=NOW + timedelta(days=30))
    found = dict(years(at=NOW))
    assert {year: [month.number for month in months] for year, months in found.items()} == {2026: [11, 1], 2025: [11]}
    assert 'href="/archive/2026/01/"' in page("/archive/")
    assert "/archive/2025/12/" not in page("/archive/")


def test_an_archive_of_two_centuries_is_a_page() -> None:
    an_article("Founded", published=datetime(1821, 5, 5, 12, tzinfo=UTC))
    an_article("New")
    assert [year for year, _ in years(at=NOW)] == [2026, 1821]
    assert "Founded" in page("/archive/1821/05/")
    assert page("/archive/").count("/archive/1821/") == 1


def test_months_lead_to_their_neighbours_over_those_without_anything_and_no_further() -> None:
    an_article("Old", published=datetime(2026, 8, 15, tzinfo=UTC))
    an_article("New")
    assert 'href="/archive/2026/08/" rel="next"' in page("/archive/2026/11/")
    assert 'href="/archive/2026/11/" rel="prev"' in page("/archive/2026/08/")
    assert Client().get("/archive/2026/10/").status_code == 404
    assert "/archive/2026/12/" not in page("/archive/2026/11/")
    assert Month(2026, 12).next == Month(2027, 1)
    assert Month(2026, 1).before == Month(2025, 12)


@pytest.mark.parametrize(
    "path", ["2026/13/", "2026/00/", "2026/1/", "1850/01/", "2999/12/", "0000/01/", "99999/01/", "2026/12/", "x/01/"]
)
def test_months_without_articles_are_not_found(path: str) -> None:
    an_article()
    assert Client().get(f"/archive/{path}").status_code == 404


def test_an_empty_archive_is_a_page() -> None:
    assert "Nothing has been published yet" in page("/archive/")


def test_investigations_have_a_page_of_their_own() -> None:
    an_article("Dug up", kicker="Investigation")
    an_article("Said")
    assert "Dug up" in page("/investigations/")
    assert (
        "/climate/said/"
        not in page("/investigations/").partition("More news")[0].partition("<main")[2].partition("<aside")[0]
    )
