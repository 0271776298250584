"""The demo newsroom's words and pictures hold together. No database: the files are read as they lie."""

import re
from collections import Counter, defaultdict
from html.parser import HTMLParser

import pytest
from PIL import Image

from newsroom.demo import content
from newsroom.demo.content import Story

STORIES = content.stories()
BY_SLUG = {story.slug: story for story in STORIES}
SECTIONS, AUTHORS, PICTURES, BRIEFS, PARTNERS, AGENDA = (
    content.rows(name) for name in ("sections", "authors", "pictures", "briefs", "partners", "agenda")
)
KEYS = [
    "headline", "kicker", "section", "standfirst", "authors", "picture", "caption",
    "published", "status", "free", "topics", "related",
]  # fmt: skip
KICKERS = {"", "Interview", "Analysis", "Exclusive", "Reportage", "Investigation", "Explainer", "Opinion"}
TAGS = {
    "p": set(), "h2": set(), "h3": set(), "blockquote": set(), "ul": set(), "ol": set(), "li": set(),
    "strong": set(), "em": set(), "a": {"href"}, "aside": {"class"}, "hr": {"class"},
    "figure": {"data-picture", "data-caption"},
}  # fmt: skip
REAL_NAMES = re.compile(
    r"\b(Kerchove|EUobserver|Juncker|Orb[aá]n|Macron|Mogherini|Prodi|Rajoy|Babi[sš]|Brennan|Lecointre|Mikser"
    r"|Belmokhtar|Mali|Bamako|Merkel|Scholz|Meloni|Tusk|Leyen|Putin|Trump|Zelensky|Sánchez|Google|Microsoft"
    r"|Amazon|Apple|Meta|Facebook|Shell|Gazprom|Siemens|Volkswagen)\b"
)
LONG = {"methane-paper": 1800, "rules-sold": 1800, "arvania-interview": 800, "night-trains": 800}
LONGEST_SHORT = 800
MOST_PICTURE_BYTES = 125_000

each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.slug)


class Body(HTMLParser):
    """A body taken apart: tags with their attributes, text per block, and what was left open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: list[tuple[str, str]] = []
        self.stray = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "hr":
            self._open.append(tag)
        if tag in {"p", "h2", "h3", "li"}:
            self.blocks.append(("aside" if "aside" in self._open else tag, ""))

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if self._open and self.blocks:
            kind, text = self.blocks[-1]
            self.blocks[-1] = (kind, text + data)
        else:
            self.stray += data.strip()

    @property
    def text(self) -> str:
        """The words a reader reads on, without the pull quotes that repeat some."""
        return "\n".join(text for kind, text in self.blocks if kind != "aside")

    @property
    def pull_quotes(self) -> list[str]:
        return [text for kind, text in self.blocks if kind == "aside"]


def head_of(path) -> dict[str, str]:
    head = path.read_text(encoding="utf-8").partition("\n\n")[0]
    return {key: value.strip() for key, _, value in (line.partition(":") for line in head.splitlines())}


def sentences(text: str) -> list[str]:
    """The sentences of six words and more, without case and punctuation."""
    found = re.split(r"(?<=[.!?…:])[”’)]*\s+|\n", text)
    words = [re.findall(r"\w+", sentence.lower()) for sentence in found]
    return [" ".join(sentence) for sentence in words if len(sentence) >= 6]


def words_in(story: Story) -> int:
    return len(Body(story.html).text.split())


def picture_slugs(story: Story) -> list[str]:
    return re.findall(r'<figure data-picture="([^"]*)"', story.html)


# --- the newsroom ---


def test_there_are_eight_sections_in_order():
    assert [row["slug"] for row in sorted(SECTIONS, key=lambda row: row["position"])] == [
        "climate-energy", "security-defence", "rule-of-law", "economy",
        "tech", "migration", "foreign-affairs", "opinion",
    ]  # fmt: skip


def test_every_section_has_something_to_read():
    published = Counter(story.section for story in STORIES if story.is_published and story.hours_ago > 0)
    assert all(published[row["slug"]] >= 5 for row in SECTIONS)


def test_every_author_writes_and_can_be_reached():
    signed = {slug for story in STORIES for slug in story.authors}
    assert signed == {row["slug"] for row in AUTHORS}
    assert all(row["email"].endswith("@viaduct.example") for row in AUTHORS)
    assert all(row[key] for row in AUTHORS for key in ("name", "role", "beat", "bio"))


def test_there_are_about_sixty_articles_and_some_of_every_kind():
    assert 58 <= len(STORIES) <= 66
    assert {story.kicker for story in STORIES} == KICKERS
    assert sum(story.is_free for story in STORIES) == 5
    assert sum(not story.is_published for story in STORIES) == 2
    assert sum(story.is_published and story.hours_ago < 0 for story in STORIES) in {1, 2}
    assert sum(0 < story.hours_ago < 24 for story in STORIES if story.is_published) >= 8


def test_slugs_are_unique_and_files_are_numbered_without_a_gap():
    numbers = [int(path.stem[:2]) for path in sorted((content.HERE / "articles").glob("*.html"))]
    assert numbers == list(range(1, len(STORIES) + 1))
    assert len(BY_SLUG) == len(STORIES)


def test_the_first_story_is_the_long_one_of_the_day():
    lead = STORIES[0]
    assert lead.kicker == "Exclusive"
    assert 0 < lead.hours_ago <= 40
    assert len(picture_slugs(lead)) >= 2


# --- each article ---


@pytest.mark.parametrize("path", sorted((content.HERE / "articles").glob("*.html")), ids=lambda path: path.stem)
def test_a_file_has_all_keys_in_order(path):
    head = head_of(path)
    assert list(head) == KEYS
    assert head["status"] in {"published", "draft"}
    assert head["free"] in {"yes", "no"}
    assert head["topics"]
    assert -48 <= float(head["published"]) <= 2000


@each_story
def test_its_head_is_within_the_limits(story):
    assert 0 < len(story.headline) <= 70
    assert 0 < len(story.standfirst) <= 160
    assert story.kicker in KICKERS
    assert (story.kicker == "Opinion") == (story.section == "opinion")
    assert story.standfirst not in Body(story.html).text


@each_story
def test_it_names_only_what_exists(story):
    assert story.section in {row["slug"] for row in SECTIONS}
    assert story.authors
    assert set(story.authors) <= {row["slug"] for row in AUTHORS}
    assert {*picture_slugs(story), *filter(None, [story.picture])} <= {row["slug"] for row in PICTURES}
    assert not (story.caption and not story.picture)


@each_story
def test_its_related_articles_are_two_others_that_are_out(story):
    assert len(story.related) in {0, 2}
    assert story.slug not in story.related
    for slug in story.related:
        assert BY_SLUG[slug].is_published
        assert BY_SLUG[slug].hours_ago > 0


@each_story
def test_its_body_is_clean(story):
    body = Body(story.html)
    assert not body.stray
    for tag, attributes in body.tags:
        assert set(attributes) <= TAGS[tag], tag
    assert all(attributes["class"] == "wall" for tag, attributes in body.tags if tag == "hr")
    assert all(attributes["class"] == "pull-quote" for tag, attributes in body.tags if tag == "aside")
    assert story.html.count("<hr") <= 1
    assert not re.search(r"""["'*]""", body.text), "straight quotes or asterisks"
    assert body.tags[0][0] == "p"
    assert story.is_free or body.tags[1][0] == "p", "a teaser of two paragraphs"


@each_story
def test_it_has_the_length_of_its_kind(story):
    assert LONG.get(story.slug, 300) <= words_in(story)
    if story.slug not in LONG:
        assert words_in(story) <= LONGEST_SHORT
    if story.section == "opinion":
        assert 400 <= words_in(story) <= 600


@each_story
def test_its_pull_quotes_are_words_of_the_article(story):
    body = Body(story.html)
    said = " ".join(re.findall(r"\w+", body.text.lower()))
    for quote in body.pull_quotes:
        assert " ".join(re.findall(r"\w+", quote.lower())) in said


def test_the_interview_has_a_second_picture_behind_the_wall():
    interview = BY_SLUG["arvania-interview"]
    assert interview.kicker == "Interview"
    assert interview.picture == "sahel"
    _, rest = interview.html.split('<hr class="wall">')
    assert "<figure" in rest
    assert len(interview.related) == 2


# --- the short things ---


def test_there_are_twenty_four_briefs_newest_first():
    assert len(BRIEFS) == 24
    hours = [row["hours"] for row in BRIEFS]
    assert hours == sorted(hours)
    assert all(row["headline"] and row["text"] for row in BRIEFS)


def test_partner_items_say_who_paid_and_political_ones_say_everything():
    assert len(PARTNERS) == 12
    assert all(row["label"] == "Partner content" and row["sponsor"] for row in PARTNERS)
    assert all(re.match(r"https://example\.(org|com)/", row["url"]) for row in PARTNERS)
    assert all(row["starts"] < 0 < row["ends"] for row in PARTNERS)
    political = [row for row in PARTNERS if row["political"]]
    assert len(political) == 2
    assert all(row[key] for row in political for key in ("controlled_by", "amount_cents", "process", "targeting"))


def test_the_agenda_is_one_day_in_order():
    times = [row["time"] for row in AGENDA]
    assert len(times) == 5
    assert times == sorted(times)
    assert all(re.fullmatch(r"[0-2]\d:[0-5]\d", time) for time in times)


# --- pictures ---


@pytest.mark.parametrize("row", PICTURES, ids=lambda row: row["slug"])
def test_a_picture_is_there_small_enough_and_described(row):
    path = content.picture_file(row)
    assert path.stat().st_size <= MOST_PICTURE_BYTES
    with Image.open(path) as image:
        assert (image.format, image.size) == ("AVIF", (1280, 720))
    assert row["credit"] == "Illustration: Viaduct"
    assert row["alt"]
    assert row["caption"]


def test_every_picture_file_is_listed_and_used():
    listed = {row["file"] for row in PICTURES}
    assert listed == {path.name for path in (content.HERE / "pictures").iterdir()}
    used = {slug for story in STORIES for slug in (*picture_slugs(story), story.picture)}
    assert {row["slug"] for row in PICTURES} <= used


# --- all words together ---


def every_text() -> dict[str, str]:
    texts = {
        story.slug: "\n".join([story.headline, story.standfirst, story.caption, Body(story.html).text])
        + "\n"
        + "\n".join(re.findall(r'data-caption="([^"]*)"', story.html))
        for story in STORIES
    }
    texts["briefs"] = "\n".join(f"{row['headline']}\n{row['text']}" for row in BRIEFS)
    texts["authors"] = "\n".join(row["bio"] for row in AUTHORS)
    texts["partners"] = "\n".join(row["headline"] for row in PARTNERS)
    texts["pictures"] = "\n".join(f"{row['alt']}\n{row['caption']}" for row in PICTURES)
    texts["sections"] = "\n".join(row["remit"] for row in SECTIONS)
    return texts


def test_no_sentence_of_six_words_is_written_twice():
    places = defaultdict(list)
    for name, text in every_text().items():
        for sentence in sentences(text):
            places[sentence].append(name)
    assert {sentence: names for sentence, names in places.items() if len(names) > 1} == {}


def test_nobody_and_no_company_is_real():
    for name, text in every_text().items():
        assert not REAL_NAMES.search(text), name
