"""Editors say where old links lead."""

from django.db import migrations

from newsroom.rights import give

OF_EACH = ("view", "add", "change", "delete")
make = give(
    {"Editors": {"articles": " ".join(f"{act}_{of}" for of in ("formeraddress", "oldaddress") for act in OF_EACH)}}
)


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0023_let_the_desk_see_as_readers"),
        ("articles", "0017_keep_what_is_typed"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
