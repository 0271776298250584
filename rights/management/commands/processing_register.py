"""Print the register of processing."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from rights import register


class Command(BaseCommand):
    """For the file of whoever answers for data protection; made anew each time, from the code that runs."""

    help = "Print the register of processing (GDPR Art. 30), as Markdown or as a table."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=("markdown", "csv"), default="markdown")

    def handle(self, *args: Any, format: str, **options: Any) -> None:
        self.stdout.write(register.as_csv() if format == "csv" else register.as_markdown())
