"""How many statements may come from one place: enough for a household or an office, too few for a flood.

Counted in the cache under a key of the day that cannot be turned back into a network address; nothing else is kept.
"""

from allauth.core import ratelimit
from allauth.core.internal.ratelimit import get_ip
from django.core.exceptions import PermissionDenied
from django.utils.crypto import salted_hmac

from edge.http import Request


def may_send(request: Request) -> bool:
    """Whether this place may send another statement now, and count it. How many: `ACCOUNT_RATE_LIMITS`."""
    key = salted_hmac("rights.limits", f"{request.now:%Y-%m-%d} {_place(request)}").hexdigest()
    return ratelimit.consume(request, action="statement", key=key)


def _place(request: Request) -> str:
    """The network address, of IPv6 the network; one place for all whose address cannot be told."""
    try:
        return get_ip(request)
    except PermissionDenied:
        return ""
