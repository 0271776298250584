"""How often something may be sent from one place: enough for a household or an office, too little for a flood.

Counted in the cache under a key of the day that cannot be turned back into a network address; nothing else is kept.
"""

from allauth.core import ratelimit
from allauth.core.internal.ratelimit import get_ip
from django.core.exceptions import PermissionDenied
from django.utils.crypto import salted_hmac

from edge.http import Request


def may_send(request: Request, action: str) -> bool:
    """Whether this place may do so once more now, and count it. How often: `ACCOUNT_RATE_LIMITS[action]`."""
    key = salted_hmac(f"readers.limits {action}", f"{request.now:%Y-%m-%d} {_place(request)}").hexdigest()
    return ratelimit.consume(request, action=action, key=key)


def _place(request: Request) -> str:
    """The network address, of IPv6 the network; one place for all whose address cannot be told."""
    try:
        return get_ip(request)
    except PermissionDenied:
        return ""
