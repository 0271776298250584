"""Write every article, with authors, sections, topics and pictures, to a folder that import_articles reads again."""

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from articles.imports import writer
from articles.models import Article
from edge import clock
from edge.progress import Bar


class Command(BaseCommand):
    """The folder holds the paid texts in full: keep it where you keep your database."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        bar = Bar(total=Article.objects.count(), what="Articles")
        written: Counter[str] = Counter()
        try:
            for kind in writer.write(folder, at=clock.now()):
                written[kind] += 1
                bar.show(written["article"])
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.") from error
        finally:
            bar.end()
        self.stdout.write(
            f"{written['article']:,} articles, {written['picture']:,} pictures and {written['author']:,} authors "
            f"are in {folder / writer.NAME} and {folder / writer.MEDIA}."
        )
