"""What was agreed with whom, when, and exactly what they had before their eyes: never altered afterwards."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from edge import languages
from edge.personal_data import Basis, Keep, PersonalData, Rule, years

from .checkout import CheckoutAttempt
from .grant import Grant
from .plan import Plan
from .subscription import Subscription
from .terms import TermsText, TermsVersion

IN_COURT = _("It proves what was agreed, for as long as either side can go to court over it.")


class ContractQuerySet(models.QuerySet["Contract"]):
    """Many contracts."""

    def of(self, reader: Any) -> "ContractQuerySet":
        """A reader's contracts, the newest first, with what they are about."""
        return self.filter(reader=reader).select_related("subscription__plan", "grant", "terms")

    def matching(self, *, email: str = "", number: str = "", name: str = "") -> "ContractQuerySet":
        """Those that fit everything that was said; none where nothing was.

        The address may be the one of then or the reader's present one. A number may be typed with its dashes,
        without, or in lower case. A name fits where we know one and it is the same words in any order; where we
        know none, the name says nothing.
        """
        found = self.none()
        if email.strip():
            address = email.strip().lower()
            found = self.filter(Q(email=address) | Q(reader__email=address))
        if number.strip():
            found = (found if email.strip() else self).filter(number_key=Contract.key_of(number))
        if name.strip() and (email.strip() or number.strip()):
            known = found.exclude(name="").values_list("pk", "name")
            strangers = [pk for pk, theirs in known if _words_of(theirs) != _words_of(name)]
            found = found.exclude(pk__in=strangers)
        return found

    def running(self) -> "ContractQuerySet":
        """Those whose subscription Stripe has not ended; of grants nothing is said."""
        return self.filter(subscription__in=Subscription.objects.live())


class Contract(models.Model):
    """One contract. What it says is never changed: a change of plan or price is an amendment, a new order a new one."""

    personal_data = PersonalData(
        what=_("Contracts"),
        purpose=_("To prove what was agreed, and to show it to you."),
        basis=Basis.CONTRACT,
        whose="reader",
        address="email",
        on_deletion=Keep(why=IN_COURT, still_says=("email", "name")),
        retention=(
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="subscription__ends_at",
                since=_("after the subscription ended"),
                why=IN_COURT,
                only=Q(subscription__status__in=["canceled", "incomplete_expired"]),
            ),
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="concluded_at",
                since=_("after it was concluded, where it has no subscription"),
                why=IN_COURT,
                only=Q(subscription=None),
            ),
        ),
    )

    class Kind(models.TextChoices):
        SUBSCRIPTION = "subscription", "Subscription"
        GIFT = "gift", "Gift"
        STUDENT = "student", "Student year"
        GROUP = "group", "Group agreement"

    class Channel(models.TextChoices):
        WEB = "web", "Ordered on this site"
        STAFF = "staff", "Made by staff"

    number = models.CharField(max_length=30, unique=True, help_text="As readers quote it.")
    number_key = models.CharField(max_length=30, db_index=True, editable=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="contracts",
        help_text="Empty: an organisation, for which the person below said yes.",
    )
    email = models.EmailField("e-mail address", db_index=True, help_text="The reader's when it was concluded.")
    name = models.CharField(max_length=150, blank=True, help_text="The reader's when it was concluded.")
    subscription = models.OneToOneField(
        Subscription, null=True, blank=True, on_delete=models.PROTECT, related_name="contract"
    )
    grant = models.OneToOneField(Grant, null=True, blank=True, on_delete=models.SET_NULL, related_name="contract")
    attempt = models.OneToOneField(
        CheckoutAttempt, null=True, blank=True, on_delete=models.SET_NULL, related_name="contract"
    )
    concluded_at = models.DateTimeField(help_text="When it began to bind; the fourteen days count from its day.")
    made_at = models.DateTimeField(help_text="When we wrote it down.")

    terms = models.ForeignKey(
        TermsVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="As accepted."
    )
    terms_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of their text in that language.")
    language = models.CharField(max_length=2, choices=languages.CHOICES, default="en")
    shown_html = models.TextField(blank=True, help_text="The order summary, word for word as the reader saw it.")
    shown_text = models.TextField(blank=True, help_text="The same without markup.")
    shown_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the order summary.")

    price_cents = models.PositiveIntegerField(help_text="Gross, for one period; 0 where nothing is paid.")
    interval = models.CharField(max_length=5, choices=Plan.Interval.choices, blank=True)
    trial_days = models.PositiveSmallIntegerField(default=0)
    first_charge_at = models.DateTimeField(null=True, blank=True)
    billing_country = models.CharField(
        max_length=2, blank=True, help_text="Of the billing address, as Stripe had it (for VAT)."
    )
    payment_country = models.CharField(
        max_length=2, blank=True, help_text="Of the card or the bank account, as Stripe had it (for VAT)."
    )

    objects: ClassVar[ContractQuerySet] = ContractQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-concluded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="subscription") | Q(subscription__isnull=False), name="subscription_contract_has_one"
            ),
            models.CheckConstraint(
                condition=Q(reader__isnull=False) | Q(kind="group"), name="only_an_organisation_is_no_reader"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @staticmethod
    def key_of(number: str) -> str:
        """A contract number as it is looked for: capital letters and digits only."""
        return "".join(sign for sign in number.upper() if sign.isalnum())[:30]

    @property
    def accepted_terms(self) -> TermsText | None:
        """The words of the terms that were accepted, in the language in which they were shown."""
        return self.terms.text_in(self.language) if self.terms else None

    @property
    def evidence_of_country(self) -> Sequence[str]:
        """The pieces of evidence where the reader is, ISO 3166 codes; never an internet address."""
        return tuple(country for country in (self.billing_country, self.payment_country) if country)


class Amendment(models.Model):
    """A change of plan or price of a contract: what was shown before, and since when it is so.

    Written when the button is pressed, like an order; it counts from the moment that Stripe has confirmed it.
    """

    personal_data = PersonalData(
        what=_("Changes of plan"),
        purpose=_("To prove what was agreed, and to show it to you."),
        basis=Basis.CONTRACT,
        whose="contract__reader",
        on_deletion=Keep(why=IN_COURT),
        retention=(
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="contract__subscription__ends_at",
                since=_("after the subscription ended"),
                why=IN_COURT,
                only=Q(contract__subscription__status__in=["canceled", "incomplete_expired"]),
            ),
        ),
    )

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="amendments")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+", help_text="The plan from then on.")
    price_cents = models.PositiveIntegerField()
    interval = models.CharField(max_length=5, choices=Plan.Interval.choices)
    channel = models.CharField(max_length=10, choices=Contract.Channel.choices)
    shown_at = models.DateTimeField(null=True, blank=True, help_text="When the button was pressed.")
    shown_html = models.TextField(blank=True)
    shown_text = models.TextField(blank=True)
    shown_hash = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=2, choices=languages.CHOICES, default="en")
    agreed_at = models.DateTimeField(null=True, blank=True, help_text="When Stripe had changed it.")

    class Meta:
        ordering = ["agreed_at", "pk"]
        indexes = [models.Index(fields=["contract", "agreed_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(agreed_at__isnull=False) | Q(shown_at__isnull=False), name="amendment_has_a_moment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contract}: {self.plan}"


class ContractYear(models.Model):
    """How many contracts a year has: its row is the lock under which the next number is taken."""

    personal_data = None

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"

    @classmethod
    def next_number(cls, year: int) -> str:
        """The next number of that year, for example `VD-2026-000123`. Call it in the transaction that uses it."""
        cls.objects.get_or_create(year=year)
        cls.objects.filter(year=year).update(last=F("last") + 1)
        running = cls.objects.values_list("last", flat=True).get(year=year)
        return f"{settings.CONTRACT_PREFIX}-{year}-{running:06}"


def _words_of(name: str) -> frozenset[str]:
    return frozenset(name.casefold().replace(",", " ").split())
