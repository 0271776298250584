"""The subscription desk sees what the comparison with Stripe found."""

from typing import Any

from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUP = "Subscription desk"
WANTED = ("view_finding", "view_reconciliation")


def make(apps: Any, schema_editor: Any) -> None:
    """Give the group its permissions; they are made first, since Django makes them after the last migration only."""
    using = schema_editor.connection.alias
    config = apps.get_app_config("subscriptions")
    before, config.models_module = getattr(config, "models_module", None), True
    create_permissions(config, apps=apps, verbosity=0, using=using)
    config.models_module = before
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    group, _ = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=GROUP)
    for codename in WANTED:
        group.permissions.add(permissions.get(content_type__app_label="subscriptions", codename=codename))


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0003_let_the_desk_give_money_back"),
        ("subscriptions", "0006_keep_what_reconciliation_found"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
