"""Students: which domains are academic, who applied, how it was proved, and what came of it."""

from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, Keep, PersonalData, Rule, days
from subscriptions.models import Grant, Purchase

CODE_LASTS = timedelta(minutes=15)
MOST_WRONG_CODES = 5


class AcademicDomain(models.Model):
    """What staff know of a domain: that it is a university's, or that it is none. It outweighs the list we ship."""

    personal_data = PersonalData(
        what=_("Domains of universities"),
        purpose=_("To tell addresses of students from others."),
        basis=Basis.INTEREST,
        colleagues=("added_by",),
        on_deletion=Keep(why=_("It is about a university.")),
    )

    domain = models.CharField(max_length=253, unique=True, help_text="And everything below it: “uni.example”.")
    is_academic = models.BooleanField(
        "gives student addresses", default=True, help_text="No: addresses there prove nothing, whatever the list says."
    )
    institution = models.CharField(max_length=200, blank=True, help_text="Whose it is.")
    note = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    added_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.CheckConstraint(condition=Q(domain=Lower("domain")), name="academic_domain_is_lower_case")
        ]

    def __str__(self) -> str:
        return self.domain


class StudentApplicationQuerySet(models.QuerySet["StudentApplication"]):
    """Many applications."""

    def open(self) -> "StudentApplicationQuerySet":
        """Those of which something may still come."""
        return self.filter(state__in=StudentApplication.OPEN)

    def for_staff(self) -> "StudentApplicationQuerySet":
        """Those whose proof a person has to look at, the oldest first."""
        return self.filter(state=StudentApplication.State.REVIEW).order_by("proved_at")


class StudentApplication(models.Model):
    """One reader says that they study, proves it in one of two ways, and has a year."""

    personal_data = PersonalData(
        what=_("That you study"),
        purpose=_("To give students a year at their price."),
        basis=Basis.CONTRACT,
        whose="reader",
        secret=("code_hash",),
        colleagues=("decided_by",),
        mentions=("reason",),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_STUDENTS_DAYS"),
                counted_from="asked_at",
                since=_("after it was asked for"),
                why=_("The year is over, and so is the time for questions."),
            ),
        ),
    )

    class State(models.TextChoices):
        CODE = "code", "Waits for the code"
        REVIEW = "review", "Waits for us"
        PAYMENT = "payment", "Waits for the payment"
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"
        DROPPED = "dropped", "Dropped"

    OPEN = (State.CODE, State.REVIEW, State.PAYMENT)

    class Way(models.TextChoices):
        ADDRESS = "address", "A code to the academic address"
        DOCUMENT = "document", "A document"

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="student_applications")
    way = models.CharField(max_length=10, choices=Way.choices)
    academic_email = models.EmailField(blank=True, help_text="The address that was proved, or is to be.")
    mailbox = models.CharField(
        max_length=254, blank=True, editable=False, help_text="The address in its normal form, while it is used."
    )
    institution = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices)
    code_hash = models.CharField(max_length=64, blank=True, editable=False)
    code_sent_at = models.DateTimeField(null=True, editable=False)
    wrong_codes = models.PositiveSmallIntegerField(default=0, editable=False)
    proved_at = models.DateTimeField(null=True, help_text="When the code was typed, or the document came.")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Empty: the code decided.",
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why not; the reader reads it.")
    grant = models.OneToOneField(
        Grant, null=True, blank=True, on_delete=models.SET_NULL, related_name="student_application"
    )
    purchase = models.OneToOneField(
        Purchase, null=True, blank=True, on_delete=models.SET_NULL, related_name="student_application"
    )

    objects: ClassVar[StudentApplicationQuerySet] = StudentApplicationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at"]
        default_permissions = ("view", "change")
        constraints = [
            models.UniqueConstraint(
                fields=["reader"],
                condition=Q(state__in=["code", "review", "payment"]),
                name="one_student_application_at_a_time",
            ),
            # Two accounts cannot be students by the same mailbox.
            models.UniqueConstraint(fields=["mailbox"], condition=~Q(mailbox=""), name="one_student_per_mailbox"),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="student_refusal_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(state__in=["payment", "granted", "refused"]) | Q(decided_at__isnull=False),
                name="student_decision_says_when",
            ),
        ]
        indexes = [models.Index(fields=["proved_at"], condition=Q(state="review"), name="student_for_staff")]

    def __str__(self) -> str:
        return f"{self.reader}, {self.institution or self.academic_email}"

    @property
    def is_open(self) -> bool:
        """Whether something may still come of it. The same rule as `open`."""
        return self.state in self.OPEN

    def sealed(self, code: str) -> str:
        """What the row keeps of a code."""
        said = f"{self.pk} {self.academic_email} {code}"
        return salted_hmac("groups.student", said, algorithm="sha256").hexdigest()

    def new_code(self, code: str, *, at: datetime) -> None:
        """Let this code take the place of the one before, with all tries before it."""
        self.code_hash, self.code_sent_at, self.wrong_codes = self.sealed(code), at, 0
        self.save(update_fields=["code_hash", "code_sent_at", "wrong_codes"])

    def takes_codes(self, *, at: datetime) -> bool:
        """Whether a code may still be typed."""
        fresh = self.code_sent_at is not None and self.code_sent_at > at - CODE_LASTS
        return self.state == self.State.CODE and fresh and self.wrong_codes < MOST_WRONG_CODES

    def guess(self, code: str, *, at: datetime) -> bool:
        """Whether this is the code. A wrong one is counted first, so that guesses at once cannot outrun the count."""
        counted = type(self).objects.filter(
            pk=self.pk, state=self.State.CODE, code_hash=self.code_hash, wrong_codes__lt=MOST_WRONG_CODES
        )
        if not self.takes_codes(at=at) or not counted.update(wrong_codes=F("wrong_codes") + 1):
            return False
        self.refresh_from_db(fields=["wrong_codes"])
        return bool(self.code_hash) and compare_digest(self.code_hash, self.sealed(code))

    def becomes(self, state: str, **facts: Any) -> None:
        """Put it into another state, with what is known then."""
        self.state = state
        for name, value in facts.items():
            setattr(self, name, value)
        self.save(update_fields=["state", *facts])


class StudentProof(models.Model):
    """The document of an application, seen by staff and by nobody else, gone with the decision.

    It stands in the database and not in a folder: deciding and deleting are one transaction, no address leads to it,
    and an account that is deleted takes it along.
    """

    personal_data = PersonalData(
        what=_("The proof that you study, until we have looked at it"),
        purpose=_("To see that you study."),
        basis=Basis.CONTRACT,
        whose="reader",
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_PROOFS_DAYS"),
                counted_from="sent_at",
                since=_("after it was sent, where nobody has looked at it by then"),
                why=_("It is only there to be looked at."),
            ),
        ),
    )

    class Type(models.TextChoices):
        PDF = "application/pdf", "PDF"
        JPEG = "image/jpeg", "Picture"

    application = models.OneToOneField(
        StudentApplication, primary_key=True, on_delete=models.CASCADE, related_name="proof"
    )
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="student_proofs")
    sent_at = models.DateTimeField()
    content_type = models.CharField(max_length=20, choices=Type.choices)
    content = models.TextField(help_text="Base64.")

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"proof of {self.reader}"
