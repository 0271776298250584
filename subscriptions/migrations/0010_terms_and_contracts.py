"""Keep the terms in versions, and a contract for each subscription; those there are get theirs from what is known."""

import hashlib
from datetime import timedelta
from zoneinfo import ZoneInfo

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from edge.plain_text import as_plain_text
from subscriptions import first_terms

BRUSSELS = ZoneInfo("Europe/Brussels")
RUNNING = ("trialing", "active", "past_due", "unpaid", "paused", "canceled")
SOON = timedelta(days=1)


def bring_in_terms(apps, schema_editor):
    first_terms.bring_in(apps.get_model, using=schema_editor.connection.alias)


def write_contracts(apps, schema_editor):
    """A contract for each subscription and each student, as far as the rows know what was agreed."""
    using = schema_editor.connection.alias
    subscriptions = apps.get_model("subscriptions", "Subscription").objects.using(using)
    begun = subscriptions.filter(status__in=RUNNING, surplus="").select_related("reader", "plan")
    grants = apps.get_model("subscriptions", "Grant").objects.using(using).filter(kind="student")
    found = [(one.started_at, one.pk, one, None) for one in begun]
    found += [(one.granted_at, one.pk, None, one) for one in grants.select_related("reader")]
    for concluded_at, _, subscription, grant in sorted(found, key=lambda one: one[:2]):
        about = _of_subscription(apps, using, subscription) if subscription else {"kind": "student", "price_cents": 0}
        reader = (subscription or grant).reader
        apps.get_model("subscriptions", "Contract").objects.using(using).create(
            **_numbered(apps, using, concluded_at),
            channel=about.pop("channel", "staff"),
            reader=reader,
            email=reader.email,
            name=reader.name,
            subscription=subscription,
            grant=grant,
            concluded_at=concluded_at,
            made_at=concluded_at,
            **about,
        )


def _of_subscription(apps, using, subscription):
    plan = subscription.plan
    attempt = _attempt_of(apps, using, subscription)
    trial = subscription.trial_ends_at
    about = {
        "kind": "subscription",
        "price_cents": plan.price_cents,
        "interval": plan.interval,
        "trial_days": max(round((trial - subscription.started_at) / SOON), 0) if trial else 0,
        "first_charge_at": trial or subscription.started_at,
    }
    if attempt is None:
        return about
    terms = apps.get_model("subscriptions", "TermsVersion").objects.using(using)
    text = apps.get_model("subscriptions", "TermsText").objects.using(using)
    version = terms.filter(name=attempt.terms_version).first()
    english = text.filter(version=version, language="en").first()
    return about | {
        "channel": "web",
        "attempt": attempt,
        "price_cents": attempt.price_cents,
        "first_charge_at": attempt.first_charge_at,
        "terms": version,
        "terms_hash": hashlib.sha256(english.html.encode()).hexdigest() if english else "",
        "shown_html": attempt.shown_html,
        "shown_text": as_plain_text(attempt.shown_html),
        "shown_hash": attempt.shown_hash,
    }


def _attempt_of(apps, using, subscription):
    """The order that was finished within a day before it began; nothing kept which until now."""
    attempts = apps.get_model("subscriptions", "CheckoutAttempt").objects.using(using)
    finished = attempts.filter(
        reader=subscription.reader,
        contract=None,
        started_at__lte=subscription.started_at,
        started_at__gt=subscription.started_at - SOON,
    ).exclude(completed_at=None)
    return finished.order_by("-started_at").first()


def _numbered(apps, using, concluded_at):
    years = apps.get_model("subscriptions", "ContractYear").objects.using(using)
    year = years.get_or_create(year=concluded_at.astimezone(BRUSSELS).year)[0]
    year.last += 1
    year.save()
    number = f"{settings.CONTRACT_PREFIX}-{year.year}-{year.last:06}"
    return {"number": number, "number_key": "".join(sign for sign in number.upper() if sign.isalnum())[:30]}


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0009_pauses_debits_under_way_and_discounts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContractYear",
            fields=[
                ("year", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("last", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="checkoutattempt",
            name="language",
            field=models.CharField(default="en", help_text="In which it was shown.", max_length=2),
        ),
        migrations.AddField(
            model_name="subscription",
            name="needs_confirmation",
            field=models.BooleanField(default=False, help_text="The bank wants its customer to confirm."),
        ),
        migrations.CreateModel(
            name="TermsVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.SlugField(
                        help_text="As contracts and pages name it, for example 2027-01.", max_length=20, unique=True
                    ),
                ),
                (
                    "effective_from",
                    models.DateTimeField(help_text="Brussels time. Contracts concluded from then on are under it."),
                ),
                ("published_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name": "version of the terms",
                "verbose_name_plural": "versions of the terms",
                "ordering": ["-effective_from", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Contract",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(help_text="As readers quote it.", max_length=30, unique=True)),
                ("number_key", models.CharField(db_index=True, editable=False, max_length=30)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("subscription", "Subscription"),
                            ("gift", "Gift"),
                            ("student", "Student year"),
                            ("group", "Group agreement"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("web", "Ordered on this site"), ("staff", "Made by staff")], max_length=10
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        db_index=True,
                        help_text="The reader's when it was concluded.",
                        max_length=254,
                        verbose_name="e-mail address",
                    ),
                ),
                ("name", models.CharField(blank=True, help_text="The reader's when it was concluded.", max_length=150)),
                (
                    "concluded_at",
                    models.DateTimeField(help_text="When it began to bind; the fourteen days count from its day."),
                ),
                ("made_at", models.DateTimeField(help_text="When we wrote it down.")),
                (
                    "terms_hash",
                    models.CharField(blank=True, help_text="SHA-256 of their text in that language.", max_length=64),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("fr", "Français"), ("nl", "Nederlands"), ("de", "Deutsch")],
                        default="en",
                        max_length=2,
                    ),
                ),
                (
                    "shown_html",
                    models.TextField(blank=True, help_text="The order summary, word for word as the reader saw it."),
                ),
                ("shown_text", models.TextField(blank=True, help_text="The same without markup.")),
                ("shown_hash", models.CharField(blank=True, help_text="SHA-256 of the order summary.", max_length=64)),
                (
                    "price_cents",
                    models.PositiveIntegerField(help_text="Gross, for one period; 0 where nothing is paid."),
                ),
                (
                    "interval",
                    models.CharField(blank=True, choices=[("year", "Yearly"), ("month", "Monthly")], max_length=5),
                ),
                ("trial_days", models.PositiveSmallIntegerField(default=0)),
                ("first_charge_at", models.DateTimeField(blank=True, null=True)),
                (
                    "billing_country",
                    models.CharField(
                        blank=True, help_text="Of the billing address, as Stripe had it (for VAT).", max_length=2
                    ),
                ),
                (
                    "payment_country",
                    models.CharField(
                        blank=True,
                        help_text="Of the card or the bank account, as Stripe had it (for VAT).",
                        max_length=2,
                    ),
                ),
                (
                    "attempt",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="contract",
                        to="subscriptions.checkoutattempt",
                    ),
                ),
                (
                    "grant",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="contract",
                        to="subscriptions.grant",
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contracts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subscription",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contract",
                        to="subscriptions.subscription",
                    ),
                ),
                (
                    "terms",
                    models.ForeignKey(
                        blank=True,
                        help_text="As accepted.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="subscriptions.termsversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-concluded_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Amendment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("price_cents", models.PositiveIntegerField()),
                ("interval", models.CharField(choices=[("year", "Yearly"), ("month", "Monthly")], max_length=5)),
                (
                    "channel",
                    models.CharField(
                        choices=[("web", "Ordered on this site"), ("staff", "Made by staff")], max_length=10
                    ),
                ),
                ("shown_at", models.DateTimeField(blank=True, help_text="When the button was pressed.", null=True)),
                ("shown_html", models.TextField(blank=True)),
                ("shown_text", models.TextField(blank=True)),
                ("shown_hash", models.CharField(blank=True, max_length=64)),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("fr", "Français"), ("nl", "Nederlands"), ("de", "Deutsch")],
                        default="en",
                        max_length=2,
                    ),
                ),
                ("agreed_at", models.DateTimeField(blank=True, help_text="When Stripe had changed it.", null=True)),
                (
                    "plan",
                    models.ForeignKey(
                        help_text="The plan from then on.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="subscriptions.plan",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="amendments",
                        to="subscriptions.contract",
                    ),
                ),
            ],
            options={
                "ordering": ["agreed_at", "pk"],
                "indexes": [models.Index(fields=["contract", "agreed_at"], name="subscriptio_contrac_4a03b8_idx")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("agreed_at__isnull", False), ("shown_at__isnull", False), _connector="OR"),
                        name="amendment_has_a_moment",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TermsText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("fr", "Français"), ("nl", "Nederlands"), ("de", "Deutsch")],
                        max_length=2,
                    ),
                ),
                ("html", models.TextField(help_text="Cleaned HTML; a quotation is a clause that stands in a box.")),
                (
                    "what_changed",
                    models.TextField(
                        blank=True,
                        help_text="What is different from the version before, in a sentence or two, for readers.",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="texts",
                        to="subscriptions.termsversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "text",
                "ordering": ["pk"],
                "constraints": [models.UniqueConstraint(fields=("version", "language"), name="one_text_per_language")],
            },
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "subscription"), _negated=True), ("subscription__isnull", False), _connector="OR"
                ),
                name="subscription_contract_has_one",
            ),
        ),
        migrations.RunPython(bring_in_terms, migrations.RunPython.noop),
        migrations.RunPython(write_contracts, migrations.RunPython.noop),
    ]
