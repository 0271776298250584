"""The subscription desk sees contracts and what changed in them, and every version of the terms.

Writing and publishing terms is for administrators, until they give a group the right.
"""

from django.db import migrations

from newsroom.rights import give

make = give({"Subscription desk": {"subscriptions": "view_contract view_amendment view_termsversion view_termstext"}})


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0008_let_staff_keep_newsletters_and_pages"),
        ("subscriptions", "0010_terms_and_contracts"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
