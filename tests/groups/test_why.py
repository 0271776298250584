"""Why can I read this? Through whom and until when, all reasons where there are several, and the desk says the same."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from groups import documents, students
from readers.models import User
from tests.make import NOW, a_grant, a_plan, a_reader, a_seat, a_subscription, an_agreement, an_article, somebody_in

pytestmark = pytest.mark.django_db
WHY = "/admin/why/"


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


@pytest.fixture
def bob(client: Client) -> User:
    """Bob is logged in."""
    a_plan("year")
    bob = a_reader()
    client.force_login(bob)
    return bob


def granted(bob: User, **fields: Any) -> None:
    a_grant(bob, by=a_reader("carol@example.org", is_staff=True), **fields)


def test_a_reader_with_one_reason_sees_through_whom_and_until_when(client: Client, bob: User) -> None:
    a_seat(an_agreement("Harbour & Vale"), bob)
    account = client.get("/account/").content.decode()
    assert "Harbour &amp; Vale pays for you" in account
    assert "until 31 December 2026" in account
    assert "no subscription yet" not in account
    article = client.get(an_article().get_absolute_url()).content.decode()
    assert "You read this through Harbour &amp; Vale until 31 December 2026" in article
    assert "/account/#why" in article


def test_a_reader_with_several_reasons_sees_all_of_them(client: Client, bob: User) -> None:
    a_subscription(bob)
    a_seat(an_agreement("Harbour & Vale"), bob)
    granted(bob, kind="press")
    page = client.get("/account/").content.decode()
    why = page[page.index('id="why"') :]
    for reason in ("Your own subscription", "A seat of Harbour &amp; Vale", "Press access"):
        assert reason in why


@pytest.mark.parametrize(
    ("subscription", "others", "is_told"),
    [
        ({}, "seat", True),
        ({}, "press", True),
        ({"status": "trialing"}, "seat", True),
        ({"status": "past_due"}, "seat", True),
        ({"ends_at": NOW + timedelta(days=20), "cancelled_at": NOW}, "seat", False),
        ({"status": "canceled", "ends_at": NOW}, "seat", False),
        ({}, "", False),
        (None, "seat", False),
    ],
)
def test_whoever_pays_for_what_another_gives_is_told_and_shown_the_way_out(
    subscription: dict[str, Any] | None, others: str, is_told: bool, client: Client, bob: User
) -> None:
    if subscription is not None:
        a_subscription(bob, **subscription)
    if others == "seat":
        a_seat(an_agreement("Harbour & Vale"), bob)
    elif others:
        granted(bob, kind=others)
    page = client.get("/account/").content.decode()
    assert ("You pay for what" in page) is is_told
    if is_told:
        assert "/account/cancel/" in page


def test_before_an_order_it_is_said_who_gives_it_already(client: Client, bob: User) -> None:
    a_seat(an_agreement("Harbour & Vale"), bob)
    page = client.get("/subscribe/confirm/?plan=year").content.decode()
    assert "through Harbour &amp; Vale; you need no subscription" in page


def test_who_reads_nothing_is_told_no_reason(client: Client, bob: User) -> None:
    assert 'id="why"' not in client.get("/account/").content.decode()


# --- A student's year on the card -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_left", "following", "is_asked"), [(61, False, False), (60, False, True), (5, False, True), (5, True, False)]
)
def test_a_student_is_asked_for_a_new_proof_in_the_last_days_of_the_last_year(
    days_left: int, following: bool, is_asked: bool, client: Client, bob: User
) -> None:
    ends_at = NOW + timedelta(days=days_left)
    a_grant(bob, by=bob, ends_at=ends_at)
    if following:
        a_grant(bob, by=bob, starts_at=ends_at, ends_at=ends_at + timedelta(days=365))
    assert ('href="/account/student/"' in client.get("/account/").content.decode()) is is_asked


# --- The desk ---------------------------------------------------------------------------------------------------


def asked(desk: Client, **fields: str) -> str:
    return desk.get(WHY, {"reader": "", "article": "", "place": ""} | fields).content.decode()


def test_the_desk_answers_for_any_reader_and_article_as_the_site_would(desk: Client) -> None:
    article, free = an_article(), an_article("A free bridge", is_free=True)
    a_seat(an_agreement("Harbour & Vale"), a_reader())
    a_reader("ann@example.org")
    for reader, path, answer in (
        ("bob@example.org", article.get_absolute_url(), "They read all of it."),
        ("ann@example.org", article.get_absolute_url(), "and then the wall"),
        ("", article.get_absolute_url(), "and then the wall"),
        ("ann@example.org", free.get_absolute_url(), "it has no wall"),
    ):
        assert answer in asked(desk, reader=reader, article=f"https://news.example{path}?x=1#y")
    assert "Seat in the group of Harbour &amp; Vale until 31 December 2026" in asked(desk, reader="bob@example.org")


def test_the_page_tells_of_no_paid_word_and_of_no_article_that_is_not_out(desk: Client) -> None:
    a_subscription(a_reader())
    article = an_article()
    assert "canaryword" not in asked(desk, reader="bob@example.org", article=article.get_absolute_url())
    for published in (None, NOW + timedelta(days=1)):
        secret = an_article(f"A secret bridge {published}", published=published, slug=f"secret-{bool(published)}")
        said = asked(desk, reader="bob@example.org", article=f"/climate/{secret.slug}/")
        assert "No article stands at this address" in said
        assert "A secret bridge" not in said


@pytest.mark.parametrize("wrong", [{"reader": "nobody@example.org"}, {"place": "somewhere"}, {"article": "/x/y/"}])
def test_what_is_not_known_is_said_beside_its_field(wrong: dict[str, str], desk: Client) -> None:
    page = desk.get(WHY, {"reader": "", "article": "", "place": ""} | wrong)
    assert list(page.context["form"].errors) == list(wrong)
    assert "answer" not in page.context


def test_the_desk_hears_why_a_seat_or_an_application_gives_nothing(desk: Client, dora: User) -> None:
    bob = a_reader()
    group = an_agreement("Harbour & Vale")
    a_seat(group, bob)
    group.suspended_at, group.suspended_because = NOW, "Not paid"
    group.save()
    application = students.apply_by_document(bob, "Ghent", documents.Document("application/pdf", b"%PDF"), at=NOW)
    said = asked(desk, reader="bob@example.org")
    assert "the agreement is suspended" in said
    assert "waits for us" in said
    students.refuse(application, reason="It is of 2019.", by=dora, at=NOW)
    assert "It is of 2019." in asked(desk, reader="bob@example.org")


def test_editors_do_not_ask_about_readers(client: Client) -> None:
    client.force_login(somebody_in("Editors", "edith@example.org"))
    assert client.get(WHY).status_code == 403
