"""The answers that the desk begins with."""

from typing import Any

from django.db import migrations

from groups.first_answers import first_answers


def write(apps: Any, schema_editor: Any) -> None:
    """Write them, unless there are some."""
    templates = apps.get_model("groups", "AnswerTemplate").objects.using(schema_editor.connection.alias)
    if templates.exists():
        return
    for words in first_answers():
        templates.create(**words._asdict())


class Migration(migrations.Migration):
    dependencies = [("groups", "0006_invoices_terms_and_waiting")]
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
