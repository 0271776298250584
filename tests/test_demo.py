"""The demo newsroom fills an empty site once, and any number of further articles come the same every time."""

from io import StringIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client

from articles import body
from articles.models import AgendaItem, Article, Author, Brief, FullText, PartnerItem, Picture, Section
from newsroom.demo import content, fill, many
from tests.make import NOW, an_article

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_pictures(monkeypatch: pytest.MonkeyPatch, at: Any) -> None:
    """Renditions are drawn small: their drawing is tested with the pictures."""
    at(NOW)
    monkeypatch.setattr("articles.pictures.WIDTHS", (64,))


def demo(**options: Any) -> str:
    out = StringIO()
    call_command("demo", stdout=out, **options)
    return out.getvalue()


def test_an_empty_site_becomes_the_demo_newsroom() -> None:
    assert "is there now" in demo()
    stories = content.stories()
    assert Article.objects.count() == FullText.objects.count() == len(stories)
    assert Section.objects.count() == 8
    assert Section.objects.get(is_opinion=True).slug == "opinion"
    assert Author.objects.count() == len(content.rows("authors"))
    assert Brief.objects.count() == len(content.rows("briefs"))
    assert PartnerItem.objects.count() == len(content.rows("partners"))
    assert AgendaItem.objects.exists()
    for picture in Picture.objects.all():
        assert default_storage.exists(f"pictures/{picture.stem}-64.avif")
    assert Article.objects.get(leads_front=True).slug == stories[0].slug


def test_every_story_arrives_whole() -> None:
    demo()
    for story in content.stories():
        article = Article.objects.get(slug=story.slug)
        assert article.headline == story.headline
        assert [author.slug for author in article.signed_by] == list(story.authors)
        assert article.is_published(at=NOW) == (story.is_published and story.hours_ago >= 0)
        text = FullText.objects.get(article=article).html
        assert body.as_text(text).startswith(body.as_text(story.html)[:80])
        assert len(body.picture_ids(text)) == story.html.count("<figure")
        assert set(article.related.values_list("slug", flat=True)) == set(story.related)


def test_every_page_of_the_demo_can_be_read() -> None:
    demo()
    pages = ["/", "/latest/", "/briefs/", "/feed.xml", "/search/?q=methane"]
    pages += [one.get_absolute_url() for one in (*Section.objects.all(), *Author.objects.all())]
    pages += [one.get_absolute_url() for one in Article.objects.published(at=NOW)]
    for path in pages:
        assert Client().get(path).status_code == 200, path


def test_a_second_run_keeps_what_is_there_and_says_so() -> None:
    demo()
    article = Article.objects.first()
    Article.objects.filter(pk=article.pk).update(headline="Changed by an editor")
    counts = [model.objects.count() for model in (Article, Picture, Brief, PartnerItem, AgendaItem)]
    assert "kept" in demo()
    assert counts == [model.objects.count() for model in (Article, Picture, Brief, PartnerItem, AgendaItem)]
    assert Article.objects.get(pk=article.pk).headline == "Changed by an editor"


def test_a_site_with_an_article_of_its_own_is_left_alone() -> None:
    an_article()
    assert "1 article is there already; it is kept." in demo()
    assert Article.objects.count() == 1


def test_a_run_that_is_interrupted_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fill, "_short_things", interrupted)
        with pytest.raises(KeyboardInterrupt):
            demo()
    assert not Article.objects.exists()
    assert not Section.objects.exists()
    demo()
    assert Article.objects.exists()


def test_any_number_of_further_articles_is_made_and_topped_up() -> None:
    written = len(content.stories())
    assert "7 articles made" in demo(articles=7)
    assert Article.objects.count() == FullText.objects.count() == written + 7
    assert "0 articles made; there are 7" in demo(articles=5)
    assert "5 articles made; there are 12" in demo(articles=12)
    assert many.how_many() == 12


def test_made_articles_are_like_written_ones() -> None:
    demo(articles=30)
    made = Article.objects.filter(slug__startswith="archive-")
    for article in made:
        html = FullText.objects.get(article=article).html
        cut = body.cut_at_wall(html)
        assert (article.teaser, article.words) == (cut.teaser, body.count_words(html))
        assert article.words_behind_wall == body.count_words(cut.rest) > 0
        assert article.is_published(at=NOW)
        assert article.signed_by
    assert Client().get(made[0].get_absolute_url()).status_code == 200


def test_made_articles_are_the_same_every_time() -> None:
    demo(articles=5)
    first = list(Article.objects.filter(slug__startswith="archive-").values_list("slug", "teaser", "published_at"))
    Article.objects.filter(slug__startswith="archive-").delete()
    demo(articles=5)
    assert first == list(
        Article.objects.filter(slug__startswith="archive-").values_list("slug", "teaser", "published_at")
    )


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(CommandError, match="must not be negative"):
        demo(articles=-1)
