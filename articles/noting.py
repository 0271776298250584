"""Who is told that an article was read: those that READING_NOTED_BY names. Where they fail, it is served anyway."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils.module_loading import import_string

from edge.visitor import Visitor

from .models import Article
from .paywall import Access, Reading

log = logging.getLogger(__name__)


def tell(visitor: Visitor, article: Article, reading: Reading, *, at: datetime) -> None:
    """Tell them that this visitor read behind the wall, and by which right. What is free for all is nobody's use."""
    if reading.access is not Access.ENTITLED:
        return
    for note in _listeners():
        try:
            note(visitor, reading.entitlement, article=article.pk, section=article.section.name, at=at)
        except DatabaseError:
            log.exception("Reading could not be noted")


@cache
def _listeners() -> tuple[Callable[..., Any], ...]:
    return tuple(import_string(name) for name in settings.READING_NOTED_BY)
