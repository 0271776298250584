"""The pages of those who are asked to sit in a group: an invitation, a link, the way out."""

from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.utils import get_next_redirect_url
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from edge.http import Request

from . import addresses, inviting, joining, rechecking, seating
from .inviting import Fate
from .joining import Offer
from .models import Invitation, JoinLink, Manager, Seat


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: Request, token: str) -> HttpResponse:
    """What the link in the letter opens. Looking takes nothing: the button of whoever proved the address does."""
    found = Invitation.objects.of_token(token)
    if found is None:
        return render(request, "groups/invitation_gone.html", status=HTTPStatus.GONE)
    is_mine = inviting.is_for(found, request.user)
    fate = inviting.fate_of(found, at=request.now)
    if fate is not Fate.WAITING and not (fate is Fate.ACCEPTED and is_mine):
        return _gone(request, found, fate)
    context = {"invitation": found, "group": found.group, "is_mine": is_mine, "is_accepted": fate is Fate.ACCEPTED}
    if request.method != "POST":
        return render(request, "groups/invitation.html", context)
    if not is_mine:
        return render(request, "groups/invitation.html", context, status=HTTPStatus.FORBIDDEN)
    return _accept(request, found)


def _accept(request: Request, found: Invitation) -> HttpResponse:
    try:
        seat = inviting.accept(found, request.user, at=request.now)
    except inviting.Gone as gone:
        return _gone(request, found, gone.fate)
    except (seating.NoSeatsLeft, seating.NotRunning, seating.SitsThereAlready) as error:
        return _no_seat(request, found.group, error)
    if found.to_manage:
        messages.success(request, _("You look after these seats now."))
        return redirect("group", found.group_id)
    if seat is not None:
        _say_welcome(request, seat)
    return redirect("account")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def join(request: Request) -> HttpResponse:
    """The groups that a reader's address opens; the seat is taken by the button and not by looking."""
    offers = joining.offers_to(request.user, at=request.now)
    if request.method == "POST":
        wanted = request.POST.get("group", "")
        offer = next((one for one in offers if str(one.group.pk) == wanted), None)
        return _join(request, offer, Seat.How.DOMAIN, back=reverse("group_join")) if offer else redirect("group_join")
    return render(request, "groups/join.html", {"offers": offers, "next": get_next_redirect_url(request) or ""})


@require_http_methods(["GET", "HEAD", "POST"])
def join_by_link(request: Request, token: str) -> HttpResponse:
    """What a manager passed around. It takes an address of the organisation besides."""
    link = JoinLink.objects.usable(at=request.now).select_related("group").filter(token=token).first()
    if link is None:
        return render(request, "groups/join_gone.html", status=HTTPStatus.GONE)
    offer = joining.offer_of_link(link, request.user) if request.user.is_authenticated else None
    if request.method == "POST" and offer is not None:
        return _join(request, offer, Seat.How.LINK, back=reverse("group_join_link", args=[token]))
    context = {"link": link, "group": link.group, "offer": offer, "domains": link.group.domains.kept()}
    status = HTTPStatus.FORBIDDEN if request.method == "POST" else HTTPStatus.OK
    return render(request, "groups/join_by_link.html", context, status=status)


def _join(request: Request, offer: Offer, how: Seat.How, *, back: str) -> HttpResponse:
    """Seat them, once a code was mailed to that address and typed in this browser: who has left has no mailbox."""
    proved_at = _proved_by_code(request, offer.address)
    if proved_at is None:
        return redirect(f"{reverse('prove_by_code')}?{urlencode({'next': back})}")
    try:
        seat = joining.join(offer, request.user, how=how, proved_at=min(proved_at, request.now), at=request.now)
    except joining.AskTheManager:
        messages.warning(request, _("Somebody removed you from this group. Please ask to be invited again."))
        return redirect("account")
    except joining.NotYours:
        return redirect("group_join")
    except (seating.NoSeatsLeft, seating.NotRunning, seating.SitsThereAlready) as error:
        return _no_seat(request, offer.group, error)
    _say_welcome(request, seat)
    return redirect(get_next_redirect_url(request) or reverse("account"))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def leave(request: Request) -> HttpResponse:
    """The groups this reader sits in, and the way out of each."""
    held = Seat.objects.held().filter(reader=request.user).select_related("group")
    if request.method == "POST":
        wanted = request.POST.get("seat", "")
        seat = get_object_or_404(held, pk=int(wanted) if wanted.isdecimal() else 0)
        if seating.leave(seat, at=request.now):
            said = _("You have left the group. %(organisation)s no longer pays for you.")
            messages.success(request, said % {"organisation": seat.group.organisation})
        return redirect("account")
    looks_after = set(Manager.objects.present().filter(reader=request.user).values_list("group_id", flat=True))
    return render(request, "groups/leave.html", {"seats": held, "looks_after": looks_after})


@require_http_methods(["GET", "HEAD", "POST"])
def still_there(request: Request, token: str) -> HttpResponse:
    """The yearly question. Whoever has the letter has the mailbox; the button is the answer, not the look."""
    seat = rechecking.seat_asked(token)
    if seat is None:
        return render(request, "groups/still_there_gone.html", status=HTTPStatus.GONE)
    if request.method == "POST":
        rechecking.note_proof(seat.reader, seat.address, at=request.now)
        return render(request, "groups/still_there_done.html", {"seat": seat})
    return render(request, "groups/still_there.html", {"seat": seat})


def _proved_by_code(request: Request, address: str) -> datetime | None:
    """When a code that went to this address was last typed in this session."""
    own = addresses.canonical(request.user.email)
    moments = [
        record["at"]
        for record in get_authentication_records(request, request.user)
        if record.get("method") == "code" and addresses.canonical(record.get("email") or own) == address
    ]
    return datetime.fromtimestamp(max(moments), UTC) if moments else None


def _gone(request: Request, found: Invitation, fate: Fate) -> HttpResponse:
    context = {"invitation": found, "fate": fate}
    return render(request, "groups/invitation_gone.html", context, status=HTTPStatus.GONE)


def _no_seat(request: Request, group: object, error: Exception) -> HttpResponse:
    context = {
        "group": group,
        "is_full": isinstance(error, seating.NoSeatsLeft),
        "is_taken": isinstance(error, seating.SitsThereAlready),
    }
    return render(request, "groups/no_seat.html", context, status=HTTPStatus.CONFLICT)


def _say_welcome(request: Request, seat: Seat) -> None:
    said = _("%(organisation)s pays for you from now on. Everything is open to you.")
    messages.success(request, said % {"organisation": seat.group.organisation})
