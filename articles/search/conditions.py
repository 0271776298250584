"""What must be true of an article besides its words: published, and within the filters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from .question import PERIODS, Question


def conditions(asked: Question, *, at: datetime) -> tuple[str, Sequence[Any]]:
    """What must be true of a row `a` of the articles besides its words, as SQL and its parameters."""
    moment = connection.ops.adapt_datetimefield_value
    parts: list[tuple[str, Any]] = [("a.status = %s", "published"), ("a.published_at <= %s", moment(at))]
    if asked.section:
        parts.append(("a.section_id = %s", asked.section.pk))
    if asked.author:
        by = "EXISTS (SELECT 1 FROM articles_byline b WHERE b.article_id = a.id AND b.author_id = %s)"
        parts.append((by, asked.author.pk))
    if asked.kind:
        parts.append(("a.kicker = %s", asked.kind))
    if asked.period:
        parts.append(("a.published_at > %s", moment(at - PERIODS[asked.period])))
    return " AND ".join(sql for sql, _ in parts), [value for _, value in parts]
