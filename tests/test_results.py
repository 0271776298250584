"""What became of an article: counted without a reader's device, and without a row about a reader."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from articles import counting, results
from articles.counting import Counted, Tally
from articles.models import Article, ArticleDay
from newsroom import jobs
from page_cache.front_door import PageCache
from subscriptions.models import CheckoutAttempt

from .make import NOW, TOMORROW, YESTERDAY, a_plan, a_reader, a_subscription, an_article, somebody_in

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TODAY = date(2026, 11, 17)


@pytest.fixture(autouse=True)
def tally(at: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch) -> Tally:
    at(NOW)
    fresh = Tally()
    monkeypatch.setattr(counting, "TALLY", fresh)
    return fresh


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Callable[..., int]:
    """Opens a page through the whole application, ready pages and all; answers its status."""
    settings.RESULTS_WRITTEN_SECONDS = 0
    monkeypatch.setattr("django.core.handlers.wsgi.signals.request_started.send", lambda **facts: None)
    monkeypatch.setattr("django.core.signals.request_finished.receivers", [])
    whole = Counted(PageCache(get_wsgi_application()))

    def get(path: str, method: str = "GET", cookies: Client | None = None, **headers: str) -> int:
        asked = RequestFactory(headers={"user-agent": BROWSER} | headers).generic(method, path).environ
        asked |= {"HTTP_HOST": "localhost:8000", "HTTP_ACCEPT_ENCODING": ""}
        if cookies:
            asked["HTTP_COOKIE"] = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.cookies.items())
        said: list[str] = []
        b"".join(whole(asked, lambda status, headers, exc_info=None: said.append(status)))
        return int(said[0].split()[0])

    return get


def counts(article: Article) -> tuple[int, int]:
    row = ArticleDay.objects.filter(article=article, day=TODAY).first()
    return (row.opened, row.wall_met) if row else (0, 0)


def test_opened_and_ended_at_the_wall_are_counted_and_written_together(site, tally):
    walled, free = an_article("Walled"), an_article("Free", is_free=True)
    for _ in range(3):
        assert site(walled.get_absolute_url()) == 200
    site(free.get_absolute_url())
    assert not ArticleDay.objects.exists()

    with CaptureQueriesContext(connection) as asking:
        tally.write()
    assert sum("INSERT" in query["sql"] for query in asking) == 1
    assert (counts(walled), counts(free)) == ((3, 3), (1, 0))

    site(walled.get_absolute_url())
    tally.write()
    assert counts(walled) == (4, 4)


def test_a_ready_page_costs_no_query_for_being_counted(site, tally):
    page = an_article("One").get_absolute_url()
    site(page)
    site(page)
    with CaptureQueriesContext(connection) as asking:
        site(page)
    assert not asking
    assert sum(tally.counted.values()) == 3


def test_a_subscriber_opens_without_meeting_the_wall_and_staff_are_not_counted(site, tally):
    article = an_article("One")
    alice, carol = Client(), Client()
    subscription = a_subscription(a_reader("alice@example.org"))
    alice.force_login(subscription.reader)
    carol.force_login(somebody_in("Editors"))
    site(article.get_absolute_url(), cookies=alice)
    site(article.get_absolute_url(), cookies=alice)
    site(article.get_absolute_url(), cookies=carol)
    tally.write()
    assert counts(article) == (2, 0)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"user-agent": "Examplebot/2.1 (+https://example.org/bot)"}),
        ("GET", {"user-agent": "curl/8.5.0"}),
        ("GET", {"user-agent": ""}),
        ("GET", {"sec-purpose": "prefetch;prerender"}),
    ],
)
def test_what_nobody_looks_at_is_not_counted(site, tally, method, headers):
    page = an_article("One").get_absolute_url()
    site(page)
    site(page, method, **headers)
    assert sum(tally.counted.values()) == 1


def test_pages_that_are_no_article_count_for_nothing(site, tally):
    an_article("Draft", published=None)
    for path in ("/", "/climate/", "/climate/draft/", "/latest/"):
        site(path)
    assert not tally.counted


def test_what_cannot_be_written_is_kept_for_the_next_time(tally, monkeypatch, settings):
    settings.RESULTS_WRITTEN_SECONDS = 0
    article = an_article("One")
    tally.add(f"{article.pk}")

    def away(*facts: Any, **more: Any) -> None:
        raise counting.Error

    with monkeypatch.context() as broken:
        broken.setattr(results, "add", away)
        tally.write()
    tally.add(f"{article.pk}!")
    tally.write()
    assert counts(article) == (2, 1)


def test_an_article_that_is_gone_meanwhile_is_left_out():
    article = an_article("One")
    results.add({"999999": 3, f"{article.pk}": 1}, day=TODAY)
    assert counts(article) == (1, 0)


def test_nothing_is_asked_of_the_device(client):
    answer = client.get(an_article("One").get_absolute_url())
    assert not answer.cookies
    assert b"beacon" not in answer.content.lower()


# --- Orders ------------------------------------------------------------------------------------------------


def an_attempt(article: Article, *, email: str, done: bool = True, with_trial: bool = True) -> CheckoutAttempt:
    plan = a_plan()
    return CheckoutAttempt.objects.create(
        reader=a_reader(email),
        plan=plan,
        with_trial=with_trial,
        price_cents=plan.price_cents,
        first_charge_at=NOW,
        terms_version="1",
        shown_html="x",
        shown_hash="x",
        return_to=article.get_absolute_url(),
        started_at=YESTERDAY,
        completed_at=YESTERDAY + timedelta(minutes=5) if done else None,
    )


def of_orders(article: Article) -> dict[date, tuple[int, int, int]]:
    return {row.day: (row.checkouts, row.trials, row.paid) for row in ArticleDay.objects.filter(article=article)}


def test_orders_trials_and_payments_count_for_the_article_they_came_from_each_on_its_day():
    article = an_article("One")
    article.move_to("another-address")
    an_attempt(article, email="left@example.org", done=False)
    trying, paying, at_once = (an_attempt(article, email=f"{name}@example.org") for name in ("try", "pay", "once"))
    CheckoutAttempt.objects.filter(pk=at_once.pk).update(with_trial=False)
    facts: dict[str, Any] = {"started_at": YESTERDAY + timedelta(minutes=5)}
    a_subscription(trying.reader, "trialing", trial_ends_at=TOMORROW, **facts)
    over = NOW - timedelta(hours=1)
    a_subscription(paying.reader, trial_ends_at=over, period_starts_at=over, stripe_id="sub_2", **facts)
    a_subscription(at_once.reader, stripe_id="sub_3", **facts)

    assert jobs.count_orders.call() == "2 counted."
    assert of_orders(article) == {YESTERDAY.date(): (4, 2, 1), TODAY: (0, 0, 1)}
    jobs.count_orders.call()
    assert of_orders(article) == {YESTERDAY.date(): (4, 2, 1), TODAY: (0, 0, 1)}

    CheckoutAttempt.objects.all().delete()
    jobs.count_orders.call()
    assert of_orders(article) == {YESTERDAY.date(): (4, 2, 1), TODAY: (0, 0, 1)}


def test_a_trial_that_was_cancelled_or_not_paid_for_is_no_payment():
    article = an_article("One")
    over = NOW - timedelta(hours=1)
    facts: dict[str, Any] = {"started_at": YESTERDAY, "trial_ends_at": over, "period_starts_at": over}
    cases: list[dict[str, Any]] = [
        {"status": "canceled", "period_starts_at": YESTERDAY},
        {"first_payment_failed": True},
    ]
    for number, case in enumerate((*cases, {"payment_pending": True}, {"status": "incomplete"})):
        attempt = an_attempt(article, email=f"{number}@example.org")
        a_subscription(attempt.reader, **{"stripe_id": f"sub_{number}"} | facts | case)
    jobs.count_orders.call()
    assert [paid for _, _, paid in of_orders(article).values()] == [0]


# --- At the desk -------------------------------------------------------------------------------------------


def test_the_list_and_the_page_of_results_show_the_counts(client):
    article = an_article("One")
    ArticleDay.objects.create(article=article, day=TODAY, opened=1200, wall_met=300, checkouts=7, trials=5, paid=2)
    ArticleDay.objects.create(article=article, day=TODAY - timedelta(days=40), opened=34)
    client.force_login(somebody_in("Editors"))
    address = f"/admin/articles/article/{article.pk}/results/"
    listed = client.get("/admin/articles/article/").content.decode()
    assert f'<a href="{address}">1200</a>' in listed
    assert "300 at the wall" in listed

    page = client.get(address).content.decode()
    for shown in (
        "<b>1200</b>",
        "1234 altogether",
        "<b>7</b>",
        "<b>5</b>",
        "<b>2</b>",
        ": opened 1200, 300 at the wall</title>",
    ):
        assert shown in page
    assert "style=" not in page.partition("<svg")[2].partition("</svg>")[0]


def test_who_may_not_see_an_article_may_not_see_what_became_of_it(client):
    article = an_article("One")
    client.force_login(somebody_in("Subscription desk"))
    assert client.get(f"/admin/articles/article/{article.pk}/results/").status_code in (403, 404)
