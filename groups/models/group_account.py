"""An organisation that pays for its people to read."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from edge import languages
from edge.personal_data import Basis, Keep, PersonalData

from .term import State, Term


class GroupAccountQuerySet(models.QuerySet["GroupAccount"]):
    """Many agreements."""

    def locked(self, *pks: int) -> list["GroupAccount"]:
        """Those rows, held until the end of the transaction, in an order in which nobody waits for each other."""
        return list(self.select_for_update(of=("self",)).filter(pk__in=pks).order_by("pk"))

    def standing(self, *, at: datetime) -> "GroupAccountQuerySet":
        """Those nobody has suspended or ended by that moment."""
        return self.filter(Q(ended_at=None) | Q(ended_at__gt=at), suspended_at=None)

    def giving_access(self, *, at: datetime) -> "GroupAccountQuerySet":
        """The same rule as `GroupAccount.gives_access`, for the database."""
        return self.filter(Exists(Term.objects.giving_access(at=at).filter(group=OuterRef("pk"))))


class GroupAccount(models.Model):
    """One organisation and its agreement with us: seats for its people, or access on its premises.

    What was agreed for how long stands in its terms. Seats, networks and domains hang on this row and have no dates
    of their own: who may read is asked of the term that runs. Whoever counts seats locks this row first.
    """

    personal_data = PersonalData(
        what=_("Agreements with organisations"),
        purpose=_("To let the people of an organisation read, and to invoice it."),
        basis=Basis.CONTRACT,
        colleagues=("created_by", "suspended_by", "ended_by"),
        mentions=("notes", "suspended_because", "ended_because"),
        recipients=("STRIPE",),
        on_deletion=Keep(why=_("It is about an organisation, and belongs to its contract.")),
    )

    class Kind(models.TextChoices):
        COMPANY = "company", "Company"
        NGO = "ngo", "NGO"
        PUBLIC = "public", "Public institution"
        UNIVERSITY = "university", "University"
        LIBRARY = "library", "Library"

    organisation = models.CharField(max_length=200, help_text="As readers see it: “… pays for you”.")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    language = models.CharField(max_length=2, choices=languages.CHOICES, default="en", help_text="Of its letters.")
    vat_number = models.CharField("VAT number", max_length=20, blank=True, help_text="With its country: BE0123456749.")
    billing_name = models.CharField(
        max_length=200, blank=True, help_text="The legal name on the invoice, where it differs."
    )
    street = models.CharField(max_length=200, blank=True)
    street_2 = models.CharField("street, second line", max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="Two letters: BE.")
    notes = models.TextField(blank=True, help_text="For colleagues; never shown to the organisation.")
    stripe_customer_id = models.CharField("customer at Stripe", max_length=60, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    suspended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    suspended_because = models.CharField(max_length=300, blank=True, editable=False)
    suspended_by_rule = models.BooleanField(
        default=False, editable=False, help_text="For an overdue invoice: ends by itself when it is paid."
    )
    ended_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="Ended before its last day.")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    ended_because = models.CharField(max_length=300, blank=True, editable=False)

    objects: ClassVar[GroupAccountQuerySet] = GroupAccountQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["organisation", "pk"]
        verbose_name = "agreement"
        constraints = [
            models.CheckConstraint(
                condition=Q(suspended_at=None) | ~Q(suspended_because=""), name="suspension_has_a_reason"
            ),
            models.CheckConstraint(condition=Q(ended_at=None) | ~Q(ended_because=""), name="early_end_has_a_reason"),
            models.UniqueConstraint(
                fields=["stripe_customer_id"],
                condition=~Q(stripe_customer_id=""),
                name="one_agreement_per_stripe_customer",
            ),
        ]

    def __str__(self) -> str:
        return self.organisation

    def stands(self, *, at: datetime) -> bool:
        """Whether nobody has suspended or ended it by that moment."""
        return self.suspended_at is None and (self.ended_at is None or self.ended_at > at)

    def term_at(self, *, at: datetime) -> Term | None:
        """The term that lets its people read at that moment; None where none does. One query."""
        return self.terms.giving_access(at=at).order_by("-ends_on").first()

    def gives_access(self, *, at: datetime) -> bool:
        """Whether its people may read at that moment."""
        return self.stands(at=at) and any(term.gives_access(at=at) for term in self.terms.all())

    def seat_limit(self, *, at: datetime) -> int | None:
        """How many seats may be given at that moment; None means as many as it likes, 0 that none may.

        An accepted term still to come counts too where it has fewer, so that nobody is invited who would have to
        leave again. Ask it under the lock of this row.
        """
        agreed = [term for term in self.terms.all() if term.counts_seats(at=at)]
        if not self.stands(at=at) or not any(term.gives_access(at=at) for term in agreed):
            return 0
        limits = [term.seats for term in agreed if term.seats is not None]
        return min(limits) if limits else None

    @property
    def name_on_invoice(self) -> str:
        """The legal name."""
        return self.billing_name or self.organisation

    def state(self, *, at: datetime) -> State:
        """Where the agreement stands at that moment: of its terms the one that has come furthest."""
        if self.ended_at is not None and self.ended_at <= at:
            return State.ENDED
        if self.suspended_at is not None:
            return State.SUSPENDED
        return max((term.state(at=at) for term in self.terms.all()), key=State.rank, default=State.DRAFT)
