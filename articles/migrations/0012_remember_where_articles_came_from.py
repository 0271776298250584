import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0011_follow_an_article_from_idea_to_withdrawal"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportedPicture",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        help_text="A hash of the source and the address there.", max_length=64, unique=True
                    ),
                ),
                (
                    "picture",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="articles.picture"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OldAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=500, unique=True)),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="old_addresses", to="articles.article"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportedArticle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(help_text="Such as: the host of the site it stood on.", max_length=100)),
                ("source_id", models.CharField(help_text="What the source calls it.", max_length=300)),
                ("digest", models.CharField(help_text="A hash of what the source said.", max_length=64)),
                ("imported_at", models.DateTimeField()),
                (
                    "article",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="came_from",
                        to="articles.article",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("source", "source_id"), name="each_record_is_taken_in_once")
                ],
            },
        ),
    ]
