"""The pages on which a reader's address changes: one for the reader, one for the old mailbox."""

from http import HTTPStatus
from smtplib import SMTPException

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from edge.http import Request

from . import address, devices, proving
from .account_forms import NewAddressForm, TypedCodeForm
from .models import AddressChange

MAIL_TROUBLE = (OSError, SMTPException)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change_address(request: Request) -> HttpResponse:
    """Ask for another address, or see which mailbox has not answered yet."""
    change = _open_change(request)
    if change is not None and request.method != "POST":
        return _how_far(request, change)
    proving.ask_unless_fresh(request)
    form = NewAddressForm(request.POST or None, reader=request.user)
    if request.method != "POST" or not form.is_valid():
        return render(request, "readers/change_address.html", {"form": form})
    new_email = form.cleaned_data["email"]
    if not _may_mail(request, new_email):
        form.add_error("email", _("That was too often for now. Please wait a few minutes and try again."))
        return render(request, "readers/change_address.html", {"form": form}, status=HTTPStatus.TOO_MANY_REQUESTS)
    try:
        address.ask(request.user, new_email, session_key=request.session.session_key or "", at=request.now)
    except MAIL_TROUBLE:
        form.add_error("email", _("We could not send the mails just now. Please try again in a few minutes."))
        return render(request, "readers/change_address.html", {"form": form}, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return redirect("change_address")


@require_POST
@login_required
def type_address_code(request: Request) -> HttpResponse:
    """The code that proves the new mailbox."""
    change = _open_change(request)
    if change is None or not change.takes_codes(at=request.now):
        return redirect("change_address")
    form = TypedCodeForm(request.POST)
    if not form.is_valid():
        return _how_far(request, change, form)
    if not change.guess(form.cleaned_data["code"], at=request.now):
        if not change.takes_codes(at=request.now):
            messages.error(request, _("That was the last try: this code no longer works. Have a new one sent."))
            return redirect("change_address")
        form.add_error("code", _("That is not the code we sent."))
        return _how_far(request, change, form)
    return _go_on(request, change)


def _go_on(request: Request, change: AddressChange) -> HttpResponse:
    try:
        if address.finish_if_agreed(change, session=request.session, at=request.now):
            messages.success(request, _("Your address is now %(email)s.") % {"email": change.new_email})
            return redirect("security")
    except address.AddressTaken:
        messages.error(request, _("This address cannot be used. Please choose another one, or write to us."))
    return redirect("change_address")


@require_POST
@login_required
def send_address_code(request: Request) -> HttpResponse:
    """A new code, where the first was lost or too old."""
    change = _open_change(request)
    if change is None or change.new_agreed_at is not None:
        return redirect("change_address")
    if not _may_mail(request, change.new_email):
        messages.error(request, _("That was too often for now. Please wait a few minutes and try again."))
        return redirect("change_address")
    try:
        address.send_code(change, at=request.now)
        messages.info(request, _("We sent a new code. The one before it no longer works."))
    except MAIL_TROUBLE:
        messages.error(request, _("We could not send the code just now. Please try again in a few minutes."))
    return redirect("change_address")


@require_POST
@login_required
def drop_address_change(request: Request) -> HttpResponse:
    """Keep the address after all."""
    change = _open_change(request)
    if change is not None and change.stop(at=request.now):
        messages.success(request, _("Nothing changes: your address stays %(email)s.") % {"email": change.old_email})
    return redirect("security")


@require_http_methods(["GET", "HEAD", "POST"])
def old_address(request: Request, token: str) -> HttpResponse:
    """The link in the letter to the old mailbox. Looking changes nothing; the button is the yes."""
    change = AddressChange.objects.of_token(token, at=request.now)
    if change is None:
        return render(request, "readers/old_address_gone.html", status=HTTPStatus.GONE)
    if request.method != "POST":
        return render(request, "readers/old_address.html", {"change": change, "token": token})
    change.agree_as_old(at=request.now)
    mine = request.user == change.reader
    session = request.session if mine else devices.session_of(change.asked_in)
    try:
        is_done = address.finish_if_agreed(change, session=session, at=request.now)
    except address.AddressTaken:
        return render(request, "readers/old_address_gone.html", {"taken": True}, status=HTTPStatus.CONFLICT)
    return render(request, "readers/old_address_done.html", {"change": change, "is_done": is_done})


@require_POST
def stop_address_change(request: Request, token: str) -> HttpResponse:
    """The no of the old mailbox: nothing changes, and everybody is logged out."""
    change = AddressChange.objects.of_token(token, at=request.now)
    if change is None or not address.stop_and_log_out(change, at=request.now):
        return render(request, "readers/old_address_gone.html", status=HTTPStatus.GONE)
    return render(request, "readers/old_address_done.html", {"change": change, "is_stopped": True})


@login_required
@require_safe
def account_email(request: Request) -> HttpResponse:
    """Where allauth had its own page."""
    return redirect("change_address")


def _open_change(request: Request) -> AddressChange | None:
    return AddressChange.objects.open(at=request.now).filter(reader=request.user).first()


def _how_far(request: Request, change: AddressChange, form: TypedCodeForm | None = None) -> HttpResponse:
    takes_codes = change.takes_codes(at=request.now)
    context = {"change": change, "takes_codes": takes_codes, "form": form or TypedCodeForm()}
    return render(request, "readers/address_change.html", context)


def _may_mail(request: Request, email: str) -> bool:
    return ratelimit.consume(request, action="change_address", key=email) and ratelimit.consume(
        request, action="change_address_of_one", user=request.user
    )
