"""Editors write the standing pages; the subscription desk reads which version said what."""

from django.db import migrations

from newsroom.rights import give

make = give(
    {
        "Editors": {"newsroom": "add_page change_page view_page view_pageversion"},
        "Subscription desk": {"newsroom": "view_page view_pageversion"},
    }
)


class Migration(migrations.Migration):
    dependencies = [("newsroom", "0013_keep_the_standing_pages")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
