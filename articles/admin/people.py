"""Authors, sections and topics."""

from django.contrib import admin

from articles.models import Author, Section, Topic


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    """Who may stand under a headline."""

    list_display = ("name", "role", "email")
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
