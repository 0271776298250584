"""The desk's pages of seats: who sits where, who was asked, who looks after them, and by which addresses."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from edge import languages
from edge.desk import MirrorAdmin
from edge.http import now_of

from .. import inviting, seating
from ..models import Domain, GroupEvent, Invitation, Manager, Seat
from .searching import ByAddressOrOrganisation


class HeldFilter(admin.SimpleListFilter):
    """Whether it still holds."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "At present"), ("over", "Over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(ended_at__isnull=self.value() == "now")


@admin.register(Seat)
class SeatAdmin(ByAddressOrOrganisation, MirrorAdmin):
    """Who sits where. A seat is taken by whoever proves the address; staff can only end it."""

    list_display = ("address", "group", "how", "given_at", "last_used_on", "ended_at", "ended_because")
    list_filter = (HeldFilter, "how", "ended_because")
    list_per_page = 50
    list_select_related = ("group",)
    show_full_result_count = False
    ordering = ("-pk",)
    exclude = ("proof_token_hash", "mailbox")
    actions = ["remove"]

    @admin.action(description="End these seats; their readers get a letter", permissions=["end"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Seat]) -> None:
        """Take the seats from their readers."""
        seats = queryset.select_related("group", "reader")
        ended = sum(seating.remove(seat, by=request.user, at=now_of(request)) for seat in seats)
        self.message_user(request, f"{ended} ended.", messages.SUCCESS)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether this person may end seats."""
        return request.user.has_perm("groups.change_seat")


@admin.register(Manager)
class ManagerAdmin(ByAddressOrOrganisation, MirrorAdmin):
    """Who looks after which seats. New ones are invited."""

    list_display = ("address", "group", "made_at", "ended_at")
    list_filter = (HeldFilter,)
    list_select_related = ("group",)
    show_full_result_count = False
    actions = ["end"]

    @admin.action(description="They no longer look after the seats", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Manager]) -> None:
        """End the task of these managers, also of the last one of a group."""
        ended = sum(
            seating.unmake_manager(manager, by=request.user, at=now_of(request))
            for manager in queryset.select_related("group")
        )
        self.message_user(request, f"{ended} ended.", messages.SUCCESS)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether this person may end the task of managers."""
        return request.user.has_perm("groups.change_manager")


class NewInvitationForm(forms.ModelForm):
    """Whom to ask, and what for."""

    class Meta:
        model = Invitation
        fields = ("group", "address", "name", "to_manage", "with_seat", "language")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not said.get("to_manage") and not said.get("with_seat"):
            raise ValidationError("An invitation is to read, to manage, or both.")
        return said

    def _get_validation_exclusions(self) -> set[str]:
        """What the database wants besides is filled in by `inviting.invite`."""
        return {field.name for field in Invitation._meta.fields}


@admin.register(Invitation)
class InvitationAdmin(ByAddressOrOrganisation, admin.ModelAdmin):
    """Who was asked. The first manager of a new agreement is asked here."""

    list_display = ("address", "group", "to_manage", "with_seat", "invited_at", "expires_at", "accepted_at")
    list_filter = ("to_manage",)
    list_select_related = ("group",)
    show_full_result_count = False
    ordering = ("-pk",)
    autocomplete_fields = ("group",)
    exclude = ("token_hash", "mailbox")
    actions = ["send_again", "withdraw"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs |= {"form": NewInvitationForm, "fields": NewInvitationForm.Meta.fields}
        return super().get_form(request, obj, change=change, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"to_manage": True, "language": languages.chosen()} | super().get_changeform_initial_data(request)

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        """Ask them. Where that cannot be the page says why, and nothing was written."""
        outcome = inviting.invite(
            obj.group,
            obj.address,
            name=obj.name,
            by=request.user,
            to_manage=obj.to_manage,
            with_seat=obj.with_seat,
            language=obj.language,
            at=now_of(request),
        )
        found = Invitation.objects.filter(group=obj.group, mailbox=inviting.addresses.mailbox_of(obj.address))
        if outcome is inviting.Outcome.INVITED and (made := found.order_by("-pk").first()):
            obj.pk = made.pk
            return
        obj.not_invited = str(outcome.label)  # type: ignore[attr-defined]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None if hasattr(obj, "not_invited") else super().log_addition(request, obj, message)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> Any:
        if not hasattr(obj, "not_invited"):
            return super().response_add(request, obj, post_url_continue)
        self.message_user(request, f"Nobody was invited. {obj.not_invited}.", messages.ERROR)
        return self.response_post_save_add(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_again_permission(self, request: HttpRequest) -> bool:
        """Whether this person may send and withdraw."""
        return request.user.has_perm("groups.change_invitation")

    @admin.action(description="Send again, with a new link", permissions=["again"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Write to them once more."""
        waiting = queryset.open().select_related("group")  # type: ignore[attr-defined]
        outcomes = [inviting.send_again(one, by=request.user, at=now_of(request)) for one in waiting]
        sent = outcomes.count(inviting.Outcome.INVITED)
        self.message_user(request, f"{sent} sent, {len(outcomes) - sent} could not be.", messages.SUCCESS)

    @admin.action(description="Withdraw", permissions=["again"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Let them work no longer."""
        withdrawn = sum(
            inviting.withdraw(one, by=request.user, at=now_of(request)) for one in queryset.select_related("group")
        )
        self.message_user(request, f"{withdrawn} withdrawn.", messages.SUCCESS)


@admin.register(Domain)
class DomainAdmin(admin.ModelAdmin):
    """By which addresses an organisation knows its people. Giving one up is a date; the row stays."""

    list_display = ("name", "group", "is_open", "with_subdomains", "added_at", "ended_at")
    list_filter = (HeldFilter, "is_open", "with_subdomains")
    list_select_related = ("group",)
    search_fields = ("name", "group__organisation")
    show_full_result_count = False
    autocomplete_fields = ("group",)
    fields = ("group", "name", "is_open", "with_subdomains")
    actions = ["give_up"]

    def get_readonly_fields(self, request: HttpRequest, obj: Domain | None = None) -> tuple[str, ...]:
        return ("group", "name") if obj else ()

    def save_model(self, request: HttpRequest, obj: Domain, form: Any, change: bool) -> None:
        """Keep it, say who did, and warn of a domain that another agreement has, too."""
        now = now_of(request)
        obj.added_at = obj.added_at or now
        super().save_model(request, obj, form, change)
        verb = "changed a domain" if change else "added a domain"
        facts = {"domain": obj.name, "is_open": obj.is_open, "with_subdomains": obj.with_subdomains}
        GroupEvent.note(obj.group, request.user, verb, at=now, **facts)
        others = Domain.objects.kept().filter(name=obj.name).exclude(group=obj.group).select_related("group")
        if names := ", ".join(str(one.group) for one in others):
            self.message_user(request, f"{names} has this domain, too: people there may choose.", messages.WARNING)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Give up: nobody new joins by it", permissions=["change"])
    def give_up(self, request: HttpRequest, queryset: QuerySet[Domain]) -> None:
        """Nobody new joins by these domains; who sits there stays until the yearly question."""
        now = now_of(request)
        for domain in queryset.filter(ended_at=None).select_related("group"):
            domain.ended_at = now
            domain.save(update_fields=["ended_at"])
            GroupEvent.note(domain.group, request.user, "gave a domain up", at=now, domain=domain.name)
        self.message_user(request, "Done.", messages.SUCCESS)
