"""The desk's pages for access that is given: one reader at a time, or a whole list with a look at it before."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from edge.desk import MOMENT_HELP, MomentInput, UpToAPoint
from edge.http import Request, now_of
from edge.tables import NotATable, text_of
from readers.models import User

from . import contracts, grant_list
from .answer import moment
from .giving import OWNER_TOLD_BEFORE
from .models import Grant

LARGEST_LIST_BYTES = 500_000
# Students prove what they are, and support is for one reader at a time.
FOR_MANY = [(kind.value, kind.label) for kind in Grant.GIVEN]


def colleagues() -> QuerySet[User]:
    """Who may answer for something: everybody who works here."""
    return User.objects.filter(is_staff=True, is_active=True).order_by("email")


class GrantForm(forms.ModelForm):
    """Who, why and until when; who gave it and when is set by the site."""

    now: ClassVar[Any]

    starts_at = forms.DateTimeField(
        required=False, label="From", widget=MomentInput, help_text=f"Empty: at once. {MOMENT_HELP}"
    )
    ends_at = forms.DateTimeField(label="Until", widget=MomentInput, help_text=f"{MOMENT_HELP} Access ends by itself.")

    class Meta:
        model = Grant
        fields = ("reader", "kind", "reason", "starts_at", "ends_at", "owner", "reader_waits_for_letter")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "owner" in self.fields:
            self.fields["owner"].queryset = colleagues()  # type: ignore[attr-defined]

    def clean_starts_at(self) -> Any:
        """Now, where nothing else was chosen."""
        return self.cleaned_data["starts_at"] or self.now

    def clean_ends_at(self) -> Any:
        """A moment to come. Raises ValidationError otherwise."""
        if self.cleaned_data["ends_at"] <= self.now:
            raise forms.ValidationError("This moment has passed; choose one in the future.")
        return self.cleaned_data["ends_at"]


class ManyForm(forms.Form):
    """A list of addresses, and what everybody on it is given."""

    listed = forms.CharField(
        label="Addresses",
        required=False,
        max_length=LARGEST_LIST_BYTES,
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField"}),
        help_text="One a line, or lines of a table. The columns may be named: email, reason, until.",
    )
    file = forms.FileField(
        label="or a CSV file", required=False, help_text="Comma, semicolon or tab; any spreadsheet can save it."
    )
    kind = forms.ChoiceField(choices=FOR_MANY, widget=forms.RadioSelect, initial=Grant.Kind.PRESS)
    reason = forms.CharField(
        max_length=300,
        label="Why",
        help_text="Where a line has no reason of its own.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    ends_at = forms.DateTimeField(label="Until", widget=MomentInput, help_text=f"{MOMENT_HELP} Access ends by itself.")
    owner = forms.ModelChoiceField(
        User.objects.none(), required=False, help_text="Who answers for it, and is told before it ends. Empty: you."
    )
    writes = forms.BooleanField(required=False, label="Write to everybody what they were given, and until when")

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["owner"].queryset = colleagues()  # type: ignore[attr-defined]

    def clean_ends_at(self) -> Any:
        """A moment to come. Raises ValidationError otherwise."""
        if self.cleaned_data["ends_at"] <= self.now:
            raise forms.ValidationError("This moment has passed; choose one in the future.")
        return self.cleaned_data["ends_at"]

    def clean(self) -> dict[str, Any]:
        """The list as text. Raises ValidationError where there is none, or none that can be read."""
        given = super().clean() or {}
        file = given.get("file")
        if file and file.size > LARGEST_LIST_BYTES:
            raise forms.ValidationError("This file is far larger than a list of a thousand addresses.")
        try:
            text = text_of(file.read()) if file else given.get("listed", "")
        except NotATable as error:
            raise forms.ValidationError(str(error)) from error
        if not text.strip() and not self.errors:
            raise forms.ValidationError("Paste the addresses, or choose a file.")
        return given | {"listed": text}

    def present(self) -> grant_list.Present:
        """What is given. Call it on a valid form."""
        given = self.cleaned_data
        return grant_list.Present(given["kind"], given["reason"], given["ends_at"], given["owner"], given["writes"])


class EndsFilter(admin.SimpleListFilter):
    """When it ends."""

    title = "end"
    parameter_name = "ends"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("soon", f"Within {OWNER_TOLD_BEFORE.days} days"), ("runs", "In force"), ("over", "Over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Grant]) -> QuerySet[Grant]:
        now = now_of(request)
        match self.value():
            case "soon":
                return queryset.filter(ends_at__gt=now, ends_at__lte=now + OWNER_TOLD_BEFORE)
            case "runs":
                return queryset.filter(starts_at__lte=now, ends_at__gt=now)
            case "over":
                return queryset.filter(ends_at__lte=now)
        return queryset


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin):
    """Access that staff gave. A grant is given and ended, never edited and never deleted."""

    form = GrantForm
    change_list_template = "admin/subscriptions/grant/change_list.html"
    list_display = ("reader", "kind", "reason", "starts_at", "ends_at", "owner", "granted_by", "ended_by")
    list_filter = (EndsFilter, "kind")
    list_select_related = ("reader", "owner", "granted_by", "ended_by")
    search_fields = ("reader__email__startswith", "reason")
    search_help_text = "E-mail address or reason."
    paginator = UpToAPoint
    show_full_result_count = False
    autocomplete_fields = ("reader",)
    actions = None
    given = ("reader", "kind", "reason", "starts_at", "ends_at", "owner")

    def has_change_permission(self, request: HttpRequest, obj: Grant | None = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Grant | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Grant | None = None) -> tuple[str, ...]:
        if obj:
            return (*self.given, "granted_by", "granted_at", "ended_by", "owner_told_at")
        return (*self.given, "reader_waits_for_letter")

    def get_form(self, request: HttpRequest, obj: Grant | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.now = now_of(request)  # type: ignore[attr-defined]
        return form

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        grant = kwargs.get("obj")
        can_end = request.user.has_perm("subscriptions.change_grant")
        context["may_end"] = bool(grant and can_end and grant.ends_at > now_of(request))
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Grant, form: Any, change: bool) -> None:
        obj.granted_by, obj.granted_at = request.user, now_of(request)  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
        contracts.conclude_for_grant(obj, at=request.now)  # type: ignore[attr-defined]
        self.log_change(request, obj.reader, f"Gave {_in_words(obj)}: {obj.reason}")

    def response_add(self, request: HttpRequest, obj: Grant, post_url_continue: str | None = None) -> HttpResponse:
        if not request.user.has_perm("readers.view_user"):
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, f"{obj.reader} has {_in_words(obj)}.")
        return HttpResponseRedirect(_page_of(obj))

    def get_urls(self) -> list[URLPattern]:
        end = self.admin_site.admin_view(require_POST(self.end))
        many = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(self.many))
        return [
            path("<int:grant_id>/end/", end, name="subscriptions_grant_end"),
            path("many/", many, name="subscriptions_grant_many"),
            *super().get_urls(),
        ]

    # --- One ---------------------------------------------------------------------------------------

    def end(self, request: HttpRequest, grant_id: int) -> HttpResponse:
        """End a grant now. Raises PermissionDenied, or Http404 where there is none."""
        if not request.user.has_perm("subscriptions.change_grant"):
            raise PermissionDenied
        grant = get_object_or_404(Grant.objects.select_related("reader"), pk=grant_id)
        now = now_of(request)
        if grant.ends_at > now:
            grant.end(by=request.user, at=now)  # type: ignore[arg-type]
            self.log_change(request, grant, "Ended.")
            self.log_change(request, grant.reader, f"Ended {grant.get_kind_display().lower()} access.")
            messages.success(request, f"{grant.get_kind_display()} access of {grant.reader} is ended.")
        else:
            messages.info(request, "This access had ended already.")
        return HttpResponseRedirect(_page_of(grant))

    # --- Many --------------------------------------------------------------------------------------

    def many(self, request: Request) -> HttpResponse:
        """A list: typed, then shown line by line, then given. Raises PermissionDenied."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        initial = {"ends_at": request.now + timedelta(days=365)}
        form = ManyForm(request.POST or None, request.FILES or None, now=request.now, initial=initial)
        if request.method != "POST" or not form.is_valid():
            return self._page(request, "many", {"form": form})
        try:
            lines = grant_list.look_at(form.cleaned_data["listed"], form.present(), at=request.now)
        except grant_list.TooLong:
            form.add_error(None, f"At most {grant_list.LONGEST_LIST} lines at once: cut the list in two.")
            return self._page(request, "many", {"form": form})
        if "give" in request.POST:
            return self._give(request, form, lines)
        return self._page(request, "many_preview", {"form": form, "lines": lines, **_counted(lines)})

    def _give(self, request: Request, form: ManyForm, lines: list[grant_list.Line]) -> HttpResponse:
        given = grant_list.give(lines, form.present(), by=request.user, at=request.now)
        words = f"Gave {form.cleaned_data['kind']} access from a list: {form.cleaned_data['reason']}"
        readers = User.objects.filter(pk__in=[grant.reader_id for grant in given])
        LogEntry.objects.log_actions(request.user.pk, readers, CHANGE, change_message=words)
        messages.success(request, f"{len(given)} readers have {form.cleaned_data['kind']} access now.")
        return HttpResponseRedirect(reverse("admin:subscriptions_grant_changelist"))

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        everything = self.admin_site.each_context(request) | {"opts": self.opts, "title": "Give access to many"}
        return TemplateResponse(request, f"admin/subscriptions/grant/{name}.html", everything | context)


def _counted(lines: list[grant_list.Line]) -> dict[str, int]:
    return {
        "given": sum(line.is_given for line in lines),
        "new_here": sum(line.is_given and line.is_new_here for line in lines),
        "have_it": sum(line.has_it and not line.problem for line in lines),
        "wrong": sum(bool(line.problem) for line in lines),
    }


def _in_words(grant: Grant) -> str:
    return f"{grant.get_kind_display().lower()} access until {moment(grant.ends_at)}"


def _page_of(grant: Grant) -> str:
    return reverse("admin:readers_user_change", args=[grant.reader_id])
