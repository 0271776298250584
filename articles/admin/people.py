"""Authors, sections and topics."""

from django import forms
from django.contrib import admin

from articles.models import Author, Section, Topic


class AuthorForm(forms.ModelForm):
    """An author; a fingerprint may be pasted as programs print it."""

    pgp_fingerprint = forms.CharField(
        required=False,
        max_length=60,
        label="PGP fingerprint",
        help_text="40 digits and letters, with or without spaces.",
    )

    def clean_pgp_fingerprint(self) -> str:
        """Without its spaces."""
        return "".join(self.cleaned_data["pgp_fingerprint"].split()).upper()


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    """Who may stand under a headline, and what readers should know of them."""

    form = AuthorForm
    list_display = ("name", "role", "email", "is_guest")
    list_filter = ("is_guest",)
    raw_id_fields = ("picture",)
    fieldsets = (
        (None, {"fields": ["name", "slug", "role", "is_guest", "bio", "picture"]}),
        ("How to reach them", {"fields": ["email", "signal", "pgp_fingerprint", "pgp_key"]}),
        ("What readers should know", {"fields": ["languages", "interests"]}),
    )
    search_fields = ("name", "role")
    search_help_text = "Name or role."
    prepopulated_fields = {"slug": ("name",)}
    actions = None


@admin.register(Section)
class SectionAdmin(admin.ModelAdmin):
    """The desks of the paper, in the order of the masthead."""

    list_display = ("name", "slug", "position", "is_opinion", "remit")
    list_editable = ("position",)
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    actions = None


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    """What articles are about, across the sections."""

    list_display = ("name", "slug", "about")
    search_fields = ("name",)
    search_help_text = "Name."
    prepopulated_fields = {"slug": ("name",)}
    actions = None
