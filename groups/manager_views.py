"""The pages of those who look after the seats of their organisation: find, ask, render."""

import csv
import io
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from edge import languages
from edge.http import Request
from edge.tables import safe_cell

from . import inviting, joining, managing, seating
from . import more_seats as asking
from .forms import DomainForm, InviteForm, ManagerForm, MoreSeatsForm, PassOnForm
from .managing import Desk
from .models import Invitation, JoinLink, Manager, Seat
from .models.invitation import INVITATION_LASTS
from .models.seat import UNUSED_AFTER, month_of
from .models.term import day_of

Outcome = inviting.Outcome
ON_THE_FIRST_PAGE, ON_A_PAGE = 10, 50


def for_managers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of one group: given the desk of whoever may see it, 404 for everybody else.

    Staff may look and change nothing: whatever they send is refused with 403.
    """

    @login_required
    @wraps(view)
    def guarded(request: Request, group_id: int, **kwargs: Any) -> HttpResponse:
        desk = managing.desk_of(request.user, group_id)
        if desk is None:
            raise Http404
        if request.method == "POST" and not desk.may_change:
            return render(request, "groups/only_looking.html", {"desk": desk}, status=HTTPStatus.FORBIDDEN)
        return view(request, desk, **kwargs)

    return guarded


@require_safe
@login_required
def groups(request: Request) -> HttpResponse:
    """The group that this reader looks after; the choice where there are several."""
    found = managing.groups_of(request.user)
    if len(found) == 1:
        return redirect("group", found[0].pk)
    return render(request, "groups/groups.html", {"groups": found})


@require_safe
@for_managers
def group(request: Request, desk: Desk) -> HttpResponse:
    """The seats at a glance, the people, and what can be done."""
    return group_page(request, desk)


def group_page(request: Request, desk: Desk, status: HTTPStatus = HTTPStatus.OK, **forms: Any) -> HttpResponse:
    """The group's page, with forms as they were filled in where something was wrong with them."""
    group, now = desk.group, request.now
    seats, open_invitations = managing.seats_of(group), managing.open_invitations_of(group)
    link = JoinLink.objects.usable(at=now).filter(group=group).first()
    context = about(desk, "seats") | {
        "glance": managing.glance_at(group, at=now),
        "seats": seats[:ON_THE_FIRST_PAGE],
        "invitations": open_invitations[:ON_THE_FIRST_PAGE],
        "people": seats.count() + open_invitations.count(),
        "shown": ON_THE_FIRST_PAGE,
        "managers": Manager.objects.present().filter(group=group).select_related("reader"),
        "managing": _managing(desk),
        "domains": group.domains.kept(),
        "link": link,
        "link_url": settings.SITE_URL + reverse("group_join_link", args=[link.token]) if link else "",
        "lists": group.invitation_lists.all()[:3],
        "invitation_days": INVITATION_LASTS.days,
        "invite_form": InviteForm(),
        "manager_form": ManagerForm(),
        "domain_form": DomainForm(),
    }
    return render(request, "groups/group.html", context | forms, status=status)


@require_safe
@for_managers
def people(request: Request, desk: Desk) -> HttpResponse:
    """Everybody, to look through and to search."""
    wanted = request.GET.get("q", "").strip()[:100]
    page = Paginator(managing.seats_of(desk.group, wanted=wanted), ON_A_PAGE).get_page(request.GET.get("page"))
    context = about(desk, "people") | {
        "wanted": wanted,
        "page": page,
        "seats": page.object_list,
        "invitations": managing.open_invitations_of(desk.group, wanted=wanted)[:ON_A_PAGE] if page.number == 1 else [],
        "managing": _managing(desk),
    }
    return render(request, "groups/people.html", context)


@require_safe
@for_managers
def people_csv(request: Request, desk: Desk) -> HttpResponse:
    """The same as a table; the month in which somebody last read, no closer."""
    sheet = io.StringIO()
    rows = csv.writer(sheet)
    rows.writerow([_("Address"), _("Name"), _("Role"), _("Since"), _("Last read")])
    managing_ids = _managing(desk)
    for seat in managing.seats_of(desk.group).iterator(chunk_size=500):
        role = _("Manager") if seat.reader_id in managing_ids else _("Reader")
        month = month_of(seat.last_used_on)
        rows.writerow(
            [
                safe_cell(seat.address),
                safe_cell(seat.reader.name),
                role,
                f"{day_of(seat.given_at)}",
                f"{month:%Y-%m}" if month else "",
            ]
        )
    for invitation in managing.open_invitations_of(desk.group):
        since = f"{day_of(invitation.invited_at)}"
        rows.writerow([safe_cell(invitation.address), safe_cell(invitation.name), _("Invited"), since, ""])
    return as_file(sheet.getvalue(), "seats.csv")


@require_POST
@for_managers
def send_again(request: Request, desk: Desk, invitation_id: int) -> HttpResponse:
    """The invitation once more, with a new link."""
    invitation = get_object_or_404(Invitation, pk=invitation_id, group=desk.group)
    outcome = inviting.send_again(invitation, by=request.user, at=request.now)
    if outcome is Outcome.INVITED:
        said = _("We wrote to %(address)s again. The link in the letter before no longer works.")
        messages.success(request, said % {"address": invitation.address})
    else:
        messages.warning(request, _in_words(outcome, invitation.address))
    return _back(request, desk)


@require_POST
@for_managers
def withdraw(request: Request, desk: Desk, invitation_id: int) -> HttpResponse:
    """The invitation no longer works."""
    invitation = get_object_or_404(Invitation, pk=invitation_id, group=desk.group)
    if inviting.withdraw(invitation, by=request.user, at=request.now):
        said = _("The invitation to %(address)s no longer works.")
        messages.success(request, said % {"address": invitation.address})
    else:
        messages.info(request, _("There was nothing left to withdraw: they have joined, or it was withdrawn before."))
    return _back(request, desk)


@require_POST
@for_managers
def remove(request: Request, desk: Desk, seat_id: int) -> HttpResponse:
    """Somebody sits there no longer, and is told so by mail."""
    seat = get_object_or_404(Seat.objects.select_related("group", "reader"), pk=seat_id, group=desk.group)
    if seating.remove(seat, by=request.user, at=request.now):
        messages.success(request, _("%(address)s no longer has a seat.") % {"address": seat.address})
    else:
        messages.info(request, _("That seat was free already."))
    return _back(request, desk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_managers
def pass_on(request: Request, desk: Desk, seat_id: int) -> HttpResponse:
    """The seat is offered to somebody else; who had it is told so by mail."""
    seats = Seat.objects.held().select_related("group", "reader")
    seat = get_object_or_404(seats, pk=seat_id, group=desk.group)
    form = PassOnForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["address"]
        outcome = inviting.pass_on(seat, typed, by=request.user, language=languages.chosen(), at=request.now)
        if outcome is Outcome.INVITED:
            said = _("The seat of %(address)s is offered to %(typed)s.")
            messages.success(request, said % {"address": seat.address, "typed": typed})
            return redirect("group", desk.group.pk)
        form.add_error("address", _in_words(outcome, typed))
    return render(request, "groups/pass_on.html", about(desk, "people") | {"seat": seat, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@for_managers
def unused(request: Request, desk: Desk) -> HttpResponse:
    """The seats that nobody used for 60 days, and one button that frees those that stand on the page."""
    if request.method == "POST":
        pks = [int(pk) for pk in request.POST.getlist("seat") if pk.isdecimal()]
        freed = seating.free_unused(desk.group, pks, by=request.user, at=request.now)
        said = ngettext("%(count)s seat is free now.", "%(count)s seats are free now.", freed) % {"count": freed}
        messages.success(request, said)
        return redirect("group", desk.group.pk)
    found = Seat.objects.unused(at=request.now).filter(group=desk.group).select_related("reader")[:1000]
    context = about(desk, "people") | {"seats": found, "days": UNUSED_AFTER.days}
    return render(request, "groups/unused.html", context)


@require_POST
@for_managers
def make_manager(request: Request, desk: Desk, seat_id: int) -> HttpResponse:
    """Somebody who sits there looks after the seats, too."""
    seats = Seat.objects.held().select_related("reader")
    seat = get_object_or_404(seats, pk=seat_id, group=desk.group)
    seating.make_manager(desk.group, seat.reader, address=seat.address, by=request.user, at=request.now)
    messages.success(request, _("%(address)s can invite and remove people now.") % {"address": seat.address})
    return _back(request, desk)


@require_POST
@for_managers
def invite_manager(request: Request, desk: Desk) -> HttpResponse:
    """Ask somebody to look after the seats, with a seat or without."""
    form = ManagerForm(request.POST)
    if not form.is_valid():
        return group_page(request, desk, HTTPStatus.UNPROCESSABLE_ENTITY, manager_form=form)
    outcome = inviting.invite(
        desk.group,
        form.cleaned_data["address"],
        by=request.user,
        to_manage=True,
        with_seat=form.cleaned_data["with_seat"],
        language=languages.chosen(),
        at=request.now,
    )
    if outcome is not Outcome.INVITED:
        form.add_error("address", _in_words(outcome, form.cleaned_data["address"]))
        return group_page(request, desk, HTTPStatus.UNPROCESSABLE_ENTITY, manager_form=form)
    messages.success(request, _("The invitation is on its way."))
    return redirect("group", desk.group.pk)


@require_POST
@for_managers
def end_manager(request: Request, desk: Desk, manager_id: int) -> HttpResponse:
    """Somebody looks after the seats no longer; never the last one."""
    manager = get_object_or_404(Manager, pk=manager_id, group=desk.group, ended_at=None)
    try:
        seating.unmake_manager(manager, by=request.user, at=request.now)
    except seating.LastManager:
        messages.error(
            request,
            _("Somebody has to look after the seats. Make somebody else a manager first, then this task can be left."),
        )
        return redirect("group", desk.group.pk)
    if manager.reader_id == request.user.pk:
        messages.success(request, _("You no longer look after these seats."))
        return redirect("account")
    messages.success(request, _("%(address)s no longer looks after the seats.") % {"address": manager.address})
    return redirect("group", desk.group.pk)


@require_POST
@for_managers
def domains(request: Request, desk: Desk) -> HttpResponse:
    """Which domains are open to everybody there."""
    wanted = request.POST.getlist("open")
    changed = [
        joining.set_open(domain, str(domain.pk) in wanted, by=request.user, at=request.now)
        for domain in desk.group.domains.kept().select_related("group")
    ]
    messages.success(request, _("Saved.") if any(changed) else _("Nothing has changed."))
    return redirect("group", desk.group.pk)


@require_POST
@for_managers
def add_domain(request: Request, desk: Desk) -> HttpResponse:
    """The domain of the manager's own address; others are added by our staff."""
    form = DomainForm(request.POST)
    if not form.is_valid():
        return group_page(request, desk, HTTPStatus.UNPROCESSABLE_ENTITY, domain_form=form)
    try:
        domain = joining.add_domain(desk.group, form.cleaned_data["name"], by=request.user, at=request.now)
    except joining.Refused as refused:
        why = (
            refused.problem.in_words()
            if refused.problem
            else _("You can add the domain of your own address only. Please write to us for another one.")
        )
        form.add_error("name", why)
        return group_page(request, desk, HTTPStatus.UNPROCESSABLE_ENTITY, domain_form=form)
    messages.success(request, _("%(domain)s is added. It is not open to everybody yet.") % {"domain": domain})
    return redirect("group", desk.group.pk)


@require_POST
@for_managers
def make_link(request: Request, desk: Desk) -> HttpResponse:
    """A new link to join."""
    joining.make_link(desk.group, by=request.user, at=request.now)
    messages.success(request, _("Here is the link. One that was made before no longer works."))
    return redirect("group", desk.group.pk)


@require_POST
@for_managers
def close_link(request: Request, desk: Desk) -> HttpResponse:
    """The link to join works no longer."""
    joining.close_link(desk.group, by=request.user, at=request.now)
    messages.success(request, _("The link no longer works."))
    return redirect("group", desk.group.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_managers
def more_seats(request: Request, desk: Desk) -> HttpResponse:
    """Ask for more seats, with what they would cost until the end of the term. `?seats=` shows the price."""
    term = desk.group.term_at(at=request.now)
    shown = MoreSeatsForm({"seats": request.GET.get("seats"), "key": uuid4()}) if "seats" in request.GET else None
    form = MoreSeatsForm(request.POST) if request.method == "POST" else shown or MoreSeatsForm(initial={"key": uuid4()})
    is_valid = form.is_bound and form.is_valid()
    if request.method == "POST" and is_valid:
        said = form.cleaned_data
        asking.ask(desk.group, said["seats"], said["words"], by=request.user, key=said["key"], at=request.now)
        messages.success(request, _("We have your wish and write to you, usually on the next working day."))
        return redirect("group", desk.group.pk)
    cents = asking.cents_for(term, form.cleaned_data["seats"], at=request.now) if is_valid and term else None
    one = asking.cents_for(term, 1, at=request.now) if term else None
    context = about(desk, "seats") | {"form": form, "term": term, "cents": cents, "one_cents": one}
    return render(request, "groups/more_seats.html", context)


def as_file(text: str, name: str) -> HttpResponse:
    """A CSV file to keep; spreadsheets take it for UTF-8 by its first sign."""
    response = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def about(desk: Desk, here: str) -> dict[str, Any]:
    """What every page of a group prints: whose it is, and which tab is open."""
    return {"desk": desk, "group": desk.group, "here": here}


def _managing(desk: Desk) -> set[int]:
    """The readers who look after this group."""
    return set(Manager.objects.present().filter(group=desk.group).values_list("reader_id", flat=True))


def _back(request: Request, desk: Desk) -> HttpResponse:
    return redirect("group_people" if request.POST.get("back") == "people" else "group", desk.group.pk)


def _in_words(outcome: Outcome, address: str) -> str:
    words = {
        Outcome.SEATED: _("%(address)s has what you offer already."),
        Outcome.WAITING: _("%(address)s was invited before and has not answered yet."),
        Outcome.NO_ADDRESS: _("%(address)s is not a complete email address."),
        Outcome.LOOK_ALIKE: _("%(address)s has letters that only look like those of another address."),
        Outcome.NO_SEAT: _("No seat is left for %(address)s."),
        Outcome.OVER: _("The agreement does not run at present, so nobody can be invited."),
    }
    return words[outcome] % {"address": address}
