"""How many seats the price of a term was agreed for: of terms whose seats were changed, what the history says."""

from typing import Any

from django.db import migrations, models


def remember(apps: Any, schema_editor: Any) -> None:
    """The first change of seats in the history says what it was before."""
    alias = schema_editor.connection.alias
    terms = apps.get_model("groups", "Term").objects.using(alias)
    events = apps.get_model("groups", "GroupEvent").objects.using(alias)
    for event in events.filter(verb="changed the seats").order_by("pk"):
        terms.filter(pk=event.facts["term"], seats_in_price=None).update(seats_in_price=event.facts["was"])


class Migration(migrations.Migration):
    dependencies = [("groups", "0008_find_seats_quickly")]

    operations = [
        migrations.AddField(
            model_name="term",
            name="seats_in_price",
            field=models.PositiveIntegerField(
                editable=False,
                help_text=(
                    "How many seats the price was agreed for, where their number was changed since. Empty: all of them."
                ),
                null=True,
            ),
        ),
        migrations.RunPython(remember, migrations.RunPython.noop),
    ]
