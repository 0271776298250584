"""Who gets which part of an article, and what the wall says to whom it stops."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from articles.models import Article, FullText
from articles.paywall import Access, reading_of
from subscriptions.access import Entitlement, Source
from subscriptions.models import TrialUse
from tests.make import NOW, a_grant, a_plan, a_reader, a_subscription, an_article

pytestmark = pytest.mark.django_db
PAID = "canaryword"


@pytest.fixture(autouse=True)
def _now_and_on_sale(at: Any) -> None:
    at(NOW)
    a_plan("year")
    a_plan("month")


def page(article: Article, reader: Any = None) -> str:
    client = Client()
    if reader:
        client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(article.get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


# --- The rule -------------------------------------------------------------------------------------


def test_without_an_entitlement_only_the_teaser_is_served() -> None:
    reading = reading_of(an_article(), None)
    assert reading.access is Access.LOCKED
    assert reading.text == "<p>The first paragraph is for everyone.</p><p>So is the second one.</p>"
    assert reading.words_behind_wall == 13


@pytest.mark.parametrize("source", list(Source))
def test_every_entitlement_opens_the_full_text_and_travels_along(source: Source) -> None:
    entitlement = Entitlement(source)
    reading = reading_of(an_article(), entitlement)
    assert reading.access is Access.ENTITLED
    assert PAID in reading.text
    assert reading.entitlement is entitlement


def test_a_free_article_is_open_to_everyone_in_full() -> None:
    reading = reading_of(an_article(is_free=True), None)
    assert reading.access is Access.FREE
    assert PAID in reading.text


def test_an_article_with_nothing_behind_the_wall_has_no_wall() -> None:
    reading = reading_of(an_article(text="<p>Short.</p>"), None)
    assert not reading.is_locked


def test_the_teaser_ends_where_the_editor_says() -> None:
    article = an_article(text='<p>One.</p><hr class="wall"><p>Two.</p><p>Three canaryword.</p>')
    assert reading_of(article, None).text == "<p>One.</p>"


def test_where_the_wall_stood_there_is_a_place_to_return_to() -> None:
    article = an_article(text='<p>One.</p><hr class="wall"><p>Two.</p>')
    text = reading_of(article, Entitlement(Source.SUBSCRIPTION)).text
    assert text == '<p>One.</p><span id="continue" tabindex="-1"></span><p>Two.</p>'


def test_a_locked_reading_never_asks_the_database_for_the_full_text(django_assert_num_queries: Any) -> None:
    article = an_article()
    FullText.objects.all().delete()
    with django_assert_num_queries(0):
        reading_of(article, None)


# --- The page -------------------------------------------------------------------------------------


def test_a_visitor_meets_the_wall_with_everything_it_has_to_say() -> None:
    html = page(an_article(kicker=Article.Kind.INTERVIEW))
    assert PAID not in html
    for words in (
        "Thank you for reading Viaduct!",
        "Subscribe now for a 30 day free trial.",
        "This interview",
        "continues for another 13 words.",
        "<b>€150</b> per year",
        "<b>€15</b> per month",
        "€12.50 a month. Saves €30.",
        "€180 over a year.",
        "Start 30-day free trial",
        "Who we are",
        "Why we ask",
        "Contact us",
        "Terms of Use",
        "Log in",
    ):
        assert words in html, words
    assert 'charged on <time datetime="2026-12-17">17 December 2026</time>. Cancel anytime before.' in html


def test_the_wall_leads_to_the_plans_and_remembers_the_article() -> None:
    html = page(an_article(slug="a-bridge"))
    assert '<form action="/subscribe/" method="get"' in html
    assert '<input type="hidden" name="next" value="/climate/a-bridge/">' in html
    assert 'href="/accounts/login/code/?next=%2Fclimate%2Fa-bridge%2F"' in html


@pytest.mark.parametrize(
    ("kicker", "name"),
    [("", "report"), ("Analysis", "analysis"), ("Opinion", "opinion piece"), ("Exclusive", "exclusive")],
)
def test_the_wall_names_the_kind_of_article(kicker: str, name: str) -> None:
    assert f"This {name} continues" in page(an_article(kicker=kicker))


def test_a_reader_who_never_had_a_trial_is_offered_one_and_not_asked_to_log_in() -> None:
    html = page(an_article(), a_reader())
    assert PAID not in html
    assert "Start 30-day free trial" in html
    assert "You are logged in as bob@example.org." in html
    assert "Already have an account?" not in html


def test_a_lapsed_reader_is_offered_no_trial_and_told_what_it_costs_today() -> None:
    reader = a_reader()
    a_subscription(reader, "canceled")
    html = page(an_article(), reader)
    assert PAID not in html
    assert "free trial.</b>" not in html
    assert "Subscribe, pay €150 per year" in html
    assert "€150 per year, charged today." in html


def test_a_mailbox_that_had_its_trial_is_offered_none() -> None:
    reader = a_reader("al.ice+news@gmail.com")
    TrialUse.objects.create(mailbox="alice@gmail.com", used_at=NOW)
    assert "Start 30-day free trial" not in page(an_article(), reader)


def test_a_reader_whose_contract_waits_for_money_is_asked_for_a_card_and_not_to_order_again() -> None:
    reader = a_reader()
    a_subscription(reader, "past_due", unpaid_since=NOW - timedelta(days=15))
    html = page(an_article(), reader)
    assert PAID not in html
    assert "Pay now, with any card" in html
    assert 'name="plan"' not in html


def test_without_a_plan_on_sale_the_wall_still_stands() -> None:
    a_plan("year").delete()
    a_plan("month", is_on_sale=False)
    a_plan("month").delete()
    html = page(an_article())
    assert PAID not in html
    assert 'class="paywall"' in html


@pytest.mark.parametrize(
    ("status", "more", "words"),
    [
        ("active", {}, "You are a subscriber"),
        ("trialing", {}, "Free trial until 7 December 2026"),
        ("past_due", {}, "Your bank refused the last payment. You can read until 28 November 2026."),
    ],
)
def test_the_page_says_why_a_subscriber_may_read(status: str, more: dict[str, Any], words: str) -> None:
    reader = a_reader()
    a_subscription(reader, status, **more)
    html = page(an_article(), reader)
    assert PAID in html
    assert words in html
    assert 'class="paywall"' not in html


def test_the_page_says_why_a_student_may_read() -> None:
    reader = a_reader()
    a_grant(reader, by=a_reader("carol@example.org", is_staff=True))
    html = page(an_article(), reader)
    assert PAID in html
    assert "You read this through student access until 17 December 2026" in html


def test_the_page_says_that_staff_are_staff() -> None:
    html = page(an_article(), a_reader("carol@example.org", is_staff=True))
    assert PAID in html
    assert "You are staff" in html


def test_a_free_article_says_so_and_has_no_wall() -> None:
    html = page(an_article(is_free=True))
    assert PAID in html
    assert "Free to read" in html
    assert 'class="paywall"' not in html


def test_an_account_that_was_closed_reads_no_more() -> None:
    reader = a_reader()
    a_subscription(reader)
    article = an_article()
    assert PAID in page(article, reader)
    reader.is_active = False
    reader.save()
    assert PAID not in page(article, reader)
