"""Standing pages that somebody has to look at once a year: which, when it was done, and who is reminded."""

from datetime import datetime, timedelta

from django.urls import reverse

from readers.letters import about_pages

from .models import PageReview

# By the name of their address: what the law wants dated (law.md L13 to L16).
PAGES = {
    "accessibility": "Accessibility",
    "ownership": "Who owns and funds us",
    "partners": "Partner content policy",
}
# Eleven months, so that a month is left before the date on the page is a year old.
DUE_AFTER = timedelta(days=335)


def review_of(page: str) -> PageReview | None:
    """When this page was looked at; None for a page that nobody has to look at."""
    return PageReview.objects.filter(page=page).first() if page in PAGES else None


def make_missing() -> None:
    """Each page has its row, also after one was added to the list."""
    PageReview.objects.bulk_create((PageReview(page=page) for page in PAGES), ignore_conflicts=True)


def remind(*, at: datetime) -> int:
    """Write to the staff about each page that is due, once a month until it was looked at. How many letters."""
    make_missing()
    due = [one for one in PageReview.objects.filter(page__in=PAGES) if is_due(one, at=at)]
    return sum(_remind(one, at=at) for one in due)


def is_due(review: PageReview, *, at: datetime) -> bool:
    """Whether somebody should look at the page now."""
    return review.reviewed_at is None or review.reviewed_at <= at - DUE_AFTER


def _remind(review: PageReview, *, at: datetime) -> bool:
    letter = about_pages.operator_page_review(
        title=PAGES[review.page],
        page_path=reverse(review.page),
        desk_path=reverse("admin:newsroom_pagereview_change", args=[review.pk]),
        reviewed_at=review.reviewed_at,
        occasion=f"{review.page} {at:%Y-%m}",
        at=at,
    )
    return letter is not None
