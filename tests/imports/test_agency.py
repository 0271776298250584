"""What becomes of agency copy in ninjs: drafts for an editor, with the agency's names under them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from articles.models import Article, FullText
from tests.imports import files
from tests.imports.files import ninjs, picture
from tests.make import NOW, a_section

pytestmark = pytest.mark.django_db
OLD_NAMES = {"versionCreated": "versioncreated", "pubStatus": "pubstatus", "contentType": "contenttype"}


@pytest.fixture(autouse=True)
def _today(at: Any) -> None:
    at(NOW)
    a_section("climate")


def bring_in(path: Path, *items: dict[str, Any], more: tuple[str, ...] = ()) -> str:
    """Write the items, run the command and return what it says."""
    if items:
        path.write_text(json.dumps(items[0] if len(items) == 1 else items), encoding="utf-8")
    return files.bring_in("ninjs", path, "--section", "climate", *more)


@pytest.mark.parametrize("version", ["3", "2"])
def test_an_item_comes_in_as_a_draft(tmp_path: Path, version: str) -> None:
    text = json.dumps(ninjs())
    for new, old in OLD_NAMES.items() if version == "2" else ():
        text = text.replace(new, old)
    bring_in(tmp_path / "a.json", json.loads(text))
    article = Article.objects.get()
    assert (article.headline, article.status, article.language) == ("Eine Brücke für alle", "draft", "de")
    assert [(author.name, author.is_guest) for author in article.signed_by] == [
        ("Jan Mertens", True),
        ("Ida Berg", True),
        ("agency", True),
    ]
    assert FullText.objects.get().html == "<p>Ein Satz.</p>"
    assert article.standfirst == "Ein Satz."


def test_plain_text_becomes_paragraphs(tmp_path: Path) -> None:
    bodies = [{"contentType": "text/plain", "value": "One & two.\n\nThree <b>."}]
    bring_in(tmp_path / "a.json", ninjs(bodies=bodies))
    assert FullText.objects.get().html == "<p>One &amp; two.</p><p>Three &lt;b&gt;.</p>"


def test_what_agencies_still_send_of_the_first_generation(tmp_path: Path) -> None:
    item = {"uri": "u", "type": "text", "headline": "H", "byline": "By Ana Novak", "body_xhtml": "<p>Words.</p>"}
    bring_in(tmp_path / "a.json", item | {"versioncreated": "2026-05-17T14:00:00Z", "language": "sv"})
    article = Article.objects.get()
    assert ([author.name for author in article.signed_by], article.language) == (["Ana Novak"], "en")


def test_the_largest_rendition_of_the_first_picture_is_the_main_one(tmp_path: Path) -> None:
    picture(tmp_path / "p/big.jpg", width=90)
    picture(tmp_path / "p/small.jpg", width=30)
    host = "https://pictures.agency.example/p"
    association = {
        "name": "mainpic",
        "type": "picture",
        "by": "Ida Berg",
        "headlines": [{"value": "A bridge"}],
        "descriptions": [{"contentType": "text/plain", "value": "A bridge in May"}],
        "renditions": [
            {"name": "small", "href": f"{host}/small.jpg", "width": 30},
            {"name": "big", "href": f"{host}/big.jpg", "width": 90},
        ],
    }
    report = bring_in(tmp_path / "a.json", ninjs(associations=[association] * 2), more=("--pictures", str(tmp_path)))
    hero = Article.objects.get().hero
    assert hero
    assert (hero.width, hero.alt, hero.caption, hero.credit) == (90, "A bridge", "A bridge in May", "Ida Berg")
    assert "further pictures" in report


def test_an_embargo_holds_and_terms_are_said(tmp_path: Path) -> None:
    report = bring_in(tmp_path / "a.json", ninjs(embargoed="2026-12-01T00:00:00Z", usageTerms="Not in Finland"))
    assert Article.objects.get().embargo_until == datetime(2026, 12, 1, tzinfo=UTC)
    assert "Under embargo" in report
    assert "Not in Finland" in report


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"pubStatus": "canceled"}, "cancelled it"),
        ({"type": "video"}, "Of the kind “video”"),
        ({"uri": ""}, "It has no uri"),
        ({"bodies": []}, "There is no text in it"),
    ],
)
def test_what_cannot_be_taken_is_left_out_and_named(tmp_path: Path, said: dict[str, Any], why: str) -> None:
    assert why in bring_in(tmp_path / "a.json", ninjs(**said))
    assert not Article.objects.exists()


def test_a_folder_is_read_whole_and_one_bad_file_does_not_stop_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([ninjs(uri="u1"), ninjs(uri="u2")]))
    (tmp_path / "b.json").write_text(json.dumps(ninjs(uri="u3"))[:-20])
    (tmp_path / "c.jsonl").write_text("\n".join(json.dumps(ninjs(uri=f"u{number}")) for number in (4, 5)))
    with pytest.raises(CommandError, match="Line 1 is cut off"):
        bring_in(tmp_path)
    assert Article.objects.count() == 4
    with pytest.raises(CommandError):
        bring_in(tmp_path)
    assert Article.objects.count() == 4
