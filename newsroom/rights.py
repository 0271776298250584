"""Giving a group of staff its permissions, for migrations: each says in a line what a group may do from then on."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.management import create_permissions


def give(groups: Mapping[str, Mapping[str, str]]) -> Callable[[Any, Any], None]:
    """A step of a migration that gives groups permissions, and makes what is missing of either.

    `groups` maps a group's name to apps, and each app's label to code names with spaces between. Permissions are made
    first, since Django makes them only after the last migration. Doing it twice changes nothing.
    """

    def step(apps: Any, schema_editor: Any) -> None:
        using = schema_editor.connection.alias
        for label in sorted({label for wanted in groups.values() for label in wanted}):
            _make_permissions(apps, label, using)
        permissions = apps.get_model("auth", "Permission").objects.using(using)
        for name, wanted in groups.items():
            group, _ = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
            for label, codenames in wanted.items():
                for codename in codenames.split():
                    group.permissions.add(permissions.get(content_type__app_label=label, codename=codename))

    return step


def _make_permissions(apps: Any, label: str, using: str) -> None:
    config = apps.get_app_config(label)
    before, config.models_module = getattr(config, "models_module", None), True
    create_permissions(config, apps=apps, verbosity=0, using=using)
    config.models_module = before
