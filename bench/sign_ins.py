"""How many readers a second come in: a new session each, by the button of a one-time address."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from bench.many import Ask, seconds_for
from bench.stage import CONNECTIONS


def a_second(site: str, *, count: int) -> float:
    """So many people sign in, once each. Raises RuntimeError where one is refused."""
    from django.conf import settings
    from django.urls import reverse

    from readers.models import SignInLink, User
    from tests.make import a_reader

    now = datetime.now(UTC)
    begin = User.objects.count()
    people = [a_reader(f"comes{begin + number}@example.org") for number in range(count)]
    seal = "A" * 32
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"{settings.CSRF_COOKIE_NAME}={seal}",
    }
    body = urlencode({"csrfmiddlewaretoken": seal}).encode()
    asks = []
    for person in people:
        token = SignInLink.objects.make(person, at=now, lasts=timedelta(hours=1))
        asks.append(Ask(reverse("sign_in_link", args=[token]), headers, body))
    return count / seconds_for(site, asks, connections=CONNECTIONS, expect=302)
