"""The subscription desk: find a reader, say why they can or cannot read, give access and end it."""

from datetime import datetime
from email.utils import parseaddr
from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from edge.desk import ButtonMirrorAdmin, LatelySeen, MirrorAdmin, UpToAPoint
from edge.http import now_of
from readers import devices
from readers.models import User

from . import (  # a desk of its own registers itself
    closing_desk,
    contract_desk,  # noqa: F401
    grant_desk,  # noqa: F401
    notice_desk,
    purchase_desk,  # noqa: F401
    receipts,
    refund_desk,
    terms_desk,  # noqa: F401
    trial,
)
from .answer import answer_for, moment
from .models import (
    CheckoutAttempt,
    Customer,
    Finding,
    Plan,
    Reconciliation,
    StripeEvent,
    Subscription,
    TrialUse,
)

LETTERS_SHOWN = 30
ERROR_LENGTH = 120


class ReaderForm(forms.ModelForm):
    """A person, by e-mail address."""

    def clean_email(self) -> str:
        """In lower case, as mailboxes are."""
        return self.cleaned_data["email"].strip().lower()


class ManyDevices(admin.SimpleListFilter):
    """Accounts that more people seem to use than one. Nothing happens to them by itself: somebody asks."""

    title = "browsers in use"
    parameter_name = "browsers"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("many", f"more than {settings.DEVICES_AT_ONCE} in a day")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        many = devices.many_at_once(at=now_of(request)).values("pk")
        return queryset.filter(pk__in=many) if self.value() == "many" else queryset


@admin.register(User)
class ReaderAdmin(admin.ModelAdmin):
    """A reader's page answers one question: may they read, and why. Rights are the administrators' alone."""

    form = ReaderForm
    list_display = ("email", "name", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active", "groups", ManyDevices)
    list_per_page = 50
    search_fields = ("email",)
    search_help_text = "The e-mail address or its beginning; also a customer or subscription number of Stripe."
    show_full_result_count = False
    ordering = ("-pk",)
    paginator = UpToAPoint
    actions = None
    filter_horizontal = ("groups",)
    account = ("email", "name")
    dates = ("date_joined", "last_login")
    rights = ("is_active", "is_staff", "is_superuser", "groups")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """By the whole address or its beginning, however it is capitalised, and even with the name around it."""
        term = search_term.strip()[:300]
        if term.startswith("cus_"):
            return queryset.filter(customers__stripe_id=term), False
        if term.startswith("sub_"):
            return queryset.filter(subscriptions__stripe_id=term), False
        address = parseaddr(term)[1] if "<" in term else term
        return queryset.filter(email__startswith=address.lower()), False

    # --- Who may what -------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": [*self.account, *self.rights]})]
        fieldsets = [("Account", {"fields": [*self.account, *self.dates]})]
        if request.user.is_superuser:
            fieldsets.append(("Rights", {"fields": list(self.rights)}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        mine = () if request.user.is_superuser else self.rights
        return ("email", *self.dates, *mine)

    # --- The page -----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        return [*refund_desk.urls_of(self), *closing_desk.urls_of(self), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if reader := kwargs.get("obj"):
            context |= self._what_they_have(request, reader) | refund_desk.context_of(reader, request)
        return super().render_change_form(request, context, *args, **kwargs)

    def _what_they_have(self, request: HttpRequest, reader: User) -> dict[str, Any]:
        now = now_of(request)
        may = request.user.has_perm
        grants = reader.grants.select_related("granted_by", "ended_by")
        return {
            "answer": answer_for(reader, at=now),
            "subscriptions": reader.subscriptions.select_related("plan"),
            "grants": [(grant, grant.is_in_force(at=now)) for grant in grants],
            "notices": notice_desk.notices_of(reader),
            "letters": reader.letters.defer("html", "text")[:LETTERS_SHOWN],
            "customer": Customer.objects.of(reader),
            "trial_use": trial.use_of(reader.email),
            "may_give": may("subscriptions.add_grant"),
            "may_end": may("subscriptions.change_grant"),
            "may_close": closing_desk.may_close(request, reader),  # type: ignore[arg-type]
            "may_allow_trial": may("subscriptions.delete_trialuse"),
            "browsers": devices.in_use(reader, at=now),
            "most_browsers": settings.DEVICES_AT_ONCE,
            "now": now,
        }

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Whose rights are other ones comes in anew, with all that the new rights ask for."""
        super().save_related(request, form, formsets, change)
        if change and set(form.changed_data) & set(self.rights):
            is_me = form.instance.pk == request.user.pk
            devices.end_all(form.instance, but=request.session if is_me else None)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change:
            # They prove the address by the code of their first sign-in.
            EmailAddress.objects.create(user=obj, email=obj.email, primary=True, verified=False)


class PlanForm(forms.ModelForm):
    """A plan; one for each period is on sale."""

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError where another plan of this period is on sale."""
        values = super().clean() or {}
        interval = values.get("interval", self.instance.interval)
        rivals = Plan.objects.on_sale().filter(interval=interval).exclude(pk=self.instance.pk)
        if values.get("is_on_sale") and (rival := rivals.first()):
            raise forms.ValidationError({"is_on_sale": f"Take “{rival}” off sale first: one for each period."})
        return values


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):
    """What is sold. A price that somebody has bought, or that Stripe knows, never changes: make a new plan."""

    form = PlanForm
    list_display = ("__str__", "trial_days", "is_on_sale", "lookup_key", "stripe_price_id")
    fields = ("interval", "price_cents", "currency", "trial_days", "is_on_sale", "lookup_key", "stripe_price_id")
    agreed = ("interval", "price_cents", "currency", "lookup_key")
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> tuple[str, ...]:
        return ("stripe_price_id", *(self.agreed if obj and _is_sold(obj) else ()))

    def has_delete_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and _is_sold(obj))


def _is_sold(plan: Plan) -> bool:
    offered = CheckoutAttempt.objects.filter(plan=plan)
    return bool(plan.stripe_price_id) or plan.subscriptions.exists() or offered.exists()


@admin.register(Subscription)
class SubscriptionAdmin(MirrorAdmin):
    """What Stripe says. It is changed by the reader, or at Stripe, and never here."""

    list_display = ("reader", "plan", "status", "period_ends_at", "ends_at", "unpaid_since", "recorded_at")
    list_filter = (("status", LatelySeen), "plan")
    ordering = ("-pk",)
    list_select_related = ("reader", "plan")
    search_fields = ("reader__email__startswith", "stripe_id__exact")
    show_full_result_count = False


@admin.register(Customer)
class CustomerAdmin(MirrorAdmin):
    """Readers as Stripe knows them."""

    list_display = ("reader", "stripe_id", "created_at", "deleted_at")
    list_select_related = ("reader",)
    search_fields = ("reader__email__startswith", "stripe_id__exact")
    show_full_result_count = False


@admin.register(CheckoutAttempt)
class CheckoutAttemptAdmin(MirrorAdmin):
    """What readers were shown when they pressed the order button, word for word."""

    list_display = ("reader", "plan", "started_at", "completed_at")
    list_select_related = ("reader", "plan")
    search_fields = ("reader__email__startswith", "stripe_session_id__exact")
    show_full_result_count = False


@admin.register(TrialUse)
class TrialUseAdmin(MirrorAdmin):
    """Mailboxes that have had their free trial. Delete one to allow its reader another."""

    list_display = ("mailbox", "reader", "used_at")
    list_select_related = ("reader",)
    search_fields = ("mailbox__startswith",)
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


class OutcomeFilter(admin.SimpleListFilter):
    """What came of a receipt."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("person", "Needs a person"),
            ("waiting", "Waiting"),
            ("stranger", "No reader of ours"),
            ("handled", "Handled"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> QuerySet[StripeEvent]:
        found = StripeEvent.objects
        chosen = {
            "person": found.given_up,
            "waiting": found.waiting,
            "stranger": found.without_reader,
            "handled": found.handled,
        }.get(self.value() or "")
        return queryset & chosen() if chosen else queryset


@admin.register(StripeEvent)
class StripeEventAdmin(ButtonMirrorAdmin):
    """The receipts of what Stripe sent, for administrators: what waits, what belongs to nobody, what needs a person."""

    button = "Handle again"
    list_display = ("kind", "stripe_id", "received_at", "handled_at", "attempts", "outcome")
    list_filter = (OutcomeFilter, ("kind", LatelySeen))
    ordering = ("-pk",)
    search_fields = ("stripe_id__exact",)
    show_full_result_count = False

    @admin.display(description="what came of it")
    def outcome(self, event: StripeEvent) -> str:
        return event.remark if event.handled_at else Truncator(event.last_error).chars(ERROR_LENGTH)

    def press(self, row: StripeEvent, *, at: datetime) -> tuple[bool, str]:
        error = receipts.handle_again(row, at=at)
        row.refresh_from_db()
        if error:
            return False, f"Not handled: {row.last_error}"[:500]
        return True, f"Handled. {row.remark}".strip()


@admin.register(Reconciliation)
class ReconciliationAdmin(MirrorAdmin):
    """How often everything was compared with Stripe, and what it came to."""

    counts = ("seen", "repaired", "missing", "unknown", "strangers", "failed")
    list_display = ("started_at", "finished_at", *counts, "remark")
    fields = ("started_at", "finished_at", *counts, "what_was_found", "remark")
    readonly_fields = ("what_was_found",)
    show_full_result_count = False

    @admin.display(description="Findings")
    def what_was_found(self, run: Reconciliation) -> SafeString:
        """The way to the list of them."""
        address = f"{reverse('admin:subscriptions_finding_changelist')}?reconciliation__id__exact={run.pk}"
        return format_html('<a href="{}">What was found</a>', address)


@admin.register(Finding)
class FindingAdmin(MirrorAdmin):
    """What differed between Stripe and us: what was mended by itself, and what a person should look at."""

    list_display = ("found_at", "kind", "reader", "stripe_id", "what_changed", "why")
    list_filter = ("kind",)
    list_select_related = ("reader",)
    search_fields = ("reader__email__startswith", "stripe_id__exact")
    search_help_text = "E-mail address, or Stripe's number."
    show_full_result_count = False
    fields = ("kind", "reader", "stripe_id", "what_changed", "why", "found_at", "reconciliation")
    readonly_fields = ("what_changed",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "reconciliation__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description="What changed")
    def what_changed(self, finding: Finding) -> SafeString:
        """Field by field, before and after."""
        lines = ((name, _readable(before), _readable(after)) for name, (before, after) in finding.changes.items())
        return format_html_join(SafeString("<br>"), "{}: {} → {}", lines)


def _readable(value: Any) -> str:
    """A value as JSON keeps it, for people."""
    at = parse_datetime(value) if isinstance(value, str) else None
    return moment(at) if at else str(value or "nothing")
