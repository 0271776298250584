"""The subscription desk sees refunds and disputes, and may give money back."""

from django.db import migrations

from newsroom.rights import give

make = give({"Subscription desk": {"subscriptions": "view_refund view_dispute refund"}})


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0002_the_machine_room"),
        ("subscriptions", "0007_keep_refunds_and_disputes"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
