"""A file that a site like this one has written (`writer.py`), read back in: everything that was in it, once."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction

from articles import pictures
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

from .fetching import NotFetched, Pictures
from .plain import fill
from .report import Report
from .story import Broken, Note, storable
from .taking_in import HERE_ALREADY, LEFT_OUT, TAKEN_IN, WOULD_BE, NotTaken
from .writer import MEDIA, NAME, VERSION, digest_of

Line = Mapping[str, Any]
# In bytes; no article is longer.
LONGEST_LINE = 64_000_000
# What a line may have that keeps it out, and no other.
_WHY_NOT = (NotTaken, ValidationError, NotFetched, pictures.BadPicture, DatabaseError, KeyError, TypeError)
_PLACED = re.compile(r'(<figure data-picture=")([0-9]{1,18})(")')


def take_back_in(path: Path, report: Report, *, at: datetime, is_trial: bool = False) -> Iterator[int]:
    """Take in what is not here yet; yields how many lines are read. Raises story.Broken after what is good.

    What leads from one article to another is set when all are here: until then a row has no digest.
    """
    file = path / NAME if path.is_dir() else path
    run = _Run(file, report, at, is_trial)
    for number, line in enumerate(_lines(file), start=1):
        run.take(line)
        yield number
    if not is_trial:
        for line in _lines(file):
            run.join(line)


def _lines(file: Path) -> Iterator[Line]:
    with file.open("rb") as opened:
        number = 0
        while content := opened.readline(LONGEST_LINE):
            number += 1
            try:
                line = json.loads(content)
            except (ValueError, RecursionError) as error:
                raise Broken(f"Line {number:,} is cut off or damaged.") from error
            if not isinstance(line, dict) or (number == 1 and line.get("kind") != "site"):
                raise Broken(f"Line {number:,} is none that export_articles writes.")
            if number == 1 and line.get("version") != VERSION:
                raise Broken(f"This is version {line.get('version')} of the format; {VERSION} is what we read.")
            yield storable(line)


class _Run:
    def __init__(self, file: Path, report: Report, at: datetime, is_trial: bool) -> None:
        self._report, self._at, self._is_trial = report, at, is_trial
        self._media = Pictures(file.parent / MEDIA)
        self._site, self._is_ours = "", False
        # Pictures by their keys in the file.
        self._pictures: dict[int, int] = {}

    def take(self, line: Line) -> None:
        """One line; kinds that are not known are passed over, so that a later version may add some."""
        kinds = {
            "site": self._is_of,
            "section": self._section,
            "topic": self._topic,
            "picture": self._picture,
            "author": self._author,
            "article": self._article,
        }
        if not (take := kinds.get(str(line.get("kind")))):
            return
        said = str(line.get("headline") or line.get("name") or line.get("caption") or line.get("kind"))
        key = str(line.get("key") or line.get("slug") or "")
        try:
            take(line)
        except _WHY_NOT as error:
            why = " ".join(error.messages) if isinstance(error, ValidationError) else f"{error or type(error).__name__}"
            self._report.add(key, said, LEFT_OUT, (Note(why),))

    def _is_of(self, line: Line) -> None:
        self._site, self._is_ours = str(line.get("site"))[:100], line.get("site") == settings.SITE_URL

    def _section(self, line: Line) -> None:
        self._once(Section, line)

    def _topic(self, line: Line) -> None:
        self._once(Topic, line)

    def _author(self, line: Line) -> None:
        self._once(Author, line, picture_id=self._pictures.get(line.get("picture") or 0))

    def _once(self, model: Any, line: Line, **more: Any) -> None:
        """A row with that slug, as the file has it if there is none; what is here stays as it is."""
        if self._is_trial or model.objects.filter(slug=line["slug"]).exists():
            return
        row = model(**more)
        fill(row, line)
        if model is not Author and model.objects.filter(name=row.name).exists():
            raise NotTaken("Another one has this name already.")
        row.full_clean(exclude=["picture"])
        row.save()

    # --- Pictures -------------------------------------------------------------------------------------

    def _picture(self, line: Line) -> None:
        name = line.get("file")
        if not name:
            raise NotTaken("The file of the picture was gone when the lines were written.")
        digest = str(name).partition(".")[0]
        if (here := self._is_here(line["key"], digest)) is not None:
            self._pictures[line["key"]] = here
        elif self._is_trial:
            self._media.is_there(str(name))
        else:
            self._pictures[line["key"]] = self._stored(line, digest, self._media.content(str(name)))

    def _is_here(self, key: int, digest: str) -> int | None:
        known = ImportedPicture.objects.filter(key=self._hash(key)).values_list("picture_id", flat=True).first()
        if known or not self._is_ours:
            return known
        ours = Picture.objects.filter(pk=key).first()
        return ours.pk if ours and digest_of(ours) == digest else None

    def _hash(self, key: int) -> str:
        return hashlib.sha256(f"{self._site}\npicture {key}".encode()).hexdigest()

    def _stored(self, line: Line, digest: str, content: bytes) -> int:
        if hashlib.sha256(content).hexdigest() != digest:
            raise NotTaken("The file of the picture is another one than the lines say.")
        file = ContentFile(content, name=digest)
        pictures.open_safely(file)
        file.seek(0)
        picture = Picture()
        fill(picture, line)
        with transaction.atomic():
            picture.original.save(f"{digest}-{line['key']}", file, save=False)
            picture.save()
            picture.make_first_renditions()
            if uploaded := line.get("uploaded_at"):
                Picture.objects.filter(pk=picture.pk).update(uploaded_at=uploaded)
            ImportedPicture.objects.create(key=self._hash(line["key"]), picture=picture)
        return picture.pk

    # --- Articles -------------------------------------------------------------------------------------

    def _article(self, line: Line) -> None:
        key, said = str(line["key"]), (str(line["key"]), str(line.get("headline", "")))
        if self._is_known(key, line):
            self._report.add(*said, HERE_ALREADY)
            return
        if self._is_trial:
            self._report.add(*said, WOULD_BE)
            return
        notes: list[Note] = []
        article = Article(section=Section.objects.filter(slug=line["section"]).first() or _no_section(line))
        fill(article, line)
        article.slug = self._slug(article.slug, notes)
        article.hero_id = self._pictures.get(line.get("hero") or 0)
        if line.get("hero") and not article.hero_id:
            notes.append(Note("Its main picture is missing."))
        with transaction.atomic():
            article.write(self._text(line, notes))
            self._put_around(article, line, notes)
            ImportedArticle.objects.create(
                source=self._site, source_id=key, digest="", article=article, imported_at=self._at
            )
        self._report.add(*said, TAKEN_IN, tuple(notes))

    def _is_known(self, key: str, line: Line) -> bool:
        if ImportedArticle.objects.filter(source=self._site, source_id=key).exists():
            return True
        return self._is_ours and Article.objects.filter(pk=line["key"], slug=line["slug"]).exists()

    def _slug(self, slug: str, notes: list[Note]) -> str:
        free, number = slug, 1
        while Article.objects.filter(slug=free).exists():
            number += 1
            free = f"{slug[:115]}-{number}"
        if number > 1:
            notes.append(Note("Its address was given away already; it has a number now.", free))
        return free

    def _text(self, line: Line, notes: list[Note]) -> str:
        """The text with the pictures by the keys that they have here."""

        def placed(found: re.Match[str]) -> str:
            here = self._pictures.get(int(found[2]))
            if here is None:
                notes.append(Note("A picture in the text is missing.", found[2]))
            # No picture has this key: it leaves nothing behind on the page.
            return f"{found[1]}{here or 0}{found[3]}"

        return _PLACED.sub(placed, str(line.get("html") or ""))

    def _put_around(self, article: Article, line: Line, notes: list[Note]) -> None:
        authors = {one.slug: one for one in Author.objects.filter(slug__in=line.get("authors", []))}
        article.sign([authors[slug] for slug in line.get("authors", []) if slug in authors])
        article.topics.set(Topic.objects.filter(slug__in=line.get("topics", [])))
        for slug in line.get("former_slugs", []):
            FormerAddress.objects.get_or_create(slug=slug, defaults={"article": article})
        for path in line.get("old_paths", []):
            OldAddress.objects.get_or_create(path=OldAddress.plain(f"/{path}"), defaults={"article": article})
        for one in line.get("corrections", []):
            correction = article.corrections.model(article=article)
            fill(correction, one)
            correction.save()
        if missing := [slug for slug in line.get("authors", []) if slug not in authors]:
            notes.append(Note("An author is missing.", ", ".join(missing)))
        Article.objects.filter(pk=article.pk).update(changed_at=line.get("changed_at") or self._at)

    def join(self, line: Line) -> None:
        """Set what leads from an article to others, for those that were taken in and not yet joined."""
        if line.get("kind") != "article":
            return
        mine = ImportedArticle.objects.filter(source=self._site, digest="", source_id=str(line["key"])).first()
        if mine is None:
            return
        with transaction.atomic():
            if mine.article:
                if original := self._here(line.get("translation_of")):
                    Article.objects.filter(pk=mine.article.pk).update(translation_of=original)
                mine.article.related.set(filter(None, map(self._here, line.get("related", []))))
            mine.digest = hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest()
            mine.save(update_fields=["digest"])

    def _here(self, key: int | None) -> int | None:
        """The key that an article of the file has here."""
        known = ImportedArticle.objects.filter(source=self._site, source_id=str(key))
        found = known.values_list("article_id", flat=True).first()
        if found or key is None or not self._is_ours:
            return found
        return key if Article.objects.filter(pk=key).exists() else None


def _no_section(line: Line) -> Section:
    raise NotTaken(f"There is no section “{line['section']}”.")
