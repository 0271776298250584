"""What pages are made of: the tables that count, when a change of a row counts, and the moments rows speak of."""

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Source:
    """A table that pages print.

    `counts_when` is SQL about `{row}` (OLD or NEW): a write counts where it holds for the row before or after it;
    empty means always. `by` is the column that says whose row it is: a reader's page then depends on their own rows,
    and a page for everyone may not read the table at all. `moments` are columns with a time (UTC) at which a page may
    change without any write; `moments_when` narrows, in SQL, which rows are asked for them.
    """

    table: str
    counts_when: str = ""
    by: str = ""
    moments: tuple[str, ...] = ()
    moments_when: str = ""


@cache
def sources() -> dict[str, Source]:
    """Every watched table by its name, as PAGE_CACHE_SOURCES lists them."""
    return {source.table: source for source in import_string(settings.PAGE_CACHE_SOURCES)}
