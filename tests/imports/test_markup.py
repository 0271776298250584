"""HTML from elsewhere becomes what an editor could have written here."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from articles import body
from articles.imports.markup import turned
from articles.imports.story import Illustration


def seven(picture: Illustration, key: str) -> int | None:
    """Every picture is the seventh, but those called none."""
    return None if "none" in picture.address else 7


FIGURE = '<figure data-picture="7"><figcaption>{}</figcaption></figure>'


@pytest.mark.parametrize(
    ("html", "ours"),
    [
        ("Words alone", "<p>Words alone</p>"),
        ("<div><div>One</div><div>Two</div></div>", "<p>One</p><p>Two</p>"),
        ("<h1>A</h1><h4>B</h4><p>C</p>", "<h2>A</h2><h3>B</h3><p>C</p>"),
        ("<p>a <b>b</b> <i>c</i></p>", "<p>a <strong>b</strong> <em>c</em></p>"),
        ("<ul><li><p>One</p></li><li>Two</li></ul>", "<ul><li> One</li><li>Two</li></ul>"),
        ("<blockquote>One<p>Two</p></blockquote>", "<blockquote><p>One</p><p>Two</p></blockquote>"),
        (
            '<figure class="wp-block-pullquote"><blockquote><p>Big</p><cite>Ana</cite></blockquote></figure><p>x</p>',
            '<aside class="pull-quote"><p>Big</p><p><em>Ana</em></p></aside><p>x</p>',
        ),
        ("<p>One<!--more-->Two</p><p>Three</p>", f"<p>One</p>{body.WALL}<p>Two</p><p>Three</p>"),
        ("<p>One</p><!--more--><p>Two</p><!--more--><p>3</p>", f"<p>One</p>{body.WALL}<p>Two</p><p>3</p>"),
        ("<ul><li>One<!--more--></li></ul><p>x</p>", f"{body.WALL}<ul><li>One</li></ul><p>x</p>"),
        ('<img src="a.jpg"><p>x</p>', FIGURE.format("") + "<p>x</p>"),
        ('<p>x <a href="b"><img src="a.jpg" title="T"></a> y</p>', '<p>x <a href="b"></a> y</p>' + FIGURE.format("T")),
        ('<img src="none.jpg"><p>x</p>', "<p>x</p>"),
        ('<img src="data:image/gif;x" data-src="b.jpg">', FIGURE.format("")),
        (
            '<figure><figure><img src="a"><figcaption>A</figcaption></figure><figure><img src="b"></figure></figure>',
            FIGURE.format("A") + FIGURE.format(""),
        ),
        (
            '<figure><img src="a"><div class="byline">Ida</div><figcaption>A</figcaption></figure>',
            FIGURE.format("A"),
        ),
        (
            '<figure class="wp-block-embed"><div>\nhttps://v.example/1\n</div></figure>',
            '<p><a href="https://v.example/1">https://v.example/1</a></p>',
        ),
        ('<p><a href="javascript:alert(1)">x</a></p>', "<p><a>x</a></p>"),
        ('<p>a</p><style>p{}</style><video src="x"><p>no</p></video><p>b</p>', "<p>a</p><p>b</p>"),
        ("<p>1 < 2 &amp; 3 &gt; 2</p>", "<p>1 &lt; 2 &amp; 3 &gt; 2</p>"),
        ("<p>un<b>closed", "<p>un<strong>closed</strong></p>"),
        ("</p></div>stray<p>x", "<p>stray</p><p>x</p>"),
    ],
)
def test_it_is_turned_into_blocks_of_ours(html: str, ours: str) -> None:
    assert turned(html, seven).html == ours


@pytest.mark.parametrize(
    ("html", "note"),
    [
        ('<iframe src="//v.example/1"></iframe>', "Something embedded from another site became a link."),
        ("<script>x</script>", "<script> was left out."),
        ("<p>x</p><form><input></form>", "<form> was left out."),
        ("<marquee>x</marquee>", "<marquee> is not known here; its words stay."),
    ],
)
def test_what_is_lost_is_said(html: str, note: str) -> None:
    assert note in [said.what for said in turned(html, seven).notes]


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<ul><li>", "<figure>", "<blockquote>", "</div>", "<!", "<script>"])
def test_what_is_nested_to_keep_a_machine_busy_does_not(tag: str) -> None:
    assert len(turned(tag * 3_000 + "words", seven).html) < 20_000


PIECES = st.sampled_from(
    [
        *("<p>", "</p>", "<div>", "</div>", "<ul><li>", "</li></ul>", "<blockquote>", "</blockquote>", "<b>", "</b>"),
        *(
            "<h1>",
            "</h1>",
            '<a href="https://e.org/">',
            "</a>",
            "<figure>",
            "</figure>",
            "<figcaption>",
            "<br>",
            "<hr>",
        ),
        *('<img src="a.jpg" alt="x">', "<!--more-->", "<table><tr><td>", "</td></tr></table>", "<script>", "</script>"),
        *("<iframe src=https://v.example/1>", '<figure class="wp-block-pullquote">', "</", "<", "&", "word", " and "),
        *('<sup data-fn="k">', "</sup>", '<span class="footnote">', "</span>", "<aside>", "</aside>", "<li>", "\n\n"),
    ]
)


@given(st.lists(PIECES, max_size=14))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_ends_as_clean_html_that_is_the_same_when_cleaned_again(pieces: list[str]) -> None:
    made = turned("".join(pieces), seven, footnotes=[("k", "Note")]).html
    assert body.clean(made) == made
    assert made.count(body.WALL) <= 1
    assert "<script" not in made


@given(st.lists(st.sampled_from(["<p>", "</p>", "<div>", "</div>", "<b>", "</b>", "<ul><li>", "</li></ul>", "<h2>"])))
@settings(max_examples=150, deadline=None)
def test_no_word_is_lost(tags: list[str]) -> None:
    html = "".join(f"{tag} word{number} " for number, tag in enumerate(tags))
    assert body.as_text(turned(html, seven).html).split() == [f"word{number}" for number in range(len(tags))]
