"""Who asks to read: the account, and what is believed of where they are. Made at the edge, handed to the rules."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from .address import Address, address_of
from .http import Request

# In a session: this visitor asked to be recognised by the network; the number of the off-site pass they opened.
ON_SITE, OFF_SITE_PASS = "on_site", "off_site_pass"


@dataclass(frozen=True)
class StandIn:
    """A reader like all others of their kind, made up so that the page they share can be made once (page_cache).

    Takes the place of a reader where a page asks who is reading; has no row, and owns nothing.
    """

    # Why they may read (subscriptions.access.Entitlement).
    entitlement: Any
    # What the site speaks to them, as `readers.User.language`.
    language: str = ""

    pk = id = None
    email = name = ""
    is_authenticated = is_active = True
    is_anonymous = is_staff = is_superuser = False

    @property
    def kind(self) -> str:
        """What tells shared pages apart: the source of the entitlement."""
        return str(self.entitlement.source)


@dataclass(frozen=True)
class Visitor:
    """A visitor of one request.

    `address` and `off_site_pass` are there only for who brings a session: the page of anybody else is the same for
    all of them and kept by caches, which know no addresses.
    """

    # A reader or AnonymousUser.
    user: Any
    address: Address | None = None
    off_site_pass: int | None = None
    # This browser today, for who has no account; tomorrow it is another.
    visit: str = ""

    @classmethod
    def of(cls, asker: Any) -> "Visitor":
        """The visitor, or the one that a mere user is: somebody who could be anywhere."""
        return asker if isinstance(asker, cls) else cls(asker)


def visitor_of(request: Request) -> Visitor:
    """Who asks. Opens no session."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return Visitor(request.user)
    may_be_recognised = request.user.is_authenticated or request.session.get(ON_SITE)
    return Visitor(
        request.user,
        address=address_of(request) if may_be_recognised else None,
        off_site_pass=request.session.get(OFF_SITE_PASS),
        visit="" if request.user.is_authenticated else _visit(request),
    )


def _visit(request: Request) -> str:
    today = f"{request.session.session_key} {timezone.localdate(request.now)}"
    return salted_hmac("edge.visitor", today, algorithm="sha256").hexdigest()[:32]
