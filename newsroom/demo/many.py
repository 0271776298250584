"""Any number of further articles, for measuring: put together from the demo's own paragraphs, the same every time."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.utils.text import slugify

from articles import body
from articles.models import Article, Author, Byline, Picture, Section
from edge.progress import shown

from . import content

# How the made ones are told from the written ones.
PREFIX = "archive-"
# They lie behind the written ones, spread over ten years.
NEWEST_AGE, OLDEST_AGE = timedelta(days=100), timedelta(days=3650)
BATCH = 1000
PARAGRAPHS_BEHIND_WALL = (4, 12)


@dataclass(frozen=True)
class _Paragraph:
    html: str
    words: int


@dataclass(frozen=True)
class _Material:
    """What articles are made of, read once."""

    headlines: list[str]
    standfirsts: list[str]
    paragraphs: list[_Paragraph]
    sections: list[int]
    authors: list[int]
    pictures: list[int]


def how_many() -> int:
    """How many made articles there are."""
    return Article.objects.filter(slug__startswith=PREFIX).count()


@transaction.atomic
def make_up_to(number: int, *, at: datetime) -> int:
    """Make as many as are missing to `number`, and return how many those were. All of them or none."""
    first = how_many()
    missing = max(number - first, 0)
    material = _material()
    numbers = iter(shown(range(first, number), total=missing, what="Articles"))
    while batch := list(islice(numbers, BATCH)):
        _store(list(_made(batch, material, at)))
    return missing


def _material() -> _Material:
    stories = content.stories()
    paragraphs = [
        block for story in stories for block in body.top_level_blocks(body.clean(story.html)) if block.startswith("<p")
    ]
    return _Material(
        headlines=[story.headline for story in stories] + [row["headline"] for row in content.rows("briefs")],
        standfirsts=[story.standfirst for story in stories],
        paragraphs=[_Paragraph(html, body.count_words(html)) for html in paragraphs],
        sections=list(Section.objects.order_by("pk").values_list("pk", flat=True)),
        authors=list(Author.objects.order_by("pk").values_list("pk", flat=True)),
        pictures=list(Picture.objects.order_by("pk").values_list("pk", flat=True)),
    )


@dataclass(frozen=True)
class _Made:
    article: Article
    html: str
    author: int


def _made(numbers: list[int], material: _Material, at: datetime) -> Iterator[_Made]:
    for number in numbers:
        dice = random.Random(number)  # noqa: S311 - the same article for the same number
        teaser = dice.sample(material.paragraphs, body.FREE_PARAGRAPHS)
        rest = dice.sample(material.paragraphs, dice.randint(*PARAGRAPHS_BEHIND_WALL))
        headline = dice.choice(material.headlines)
        age = NEWEST_AGE + (OLDEST_AGE - NEWEST_AGE) * dice.random()
        article = Article(
            slug=f"{PREFIX}{number:07}-{slugify(headline)[:80]}",
            headline=headline,
            standfirst=dice.choice(material.standfirsts),
            section_id=dice.choice(material.sections),
            hero_id=dice.choice([*material.pictures, None]),
            teaser="".join(paragraph.html for paragraph in teaser),
            words=sum(paragraph.words for paragraph in teaser + rest),
            words_behind_wall=sum(paragraph.words for paragraph in rest),
            status=Article.Status.PUBLISHED,
            published_at=at - age,
        )
        html = "".join(paragraph.html for paragraph in teaser + rest)
        yield _Made(article, html, dice.choice(material.authors))


def _store(made: list[_Made]) -> None:
    """Past `write` and `publish`, for speed: the paragraphs were cleaned and counted before."""
    Article.objects.keep_many([(one.article, one.html) for one in made])
    Byline.objects.bulk_create(Byline(article=one.article, author_id=one.author) for one in made)
