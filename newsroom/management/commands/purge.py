"""Have the cache in front forget every page: after another version of the code was put to work."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from page_cache import purging


class Command(BaseCommand):
    """Says so where there is no such cache."""

    help = "Have the cache in front of the site (PURGE_PROVIDER) forget every page."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError where the cache does not say that it has."""
        found = purging.purger()
        if found is None:
            self.stdout.write("There is nobody to tell.")
            return
        try:
            found.purge([purging.EVERYTHING])
        except purging.NotPurged as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Told.")
