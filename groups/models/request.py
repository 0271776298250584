"""The queue: what people ask us for, what was answered, and who does what next until when."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge import languages
from edge.personal_data import ERASE, Basis, PersonalData, Rule, days

from .group_account import GroupAccount


class EnquiryQuerySet(models.QuerySet["Enquiry"]):
    """Many enquiries."""

    def open(self) -> "EnquiryQuerySet":
        """Those that wait for somebody, us or them."""
        return self.filter(closed_at=None).exclude(state=Enquiry.State.SUSPECT)

    def to_do(self, *, on: date) -> "EnquiryQuerySet":
        """Those that wait for us by that day (Brussels): new, or due."""
        return self.open().filter(Q(state=Enquiry.State.NEW) | Q(due_on__lte=on))

    def waiting_for_staff(self, *, on: date) -> "EnquiryQuerySet":
        """The oldest of them, for the first page of the desk."""
        return self.to_do(on=on).select_related("owner", "group").order_by("asked_at")[:20]


class Enquiry(models.Model):
    """Somebody asks for something that no page gives by itself: a group, a reduction, more seats."""

    personal_data = PersonalData(
        what=_("What you asked us"),
        purpose=_("To answer you."),
        basis=Basis.CONTRACT,
        whose="reader",
        address="email",
        colleagues=("owner",),
        mentions=("next_step",),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_SUSPECTS_DAYS"),
                counted_from="asked_at",
                since=_("after it came, where it looks like advertising of a machine"),
                why=_("By then we have looked whether a person wrote it."),
                only=Q(state="suspect"),
            ),
            Rule(
                term=days("KEEP_ENQUIRIES_DAYS"),
                counted_from="closed_at",
                since=_("after it was settled"),
                why=_("By then nobody comes back to it."),
            ),
        ),
    )

    class Topic(models.TextChoices):
        GROUP = "group", _("A group or a team")
        CORPORATE = "corporate", _("A company")
        INSTITUTION = "institution", _("A public institution, university or library")
        STUDENT = "student", _("I am a student or a teacher")
        CANNOT_AFFORD = "cannot_afford", _("I cannot afford a subscription")
        SEATS = "seats", "More seats"

    class State(models.TextChoices):
        NEW = "new", "New"
        IN_HAND = "in_hand", "In hand"
        WAITING = "waiting", "Waits for them"
        DONE = "done", "Done"
        DECLINED = "declined", "Declined"
        SUSPECT = "suspect", "Looks like a machine"

    CLOSED = (State.DONE, State.DECLINED)
    # Asked for by an organisation, whose name we then want to know.
    OF_ORGANISATIONS = (Topic.GROUP, Topic.CORPORATE, Topic.INSTITUTION)

    key = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="Made with the form: sent twice, it is one."
    )
    topic = models.CharField(max_length=15, choices=Topic.choices)
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField("e-mail address")
    organisation = models.CharField(max_length=200, blank=True)
    people = models.PositiveIntegerField(null=True, blank=True, help_text="How many want to read, or how many seats.")
    words = models.TextField(max_length=4000, blank=True)
    language = models.CharField(max_length=2, choices=languages.CHOICES, default="en")
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="enquiries",
        help_text="Who was logged in.",
    )
    group = models.ForeignKey(GroupAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="enquiries")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    next_step = models.CharField(max_length=200, blank=True)
    due_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[EnquiryQuerySet] = EnquiryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at"]
        verbose_name_plural = "enquiries"
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["done", "declined"], closed_at__isnull=False)
                | (~Q(state__in=["done", "declined"]) & Q(closed_at=None)),
                name="enquiry_closed_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(topic="seats") | Q(group__isnull=False), name="more_seats_are_for_an_agreement"
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(closed_at=None), name="enquiry_open"),
            models.Index(fields=["-asked_at"], name="enquiry_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_topic_display()}: {self.organisation or self.name or self.email}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody. The same rule as `open`."""
        return self.closed_at is None and self.state != self.State.SUSPECT

    def is_due(self, *, on: date) -> bool:
        """Whether it waits for us by that day. The same rule as `to_do`."""
        return self.is_open and (self.state == self.State.NEW or (self.due_on is not None and self.due_on <= on))

    def move(self, state: str, *, by: Any, at: datetime) -> None:
        """Put it into another state; closing it says when. Whoever moves one that is nobody's takes it in hand."""
        state = self.State(state)
        if state == self.state:
            return
        self.state, self.closed_at = state, at if state in self.CLOSED else None
        self.owner = self.owner or by
        self.save(update_fields=["state", "closed_at", "owner"])
        self.note(f"{state.label}.", by=by, at=at)

    def plan(self, *, owner: Any, next_step: str, due_on: date | None, by: Any, at: datetime) -> None:
        """Say who does what next, and until when."""
        said = [f"Next: {next_step}"] if next_step and next_step != self.next_step else []
        said += [f"due on {due_on:%-d %B %Y}"] if due_on and due_on != self.due_on else []
        said += [f"{owner} sees to it"] if owner and owner != self.owner else []
        self.owner, self.next_step, self.due_on = owner, next_step, due_on
        self.save(update_fields=["owner", "next_step", "due_on"])
        if said:
            self.note("; ".join(said) + ".", by=by, at=at)

    def note(self, text: str, *, by: Any, at: datetime, kind: str = "note") -> "EnquiryEntry":
        """Add a line to its history."""
        return EnquiryEntry.objects.create(enquiry=self, at=at, by=by, kind=kind, text=text)


class EnquiryEntry(models.Model):
    """A line in the history of an enquiry: a note, a change, or what was written to them."""

    personal_data = PersonalData(
        what=_("What became of what you asked us"),
        purpose=_("To answer you, and to know what was said."),
        basis=Basis.CONTRACT,
        whose="enquiry__reader",
        colleagues=("by",),
        mentions=("text",),
        on_deletion=ERASE,
    )

    class Kind(models.TextChoices):
        NOTE = "note", "Note"
        ANSWER = "answer", "Answer by mail"

    enquiry = models.ForeignKey(Enquiry, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", help_text="Empty: the site."
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField()

    class Meta:
        ordering = ["at", "pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.enquiry}"


class AnswerTemplate(models.Model):
    """Words that staff begin an answer with; what stands in braces is filled in."""

    personal_data = None

    title = models.CharField(max_length=80, help_text="For colleagues.")
    topic = models.CharField(max_length=15, choices=Enquiry.Topic.choices, blank=True, help_text="Empty: for any.")
    language = models.CharField(max_length=2, choices=languages.CHOICES, default="en")
    subject = models.CharField(max_length=150)
    text = models.TextField()

    class Meta:
        ordering = ["topic", "language", "title"]
        constraints = [models.UniqueConstraint(fields=["title", "language"], name="one_answer_per_title_and_language")]

    def __str__(self) -> str:
        return f"{self.title} ({self.language})"

    @classmethod
    def for_enquiry(cls, enquiry: Enquiry) -> Iterable["AnswerTemplate"]:
        """Those that fit it, its own topic and language first."""
        fitting = cls.objects.filter(Q(topic=enquiry.topic) | Q(topic=""))
        return sorted(fitting, key=lambda one: (one.language != enquiry.language, one.topic != enquiry.topic))
