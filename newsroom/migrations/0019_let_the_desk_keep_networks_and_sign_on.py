"""The subscription desk keeps networks and single sign-on, ends passes, and sees what groups read."""

from django.db import migrations

from newsroom.rights import give

make = give(
    {
        "Subscription desk": {
            "groups": "view_network add_network change_network view_offsitepass change_offsitepass "
            "view_signon add_signon change_signon view_monthofuse"
        }
    }
)


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0018_let_editors_write_live"),
        ("groups", "0005_sign_on_speaks_for_domains"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
