"""The pages that editors have added: in the lists of the footer, and in the sitemap."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from .models import Page, PageVersion
from .models.page import BUILT_IN, best_of
from .placeholders import filled_line


@dataclass(frozen=True)
class Link:
    """One line of a list."""

    title: str
    path: str


def added(*, at: datetime) -> list[str]:
    """The paths of the pages that editors have added, for the sitemap."""
    pages = Page.objects.published(at=at).exclude(slug__in=BUILT_IN)
    return [page.get_absolute_url() for page in pages]


def lists(language: str, *, at: datetime) -> dict[str, list[Link]]:
    """The lines to add to each list, in the language that is spoken or in English, in one query."""
    shown = PageVersion.objects.current().filter(page__published_at__lte=at, language__in=(language, "en"))
    listed = shown.exclude(page__footer=Page.Footer.NONE).exclude(html="").select_related("page")
    rows = listed.order_by("page__footer_place", "page__slug")
    found: dict[str, list[Link]] = {"newsroom": [], "small_print": []}
    for page, versions in groupby(rows, key=lambda version: version.page):
        if version := best_of(versions, language):
            name = page.footer.replace(" ", "_")
            found[name].append(Link(filled_line(version.title), page.get_absolute_url()))
    return found
