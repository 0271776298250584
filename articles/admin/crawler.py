"""Which machines may read the teasers."""

from django.contrib import admin

from articles.models import Crawler


@admin.register(Crawler)
class CrawlerAdmin(admin.ModelAdmin):
    """One switch for each crawler; robots.txt follows at once."""

    list_display = ("name", "operator", "purpose", "may_read")
    list_editable = ("may_read",)
    list_filter = ("purpose", "may_read")
    search_fields = ("name", "operator")
    actions = None
