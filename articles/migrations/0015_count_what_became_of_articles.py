import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("articles", "0014_say_who_pays_answer_by_answer")]

    operations = [
        migrations.CreateModel(
            name="ArticleDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("opened", models.PositiveIntegerField(default=0)),
                ("wall_met", models.PositiveIntegerField(default=0, help_text="Times it ended at the wall.")),
                ("checkouts", models.PositiveIntegerField(default=0, help_text="Orders begun from its wall.")),
                (
                    "trials",
                    models.PositiveIntegerField(default=0, help_text="Free trials that began with such an order."),
                ),
                (
                    "paid",
                    models.PositiveIntegerField(
                        default=0, help_text="Of such orders, paid: after the trial, or at once."
                    ),
                ),
            ],
            options={
                "ordering": ["day"],
                "default_permissions": (),
            },
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(fields=["status", "-id"], name="article_desk_state"),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(fields=["section", "-id"], name="article_desk_section"),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                condition=models.Q(("hero__isnull", True)), fields=["-id"], name="article_desk_no_picture"
            ),
        ),
        migrations.AddField(
            model_name="articleday",
            name="article",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="days", to="articles.article"
            ),
        ),
        migrations.AddConstraint(
            model_name="articleday",
            constraint=models.UniqueConstraint(fields=("article", "day"), name="one_row_per_article_and_day"),
        ),
    ]
