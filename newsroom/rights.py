"""Giving a group of staff its permissions, for migrations: each says in a line what a group may do from then on."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.management import create_permissions

Wanted = Mapping[str, Mapping[str, str]]
# What a group is given, those that do its work too are given with it.
INCLUDES = {"Chief editors": "Editors"}


def give(groups: Wanted) -> Callable[[Any, Any], None]:
    """A step of a migration that gives groups permissions, and makes what is missing of either.

    `groups` maps a group's name to apps, and each app's label to code names with spaces between. Permissions are made
    first, since Django makes them only after the last migration. Doing it twice changes nothing. A group that includes
    another (INCLUDES) is given the same, and when it is made, all that the other has.
    """

    def step(apps: Any, schema_editor: Any) -> None:
        using = schema_editor.connection.alias
        for label in sorted({label for wanted in groups.values() for label in wanted}):
            _make_permissions(apps, label, using)
        permissions = apps.get_model("auth", "Permission").objects.using(using)
        every = apps.get_model("auth", "Group").objects.using(using)
        for name, wanted in groups.items():
            group, is_new = every.get_or_create(name=name)
            if is_new and name in INCLUDES:
                group.permissions.add(*permissions.filter(group__name=INCLUDES[name]))
            including = every.filter(name__in=[one for one, other in INCLUDES.items() if other == name])
            for permission in _named(permissions, wanted):
                for one in (group, *including):
                    one.permissions.add(permission)

    return step


def take(groups: Wanted) -> Callable[[Any, Any], None]:
    """A step of a migration that takes permissions from groups; those that include them keep theirs."""

    def step(apps: Any, schema_editor: Any) -> None:
        using = schema_editor.connection.alias
        permissions = apps.get_model("auth", "Permission").objects.using(using)
        for name, wanted in groups.items():
            group = apps.get_model("auth", "Group").objects.using(using).get(name=name)
            group.permissions.remove(*_named(permissions, wanted))

    return step


def both(first: Callable[[Any, Any], None], then: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """One step after the other."""

    def step(apps: Any, schema_editor: Any) -> None:
        first(apps, schema_editor)
        then(apps, schema_editor)

    return step


def _named(permissions: Any, wanted: Mapping[str, str]) -> list[Any]:
    return [
        permissions.get(content_type__app_label=label, codename=codename)
        for label, codenames in wanted.items()
        for codename in codenames.split()
    ]


def _make_permissions(apps: Any, label: str, using: str) -> None:
    config = apps.get_app_config(label)
    before, config.models_module = getattr(config, "models_module", None), True
    create_permissions(config, apps=apps, verbosity=0, using=using)
    config.models_module = before
