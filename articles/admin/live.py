"""Live coverage: setting one up, and the desk where entries are written while it happens."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from django_prose_editor.fields import ProseEditorFormField
from django_prose_editor.widgets import AdminProseEditorWidget

from articles import body
from articles.editor import BODY_EXTENSIONS
from articles.models import Author, LiveCoverage, LiveEntry, LiveText
from articles.river import NoSuchPlace, stretch_of
from edge.http import Request, now_of

# What a short entry needs; the wall belongs to whole articles.
ENTRY_EXTENSIONS = {name: value for name, value in BODY_EXTENSIONS.items() if name not in ("Wall", "Fullscreen")}
ROWS = 30
# In the session of an editor: under whose name the last entry stood.
LAST_AUTHOR = "live_author"


class EntryForm(forms.ModelForm):
    """An entry as it is written: what happened, and the words."""

    text = ProseEditorFormField(
        extensions=ENTRY_EXTENSIONS, required=False, widget=AdminProseEditorWidget, label="Words"
    )
    is_pinned = forms.BooleanField(required=False, label="pinned", help_text="Stands above the others.")

    class Meta:
        model = LiveEntry
        fields = ("headline", "author", "is_free")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["headline"].widget.attrs |= {"autofocus": True, "autocomplete": "off"}
        if self.instance.pk:
            self.initial["text"] = LiveText.objects.filter(entry=self.instance).values_list("html", flat=True).first()
            self.initial["is_pinned"] = self.instance.pinned_at is not None

    def clean_headline(self) -> str:
        """In one line, however it was pasted."""
        return " ".join(self.cleaned_data["headline"].split())

    def clean_text(self) -> str:
        """What the buttons of the editor can make, and nothing else."""
        return body.clean(self.cleaned_data["text"])

    def keep(self, *, at: Any) -> LiveEntry:
        """Store the entry with its words."""
        entry: LiveEntry = self.instance
        was_pinned = entry.pinned_at is not None
        if self.cleaned_data["is_pinned"] != was_pinned:
            entry.pinned_at = None if was_pinned else at
        entry.write(self.cleaned_data["text"])
        return entry


@admin.register(LiveCoverage)
class LiveCoverageAdmin(admin.ModelAdmin):
    """One event. Its entries are written on a page of their own: the live desk."""

    list_display = ("headline", "section", "state", "published_at", "desk_link")
    list_filter = ("status", "section")
    list_select_related = ("section",)
    search_fields = ("headline", "standfirst", "slug")
    prepopulated_fields: ClassVar[dict[str, Any]] = {"slug": ["headline"]}
    raw_id_fields = ("hero",)
    readonly_fields = ("state", "desk_link")
    fields = ("headline", "standfirst", "section", "slug", "language", "hero", "is_free", "state", "desk_link")
    actions = None
    view_on_site = False

    @admin.display(description="state")
    def state(self, coverage: LiveCoverage) -> str:
        if coverage.status != LiveCoverage.Status.PUBLISHED:
            return "Draft"
        return "Ended" if coverage.ended_at else "Live"

    @admin.display(description="entries")
    def desk_link(self, coverage: LiveCoverage) -> str:
        if not coverage.pk:
            return "Save it first."
        address = reverse("admin:articles_livecoverage_desk", args=[coverage.pk])
        return format_html('<a class="btn btn--quiet" href="{}">Open the live desk</a>', address)

    def has_delete_permission(self, request: HttpRequest, obj: LiveCoverage | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.published_at is None)

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            return path(
                f"<int:coverage_id>/{route}/", self.admin_site.admin_view(view), name=f"articles_livecoverage_{name}"
            )

        return [
            own("desk", self.desk, "desk"),
            own("publish", require_POST(self.publish), "publish"),
            own("end", require_POST(self.end), "end"),
            own("take-back", require_POST(self.take_back), "take_back"),
            own("entries/<int:entry_id>", self.entry, "entry"),
            own("entries/<int:entry_id>/correct", require_POST(self.correct), "correct"),
            own("entries/<int:entry_id>/delete", require_POST(self.delete_entry), "delete_entry"),
            *super().get_urls(),
        ]

    # --- The desk -----------------------------------------------------------------------------------

    def desk(self, request: Request, coverage_id: int) -> HttpResponse:
        """Write the next entry, with those before it below."""
        coverage = self._may_write(request, coverage_id)
        form = EntryForm(request.POST or None, initial={"author": self._author_of(request, coverage)})
        if request.method == "POST" and form.is_valid():
            form.instance.coverage, form.instance.published_at = coverage, now_of(request)
            entry = form.keep(at=now_of(request))
            request.session[LAST_AUTHOR] = entry.author_id
            self._log_entry(request, coverage, f"Wrote “{entry}”.")
            messages.success(request, "It is out." if coverage.is_running(at=now_of(request)) else "Kept.")
            return HttpResponseRedirect(request.path)
        return self._page(request, coverage, form)

    def entry(self, request: Request, coverage_id: int, entry_id: int) -> HttpResponse:
        """Change an entry that is there."""
        coverage = self._may_write(request, coverage_id)
        entry = get_object_or_404(LiveEntry, coverage=coverage, pk=entry_id)
        form = EntryForm(request.POST or None, instance=entry)
        if request.method == "POST" and form.is_valid():
            form.keep(at=now_of(request))
            self._log_entry(request, coverage, f"Changed “{entry}”.")
            messages.success(request, "Changed.")
            return self._back(coverage)
        return self._page(request, coverage, form)

    def correct(self, request: Request, coverage_id: int, entry_id: int) -> HttpResponse:
        """Say in public what was wrong in an entry."""
        coverage = self._may_write(request, coverage_id)
        entry = get_object_or_404(LiveEntry, coverage=coverage, pk=entry_id)
        entry.correct(request.POST.get("correction", "")[:300], at=now_of(request))
        self._log_entry(request, coverage, f"Corrected “{entry}”.")
        return self._back(coverage)

    def delete_entry(self, request: Request, coverage_id: int, entry_id: int) -> HttpResponse:
        """Take an entry away."""
        coverage = self._may_write(request, coverage_id)
        entry = get_object_or_404(LiveEntry, coverage=coverage, pk=entry_id)
        if not request.user.has_perm("articles.delete_liveentry"):
            raise PermissionDenied
        self._log_entry(request, coverage, f"Deleted “{entry}”.")
        entry.delete()
        return self._back(coverage)

    def publish(self, request: Request, coverage_id: int) -> HttpResponse:
        """Let the public see it, or let an ended one go on."""
        coverage = self._may_publish(request, coverage_id)
        coverage.publish(at=now_of(request))
        self._log_entry(request, coverage, "Published.")
        return self._back(coverage)

    def end(self, request: Request, coverage_id: int) -> HttpResponse:
        """Say that nothing more will come."""
        coverage = self._may_publish(request, coverage_id)
        if coverage.published_at:
            coverage.end(at=now_of(request))
            self._log_entry(request, coverage, "Ended.")
        return self._back(coverage)

    def take_back(self, request: Request, coverage_id: int) -> HttpResponse:
        """Make it a draft again."""
        coverage = self._may_publish(request, coverage_id)
        coverage.take_back()
        self._log_entry(request, coverage, "Taken back.")
        return self._back(coverage)

    def _page(self, request: Request, coverage: LiveCoverage, form: EntryForm) -> HttpResponse:
        entries = LiveEntry.objects.filter(coverage=coverage).select_related("author")
        try:
            river = stretch_of(entries, request.GET.get("before", ""), length=ROWS)
        except NoSuchPlace:
            return self._back(coverage)
        media = self.media + form.media
        if hasattr(media, "with_nonce"):
            media = media.with_nonce(str(request.csp_nonce))  # type: ignore[attr-defined]
        context = self.admin_site.each_context(request) | {
            "title": coverage.headline,
            "opts": self.opts,
            "coverage": coverage,
            "entry": form.instance if form.instance.pk else None,
            "form": form,
            "media": media,
            "river": river,
            "state": self.state(coverage),
            "is_running": coverage.is_running(at=now_of(request)),
            "may_publish": request.user.has_perm("articles.publish_article"),
            "may_delete": request.user.has_perm("articles.delete_liveentry"),
        }
        return render(request, "admin/articles/livecoverage/desk.html", context)

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["articles/editor.css"]}
        js: ClassVar[list[Script]] = [Script("articles/live-desk.js", defer=True)]

    # --- Who may what -------------------------------------------------------------------------------

    def _may_write(self, request: Request, coverage_id: int) -> LiveCoverage:
        """The coverage. Raises PermissionDenied, or Http404 where there is none."""
        if not (request.user.has_perm("articles.add_liveentry") and request.user.has_perm("articles.change_liveentry")):
            raise PermissionDenied
        return get_object_or_404(LiveCoverage.objects.select_related("section"), pk=coverage_id)

    def _may_publish(self, request: Request, coverage_id: int) -> LiveCoverage:
        if not request.user.has_perm("articles.publish_article"):
            raise PermissionDenied
        return self._may_write(request, coverage_id)

    def _author_of(self, request: Request, coverage: LiveCoverage) -> int | None:
        """Under whose name the next entry will stand, unless changed: the last one of this editor's."""
        last = request.session.get(LAST_AUTHOR)
        if last and Author.objects.filter(pk=last).exists():
            return int(last)
        return LiveEntry.objects.filter(coverage=coverage).values_list("author", flat=True).first()

    def _log_entry(self, request: Request, coverage: LiveCoverage, words: str) -> None:
        self.log_change(request, coverage, words)

    def _back(self, coverage: LiveCoverage) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:articles_livecoverage_desk", args=[coverage.pk]))
