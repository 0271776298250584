"""Bring everything back from a backup, in the place of what is there (docs/operating.md, "Restore")."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from edge import clock
from newsroom.backups import archive, databases, sealing, shelf

from .backup import TROUBLE


class Command(BaseCommand):
    """All of it, or nothing."""

    help = "Bring database and pictures back from a backup: all of it, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="A backup, or the word: newest.")
        parser.add_argument("--replace", action="store_true", help="Even where there are readers or articles now.")

    def handle(self, *args: Any, file: str, replace: bool, **options: Any) -> None:
        try:
            path = shelf.found(file, None)
            if not replace and databases.would_be_missed(connection):
                raise CommandError("There are readers or articles in this database. To replace them: --replace")
            about, total = archive.restore(
                path,
                keys=sealing.keys(),
                connection=connection,
                media=settings.MEDIA_ROOT,
                at=clock.now(),
            )
        except TROUBLE as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        finally:
            connection.close()
        self.stdout.write(
            f"{path.name}, of {about.made_at}, is back: {sum(about.counts.values()):,} rows, {total.media_files:,} "
            f"pictures. Everybody is signed out. Now: migrate, start the site and its workers anew, reconcile."
        )
