"""Authors write their own drafts, editors everybody's articles; to withdraw one is the chief editor's."""

from django.db import migrations

from newsroom.rights import both, give, take

WITHDRAW = {"articles": "withdraw_article"}
AUTHORS = {
    "articles": (
        "view_article add_article change_article delete_article view_picture add_picture view_topic "
        "view_author change_author"
    )
}

make = both(
    give(
        {
            "Authors": AUTHORS,
            "Editors": {"articles": "edit_others_article"},
            "Chief editors": {"articles": "withdraw_article add_section change_section"},
        }
    ),
    take({"Editors": WITHDRAW}),
)


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0019_let_the_desk_keep_networks_and_sign_on"),
        ("articles", "0010_authors_have_accounts"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
