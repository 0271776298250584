"""What editors put on the front page by hand: versions, each from a moment on, with its places."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Anonymise, Basis, PersonalData, Persons

from .article import Article
from .section import Section


class Slot(models.TextChoices):
    """The parts of the front page that hold articles, from top to bottom."""

    LEAD = "lead", "Lead"
    SECOND = "second", "Second leads"
    ALSO = "also", "Also today"
    VOICES = "voices", "Opinion"
    SECTION = "section", "Section"
    INVESTIGATION = "investigation", "Investigation"


# How many articles each holds; the sections have so many each.
HOLDS = {Slot.LEAD: 1, Slot.SECOND: 3, Slot.ALSO: 4, Slot.VOICES: 3, Slot.SECTION: 4, Slot.INVESTIGATION: 1}


@dataclass(frozen=True, order=True)
class Place:
    """Where an article stands: the slot, the section (of SECTION, else None), and the number in it, from 1 on."""

    slot: str
    section: int | None
    position: int


Chosen = dict[Place, int]


class FrontVersionQuerySet(models.QuerySet["FrontVersion"]):
    """Many versions."""

    def standing(self, *, at: datetime) -> "FrontVersionQuerySet":
        """Those that have begun and were not taken back, the one that readers see first."""
        return self.filter(begins_at__lte=at, taken_back_at__isnull=True).order_by("-begins_at", "-pk")

    def waiting(self, *, at: datetime) -> "FrontVersionQuerySet":
        """Those that begin later, the next one first."""
        return self.filter(begins_at__gt=at, taken_back_at__isnull=True).order_by("begins_at", "pk")

    def keep(
        self,
        chosen: Chosen,
        *,
        by: Any,
        at: datetime,
        begins_at: datetime,
        note: str = "",
        instead_of: int | None = None,
    ) -> "FrontVersion":
        """Let these articles stand from that moment on; everything else is filled by rule.

        `instead_of` is a version that is taken back for it. Raises IntegrityError where an article stands twice.
        """
        with transaction.atomic():
            if instead_of:
                for replaced in self.filter(pk=instead_of, taken_back_at__isnull=True):
                    replaced.take_back(by=by, at=at)
            version = self.create(begins_at=begins_at, made_at=at, made_by=by, note=note)
            FrontPlace.objects.bulk_create(
                FrontPlace(
                    version=version,
                    slot=place.slot,
                    section_id=place.section,
                    position=place.position,
                    article_id=article,
                )
                for place, article in chosen.items()
            )
        return version


class FrontVersion(models.Model):
    """The front page as somebody arranged it, from a moment on and until the next one begins. None is changed later."""

    personal_data = PersonalData(
        what=_("Who on the staff arranged the front page, and when"),
        purpose=_("To know whom to ask about it."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        colleagues=("made_by", "taken_back_by"),
        on_deletion=Anonymise(("made_by", "taken_back_by"), why=_("It goes on saying what stood on the front page.")),
    )

    begins_at = models.DateTimeField("from", editable=False)
    made_at = models.DateTimeField(editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.CharField(max_length=200, blank=True, help_text="For colleagues, such as: after the vote.")
    taken_back_at = models.DateTimeField(null=True, blank=True, editable=False)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    objects: ClassVar[FrontVersionQuerySet] = FrontVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "front page"
        verbose_name_plural = "front page"
        ordering = ["-begins_at", "-pk"]
        indexes = [models.Index(fields=["-begins_at", "-id"], condition=Q(taken_back_at=None), name="front_standing")]
        constraints = [
            models.CheckConstraint(
                condition=Q(begins_at__gte=F("made_at")), name="front_version_begins_when_made_or_later"
            )
        ]

    def __str__(self) -> str:
        return f"Front page from {self.begins_at:%Y-%m-%d %H:%M} UTC"

    def take_back(self, *, by: Any, at: datetime) -> None:
        """Undo it: the version before it stands again, or where it has not begun yet, goes on standing."""
        self.taken_back_at, self.taken_back_by = at, by
        self.save(update_fields=["taken_back_at", "taken_back_by"])

    def chosen(self) -> Chosen:
        """Which article stands where, by key."""
        rows = self.places.values_list("slot", "section", "position", "article")
        return {Place(slot, section, position): article for slot, section, position, article in rows}


class FrontPlace(models.Model):
    """An article in its place."""

    personal_data = None

    version = models.ForeignKey(FrontVersion, on_delete=models.CASCADE, related_name="places")
    slot = models.CharField(max_length=14, choices=Slot.choices)
    section = models.ForeignKey(Section, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["slot", "section", "position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "article"], name="no_article_stands_twice_on_the_front"),
            models.UniqueConstraint(
                fields=["version", "slot", "position"],
                condition=Q(section=None),
                name="one_article_in_each_front_place",
            ),
            models.UniqueConstraint(
                fields=["version", "section", "position"],
                condition=Q(section__isnull=False),
                name="one_article_in_each_place_of_a_section",
            ),
            models.CheckConstraint(
                condition=Q(slot=Slot.SECTION, section__isnull=False) | ~Q(slot=Slot.SECTION) & Q(section=None),
                name="front_section_is_named_where_there_is_one",
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1) & Q(position__lte=max(HOLDS.values())), name="front_place_has_a_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_slot_display()} {self.position}"


def standing_places(*, at: datetime) -> Chosen:
    """Which article stands where by hand at that moment. An article that is not out leaves its place to the rule."""
    version = FrontVersion.objects.standing(at=at).values("pk")[:1]
    rows = FrontPlace.objects.filter(version__in=version, article__in=Article.objects.published(at=at))
    return {
        Place(slot, section, position): article
        for slot, section, position, article in rows.values_list("slot", "section", "position", "article")
    }


def only_public(chosen: Chosen, *, at: datetime) -> Chosen:
    """Without the articles that are not out at that moment."""
    out = set(Article.objects.published(at=at).filter(pk__in=_keys(chosen)).values_list("pk", flat=True))
    return {place: article for place, article in chosen.items() if article in out}


def _keys(chosen: Chosen) -> Iterable[int]:
    return set(chosen.values())
