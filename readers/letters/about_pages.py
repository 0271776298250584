"""Letters to the staff about the standing pages."""

from datetime import datetime

from django.conf import settings

from ..models import Letter
from .post import write_to_operator


def operator_page_review(
    *, title: str, page_path: str, desk_path: str, reviewed_at: datetime | None, occasion: str, at: datetime
) -> Letter | None:
    """To the operator: the page `title` has to be looked at; it last was at `reviewed_at`."""
    context = {
        "title": title,
        "page": settings.SITE_URL + page_path,
        "desk": settings.SITE_URL + desk_path,
        "reviewed_at": reviewed_at,
    }
    return write_to_operator("operator_page_review", occasion, context, at=at)
