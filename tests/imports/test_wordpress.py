"""What becomes of an export of WordPress."""

import io
import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from articles.imports import taking_in
from articles.imports.story import LeftOut, Story
from articles.imports.wordpress import Wordpress, paragraphs
from articles.models import Article, Author, FullText, ImportedArticle, OldAddress, Picture, Topic
from tests.imports import files
from tests.imports.files import HEAD, TAIL, attachment, item, meta, picture, wxr
from tests.make import NOW, a_section

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(at: Any) -> None:
    at(NOW)
    a_section("climate")
    a_section("tech")


def bring_in(path: Path, *more: str) -> str:
    return files.bring_in("wordpress", path, *more)


def text_of(slug: str) -> str:
    return FullText.objects.get(article__slug=slug).html


def test_a_post_comes_in_with_all_that_it_was(tmp_path: Path) -> None:
    bring_in(wxr(tmp_path / "a.xml", item(1, excerpt="In a sentence.")), "--section", "tech")
    article = Article.objects.get()
    assert (article.headline, article.slug, article.standfirst) == ("Story 1", "story-1", "In a sentence.")
    assert (article.section.slug, article.language, article.status) == ("climate", "en", "published")
    assert article.published_at == datetime(2019, 5, 17, 8, 30, tzinfo=UTC)
    assert article.changed_at == datetime(2019, 5, 18, 8, 30, tzinfo=UTC)
    assert [author.name for author in article.signed_by] == ["Ana Novak"]
    assert [topic.name for topic in article.topics.all()] == ["Rivers"]
    assert not Author.objects.exclude(email="").exists(), "an address of the staff is not for the author's page"


def test_the_more_mark_becomes_the_wall(tmp_path: Path) -> None:
    bring_in(wxr(tmp_path / "a.xml", item(1)))
    article = Article.objects.get()
    assert text_of("story-1") == (
        "<p>The first paragraph<br>with a line break.</p><p>The second has <strong>bold</strong> words.</p>"
        '<hr class="wall"><p>The third is paid for and says canaryword.</p>'
    )
    assert "canaryword" not in article.teaser
    assert "canaryword" not in article.standfirst
    assert article.has_wall
    assert b"canaryword" not in Client().get(article.get_absolute_url()).content


def test_its_old_address_leads_to_it(tmp_path: Path) -> None:
    old = meta("_wp_old_slug", "story-one")
    bring_in(wxr(tmp_path / "a.xml", item(1, more=old)))
    for path in ("/2019/05/story-1/", "/2019/05/story-one/"):
        answer = Client().get(path)
        assert (answer.status_code, answer["Location"]) == (301, "/climate/story-1/")


@pytest.mark.parametrize(
    ("said", "status", "note"),
    [
        ({"status": "publish"}, "published", ""),
        ({"status": "future", "gmt": "2027-01-01 08:00:00"}, "published", "Is scheduled."),
        ({"status": "draft", "gmt": "0000-00-00 00:00:00", "link": "https://old.example.org/?p=1"}, "draft", ""),
        ({"status": "pending"}, "draft", "Was waiting for review"),
        ({"status": "private"}, "draft", "Was private"),
        ({"status": "publish", "password": "sesame"}, "draft", "Was behind a password"),
        ({"status": "publish", "gmt": "", "pubDate": "", "date": ""}, "draft", "nobody knows when"),
        ({"status": "publish", "title": ""}, "draft", "Has no headline"),
        ({"status": "publish", "title": "Very " * 40}, "published", "The headline is longer than 120"),
        ({"status": "publish", "terms": ""}, "published", ""),
        ({"slug": "%f0%9f%8c%89"}, "published", ""),
        ({"content": "[contact-form to=x]Words[/contact-form] of [sic] theirs."}, "published", "A shortcode"),
        ({"content": "<script>alert(1)</script><p onclick=x>Words.</p>"}, "published", "<script> was left out."),
        ({"content": '<p>a</p><iframe src="https://v.example/1"></iframe>'}, "published", "became a link"),
        ({"more": "<wp:comment><wp:comment_content>hm</wp:comment_content></wp:comment>"}, "published", "comments"),
    ],
)
def test_states_are_kept_and_what_is_lost_is_said(tmp_path: Path, said: dict[str, str], status: str, note: str) -> None:
    report = bring_in(wxr(tmp_path / "a.xml", item(1, **said)), "--section", "tech")
    assert Article.objects.get().status == status
    assert note in report
    assert "1  taken in" in report


def test_a_moment_without_a_zone_is_the_sites(tmp_path: Path) -> None:
    bring_in(wxr(tmp_path / "a.xml", item(1, gmt="0000-00-00 00:00:00", pubDate="")))
    assert Article.objects.get().published_at == datetime(2019, 5, 17, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"type": "page"}, "A page, not an article"),
        ({"type": "nav_menu_item"}, "An entry of a menu"),
        ({"type": "product"}, "Of the kind “product”"),
        ({"status": "trash"}, "It was in the bin"),
        ({"terms": ""}, "no section was named"),
    ],
)
def test_what_is_no_article_is_left_out_and_named(tmp_path: Path, said: dict[str, str], why: str) -> None:
    report = bring_in(wxr(tmp_path / "a.xml", item(1, **said)))
    assert why in report
    assert "1  left out" in report
    assert not Article.objects.exists()


def test_categories_are_mapped_and_the_others_become_topics(tmp_path: Path) -> None:
    terms = "".join(f'<category domain="category" nicename="x"><![CDATA[{name}]]></category>' for name in ("EU", "Web"))
    bring_in(wxr(tmp_path / "a.xml", item(1, terms=terms)), "--map", "web=tech")
    assert Article.objects.get().section.slug == "tech"
    assert [topic.name for topic in Topic.objects.all()] == ["EU"]


def test_several_authors_stand_in_their_order(tmp_path: Path) -> None:
    terms = "".join(
        f'<category domain="author" nicename="cap-{name.lower()}"><![CDATA[{name}]]></category>'
        for name in ("Zoë", "Ana")
    )
    bring_in(wxr(tmp_path / "a.xml", item(1, terms=terms)), "--section", "tech")
    assert [author.name for author in Article.objects.get().signed_by] == ["Zoë", "Ana"]


def test_pictures_come_from_a_folder_wherever_they_stand_in_the_file(tmp_path: Path) -> None:
    picture(tmp_path / "uploads/2019/05/bridge.jpg")
    picture(tmp_path / "uploads/2019/05/pier.jpg", width=80)
    content = (
        '<!-- wp:image {"id":7} --><figure class="wp-block-image"><img src="https://old.example.org/wp-content/uploads/'
        '2019/05/bridge-300x200.jpg" alt="" class="wp-image-7"/><figcaption>The <em>bridge</em></figcaption></figure>'
        "<!-- /wp:image --><!-- wp:paragraph --><p>Words.</p><!-- /wp:paragraph -->"
    )
    pictures = (
        attachment(7, "https://old.example.org/wp-content/uploads/2019/05/bridge.jpg", alt="A bridge"),
        attachment(8, "https://old.example.org/wp-content/uploads/2019/05/pier.jpg", alt="A pier", caption="Its end"),
    )
    story = item(1, content=content, more=meta("_thumbnail_id", "8"))
    report = bring_in(
        wxr(tmp_path / "a.xml", story, *pictures), "--pictures", str(tmp_path / "uploads"), "--credit", "Photo: Gazette"
    )
    bridge, pier = Picture.objects.get(alt="A bridge"), Picture.objects.get(alt="A pier")
    assert text_of("story-1").startswith(
        f'<figure data-picture="{bridge.pk}"><figcaption>The bridge</figcaption></figure><p>Words.</p>'
    )
    assert Article.objects.get().hero == pier
    assert (pier.caption, pier.credit, pier.width) == ("Its end", "Photo: Gazette", 80)
    assert bridge.stem
    assert "A picture" not in report


def test_a_picture_in_a_caption_of_old_and_in_a_paragraph(tmp_path: Path) -> None:
    picture(tmp_path / "u/a.jpg")
    picture(tmp_path / "u/b.jpg", width=70)
    content = (
        '[caption id="attachment_1" width="300"]<a href="/x.jpg"><img src="/u/a.jpg" alt="A"></a> Above[/caption]\n\n'
        'Before <img src="/u/b.jpg" alt="B"> after.'
    )
    bring_in(wxr(tmp_path / "a.xml", item(1, content=content)), "--pictures", str(tmp_path))
    a, b = Picture.objects.get(alt="A").pk, Picture.objects.get(alt="B").pk
    assert text_of("story-1") == (
        f'<figure data-picture="{a}"><figcaption>Above</figcaption></figure>'
        f'<p>Before  after.</p><figure data-picture="{b}"><figcaption></figcaption></figure>'
    )


def test_a_picture_that_cannot_be_had_is_named_and_the_article_comes_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"<svg>")
    content = '<img src="https://old.example.org/a.jpg"><img src="/bad.jpg"><p>Words.</p>'
    report = bring_in(wxr(tmp_path / "a.xml", item(1, content=content)), "--pictures", str(tmp_path))
    assert "A picture is missing: old.example.org is none of the named hosts." in report
    assert "A picture is missing: This file is not a picture we can read" in report
    assert text_of("story-1") == "<p>Words.</p>"


def test_links_within_the_old_site_stay_within_the_site(tmp_path: Path) -> None:
    content = '<a href="https://old.example.org/2019/05/story-2/?a=1#b">here</a> <a href="https://e.org/">there</a>'
    bring_in(wxr(tmp_path / "a.xml", item(1, content=content)))
    assert 'href="/2019/05/story-2/?a=1#b"' in text_of("story-1")
    assert 'href="https://e.org/"' in text_of("story-1")


def test_notes_of_the_block_editor_become_footnotes(tmp_path: Path) -> None:
    content = (
        '<!-- wp:paragraph --><p>Words<sup data-fn="k1" class="fn"><a href="#k1">1</a></sup> here.</p>'
        "<!-- /wp:paragraph -->"
    )
    notes = json.dumps([{"id": "k1", "content": "Says <em>who</em>."}])
    bring_in(wxr(tmp_path / "a.xml", item(1, content=content, more=meta("footnotes", notes))))
    assert '<p>Words<span class="footnote">Says <em>who</em>.</span> here.</p>' in text_of("story-1")


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    path = wxr(tmp_path / "a.xml", *(item(number) for number in range(1, 6)))
    bring_in(path)
    before = list(Article.objects.order_by("pk").values())
    assert "5  here already" in bring_in(path)
    assert list(Article.objects.order_by("pk").values()) == before
    assert OldAddress.objects.count() == 5


def test_what_was_deleted_here_stays_deleted_and_what_was_edited_stays_edited(tmp_path: Path) -> None:
    path = wxr(tmp_path / "a.xml", item(1), item(2))
    bring_in(path)
    Article.objects.get(slug="story-1").delete()
    Article.objects.filter(slug="story-2").update(headline="Better")
    assert "Was deleted here since" in bring_in(path)
    assert Article.objects.get().headline == "Better"
    changed = bring_in(wxr(tmp_path / "b.xml", item(1), item(2, title="Other")))
    assert "1  here already, changed at the source" in changed
    assert Article.objects.get().headline == "Better"


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = wxr(tmp_path / "a.xml", *(item(number) for number in range(1, 8)))
    store, stored = taking_in.TakingIn._store, []

    def killed(self: Any, story: Story, *rest: Any) -> None:
        if len(stored) == 3:
            raise KeyboardInterrupt
        stored.append(story.source_id)
        store(self, story, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(taking_in.TakingIn, "_store", killed)
        with pytest.raises(CommandError, match="go on from here"):
            bring_in(path)
    assert Article.objects.count() == FullText.objects.count() == 3
    report = bring_in(path)
    assert "3  here already" in report
    assert "4  taken in" in report
    assert Article.objects.count() == ImportedArticle.objects.count() == 7


def test_a_trial_changes_nothing_and_says_what_would_happen(tmp_path: Path) -> None:
    path = wxr(tmp_path / "a.xml", item(1), item(2, type="page"), item(3, slug="story-1"))
    report = bring_in(path, "--dry-run")
    assert "2  would be taken in" in report
    assert "1  left out" in report
    assert "Its address was given away already" in report
    for model in (Article, Author, Topic, ImportedArticle, OldAddress, Picture):
        assert not model._default_manager.exists()


def test_the_table_names_every_article_and_holds_no_formula(tmp_path: Path) -> None:
    path = wxr(tmp_path / "a.xml", item(1, title="=SUM(A1)"), item(2, type="page"))
    bring_in(path, "--report", str(tmp_path / "report.csv"))
    table = (tmp_path / "report.csv").read_text(encoding="utf-8-sig")
    assert "1,'=SUM(A1),taken in" in table
    assert "2,Story 2,left out" in table


# --- Bad files --------------------------------------------------------------------------------------------------------


def test_of_a_file_that_is_cut_off_comes_what_stood_before(tmp_path: Path) -> None:
    whole = HEAD + item(1) + item(2) + item(3) + TAIL
    path = tmp_path / "a.xml"
    path.write_text(whole[: whole.index("Story 3") + 3])
    said = io.StringIO()
    with pytest.raises(CommandError, match=r"cut off or damaged at line \d+, column \d+"):
        call_command("import_articles", "wordpress", str(path), stdout=said)
    assert "2  taken in" in said.getvalue()
    assert Article.objects.count() == 2
    path.write_text(whole)
    assert "1  taken in" in bring_in(path)


BOMB = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("declared", [BOMB, OUTSIDE, '<!DOCTYPE rss SYSTEM "http://127.0.0.1/x.dtd">'])
def test_a_file_that_declares_entities_is_refused(tmp_path: Path, declared: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(HEAD.replace("<rss", declared + "<rss") + item(1, title="]]>&c;&a;<![CDATA[") + TAIL)
    with pytest.raises(CommandError, match="declares entities"):
        bring_in(path)
    assert not Article.objects.exists()


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"<html><body>No</body></html>", b"{}", b"PK\x03\x04"])
def test_a_file_that_is_none_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(content)
    try:
        said = bring_in(path)
    except CommandError as error:
        said = str(error)
    assert "taken in" not in said


def test_letters_that_xml_forbids_and_bytes_that_are_none_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes((HEAD + item(1, content="One\x0b two BAD three.") + TAIL).encode().replace(b"BAD", b"\xff\xfe"))
    bring_in(path)
    assert "One two \ufffd\ufffd three." in text_of("story-1")


def test_an_item_that_is_longer_than_any_article_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("articles.imports.wordpress.LONGEST_ITEM", 20_000)
    report = bring_in(wxr(tmp_path / "a.xml", item(1, content="word " * 10_000), item(2)))
    assert "It is longer than any article." in report
    assert Article.objects.get().slug == "story-2"


def test_memory_stays_the_same_however_long_the_file_is(tmp_path: Path) -> None:
    def needs(items: int) -> int:
        path = tmp_path / f"{items}.xml"
        with path.open("w") as file:
            file.write(HEAD)
            file.writelines(item(number, content="A sentence of some length. " * 800) for number in range(items))
            file.write(TAIL)
        tracemalloc.start()
        found = sum(isinstance(one, Story | LeftOut) for one in Wordpress(path, zone=UTC))
        needed = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found == items
        return needed

    # A tenth of a megabyte an item would be twenty for all of them.
    assert needs(250) < needs(50) + 1_000_000


@pytest.mark.parametrize("begun", ["[caption]", "<!-- wp:", "<!--more", "[embed]", "[a b=", "[gallery", "<img "])
def test_what_is_begun_many_times_and_never_ended_takes_no_longer(tmp_path: Path, begun: str) -> None:
    assert "1  taken in" in bring_in(wxr(tmp_path / "a.xml", item(1, content="Words. " + begun * 3_000)))


def test_paragraphs_of_the_classic_editor_are_found() -> None:
    assert (
        paragraphs("One\r\n\r\nTwo\nlines\n\n<h2>Three</h2>\n\n\n") == "<p>One</p>\n<p>Two<br>lines</p>\n<h2>Three</h2>"
    )
