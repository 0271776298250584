"""What somebody pays for: prepared with gaps, shown only when complete, ended rather than deleted."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from articles.models import PartnerItem
from articles.models.partner import ANSWERS, SOON
from edge.desk import MOMENTS
from edge.http import now_of

from .short import ShortAdmin

# The button that shows it; the other one keeps a draft.
RELEASE = "release"


class YesOrNo(forms.TypedChoiceField):
    """A question without an answer until somebody gives one."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("True", "Yes"), ("False", "No")]
        kwargs |= {"coerce": lambda value: value == "True", "empty_value": None, "required": False}
        super().__init__(choices=choices, widget=forms.RadioSelect, **kwargs)


class PartnerItemForm(forms.ModelForm):
    """The item and its answers; what is missing stops it only where it is to be shown."""

    is_political = YesOrNo(
        label="Is it political?",
        help_text="Does it try to influence a vote, an election, a law or another rule in the making?",
    )
    amount = forms.DecimalField(
        label="Paid for it (€)",
        required=False,
        min_value=0,
        max_value=Decimal(20_000_000),
        decimal_places=2,
        help_text="All of it, other benefits included.",
    )
    now: ClassVar[datetime]

    class Meta:
        model = PartnerItem
        fields = ("is_political", *ANSWERS)
        widgets: ClassVar[dict[str, Any]] = {
            name: forms.Textarea(attrs={"rows": 2}) for name in ("sponsor_contact", "process", "targeting")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cents = self.instance.amount_cents
        self.initial["amount"] = None if cents is None else Decimal(cents) / 100

    @property
    def is_to_be_shown(self) -> bool:
        """Whether it must be complete: it is shown already, or the button says so."""
        is_shown = self.instance.pk is not None and self.instance.is_ready
        return is_shown or self.data.get("verb") == RELEASE

    def clean_is_political(self) -> bool | None:
        answer: bool | None = self.cleaned_data["is_political"]
        if self.instance.is_political and not answer and self.instance.was_shown(at=self.now):
            raise forms.ValidationError("Readers have seen it as political: its notice stays for seven years.")
        return answer

    def _post_clean(self) -> None:
        amount = self.cleaned_data.get("amount")
        self.instance.amount_cents = None if amount is None else int(amount * 100)
        super()._post_clean()  # type: ignore[misc]
        if self.is_to_be_shown:
            for name, words in self.instance.missing().items():
                field = "amount" if name == "amount_cents" else name
                if field not in self.errors:
                    self.add_error(field, words)


class StateFilter(admin.SimpleListFilter):
    """Where it stands at the moment of the request."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = ("running", "ends soon", "planned", "draft", "over")
        return [(name.replace(" ", "-"), name.capitalize()) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PartnerItem]) -> QuerySet[PartnerItem]:
        at = now_of(request)
        running = Q(is_ready=True, starts_at__lte=at, ends_at__gt=at)
        chosen = {
            "running": running,
            "ends-soon": running & Q(ends_at__lte=at + SOON),
            "planned": Q(is_ready=True, starts_at__gt=at),
            "draft": Q(is_ready=False),
            "over": Q(is_ready=True, ends_at__lte=at),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))


@admin.register(PartnerItem)
class PartnerItemAdmin(ShortAdmin):
    """What somebody pays for. It never runs without its payer, and a political one never without its answers."""

    form = PartnerItemForm
    change_form_template = "admin/articles/partneritem/change_form.html"
    list_display = ("headline", "organisation", "state", "starts_at", "ends_at", "is_political")
    list_filter = (StateFilter, "is_political", "label")
    search_fields = ("headline", "organisation", "sponsor")
    show_full_result_count = False
    starts_now = "starts_at"
    formfield_overrides = MOMENTS | {models.URLField: {"assume_scheme": "https"}}
    fieldsets = (
        (None, {"fields": ["organisation", "label", "headline", "url"]}),
        ("When", {"fields": ["starts_at", "ends_at"]}),
        ("Political advertising", {"fields": ["is_political"]}),
        (
            "What the public notice says",
            {
                "classes": ["answers"],
                "description": "European law asks for each of these beside every political advertisement "
                "(Regulation (EU) 2024/900). Readers find them on a page of its own, for seven years.",
                "fields": [
                    *("sponsor", "sponsor_contact", "controlled_by", "amount", "amount_basis", "funds_from"),
                    *("process", "targeting", "repository_url"),
                ],
            },
        ),
    )

    def get_form(
        self, request: HttpRequest, obj: PartnerItem | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.now = now_of(request)  # type: ignore[attr-defined]
        return form

    @admin.display(description="state")
    def state(self, item: PartnerItem) -> SafeString:
        return format_html('<span class="state state--{}">{}</span>', *self._in_words(item))

    def get_queryset(self, request: HttpRequest) -> QuerySet[PartnerItem]:
        moment = models.Value(now_of(request), output_field=models.DateTimeField())
        return super().get_queryset(request).annotate(asked_at=moment)

    def _in_words(self, item: PartnerItem) -> tuple[str, str]:
        at: datetime = item.asked_at  # type: ignore[attr-defined]
        if not item.is_ready:
            missing = len(item.missing())
            return ("draft", f"Draft, {missing} missing") if missing else ("draft", "Draft")
        if not item.was_shown(at=at):
            return "scheduled", "Planned"
        if item.is_running(at=at) and item.ends_at:
            is_soon = item.ends_at <= at + SOON
            return "published", f"Runs until {localtime(item.ends_at):%-d %B}" if is_soon else "Runs"
        return "over", "Over"

    def has_delete_permission(self, request: HttpRequest, obj: PartnerItem | None = None) -> bool:
        """What the public has seen as political advertising is kept (law.md L16): it is ended, not deleted."""
        is_kept = obj is not None and bool(obj.is_political) and obj.was_shown(at=now_of(request))
        return super().has_delete_permission(request, obj) and not is_kept

    def save_model(self, request: HttpRequest, obj: PartnerItem, form: Any, change: bool) -> None:
        if form.is_to_be_shown:
            obj.release()
        else:
            obj.is_ready = False
            super().save_model(request, obj, form, change)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        item: PartnerItem | None = kwargs.get("obj")
        at = now_of(request)
        context["is_ready"] = bool(item and item.is_ready)
        context["is_running"] = bool(item and item.is_running(at=at))
        context["has_notice"] = bool(item and item.is_political and item.was_shown(at=at))
        context["former_notice"] = item.former_notice if item else ""
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: PartnerItem, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._back(request, obj)

    def response_change(self, request: HttpRequest, obj: PartnerItem) -> HttpResponse:
        return self._back(request, obj)

    def _back(self, request: HttpRequest, item: PartnerItem) -> HttpResponse:
        if item.is_ready and item.starts_at and item.ends_at:
            first, last = localtime(item.starts_at), localtime(item.ends_at)
            messages.success(request, f"Saved. It is shown from {first:%-d %B %Y, %H:%M} to {last:%-d %B %Y, %H:%M}.")
        else:
            messages.success(request, "Saved as a draft: nobody sees it.")
        return HttpResponseRedirect(reverse("admin:articles_partneritem_change", args=[item.pk]))

    def get_urls(self) -> list[URLPattern]:
        end = self.admin_site.admin_view(require_POST(self.end))
        return [path("<int:object_id>/end/", end, name="articles_partneritem_end"), *super().get_urls()]

    def end(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show it no longer, from now on."""
        item = self.get_queryset(request).filter(pk=object_id).first()
        if item is None or not self.has_change_permission(request, item):
            raise PermissionDenied
        item.end(at=now_of(request))
        self.log_change(request, item, "Ended.")
        messages.success(request, "Ended: nobody sees it any more.")
        return HttpResponseRedirect(reverse("admin:articles_partneritem_change", args=[item.pk]))
