"""Inviting many at once: the form, and what became of each line."""

import csv
import io
from http import HTTPStatus

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from edge import languages
from edge.http import Request
from edge.tables import safe_cell

from . import address_lists, lists
from .address_lists import Entry
from .forms import InviteForm
from .manager_views import about, as_file, for_managers, group_page
from .managing import Desk
from .models import InvitationList, ListLine

ON_A_PAGE = 100


@require_POST
@for_managers
def invite(request: Request, desk: Desk) -> HttpResponse:
    """Invite everybody who was typed or stands in the file. What could not be is told line by line."""
    form = InviteForm(request.POST, request.FILES)
    entries = _entries(form) if form.is_valid() else []
    if not form.is_valid() or not entries:
        return group_page(request, desk, HTTPStatus.UNPROCESSABLE_ENTITY, invite_form=form)
    file = form.cleaned_data["file"]
    kept = lists.keep(
        desk.group,
        entries,
        by=request.user,
        language=languages.chosen(),
        file_name=file.name if file else "",
        at=request.now,
    )
    progress = lists.progress_of(kept)
    if progress.invited < progress.total:
        return redirect("group_list", desk.group.pk, kept.pk)
    said = ngettext("%(count)s invitation is on its way.", "%(count)s invitations are on their way.", progress.total)
    messages.success(request, said % {"count": progress.total})
    return redirect("group", desk.group.pk)


def _entries(form: InviteForm) -> list[Entry]:
    """Who is on the list; where it cannot be read the form says why."""
    file = form.cleaned_data["file"]
    try:
        if file and file.size > address_lists.MOST_BYTES:
            raise address_lists.TooLong
        found = address_lists.from_file(file.read()) if file else []
        found += address_lists.from_text(form.cleaned_data["addresses"])
    except address_lists.NotAList:
        form.add_error("file", _("We cannot read this file. Save the table as CSV, and send us that."))
        return []
    except address_lists.TooLong:
        most = f"{address_lists.MOST_LINES:,}"
        form.add_error("file", _("That is too long. Please send at most %(most)s lines at once.") % {"most": most})
        return []
    if not found:
        form.add_error("addresses", _("There is no address on this list."))
    return found


@require_safe
@for_managers
def one_list(request: Request, desk: Desk, list_id: int) -> HttpResponse:
    """How far the list has got, and what became of each line."""
    kept = get_object_or_404(InvitationList, pk=list_id, group=desk.group)
    only = request.GET.get("only", "")
    lines = kept.lines.exclude(outcome="")
    if only == "not-invited":
        lines = lines.exclude(outcome=ListLine.Outcome.INVITED)
    context = about(desk, "people") | {
        "list": kept,
        "progress": lists.progress_of(kept),
        "page": Paginator(lines.order_by("pk"), ON_A_PAGE).get_page(request.GET.get("page")),
        "only": only,
    }
    return render(request, "groups/list.html", context)


@require_safe
@for_managers
def lines_csv(request: Request, desk: Desk, list_id: int) -> HttpResponse:
    """The same as a table, to mend and to send again."""
    kept = get_object_or_404(InvitationList, pk=list_id, group=desk.group)
    sheet = io.StringIO()
    rows = csv.writer(sheet)
    rows.writerow([_("Line"), _("Address"), _("Name"), _("What became of it"), _("As it stood there")])
    for line in kept.lines.order_by("pk").iterator(chunk_size=1000):
        outcome = str(ListLine.Outcome(line.outcome).label) if line.outcome else ""
        rows.writerow([line.number, safe_cell(line.address), safe_cell(line.name), outcome, safe_cell(line.said)])
    return as_file(sheet.getvalue(), "invitations.csv")
