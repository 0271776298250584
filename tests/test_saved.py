"""Articles put aside, and a list of what was read that exists only for who asked for it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from articles.models import Article, OpenedArticle, SavedArticle
from readers.models import Consent, User
from tests.make import NOW, a_reader, a_subscription, an_article

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
LIST, HISTORY = "/account/saved/", "/account/history/"


@pytest.fixture
def article() -> Article:
    return an_article()


@pytest.fixture
def alice(client: Client) -> User:
    reader = a_reader("alice@example.org")
    a_subscription(reader)
    client.force_login(reader)
    return reader


def switch_on(client: Client) -> None:
    client.post("/account/choices/", {"wanted": ["reading_history"]})


def test_an_article_is_saved_and_found_again(client: Client, alice: User, article: Article) -> None:
    page = article.get_absolute_url()
    assert 'aria-pressed="false"' in client.get(page).content.decode()
    assert client.post(f"/account/saved/{article.pk}/save/")["Location"] == page
    assert 'aria-pressed="true"' in client.get(page).content.decode()
    assert article.headline in client.get(LIST).content.decode()
    client.post(f"/account/saved/{article.pk}/remove/", {"from": "article"})
    assert 'aria-pressed="false"' in client.get(page).content.decode()
    assert article.headline not in client.get(LIST).content.decode().partition("<main")[2].partition("</main>")[0]


def test_saving_twice_saves_once(client: Client, alice: User, article: Article) -> None:
    for _ in range(2):
        client.post(f"/account/saved/{article.pk}/save/")
    assert SavedArticle.objects.count() == 1


def test_the_last_saved_stands_first_and_all_can_be_removed(client: Client, alice: User, at: Any) -> None:
    for number in range(3):
        at(NOW + timedelta(minutes=number))
        client.post(f"/account/saved/{an_article(f'Bridge {number}').pk}/save/")
    text = client.get(LIST).content.decode()
    assert text.index("Bridge 2") < text.index("Bridge 1") < text.index("Bridge 0")
    client.post("/account/saved/all/remove/")
    assert not SavedArticle.objects.exists()


def test_who_has_no_subscription_may_save_too(client: Client, article: Article) -> None:
    client.force_login(a_reader())
    text = client.get(article.get_absolute_url()).content.decode()
    assert "canaryword" not in text
    assert "Save for later" in text


def test_nobody_sees_or_touches_the_list_of_somebody_else(client: Client, alice: User, article: Article) -> None:
    SavedArticle.objects.put_aside(a_reader().pk, article, at=NOW)
    client.post(f"/account/saved/{article.pk}/remove/")
    client.post("/account/saved/all/remove/")
    assert SavedArticle.objects.count() == 1


def test_what_is_not_public_cannot_be_saved_and_leaves_the_list(client: Client, alice: User, article: Article) -> None:
    draft = an_article("Not yet", published=None)
    assert client.post(f"/account/saved/{draft.pk}/save/").status_code == 404
    client.post(f"/account/saved/{article.pk}/save/")
    article.take_back()
    assert article.headline not in client.get(LIST).content.decode()


def test_a_visitor_sees_no_button_and_gets_no_cookie(client: Client, article: Article) -> None:
    response = client.get(article.get_absolute_url())
    assert "Save for later" not in response.content.decode()
    assert not response.cookies
    assert client.post(f"/account/saved/{article.pk}/save/").status_code == 302
    assert not SavedArticle.objects.exists()


def test_what_is_read_is_kept_nowhere_unless_somebody_asks_for_it(
    client: Client, alice: User, article: Article
) -> None:
    client.get(article.get_absolute_url())
    assert not OpenedArticle.objects.exists()
    assert "We keep no list of what you read" in client.get(HISTORY).content.decode()


def test_switched_on_it_keeps_each_article_once_with_the_last_time(
    client: Client, alice: User, article: Article, at: Any
) -> None:
    switch_on(client)
    client.get(article.get_absolute_url())
    at(NOW + timedelta(hours=1))
    client.get(article.get_absolute_url())
    assert OpenedArticle.objects.get().opened_at == NOW + timedelta(hours=1)
    assert article.headline in client.get(HISTORY).content.decode()


def test_what_stayed_behind_the_wall_was_not_read(client: Client, article: Article) -> None:
    client.force_login(a_reader())
    switch_on(client)
    client.get(article.get_absolute_url())
    assert not OpenedArticle.objects.exists()


def test_single_articles_and_everything_can_be_erased(client: Client, alice: User) -> None:
    switch_on(client)
    articles = [an_article(f"Bridge {number}") for number in range(3)]
    for one in articles:
        client.get(one.get_absolute_url())
    client.post(f"/account/history/{articles[0].pk}/forget/")
    assert OpenedArticle.objects.count() == 2
    client.post("/account/history/all/forget/")
    assert not OpenedArticle.objects.exists()


def test_switching_it_off_offers_to_erase_what_was_kept(client: Client, alice: User, article: Article) -> None:
    switch_on(client)
    client.get(article.get_absolute_url())
    answer = client.post("/account/choices/", {"wanted": []}, follow=True)
    assert answer.redirect_chain[-1][0] == HISTORY
    text = answer.content.decode()
    assert "The list is switched off" in text
    assert "Erase everything" in text
    client.get(article.get_absolute_url())
    assert OpenedArticle.objects.get().opened_at == NOW
    assert Consent.objects.get().withdrawn_at == NOW
