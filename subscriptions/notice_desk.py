"""The desk's lists of notices, of charges put off, and of price changes under way."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from edge.desk import MirrorAdmin
from readers.models import User

from .models import Notice, PriceChange, PutOff, Repricing

NOTICES_SHOWN = 20


@admin.register(Notice)
class NoticeAdmin(MirrorAdmin):
    """What every reader was told before it happened, and when the mail server took it."""

    list_display = ("reader", "kind", "about_at", "due_at", "sent_at", "outcome")
    list_filter = ("kind", "result")
    list_select_related = ("subscription__reader",)
    search_fields = ("subscription__reader__email__startswith", "subscription__stripe_id__exact")
    search_help_text = "The reader's e-mail address or its beginning; a number of Stripe."
    # As they were written: each is written on the day it is due.
    ordering = ("-pk",)

    @admin.display(description="reader", ordering="subscription__reader__email")
    def reader(self, notice: Notice) -> str:
        return notice.subscription.reader.email

    @admin.display(description="what came of it", ordering="result")
    def outcome(self, notice: Notice) -> str:
        return notice.get_result_display() or "On its way"


def notices_of(reader: User) -> QuerySet[Notice]:
    """What a reader was told and is being told, newest first, for the reader's own page."""
    return Notice.objects.filter(subscription__reader=reader)[:NOTICES_SHOWN]


class Waiting(admin.SimpleListFilter):
    """Which of them still wait."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Wait"), ("person", "Need a person"), ("stripe", "Not confirmed by Stripe")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PutOff]) -> QuerySet[PutOff]:
        long_ago = request.now - timedelta(days=settings.PUT_OFF_DECISION_DAYS)  # type: ignore[attr-defined]
        found = PutOff.objects
        match self.value():
            case "waiting":
                return queryset & found.waiting()
            case "person":
                return queryset & found.to_decide(due_before=long_ago)
            case "stripe":
                return queryset & found.to_do()
        return queryset


@admin.register(PutOff)
class PutOffAdmin(MirrorAdmin):
    """Charges that wait since their notice could not be sent. Each time it is put off is a line."""

    list_display = ("reader", "was_due_at", "moved_to", "first_due_at", "decided_at", "done_at", "result")
    list_filter = (Waiting,)
    list_select_related = ("subscription__reader",)
    search_fields = ("subscription__reader__email__startswith", "subscription__stripe_id__exact")
    search_help_text = "The reader's e-mail address or its beginning; a number of Stripe."
    show_full_result_count = False

    @admin.display(description="reader", ordering="subscription__reader__email")
    def reader(self, put_off: PutOff) -> str:
        return put_off.subscription.reader.email


@admin.register(PriceChange)
class PriceChangeAdmin(MirrorAdmin):
    """How far a price change has got. It is announced with `manage.py announce_price_change`."""

    list_display = ("plan", "from_at", "announced_at", "concerned", "told", "changed", "left", "is_complete")
    list_select_related = ("plan",)
    fields = ("plan", "from_at", "announced_at", "concerned", "told", "changed", "left", "is_complete", "everybody")
    readonly_fields = ("concerned", "told", "changed", "left", "everybody")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceChange]:
        told = Q(
            repricings__subscription__notices__kind=Notice.Kind.PRICE_CHANGE,
            repricings__subscription__notices__result=Notice.Result.SENT,
        )
        return (
            super()
            .get_queryset(request)
            .annotate(
                concerned_count=Count("repricings", distinct=True),
                told_count=Count("repricings", filter=told, distinct=True),
                changed_count=Count("repricings", filter=Q(repricings__changed_at__isnull=False), distinct=True),
                left_count=Count("repricings", filter=Q(repricings__left_at__isnull=False), distinct=True),
            )
        )

    @admin.display(description="subscriptions")
    def concerned(self, change: Any) -> int:
        return change.concerned_count

    @admin.display(description="told")
    def told(self, change: Any) -> int:
        return change.told_count

    @admin.display(description="changed at Stripe")
    def changed(self, change: Any) -> int:
        return change.changed_count

    @admin.display(description="ended or switched")
    def left(self, change: Any) -> int:
        return change.left_count

    @admin.display(description="one by one")
    def everybody(self, change: PriceChange) -> SafeString:
        return format_html('<a href="../../../repricing/?change__id__exact={}">Every subscription</a>', change.pk)


@admin.register(Repricing)
class RepricingAdmin(MirrorAdmin):
    """What a price change means for each subscription."""

    list_display = ("reader", "change", "old_plan", "first_charge_at", "changed_at", "left_at")
    list_filter = ("change",)
    list_select_related = ("subscription__reader", "change__plan", "old_plan")
    search_fields = ("subscription__reader__email__startswith", "subscription__stripe_id__exact")
    show_full_result_count = False

    @admin.display(description="reader", ordering="subscription__reader__email")
    def reader(self, repricing: Repricing) -> str:
        return repricing.subscription.reader.email
