"""The desk of the terms: drafts are written and published here; what is published can be read, copied and no more."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from django_prose_editor.fields import ProseEditorFormField, create_sanitizer
from django_prose_editor.widgets import AdminProseEditorWidget

from edge import languages
from edge.desk import MOMENT_HELP, MomentInput

from .models import TermsText, TermsVersion

# What a lawyer needs to write terms. A quotation is shown as a box, for a clause that must stand out (law.md L3).
EXTENSIONS: dict[str, Any] = {
    "Bold": True,
    "Italic": True,
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "HardBreak": True,
    "Heading": {"levels": [2, 3]},
    "Blockquote": True,
    "Link": {"enableTarget": False, "protocols": ["https", "http", "mailto"]},
}
# Readers are told of a new version so long before (docs/billing.md); a copy proposes that day.
NOTICE = timedelta(days=30)


@cache
def _sanitiser() -> Callable[[str], str]:
    return create_sanitizer(EXTENSIONS)


class TermsTextForm(forms.ModelForm):
    """The words in one language. Whatever else is pasted is dropped."""

    html = ProseEditorFormField(
        extensions=EXTENSIONS,
        widget=AdminProseEditorWidget,
        label="Text",
        help_text="A quotation becomes a box: put the renewal clause into one.",
    )

    class Meta:
        model = TermsText
        fields = ("language", "html", "what_changed")
        widgets: ClassVar[dict[str, Any]] = {"what_changed": forms.Textarea(attrs={"rows": 2})}

    def clean_html(self) -> str:
        """What the buttons of the editor can write, and nothing else."""
        return _sanitiser()(self.cleaned_data["html"]).strip()


class TermsTextInline(admin.StackedInline):
    """One block for each language."""

    model = TermsText
    form = TermsTextForm
    max_num = len(languages.CHOICES)

    def get_extra(self, request: HttpRequest, obj: TermsVersion | None = None, **kwargs: Any) -> int:
        return self.max_num - (obj.texts.count() if obj else 0)

    def has_add_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return super().has_add_permission(request, obj) and not (obj and obj.is_published)

    def has_change_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_published)

    def has_delete_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_published)


class TermsVersionForm(forms.ModelForm):
    """How a version is called and from when it holds."""

    effective_from = forms.DateTimeField(widget=MomentInput, label="In force from", help_text=MOMENT_HELP)

    class Meta:
        model = TermsVersion
        fields = ("name", "effective_from")


@admin.register(TermsVersion)
class TermsVersionAdmin(admin.ModelAdmin):
    """Versions of the terms. A published one is never altered: make a new one from a copy of it."""

    form = TermsVersionForm
    inlines = (TermsTextInline,)
    fields = ("name", "effective_from")
    list_display = ("name", "effective_from", "published_at", "languages")
    change_form_template = "admin/subscriptions/termsversion/change_form.html"
    actions = None

    @admin.display(description="Languages")
    def languages(self, version: TermsVersion) -> str:
        """In which it can be read."""
        return ", ".join(text.language for text in version.texts.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("texts")

    def has_change_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_published)

    def has_delete_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_published)

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        """The empty blocks know which language is still missing."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        written = {text.language for text in obj.texts.all()} if obj.pk else set()
        kwargs["initial"] = [{"language": code} for code, _ in languages.CHOICES if code not in written]
        return kwargs

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        version = kwargs.get("obj")
        context["may_publish"] = version is not None and self.has_change_permission(request, version)
        context["may_copy"] = version is not None and self.has_add_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Two buttons ---------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/publish/", wrap(require_POST(self.publish)), name="subscriptions_termsversion_publish"),
            path("<int:pk>/copy/", wrap(require_POST(self.copy)), name="subscriptions_termsversion_copy"),
            *super().get_urls(),
        ]

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a draft to everybody, for good. Raises PermissionDenied, or Http404 where there is none."""
        version = get_object_or_404(TermsVersion, pk=pk)
        if not self.has_change_permission(request, version):
            raise PermissionDenied
        now = request.now  # type: ignore[attr-defined]
        if why_not := _why_not(version, now):
            messages.error(request, why_not)
        else:
            version.publish(at=now)
            self.log_change(request, version, "Published.")
            messages.success(request, f"Version {version} is published and stays as it is.")
        return HttpResponseRedirect(reverse("admin:subscriptions_termsversion_change", args=[pk]))

    def copy(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A draft with the same words, to begin the next version from. Raises PermissionDenied or Http404."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        version = get_object_or_404(TermsVersion, pk=pk)
        draft = _draft_of(version, at=request.now)  # type: ignore[attr-defined]
        self.log_addition(request, draft, f"Copied from version {version}.")
        messages.success(request, f"This is a copy of version {version}. Give it its name and its day.")
        return HttpResponseRedirect(reverse("admin:subscriptions_termsversion_change", args=[draft.pk]))


def _why_not(version: TermsVersion, now: Any) -> str:
    if not version.texts.filter(language="en").exists():
        return "It has no English text yet."
    if version.effective_from < now:
        return "It would be in force in the past, for contracts that were concluded under other terms."
    return ""


def _draft_of(version: TermsVersion, *, at: Any) -> TermsVersion:
    names = set(TermsVersion.objects.values_list("name", flat=True))
    name = next(name for name in (f"{version.name[:15]}-{count}" for count in range(2, 10_000)) if name not in names)
    draft = TermsVersion.objects.create(name=name, effective_from=max(at, version.effective_from) + NOTICE)
    TermsText.objects.bulk_create(
        [TermsText(version=draft, language=text.language, html=text.html) for text in version.texts.all()]
    )
    return draft
