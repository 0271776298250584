"""What becomes of a folder of Markdown."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from articles.imports import front_matter
from articles.imports.front_matter import Unreadable
from articles.models import Article, FullText
from tests.imports import files
from tests.imports.files import picture
from tests.make import NOW, a_section

pytestmark = pytest.mark.django_db
YAML = """---
title: "A bridge: at last"
date: 2024-05-17T10:30:00+02:00
authors: [Ana Novak, "Zabel, Zita"]
tags:
- Rivers
- Baltic
categories: Climate
description: >
  Over two
  lines.
aliases: ["/old/bridge/"]
image: pictures/a.png
image_alt: A bridge
image_credit: "Photo: Ana"
mood: cheerful
---
# Not the title

The first[^1] with **bold** and [a link](https://e.org/).

<!--more-->

The third says canaryword. ![A pier](pictures/b.png "Its end")

| a | b |
|---|---|
| 1 | 2 |

[^1]: Says *who*.
"""


@pytest.fixture(autouse=True)
def _today(at: Any) -> None:
    at(NOW)
    a_section("climate")


def bring_in(folder: Path, *more: str) -> str:
    return files.bring_in("markdown", folder, "--section", "climate", *more)


def a_file(folder: Path, text: str, name: str = "2024/bridge.md") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_a_file_comes_in_with_all_that_it_says(tmp_path: Path) -> None:
    a_file(tmp_path, YAML)
    for name in ("a", "b"):
        picture(tmp_path / f"2024/pictures/{name}.png", width=ord(name))
    report = bring_in(tmp_path)
    article = Article.objects.get()
    assert (article.headline, article.slug, article.standfirst) == ("A bridge: at last", "bridge", "Over two lines.")
    assert article.published_at == datetime(2024, 5, 17, 8, 30, tzinfo=UTC)
    assert [author.name for author in article.signed_by] == ["Ana Novak", "Zabel, Zita"]
    assert sorted(topic.name for topic in article.topics.all()) == ["Baltic", "Rivers"]
    assert article.hero
    assert (article.hero.alt, article.hero.credit, article.hero.width) == ("A bridge", "Photo: Ana", 97)
    html = FullText.objects.get().html
    assert '<p>The first<span class="footnote">Says <em>who</em>.</span> with <strong>bold</strong>' in html
    assert '<hr class="wall">' in html
    assert "<figcaption>Its end</figcaption>" in html
    assert "canaryword" not in article.teaser
    assert "Said more on top than we know of." in report
    assert Client().get("/old/bridge")["Location"] == "/climate/bridge/"


@pytest.mark.parametrize(
    ("text", "name", "headline", "status"),
    [
        ("+++\ntitle = 'In TOML'\ndate = 2024-05-17\n+++\nWords.", "a.md", "In TOML", "published"),
        ("+++\ntitle = 'In TOML'\ndate = 2024-05-17\ndraft = true\n+++\nWords.", "a.md", "In TOML", "draft"),
        ("# On top\n\nWords.", "2024-05-17-a-name.md", "On top", "published"),
        ("Words.", "a-name.md", "A name", "draft"),
        ("---\ntitle: It\npublished: false\ndate: 2024-05-17\n---\nWords.", "a.md", "It", "draft"),
        ("---\ntitle: It\n---\r\nWords.", "x/index.md", "It", "draft"),
    ],
)
def test_other_ways_of_saying_it(tmp_path: Path, text: str, name: str, headline: str, status: str) -> None:
    a_file(tmp_path, text, name)
    bring_in(tmp_path)
    article = Article.objects.get()
    assert (article.headline, article.status) == (headline, status)


def test_free_and_paid_are_said_on_top(tmp_path: Path) -> None:
    a_file(tmp_path, "---\ntitle: A\naccess: paid\n---\nOne canaryword.", "a.md")
    a_file(tmp_path, "---\ntitle: B\nfree: true\n---\nOne.\n\nTwo.\n\nThree.", "b.md")
    bring_in(tmp_path)
    assert Article.objects.get(slug="a").teaser == ""
    assert Article.objects.get(slug="b").is_free


def test_html_goes_the_way_of_all_html_and_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    a_file(
        tmp_path / "in", "# A\n\n<script>alert(1)</script>\n\n<p onclick=x>Words</p>\n\n![x](../../secret.png)", "a.md"
    )
    picture(tmp_path / "secret.png")
    (tmp_path / "outside.md").write_text("# Outside\n\nWords.")
    (tmp_path / "in/link.md").symlink_to(tmp_path / "outside.md")
    report = bring_in(tmp_path / "in", "--pictures", str(tmp_path / "in"))
    assert FullText.objects.get().html == "<p>Words</p>"
    assert "It leads out of the folder." in report
    assert "It is not in the folder of pictures." in report


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: yes\nc:\nd: ~", {"a": "1", "b": True, "c": None, "d": None}),
        ("a: 'it''s' # no\nb: \"say \\\"x\\\"\"", {"a": "it's", "b": 'say "x"'}),
        ("a: [x, 'y, z', \"w\"]\nb:\n  - 1\n  - two", {"a": ["x", "y, z", "w"], "b": ["1", "two"]}),
        ("a: |\n  one\n  two\nb: 2", {"a": "one\ntwo", "b": "2"}),
        ("cover:\n  image: a.png\n  alt: x", {"cover": {"image": "a.png", "alt": "x"}}),
        ("a: one\n  two # not a comment here", {"a": "one two"}),
        ("# only a comment\n\n", {}),
    ],
)
def test_what_stands_on_top_is_read(text: str, found: dict[str, Any]) -> None:
    assert front_matter.read(text) == found


@pytest.mark.parametrize("text", ["no colon", "- a list", "{a: 1}", "!!python/object/apply:os.system ['x']"])
def test_what_is_written_in_another_way_is_named(text: str) -> None:
    with pytest.raises(Unreadable, match="line 1"):
        front_matter.read(text)
