"""What an editor fills in, and the clear words when something is missing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django_prose_editor.fields import ProseEditorFormField
from django_prose_editor.widgets import AdminProseEditorWidget

from articles import body, dropped, pictures
from articles.editor import BODY_EXTENSIONS
from articles.models import Article, Author, FormerAddress, FullText, Picture, Step
from edge.desk import MomentInput

from . import holding, workflow
from .notes import OpenNotes
from .workflow import PUBLISH, PUBLISH_AT, READY, TAKE_BACK, VERBS

_TOO_LONG = "This has %(show_value)d characters; there is room for %(limit_value)d."


class OrderedSelects(forms.SelectMultiple):
    """One list for each name, top to bottom in the order of the names; works without script."""

    empty_rows = 2

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        choices = [("", "—"), *((str(key), label) for key, label in self.choices if key)]
        values = [str(one) for one in value or []] + [""] * self.empty_rows
        one = forms.Select(choices=choices)
        id_ = (attrs or {}).get("id", name)
        ids = [id_, *(f"{id_}_{place}" for place in range(1, len(values)))]
        lists = [
            one.render(name, chosen, {"id": ids[place], "aria-label": f"Name {place + 1}"})
            for place, chosen in enumerate(values)
        ]
        return format_html_join("", '<div class="ordered__row">{}</div>', ((list_,) for list_ in lists))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        chosen = data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])
        return [one for one in dict.fromkeys(chosen) if one]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


class OrderedChoice(forms.ModelMultipleChoiceField):
    """Several rows of a table, in the order in which they were chosen."""

    widget = OrderedSelects

    def clean(self, value: Any) -> list[Any]:  # type: ignore[override]
        found = {str(one.pk): one for one in super().clean(value)}
        return [found[str(key)] for key in value or []]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [str(one) for one in initial or []] != [str(one) for one in data or []]


class PicturePicker(ForeignKeyRawIdWidget):
    """The chosen picture with its caption and credit, and links that open the library and the upload."""

    template_name = "admin/articles/picture_picker.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        found = Picture.objects.filter(pk=value).first() if str(value or "").isdecimal() else None
        return context | {"picture": found, "thumbnail": found and pictures.thumbnail_url(found.stem, found.widths)}

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        return "", ""


class ArticleForm(forms.ModelForm):
    """An article as its editor (`user`) sees it. `now` and the verb of the button decide what must be filled in."""

    now: ClassVar[datetime]
    user: ClassVar[Any]
    # What cleaning took out of the text that was typed; known once the form is valid.
    left_out: tuple[str, ...] = ()
    # What this editor typed before and did not save, to go on with.
    typed_before: ClassVar[QueryDict | None] = None

    text = ProseEditorFormField(extensions=BODY_EXTENSIONS, required=False, widget=AdminProseEditorWidget, label="Text")
    signed_by = OrderedChoice(
        Author.objects.all(), required=False, label="Authors", help_text="In the order of the byline."
    )
    # Which version the editor began with; a later one by somebody else is not written over unseen.
    began_with = forms.CharField(required=False, widget=forms.HiddenInput)
    # By what this page is known to hold the article (articles/models/hold.py).
    holds = forms.CharField(required=False, widget=forms.HiddenInput)
    publish_at = forms.DateTimeField(required=False, widget=MomentInput, label="Publish at (Brussels time)")
    embargo_until = forms.DateTimeField(
        required=False,
        widget=MomentInput,
        label="Embargo until",
        help_text="Brussels time. It cannot go out before, whoever presses what.",
    )
    planned_on = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), label="Planned for"
    )
    assigned_to = workflow.ColleagueChoice(queryset=None, required=False, label="Assigned to", empty_label="Nobody")
    done = OpenNotes(
        None, required=False, label="Open notes", help_text="Tick what is done; it is kept with your name as you save."
    )
    note = forms.CharField(
        required=False,
        max_length=1000,
        label="Note to colleagues",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Readers never see it. It stays with the article, with your name.",
    )
    correction = forms.CharField(
        required=False,
        max_length=500,
        label="New note",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What was wrong and what is right, in a sentence or two. It stands above the text with today’s date, "
        "and on the page of all corrections. Everybody reads it, also without a subscription: quote nothing of the "
        "paid text but the mistake itself.",
    )
    it_said = forms.CharField(
        required=False,
        max_length=500,
        label="It said",
        help_text="The wrong words, if it helps. They become public, also those from behind the wall: only these.",
    )
    it_says_now = forms.CharField(
        required=False, max_length=500, label="It says now", help_text="Only the words in their place: public, too."
    )

    class Meta:
        model = Article
        fields = (
            "headline", "standfirst", "section", "kicker", "slug", "hero", "hero_caption",
            "is_free", "leads_front", "related", "embargo_until", "planned_on", "assigned_to",
        )  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {
            "headline": forms.Textarea(attrs={"rows": 2}),
            "standfirst": forms.Textarea(attrs={"rows": 3}),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "headline": {"max_length": _TOO_LONG},
            "standfirst": {"max_length": _TOO_LONG},
            "hero_caption": {"max_length": _TOO_LONG},
            "slug": {
                "unique": "Another article has this address already; please choose a different one.",
                "invalid": "An address is made of the letters a to z, digits and hyphens; leave it empty to have one "
                "made from the headline.",
            },
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "assigned_to" in self.fields:
            self.fields["assigned_to"].queryset = workflow.colleagues()  # type: ignore[attr-defined]
        if "slug" in self.fields:
            self.fields["slug"].required = False
        if "done" in self.fields:
            self.fields["done"].queryset = Step.objects.open_notes().filter(article=self.instance.pk)  # type: ignore[attr-defined]
        if self.instance.pk:
            self._load()
        if self.typed_before is not None and not self.is_bound:
            for name, field in self.fields.items():
                self.initial[name] = field.widget.value_from_datadict(self.typed_before, {}, name)

    def _load(self) -> None:
        article = self.instance
        self.initial["began_with"] = article.changed_at.isoformat()
        self.initial["text"] = FullText.objects.filter(article=article).values_list("html", flat=True).first() or ""
        self.initial["signed_by"] = [byline.author_id for byline in article.bylines.all()]
        if article.is_scheduled(at=self.now):
            self.initial["publish_at"] = article.published_at

    @property
    def verb(self) -> str:
        """Which button was pressed: one of VERBS, or nothing for "Save"."""
        word = self.data.get("verb", "")
        return word if word in VERBS else ""

    @property
    def goes_public_at(self) -> datetime | None:
        """The moment that the pressed button asks for (UTC); meaningful once the form is valid."""
        return {PUBLISH: self.now, PUBLISH_AT: self.cleaned_data.get("publish_at")}.get(self.verb)

    def clean_began_with(self) -> str:
        """Raises ValidationError, once, where somebody saved the article after this editor had opened it.

        What was typed stays in the form; saving again then means it.
        """
        began_with = self.cleaned_data["began_with"]
        versions = Article.objects.filter(pk=self.instance.pk)
        if connection.in_atomic_block:
            versions = versions.select_for_update()
        present = versions.values_list("changed_at", flat=True).first()
        if not began_with or present is None or present.isoformat() == began_with:
            return began_with
        # The form that is shown again begins with the version that is there now.
        data: Any = self.data
        data = data.copy()
        data["began_with"] = present.isoformat()
        self.data = data
        clock = f"{timezone.localtime(present):%H:%M}"
        self.add_error(
            None,
            f"{self._last_editor()} saved this article at {clock}, while you were writing. "
            "What you typed is still here. Look at the saved version in another window; "
            "if you save again, yours takes its place.",
        )
        return began_with

    def _last_editor(self) -> str:
        entries = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(Article), object_id=str(self.instance.pk)
        )
        last = entries.select_related("user").order_by("-action_time").first()
        return (last.user.name or str(last.user)) if last else "Somebody"

    def clean_headline(self) -> str:
        """In one line, however it was pasted."""
        return " ".join(self.cleaned_data["headline"].split())

    def clean_standfirst(self) -> str:
        """In one line, however it was pasted."""
        return " ".join(self.cleaned_data["standfirst"].split())

    def clean_text(self) -> str:
        """What the buttons of the editor can make, and nothing else; `left_out` says what went."""
        typed = self.cleaned_data["text"]
        cleaned = body.clean(typed)
        self.left_out = dropped.between(typed, cleaned)
        return cleaned

    def clean_translation_of(self) -> Article | None:
        """The original, also where one of its translations was chosen. Raises ValidationError where it cannot be."""
        chosen: Article | None = self.cleaned_data["translation_of"]
        original = chosen and (chosen.translation_of or chosen)
        if original is None:
            return None
        if original.pk == self.instance.pk:
            raise forms.ValidationError("An article is no translation of itself.")
        if self.instance.pk and self.instance.translations.exists():
            raise forms.ValidationError("Others are translations of this article; make it the original of both.")
        return original

    def clean_slug(self) -> str:
        """The address, made from the headline where it is left empty. Raises ValidationError where it is taken."""
        slug = self.cleaned_data["slug"] or self._slug_from_headline()
        former = FormerAddress.objects.filter(slug=slug).exclude(article=self.instance.pk).select_related("article")
        if taken := former.first():
            raise forms.ValidationError(
                f"Old links with this address lead to “{taken.article}”; please choose a different one."
            )
        return slug

    def _slug_from_headline(self) -> str:
        if self.instance.slug:
            return self.instance.slug
        stem = slugify(self.cleaned_data.get("headline", ""))[:110].strip("-") or "article"
        used = {
            *Article.objects.filter(slug__startswith=stem).values_list("slug", flat=True),
            *FormerAddress.objects.filter(slug__startswith=stem).values_list("slug", flat=True),
        }
        return next(slug for slug in _numbered(stem) if slug not in used)

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError for a correction without its note, and a translation in its original's language."""
        cleaned = super().clean() or self.cleaned_data
        if (cleaned.get("it_said") or cleaned.get("it_says_now")) and not cleaned.get("correction"):
            self.add_error("correction", "Say in a sentence what was wrong; the two quotations alone do not.")
        original = cleaned.get("translation_of")
        if original and original.language == cleaned.get("language"):
            words = f"The original is in {original.get_language_display()}, too: choose the language of this one."
            self.add_error("language", words)
        return cleaned

    def clean_holds(self) -> str:
        """Raises ValidationError, once, where somebody else is writing the article; saving again takes over."""
        if words := holding.refuse_once(self):
            self.add_error(None, words)
        return str(self.cleaned_data["holds"])

    def clean_publish_at(self) -> datetime | None:
        """The moment, in the future. Raises ValidationError where it has passed."""
        moment = self.cleaned_data["publish_at"]
        if self.verb != PUBLISH_AT:
            return moment
        if moment is None:
            raise forms.ValidationError("Choose the day and the time first.")
        if moment <= self.now:
            raise forms.ValidationError("This moment has passed. To publish at once, press “Publish now”.")
        return moment

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        goes_out = self.verb in (PUBLISH, PUBLISH_AT, READY)
        stays_out = self.instance.status == Article.Status.PUBLISHED and self.verb != TAKE_BACK
        if goes_out or stays_out:
            self.instance.words = body.count_words(self.cleaned_data.get("text", ""))
            for field, words in self.instance.missing_for_publication().items():
                if field not in self.errors:
                    self.add_error(field if field in self.fields else None, words)
        for name, words in workflow.refusals(self).items():
            self.add_error(name if name in self.fields else None, words)
        if goes_out:
            self._look_at_pictures()

    def _look_at_pictures(self) -> None:
        """Refuse to publish with pictures that lack something, and lead to the field where it is filled in."""
        at = self.goes_public_at or self.now
        for one in self.instance.obstacles_in_pictures(self.cleaned_data.get("text", ""), at=at):
            address = reverse("admin:articles_picture_change", args=[one.picture.pk])
            self.add_error(
                "hero" if one.picture.pk == self.instance.hero_id else "text",
                format_html('{} <a href="{}#id_{}" target="_blank">Mend it</a>', one.words, address, one.field),
            )


def _numbered(stem: str) -> Iterable[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


class PictureForm(forms.ModelForm):
    """An upload with what must be known about it."""

    original = forms.FileField(
        label="File",
        validators=[pictures.validate],
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/avif"}),
        help_text="JPEG, PNG, WebP or AVIF, up to 30 MB and 60 megapixels. "
        "Where and with what it was taken is removed from what readers get.",
    )

    class Meta:
        model = Picture
        fields = ("original", "alt", "caption", "credit", "rights_holder", "usable_until", "focus_x", "focus_y")
        widgets: ClassVar[dict[str, Any]] = {"usable_until": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def _get_validation_exclusions(self) -> set[str]:
        # The field above has looked into the file; the model need not unpack it a second time.
        return super()._get_validation_exclusions() | {"original"}  # type: ignore[misc]


class QuickPictureForm(PictureForm):
    """The same in the dialog beside a text: the point that matters is set later, in the library."""

    class Meta:
        model = Picture
        fields = ("original", "alt", "caption", "credit", "rights_holder", "usable_until")
        widgets = PictureForm.Meta.widgets
