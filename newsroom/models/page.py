"""The standing pages: who we are, and the small print. Every version of their words is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from edge import languages
from edge.personal_data import Anonymise, Basis, PersonalData, Persons

# Pages that the law or the site's own links need: they have addresses of their own and cannot be taken away.
BUILT_IN = ("about", "ownership", "contact", "corrections", "privacy", "accessibility", "partners", "newsletters")


@dataclass(frozen=True)
class Words:
    """What a page says in one language; `html` is clean, with its placeholders in it. Empty: not in this language."""

    title: str
    standfirst: str
    html: str

    def __bool__(self) -> bool:
        return bool(self.title and self.html)


class PageQuerySet(models.QuerySet["Page"]):
    """Many pages."""

    def published(self, *, at: datetime) -> "PageQuerySet":
        """Those that everybody finds at that moment."""
        return self.filter(published_at__lte=at)


class Page(models.Model):
    """A page that stands beside the news; what it says is in its versions."""

    personal_data = None

    class Footer(models.TextChoices):
        NONE = "", "Not in the footer"
        NEWSROOM = "newsroom", "The newsroom"
        SMALL_PRINT = "small print", "Small print"

    slug = models.SlugField(
        "address",
        max_length=60,
        unique=True,
        help_text="A page that is added is found at /pages/…/, with this in the place of the dots.",
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    footer = models.CharField(
        max_length=12, choices=Footer.choices, default=Footer.NONE, blank=True, help_text="In which list of the footer."
    )
    footer_place = models.PositiveSmallIntegerField("place in the list", default=0)

    objects: ClassVar[PageQuerySet] = PageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["slug"]
        verbose_name = "standing page"
        constraints = [
            models.CheckConstraint(
                condition=~Q(slug__in=BUILT_IN) | Q(published_at__isnull=False), name="needed_page_is_published"
            )
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return reverse(self.slug) if self.is_built_in else reverse("page", args=[self.slug])

    @property
    def is_built_in(self) -> bool:
        """Whether the site cannot do without it."""
        return self.slug in BUILT_IN

    def publish(self, *, at: datetime) -> None:
        """Let everybody find it. Publishing twice changes nothing."""
        if self.published_at is None:
            self.published_at = at
            self.save(update_fields=["published_at"])

    def take_back(self) -> None:
        """Let nobody find it. Raises ValidationError for a page that the site cannot do without."""
        if self.is_built_in:
            raise ValidationError("The site cannot do without this page.")
        self.published_at = None
        self.save(update_fields=["published_at"])

    def write(self, language: str, words: Words, *, by: Any, at: datetime, note: str = "") -> "PageVersion | None":
        """Say this in that language from now on; None where it says so already."""
        newest = self.versions.filter(language=language).first()
        if words == (newest.words if newest else Words("", "", "")):
            return None
        said = {"title": words.title, "standfirst": words.standfirst, "html": words.html}
        return self.versions.create(language=language, **said, note=note, saved_by=by, saved_at=at)


class PageVersionQuerySet(models.QuerySet["PageVersion"]):
    """Many versions."""

    def current(self) -> "PageVersionQuerySet":
        """The newest of each page in each language."""
        newer = PageVersion.objects.filter(page=OuterRef("page"), language=OuterRef("language"), pk__gt=OuterRef("pk"))
        return self.filter(~Exists(newer))

    def shown(self, slug: str, language: str, *, at: datetime) -> "PageVersion | None":
        """What a published page says in that language, or in English; None where it is not published."""
        said = self.current().filter(page__slug=slug, page__published_at__lte=at, language__in=(language, "en"))
        return best_of(said.exclude(html="").select_related("page"), language)


class PageVersion(models.Model):
    """What a page said in one language from one moment on. Never altered: what readers relied on stays readable."""

    personal_data = PersonalData(
        what=_("Who on the staff changed which standing page"),
        purpose=_("To know who changed what, and when."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        colleagues=("saved_by",),
        on_deletion=Anonymise(("saved_by",), why=_("The earlier versions of a page stay readable.")),
    )

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="versions")
    language = models.CharField(max_length=2, choices=languages.CHOICES)
    title = models.CharField(max_length=120, blank=True)
    standfirst = models.CharField(max_length=300, blank=True)
    html = models.TextField(blank=True)
    note = models.CharField("what changed", max_length=300, blank=True)
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects: ClassVar[PageVersionQuerySet] = PageVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pk"]
        verbose_name = "version of a standing page"
        verbose_name_plural = "versions of standing pages"
        indexes = [models.Index(fields=["page", "language", "-id"], name="page_version_newest")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(language="en") | (~Q(title="") & ~Q(html="")), name="page_always_speaks_english"
            )
        ]

    def __str__(self) -> str:
        return f"{self.page}, {self.get_language_display()}, {self.saved_at:%Y-%m-%d}"

    @property
    def words(self) -> Words:
        """What it says."""
        return Words(self.title, self.standfirst, self.html)


def best_of(versions: Iterable[PageVersion], language: str) -> PageVersion | None:
    """The one in that language, else the English one."""
    found = {one.language: one for one in versions}
    return found.get(language) or found.get("en")
