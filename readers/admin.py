"""What was said to readers and by them, to look up, and the newsletters. Readers are met at the subscription desk."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from edge.desk import ButtonMirrorAdmin, LatelySeen, MirrorAdmin

from . import address, devices
from .models import AddressChange, Consent, Letter, Newsletter


@admin.register(Letter)
class LetterAdmin(MirrorAdmin):
    """What we wrote to whom, word for word."""

    list_display = ("to", "subject", "kind", "written_at", "sent_at", "failures")
    list_filter = (("kind", LatelySeen),)
    # As they were written, by the index that is there.
    ordering = ("-pk",)
    search_fields = ("to__startswith",)
    search_help_text = "The e-mail address or its beginning."
    show_full_result_count = False
    fields = ("reader", "to", "subject", "kind", "occasion", "text", "written_at", "sent_at", "failures", "last_error")


@admin.register(AddressChange)
class AddressChangeAdmin(ButtonMirrorAdmin):
    """Who changed their address, and what both mailboxes said to it.

    The button stands for the old mailbox where a reader has lost it; the new one is still proved by its code.
    Administrators only, since it takes the place of a proof.
    """

    button = "Agree for the old mailbox, which is lost"
    list_display = ("old_email", "new_email", "asked_at", "new_agreed_at", "old_agreed_at", "stopped_at", "done_at")
    search_fields = ("old_email__startswith", "new_email__startswith")
    search_help_text = "The old or the new e-mail address, or its beginning."
    show_full_result_count = False
    fields = ("reader", *list_display, "followed_at")

    def may_press(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def is_pressable(self, row: AddressChange) -> bool:
        return row.done_at is None and row.stopped_at is None and row.old_agreed_at is None

    def press(self, row: AddressChange, *, at: datetime) -> tuple[bool, str]:
        if not row.is_open(at=at):
            return False, "It is too late: this change was made, was stopped, or is more than three days old."
        row.agree_as_old(at=at)
        try:
            is_done = address.finish_if_agreed(row, session=devices.session_of(row.asked_in), at=at)
        except address.AddressTaken:
            return False, "Another account has this address by now; nothing was changed."
        if is_done:
            return True, "The address is changed; both mailboxes were told."
        return True, "Agreed for the old mailbox. The change is made when the reader has typed the code."


@admin.register(Consent)
class ConsentAdmin(MirrorAdmin):
    """What readers agreed to, in which words, and until when."""

    list_display = ("reader", "purpose", "given_at", "withdrawn_at")
    list_filter = (("purpose", LatelySeen),)
    ordering = ("-pk",)
    list_select_related = ("reader",)
    search_fields = ("reader__email__startswith",)
    search_help_text = "The e-mail address or its beginning."
    show_full_result_count = False
    fields = ("reader", "purpose", "wording", "language", "given_at", "withdrawn_at")


@admin.register(Newsletter)
class NewsletterAdmin(admin.ModelAdmin):
    """The newsletters readers can choose. One that is no longer wanted is not deleted: it is no longer offered."""

    list_display = ("name", "rhythm", "is_offered", "position")
    prepopulated_fields = {"slug": ("name",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else self.prepopulated_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
