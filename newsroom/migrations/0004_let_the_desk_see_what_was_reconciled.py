"""The subscription desk sees what the comparison with Stripe found."""

from django.db import migrations

from newsroom.rights import give

make = give({"Subscription desk": {"subscriptions": "view_finding view_reconciliation"}})


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0003_let_the_desk_give_money_back"),
        ("subscriptions", "0006_keep_what_reconciliation_found"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
