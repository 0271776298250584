"""Fill an empty site with the demo newsroom, and make any number of further articles for measuring."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import pluralize

from articles.models import Article
from edge import clock
from newsroom.demo.fill import fill
from newsroom.demo.many import how_many, make_up_to


class Command(BaseCommand):
    """`manage.py demo [--articles N]`. What is there is kept; a run that is interrupted leaves nothing."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--articles", type=int, default=0, metavar="N", help="have N made articles besides the written ones"
        )

    def handle(self, *args: Any, articles: int, **options: Any) -> None:
        if articles < 0:
            raise CommandError("--articles must not be negative.")
        self._fill()
        if articles:
            self._make(articles)

    def _fill(self) -> None:
        if there := Article.objects.count():
            kept = "are there already; all of them are kept" if there > 1 else "is there already; it is kept"
            self.stdout.write(f"{there:,} article{pluralize(there)} {kept}.")
        else:
            self.stdout.write(f"The demo newsroom is there now, with {fill(at=clock.now())} articles.")

    def _make(self, number: int) -> None:
        made = make_up_to(number, at=clock.now())
        self.stdout.write(f"{made:,} articles made; there are {how_many():,} made ones now.")
