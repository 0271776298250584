"""Briefs, the agenda and what partners pay for, at the desk."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.test import Client

from articles.models import AgendaItem, Brief, PartnerItem
from articles.models.partner import ANSWERS

from .make import NOW, TOMORROW, YESTERDAY, a_partner_item, somebody_in

pytestmark = pytest.mark.django_db
PARTNERS = "/admin/articles/partneritem/"
BRIEFS = "/admin/articles/brief/"
AGENDA = "/admin/articles/agendaitem/"


@pytest.fixture(autouse=True)
def _now(at: Callable[[datetime], None]) -> None:
    at(NOW)


@pytest.fixture
def desk(client: Client) -> Client:
    """Eve's browser."""
    client.force_login(somebody_in("Editors", "eve@example.org"))
    return client


def errors_in(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def typed(**changes: Any) -> dict[str, Any]:
    """What the form of a partner item sends; it is complete, and not political."""
    return {
        "organisation": "Rivers Without Locks",
        "label": "partner",
        "headline": "Sign the charter",
        "url": "https://example.org/",
        "starts_at": "2026-11-17T09:00",
        "ends_at": "2026-11-30T18:00",
        "is_political": "False",
    } | changes


def political(**changes: Any) -> dict[str, Any]:
    answers = {name: f"The answer to {name}" for name in ANSWERS}
    return typed(is_political="True", amount="1234.50", **answers) | changes


# --- Partner items ---------------------------------------------------------------------------------------


def test_a_partner_item_is_a_draft_until_the_button_shows_it(desk):
    desk.post(f"{PARTNERS}add/", typed())
    item = PartnerItem.objects.get()
    assert not item.is_ready
    assert not PartnerItem.objects.running(at=NOW).exists()

    desk.post(f"{PARTNERS}{item.pk}/change/", typed(verb="release"))
    assert PartnerItem.objects.running(at=NOW).get() == item
    assert '<span class="state state--published">Runs until 30 November</span>' in desk.get(PARTNERS).content.decode()


def test_a_draft_may_have_gaps_and_the_list_counts_them(desk):
    desk.post(f"{PARTNERS}add/", typed(ends_at="", is_political=""))
    assert "Draft, 2 missing" in desk.get(PARTNERS).content.decode()


@pytest.mark.parametrize("gap", ["organisation", "label", "starts_at", "ends_at", "is_political"])
def test_it_is_not_shown_without_payer_label_dates_and_the_question_answered(desk, gap):
    assert gap in errors_in(desk.post(f"{PARTNERS}add/", typed(verb="release") | {gap: ""}))


def test_a_political_one_is_not_shown_without_each_of_its_answers(desk):
    for gap in (*ANSWERS, "amount"):
        assert list(errors_in(desk.post(f"{PARTNERS}add/", political(verb="release") | {gap: "  "}))) == [gap]
    desk.post(f"{PARTNERS}add/", political(verb="release"))
    item = PartnerItem.objects.get()
    assert item.is_ready
    assert item.amount_cents == 123_450


def test_nothing_that_is_shown_loses_an_answer_afterwards(desk):
    item = a_partner_item(is_political=True)
    page = f"{PARTNERS}{item.pk}/change/"
    assert "sponsor" in errors_in(desk.post(page, political(sponsor="")))
    assert "is_political" in errors_in(desk.post(page, political(is_political="False")))


@pytest.mark.parametrize(
    "gap", [*({name: ""} for name in ANSWERS), {"amount_cents": None}, {"ends_at": None}, {"organisation": ""}]
)
def test_the_database_shows_nothing_incomplete(gap):
    with pytest.raises(IntegrityError), transaction.atomic():
        a_partner_item(is_political=True, **gap)


def test_the_query_and_the_method_agree_on_what_runs():
    moments = [YESTERDAY, NOW - timedelta(microseconds=1), NOW, TOMORROW, None]
    for is_ready in (True, False):
        for starts_at in moments:
            for ends_at in moments:
                if (is_ready and not (starts_at and ends_at)) or (starts_at and ends_at and ends_at < starts_at):
                    continue
                item = a_partner_item(starts_at=starts_at, ends_at=ends_at, is_ready=is_ready)
                running = PartnerItem.objects.running(at=NOW).filter(pk=item.pk).exists()
                assert running == item.is_running(at=NOW), item.__dict__


def test_what_readers_saw_as_political_is_ended_and_never_deleted(desk, client, admin_client):
    item = a_partner_item(is_political=True)
    page = f"{PARTNERS}{item.pk}/"
    assert admin_client.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert desk.get(f"{page}end/").status_code == 405
    desk.post(f"{page}end/")
    item.refresh_from_db()
    assert item.ends_at == NOW
    assert LogEntry.objects.latest("pk").change_message == "Ended."
    assert client.get(f"/partners/{item.pk}/").status_code == 200


def test_a_partners_link_is_a_web_address(desk):
    assert "url" in errors_in(desk.post(f"{PARTNERS}add/", typed(url="javascript:alert(1)")))


def test_it_cannot_end_before_it_begins(desk):
    answer = desk.post(f"{PARTNERS}add/", typed(ends_at="2026-11-16T09:00"))
    assert "It cannot end before it begins." in answer.content.decode()


def test_the_list_finds_what_ends_soon(desk):
    a_partner_item("Long League", ends_at=NOW + timedelta(days=40))
    a_partner_item("Short League")
    a_partner_item("Past League", ends_at=YESTERDAY)
    page = desk.get(f"{PARTNERS}?state=ends-soon").content.decode()
    assert [name in page for name in ("Short League", "Long League", "Past League")] == [True, False, False]


# --- Briefs and the agenda -------------------------------------------------------------------------------


def test_a_brief_is_out_with_one_line_and_one_press(desk):
    assert "autofocus" in desk.get(BRIEFS).content.decode()
    answer = desk.post(f"{BRIEFS}quick/", {"headline": "Ferries are back", "text": "", "published_at": ""})
    assert answer.url == BRIEFS
    assert Brief.objects.published(at=NOW).get().headline == "Ferries are back"
    assert "Out: Ferries are back" in desk.get(BRIEFS).content.decode()


def test_a_brief_with_a_moment_waits_for_it(desk):
    desk.post(f"{BRIEFS}quick/", {"headline": "Later", "published_at": "2026-11-18T09:00"})
    assert not Brief.objects.published(at=NOW).exists()
    assert Brief.objects.published(at=TOMORROW).exists()


def test_what_is_wrong_with_the_line_stands_beside_it_and_nothing_typed_is_lost(desk):
    page = desk.post(f"{BRIEFS}quick/", {"headline": "", "text": "Only this"}).content.decode()
    assert "This field is required" in page
    assert "Only this" in page
    assert not Brief.objects.exists()


def test_the_agenda_is_typed_line_by_line_and_keeps_the_day(desk):
    desk.post(f"{AGENDA}quick/", {"starts_at": "2026-11-18T10:00", "title": "Council", "place": "Europa"})
    assert str(AgendaItem.objects.get()) == "Council"
    assert 'value="2026-11-18T10:00"' in desk.get(AGENDA).content.decode()


def test_who_may_not_add_has_no_line_and_cannot_post_one(client):
    client.force_login(somebody_in("Subscription desk"))
    assert client.post(f"{BRIEFS}quick/", {"headline": "Mine"}).status_code == 403
    assert not Brief.objects.exists()
