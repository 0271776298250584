"""The subscription desk sees the receipts of what Stripe sent, and may have one handled again."""

from django.db import migrations

from newsroom.rights import give

make = give({"Subscription desk": {"subscriptions": "view_stripeevent change_stripeevent"}})


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0004_let_the_desk_see_what_was_reconciled"),
        ("subscriptions", "0004_count_the_tries_of_receipts"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
