"""Authors, sections and topics."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from articles.models import Author, LiveCoverage, Section, Topic
from readers.models import User

from . import own


class AuthorForm(forms.ModelForm):
    """An author; a fingerprint may be pasted as programs print it."""

    account_address = forms.EmailField(
        required=False,
        label="Account",
        help_text="The address with which this author logs in to write, where they are on the staff.",
    )
    pgp_fingerprint = forms.CharField(
        required=False,
        max_length=60,
        label="PGP fingerprint",
        help_text="40 digits and letters, with or without spaces.",
    )

    def clean_pgp_fingerprint(self) -> str:
        """Without its spaces."""
        return "".join(self.cleaned_data["pgp_fingerprint"].split()).upper()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.account:
            self.initial["account_address"] = self.instance.account.email

    def clean_account_address(self) -> str:
        """Raises ValidationError where nobody on the staff has it, or somebody writes under another name."""
        address = self.cleaned_data["account_address"]
        found = User.objects.filter(email__iexact=address, is_staff=True).first() if address else None
        if address and found is None:
            raise forms.ValidationError("Nobody on the staff has this address. An administrator can add them.")
        other = Author.objects.filter(account=found).exclude(pk=self.instance.pk).first() if found else None
        if other:
            raise forms.ValidationError(f"This account writes as {other} already.")
        self.instance.account = found
        return address


class OwnPageForm(AuthorForm):
    """What authors say of themselves."""

    account_address = None  # type: ignore[assignment]


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    """Who may stand under a headline, and what readers should know of them."""

    form = AuthorForm
    list_display = ("name", "role", "email", "is_guest")
    list_filter = ("is_guest",)
    raw_id_fields = ("picture",)
    fieldsets = (
        (None, {"fields": ["name", "slug", "role", "is_guest", "account_address", "bio", "picture"]}),
        ("How to reach them", {"fields": ["email", "signal", "pgp_fingerprint", "pgp_key"]}),
        ("What readers should know", {"fields": ["languages", "interests"]}),
    )
    search_fields = ("name", "role")
    search_help_text = "Name or role."
    actions = None
    # What an author does not decide about their own page.
    decided_by_editors = ("name", "slug", "role", "is_guest")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Author]:
        authors = super().get_queryset(request)
        return authors if own.edits_others(request.user) else authors.filter(account=request.user.pk)

    def has_change_permission(self, request: HttpRequest, obj: Author | None = None) -> bool:
        is_theirs = obj is None or own.edits_others(request.user) or obj.account_id == request.user.pk
        return is_theirs and super().has_change_permission(request, obj)

    def get_form(self, request: HttpRequest, obj: Author | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = AuthorForm if own.edits_others(request.user) else OwnPageForm
        return super().get_form(request, obj, change=change, **{"form": form} | kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Author | None = None) -> Any:
        return () if own.edits_others(request.user) else self.decided_by_editors

    def get_fieldsets(self, request: HttpRequest, obj: Author | None = None) -> Any:
        (_, first), *rest = self.fieldsets
        shown = [name for name in first["fields"] if name != "account_address" or own.edits_others(request.user)]
        return ((None, {"fields": shown}), *rest)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Author | None = None) -> dict[str, Any]:
        return {"slug": ("name",)} if own.edits_others(request.user) and obj is None else {}


@admin.register(Section)
class SectionAdmin(admin.ModelAdmin):
    """The desks of the paper, in the order of the masthead."""

    list_display = ("name", "slug", "position", "is_opinion", "remit")
    list_editable = ("position",)
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    actions = None

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """A section with something in it is refused at once, with the way to empty it."""
        section = self.get_object(request, object_id)
        if section and self.has_delete_permission(request, section) and (held := held_by(section)):
            messages.error(request, held)
            return HttpResponseRedirect(reverse("admin:articles_section_change", args=[section.pk]))
        return super().delete_view(request, object_id, extra_context)


def held_by(section: Section) -> SafeString | str:
    """Why a section cannot be deleted, with the way to what is in it; empty where nothing is."""
    shown = f"{reverse('admin:articles_article_changelist')}?section__id__exact={section.pk}"
    if section.articles.exists():
        words = '“{}” has articles in it and is not deleted. <a href="{}">Move them to another section</a> first.'
        return format_html(words, section, shown)
    if LiveCoverage.objects.filter(section=section).exists():
        return f"“{section}” has live coverage in it and is not deleted. Move that to another section first."
    return ""


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    """What articles are about, across the sections."""

    list_display = ("name", "slug", "about")
    search_fields = ("name",)
    search_help_text = "Name."
    prepopulated_fields = {"slug": ("name",)}
    actions = None
