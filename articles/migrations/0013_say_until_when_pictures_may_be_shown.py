from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("articles", "0012_remember_where_articles_came_from")]

    operations = [
        migrations.AddField(
            model_name="picture",
            name="rights_holder",
            field=models.CharField(
                blank=True, help_text="Whom to ask, if it is not who made it: an agency, a museum.", max_length=120
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="picture",
            name="usable_until",
            field=models.DateField(
                blank=True,
                help_text="The last day, in Brussels; empty: without end. After it nothing new is published with this picture.",
                null=True,
                verbose_name="may be shown until",
            ),
        ),
    ]
