"""Editors keep the newsletters and say when a page was checked; the desk sees how an address was changed."""

from django.db import migrations

from newsroom.rights import give

make = give(
    {
        "Editors": {
            "newsroom": "view_pagereview change_pagereview",
            "readers": "view_newsletter add_newsletter change_newsletter",
        },
        "Subscription desk": {"readers": "view_addresschange view_consent"},
    }
)


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0007_remember_when_pages_were_checked"),
        ("readers", "0006_readers_choose_and_move"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
