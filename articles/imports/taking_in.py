"""From what a reader gives to rows of ours: one article after the other, each whole or not at all.

A run that is killed has taken in what it had finished; the next one finds that by its source's own ids and goes on.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from django.core.files.base import ContentFile
from django.db import DataError, IntegrityError, transaction
from django.utils.text import slugify

from articles import body, pictures
from articles.models import (
    Article,
    Author,
    FormerAddress,
    ImportedArticle,
    ImportedPicture,
    OldAddress,
    Picture,
    Section,
    Topic,
)
from articles.models.imported import LONGEST_PATH

from .fetching import NotFetched, Pictures
from .markup import Turned, turned, words_of
from .report import Report
from .story import Illustration, LeftOut, Name, Note, Reader, Story, Wall, storable

TAKEN_IN, HERE_ALREADY, CHANGED, LEFT_OUT = (
    "taken in",
    "here already",
    "here already, changed at the source",
    "left out",
)
WOULD_BE = "would be taken in"
_SENTENCE = re.compile(r".+?[.!?…](?=\s|\Z)", re.DOTALL)
# What a picture is called in a trial, in which none is stored.
NO_PICTURE = 0


@dataclass(frozen=True)
class Choices:
    """What the operator decides for all articles of a run."""

    source: str
    section: Section | None
    # Names at the source, in lower case, and sections here.
    sections: Mapping[str, Section] = field(default_factory=dict)
    language: str = Article.Language.ENGLISH
    credit: str = ""
    # Whether what says nothing of a wall is free to read.
    is_free: bool = False
    as_drafts: bool = False
    is_trial: bool = False


class NotTaken(Exception):
    """This record cannot be taken in; the message says why."""


class TakingIn:
    """One run over one file."""

    def __init__(self, reader: Reader, choices: Choices, fetch: Pictures, report: Report, *, at: datetime) -> None:
        self._reader, self._choices, self._fetch, self._report, self._at = reader, choices, fetch, report, at
        self._sections = {one.slug: one for one in Section.objects.all()}
        self._sections |= {one.name.lower(): one for one in self._sections.values()} | dict(choices.sections)
        # Slugs that a trial has given away; a run asks the database.
        self._given: set[str] = set()

    def run(self) -> Iterator[int]:
        """Take everything in; yields how many bytes are read. Raises story.Broken after what came before the break."""
        for one in self._reader:
            found = storable(one)
            if isinstance(found, LeftOut):
                self._report.add(found.source_id, found.headline, LEFT_OUT, (Note(found.why),))
            else:
                self._take(found)
            yield self._reader.position

    def _take(self, story: Story) -> None:
        key = _key(story.source_id)
        said = partial(self._report.add, story.source_id, story.headline)
        known = ImportedArticle.objects.filter(source=self._choices.source, source_id=key).first()
        if known:
            said(HERE_ALREADY if known.digest == story.digest else CHANGED, _gone(known))
            return
        try:
            notes = self._taken(story, key)
        except NotTaken as error:
            said(LEFT_OUT, (Note(str(error)),))
        else:
            said(WOULD_BE if self._choices.is_trial else TAKEN_IN, tuple(notes))

    def _taken(self, story: Story, key: str) -> list[Note]:
        """Store the article. Pictures first, outside of the transaction: fetching one may take its time."""
        notes = list(story.notes)
        article = self._article(story, notes)
        text = self._text(story, notes)
        article.is_free = story.wall is Wall.FREE or (self._choices.is_free and story.wall is Wall.NOTHING_SAID)
        html = _walled(text.html, story.wall)
        if story.hero:
            placed = self._picture(replace(story.hero, caption=words_of(story.hero.caption)), notes, story)
            article.hero_id = placed or None
        article.standfirst = _standfirst(story, html, article, notes)
        if article.status == Article.Status.PUBLISHED and not article.standfirst:
            notes.append(Note("Has no standfirst: write one."))
        if not self._choices.is_trial:
            self._store(story, key, article, html, notes)
        return notes

    def _store(self, story: Story, key: str, article: Article, html: str, notes: list[Note]) -> None:
        try:
            with transaction.atomic():
                article.write(html)
                article.sign(list(dict.fromkeys(self._author(name) for name in story.names)))
                article.topics.set({self._topic(name) for name in self._topics(story)})
                self._remember_addresses(story, article, notes)
                ImportedArticle.objects.create(
                    source=self._choices.source,
                    source_id=key,
                    digest=story.digest,
                    article=article,
                    imported_at=self._at,
                )
                note = f"Brought in from {self._choices.source}"
                article.steps.create(kind="begun", note=note, by=None, at=self._at)
                # What readers have seen before keeps the date of its last change.
                Article.objects.filter(pk=article.pk).update(changed_at=story.changed_at or self._changed(article))
        except IntegrityError as error:
            raise NotTaken("Something of it was stored by somebody else at the same moment; run this again.") from error
        except DataError as error:
            raise NotTaken(f"The database does not take it: {error}") from error

    def _changed(self, article: Article) -> datetime:
        return min(article.published_at or self._at, self._at)

    # --- The article's own fields -----------------------------------------------------------------------

    def _article(self, story: Story, notes: list[Note]) -> Article:
        headline = " ".join(words_of(story.headline).split())
        if not headline:
            if story.is_published:
                notes.append(Note("Has no headline; is a draft here."))
            headline = "No headline"
        is_published = story.is_published and headline != "No headline" and not self._choices.as_drafts
        if is_published and story.published_at is None:
            notes.append(Note("Was published, but nobody knows when; is a draft here."))
            is_published = False
        published_at = story.published_at if is_published else None
        if published_at and published_at > self._at:
            notes.append(Note("Is scheduled.", f"{published_at:%Y-%m-%d %H:%M} UTC"))
        return Article(
            headline=_shortened(headline, "headline", notes),
            slug=self._slug(story, headline, notes),
            section=self._section(story),
            language=self._language(story, notes),
            status=Article.Status.PUBLISHED if is_published else Article.Status.DRAFT,
            published_at=published_at,
            embargo_until=None if is_published else story.embargo_until,
        )

    def _slug(self, story: Story, headline: str, notes: list[Note]) -> str:
        wanted = slugify(story.slug) or slugify(headline) or f"article-{slugify(story.source_id) or 'of-old'}"
        wanted = wanted[:112].strip("-_") or "article"
        slug, number = wanted, 1
        while self._is_given(slug):
            number += 1
            slug = f"{wanted}-{number}"
        if number > 1:
            notes.append(Note("Its address was given away already; it has a number now.", slug))
        self._given.update({slug} if self._choices.is_trial else set())
        return slug

    def _is_given(self, slug: str) -> bool:
        if slug in self._given or Article.objects.filter(slug=slug).exists():
            return True
        return FormerAddress.objects.filter(slug=slug).exists()

    def _section(self, story: Story) -> Section:
        found = (self._sections.get(name.lower()) for name in story.categories)
        section = next(filter(None, found), None) or self._choices.section
        if section is None:
            raise NotTaken("None of its categories is a section here, and no section was named for such articles.")
        return section

    def _language(self, story: Story, notes: list[Note]) -> str:
        if not story.language or story.language in Article.Language.values:
            return story.language or self._choices.language
        notes.append(Note("Is in a language that the site does not have.", story.language))
        return self._choices.language

    def _topics(self, story: Story) -> Iterator[str]:
        """The tags, and the categories that are no section."""
        for name in (*story.categories, *story.topics):
            if name.strip() and name.lower() not in self._sections and name.lower() != "uncategorized":
                yield name.strip()

    def _topic(self, name: str) -> Topic:
        name = words_of(name)[:60].strip()
        slug = slugify(name)[:60] or f"topic-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        found = Topic.objects.filter(name__iexact=name).first() or Topic.objects.filter(slug=slug).first()
        return found or Topic.objects.create(name=name, slug=slug)

    def _author(self, name: Name) -> Author:
        called = " ".join(words_of(name.name).split())[:100] or "Unknown"
        slug = slugify(name.slug or called)[:90] or f"author-{hashlib.sha256(called.encode()).hexdigest()[:8]}"
        found = Author.objects.filter(name__iexact=called).first()
        if found:
            return found
        if Author.objects.filter(slug=slug).exists():
            slug = f"{slug}-{hashlib.sha256(called.encode()).hexdigest()[:8]}"
        return Author.objects.create(name=called, slug=slug, bio=words_of(name.bio), is_guest=name.is_guest)

    def _remember_addresses(self, story: Story, article: Article, notes: list[Note]) -> None:
        new = OldAddress.plain(article.get_absolute_url())
        for address in story.old_addresses:
            path = OldAddress.plain(address)
            if not path or path == new:
                continue
            if len(path) > LONGEST_PATH:
                notes.append(Note("Had an address that is too long to be kept.", path[:100]))
            elif OldAddress.objects.get_or_create(path=path, defaults={"article": article})[0].article_id != article.pk:
                notes.append(Note("Its old address leads to another article already.", f"/{path}"))

    # --- Text and pictures --------------------------------------------------------------------------------

    def _text(self, story: Story, notes: list[Note]) -> Turned:
        def place(picture: Illustration, key: str) -> int | None:
            return self._picture(self._as_known(picture, key), notes, story)

        text = turned(story.html, place, hosts=self._reader.hosts, footnotes=story.footnotes)
        notes.extend(text.notes)
        if not text.html:
            notes.append(Note("Has no text."))
        return text

    def _as_known(self, picture: Illustration, key: str) -> Illustration:
        """The picture with what the source knows of it besides what the text says."""
        known = self._reader.picture(key) if key else None
        if known is None:
            return picture
        return Illustration(
            known.address or picture.address,
            alt=picture.alt or known.alt,
            caption=picture.caption or known.caption,
            credit=picture.credit or known.credit,
        )

    def _picture(self, said: Illustration, notes: list[Note], story: Story) -> int | None:
        """The key of the picture here, fetched once; None where it cannot be had, which is noted."""
        address = self._whole(said.address)
        key = hashlib.sha256(f"{self._choices.source}\n{address}".encode(errors="replace")).hexdigest()
        if known := ImportedPicture.objects.filter(key=key).values_list("picture_id", flat=True).first():
            return known
        beside = self._beside(story)
        try:
            if self._choices.is_trial:
                self._fetch.is_there(address, beside=beside)
                placed = NO_PICTURE
            else:
                placed = self._stored(self._fetch.content(address, beside=beside), said, key)
        except (NotFetched, pictures.BadPicture) as error:
            notes.append(Note(f"A picture is missing: {error}", address[:300]))
            return None
        if not said.alt.strip():
            notes.append(Note("A picture has no alternative text: write one.", address[:300]))
        if not (said.credit.strip() or self._choices.credit):
            notes.append(Note("A picture has no credit: write one.", address[:300]))
        return placed

    def _whole(self, address: str) -> str:
        """With scheme and host where the file leaves them out and knows them."""
        if address.startswith("//"):
            return f"https:{address}"
        if address.startswith("/") and self._reader.hosts:
            return urljoin(f"https://{min(self._reader.hosts)}/", address)
        return address

    def _beside(self, story: Story) -> Path | None:
        """The folder that addresses in a file of Markdown begin at."""
        root = getattr(self._reader, "root", None)
        return (root / story.source_id).parent if root else None

    def _stored(self, content: bytes, said: Illustration, key: str) -> int:
        """Keep the picture and what is shown of it at once. Raises pictures.BadPicture."""
        file = ContentFile(content, name=key)
        pictures.open_safely(file)
        file.seek(0)
        name = urlsplit(said.address).path.rpartition("/")[2]
        with transaction.atomic():
            picture = Picture(
                alt=_cut(said.alt, 250),
                caption=_cut(said.caption, 300),
                credit=_cut(said.credit or self._choices.credit, 120),
            )
            picture.original.save(f"{key}-{name}", file, save=False)
            picture.save()
            picture.make_first_renditions()
            ImportedPicture.objects.create(key=key, picture=picture)
        return picture.pk


def _key(source_id: str) -> str:
    """The id at the source, or a hash of one that is longer than any should be."""
    return source_id if len(source_id) <= 300 else hashlib.sha256(source_id.encode()).hexdigest()


def _gone(known: ImportedArticle) -> tuple[Note, ...]:
    return (Note("Was deleted here since, and stays so."),) if known.article_id is None else ()


def _walled(html: str, wall: Wall) -> str:
    """What was closed from its first word stays so; what is free has no wall."""
    if wall is Wall.FREE:
        return body.without_wall(html)
    return body.WALL + html if wall is Wall.PAID and body.WALL not in html else html


def _standfirst(story: Story, html: str, article: Article, notes: list[Note]) -> str:
    """The source's own, else the first sentences of what everybody may read; never a word from behind the wall."""
    if said := words_of(story.standfirst):
        return _shortened(said, "standfirst", notes)
    blocks = body.top_level_blocks(html if article.is_free else body.cut_at_wall(html).teaser)
    first = next((words for block in blocks if block.startswith("<p") and (words := words_of(block))), "")
    found = ""
    for sentence in _SENTENCE.findall(first[:300]):
        if len(found) + len(sentence) > 200:
            break
        found += sentence
    if first:
        notes.append(Note("Had no standfirst; its first sentences are used."))
    return found.strip() or _cut(first, 200)


def _shortened(words: str, what: str, notes: list[Note]) -> str:
    most = getattr(Article._meta.get_field(what), "max_length", 0)
    if len(words) > most:
        notes.append(Note(f"The {what} is longer than {most} characters; it was cut.", words))
    return _cut(words, most)


def _cut(words: str, most: int) -> str:
    """At most so many characters, cut between words."""
    words = " ".join(words.split())
    if len(words) <= most:
        return words
    return words[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…"
