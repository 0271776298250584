"""Footnotes: numbered, linked both ways, on their own side of the wall, and nothing else than words and links."""

import re
from typing import Any

import pytest
from django.test import Client

from articles import body, footnotes
from articles.paywall import reading_of, texts_for_feed
from subscriptions.access import Entitlement, Source
from tests.make import NOW, a_plan, an_article

PAID = "canaryword"
NOTE = '<span class="footnote">{}</span>'
TEXT = (
    f"<p>One{NOTE.format('The first source.')}.</p><p>Two{NOTE.format('The second.')}.</p>"
    f"<p>Three{NOTE.format(f'Only {PAID} says so.')}.</p><p>Four.</p>"
)


# --- Written ------------------------------------------------------------------------------------------


def test_a_note_survives_cleaning_with_its_emphasis_and_links() -> None:
    words = 'See <em>this</em> <a href="https://example.org/">page</a>'
    html = f"<p>One{NOTE.format(words)}.</p>"
    assert body.clean(html) == html
    assert body.clean(body.clean(html)) == html


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<p>a<span>b</span></p>", "<p>ab</p>"),
        ('<p>a<span class="evil">b</span></p>', "<p>ab</p>"),
        (f"<p>a{NOTE.format('b' + NOTE.format('c') + 'd')}e</p>", f"<p>a{NOTE.format('bcd')}e</p>"),
        (f"<p>a{NOTE.format('<span>b</span>c')}</p>", f"<p>a{NOTE.format('bc')}</p>"),
        (f"<p>a{NOTE.format(' ')}</p>", "<p>a</p>"),
        (f"<p>a{NOTE.format('<br>')}</p>", "<p>a</p>"),
        (f"<p>a{NOTE.format('<script>x</script>b')}</p>", f"<p>a{NOTE.format('b')}</p>"),
        (f"<ul><li>a{NOTE.format('b<h2>c</h2>')}</li></ul>", f"<ul><li>a{NOTE.format('b c')}</li></ul>"),
    ],
)
def test_a_note_is_made_of_words_emphasis_and_links_and_no_other_span_stays(written: str, kept: str) -> None:
    assert body.clean(written) == kept


@pytest.mark.parametrize(
    "html", [TEXT, "<p>a</span>b</p>", f"<p>{NOTE.format('x')}</p><span>", "<span class=footnote>"]
)
def test_cleaning_twice_changes_nothing(html: str) -> None:
    once = body.clean(html)
    assert body.clean(once) == once
    assert once.count("<span") == once.count("</span>")


# --- Served -------------------------------------------------------------------------------------------


def test_every_number_leads_to_its_note_and_every_note_back() -> None:
    html = footnotes.set_out(TEXT)
    assert "footnote" not in html
    ids = re.findall(r' id="([^"]+)"', html)
    aims = re.findall(r'href="#([^"]+)"', html)
    assert ids == ["ref-1", "ref-2", "ref-3", "note-1", "note-2", "note-3"]
    assert sorted(aims) == sorted(ids)
    assert html.count('role="doc-noteref"') == html.count('role="doc-backlink"') == 3
    assert 'aria-label="Note 2">2</a>' in html


def test_a_text_without_notes_stays_as_it_is() -> None:
    assert footnotes.set_out("<p>One.</p>") == "<p>One.</p>"


def test_several_texts_on_one_page_keep_their_ids_apart() -> None:
    both = footnotes.set_out(TEXT, key="7") + footnotes.set_out(TEXT, key="8")
    ids = re.findall(r' id="([^"]+)"', both)
    assert len(ids) == len(set(ids)) == 12


# --- The wall -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_note_of_the_paid_part_is_paid_for_too() -> None:
    article = an_article(text=TEXT)
    assert PAID not in article.teaser + article.teaser_text
    locked = reading_of(article, None).text
    assert PAID not in locked
    assert re.findall(r' id="(note[^"]+)"', locked) == ["note-1", "note-2"]
    full = reading_of(article, Entitlement(Source.SUBSCRIPTION)).text
    assert re.findall(r' id="(note[^"]+)"', full) == ["note-1", "note-2", "note-3"]
    assert PAID in full


@pytest.mark.django_db
def test_no_other_way_out_carries_a_paid_note_and_feeds_number_what_they_carry(at: Any) -> None:
    at(NOW)
    a_plan("year")
    article = an_article(text=TEXT)
    for path in (article.get_absolute_url(), "/feed.xml", "/feed.json", "/climate/", "/search/?q=first", "/"):
        assert PAID not in Client().get(path).content.decode(), path
    feed = Client().get("/feed.json").json()["items"][0]["content_html"]
    assert f'id="note{article.pk}-1"' in feed
    assert PAID in texts_for_feed([article], Entitlement(Source.SUBSCRIPTION))[article.pk]
