"""The two groups of a newsroom, with just what each needs."""

from typing import Any

from django.contrib.auth.management import create_permissions
from django.db import migrations

EDITORS = {
    "articles": (
        "view_article add_article change_article delete_article publish_article "
        "view_picture add_picture change_picture view_author add_author change_author view_section "
        "view_brief add_brief change_brief delete_brief view_partneritem add_partneritem change_partneritem "
        "view_agendaitem add_agendaitem change_agendaitem delete_agendaitem"
    ),
}
SUBSCRIPTION_DESK = {
    "readers": "view_user view_letter",
    "subscriptions": (
        "view_grant add_grant change_grant view_subscription view_customer view_plan view_checkoutattempt "
        "view_trialuse delete_trialuse"
    ),
}
GROUPS = {"Editors": EDITORS, "Subscription desk": SUBSCRIPTION_DESK}


def make(apps: Any, schema_editor: Any) -> None:
    """Make both groups; permissions are made first, since Django makes them after the last migration only."""
    using = schema_editor.connection.alias
    for label in ("articles", "readers", "subscriptions"):
        config = apps.get_app_config(label)
        before, config.models_module = getattr(config, "models_module", None), True
        create_permissions(config, apps=apps, verbosity=0, using=using)
        config.models_module = before
    for name, wanted in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
        group.permissions.add(*_permissions(apps, using, wanted))


def _permissions(apps: Any, using: str, wanted: dict[str, str]) -> list[Any]:
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    found = []
    for label, codenames in wanted.items():
        for codename in codenames.split():
            found.append(permissions.get(content_type__app_label=label, codename=codename))
    return found


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("articles", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("readers", "0001_initial"),
        ("subscriptions", "0001_initial"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
