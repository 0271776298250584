"""What of a row may stand in the log of acts: plain facts, and of what is personal or secret only that it changed."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

from edge.personal_data import PersonalData
from rights.inventory import annotation_of

# Stands for a value that is not told.
WITHHELD = "…"
LONGEST = 120
_SECRET = re.compile(r"password|secret|token|hash|seal|session|signature|credential|code$|^code|key$")
# Numbers, moments, yes or no, and choices from a list say nothing of a person that the row's number does not say.
_PLAIN = (
    *(models.BooleanField, models.IntegerField, models.DecimalField, models.FloatField, models.DurationField),
    *(models.DateField, models.AutoField, models.UUIDField, models.ForeignKey),
)
# Of long texts, articles among them, that they changed is enough: their versions are kept elsewhere.
_NEVER = (models.GenericIPAddressField, models.EmailField, models.TextField, models.JSONField, models.BinaryField)


def may_be_told(field: models.Field) -> bool:
    """Whether the log may hold this field's value: nothing that opens a door, and no words about people."""
    said = annotation_of(field.model)
    if _SECRET.search(field.name) and not isinstance(field, models.ForeignKey | models.BooleanField):
        return False
    if isinstance(said, PersonalData) and field.name in said.secret:
        return False
    if isinstance(field, _PLAIN) or field.choices:
        return True
    has_people = said is not None
    return not has_people and not isinstance(field, _NEVER)


def told(field: models.Field, value: Any) -> Any:
    """The value as the log keeps it."""
    if value is None or not may_be_told(field):
        return None if value is None else WITHHELD
    if isinstance(value, bool | int | float | Decimal | datetime | date | timedelta | UUID):
        return value
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def difference(
    before: dict[str, Any] | None, after: dict[str, Any] | None, fields: list[models.Field]
) -> dict[str, Any]:
    """Field by field what was and what is; only what differs. None for a row that was not there, or is not any more."""
    changes: dict[str, Any] = {}
    for field in fields:
        was, is_now = (before or {}).get(field.attname), (after or {}).get(field.attname)
        if was != is_now and not _is_nothing(was, is_now):
            changes[field.name] = [told(field, was), told(field, is_now)]
    return changes


def _is_nothing(was: Any, is_now: Any) -> bool:
    """An empty value beside one that was not there."""
    return all(value in (None, "") or value == [] or value == {} for value in (was, is_now))
