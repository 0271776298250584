"""The letters we have sent, to look up. Readers are met at the subscription desk (subscriptions/admin.py)."""

from django.contrib import admin

from edge.desk import MirrorAdmin

from .models import Letter


@admin.register(Letter)
class LetterAdmin(MirrorAdmin):
    """What we wrote to whom, word for word."""

    list_display = ("to", "subject", "kind", "written_at", "sent_at", "failures")
    list_filter = ("kind",)
    search_fields = ("to__startswith",)
    search_help_text = "The e-mail address or its beginning."
    show_full_result_count = False
    fields = ("reader", "to", "subject", "kind", "occasion", "text", "written_at", "sent_at", "failures", "last_error")
