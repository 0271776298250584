from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0008_let_a_deleted_customer_be_followed"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="discounted_cents",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="The next charge by Stripe's preview, where a promotion code lowers it.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="first_payment_failed",
            field=models.BooleanField(default=False, help_text="Nothing was ever paid, so there is no grace."),
        ),
        migrations.AddField(
            model_name="subscription",
            name="pause_ends_at",
            field=models.DateTimeField(blank=True, help_text="When it goes on, and is charged.", null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="pause_starts_at",
            field=models.DateTimeField(blank=True, help_text="From when on nothing is paid nor read.", null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="payment_pending",
            field=models.BooleanField(default=False, help_text="A debit is under way; the bank needs some days."),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("pause_ends_at", None), ("pause_starts_at", None)),
                    ("pause_ends_at__gt", models.F("pause_starts_at")),
                    _connector="OR",
                ),
                name="pause_ends_after_it_starts",
            ),
        ),
    ]
