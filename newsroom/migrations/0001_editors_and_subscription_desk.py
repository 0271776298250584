"""The two groups of a newsroom, with just what each needs."""

from django.db import migrations

from newsroom.rights import give

EDITORS = {
    "articles": (
        "view_article add_article change_article delete_article publish_article "
        "view_picture add_picture change_picture view_author add_author change_author view_section "
        "view_brief add_brief change_brief delete_brief view_partneritem add_partneritem change_partneritem "
        "view_agendaitem add_agendaitem change_agendaitem delete_agendaitem"
    ),
}
SUBSCRIPTION_DESK = {
    "readers": "view_user view_letter",
    "subscriptions": (
        "view_grant add_grant change_grant view_subscription view_customer view_plan view_checkoutattempt "
        "view_trialuse delete_trialuse"
    ),
}
GROUPS = {"Editors": EDITORS, "Subscription desk": SUBSCRIPTION_DESK}


make = give(GROUPS)


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("articles", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("readers", "0001_initial"),
        ("subscriptions", "0001_initial"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
