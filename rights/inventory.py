"""Every model of the site with what it says of the people in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import ForeignKey, Model, Q, QuerySet

from edge.personal_data import PersonalData
from readers.models import User

from .third_party import PERSONAL_DATA

MISSING = object()


@dataclass(frozen=True)
class Entry:
    """One model with people in it."""

    model: type[Model]
    data: PersonalData

    @property
    def label(self) -> str:
        """Such as `readers.Letter`."""
        return self.model._meta.label

    @property
    def file_name(self) -> str:
        """What its file in the download is called, such as `letter`."""
        return self.model._meta.model_name or ""

    def rows_of(self, reader: User, addresses: frozenset[str]) -> QuerySet[Any]:
        """The rows about this reader, also those that know only one of their proved addresses."""
        found = Q()
        if self.data.whose:
            found |= Q(**{self.data.whose: reader.pk})
        if self.data.address:
            nobodys = Q(**{f"{self.data.whose}__isnull": True}) if self.data.whose else Q()
            found |= nobodys & Q(**{f"{self.data.address}__in": addresses})
        return self.model._base_manager.filter(found) if found else self.model._base_manager.none()


def annotation_of(model: type[Model]) -> PersonalData | object | None:
    """What a model says: PersonalData, None for nobody, or MISSING."""
    if "personal_data" in vars(model):
        return vars(model)["personal_data"]
    owner = model._meta.auto_created
    joins_nobody = bool(owner) and _holds_no_reader(annotation_of(owner))  # type: ignore[arg-type]
    return PERSONAL_DATA.get(model._meta.label, None if joins_nobody else MISSING)


def _holds_no_reader(said: PersonalData | object | None) -> bool:
    return said is None or (isinstance(said, PersonalData) and not said.is_of_readers)


def every_model() -> list[type[Model]]:
    """All that have a table of their own: also those that join two others, and the library's."""
    return [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]


@cache
def entries() -> tuple[Entry, ...]:
    """Every model with people in it; those that point to others come before them, so that rows can go in this order."""
    found = [
        Entry(model, data)
        for model in _pointing_first(every_model())
        if isinstance(data := annotation_of(model), PersonalData)
    ]
    return tuple(found)


def of_readers() -> tuple[Entry, ...]:
    """Those that hold something about readers."""
    return tuple(entry for entry in entries() if entry.data.is_of_readers)


def _pointing_first(models: list[type[Model]]) -> Iterator[type[Model]]:
    """Each model before those it points to."""
    done: set[type[Model]] = set()

    def visit(model: type[Model]) -> Iterator[type[Model]]:
        if model in done:
            return
        done.add(model)
        for relation in model._meta.related_objects:
            if isinstance(relation.field, ForeignKey) and relation.related_model in models:
                yield from visit(relation.related_model)
        yield model

    for model in sorted(models, key=lambda one: one._meta.label):
        yield from visit(model)
