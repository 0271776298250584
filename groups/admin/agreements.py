"""The desk's pages of an agreement: where it stands, what can be done, and everything that was."""

from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from edge.http import Request, now_of
from subscriptions import billing
from subscriptions.models.refund import in_euros

from .. import agreeing, invoicing, paying, renewing
from ..agreeing import NotPossible
from ..models import Contact, GroupAccount, GroupEvent, GroupInvoice, Term
from ..models.term import State
from ..vat import VatUnknown
from .acts import ACTS, Doing
from .forms import DetailsForm, NewForm, TermForm, cents_of

CHANGE = "groups.change_groupaccount"
EVENTS_SHOWN = 50
# Numbers of rows, which say nothing to anybody.
NOT_SHOWN = ("invoice", "payment", "term", "seat", "manager")


class ContactInline(admin.TabularInline):
    """Whom we write to."""

    model = Contact
    extra = 1
    fields = ("role", "name", "email", "phone")
    formfield_overrides: ClassVar[dict[Any, dict[str, Any]]] = {
        models.CharField: {"widget": forms.TextInput(attrs={"size": 13})},
        models.EmailField: {"widget": forms.EmailInput(attrs={"size": 22})},
    }


class ToDoFilter(admin.SimpleListFilter):
    """What waits for somebody."""

    title = "to do"
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("quoted", "Quote not answered"),
            ("invoice", "Accepted, not invoiced"),
            ("overdue", "Overdue"),
            ("little", "Too little came"),
            ("much", "Too much came"),
            ("unknown", "Nobody knows what for"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GroupAccount]) -> QuerySet[GroupAccount]:
        now, of_row = now_of(request), Q(group=OuterRef("pk"))
        invoices = GroupInvoice.objects.filter(of_row)
        waiting: dict[str | None, Any] = {
            "quoted": Term.objects.filter(of_row, accepted_at=None, quoted_at__isnull=False),
            "invoice": Term.objects.binding().filter(of_row, invoiced_at=None, paid_at=None),
            "overdue": invoices.overdue(at=now),
            "little": paying.too_little(invoices),
            "much": paying.too_much(invoices),
            "unknown": paying.nobody_knows_what_for().filter(of_row),
        }
        found = waiting.get(self.value())
        return queryset if found is None else queryset.filter(Exists(found))


class EndsFilter(admin.SimpleListFilter):
    """What ends soon, and nobody has renewed."""

    title = "ends within"
    parameter_name = "ends"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(days), f"{days} days") for days in renewing.AHEAD]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GroupAccount]) -> QuerySet[GroupAccount]:
        if str(self.value()) not in map(str, renewing.AHEAD):
            return queryset
        ending = renewing.ending_within(int(self.value() or 0), at=now_of(request))
        return queryset.filter(pk__in=ending.order_by().values("group"))


class StandingFilter(admin.SimpleListFilter):
    """Who may read now."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("reads", "Reads"), ("suspended", "Suspended"), ("not", "Does not read")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GroupAccount]) -> QuerySet[GroupAccount]:
        reads = Exists(Term.objects.giving_access(at=now_of(request)).filter(group=OuterRef("pk")))
        if self.value() == "suspended":
            return queryset.exclude(suspended_at=None)
        return {"reads": queryset.filter(reads), "not": queryset.filter(~reads)}.get(self.value() or "", queryset)


def in_words(event: GroupEvent) -> str:
    """What an event says besides its verb, for people: money in euro, and no numbers of rows."""
    said = []
    for name, value in event.facts.items():
        if name in NOT_SHOWN or value in (None, ""):
            continue
        if name.endswith("cents"):
            name, value = name.removesuffix("cents").strip("_") or "amount", in_euros(value)
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        said.append(f"{name.replace('_', ' ')}: {shown}")
    return "; ".join(said)


@admin.register(GroupAccount)
class GroupAccountAdmin(admin.ModelAdmin):
    """An organisation and its agreement. What is agreed changes by verbs; each leaves who, when and what."""

    list_display = ("organisation", "kind", "stands", "days", "seats", "price")
    list_filter = (ToDoFilter, StandingFilter, EndsFilter, "kind")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("organisation", "billing_name", "vat_number__startswith")
    search_help_text = "Part of the name, a VAT number, the address of a contact person, an order or invoice number."
    ordering = ("organisation", "pk")
    actions = None
    inlines = (ContactInline,)
    change_form_template = "admin/groups/groupaccount/change_form.html"
    who: ClassVar[tuple[str, ...]] = ("organisation", "kind", "language")
    bill: ClassVar[tuple[Any, ...]] = (
        "billing_name",
        "street",
        "street_2",
        ("postal_code", "city", "country"),
        "vat_number",
    )

    # --- The list -----------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupAccount]:
        return super().get_queryset(request).prefetch_related(Prefetch("terms", Term.objects.order_by("-starts_on")))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[GroupAccount], search_term: str
    ) -> tuple[QuerySet[GroupAccount], bool]:
        """Also by the people and the numbers of an organisation."""
        term = search_term.strip()[:200]
        if not term:
            return queryset, False
        if "@" in term:
            return queryset.filter(pk__in=Contact.objects.filter(email__istartswith=term).values("group")), False
        found, may_repeat = super().get_search_results(request, queryset, term)
        by_number = Q(pk__in=GroupInvoice.objects.filter(number__iexact=term).values("group"))
        by_order = Q(pk__in=Term.objects.filter(purchase_order__iexact=term).values("group"))
        return found | queryset.filter(by_number | by_order), may_repeat

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        self.now = now_of(request)
        return super().changelist_view(request, extra_context)

    @admin.display(description="state")
    def stands(self, group: GroupAccount) -> str:
        state = group.state(at=self.now)
        unpaid = any(term.begins_unpaid and term.gives_access(at=self.now) for term in group.terms.all())
        return f"{state.label}, not paid" if state == State.ACTIVE and unpaid else str(state.label)

    @admin.display(description="term")
    def days(self, group: GroupAccount) -> str:
        term = self._speaking(group)
        return f"{term.starts_on:%d.%m.%Y} – {term.ends_on:%d.%m.%Y}" if term else "–"

    @admin.display(description="seats")
    def seats(self, group: GroupAccount) -> str:
        term = self._speaking(group)
        return "–" if term is None else "no limit" if term.seats is None else f"{term.seats:,}"

    @admin.display(description="price")
    def price(self, group: GroupAccount) -> str:
        term = self._speaking(group)
        return "–" if term is None else f"€{term.price_cents / 100:,.2f}"

    def _speaking(self, group: GroupAccount) -> Term | None:
        """The term that the list shows: the one that runs, else the newest."""
        terms = list(group.terms.all())
        return next((term for term in terms if term.gives_access(at=self.now)), terms[0] if terms else None)

    # --- Who may what -------------------------------------------------------------------------------

    def has_delete_permission(self, request: HttpRequest, obj: GroupAccount | None = None) -> bool:
        return False

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> type[forms.ModelForm]:
        return super().get_form(request, obj, change, **{"form": DetailsForm if obj else NewForm} | kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: GroupAccount | None = None) -> Any:
        fieldsets: list[Any] = [(None, {"fields": self.who})]
        if obj is None:
            term = ("contact_name", "contact_email", ("starts_on", "ends_on"), ("seats", "price"))
            fieldsets.append(("First term", {"fields": term}))
        return [*fieldsets, ("Invoices go to", {"fields": self.bill}), ("For colleagues", {"fields": ("notes",)})]

    def get_inlines(self, request: HttpRequest, obj: GroupAccount | None) -> Any:
        return self.inlines if obj else ()

    # --- What is typed ------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: GroupAccount, form: Any, change: bool) -> None:
        if change:
            # What verbs write meanwhile, such as a suspension, is not the form's to write back.
            obj.save(update_fields=list(form.fields))
            return
        now, given = now_of(request), form.cleaned_data
        obj.created_at, obj.created_by = now, request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
        Contact.objects.create(
            group=obj, role=Contact.Role.SIGNATORY, name=given["contact_name"], email=given["contact_email"]
        )
        Term.objects.create(
            group=obj,
            starts_on=given["starts_on"],
            ends_on=given["ends_on"],
            seats=given["seats"],
            price_cents=cents_of(given["price"]),
        )
        GroupEvent.note(obj, request.user, "made the agreement", at=now, organisation=obj.organisation)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        changed = [*form.changed_data, *("contacts" for formset in formsets if formset.has_changed())]
        if change and changed:
            GroupEvent.note(form.instance, request.user, "changed the details", at=now_of(request), changed=changed)

    def response_add(
        self, request: HttpRequest, obj: GroupAccount, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, f"{obj} is here. Next: send the quote.")
        return self._back(obj)

    # --- What is done -------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            only = require_http_methods(["GET", "POST"])(view)
            return path(f"<int:group_id>/{route}", self.admin_site.admin_view(only), name=f"groups_groupaccount_{name}")

        verbs = []
        for name, act in ACTS.items():
            below = f"{act.of}/<str:{act.of}_key>/{name}/" if act.of else f"{name}/"
            verbs.append(page(below, partial(self.act_view, name=name), name.replace("-", "_")))
        return [
            *verbs,
            page("draft/", self.draft_view, "draft"),
            page("draft/<int:term_id>/", self.draft_view, "edit_draft"),
            *super().get_urls(),
        ]

    def act_view(self, request: Request, group_id: int, *, name: str, **target: str) -> HttpResponse:
        """Ask, then do it. Raises PermissionDenied, or Http404 where there is no such agreement."""
        group, act = self._group(request, group_id), ACTS[name]
        doing = Doing(group, request.user, request.now, act.target_of(group, next(iter(target.values()), "")))
        form = act.form_for(doing, request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                words = act.do(doing, dict(form.cleaned_data))
            except (NotPossible, VatUnknown) as error:
                form.add_error(None, str(error))
            except billing.BillingError as error:
                form.add_error(None, f"Stripe could not be asked, or said no; nothing was changed. {error}")
            else:
                self.log_change(request, group, f"{act.button}: {words}")
                messages.success(request, words)
                return self._back(group)
        return self._ask(request, group, form, act.question, act.button, hint=act.hint, is_grave=act.is_grave)

    @transaction.atomic
    def draft_view(self, request: Request, group_id: int, term_id: int | None = None) -> HttpResponse:
        """Write or mend the draft of a term. What was accepted is not mended any more: the lock lets no yes between."""
        group = self._group(request, group_id)
        GroupAccount.objects.locked(group.pk)
        term = get_object_or_404(group.terms, pk=term_id) if term_id else Term(group=group)
        if term.accepted_at:
            messages.info(request, "It was accepted: from here on there are verbs.")
            return self._back(group)
        form = TermForm(request.POST if request.method == "POST" else None, instance=term)
        if form.is_valid():
            form.save()
            GroupEvent.note(group, request.user, "wrote a draft", at=request.now, term=form.instance.pk)
            messages.success(request, "The draft is kept. A quote that was sent before counts no more.")
            return self._back(group)
        return self._ask(request, group, form, "Draft of a term", "Keep the draft")

    def _group(self, request: Request, group_id: int) -> GroupAccount:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        found = GroupAccount.objects.filter(pk=group_id).first()
        if found is None:
            raise Http404
        return found

    def _ask(
        self, request: Request, group: GroupAccount, form: Any, question: str, button: str, **more: Any
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": group,
            "title": question,
            "form": form,
            "button": button,
            **more,
        }
        return TemplateResponse(request, "admin/groups/groupaccount/act.html", context)

    def _back(self, group: GroupAccount) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:groups_groupaccount_change", args=[group.pk]))

    # --- The page -----------------------------------------------------------------------------------

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if group := kwargs.get("obj"):
            context |= self._about(request, group)
        return super().render_change_form(request, context, *args, **kwargs)

    def _about(self, request: HttpRequest, group: GroupAccount) -> dict[str, Any]:
        now = now_of(request)
        terms = group.terms.select_related("quoted_by", "acceptance_noted_by", "begun_unpaid_by", "contract")
        invoices = group.invoices.prefetch_related("payments").select_related("term")
        limit = group.seat_limit(at=now)
        return {
            "state": group.state(at=now),
            "reads": group.gives_access(at=now),
            "seats_used": agreeing.seats_in_use(group),
            "seat_limit": limit,
            "terms": [
                {
                    "row": term,
                    "state": term.state(at=now),
                    "may_quote": term.accepted_at is None and term.ends_on >= (now - timedelta(days=1)).date(),
                    "may_invoice": term.accepted_at is not None and term.invoiced_at is None and term.price_cents > 0,
                    "may_begin": term.accepted_at is not None and not term.may_begin,
                    "link": self._link(term),
                }
                for term in terms
            ],
            "invoices": [(one, one.is_overdue(at=now), invoicing.token_of(one)) for one in invoices],
            "unknown": group.payments.filter(invoice=None),
            "events": [(event, in_words(event)) for event in group.events.select_related("actor")[:EVENTS_SHOWN]],
            "may_act": request.user.has_perm(CHANGE),
            "now": now,
        }

    def _link(self, term: Term) -> str:
        if term.quoted_at is None:
            return ""
        return agreeing.address_of("group_quote", agreeing.token_of(term), language=term.group.language)
