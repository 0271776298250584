"""What somebody pays for: an item with its label and its payer, and the answers the law asks of political ones."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

# Each must be answered before a political advertisement runs (law.md L16), and stands on its public notice.
ANSWERS = ("sponsor", "sponsor_contact", "controlled_by", "amount_basis", "funds_from", "process", "targeting")
# What ends within this time is named at the desk, so that the next one can be sold.
SOON = timedelta(days=14)
_ANSWERED = Q(*(~Q(**{name: ""}) for name in ANSWERS), amount_cents__isnull=False)


class PartnerItemQuerySet(models.QuerySet["PartnerItem"]):
    """Many partner items."""

    def running(self, *, at: datetime) -> "PartnerItemQuerySet":
        """Those that are complete and whose time it is."""
        return self.filter(is_ready=True, starts_at__lte=at, ends_at__gt=at)

    def ending_soon(self, *, at: datetime) -> "PartnerItemQuerySet":
        """Those of the running ones that end within SOON, the next to end first."""
        return self.running(at=at).filter(ends_at__lte=at + SOON).order_by("ends_at", "pk")

    def political_and_shown(self, *, at: datetime) -> "PartnerItemQuerySet":
        """The political ones that the public has seen: their notices stay for seven years (law.md L16)."""
        return self.filter(is_ready=True, is_political=True, starts_at__lte=at)


class PartnerItem(models.Model):
    """A line somebody pays for, always shown with its label and its payer (law.md L15, L16).

    It can be prepared with gaps; the database lets it run (`is_ready`) only once nothing is missing.
    """

    personal_data = None

    class Label(models.TextChoices):
        PARTNER = "partner", _("Partner content")
        ADVERTISEMENT = "advertisement", _("Advertisement")
        SPONSORED = "sponsored", _("Sponsored event")

    organisation = models.CharField("payer", max_length=120, help_text="Who pays for it. Stands beside the line.")
    label = models.CharField(max_length=15, choices=Label.choices, default=Label.PARTNER)
    headline = models.CharField(max_length=140)
    url = models.URLField("link", max_length=500)
    starts_at = models.DateTimeField("first shown", null=True, blank=True)
    ends_at = models.DateTimeField("last shown", null=True, blank=True)
    is_political = models.BooleanField(
        "political advertisement",
        null=True,
        default=None,
        help_text="Does it try to influence a vote, an election, a law or another rule in the making?",
    )
    sponsor = models.CharField(max_length=200, blank=True, help_text="On whose behalf it is shown; the payer's client.")
    sponsor_contact = models.CharField(
        "sponsor's address", max_length=300, blank=True, help_text="Postal address, and e-mail or web address."
    )
    controlled_by = models.CharField(
        "who controls the sponsor", max_length=200, blank=True, help_text="The last owner. “Its members”, if so."
    )
    amount_cents = models.PositiveIntegerField(
        "paid for it", null=True, blank=True, help_text="All of it, with other benefits, in cents."
    )
    amount_basis = models.CharField(
        "how that was worked out", max_length=200, blank=True, help_text="“Our price list of 2026”, “invoice 2026-118”."
    )
    funds_from = models.CharField(
        "where the money comes from",
        max_length=200,
        blank=True,
        help_text="Public or private, from inside or outside the European Union.",
    )
    process = models.CharField(
        "vote or law it is about",
        max_length=300,
        blank=True,
        help_text="The election, referendum or procedure, with its number where it has one.",
    )
    targeting = models.CharField(
        max_length=500, blank=True, help_text="Who was chosen to see it, and by what. “None: every reader sees it.”"
    )
    repository_url = models.URLField(
        "entry in the European repository", max_length=500, blank=True, help_text="As soon as there is one."
    )
    former_notice = models.TextField(
        blank=True, editable=False, help_text="The notice in one piece, of items from before the single answers."
    )
    is_ready = models.BooleanField("complete, may be shown", default=True, editable=False)

    objects: ClassVar[PartnerItemQuerySet] = PartnerItemQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_ready=False)
                | (
                    ~Q(organisation="")
                    & ~Q(label="")
                    & Q(starts_at__isnull=False, ends_at__isnull=False, is_political__isnull=False)
                ),
                name="partner_item_says_who_pays_and_when",
            ),
            models.CheckConstraint(
                condition=Q(is_ready=False) | Q(is_political=False) | ~Q(former_notice="") | _ANSWERED,
                name="political_partner_item_is_answered",
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gte=F("starts_at")),
                name="partner_item_ends_after_it_starts",
                violation_error_message="It cannot end before it begins.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation}: {self.headline}"

    def is_running(self, *, at: datetime) -> bool:
        """Whether readers see it at that moment: the same rule as `running`."""
        is_its_time = bool(self.starts_at and self.ends_at and self.starts_at <= at < self.ends_at)
        return self.is_ready and is_its_time

    @property
    def first_shown_at(self) -> datetime:
        """From when on it is shown (UTC). Only of one that may be: others need not say."""
        assert self.starts_at is not None
        return self.starts_at

    def was_shown(self, *, at: datetime) -> bool:
        """Whether readers have seen it, or see it now."""
        return self.is_ready and self.starts_at is not None and self.starts_at <= at

    def missing(self) -> dict[str, str]:
        """What must be filled in before it may be shown: field to words for the editor (law.md L15, L16)."""
        missing = {
            name: words
            for name, words in (
                ("organisation", "Say who pays for it."),
                ("label", "Choose the label readers see."),
                ("starts_at", "Say from when it is shown."),
                ("ends_at", "Say until when it is shown."),
            )
            if not getattr(self, name)
        }
        if self.is_political is None:
            missing["is_political"] = "Answer this for every partner item."
        if self.is_political and not self.former_notice:
            unanswered = [name for name in ANSWERS if not getattr(self, name).strip()]
            unanswered += ["amount_cents"] if self.amount_cents is None else []
            missing |= dict.fromkeys(unanswered, "A political advertisement is not shown without this answer.")
        return missing

    def release(self) -> None:
        """Let it be shown in its time. Raises ValidationError naming what is missing."""
        if missing := self.missing():
            raise ValidationError(missing)
        self.is_ready = True
        self.save()

    def end(self, *, at: datetime) -> None:
        """Show it no longer; its notice stays where there is one."""
        if self.starts_at and self.starts_at <= at and (self.ends_at is None or self.ends_at > at):
            self.ends_at = at
            self.save(update_fields=["ends_at"])
