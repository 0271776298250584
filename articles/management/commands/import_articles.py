"""Bring articles in from another system: WordPress, Ghost, an agency, a folder of Markdown, or a site like this one."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from articles.imports import own
from articles.imports.agency import Agency
from articles.imports.fetching import Pictures, listed
from articles.imports.ghost import Ghost
from articles.imports.markdown_folder import MarkdownFolder
from articles.imports.report import Report
from articles.imports.story import Broken, Reader
from articles.imports.taking_in import Choices, TakingIn
from articles.imports.wordpress import Wordpress
from articles.models import Article, Section
from edge import clock
from edge.clock import BRUSSELS
from edge.progress import Bar

OWN = "newsroom"
FORMATS = ("wordpress", "ghost", "ninjs", "markdown", OWN)


class Command(BaseCommand):
    """May be interrupted at any moment, and goes on from there when it is run again; what is here already is kept."""

    help = "Bring in articles. Try it with --dry-run first; docs/importing.md explains every choice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("format", choices=FORMATS)
        parser.add_argument("path", type=Path, help="the file, or the folder")
        parser.add_argument("--dry-run", action="store_true", help="change nothing; say what would happen")
        parser.add_argument("--section", default="", metavar="SLUG", help="for articles whose categories are none here")
        parser.add_argument(
            "--map", action="append", default=[], metavar="NAME=SLUG", help="a category there is a section here"
        )
        parser.add_argument("--source", default="", help="what the source is called; the same at every run")
        parser.add_argument("--site", default="", metavar="URL", help="the old site's address, where the file has none")
        parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="a copy of the old site's uploads")
        parser.add_argument(
            "--picture-host", action="append", default=[], metavar="HOST", help="may be asked for pictures"
        )
        parser.add_argument("--picture-list", type=Path, metavar="FILE", help="addresses of pictures, one in each line")
        parser.add_argument("--credit", default="", help="for pictures that have none")
        parser.add_argument("--language", default="en", choices=Article.Language.values)
        parser.add_argument("--free", action="store_true", help="what says nothing of a wall is free to read")
        parser.add_argument("--as-drafts", action="store_true", help="publish nothing")
        parser.add_argument("--post-type", action="append", default=["post"], help="of WordPress, besides “post”")
        parser.add_argument("--report", type=Path, metavar="FILE", help="a table (CSV) of every article and note")

    def handle(self, *args: Any, **given: Any) -> None:
        path: Path = given["path"]
        if not path.exists():
            raise CommandError(f"There is no {path}.")
        with Report(given["report"]) as report:
            try:
                if given["format"] == OWN:
                    _show(own.take_back_in(path, report, at=clock.now(), is_trial=given["dry_run"]))
                else:
                    self._bring_in(path, given, report)
            except Broken as error:
                self._say(report)
                raise CommandError(f"{error} What came before it is in; run this again with the whole file.") from error
            except KeyboardInterrupt as stopped:
                self._say(report)
                raise CommandError("Stopped. Run this again to go on from here.") from stopped
            self._say(report)

    def _bring_in(self, path: Path, given: dict[str, Any], report: Report) -> None:
        reader = _reader(path, given)
        choices = Choices(
            source=(given["source"] or reader.source)[:100],
            section=_section(given["section"]) if given["section"] else None,
            sections=dict(_mapped(one) for one in given["map"]),
            language=given["language"],
            credit=given["credit"],
            is_free=given["free"],
            as_drafts=given["as_drafts"],
            is_trial=given["dry_run"],
        )
        listing = given["picture_list"].read_text(encoding="utf-8").splitlines() if given["picture_list"] else ()
        fetch = Pictures(given["pictures"], given["picture_host"], listed(listing))
        bar = Bar(total=reader.size // 1_000_000, what="Megabytes")
        try:
            for position in TakingIn(reader, choices, fetch, report, at=clock.now()).run():
                bar.show(position // 1_000_000)
        finally:
            bar.end()
            reader.close()

    def _say(self, report: Report) -> None:
        for line in report.lines():
            self.stdout.write(line)


def _show(steps: Iterable[int]) -> None:
    bar = Bar(total=0, what="Articles")
    try:
        for done in steps:
            bar.show(done)
    finally:
        bar.end()


def _reader(path: Path, given: dict[str, Any]) -> Reader:
    if given["format"] == "markdown":
        if not path.is_dir():
            raise CommandError(f"{path} is no folder.")
        return MarkdownFolder(path, zone=BRUSSELS)
    if given["format"] == "ninjs":
        return Agency(path)
    if not path.is_file():
        raise CommandError(f"{path} is no file.")
    if given["format"] == "ghost":
        return Ghost(path, site=given["site"])
    return Wordpress(path, zone=BRUSSELS, types=frozenset(given["post_type"]))


def _section(slug: str) -> Section:
    try:
        return Section.objects.get(slug=slug)
    except Section.DoesNotExist as error:
        raise CommandError(f"There is no section “{slug}”. Make it in the admin first.") from error


def _mapped(said: str) -> tuple[str, Section]:
    name, equals, slug = said.rpartition("=")
    if not equals or not name.strip():
        raise CommandError(f"--map wants NAME=SLUG, and not “{said}”.")
    return name.strip().lower(), _section(slug.strip())
