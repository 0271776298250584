"""Editors follow events live."""

from django.db import migrations

from newsroom.rights import give

make = give(
    {
        "Editors": {
            "articles": "add_livecoverage change_livecoverage view_livecoverage delete_livecoverage "
            "add_liveentry change_liveentry view_liveentry delete_liveentry"
        }
    }
)


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0017_let_the_desk_keep_seats"),
        ("articles", "0009_follow_events_live"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
