"""The engine that belongs to the database: always there, whatever else may look things up."""

from types import ModuleType

from django.db import connection

from . import postgresql, sqlite


def engine() -> ModuleType:
    """`postgresql` or `sqlite`."""
    return {"sqlite": sqlite, "postgresql": postgresql}[connection.vendor]
