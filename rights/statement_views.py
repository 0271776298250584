"""The pages to withdraw and to cancel, open to everybody, and the page about a statement that was made."""

from dataclasses import asdict
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from edge.http import Request
from readers import limits
from subscriptions import withdrawing
from subscriptions.models import Subscription

from . import handling, matching, stating
from .forms import CancellationForm, StatementForm
from .models import Handling, Statement
from .stating import Said

SEAL = "rights.withdrawal"


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: Request) -> HttpResponse:
    """First page: who and which contract. Then the second: the same once more, and one button."""
    form = StatementForm(request.POST or None, contracts=_own(request), initial=_who(request))
    if request.method == "POST" and form.is_valid():
        said = form.said(Statement.Kind.WITHDRAWAL)
        declared = stating.declaration(said.kind, None)
        page = {"said": said, "declared": declared, "sealed": _seal(said)}
        return render(request, "rights/withdraw_confirm.html", page)
    return render(request, "rights/withdraw.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_withdrawal(request: Request) -> HttpResponse:
    """The one button: from this moment on the contract is withdrawn from, where that is in time."""
    said = _unseal(request.POST.get("sealed", ""))
    return redirect("withdraw") if said is None else _send(request, said)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: Request) -> HttpResponse:
    """Cancel without signing in: one page, one button, a receipt."""
    today = timezone.localdate(request.now)
    form = CancellationForm(request.POST or None, contracts=_own(request), initial=_who(request), today=today)
    if request.method == "POST" and form.is_valid():
        return _send(request, form.what_is_said())
    return render(request, "rights/cancel.html", {"form": form})


@require_safe
def statement(request: Request, token: str) -> HttpResponse:
    """The receipt, to read and to print; and what became of it, for those who may know."""
    found, may_know = _found(request, token)
    about = found.handling
    context = {
        "statement": found,
        "declared": stating.declaration(found.kind, found.wished_on),
        "sent": stating.in_brussels(found.sent_at),
        "handling": about,
        "may_know": may_know,
        "token": token,
        "state": _state(about) if may_know else "",
        "given_back_by": found.sent_at + withdrawing.GIVEN_BACK_WITHIN,
        "may_cancel_instead": may_know and _may_cancel_instead(about),
        "may_dispute": may_know and about.is_matched and about.disputed_at is None,
        "last_day": about.deadline and about.deadline - timedelta(seconds=1),
    }
    return render(request, "rights/statement.html", context)


@require_POST
def cancel_instead(request: Request, token: str) -> HttpResponse:
    """The withdrawal came too late: one button cancels for the end of what is paid. Pressed twice it is once."""
    found, may_know = _found(request, token)
    if not may_know or found.handling.outcome != Handling.Outcome.TOO_LATE:
        return redirect("statement", token)
    made = handling.cancel_instead(found.handling, at=request.now)
    return redirect(stating.path_of(made, from_mailbox=True))


@require_POST
def was_not_me(request: Request, token: str) -> HttpResponse:
    """Somebody else made the statement, says the reader of the contract."""
    found, may_know = _found(request, token)
    if may_know and found.handling.is_matched:
        handling.was_not_me(found.handling, at=request.now)
    return redirect("statement", token)


# --- What the pages share ------------------------------------------------------------------------------


def _send(request: Request, said: Said) -> HttpResponse:
    if not limits.may_send(request, "statement"):
        return render(request, "rights/too_many.html", {"said": said}, status=HTTPStatus.TOO_MANY_REQUESTS)
    made = handling.send(said, request.user, at=request.now)
    return redirect(stating.path_of(made, from_mailbox=False))


def _found(request: Request, token: str) -> tuple[Statement, bool]:
    """The statement of a token, and whether this visitor may know what became of it. Raises Http404."""
    read = stating.read_token(token)
    if read is None:
        raise Http404
    key, from_mailbox = read
    found = get_object_or_404(Statement.objects.select_related("handling__subscription__plan"), pk=key)
    reader_id = found.handling.reader_id
    return found, from_mailbox or (request.user.is_authenticated and request.user.pk == reader_id)


def _state(about: Handling) -> str:
    """Which words the page says."""
    if not about.is_matched:
        return "closed" if about.is_done else "unmatched"
    return about.outcome or "open"


def _may_cancel_instead(about: Handling) -> bool:
    return (
        about.outcome == Handling.Outcome.TOO_LATE
        and about.subscription is not None
        and about.subscription.is_live
        and not about.subscription.is_cancelled
    )


def _own(request: Request) -> list[Subscription]:
    """What a signed-in reader may choose from."""
    if not request.user.is_authenticated:
        return []
    return [one for one in matching.contracts_of(request.user) if one.is_live]


def _who(request: Request) -> dict[str, Any]:
    if not request.user.is_authenticated:
        return {}
    return {"name": request.user.name, "email": request.user.email}


def _seal(said: Said) -> str:
    return signing.dumps(asdict(said) | {"key": str(said.key), "wished_on": None}, salt=SEAL, compress=True)


def _unseal(sealed: str) -> Said | None:
    """What the second page repeated, or None where it is not ours."""
    try:
        given = signing.loads(sealed, salt=SEAL)
    except signing.BadSignature:
        return None
    return Said(**given | {"key": UUID(given["key"])})
