"""Editors say in public what was wrong, and withdraw what should not have appeared."""

from django.db import migrations

from newsroom.rights import give

make = give({"Editors": {"articles": "add_correction change_correction view_correction withdraw_article"}})


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0011_let_the_desk_see_notices"),
        ("articles", "0006_correct_and_withdraw"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
