"""The same article in several languages: linked both ways, on the page and for machines, and one of each language."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from articles.models import Article, FullText
from tests.make import NOW, TOMORROW, a_plan, an_article, somebody_in

pytestmark = pytest.mark.django_db
SITE = "http://localhost:8000"


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)
    a_plan("year")


@pytest.fixture
def original() -> Article:
    return an_article("A bridge")


@pytest.fixture
def french(original: Article) -> Article:
    return an_article("Un pont", language="fr", translation_of=original)


def page(article: Article) -> str:
    return Client().get(article.get_absolute_url()).content.decode()


def alternates(html: str) -> dict[str, str]:
    return dict(re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', html))


def test_every_version_names_every_version_itself_too(original: Article, french: Article) -> None:
    wanted = {
        "en": SITE + original.get_absolute_url(),
        "fr": SITE + french.get_absolute_url(),
        "x-default": SITE + original.get_absolute_url(),
    }
    for one in (original, french):
        html = page(one)
        assert alternates(html) == wanted
        assert f'<link rel="canonical" href="{SITE}{one.get_absolute_url()}">' in html


def test_a_reader_switches_to_the_other_language(original: Article, french: Article) -> None:
    html = page(original)
    assert f'<a href="{french.get_absolute_url()}" lang="fr" hreflang="fr">Français</a>' in html
    assert f'href="{original.get_absolute_url()}" lang="en" hreflang="en" aria-current="page">English</a>' in html
    assert '<h1 lang="fr">Un pont</h1>' in page(french)


def test_an_article_in_one_language_says_nothing_of_others(original: Article) -> None:
    assert alternates(page(original)) == {}
    assert "in other languages" not in page(original)


@pytest.mark.parametrize("published", [None, TOMORROW])
def test_a_version_that_is_not_out_is_named_nowhere(original: Article, published: Any) -> None:
    hidden = an_article("Ein Steg", language="de", translation_of=original, published=published)
    assert hidden.slug not in page(original)
    assert hidden.slug not in Client().get("/sitemap-2026.xml").content.decode()


def test_the_sitemap_names_the_versions_both_ways(original: Article, french: Article) -> None:
    alone = an_article("Alone")
    xml = Client().get("/sitemap-2026.xml").content.decode()
    entries = {re.search("<loc>(.*?)</loc>", one)[1]: one for one in re.findall("<url>.*?</url>", xml)}  # type: ignore[index]
    for one in (original, french):
        entry = entries[SITE + one.get_absolute_url()]
        assert entry.count("<xhtml:link") == 2
        assert f'hreflang="fr" href="{SITE}{french.get_absolute_url()}"' in entry
    assert "xhtml:link" not in entries[SITE + alone.get_absolute_url()]


def test_an_article_in_one_language_costs_no_query_more(original: Article, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(12):
        page(original)


def test_there_is_one_translation_into_each_language(original: Article, french: Article) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        an_article("Un autre pont", language="fr", translation_of=original)


# --- At the desk ------------------------------------------------------------------------------------


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(somebody_in("Editors"))
    return client


def save(editor: Client, article: Article, **fields: Any) -> Any:
    article.refresh_from_db()
    html = FullText.objects.get(article=article).html
    values = {
        "headline": article.headline,
        "standfirst": article.standfirst,
        "text": html,
        "section": article.section_id,
        "kicker": "",
        "slug": article.slug,
        "language": article.language,
        "signed_by": [byline.author_id for byline in article.bylines.all()],
    }
    return editor.post(f"/admin/articles/article/{article.pk}/change/", values | fields)


def test_an_editor_says_of_what_it_is_a_translation(editor: Client, original: Article) -> None:
    german = an_article("Eine Brücke", slug="eine-bruecke")
    assert save(editor, german, language="de", translation_of=original.pk).status_code == 302
    german.refresh_from_db()
    assert german.translation_of == original


def test_a_translation_of_a_translation_is_one_of_the_original(
    editor: Client, original: Article, french: Article
) -> None:
    german = an_article("Eine Brücke", slug="eine-bruecke")
    save(editor, german, language="de", translation_of=french.pk)
    german.refresh_from_db()
    assert german.translation_of == original


def test_what_cannot_be_is_refused_in_words(editor: Client, original: Article, french: Article) -> None:
    third, fourth = an_article("Third"), an_article("Fourth")
    said = (
        (third, {"language": "en", "translation_of": original.pk}, "The original is in English, too"),
        (fourth, {"language": "fr", "translation_of": original.pk}, "has a translation into this language already"),
        (original, {"language": "de", "translation_of": third.pk}, "Others are translations of this article"),
        (third, {"language": "de", "translation_of": third.pk}, "An article is no translation of itself"),
    )
    for article, fields, words in said:
        answer = save(editor, article, **fields)
        assert answer.status_code == 200
        assert words in answer.content.decode(), fields
