"""A picture with what the law and a blind reader need to know about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.files.base import File
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles import pictures
from edge.personal_data import Basis, Keep, PersonalData, Persons

# So long before the rights in a picture end the library says so.
SOON = timedelta(days=30)


def only_real_pictures(file: File) -> None:
    """Raise ValidationError where the uploaded file is no picture we can show, and say why."""
    pictures.validate(file)


class PictureQuerySet(models.QuerySet["Picture"]):
    """Pictures."""

    def with_old_renditions(self) -> "PictureQuerySet":
        """Those whose files are still the first ones, or were made in a manner that has changed since."""
        return self.filter(edition__lt=pictures.EDITION)

    def ended(self, *, at: datetime) -> "PictureQuerySet":
        """Those that may not be shown any longer at that moment: the same rule as `Picture.has_ended`."""
        return self.filter(usable_until__lt=_day(at))

    def ending_soon(self, *, at: datetime) -> "PictureQuerySet":
        """Those that may still be shown, and in thirty days no longer."""
        return self.filter(usable_until__gte=_day(at), usable_until__lt=_day(at) + SOON)

    def not_described(self) -> "PictureQuerySet":
        """Those that nothing can be published with: without alternative text or credit."""
        return self.filter(Q(alt="") | Q(credit=""))


@dataclass(frozen=True)
class Obstacle:
    """Why an article with this picture is not published, and which field of the picture to fill in or to change."""

    picture: "Picture"
    field: str
    words: str


class Picture(models.Model):
    """An original, kept unpublished, and the renditions that pages show.

    Renditions are public even where the picture stands in the paid part of an article (docs/decisions.md).
    """

    personal_data = PersonalData(
        what=_("Credits of pictures"),
        purpose=_("To say who made a picture, as their right asks."),
        basis=Basis.LAW,
        persons=Persons.AUTHORS,
        on_deletion=Keep(why=_("Whoever made a picture is named beside it.")),
    )

    original = models.ImageField(
        upload_to=pictures.original_path, width_field="width", height_field="height", validators=[only_real_pictures]
    )
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    alt = models.CharField("alternative text", max_length=250, help_text="What a reader who cannot see it should know.")
    caption = models.CharField(max_length=300, blank=True)
    credit = models.CharField(max_length=120, help_text="Who made it, such as: Photo: European Union.")
    rights_holder = models.CharField(
        max_length=120, blank=True, help_text="Whom to ask, if it is not who made it: an agency, a museum."
    )
    usable_until = models.DateField(
        "may be shown until",
        null=True,
        blank=True,
        help_text="The last day, in Brussels; empty: without end. After it nothing new is published with this picture.",
    )
    focus_x = models.FloatField(default=0.5, validators=[MinValueValidator(0), MaxValueValidator(1)])
    focus_y = models.FloatField(default=0.5, validators=[MinValueValidator(0), MaxValueValidator(1)])
    stem = models.CharField(max_length=80, editable=False, blank=True)
    widths = models.JSONField(default=list, editable=False)
    # The manner in which the renditions were made; 0 are the first ones. A job makes those of an older manner anew.
    edition = models.PositiveSmallIntegerField(default=0, editable=False)
    uploaded_at = models.DateTimeField(auto_now_add=True)

    objects = PictureQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.caption or self.alt or f"Picture {self.pk}"

    def has_ended(self, *, at: datetime) -> bool:
        """Whether it may not be shown any longer at that moment."""
        return self.usable_until is not None and self.usable_until < _day(at)

    def obstacles(self, *, at: datetime) -> list[Obstacle]:
        """What is in the way of publishing something with it at that moment."""
        found = []
        if not self.alt.strip():
            found.append(Obstacle(self, "alt", f"The picture “{self}” has no alternative text."))
        if not self.credit.strip():
            found.append(Obstacle(self, "credit", f"The picture “{self}” has no credit."))
        if self.usable_until and self.has_ended(at=at):
            until = f"{self.usable_until.day} {self.usable_until:%B %Y}"
            found.append(Obstacle(self, "usable_until", f"The picture “{self}” could be shown until {until} only."))
        return found

    def warning(self, *, at: datetime) -> str:
        """What the library says beside it: that it cannot be published, or soon no longer; empty where all is well."""
        if obstacles := self.obstacles(at=at):
            return {"alt": "No alternative text", "credit": "No credit"}.get(obstacles[0].field, "Rights have ended")
        if self.usable_until and self.usable_until < _day(at) + SOON:
            return f"Rights end {self.usable_until.day} {self.usable_until:%B %Y}"
        return ""

    def make_first_renditions(self) -> None:
        """Write quickly what can be shown at once; the job makes the lighter ones. Raises pictures.BadPicture."""
        self._remember(*pictures.write_first_renditions(self.original), edition=0)

    def make_renditions(self) -> None:
        """Write the files that pages show and remember their widths. Takes seconds. Raises pictures.BadPicture."""
        self._remember(*pictures.write_renditions(self.original), edition=pictures.EDITION)

    def _remember(self, stem: str, widths: list[int], size: tuple[int, int], *, edition: int) -> None:
        self.stem, self.widths, (self.width, self.height), self.edition = stem, widths, size, edition
        self.save(update_fields=["stem", "widths", "width", "height", "edition"])

    @property
    def srcset(self) -> str:
        """The AVIF renditions, as `srcset` wants them."""
        return ", ".join(f"{pictures.rendition_url(self.stem, width, 'avif')} {width}w" for width in self.widths)

    @property
    def fallback_srcset(self) -> str:
        """The JPEGs for browsers without AVIF, as `srcset` wants them; nothing where there is only `src`."""
        widths = pictures.jpeg_widths(self.widths)
        found = [f"{pictures.rendition_url(self.stem, width, 'jpg')} {width}w" for width in widths]
        return ", ".join(found) if len(found) > 1 and self.edition else ""

    @property
    def src(self) -> str:
        """The JPEG for browsers without AVIF, for feeds and for cards."""
        return pictures.rendition_url(self.stem, max(self.widths), "jpg") if self.widths else ""


def _day(at: datetime) -> date:
    """The day of that moment in Brussels."""
    return timezone.localtime(at).date()


def obstacles(chosen: Iterable[int], *, at: datetime) -> list[Obstacle]:
    """What is in the way of publishing something with the pictures of these keys at that moment, in one query."""
    found = Picture.objects.in_bulk(set(chosen))
    return [one for key in dict.fromkeys(chosen) if key in found for one in found[key].obstacles(at=at)]
