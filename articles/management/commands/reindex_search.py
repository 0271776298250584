"""Write every article to OpenSearch anew, and forget there what is gone here."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """May be interrupted at any moment, and goes on from there when it is run again."""

    help = "Write every article to OpenSearch anew. Readers search on all the time; run it again if it is interrupted."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.SEARCH_ENGINE != "opensearch":
            raise CommandError("SEARCH_ENGINE is not opensearch; the database keeps its own index, always up to date.")
        from articles.search import opensearch

        try:
            for left in opensearch.rebuild():
                self.stdout.write(f"{left} left.")
        except opensearch.Away as failure:
            raise CommandError(f"OpenSearch is away ({failure}). Run this again to go on.") from failure
        self.stdout.write("Every article is written.")
