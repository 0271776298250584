"""What becomes of an export of Ghost."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client

from articles.models import Article, Author, FullText, Picture
from tests.imports import files
from tests.imports.files import ghost, picture, post
from tests.make import NOW, a_section

pytestmark = pytest.mark.django_db
MARKED = "<p>For all.</p><!--members-only--><p>The paid part says canaryword.</p>"


@pytest.fixture(autouse=True)
def _today(at: Any) -> None:
    at(NOW)
    a_section("climate")
    a_section("tech")


def bring_in(path: Path, *more: str) -> str:
    return files.bring_in("ghost", path, *more)


def test_a_post_comes_in_with_all_that_it_was(tmp_path: Path) -> None:
    bring_in(ghost(tmp_path / "g.json", post(custom_excerpt="In a sentence.")))
    article = Article.objects.get()
    assert (article.headline, article.slug, article.standfirst) == ("Post p1", "post-p1", "In a sentence.")
    assert (article.section.slug, article.status, article.is_free) == ("climate", "published", True)
    assert article.published_at == datetime(2024, 2, 2, 9, tzinfo=UTC)
    assert [(author.name, author.bio, author.email) for author in article.signed_by] == [("Zoë Zabel", "Writes.", "")]
    assert not article.topics.exists(), "what is internal there is no topic here"
    assert Client().get("/post-p1/")["Location"] == "/climate/post-p1/"


@pytest.mark.parametrize("visibility", ["paid", "members", "tiers"])
@pytest.mark.parametrize(
    ("html", "teaser"),
    [
        (MARKED, "<p>For all.</p>"),
        (MARKED.replace("<!--members-only-->", '<span hidden="true"><!--members-only--></span>'), "<p>For all.</p>"),
        ("<p>The first says canaryword.</p><p>Two.</p>", ""),
    ],
)
def test_what_was_closed_stays_closed_from_the_same_word(
    tmp_path: Path, visibility: str, html: str, teaser: str
) -> None:
    bring_in(ghost(tmp_path / "g.json", post(visibility=visibility, html=html)))
    article = Article.objects.get()
    assert article.teaser == teaser
    assert "canaryword" not in article.standfirst
    page = Client().get(article.get_absolute_url()).content
    assert b"canaryword" not in page
    assert "canaryword" in FullText.objects.get().html


def test_what_was_for_everybody_is_free(tmp_path: Path) -> None:
    bring_in(ghost(tmp_path / "g.json", post(html=MARKED)))
    assert b"canaryword" in Client().get(Article.objects.get().get_absolute_url()).content


@pytest.mark.parametrize(
    ("said", "status", "note"),
    [
        ({"status": "draft", "published_at": None}, "draft", ""),
        ({"status": "scheduled", "published_at": "2027-01-01T08:00:00.000Z"}, "published", "Is scheduled."),
        ({"status": "sent"}, "draft", "newsletter only"),
        ({"html": None, "lexical": "{}"}, "published", "form of Ghost’s editor only"),
        ({"published_at": 1706864400000}, "published", ""),
        ({"published_at": "2024-02-02 09:00:00"}, "published", ""),
        ({"canonical_url": "https://e.org/"}, "published", "another address as its original"),
        ({"codeinjection_head": "<script>"}, "published", "Code that was put into the page"),
    ],
)
def test_states_are_kept_and_what_is_lost_is_said(tmp_path: Path, said: dict[str, Any], status: str, note: str) -> None:
    report = bring_in(ghost(tmp_path / "g.json", post(**said)))
    assert Article.objects.get().status == status
    assert note in report


def test_pages_are_left_out_and_tables_may_stand_in_any_order(tmp_path: Path) -> None:
    path = ghost(tmp_path / "g.json", post("p1"), post("p2", type="page"), post("p3", page=1))
    data = json.loads(path.read_text())["db"][0]["data"]
    path.write_text(json.dumps({"data": dict(reversed(data.items())), "meta": {"version": "2"}}, indent=2))
    assert "2  left out" in bring_in(path)
    assert Article.objects.get().section.slug == "climate"


def test_pictures_stand_behind_the_placeholder_of_the_site(tmp_path: Path) -> None:
    picture(tmp_path / "content/images/2024/a.png")
    html = (
        '<figure class="kg-card kg-image-card"><img src="__GHOST_URL__/content/images/size/w600/2024/a.png" alt="A">'
        "<figcaption>Here</figcaption></figure><p>Words.</p>"
        '<figure class="kg-card kg-bookmark-card"><a class="kg-bookmark-container" href="https://e.org/x">'
        '<div class="kg-bookmark-content"><div class="kg-bookmark-title">A law</div>'
        '<div class="kg-bookmark-description">Long</div></div></a></figure>'
        '<figure class="kg-card kg-embed-card"><iframe src="https://v.example/1"></iframe></figure>'
    )
    hero = {"feature_image": "__GHOST_URL__/content/images/2024/a.png"}
    alt = [{"post_id": "p1", "feature_image_alt": "A too", "feature_image_caption": "<b>Photo</b>: Ghost"}]
    path = ghost(tmp_path / "g.json", post(html=html, **hero), posts_meta=alt)
    bring_in(path, "--site", "https://old.example.org", "--pictures", str(tmp_path / "content" / "images"))
    hero_picture = Article.objects.get().hero
    assert hero_picture
    assert (hero_picture.alt, hero_picture.caption) == ("A too", "Photo: Ghost")
    other = Picture.objects.exclude(pk=hero_picture.pk).get()
    assert FullText.objects.get().html == (
        f'<figure data-picture="{other.pk}"><figcaption>Here</figcaption></figure><p>Words.</p>'
        '<p><a href="https://e.org/x">A law</a></p><p><a href="https://v.example/1">https://v.example/1</a></p>'
    )


def test_of_a_file_that_is_cut_off_comes_what_stood_before(tmp_path: Path) -> None:
    path = ghost(tmp_path / "g.json", *(post(f"p{number}") for number in range(4)))
    whole = path.read_text()
    path.write_text(whole[: whole.index('"Post p3"')])
    with pytest.raises(CommandError, match="cut off"):
        bring_in(path, "--section", "tech")
    assert Article.objects.count() == 3
    assert not Author.objects.exists(), "the authors stood behind the break"
    path.write_text(whole)
    assert "1  taken in" in bring_in(path, "--section", "tech")


@pytest.mark.parametrize(
    "content", ["", "[]", "null", "{", '{"db": 1}', '{"db": [' + "[" * 100_000, "<rss/>", '{"data": {"posts": [{]}}']
)
def test_a_file_that_is_none_says_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "g.json"
    path.write_text(content)
    with pytest.raises(CommandError):
        bring_in(path)


def test_letters_that_no_database_takes_get_a_mark(tmp_path: Path) -> None:
    path = ghost(tmp_path / "g.json", post(title="One\x00two", visibility="paid", html="<p>\x00a</p>"))
    path.write_text(path.read_text().replace("One", "One\\ud800"))
    bring_in(path)
    article = Article.objects.get()
    assert article.headline == "One\ufffd\ufffdtwo"
    assert not article.is_free


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    path = ghost(tmp_path / "g.json", post("p1"), post("p2"))
    bring_in(path)
    before = list(Article.objects.order_by("pk").values())
    assert "2  here already" in bring_in(path)
    assert list(Article.objects.order_by("pk").values()) == before
