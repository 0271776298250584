"""What staff do is written down, and that they looked at the site as a reader."""

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0021_let_chief_editors_arrange_the_front_page"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LookedAs",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("began_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="looked_at_by_staff",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "look at the site as a reader",
                "verbose_name_plural": "looks at the site as a reader",
                "ordering": ["-pk"],
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("began_at"))), name="a_look_ends_after_it_began"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffAct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True, verbose_name="when")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("signed_in", "signed in"),
                            ("sign_in_failed", "failed to sign in"),
                            ("signed_out", "signed out"),
                            ("proof_changed", "changed a password or second factor"),
                            ("added", "added"),
                            ("changed", "changed"),
                            ("deleted", "deleted"),
                            ("asked", "asked for, and changed no row"),
                            ("looked", "looked at a person"),
                            ("downloaded", "downloaded"),
                            ("refused", "was refused"),
                            ("seeing", "began to see as a reader"),
                            ("seen", "stopped seeing as a reader"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "through",
                    models.CharField(
                        blank=True, help_text="The page or button, by its name in the code.", max_length=200
                    ),
                ),
                ("model", models.CharField(blank=True, max_length=80, verbose_name="kind of row")),
                ("object_id", models.CharField(blank=True, max_length=64, verbose_name="number of the row")),
                ("count", models.PositiveIntegerField(default=1, verbose_name="rows")),
                (
                    "changes",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        help_text="Field by field: before and after. Of what is personal or secret only the name of the field.",
                    ),
                ),
                ("request_id", models.CharField(blank=True, max_length=12, verbose_name="request")),
                (
                    "network",
                    models.CharField(blank=True, help_text="From where, shortened to a /24 or a /48.", max_length=50),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "act of staff",
                "verbose_name_plural": "acts of staff",
                "ordering": ["-pk"],
                "permissions": [("see_as_reader", "Can see the site as a reader sees it")],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["actor", "-id"], name="staff_act_by_actor"),
                    models.Index(fields=["model", "object_id"], name="staff_act_by_row"),
                    models.Index(fields=["kind", "-id"], name="staff_act_by_kind"),
                ],
            },
        ),
    ]
