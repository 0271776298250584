from datetime import timedelta
from typing import Any

from django.db import migrations, models
from django.utils import timezone


def end_what_had_no_end(apps: Any, schema_editor: Any) -> None:
    """An item without an end gets one: a year after its beginning, and a month from now where that is over."""
    soon = timezone.now() + timedelta(days=30)
    for item in apps.get_model("articles", "PartnerItem").objects.filter(ends_at=None):
        item.ends_at = max(item.starts_at + timedelta(days=365), soon)
        item.save(update_fields=["ends_at"])


class Migration(migrations.Migration):
    dependencies = [("articles", "0013_say_until_when_pictures_may_be_shown")]

    operations = [
        migrations.RemoveConstraint(
            model_name="partneritem",
            name="political_partner_item_has_its_notice",
        ),
        migrations.RenameField(model_name="partneritem", old_name="notice", new_name="former_notice"),
        migrations.AlterField(
            model_name="partneritem",
            name="former_notice",
            field=models.TextField(
                blank=True,
                editable=False,
                help_text="The notice in one piece, of items from before the single answers.",
            ),
        ),
        migrations.AddField(
            model_name="partneritem",
            name="amount_basis",
            field=models.CharField(
                blank=True,
                help_text="“Our price list of 2026”, “invoice 2026-118”.",
                max_length=200,
                verbose_name="how that was worked out",
            ),
        ),
        migrations.AddField(
            model_name="partneritem",
            name="amount_cents",
            field=models.PositiveIntegerField(
                blank=True, help_text="All of it, with other benefits, in cents.", null=True, verbose_name="paid for it"
            ),
        ),
        migrations.AddField(
            model_name="partneritem",
            name="controlled_by",
            field=models.CharField(
                blank=True,
                help_text="The last owner. “Its members”, if so.",
                max_length=200,
                verbose_name="who controls the sponsor",
            ),
        ),
        migrations.AddField(
            model_name="partneritem",
            name="funds_from",
            field=models.CharField(
                blank=True,
                help_text="Public or private, from inside or outside the European Union.",
                max_length=200,
                verbose_name="where the money comes from",
            ),
        ),
        migrations.AddField(
            model_name="partneritem",
            name="is_ready",
            field=models.BooleanField(default=True, editable=False, verbose_name="complete, may be shown"),
        ),
        migrations.AddField(
            model_name="partneritem",
            name="label",
            field=models.CharField(
                choices=[
                    ("partner", "Partner content"),
                    ("advertisement", "Advertisement"),
                    ("sponsored", "Sponsored event"),
                ],
                default="partner",
                max_length=15,
            ),
        ),
        migrations.AddField(
            model_name="partneritem",
            name="process",
            field=models.CharField(
                blank=True,
                help_text="The election, referendum or procedure, with its number where it has one.",
                max_length=300,
                verbose_name="vote or law it is about",
            ),
        ),
        migrations.AddField(
            model_name="partneritem",
            name="repository_url",
            field=models.URLField(
                blank=True,
                help_text="As soon as there is one.",
                max_length=500,
                verbose_name="entry in the European repository",
            ),
        ),
        migrations.AddField(
            model_name="partneritem",
            name="sponsor",
            field=models.CharField(
                blank=True, help_text="On whose behalf it is shown; the payer's client.", max_length=200
            ),
        ),
        migrations.AddField(
            model_name="partneritem",
            name="sponsor_contact",
            field=models.CharField(
                blank=True,
                help_text="Postal address, and e-mail or web address.",
                max_length=300,
                verbose_name="sponsor's address",
            ),
        ),
        migrations.AddField(
            model_name="partneritem",
            name="targeting",
            field=models.CharField(
                blank=True,
                help_text="Who was chosen to see it, and by what. “None: every reader sees it.”",
                max_length=500,
            ),
        ),
        migrations.AlterField(
            model_name="partneritem",
            name="ends_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last shown"),
        ),
        migrations.AlterField(
            model_name="partneritem",
            name="is_political",
            field=models.BooleanField(
                default=None,
                help_text="Does it try to influence a vote, an election, a law or another rule in the making?",
                null=True,
                verbose_name="political advertisement",
            ),
        ),
        migrations.AlterField(
            model_name="partneritem",
            name="organisation",
            field=models.CharField(
                help_text="Who pays for it. Stands beside the line.", max_length=120, verbose_name="payer"
            ),
        ),
        migrations.AlterField(
            model_name="partneritem",
            name="starts_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="first shown"),
        ),
        migrations.AlterField(
            model_name="partneritem",
            name="url",
            field=models.URLField(max_length=500, verbose_name="link"),
        ),
        migrations.RunPython(end_what_had_no_end, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="partneritem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_ready", False),
                    models.Q(
                        models.Q(("organisation", ""), _negated=True),
                        models.Q(("label", ""), _negated=True),
                        ("ends_at__isnull", False),
                        ("is_political__isnull", False),
                        ("starts_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="partner_item_says_who_pays_and_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="partneritem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_ready", False),
                    ("is_political", False),
                    models.Q(("former_notice", ""), _negated=True),
                    models.Q(
                        models.Q(("sponsor", ""), _negated=True),
                        models.Q(("sponsor_contact", ""), _negated=True),
                        models.Q(("controlled_by", ""), _negated=True),
                        models.Q(("amount_basis", ""), _negated=True),
                        models.Q(("funds_from", ""), _negated=True),
                        models.Q(("process", ""), _negated=True),
                        models.Q(("targeting", ""), _negated=True),
                        ("amount_cents__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="political_partner_item_is_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="partneritem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("starts_at", None), ("ends_at", None), ("ends_at__gte", models.F("starts_at")), _connector="OR"
                ),
                name="partner_item_ends_after_it_starts",
                violation_error_message="It cannot end before it begins.",
            ),
        ),
    ]
