"""The queue of the desk: what people ask, who sees to it, and the answers by mail."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from edge.desk import MirrorAdmin
from edge.http import Request, now_of
from readers.models import User
from subscriptions.grant_desk import colleagues

from .. import answers, asking
from ..models import AnswerTemplate, Enquiry

PERMISSION = "groups.change_enquiry"
State = Enquiry.State


class PlanForm(forms.Form):
    """Who does what next, and until when."""

    state = forms.ChoiceField(choices=State.choices)
    owner = forms.ModelChoiceField(User.objects.none(), required=False)
    next_step = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs={"class": "vTextField"}))
    due_on = forms.DateField(
        label="due", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = colleagues()  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """An answer as it will be sent."""

    subject = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"class": "vTextField"}))
    text = forms.CharField(max_length=10_000, widget=forms.Textarea(attrs={"rows": 14, "class": "vLargeTextField"}))
    # The last entry of the history above it, so that a double press is one mail.
    seen = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError where something is still in braces: it would be sent so."""
        given = super().clean() or {}
        for name in ("subject", "text"):
            if any(brace in given.get(name, "") for brace in "{}"):
                self.add_error(name, "Something is still in braces; write what it stands for.")
        return given


class Queue(admin.SimpleListFilter):
    """What waits for whom."""

    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("todo", "To do"),
            ("mine", "Mine"),
            ("open", "Open"),
            ("nobody", "Nobody’s"),
            ("closed", "Closed"),
            ("suspect", "Looks like a machine"),
            ("all", "All"),
        ]

    def choices(self, changelist: Any) -> Any:
        return list(super().choices(changelist))[1:]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Enquiry]) -> QuerySet[Enquiry]:
        of_open = Enquiry.objects.open()
        found: dict[str | None, QuerySet[Enquiry]] = {
            "todo": Enquiry.objects.to_do(on=timezone.localdate(now_of(request))),
            "mine": of_open.filter(owner=request.user.pk),
            "nobody": of_open.filter(owner=None),
            "closed": Enquiry.objects.exclude(closed_at=None),
            "suspect": Enquiry.objects.filter(state=State.SUSPECT),
            "all": Enquiry.objects.all(),
        }
        return queryset & found.get(self.value(), of_open)


@admin.register(Enquiry)
class EnquiryAdmin(MirrorAdmin):
    """Questions as they came; what staff do stands beside them, each with a name and a moment."""

    change_form_template = "admin/groups/enquiry.html"
    list_display = ("asked_at", "topic", "who", "people", "state", "owner", "next_step", "due_on")
    list_filter = (Queue, "topic")
    list_select_related = ("owner", "group")
    search_fields = ("email__istartswith", "organisation__icontains", "name__icontains")
    search_help_text = "The e-mail address or its beginning, the organisation, the name."
    show_full_result_count = False
    fields = ("topic", "name", "write_to", "organisation", "people", "words", "language", "of", "asked_at")
    readonly_fields = fields

    # --- What is shown ------------------------------------------------------------------------------

    @admin.display(description="who")
    def who(self, row: Enquiry) -> str:
        return row.organisation or row.name or row.email

    @admin.display(description="e-mail address")
    def write_to(self, row: Enquiry) -> SafeString:
        return format_html('<a href="mailto:{0}">{0}</a>', row.email)

    @admin.display(description="account")
    def of(self, row: Enquiry) -> SafeString | str:
        reader = row.reader or User.objects.filter(email=row.email).first()
        if reader is None:
            return "none at this address"
        said = "logged in as" if row.reader else "same address, not logged in:"
        page = reverse("admin:readers_user_change", args=[reader.pk])
        return format_html('{} <a href="{}">{}</a>', said, page, reader.email)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        if row:
            may = request.user.has_perm(PERMISSION)
            context |= {
                "entries": row.entries.select_related("by"),
                "may_act": may,
                "plan_form": PlanForm(initial=_plan_of(row)),
                "templates": AnswerTemplate.for_enquiry(row) if may else [],
                "answer_form": self._begun(request, row),
                "reader": row.reader or User.objects.filter(email=row.email).first(),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def _begun(self, request: HttpRequest, row: Enquiry) -> AnswerForm:
        """The answer that a template begins, where one was chosen."""
        chosen = request.GET.get("template", "")
        template = AnswerTemplate.objects.filter(pk=chosen).first() if chosen.isdecimal() and len(chosen) < 9 else None
        last = row.entries.order_by("pk").last()
        seen = {"seen": last.pk if last else 0}
        if template is None:
            return AnswerForm(initial=seen)
        words = {name: answers.filled(getattr(template, name), row, by=request.user) for name in ("subject", "text")}
        return AnswerForm(initial=words | seen)

    # --- What staff do ------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def act(name: str, view: Callable[..., str]) -> URLPattern:
            wrapped = self.admin_site.admin_view(require_POST(partial(self._act, view)))
            return path(f"<int:pk>/{name}/", wrapped, name=f"groups_enquiry_{name}")

        return [act("take", _take), act("plan", _plan), act("note", _note), act("answer", _answer), *super().get_urls()]

    def _act(self, view: Callable[[Request, Enquiry], str], request: Request, pk: int) -> HttpResponse:
        """Do it, and say what was done. Raises PermissionDenied, or Http404."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        row = get_object_or_404(Enquiry, pk=pk)
        try:
            words = view(request, row)
        except forms.ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            self.log_change(request, row, words)
            messages.info(request, words)
        return HttpResponseRedirect(reverse("admin:groups_enquiry_change", args=[pk]))


def _take(request: Request, row: Enquiry) -> str:
    """I see to it."""
    row.owner = request.user
    row.save(update_fields=["owner"])
    row.move(State.IN_HAND, by=request.user, at=request.now)
    return "It is yours."


def _plan(request: Request, row: Enquiry) -> str:
    """State, owner, next step, due."""
    given = _valid(PlanForm(request.POST))
    row.plan(
        owner=given["owner"], next_step=given["next_step"], due_on=given["due_on"], by=request.user, at=request.now
    )
    row.move(given["state"], by=request.user, at=request.now)
    return f"{row.get_state_display()}. {row.next_step}".strip()


def _note(request: Request, row: Enquiry) -> str:
    """A line for colleagues."""
    text = request.POST.get("text", "").strip()[:4000]
    if not text:
        raise forms.ValidationError("Write the note first.")
    row.note(text, by=request.user, at=request.now)
    return "Noted."


def _answer(request: Request, row: Enquiry) -> str:
    """Write to them."""
    given = _valid(AnswerForm(request.POST))
    words = {name: given[name] for name in ("subject", "text")}
    asking.answer(row, **words, seen=given["seen"] or 0, by=request.user, at=request.now)
    return f"Answered to {row.email}: {given['subject']}"


def _valid(form: forms.Form) -> dict[str, Any]:
    if not form.is_valid():
        raise forms.ValidationError([f"{name}: {' '.join(map(str, said))}" for name, said in form.errors.items()])
    return form.cleaned_data


def _plan_of(row: Enquiry) -> dict[str, Any]:
    return {"state": row.state, "owner": row.owner_id, "next_step": row.next_step, "due_on": row.due_on}


class AnswerTemplateForm(forms.ModelForm):
    """The words of an answer, with their braces checked."""

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError for braces that nothing would fill."""
        given = super().clean() or {}
        for name in ("subject", "text"):
            for problem in answers.problems_of(given.get(name, "")):
                self.add_error(name, problem)
        return given


@admin.register(AnswerTemplate)
class AnswerTemplateAdmin(admin.ModelAdmin):
    """Words to begin an answer with."""

    form = AnswerTemplateForm
    list_display = ("title", "topic", "language", "subject")
    list_filter = ("topic", "language")
    search_fields = ("title", "subject")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        known = "; ".join(f"{{{name}}} is {what}" for name, what in answers.PLACEHOLDERS.items())
        kwargs["help_texts"] = {"text": f"Plain text. {known}."}
        return super().get_form(request, obj, change=change, **kwargs)
