"""Chief editors arrange the front page."""

from django.db import migrations

from newsroom.rights import give

make = give({"Chief editors": {"articles": "view_frontversion change_frontversion"}})


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0020_let_authors_write_and_chief_editors_withdraw"),
        ("articles", "0016_put_articles_on_the_front_page"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
