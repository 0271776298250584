"""An empty site becomes the demo newsroom: sections, authors, pictures, articles, and the short things."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from typing import Any

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from articles import pictures
from articles.models import AgendaItem, Article, Author, Brief, PartnerItem, Picture, Section, Topic
from articles.models.partner import ANSWERS
from edge.progress import shown
from newsroom import reviews
from newsroom.models import PageReview
from readers.models import Newsletter

from . import content

# The agenda is of one day; it is repeated, so that a demo shows one for a week.
AGENDA_DAYS = 7
AT_ONCE = 4


@transaction.atomic
def fill(*, at: datetime) -> int:
    """Store everything, dated back from that moment, and return the number of articles. All of it or nothing."""
    sections = {row["slug"]: _section(row) for row in content.rows("sections")}
    authors = {row["slug"]: _author(row) for row in content.rows("authors")}
    images = _pictures()
    stories = content.stories()
    articles = {
        story.slug: _article(story, sections, authors, images, at)
        for story in shown(stories, total=len(stories), what="Articles")
    }
    for story in stories:
        articles[story.slug].related.set(articles[slug] for slug in story.related if slug in articles)
        articles[story.slug].topics.set(map(_topic, story.topics))
    for row in content.rows("corrections"):
        moment = at - timedelta(hours=row["hours"])
        words = {"said": row["said"], "says_now": row["says_now"]}
        articles[row["slug"]].correct(row["note"], by=None, at=moment, **words)
    # The first file is the long read that the front page opens with.
    Article.objects.filter(pk=articles[stories[0].slug].pk).update(leads_front=True)
    _short_things(at)
    return len(articles)


def _section(row: Mapping[str, Any]) -> Section:
    values = {"name": row["name"], "remit": row["remit"], "position": row["position"]}
    is_opinion = row["slug"] == "opinion"
    return Section.objects.get_or_create(slug=row["slug"], defaults=values | {"is_opinion": is_opinion})[0]


def _author(row: Mapping[str, Any]) -> Author:
    told = ("name", "role", "bio", "email", "signal", "pgp_fingerprint", "languages", "interests", "is_guest")
    values = {key: row[key] for key in told if key in row}
    return Author.objects.get_or_create(slug=row["slug"], defaults=values)[0]


def _topic(name: str) -> Topic:
    capitalised = name[:1].upper() + name[1:]
    return Topic.objects.get_or_create(slug=slugify(name), defaults={"name": capitalised})[0]


def _pictures() -> dict[str, Picture]:
    """Every picture by its slug, with its first renditions; the worker makes the lighter ones."""
    rows = content.rows("pictures")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        drawn = shown(pool.map(_draw, rows), total=len(rows), what="Pictures")
        return {row["slug"]: _picture(row, *renditions) for row, renditions in zip(rows, drawn, strict=True)}


def _draw(row: Mapping[str, Any]) -> tuple[str, list[int], tuple[int, int]]:
    with content.picture_file(dict(row)).open("rb") as file:
        return pictures.write_first_renditions(File(file))


def _picture(row: Mapping[str, Any], stem: str, widths: list[int], size: tuple[int, int]) -> Picture:
    with content.picture_file(dict(row)).open("rb") as file:
        picture = Picture(
            original=File(file, name=row["file"]),
            alt=row["alt"],
            caption=row["caption"],
            credit=row["credit"],
            stem=stem,
            widths=widths,
        )
        picture.width, picture.height = size
        picture.save()
    return picture


def _article(
    story: content.Story,
    sections: Mapping[str, Section],
    authors: Mapping[str, Author],
    images: Mapping[str, Picture],
    at: datetime,
) -> Article:
    article = Article(
        slug=story.slug,
        headline=story.headline,
        kicker=story.kicker,
        section=sections[story.section],
        standfirst=story.standfirst,
        hero=images.get(story.picture),
        hero_caption=story.caption,
        is_free=story.is_free,
    )
    article.write(story.with_pictures({slug: picture.pk for slug, picture in images.items()}))
    article.sign([authors[slug] for slug in story.authors])
    if story.is_published:
        article.publish(at=at - timedelta(hours=story.hours_ago))
    return article


def _short_things(at: datetime) -> None:
    Brief.objects.bulk_create(
        Brief(headline=row["headline"], text=row["text"], published_at=at - timedelta(hours=row["hours"]))
        for row in content.rows("briefs")
    )
    PartnerItem.objects.bulk_create(_partner_item(row, at) for row in content.rows("partners"))
    Newsletter.objects.bulk_create(
        (Newsletter(position=place, **row) for place, row in enumerate(content.rows("newsletters"))),
        ignore_conflicts=True,
    )
    for page in reviews.PAGES:
        PageReview.objects.update_or_create(page=page, defaults={"reviewed_at": at})
    AgendaItem.objects.bulk_create(
        AgendaItem(title=row["what"], place=row["where"], starts_at=_moment(at, days, row["time"]))
        for days in range(AGENDA_DAYS)
        for row in content.rows("agenda")
    )


def _partner_item(row: Mapping[str, Any], at: datetime) -> PartnerItem:
    starts_at, ends_at = at + timedelta(days=row["starts"]), at + timedelta(days=row["ends"])
    return PartnerItem(
        organisation=row["organisation"],
        headline=row["headline"],
        url=row["url"],
        starts_at=starts_at,
        ends_at=ends_at,
        is_political=row["political"],
        **{name: row[name] for name in (*ANSWERS, "amount_cents") if row["political"]},
    )


def _moment(at: datetime, days: int, clock: str) -> datetime:
    day = timezone.localtime(at).date() + timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, time.fromisoformat(clock)))
