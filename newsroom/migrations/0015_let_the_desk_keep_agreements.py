"""The subscription desk makes agreements with organisations, and sees what they owe and what was done."""

from django.db import migrations

from newsroom.rights import give

make = give(
    {
        "Subscription desk": {
            "groups": "view_groupaccount add_groupaccount change_groupaccount view_contact add_contact change_contact "
            "delete_contact view_term view_groupinvoice view_grouppayment view_groupevent"
        }
    }
)


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0014_let_editors_write_the_standing_pages"),
        ("groups", "0006_invoices_terms_and_waiting"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
