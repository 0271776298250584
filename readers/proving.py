"""Is it still you? Asked before what could take an account from its owner; answered by a code where nothing else is.

A login of the last minutes is answer enough. Otherwise allauth asks for the password, the passkey or the app; a reader
who has none of these gets a code by mail. Whoever has a second factor cannot do with a mail alone.
"""

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.core import ratelimit
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

# For this long after a login or a proof nothing is asked again.
PROOF_LASTS = timedelta(minutes=15)
CODE_LASTS = timedelta(minutes=15)
_CODE = "proof_code"


def is_fresh(request: HttpRequest, *, within: timedelta = PROOF_LASTS) -> bool:
    """Whether this session was opened or proved within the last minutes."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < within.total_seconds()


def required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that opens after a login of the last minutes, or after a proof; the way back leads to it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        ask_unless_fresh(request)
        return view(request, *args, **kwargs)

    return login_required(guarded)


def ask_unless_fresh(request: HttpRequest) -> None:
    """Raises ReauthenticationRequired, which leads to the proof and back."""
    if not is_fresh(request):
        raise ReauthenticationRequired


def send_code(request: HttpRequest, *, at: datetime) -> bool:
    """Mail six digits to the reader. False where that was too often. Raises what the mail server raises."""
    email = request.user.email  # type: ignore[union-attr]
    if not ratelimit.consume(request, action="request_login_code", key=email):
        return False
    code = f"{secrets.randbelow(1_000_000):06}"
    get_adapter().send_mail("account/email/proof_code", email, {"code": code, "user": request.user})
    request.session[_CODE] = {"seal": _sealed(request, code), "sent_at": at.isoformat()}
    return True


def waits_for_code(request: HttpRequest, *, at: datetime) -> bool:
    """Whether a code is on its way that may still be typed."""
    sent = request.session.get(_CODE)
    return sent is not None and at - datetime.fromisoformat(sent["sent_at"]) < CODE_LASTS


def forget_code(request: HttpRequest) -> None:
    """The code no longer works."""
    request.session.pop(_CODE, None)


def may_guess(request: HttpRequest) -> bool:
    """Counts tries where requests that arrive together cannot outrun the count."""
    key = f"proof {request.user.pk} {request.session[_CODE]['sent_at']}"
    return ratelimit.consume(request, action="guess_login_code", key=key)


def is_the_code(request: HttpRequest, code: str) -> bool:
    """Whether these are the digits we sent."""
    return constant_time_compare(request.session[_CODE]["seal"], _sealed(request, code))


def note(request: HttpRequest) -> None:
    """It is still them."""
    forget_code(request)
    record_authentication(request, request.user, method="code", reauthenticated=True)


def _sealed(request: HttpRequest, code: str) -> str:
    return salted_hmac("readers.proving", f"{request.user.pk} {code}", algorithm="sha256").hexdigest()
