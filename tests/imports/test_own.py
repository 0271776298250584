"""What is written out comes in again without loss: on another site as it was, on the same one not a second time."""

import hashlib
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from articles import body
from articles.imports import plain
from articles.models import (
    Article,
    Author,
    Byline,
    Correction,
    FormerAddress,
    FullText,
    ImportedArticle,
    ImportedPicture,
    OldAddress,
    Picture,
    Section,
    Topic,
)
from tests.imports import files
from tests.imports.files import picture
from tests.make import NOW, a_section, an_article, an_author

pytestmark = pytest.mark.django_db
# Relations of an article that the file does not carry, and why.
STAY_BEHIND = {
    "steps": "what the desk did belongs to the desk",
    "kept_versions": "earlier versions stay with the site that made them",
    "came_from": "says where this site has it from",
    "full_text": "is written as the text",
    "bylines": "are written as the authors",
    "translations": "are written from the other end",
}


@pytest.fixture(autouse=True)
def _today(at: Any) -> None:
    at(NOW)


def a_picture(path: Path, **fields: Any) -> Picture:
    """A picture of the library with its file."""
    file = picture(path, width=70 + len(fields))
    one = Picture(**{"alt": "A", "credit": "Photo: B", "focus_x": 0.25} | fields)
    one.original.save("a", ContentFile(file.read_bytes(), name="a"), save=False)
    one.save()
    one.make_first_renditions()
    return one


def a_site(folder: Path) -> None:
    """A bit of everything that an article can be."""
    hero, other = a_picture(folder / "src/a.png", caption="Ü"), a_picture(folder / "src/b.jpg")
    author = an_author("Zita Zabel")
    Author.objects.filter(pk=author.pk).update(
        name="Zoë Zabel", picture=other, bio="Line\nbreak", is_guest=True, email="zoe@example.org"
    )
    rivers = Topic.objects.create(name="Rivers", slug="rivers", about="Water")
    text = (
        f'<p>One<span class="footnote">A <em>note</em>.</span></p><figure data-picture="{other.pk}"><figcaption>C'
        f"</figcaption></figure>{body.WALL}<p>Paid “words”.</p>"
    )
    first = an_article("The bridge", text=text, hero=hero, hero_caption="Here", kicker="Analysis", by=author)
    first.sign([author, an_author("Ana Novak")])
    first.topics.add(rivers)
    first.correct("Two piers.", by=None, at=NOW, said="three", says_now="two")
    first.move_to("the-new-bridge")
    OldAddress.objects.create(path="2019/05/bridge", article=first)
    french = an_article("Le pont", language="fr", translation_of=first, section=a_section("tech", remit="Machines"))
    french.related.add(first)
    an_article("A draft", published=None, planned_on=date(2026, 12, 1), embargo_until=NOW, text="<p>Words.</p>")
    an_article("Later", published=NOW + timedelta(days=3), is_free=True)
    an_article("Gone").withdraw(by=None, at=NOW, because="It was wrong.")
    Article.objects.update(changed_at=datetime(2026, 11, 2, 3, 4, 5, 678901, tzinfo=UTC))


def empty() -> None:
    """Forget everything, as on a new site."""
    Article.objects.update(translation_of=None)
    for model in (Correction, Byline, FormerAddress, OldAddress, ImportedArticle, ImportedPicture, FullText, Article):
        model._default_manager.all().delete()
    for model in (Author, Topic, Section, Picture):
        model._default_manager.all().delete()


def written(folder: Path) -> list[dict[str, Any]]:
    """Export, and read the lines."""
    call_command("export_articles", str(folder), stdout=io.StringIO())
    return [json.loads(line) for line in (folder / "articles.jsonl").read_text(encoding="utf-8").splitlines()]


def bring_in(folder: Path, *more: str) -> str:
    return files.bring_in("newsroom", folder, *more)


def without_keys(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines with their keys counted from one, in the order in which they stand."""
    pictures = {line["key"]: number for number, line in enumerate(lines) if line["kind"] == "picture"}
    articles = {line["key"]: number for number, line in enumerate(lines) if line["kind"] == "article"}
    found = []
    for line in lines[1:]:
        line = dict(line)
        if line["kind"] == "author":
            line["picture"] = pictures.get(line["picture"])
        if line["kind"] == "picture":
            line["key"] = pictures[line["key"]]
        if line["kind"] == "article":
            line["key"], line["hero"] = articles[line["key"]], pictures.get(line["hero"])
            line["translation_of"] = articles.get(line["translation_of"])
            line["related"] = [articles[key] for key in line["related"]]
            for key, number in pictures.items():
                line["html"] = line["html"].replace(f'data-picture="{key}"', f'data-picture="#{number}"')
        found.append(line)
    return found


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    a_site(tmp_path)
    before = written(tmp_path / "out")
    empty()
    a_picture(tmp_path / "src/z.png").delete()
    report = bring_in(tmp_path / "out")
    assert "5  taken in" in report
    assert "left out" not in report
    assert without_keys(written(tmp_path / "again")) == without_keys(before)
    assert Picture.objects.exclude(stem="").count() == 2
    article = Article.objects.get(slug="the-new-bridge")
    assert article.teaser.startswith("<p>One")
    assert article.words_behind_wall == 2


def test_on_the_site_that_wrote_it_and_at_a_second_run_nothing_changes(tmp_path: Path) -> None:
    a_site(tmp_path)
    before = written(tmp_path / "out")
    assert "5  here already" in bring_in(tmp_path / "out")
    assert not ImportedArticle.objects.exists()
    empty()
    bring_in(tmp_path / "out")
    there = written(tmp_path / "once")
    Article.objects.get(slug="le-pont").related.clear()
    assert "5  here already" in bring_in(tmp_path / "out")
    assert len(written(tmp_path / "twice")) == len(there) == len(before)
    assert not Article.objects.get(slug="le-pont").related.exists(), "what an editor changed since stays so"


def test_a_trial_changes_nothing(tmp_path: Path) -> None:
    a_site(tmp_path)
    written(tmp_path / "out")
    empty()
    assert "5  would be taken in" in bring_in(tmp_path / "out", "--dry-run")
    for model in (Article, Author, Topic, Section, Picture, ImportedArticle):
        assert not model._default_manager.exists()


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_site(tmp_path)
    before = written(tmp_path / "out")
    empty()
    sign, signed = Article.sign, []

    def killed(self: Article, authors: Any) -> None:
        if len(signed) == 2:
            raise KeyboardInterrupt
        signed.append(self)
        sign(self, authors)

    with monkeypatch.context() as patch:
        patch.setattr(Article, "sign", killed)
        with pytest.raises(CommandError, match="go on from here"):
            bring_in(tmp_path / "out")
    assert Article.objects.count() == 2
    assert "3  taken in" in bring_in(tmp_path / "out")
    assert without_keys(written(tmp_path / "again")) == without_keys(before)


def test_a_file_that_is_cut_off_gives_what_stood_before(tmp_path: Path) -> None:
    a_site(tmp_path)
    written(tmp_path / "out")
    empty()
    file = tmp_path / "out/articles.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    with pytest.raises(CommandError, match="is cut off or damaged"):
        bring_in(tmp_path / "out")
    assert Article.objects.count() == 4
    file.write_bytes(whole)
    assert "1  taken in" in bring_in(tmp_path / "out")
    assert Article.objects.get(slug="le-pont").translation_of == Article.objects.get(slug="the-new-bridge")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"language": "xx"}, "language: Value 'xx' is not a valid choice"),
        ({"published_at": "soon"}, "published_at"),
        ({"section": "nowhere"}, "There is no section “nowhere”"),
        ({"slug": "../../etc"}, "slug"),
        ({"status": "published", "published_at": None}, "constraint"),
    ],
)
def test_a_line_that_no_form_would_take_is_left_out_and_named(
    tmp_path: Path, changed: dict[str, Any], why: str
) -> None:
    an_article("The bridge")
    lines = written(tmp_path)
    empty()
    lines[-1] |= changed
    (tmp_path / "articles.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = bring_in(tmp_path)
    assert "1  left out" in report
    assert why.lower() in report.lower()
    assert not Article.objects.exists()


def test_html_in_a_line_goes_the_way_of_all_html(tmp_path: Path) -> None:
    an_article("The bridge")
    lines = written(tmp_path)
    empty()
    lines[-1]["html"] = "<p onclick=x>Words<script>alert(1)</script></p>"
    (tmp_path / "articles.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    bring_in(tmp_path)
    assert FullText.objects.get().html == "<p>Words</p>"


def test_a_file_beside_the_lines_that_is_another_one_is_not_taken(tmp_path: Path) -> None:
    a_picture(tmp_path / "src/a.png")
    written(tmp_path)
    empty()
    for file in (tmp_path / "media").iterdir():
        file.write_bytes(picture(tmp_path / "src/b.png", width=33).read_bytes())
    assert "is another one than the lines say" in bring_in(tmp_path)
    assert not Picture.objects.exists()


@pytest.mark.parametrize("content", ["", "{}\n", "[1]\n", '{"kind": "site", "version": 99}\n', '{"kind": "article"}\n'])
def test_a_file_that_is_none_says_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "articles.jsonl").write_text(content)
    if content:
        with pytest.raises(CommandError):
            bring_in(tmp_path)
    assert not Article.objects.exists()


@pytest.mark.parametrize("model", plain.STAYS_BEHIND, ids=lambda model: model.__name__)
def test_what_stays_behind_exists(model: Any) -> None:
    assert set(plain.STAYS_BEHIND[model]) <= {field.name for field in model._meta.concrete_fields}


def test_every_field_and_relation_of_an_article_is_written_or_has_a_reason_not_to_be(tmp_path: Path) -> None:
    an_article("The bridge")
    line = written(tmp_path)[-1]
    names = {"former_addresses": "former_slugs", "old_addresses": "old_paths", "id": "key"}
    behind = {*STAY_BEHIND, *plain.STAYS_BEHIND[Article]}
    for field in Article._meta.get_fields():
        name = names.get(field.name, field.name)
        if name in line or name in behind:
            continue
        # Gifts, lists of readers and counts point at an article; they are not what was written.
        is_of_others = field.auto_created and not field.concrete
        assert is_of_others, f"{name} is neither written nor named in STAYS_BEHIND"


def test_a_thousand_articles_cost_a_handful_of_queries(tmp_path: Path, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        an_article(f"Story {number}")
    with django_assert_max_num_queries(16):
        written(tmp_path)


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(str.strip)


@given(headline=WORDS, standfirst=WORDS, text=WORDS, paid=WORDS, topic=WORDS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_written_comes_back(
    tmp_path: Path, headline: str, standfirst: str, text: str, paid: str, topic: str
) -> None:
    empty()
    html = f"<p>{body.escape(text)}</p>{body.WALL}<p>{body.escape(paid)}</p>"
    article = an_article(headline, slug="it", standfirst=standfirst, text=html)
    article.topics.add(Topic.objects.create(name=topic, slug="t"))
    folder = tmp_path / hashlib.sha256(repr((headline, standfirst, text, paid, topic)).encode()).hexdigest()
    before = written(folder)
    empty()
    assert "1  taken in" in bring_in(folder)
    assert without_keys(written(folder / "again")) == without_keys(before)
    assert connection.in_atomic_block
