"""A long list at the desk is counted to a point, says so, and finds a row by an address or by a number."""

from typing import Any

import pytest
from django.test import Client

from tests.make import NOW, a_reader, a_subscription

pytestmark = pytest.mark.django_db
SUBSCRIPTIONS = "/admin/subscriptions/subscription/"


@pytest.fixture(autouse=True)
def _some(monkeypatch: pytest.MonkeyPatch, at: Any) -> None:
    at(NOW)
    for name, status in (("ana", "active"), ("anna", "active"), ("zoe", "canceled")):
        a_subscription(a_reader(f"{name}@example.org"), status, stripe_id=f"sub_{name}")


def test_it_is_counted_to_a_point_and_says_that_there_are_more(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert b"3 subscriptions<" in desk.get(SUBSCRIPTIONS).content
    monkeypatch.setattr("edge.desk.MOST_COUNTED", 2)
    assert b"More than 2 subscriptions" in desk.get(SUBSCRIPTIONS).content


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("an", ["anna", "ana"]),
        ("anna@example.org", ["anna"]),
        ("sub_zoe", ["zoe"]),
        ("sub_z", []),
        ("an sub_ana", ["ana"]),
        ("an' OR 1=1", []),
    ],
)
def test_the_beginning_of_an_address_finds_it_and_a_whole_number_does(
    desk: Client, asked: str, found: list[str]
) -> None:
    page = desk.get(SUBSCRIPTIONS, {"q": asked})
    assert [row.stripe_id for row in page.context["cl"].result_list] == [f"sub_{name}" for name in found]


def test_a_filter_offers_what_stands_in_the_newest_rows(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert b"?status=active" in desk.get(SUBSCRIPTIONS).content
    monkeypatch.setattr("edge.desk.MOST_COUNTED", 1)
    page = desk.get(SUBSCRIPTIONS).content
    assert b"?status=canceled" in page
    assert b"?status=active" not in page
    rows = desk.get(SUBSCRIPTIONS, {"status": "active"}).context["cl"].result_list
    assert {row.status for row in rows} == {"active"}, "an address that was kept goes on working"
