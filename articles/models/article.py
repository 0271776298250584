"""An article: the part everyone sees, and apart from it the part that is paid for."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from articles import body
from edge.clock import BRUSSELS
from edge.personal_data import Anonymise, Basis, PersonalData, Persons

from .author import Author
from .picture import Obstacle, Picture, obstacles
from .section import Section
from .topic import Topic

if TYPE_CHECKING:
    from .correction import Correction

WITHDRAWAL = ("withdrawn_at", "withdrawn_by", "withdrawn_because")
# States in which the public has no part in it.
BEING_WRITTEN = ("draft", "review", "ready")


class ArticleQuerySet(models.QuerySet["Article"]):
    """Many articles. None of these ever loads a full text."""

    def published(self, *, at: datetime) -> "ArticleQuerySet":
        """Those the public may see at that moment; a date in the future is how an article is scheduled."""
        return self.filter(status=Article.Status.PUBLISHED, published_at__lte=at)

    def withdrawn(self) -> "ArticleQuerySet":
        """Those that were public and are taken back for good; a page says why."""
        return self.filter(status=Article.Status.WITHDRAWN)

    def newest_first(self) -> "ArticleQuerySet":
        """In the order of the river; the key breaks ties, so that pages never overlap."""
        return self.order_by("-published_at", "-pk")

    def for_teasers(self) -> "ArticleQuerySet":
        """With what a teaser prints, in two queries however many there are."""
        return self.for_reading().select_related("hero")

    def for_reading(self) -> "ArticleQuerySet":
        """With what stands around one text; its main picture comes with those in the text."""
        signatures = models.Prefetch("bylines", Byline.objects.select_related("author"))
        return self.select_related("section").prefetch_related(signatures).defer("teaser_text")

    def keep_many(self, written: Sequence[tuple["Article", str]]) -> None:
        """Store new articles with their whole texts at once, teasers and counts as they are: for imports.

        The texts must have been through `body.clean`.
        """
        with transaction.atomic():
            for article, _ in written:
                article.teaser_text = body.as_text(article.teaser)
            self.bulk_create(article for article, _ in written)  # type: ignore[misc]
            FullText.objects.bulk_create(
                FullText(article=article, html=html, text=body.as_text(html)) for article, html in written
            )


class Article(models.Model):
    """The public part: what everyone sees, on the page and by every other way out."""

    personal_data = PersonalData(
        what=_("Who on the staff writes or withdrew which article"),
        purpose=_("To know whom to ask about it."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        colleagues=("withdrawn_by", "assigned_to"),
        on_deletion=Anonymise(
            ("withdrawn_by", "assigned_to"), why=_("The page goes on saying that and why it was withdrawn.")
        ),
    )

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        REVIEW = "review", "In review"
        READY = "ready", "Ready"
        PUBLISHED = "published", "Published"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Kind(models.TextChoices):
        REPORT = "", "Report"
        ANALYSIS = "Analysis"
        EXCLUSIVE = "Exclusive"
        EXPLAINER = "Explainer"
        INTERVIEW = "Interview"
        INVESTIGATION = "Investigation"
        OPINION = "Opinion"
        REPORTAGE = "Reportage"

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        FRENCH = "fr", "French"
        DUTCH = "nl", "Dutch"
        GERMAN = "de", "German"

    headline = models.CharField(max_length=120)
    slug = models.SlugField(
        max_length=120, unique=True, help_text="The last part of the address. Old addresses lead to the new one."
    )
    kicker = models.CharField(
        "kind", max_length=20, choices=Kind.choices, blank=True, default="", help_text="Stands above the headline."
    )
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="articles")
    topics = models.ManyToManyField(Topic, blank=True, related_name="articles", help_text="What it is about.")
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.ENGLISH)
    translation_of = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="translations",
        help_text="The original, where this is the same article in another language. Readers can switch.",
    )
    authors = models.ManyToManyField(Author, through="Byline", related_name="articles")
    standfirst = models.CharField(max_length=300, blank=True, help_text="One or two sentences under the headline.")
    hero = models.ForeignKey(
        Picture, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="main picture"
    )
    hero_caption = models.CharField("caption", max_length=300, blank=True, help_text="Empty: the picture's own.")
    teaser = models.TextField(editable=False, blank=True, help_text="HTML of the paragraphs for everyone.")
    teaser_text = models.TextField(editable=False, blank=True, help_text="The same without tags, to search in.")
    words = models.PositiveIntegerField(editable=False, default=0)
    words_behind_wall = models.PositiveIntegerField(editable=False, default=0)
    is_free = models.BooleanField("free to read", default=False, help_text="No wall: everyone reads all of it.")
    leads_front = models.BooleanField(
        "lead the front page", default=False, help_text="The newest article with this mark stands at the top."
    )
    related = models.ManyToManyField("self", blank=True, symmetrical=False, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT, editable=False)
    published_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Brussels time. In the future: it appears by itself then."
    )
    embargo_until = models.DateTimeField(
        null=True, blank=True, help_text="Brussels time. It cannot go out before, whoever presses what."
    )
    planned_on = models.DateField("planned for", null=True, blank=True, help_text="The day it is expected to go out.")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    withdrawn_because = models.CharField(max_length=500, blank=True, editable=False)

    objects: ClassVar[ArticleQuerySet] = ArticleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["-published_at", "-id"], condition=Q(status="published"), name="article_river"),
            models.Index(
                fields=["section", "-published_at", "-id"],
                condition=Q(status="published"),
                name="article_section_river",
            ),
            models.Index(
                fields=["kicker", "-published_at"], condition=Q(status="published"), name="article_kicker_river"
            ),
            models.Index(
                fields=["-published_at"], condition=Q(status="published", leads_front=True), name="article_leads"
            ),
            # What the desk's list is narrowed to, newest first.
            models.Index(fields=["status", "-id"], name="article_desk_state"),
            models.Index(fields=["section", "-id"], name="article_desk_section"),
            models.Index(fields=["-id"], condition=Q(hero__isnull=True), name="article_desk_no_picture"),
            models.Index(
                fields=["planned_on"], condition=Q(status__in=["draft", "review", "ready"]), name="article_plan"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="published") | (Q(published_at__isnull=False) & ~Q(headline="")),
                name="published_article_has_date_and_headline",
            ),
            models.CheckConstraint(
                condition=~Q(status="published")
                | Q(embargo_until__isnull=True)
                | Q(published_at__gte=F("embargo_until")),
                name="published_article_kept_its_embargo",
            ),
            models.CheckConstraint(
                condition=Q(translation_of__isnull=True) | ~Q(translation_of=F("id")),
                name="article_is_no_translation_of_itself",
            ),
            models.UniqueConstraint(
                fields=["translation_of", "language"],
                name="one_translation_in_each_language",
                violation_error_message="The original has a translation into this language already.",
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_at__isnull=False, published_at__isnull=False)
                & ~Q(withdrawn_because="")
                | ~Q(status="withdrawn") & Q(withdrawn_at__isnull=True, withdrawn_because=""),
                name="withdrawn_article_says_when_and_why",
            ),
        ]
        permissions = [
            ("publish_article", "Can publish articles and take them back"),
            ("withdraw_article", "Can withdraw published articles"),
            ("edit_others_article", "Can see and change what others write"),
        ]

    def __str__(self) -> str:
        return self.headline

    def get_absolute_url(self) -> str:
        return reverse("article", args=[self.section.slug, self.slug])

    def is_published(self, *, at: datetime) -> bool:
        """Whether the public may see it at that moment: the same rule as `published`."""
        return self.status == self.Status.PUBLISHED and self.published_at is not None and self.published_at <= at

    def is_scheduled(self, *, at: datetime) -> bool:
        """Whether it will appear by itself later."""
        return self.status == self.Status.PUBLISHED and self.published_at is not None and self.published_at > at

    @property
    def is_being_written(self) -> bool:
        """Whether the public has no part in it: a draft, in review, or ready."""
        return self.status in BEING_WRITTEN

    def is_embargoed(self, *, at: datetime) -> bool:
        """Whether it cannot go out yet at that moment."""
        return self.embargo_until is not None and at < self.embargo_until

    @property
    def signed_by(self) -> list[Author]:
        """The authors in the order of the byline; no further query after `for_teasers`."""
        return [byline.author for byline in self.bylines.all()]

    @property
    def minutes(self) -> int:
        """Minutes to read all of it."""
        return body.minutes_to_read(self.words)

    @property
    def has_wall(self) -> bool:
        """Whether part of it is paid for."""
        return not self.is_free and self.words_behind_wall > 0

    def write(self, html: str) -> None:
        """Keep this as the text: cleaned, in full where it is paid for, and as teaser and counts where it is not."""
        cleaned = body.clean(html)
        cut = body.cut_at_wall(cleaned)
        self.teaser, self.words = cut.teaser, body.count_words(cleaned)
        self.teaser_text, self.words_behind_wall = body.as_text(cut.teaser), body.count_words(cut.rest)
        with transaction.atomic():
            self.save()
            kept = {"html": cleaned, "text": body.as_text(cleaned)}
            FullText.objects.update_or_create(article=self, defaults=kept)

    def send_for_review(self, *, by: Any, at: datetime, note: str = "") -> None:
        """Ask colleagues to read it. Raises ValidationError for what is neither a draft nor ready."""
        self._must_be(self.Status.DRAFT, self.Status.READY)
        self._stand_as(self.Status.REVIEW, step="review", by=by, at=at, note=note)

    def approve(self, *, by: Any, at: datetime, note: str = "") -> None:
        """Say that it may go out. Raises ValidationError naming what is missing, as publishing would."""
        self._must_be(self.Status.DRAFT, self.Status.REVIEW)
        if missing := self.missing_for_publication():
            raise ValidationError(missing)
        self._stand_as(self.Status.READY, step="ready", by=by, at=at, note=note)

    def send_back(self, *, by: Any, at: datetime, note: str = "") -> None:
        """Let it be a draft again. Raises ValidationError for what is neither in review nor ready."""
        self._must_be(self.Status.REVIEW, self.Status.READY)
        self._stand_as(self.Status.DRAFT, step="sent back", by=by, at=at, note=note)

    def _must_be(self, *states: str) -> None:
        if self.status not in states:
            raise ValidationError(f"This does not go with an article that is “{self.get_status_display()}”.")

    def publish(self, *, at: datetime, by: Any = None, pressed_at: datetime | None = None) -> None:
        """Let the public see it from that moment on, as was decided `by` somebody at `pressed_at` (else: then).

        Raises ValidationError naming what is missing, and for a moment before the embargo ends.
        """
        if missing := self.missing_for_publication():
            raise ValidationError(missing)
        if self.is_embargoed(at=at):
            raise ValidationError({"embargo_until": self.embargo_in_words()})
        html = FullText.objects.filter(article=self).values_list("html", flat=True).first() or ""
        if in_the_way := self.obstacles_in_pictures(html, at=at):
            raise ValidationError([one.words for one in in_the_way])
        self.published_at = at
        is_later = pressed_at is not None and pressed_at < at
        step = "scheduled" if is_later else "published"
        self._stand_as(self.Status.PUBLISHED, step=step, by=by, at=pressed_at or at)

    def embargo_in_words(self) -> str:
        """Why it cannot go out yet; empty without an embargo."""
        if self.embargo_until is None:
            return ""
        local = self.embargo_until.astimezone(BRUSSELS)
        return f"The embargo holds until {local.day} {local:%B %Y, %H:%M} (Brussels). Publish it then, or later."

    def take_back(self, *, by: Any = None, at: datetime | None = None) -> None:
        """Make it a draft again; its address answers 404 until it is published anew.

        What was only scheduled (at that moment) has never been published.
        """
        if at is not None and self.is_scheduled(at=at):
            self.published_at = None
        self._stand_as(self.Status.DRAFT, step="taken back", by=by, at=at)

    def withdraw(self, *, by: Any, at: datetime, because: str) -> None:
        """Take a published article back for good: its address says that and why, and answers 410 to machines.

        Raises ValidationError where the public has not seen it yet, or where no reason is given.
        """
        if not self.is_published(at=at):
            raise ValidationError("Only what the public can see is withdrawn. A draft is deleted, or stays a draft.")
        if not because.strip():
            raise ValidationError("Say why: the reason stands on the page from now on.")
        self.withdrawn_at, self.withdrawn_by, self.withdrawn_because = at, by, because.strip()
        self._stand_as(self.Status.WITHDRAWN, step="withdrawn", by=by, at=at, note=because.strip())

    def put_back(self, *, by: Any = None, at: datetime | None = None) -> None:
        """Undo a withdrawal: the article stands where it stood, with its old date."""
        if self.status == self.Status.WITHDRAWN:
            self._stand_as(self.Status.PUBLISHED, step="put back", by=by, at=at)

    def _stand_as(self, status: str, *, step: str, by: Any, at: datetime | None, note: str = "") -> None:
        """Save the state together with what belongs to it, and the step that led there (unless nobody says when)."""
        self.status = status
        if status != self.Status.WITHDRAWN:
            self.withdrawn_at, self.withdrawn_by, self.withdrawn_because = None, None, ""
        with transaction.atomic():
            self.save(update_fields=["status", "published_at", *WITHDRAWAL, "changed_at"])
            if at is not None:
                self.steps.create(kind=step, by=by, at=at, note=note)

    def assign(self, person: Any, *, by: Any, at: datetime) -> None:
        """Make it somebody's to write or look after; None: nobody's."""
        self.assigned_to = person
        with transaction.atomic():
            # Not `changed_at`: readers are told of that.
            self.save(update_fields=["assigned_to"])
            self.steps.create(kind="assigned", by=by, at=at, note=str(person.name or person) if person else "Nobody")

    def correct(self, note: str, *, by: Any, at: datetime, said: str = "", says_now: str = "") -> "Correction":
        """Say that it was wrong, for everybody and for good; the words themselves are changed by `write`."""
        with transaction.atomic():
            made = self.corrections.create(note=note, said=said, says_now=says_now, made_by=by, published_at=at)
            self.save(update_fields=["changed_at"])
        return made

    def missing_for_publication(self) -> dict[str, str]:
        """What must be filled in before the public may see it: field to words for the editor."""
        missing = {}
        if not self.headline.strip():
            missing["headline"] = "An article needs a headline before it is published."
        if not self.standfirst.strip():
            missing["standfirst"] = "Write a standfirst: it is what readers and search engines see."
        if not self.words:
            missing["text"] = "There is no text yet."
        return missing

    def obstacles_in_pictures(self, html: str, *, at: datetime) -> list[Obstacle]:
        """What its main picture and those in its text lack to be published at that moment; `html` is the whole text."""
        chosen = [*([self.hero_id] if self.hero_id else []), *body.picture_ids(html)]
        return obstacles(chosen, at=at) if chosen else []

    def sign(self, authors: Sequence[Author]) -> None:
        """Put these names under it, in this order, instead of those that were there."""
        with transaction.atomic():
            self.bylines.all().delete()
            Byline.objects.bulk_create(
                Byline(article=self, author=author, position=position) for position, author in enumerate(authors)
            )

    def move_to(self, slug: str) -> None:
        """Give it a new address; the old one leads to it from now on."""
        if slug == self.slug:
            return
        with transaction.atomic():
            FormerAddress.objects.filter(slug=slug, article=self).delete()
            FormerAddress.objects.update_or_create(slug=self.slug, defaults={"article": self})
            self.slug = slug
            self.save(update_fields=["slug", "changed_at"])


class FullText(models.Model):
    """The paid part, in a table of its own with one door: `paywall.reading_of`.

    Holds the whole text as the editor wrote it, the mark of the wall included.
    """

    personal_data = None

    article = models.OneToOneField(Article, primary_key=True, on_delete=models.CASCADE, related_name="full_text")
    html = models.TextField(blank=True)
    text = models.TextField(editable=False, blank=True, help_text="The same without tags, to search in.")

    def __str__(self) -> str:
        return f"Full text of article {self.pk}"


class Byline(models.Model):
    """A name under an article, in its place."""

    personal_data = None

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="bylines")
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="bylines")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["article", "author"], name="one_byline_per_author")]

    def __str__(self) -> str:
        return str(self.author)


class FormerAddress(models.Model):
    """A slug an article had before."""

    personal_data = None

    slug = models.SlugField(max_length=120, unique=True)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="former_addresses")

    class Meta:
        verbose_name_plural = "former addresses"

    def __str__(self) -> str:
        return self.slug
