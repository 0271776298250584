"""What people and Stripe do at the site, in one process that may die meanwhile; and the same again."""

import io
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime
from typing import Any

from chaos.kills import Life
from chaos.stage import SECRET


def order(at: datetime) -> None:
    """Somebody orders, pays, and comes back; where it is begun again, goes on from where it stands."""
    from newsroom.demo import people

    browser = _browser(people.REGISTERED.email)
    page = browser.get("/subscribe/confirm/", {"plan": "month"})
    if page.status_code != 200:
        return
    fields = {"plan": "month", "shown": _field(page, "shown")}
    to_pay = browser.post("/subscribe/order/", fields).headers.get("Location", "")
    if "/c/pay/" not in to_pay:
        return
    back = _paid(to_pay, people.REGISTERED.email)
    if back:
        browser.get(back)


def webhook(at: datetime) -> None:
    """A subscription is cancelled at Stripe, which says so."""
    from django.conf import settings
    from django.test import Client

    from newsroom.demo import people
    from stripe_sandbox.deliveries import signature
    from subscriptions.models import Customer, Subscription

    row = Subscription.objects.get(reader__email=people.PAST_DUE.email)
    asked = urllib.request.Request(
        f"{settings.STRIPE_API_BASE}/v1/subscriptions/{row.stripe_id}",
        b"cancel_at_period_end=true",
        {"Authorization": "Bearer sk_test_x"},
    )
    urllib.request.urlopen(asked, timeout=30).close()
    kind = "customer.subscription.updated"
    about = {
        "id": row.stripe_id,
        "object": "subscription",
        "customer": Customer.objects.get(reader=row.reader).stripe_id,
    }
    event = {
        **{"id": "evt_of_a_life", "object": "event", "type": kind, "created": int(at.timestamp())},
        **{"livemode": False, "api_version": "2026-10-28.endive", "data": {"object": about}},
    }
    body = json.dumps(event).encode()
    signed = {"Stripe-Signature": signature(SECRET, body, int(time.time()))}
    Client(raise_request_exception=False).post("/stripe/webhook/", body, "application/json", headers=signed)


def publish(at: datetime) -> None:
    """An editor changes the text of a draft and has it published; does not where it is out already."""
    from django.urls import reverse

    from articles.models import Article
    from newsroom.demo import people

    draft = Article.objects.get(slug="a-draft")
    if draft.is_published(at=at) and "The last word" in draft.teaser:
        return
    fields = {
        "headline": draft.headline,
        "slug": draft.slug,
        "standfirst": draft.standfirst,
        "section": draft.section_id,
        "kicker": "",
        "language": "en",
        "text": "<p>The last word comes first.</p><p>Two.</p><p>Three is paid for.</p>",
        "signed_by": list(draft.authors.values_list("pk", flat=True)),
        "hero": "",
        "hero_caption": "",
        "publish_at": "",
        "verb": "publish",
    }
    _browser(people.EDITOR.email).post(reverse("admin:articles_article_change", args=[draft.pk]), fields)


def upload(at: datetime) -> None:
    """An editor puts a picture in."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.urls import reverse
    from PIL import Image

    from newsroom.demo import people

    out = io.BytesIO()
    Image.radial_gradient("L").resize((330, 250)).convert("RGB").save(out, "JPEG")
    fields = {"original": SimpleUploadedFile("a.jpg", out.getvalue(), "image/jpeg"), "alt": "A", "credit": "B"}
    _browser(people.EDITOR.email).post(reverse("admin:articles_picture_put_in"), fields)


LIVES = (
    Life("site killed while somebody orders", order, order),
    Life("site killed while a webhook is handled", webhook, webhook),
    Life("site killed while an article goes out", publish, publish),
    Life("site killed while a picture is uploaded", upload, upload, is_compared=False),
)


def _browser(email: str) -> Any:
    """Somebody who has signed in before: their session is no step of what they do now."""
    from django.conf import settings
    from django.test import Client

    browser = Client(raise_request_exception=False)
    browser.cookies[settings.SESSION_COOKIE_NAME] = session_of(email)
    return browser


def session_of(email: str) -> str:
    """The session that `sign_in` left for somebody."""
    return f"{email.partition('@')[0]:x<32}"[:32]


def sign_in() -> None:
    """Sessions with names that are known, for everybody who does something here."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from newsroom.demo import people
    from readers.models import User
    from tests import make

    for person in (people.REGISTERED, people.EDITOR):
        reader = User.objects.get(email=person.email)
        session = SessionStore()
        session[SESSION_KEY], session[HASH_SESSION_KEY] = str(reader.pk), reader.get_session_auth_hash()
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session._session_key = session_of(person.email)  # type: ignore[attr-defined]
        session.save(must_create=True)
    make.an_article("A draft", published=None)


def _field(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    return found[1] if found else ""


def _paid(page: str, email: str) -> str:
    class StayHere(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: object, **kwargs: object) -> None:
            return None

    fields = urllib.parse.urlencode({"method": "card_ok", "email": email}).encode()
    try:
        urllib.request.build_opener(StayHere).open(page, fields, timeout=30).close()
    except urllib.error.HTTPError as answer:
        if answer.code == 303:
            way = urllib.parse.urlsplit(answer.headers["Location"])
            return f"{way.path}?{way.query}"
    return ""
