"""A picture with what the law and a blind reader need to know about it."""

from django.core.files.base import File
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from articles import pictures
from edge.personal_data import Basis, Keep, PersonalData, Persons


def only_real_pictures(file: File) -> None:
    """Raise ValidationError where the uploaded file is no picture we can show, and say why."""
    pictures.validate(file)


class PictureQuerySet(models.QuerySet["Picture"]):
    """Pictures."""

    def with_old_renditions(self) -> "PictureQuerySet":
        """Those whose files are still the first ones, or were made in a manner that has changed since."""
        return self.filter(edition__lt=pictures.EDITION)


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
        return self.caption or self.alt

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
