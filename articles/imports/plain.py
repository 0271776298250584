"""Rows as plain values: what of each model is written to a file and read from it again.

Every field that is no relation goes along by itself, so that a field that is added one day is not lost. What stays
behind is named here, with the reason; relations are written where they belong (`writer.py`, `own.py`).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field, Model

from articles.models import Article, Author, Correction, Picture, Section, Topic

MADE_ANEW = "is made of the rest"
OF_THE_STAFF = "is an account of this site"
STAYS_BEHIND: Mapping[type[Model], Mapping[str, str]] = {
    Article: {
        **dict.fromkeys(("teaser", "teaser_text", "words", "words_behind_wall"), MADE_ANEW),
        **dict.fromkeys(("withdrawn_by", "assigned_to"), OF_THE_STAFF),
    },
    Author: {"account": OF_THE_STAFF},
    Correction: {"made_by": OF_THE_STAFF},
    Picture: {
        **dict.fromkeys(("width", "height", "stem", "widths", "edition"), MADE_ANEW),
        "original": "is a file beside the lines",
    },
    Section: {},
    Topic: {},
}


def plain_fields(model: type[Model]) -> Iterable[Field]:
    """The fields that are written and read as they are."""
    behind = STAYS_BEHIND[model]
    for field in model._meta.concrete_fields:
        if not field.is_relation and not field.primary_key and field.name not in behind:
            yield field


def values_of(row: Model) -> dict[str, Any]:
    """The row as values that JSON has; moments in UTC."""
    return {field.name: _written(field.value_from_object(row)) for field in plain_fields(type(row))}


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def fill(row: Model, said: Mapping[str, Any]) -> None:
    """Set the row's fields to those values. Raises ValidationError for what no form would take.

    What the file does not say keeps its default, and what this site does not know is passed over.
    """
    for field in plain_fields(type(row)):
        if field.name not in said:
            continue
        value = said[field.name]
        if value in (None, "") and (field.null or value == ""):
            setattr(row, field.name, value)
            continue
        try:
            setattr(row, field.name, field.clean(value, row))
        except ValidationError as error:
            raise ValidationError(f"{field.name}: {' '.join(error.messages)}") from error
