"""The subscription desk asks managers, keeps domains, and sees and ends seats."""

from django.db import migrations

from newsroom.rights import give

make = give(
    {
        "Subscription desk": {
            "groups": "view_seat change_seat view_manager change_manager view_invitation add_invitation "
            "change_invitation view_domain add_domain change_domain"
        }
    }
)


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0016_let_the_desk_answer_and_decide"),
        ("groups", "0002_seats_invitations_and_domains"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
