"""Editors keep the topics, beside sections and authors."""

from django.db import migrations

from newsroom.rights import give

make = give({"Editors": {"articles": "add_topic change_topic view_topic delete_topic"}})


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0005_let_the_desk_see_what_stripe_said"),
        ("articles", "0002_find_by_topic_and_by_text"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
