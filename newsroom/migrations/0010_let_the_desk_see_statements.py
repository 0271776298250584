"""The subscription desk looks at statements, matches them by hand and closes them."""

from django.db import migrations

from newsroom.rights import give

make = give({"Subscription desk": {"rights": "view_statement change_statement"}})


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0009_let_the_desk_see_contracts"),
        ("rights", "0001_statements_and_their_handling"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
