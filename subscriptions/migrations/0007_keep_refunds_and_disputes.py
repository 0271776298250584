import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0006_keep_what_reconciliation_found"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=80, unique=True, verbose_name="number at Stripe")),
                ("payment_id", models.CharField(db_index=True, max_length=80, verbose_name="payment at Stripe")),
                ("cents", models.PositiveIntegerField(help_text="In cents.")),
                ("reason", models.CharField(help_text="Stripe's own word.", max_length=60)),
                ("status", models.CharField(help_text="Stripe's own word.", max_length=30)),
                ("opened_at", models.DateTimeField()),
                (
                    "answer_by",
                    models.DateTimeField(blank=True, help_text="Until when Stripe takes our answer.", null=True),
                ),
                (
                    "closed_at",
                    models.DateTimeField(blank=True, help_text="When we learned that it is decided.", null=True),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="subscriptions.subscription",
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("payment_id", models.CharField(db_index=True, max_length=80, verbose_name="payment at Stripe")),
                ("cents", models.PositiveIntegerField(help_text="In cents.")),
                (
                    "kind",
                    models.CharField(
                        choices=[("full", "All of it"), ("rest", "The rest of the period"), ("partial", "An amount")],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                (
                    "ends_subscription",
                    models.BooleanField(default=False, help_text="The subscription ends at once with it."),
                ),
                ("asked_at", models.DateTimeField()),
                ("stripe_id", models.CharField(blank=True, max_length=80, verbose_name="number at Stripe")),
                (
                    "status",
                    models.CharField(blank=True, help_text="Stripe's own word. Empty: no answer yet.", max_length=20),
                ),
                ("why_failed", models.CharField(blank=True, help_text="Stripe's own words.", max_length=300)),
                ("failed_at", models.DateTimeField(blank=True, help_text="When we learned that it failed.", null=True)),
                (
                    "seen_to_at",
                    models.DateTimeField(blank=True, help_text="When a person had seen to the failure.", null=True),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: by the house itself, or in Stripe's Dashboard.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="subscriptions.subscription",
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at"],
                "permissions": [("refund", "Can give money back")],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("cents__gt", 0)), name="refund_of_something"),
                    models.UniqueConstraint(
                        condition=models.Q(("stripe_id", ""), _negated=True),
                        fields=("stripe_id",),
                        name="one_refund_per_number",
                    ),
                ],
            },
        ),
    ]
