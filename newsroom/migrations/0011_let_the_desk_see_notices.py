"""The subscription desk sees what readers were told, which charges wait, and how far price changes have got."""

from django.db import migrations

from newsroom.rights import give

make = give({"Subscription desk": {"subscriptions": "view_notice view_putoff view_pricechange view_repricing"}})


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0010_let_the_desk_see_statements"),
        ("subscriptions", "0011_notices_and_price_changes"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
