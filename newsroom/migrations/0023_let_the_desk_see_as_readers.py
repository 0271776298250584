"""The subscription desk sees the site as a reader sees it, to help."""

from django.db import migrations

from newsroom.rights import give

make = give({"Subscription desk": {"newsroom": "see_as_reader"}})


class Migration(migrations.Migration):
    dependencies = [("newsroom", "0022_write_down_what_staff_do")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
