"""Keep everything: database and pictures in one sealed file in BACKUP_DIR (docs/operating.md, "Backups")."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from edge import clock
from newsroom.backups import archive, making, sealing, shelf
from newsroom.backups.databases import DatabaseTrouble

TROUBLE = (
    sealing.NoKey,
    sealing.CannotOpen,
    shelf.NoShelf,
    archive.NotThisSite,
    DatabaseTrouble,
    OSError,
)


class Command(BaseCommand):
    """One of four things: make one, check one, list them, or make a key."""

    help = "Write database and pictures into one encrypted file, and check such a file by bringing it back beside."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, metavar="FOLDER", help="Instead of BACKUP_DIR.")
        parser.add_argument("--keep", type=int, metavar="N", help="Keep the newest N; default: BACKUP_KEEP.")
        parser.add_argument(
            "--check",
            nargs="?",
            const="newest",
            metavar="FILE",
            help="Make none; bring that one, or the newest, back into a scratch database and count.",
        )
        parser.add_argument("--list", action="store_true", help="What there is.")
        parser.add_argument("--new-key", action="store_true", help="Print a key for BACKUP_KEY.")

    def handle(
        self, *args: Any, to: Path | None, keep: int | None, check: str | None, new_key: bool, **options: Any
    ) -> None:
        try:
            if new_key:
                self.stdout.write(sealing.new_key())
            elif options["list"]:
                self._list(to or shelf.folder())
            elif check:
                self._check(shelf.found(check, to))
            else:
                self._make(to or shelf.folder(), keep)
        except TROUBLE as error:
            raise CommandError(str(error)) from error

    def _make(self, place: Path, keep: int | None) -> None:
        made = making.make(place, keep=settings.BACKUP_KEEP if keep is None else keep, at=clock.now())
        self.stdout.write(made.in_words)

    def _check(self, path: Path) -> None:
        about, total = archive.check(path, keys=sealing.keys(), connection=connection)
        rows = sum(about.counts.values())
        self.stdout.write(
            f"{path.name}, of {about.made_at}: whole. {len(about.counts)} tables with {rows:,} rows came back in a "
            f"scratch database; {total.media_files:,} pictures ({total.media_bytes:,} bytes) are as they were."
        )

    def _list(self, place: Path) -> None:
        for one in shelf.newest_first(place):
            self.stdout.write(f"{one.made_at:%Y-%m-%d %H:%M:%S} UTC  {one.path.stat().st_size:>15,}  {one.path.name}")
