"""The desk of the standing pages: written in up to four languages, every version kept, any of them brought back."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from django_prose_editor.fields import ProseEditorFormField, create_sanitizer
from django_prose_editor.widgets import AdminProseEditorWidget

from articles.changes import rows
from articles.editor import BODY_EXTENSIONS
from edge import languages
from edge.http import now_of

from . import placeholders
from .models import Page, PageVersion
from .models.page import Words
from .pages import in_print

# What an article's text may hold, without what only an article has: the wall, its pictures, its notes.
NOT_ON_PAGES = frozenset({"Wall", "Picture", "Footnote", "Footnotes"})
EXTENSIONS = {name: options for name, options in BODY_EXTENSIONS.items() if name not in NOT_ON_PAGES}
VERSIONS_SHOWN = 200


@cache
def _sanitiser() -> Callable[[str], str]:
    return create_sanitizer(EXTENSIONS)


class PageForm(forms.ModelForm):
    """A page as its editor sees it; the fields of each language are added below. `now` is the moment of the request."""

    now: ClassVar[datetime]

    is_published = forms.BooleanField(required=False, label="Everybody can read it")
    # The newest version that the editor began with; a later one is not written over unseen.
    began_with = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Page
        fields = ("slug", "footer", "footer_place")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        page = self.instance
        self.fields["is_published"].disabled = page.is_built_in
        self.initial["is_published"] = page.published_at is not None
        if page.pk:
            self.initial["began_with"] = str(_newest_key(page))
            for version in PageVersion.objects.current().filter(page=page):
                for part in ("title", "standfirst", "html"):
                    self.initial[f"{part}_{version.language}"] = getattr(version, part)

    def words_in(self, language: str) -> Words:
        """What was typed in one language; meaningful once the form is valid."""
        return Words(*(self.cleaned_data[f"{part}_{language}"] for part in ("title", "standfirst", "html")))

    def clean(self) -> dict[str, Any]:
        """Clean each text. Raises ValidationError for a placeholder that is none, and for half a translation."""
        cleaned = super().clean() or self.cleaned_data
        for language, _ in languages.CHOICES:
            self._clean_words(cleaned, language)
        return cleaned

    def _clean_words(self, cleaned: dict[str, Any], language: str) -> None:
        for part in ("title", "standfirst"):
            # A space that does not break is meant.
            cleaned[f"{part}_{language}"] = re.sub(r"[ \t\r\n]+", " ", cleaned.get(f"{part}_{language}", "")).strip()
        typed = placeholders.decoded(cleaned.get(f"html_{language}", ""))
        cleaned[f"html_{language}"] = _sanitiser()(typed).strip()
        words = {part: cleaned[f"{part}_{language}"] for part in ("title", "standfirst", "html")}
        for part, text in words.items():
            for problem in placeholders.problems_in(text):
                self.add_error(f"{part}_{language}", problem)
        if any(words.values()) or language == "en":
            for part in ("title", "html"):
                if not words[part] and f"{part}_{language}" not in self.errors:
                    self.add_error(f"{part}_{language}", "Both the title and the text are needed.")

    def clean_began_with(self) -> str:
        """Raises ValidationError, once, where somebody saved the page after this editor had opened it."""
        began_with: str = self.cleaned_data["began_with"]
        if not (self.instance.pk and began_with):
            return began_with
        newest = PageVersion.objects.filter(page=self.instance).select_related("saved_by").first()
        if newest is None or str(newest.pk) == began_with:
            return began_with
        data: Any = self.data
        self.data = data = data.copy()
        data["began_with"] = str(newest.pk)
        who = getattr(newest.saved_by, "name", "") or "Somebody"
        self.add_error(
            None, f"{who} saved this page while you were writing. What you typed is still here; save again to mean it."
        )
        return began_with


def _newest_key(page: Page) -> int:
    return page.versions.values_list("pk", flat=True).first() or 0


def _language_fields(code: str, name: str) -> dict[str, forms.Field]:
    needed = code == "en"
    return {
        f"title_{code}": forms.CharField(max_length=120, required=needed, label="Title"),
        f"standfirst_{code}": forms.CharField(
            max_length=300, required=False, label="Standfirst", widget=forms.Textarea(attrs={"rows": 2})
        ),
        f"html_{code}": ProseEditorFormField(
            extensions=EXTENSIONS, required=needed, widget=AdminProseEditorWidget, label="Text"
        ),
        f"note_{code}": forms.CharField(
            max_length=300, required=False, label="What changed", help_text="For colleagues and for later: why."
        ),
    }


for _code, _name in languages.CHOICES:
    PageForm.base_fields.update(_language_fields(_code, _name))
    PageForm.declared_fields.update(_language_fields(_code, _name))


def _fieldset(code: str, name: str) -> tuple[str, dict[str, Any]]:
    about = {"fields": [f"title_{code}", f"standfirst_{code}", f"html_{code}", f"note_{code}"]}
    if code == "en":
        return name, about | {"description": "Shown in every language that has no text of its own."}
    return name, about | {"classes": ["collapse"], "description": "Empty: this language shows the English text."}


@admin.register(Page)
class PageAdmin(admin.ModelAdmin):
    """Who we are, and the small print. Saving makes a new version, which everybody reads at once."""

    form = PageForm
    list_display = ("title", "address", "spoken", "changed", "footer", "state")
    search_fields = ("slug", "versions__title")
    search_help_text = "Title or address."
    actions = None
    view_on_site = False
    change_form_template = "admin/newsroom/page/change_form.html"
    readonly_fields = ("known_placeholders",)
    fieldsets: ClassVar[Any] = (
        *(_fieldset(code, name) for code, name in languages.CHOICES),
        ("What the site fills in", {"fields": ["known_placeholders"]}),
        ("Where it stands", {"fields": ["slug", "is_published", "footer", "footer_place", "began_with"]}),
    )

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["articles/editor.css"]}
        js: ClassVar[list[Script]] = [Script("articles/desk.js", defer=True)]

    # --- The list -------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("versions__saved_by")

    @admin.display(description="page")
    def title(self, page: Page) -> str:
        return next((one.title for one in page.versions.all() if one.language == "en"), page.slug)

    @admin.display(description="address", ordering="slug")
    def address(self, page: Page) -> str:
        return page.get_absolute_url()

    @admin.display(description="languages")
    def spoken(self, page: Page) -> str:
        """In which it can be read; one that is older than the English text says so."""
        newest: dict[str, PageVersion] = {}
        for version in page.versions.all():
            newest.setdefault(version.language, version)
        english = newest.get("en")
        told = (
            f"{code} (older than the English)" if english and newest[code].saved_at < english.saved_at else code
            for code, _ in languages.CHOICES
            if code in newest and newest[code].html
        )
        return ", ".join(told)

    @admin.display(description="last changed")
    def changed(self, page: Page) -> str:
        newest = next(iter(page.versions.all()), None)
        by = getattr(newest, "saved_by", None)
        return format_html("{} {}", f"{newest.saved_at:%Y-%m-%d}", by or "") if newest else ""

    @admin.display(description="published", boolean=True)
    def state(self, page: Page) -> bool:
        return page.published_at is not None

    # --- Writing ----------------------------------------------------------------------------------------

    def has_delete_permission(self, request: HttpRequest, obj: Page | None = None) -> bool:
        """Unpublish it instead: what it said stays known."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Page | None = None) -> tuple[str, ...]:
        # Links lead to the address from the first day on.
        return ("known_placeholders", "slug") if obj else ("known_placeholders",)

    @admin.display(description="placeholders")
    def known_placeholders(self, page: Page | None = None) -> SafeString:
        rows = (
            (f"{{{{ {one.name} }}}}", one.about, one.value() or "nothing yet") for one in placeholders.KNOWN.values()
        )
        cells = format_html_join("", "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>", rows)
        return format_html(
            "<details><summary>Type one of these where the site knows the words. A paragraph that needs something "
            "which the site does not have is left out.</summary><table>{}</table></details>",
            cells,
        )

    def get_form(self, request: HttpRequest, obj: Page | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.now = now_of(request)  # type: ignore[attr-defined]
        return form

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if hasattr(context["media"], "with_nonce"):
            context["media"] = context["media"].with_nonce(str(request.csp_nonce))  # type: ignore[attr-defined]
        context["spoken"] = languages.CHOICES
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Page, form: Any, change: bool) -> None:
        """Keep the page, and a version in each language in which something else was typed."""
        now, typed = now_of(request), form.cleaned_data
        if not obj.is_built_in:
            obj.published_at = (obj.published_at or now) if typed["is_published"] else None
        obj.save()
        for code, _ in languages.CHOICES:
            obj.write(code, form.words_in(code), by=request.user, at=now, note=typed[f"note_{code}"])

    # --- Preview, versions --------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("add/preview/", wrap(require_POST(self.preview)), name="newsroom_page_preview_new"),
            path("<int:pk>/preview/", wrap(require_POST(self.preview)), name="newsroom_page_preview"),
            path("<int:pk>/versions/", wrap(self.versions), name="newsroom_page_versions"),
            path("<int:pk>/versions/<int:key>/", wrap(self.version), name="newsroom_page_version"),
            path(
                "<int:pk>/versions/<int:key>/restore/", wrap(require_POST(self.restore)), name="newsroom_page_restore"
            ),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """The page as typed, saved nowhere. Raises PermissionDenied or Http404."""
        page = get_object_or_404(Page, pk=pk) if pk else None
        if not (self.has_change_permission(request, page) if page else self.has_add_permission(request)):
            raise PermissionDenied
        form = self.get_form(request, page, change=page is not None)(request.POST, instance=page)
        if not form.is_valid():
            missing = [(name.replace("_", " "), words) for name, list_ in form.errors.items() for words in list_]
            return _hidden(render(request, "articles/preview_refused.html", {"missing": missing}, status=422))
        language = request.GET.get("language", "en")
        words = form.words_in(language) if language in dict(languages.CHOICES) else None
        if not words:
            language, words = "en", form.words_in("en")
        said = {"title": words.title, "standfirst": words.standfirst, "html": words.html}
        return _shown(request, PageVersion(page=form.instance, language=language, saved_at=now_of(request), **said))

    def versions(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who changed what, and when. Raises PermissionDenied or Http404."""
        page = self._seen(request, pk)
        found = page.versions.select_related("saved_by")[:VERSIONS_SHOWN]
        return self._page(request, page, "versions", {"title": "Versions", "versions": found})

    def version(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        """One version beside the one before it; `?shown`: as readers saw it. Raises PermissionDenied or Http404."""
        page = self._seen(request, pk)
        version = get_object_or_404(PageVersion.objects.select_related("saved_by"), page=page, pk=key)
        if "shown" in request.GET:
            return _shown(request, version)
        others = page.versions.filter(language=version.language)
        before = others.filter(pk__lt=version.pk).first()
        context = {
            "title": "A version",
            "version": version,
            "before": before,
            "is_current": not others.filter(pk__gt=version.pk).exists(),
            "rows": rows(_all_of(before or version), _all_of(version)),
            "may_restore": self.has_change_permission(request, page),
        }
        return self._page(request, page, "version", context)

    def restore(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        """Say again what it said then, as a new version. Raises PermissionDenied or Http404."""
        page = get_object_or_404(Page, pk=pk)
        if not self.has_change_permission(request, page):
            raise PermissionDenied
        old = get_object_or_404(PageVersion, page=page, pk=key)
        note = f"As it was on {old.saved_at:%Y-%m-%d %H:%M} UTC."
        if page.write(old.language, old.words, by=request.user, at=now_of(request), note=note):
            self.log_change(request, page, f"Brought back in {old.get_language_display()}: {note}")
            messages.success(request, "It says again what it said then. What it said until now is kept, too.")
        else:
            messages.info(request, "It says so already.")
        return HttpResponseRedirect(reverse("admin:newsroom_page_versions", args=[pk]))

    def _seen(self, request: HttpRequest, pk: int) -> Page:
        page = Page.objects.filter(pk=pk).first()
        if not self.has_view_permission(request, page):
            raise PermissionDenied
        if page is None:
            raise Http404
        return page

    def _page(self, request: HttpRequest, page: Page, name: str, context: dict[str, Any]) -> HttpResponse:
        everything = self.admin_site.each_context(request) | {"original": page, "opts": self.opts} | context
        return render(request, f"admin/newsroom/page/{name}.html", everything)


def _all_of(version: PageVersion) -> str:
    """Title and standfirst as two blocks before the text, to compare."""
    return format_html("<p>{}</p><p>{}</p>", version.title, version.standfirst) + version.html


def _shown(request: HttpRequest, version: PageVersion) -> HttpResponse:
    with translation.override(languages.code_of(version.language)):
        return _hidden(render(request, "pages/preview.html", in_print(version)))


def _hidden(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
