"""The desk's pages of networks: the ranges from which an organisation reads, and the passes for elsewhere."""

import ipaddress
import re
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from edge.address import Network as Range
from edge.address import network_in
from edge.desk import MirrorAdmin
from edge.http import now_of
from readers.models import User

from ..models import GroupAccount, GroupEvent, Network, OffSitePass
from ..models.network import RARELY_WIDER
from .searching import ByAddressOrOrganisation
from .seats import HeldFilter

AT_ONCE = 500
_FROM_TO = re.compile(r"\s*(\S+?)\s*[-–]\s*(\S+)\s*")
_STARS = re.compile(r"(\d+(?:\.\d+){0,2})((?:\.\*)+)")


def ranges_in(text: str) -> list[Range]:
    """The ranges of a pasted list, one a line or with commas: in CIDR, from an address to another, or with stars.

    Raises ValidationError that names what is none.
    """
    found: list[Range] = []
    for typed in filter(None, (part.strip() for part in re.split(r"[\n,;]", text))):
        try:
            found += _ranges_of(typed)
        except ValueError as error:
            raise ValidationError(f"“{typed}” is not a range. It looks like 192.0.2.0/24.") from error
    return list(dict.fromkeys(found))


def _ranges_of(typed: str) -> list[Range]:
    if stars := _STARS.fullmatch(typed):
        known, unknown = stars[1].count(".") + 1, stars[2].count("*")
        if known + unknown != 4:
            raise ValueError(typed)
        return [network_in(f"{stars[1]}{'.0' * unknown}/{8 * known}")]
    if between := _FROM_TO.fullmatch(typed):
        first, last = (ipaddress.ip_address(end) for end in between.groups())
        return list(ipaddress.summarize_address_range(first, last))
    return [network_in(typed)]


def doubts_about(network: Range, group: GroupAccount) -> list[str]:
    """What staff should look at before these addresses read: too wide, or known already."""
    doubts = []
    if network.prefixlen < RARELY_WIDER[network.version]:
        doubts.append(f"{network} holds {_in_words(network.num_addresses)} addresses; few organisations have so many.")
    for other in Network.objects.overlapping(network).select_related("group")[:5]:
        whose = "of this agreement" if other.group_id == group.pk else f"of {other.group}"
        doubts.append(f"{network} overlaps {other.cidr} {whose}; where both hold, the narrower one speaks.")
    return doubts


def _in_words(number: int) -> str:
    return f"{number:,}" if number < 10**9 else f"about 10^{len(str(number)) - 1}"


class NewNetworksForm(forms.ModelForm):
    """One range, or a whole list as their IT sent it."""

    cidr = forms.CharField(
        label="ranges",
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One a line: 192.0.2.0/24, 2001:db8::/48, 192.0.2.10-192.0.2.99 or 192.0.2.*",
    )
    is_meant = forms.BooleanField(
        label="I have looked at the warnings", required=False, help_text="Needed where there are any."
    )

    class Meta:
        model = Network
        fields = ("group", "cidr", "note")

    def clean(self) -> dict[str, Any]:
        """Every range in its one form, and no doubt left. Raises ValidationError."""
        said = super().clean() or {}
        group, wrong = said.get("group"), []
        if group is None or not said.get("cidr"):
            return said
        found = ranges_in(said["cidr"])
        if len(found) > AT_ONCE:
            raise ValidationError(f"These are {len(found)} ranges; at most {AT_ONCE} at once.")
        for network in found:
            try:
                Network(group=group, cidr=str(network)).clean()
            except ValidationError as error:
                wrong += [f"{network}: {message}" for message in error.messages]
        if wrong:
            raise ValidationError(wrong)
        kept = set(Network.objects.kept().filter(group=group).values_list("cidr", flat=True))
        self.ranges = [network for network in found if str(network) not in kept]
        doubts = [doubt for network in self.ranges for doubt in doubts_about(network, group)]
        if doubts and not said.get("is_meant"):
            raise ValidationError([*doubts[:20], "Tick “I have looked at the warnings” to take them all the same."])
        if not self.ranges:
            raise ValidationError("This agreement has all of them already.")
        return said

    def _get_validation_exclusions(self) -> set[str]:
        """What the database wants besides is filled in by the page."""
        return {field.name for field in Network._meta.fields}

    def _post_clean(self) -> None:
        self.instance.group = self.cleaned_data.get("group") or self.instance.group


@admin.register(Network)
class NetworkAdmin(admin.ModelAdmin):
    """From where an organisation reads. A range is never changed: it ends, and another begins."""

    list_display = ("cidr", "group", "note", "added_at", "ended_at")
    list_filter = (HeldFilter,)
    list_select_related = ("group",)
    search_fields = ("cidr__startswith", "group__organisation")
    search_help_text = "The beginning of a range, or the organisation"
    show_full_result_count = False
    autocomplete_fields = ("group",)
    actions = ["end"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs |= {"form": NewNetworksForm, "fields": ("group", "cidr", "note")}
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("group", "cidr", "note", "is_meant")
        return ("group", "cidr", "note", "added_at", "added_by", "ended_at", "ended_by")

    def save_model(self, request: HttpRequest, obj: Network, form: Any, change: bool) -> None:
        """Keep every range of the list; the first one is what the page goes on with."""
        at, group, colleague = now_of(request), form.cleaned_data["group"], cast(User, request.user)
        for network in reversed(form.ranges):
            one = Network(group=group, cidr=str(network), note=obj.note, added_at=at, added_by=colleague)
            one.clean()
            one.save()
        obj.pk, obj.cidr = one.pk, one.cidr
        GroupEvent.note(group, request.user, "added networks", at=at, ranges=[str(network) for network in form.ranges])

    @admin.action(description="Nobody reads from there any more", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Network]) -> None:
        """End these ranges, from this moment on."""
        ended = [one for one in queryset.select_related("group") if one.end(by=request.user, at=now_of(request))]
        for one in ended:
            GroupEvent.note(one.group, request.user, "ended a network", at=now_of(request), range=one.cidr)
        self.message_user(request, f"{len(ended)} ended.", messages.SUCCESS)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether this person may end ranges."""
        return request.user.has_perm("groups.change_network")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(OffSitePass)
class OffSitePassAdmin(ByAddressOrOrganisation, MirrorAdmin):
    """Who reads away from the premises. Passes are asked for there; staff can only end one."""

    list_display = ("email", "group", "asked_at", "opened_times", "valid_until", "ended_at")
    list_filter = (HeldFilter,)
    list_select_related = ("group",)
    address_field = "email"
    show_full_result_count = False
    exclude = ("token_hash",)
    actions = ["end"]

    @admin.action(description="These passes work no longer", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[OffSitePass]) -> None:
        """End these passes."""
        ended = queryset.filter(ended_at=None)
        groups = list(GroupAccount.objects.filter(off_site_passes__in=ended).distinct())
        count = ended.update(ended_at=now_of(request))
        for group in groups:
            GroupEvent.note(group, request.user, "ended off-site passes", at=now_of(request))
        self.message_user(request, f"{count} ended.", messages.SUCCESS)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether this person may end passes."""
        return request.user.has_perm("groups.change_offsitepass")
