"""Staff who come in, fail to, and go, and what they change of their ways in: signals of Django and allauth."""

from collections.abc import Callable
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import Signal
from django.http import HttpRequest

from edge import clock
from edge.logs import request_id
from newsroom.models import StaffAct
from readers.models import User

from .desk import shortened

Kind = StaffAct.Kind


def listen() -> None:
    """Begin to hear them."""
    heard: dict[Signal, Callable[..., None]] = {
        user_logged_in: _signed_in,
        user_logged_out: _signed_out,
        user_login_failed: _password_failed,
        account.login_code_rejected: _code_failed,
        account.password_reset_code_rejected: _code_failed,
        mfa.authentication_failed: _code_failed,
        mfa.authenticator_added: _proof_changed,
        mfa.authenticator_removed: _proof_changed,
        mfa.authenticator_reset: _proof_changed,
        account.password_set: _proof_changed,
        account.password_changed: _proof_changed,
        account.password_reset: _proof_changed,
    }
    for signal, listener in heard.items():
        signal.connect(listener)


def note(kind: Kind, person: Any, request: HttpRequest | None, about: User | None = None) -> None:
    """Write it down if this is somebody on the staff; `about`: whose account it concerns, where not their own."""
    if person is None or not getattr(person, "is_staff", False):
        return
    match = request.resolver_match if request else None
    StaffAct.objects.create(
        at=getattr(request, "now", None) or clock.now(),
        actor_id=person.pk,
        kind=kind,
        through=((match.url_name if match else "") or "")[:200],
        model=about._meta.label if about else "",
        object_id=str(about.pk) if about else "",
        request_id=request_id(),
        network=shortened(request) if request else "",
    )


def _signed_in(request: HttpRequest | None, user: Any, **more: Any) -> None:
    note(Kind.SIGNED_IN, user, request)


def _signed_out(request: HttpRequest | None, user: Any, **more: Any) -> None:
    note(Kind.SIGNED_OUT, user, request)


def _password_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **more: Any) -> None:
    address = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    if address and len(address) < 255:
        note(Kind.SIGN_IN_FAILED, User.objects.filter(email=address, is_staff=True).first(), request)


def _code_failed(request: HttpRequest, user: Any, **more: Any) -> None:
    note(Kind.SIGN_IN_FAILED, user, request)


def _proof_changed(request: HttpRequest, user: Any, **more: Any) -> None:
    note(Kind.PROOF_CHANGED, user, request)
