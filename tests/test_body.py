"""The text of an article: what survives cleaning, where it is cut, how it is counted."""

import pytest

from articles import body

HOSTILE = [
    "<script>alert(1)</script>",
    "<p onclick=alert(1)>x</p>",
    '<p style="position:fixed">x</p>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="JaVaScRiPt&#58;alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "<style>body{display:none}</style>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    "<!-- <script>alert(1)</script> -->",
    "<img src=x onerror=alert(1)>",
    "<iframe src=https://example.org></iframe>",
    "<form action=https://example.org><input name=password></form>",
    '<figure data-picture="1" onclick="alert(1)"><img src="https://example.org/x.png"><figcaption></figcaption></figure>',
    "<p>x</p><base href=https://example.org><link rel=stylesheet href=x><meta http-equiv=refresh>",
]


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_that_runs_frames_or_restyles_survives(html):
    clean = body.clean(html).lower()

    words = "script onclick onerror onload style <svg <img <iframe <form <!-- data: <base <link <meta <input <math"
    assert [word for word in words.split() if word in clean] == []


def test_what_the_buttons_make_survives():
    html = (
        '<h2>Title</h2><p><strong>b</strong> <em>i</em> <a href="https://example.org/">a</a><br></p>'
        "<ul><li><p>one</p></li></ul><ol><li><p>two</p></li></ol><blockquote><p>q</p></blockquote>"
        '<aside class="pull-quote"><p>pulled</p></aside><hr class="wall"><h3>Low</h3>'
    )

    assert body.clean(html) == html


def test_cleaning_twice_changes_nothing():
    for html in HOSTILE:
        assert body.clean(body.clean(html)) == body.clean(html)


def test_a_class_of_somebody_elses_is_dropped():
    assert body.clean('<aside class="pull-quote evil"><p>x</p></aside>') == (
        '<aside class="pull-quote"><p>x</p></aside>'
    )


def test_a_picture_is_reduced_to_its_id_and_its_caption():
    html = (
        '<figure data-picture="7" class="x"><img src="https://evil.example/x.png" alt="y">'
        "<figcaption>A <b>bold</b> &lt;bridge&gt;</figcaption><p>more</p></figure>"
    )

    assert body.clean(html) == ('<figure data-picture="7"><figcaption>A bold &lt;bridge&gt;</figcaption></figure>')


@pytest.mark.parametrize("id_", ["", "x", "-1", "1 OR 1", "٣", "9" * 30])
def test_a_figure_without_a_picture_of_ours_is_dropped(id_):
    assert body.clean(f'<p>a</p><figure data-picture="{id_}"><figcaption>c</figcaption></figure>') == "<p>a</p>"


def test_badly_nested_figures_leave_well_formed_html():
    html = '<figure data-picture="1"><figcaption>a<figure>b</figure>c</figcaption></figure><p>d</p>'
    clean = body.clean(html)

    assert body.clean(clean) == clean
    assert clean.endswith("<p>d</p>")


def test_only_the_first_wall_stands():
    html = '<p>a</p><hr class="wall"><p>b</p><hr class="wall"><p>c</p>'

    assert body.clean(html) == '<p>a</p><hr class="wall"><p>b</p><p>c</p>'


def test_a_wall_inside_a_quote_stands_before_the_quote():
    html = '<p>a</p><blockquote><p>b</p><hr class="wall"><p>paid</p></blockquote>'

    assert body.cut_at_wall(body.clean(html)) == body.Cut("<p>a</p>", "<blockquote><p>b</p><p>paid</p></blockquote>")


def test_the_wall_stands_where_the_editor_set_it():
    html = '<p>a</p><h2>t</h2><p>b</p><p>c</p><hr class="wall"><p>d</p>'

    assert body.cut_at_wall(html) == body.Cut("<p>a</p><h2>t</h2><p>b</p><p>c</p>", "<p>d</p>")


def test_without_a_wall_the_first_two_paragraphs_are_for_everyone():
    html = '<h2>t</h2><p>a</p><figure data-picture="1"><figcaption></figcaption></figure><p>b</p><p>c</p>'

    assert body.cut_at_wall(html).rest == "<p>c</p>"


def test_lists_and_quotes_count_as_text_so_that_a_list_is_not_all_free():
    html = "<p>a</p><ul><li>b</li></ul><ul><li>c</li></ul>"

    assert body.cut_at_wall(html).rest == "<ul><li>c</li></ul>"


def test_words_of_neighbouring_blocks_stay_apart():
    assert body.count_words("<p>one</p><p>two<br>three</p>") == 3


def test_a_picture_that_is_gone_leaves_nothing_behind():
    html = '<p>a</p><figure data-picture="7"><figcaption></figcaption></figure>'

    assert body.with_pictures(html, {}) == "<p>a</p>"


def test_a_caption_is_handed_over_as_plain_text():
    html = '<figure data-picture="7"><figcaption>5 &lt; 6</figcaption></figure>'

    assert body.with_pictures(html, {7: lambda caption: f"[{caption}]"}) == "[5 < 6]"


def test_empty_paragraphs_are_dropped():
    assert body.clean("<p>a</p><p></p><p><br></p><p>&nbsp;</p><p>b</p><p> </p>") == "<p>a</p><p>b</p>"
