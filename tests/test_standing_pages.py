"""The pages the law wants: linked everywhere, dated, looked at once a year; and Stripe hears of another address."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from newsroom import jobs, reviews
from newsroom.models import PageReview
from readers.models import AddressChange, Letter, User
from subscriptions.models import Customer
from tests.fakes import FakeBilling
from tests.make import NOW, a_partner_item, a_reader, an_article, somebody_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]


def checked(page: str, at: Any) -> PageReview:
    return PageReview.objects.update_or_create(page=page, defaults={"reviewed_at": at})[0]


@pytest.mark.parametrize("name", ["accessibility", "ownership", "partners", "partner_notices", "privacy"])
def test_every_page_links_to_it(client: Client, name: str) -> None:
    for path in ("/", an_article().get_absolute_url(), "/terms/", "/subscribe/"):
        footer = client.get(path).content.decode().partition("<footer")[2]
        assert f'href="{reverse(name)}"' in footer, path


@pytest.mark.parametrize("page", reviews.PAGES)
def test_a_page_says_when_it_was_last_checked(client: Client, page: str) -> None:
    checked(page, NOW)
    assert "Last checked on 17 November 2026." in client.get(reverse(page)).content.decode()
    PageReview.objects.update(reviewed_at=None)
    assert "Last checked" not in client.get(reverse(page)).content.decode()


def test_the_accessibility_statement_has_what_a_statement_needs(client: Client, settings: Any) -> None:
    settings.ACCESSIBILITY_AUTHORITY = "the Authority of Accessibility"
    text = client.get("/accessibility/").content.decode()
    for words in ("EN 301 549", "2.2", "Accessibility Act", "mailto:", "the Authority of Accessibility", "not good"):
        assert words in text


def test_the_staff_is_reminded_after_eleven_months_once_a_month_until_it_is_done() -> None:
    for page in reviews.PAGES:
        checked(page, NOW)
    almost = NOW + reviews.DUE_AFTER - timedelta(seconds=1)
    assert reviews.remind(at=almost) == 0
    due = NOW + reviews.DUE_AFTER
    assert reviews.remind(at=due) == 3
    assert reviews.remind(at=due) == 0, "once a month"
    assert reviews.remind(at=due + timedelta(days=31)) == 3
    checked("ownership", due)
    assert reviews.remind(at=due + timedelta(days=62)) == 2
    letter = Letter.objects.filter(kind="operator_page_review", occasion__startswith="ownership").last()
    assert letter is not None
    assert "17 November 2026" in letter.text
    assert "http://localhost:8000/ownership/" in letter.text


def test_a_page_that_nobody_ever_checked_is_due_at_once() -> None:
    assert jobs.remind_of_page_reviews.call() == "3 written."


def test_a_button_at_the_desk_says_that_it_was_checked_today(client: Client) -> None:
    editor = somebody_in("Editors")
    client.force_login(editor)
    listed = client.get("/admin/newsroom/pagereview/").content.decode()
    assert "Who owns and funds us" in listed
    row = PageReview.objects.get(page="ownership")
    assert "Reviewed today" in client.get(f"/admin/newsroom/pagereview/{row.pk}/change/").content.decode()
    client.post(f"/admin/newsroom/pagereview/{row.pk}/again/")
    row.refresh_from_db()
    assert (row.reviewed_at, row.reviewed_by) == (NOW, editor)
    assert LogEntry.objects.get().user == editor


def test_who_has_no_right_to_it_cannot_press_it(client: Client) -> None:
    row = checked("ownership", None)
    client.force_login(somebody_in("Subscription desk"))
    assert client.post(f"/admin/newsroom/pagereview/{row.pk}/again/").status_code == 403
    row.refresh_from_db()
    assert row.reviewed_at is None


def test_every_notice_about_political_advertising_is_in_one_list(client: Client) -> None:
    a_partner_item("Bridge League", is_political=True, ends_at=NOW - timedelta(hours=1))
    a_partner_item("Tunnel League")
    response = client.get("/partners/notices/")
    text = response.content.decode().partition("<main")[2].partition("</main>")[0]
    assert "Bridge League" in text
    assert "Tunnel League" not in text
    assert "public" in response["Cache-Control"]


# --- Stripe hears of another address ---------------------------------------------------------------------------------


@pytest.fixture
def moved() -> User:
    """Bob, who pays, and whose address has just changed."""
    bob = a_reader("bob.new@example.org")
    Customer.objects.create(reader=bob, stripe_id="cus_bob", created_at=NOW)
    AddressChange.objects.create(
        reader=bob,
        old_email="bob@example.org",
        new_email=bob.email,
        asked_at=NOW,
        code_sent_at=NOW,
        token_hash="x",
        done_at=NOW,
    )
    return bob


def test_stripe_writes_to_the_new_address(moved: User, billing: FakeBilling) -> None:
    assert jobs.follow_addresses.call() == "1 told."
    assert billing.emails == {"cus_bob": "bob.new@example.org"}
    assert jobs.follow_addresses.call() == "0 told."


def test_while_stripe_is_away_it_is_told_later(moved: User, billing: FakeBilling) -> None:
    billing.is_away = True
    assert jobs.follow_addresses.call() == "0 told."
    billing.is_away = False
    assert jobs.follow_addresses.call() == "1 told."


def test_after_two_changes_stripe_has_the_last_one(moved: User, billing: FakeBilling) -> None:
    User.objects.filter(pk=moved.pk).update(email="third@example.org")
    jobs.follow_addresses.call()
    assert billing.emails == {"cus_bob": "third@example.org"}


def test_a_customer_that_stripe_has_deleted_stops_nobody(moved: User, billing: FakeBilling) -> None:
    billing.deleted_customers.add("cus_bob")
    assert jobs.follow_addresses.call() == "1 told."
    assert not billing.emails


@pytest.mark.django_db
def test_no_page_leads_to_the_european_platform_for_disputes_that_is_closed() -> None:
    """law.md L22: it closed in July 2025."""
    for path in ("/", "/terms/", "/privacy/", "/contact/", "/subscribe/", "/withdraw/", "/cancel/"):
        page = Client().get(path).content.decode()
        assert "consumers/odr" not in page, path
