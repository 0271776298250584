"""Every page of the reader's site in every state, rendered once: what the browser, the HTML checker and eyes look at.

Addresses are walked by themselves, for a stranger, somebody with an account, and a subscriber. What more a page can
be has a line in `_states`. Nothing of it stays in the database.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.test import Client
from django.urls import get_resolver
from PIL import Image

from articles import gifts
from articles.models import AgendaItem, Article, Brief, Correction, Picture, SavedArticle, ShareLink, Topic
from articles.models.gift import hash_of
from newsroom.demo import content as demo
from readers.models import Newsletter, User
from subscriptions.billing import PaymentFacts
from tests.fakes import FakeBilling
from tests.make import (
    NOW,
    YESTERDAY,
    a_contract,
    a_customer,
    a_partner_item,
    a_plan,
    a_reader,
    a_section,
    a_subscription,
    an_article,
    an_author,
    the_facts,
)
from tests.test_account_states import STATES
from tests.test_canary import arguments, paths, patterns

LONG = "Donaudampfschifffahrtsgesellschaftskapitän"
TEXT = (
    f"<p>A first paragraph for everyone, with <em>words in italics</em>.</p><p>And a second one.</p>"
    f'<figure data-picture="{{picture}}"><figcaption>A pier</figcaption></figure><h2>{LONG}</h2><p>A third.</p>'
    f'<aside class="pull-quote"><p>“{LONG}”</p></aside><blockquote><p>A quotation.</p></blockquote>'
    '<ul><li>One</li><li>Two</li></ul><p>See <a href="https://example.org/">the text of the law</a>.</p>'
)
FILTERED = "q=bridge&section=climate&period=week&author=ana-novak"
# Not for readers, or no page of ours.
NOT_HERE = ("/admin/", "/stripe/", "/dev/", "/media/")
# Around what is in the middle, a page is what its neighbours are.
MIDDLE = re.compile(r"<main.*</main>", re.DOTALL)
NONCE = re.compile(r'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"')
LANGUAGE = re.compile(r"/(fr|nl|de)/")


@dataclass(frozen=True)
class Shown:
    """A page as one visitor was given it."""

    name: str
    path: str
    status: int
    headers: dict[str, str]
    html: str

    @property
    def is_translated(self) -> bool:
        """Whether it is in another language: its structure is that of the English one."""
        return LANGUAGE.match(self.path) is not None


class Room:
    """What has been shown so far, by name."""

    def __init__(self) -> None:
        self.shown: dict[str, Shown] = {}
        self._seen: set[tuple[str, str]] = set()

    def show(self, name: str, answer: Any, status: int = 200) -> Any:
        """Keep an answer that must have that status."""
        path = answer.wsgi_request.get_full_path()
        assert answer.status_code == status, (name, path, answer.status_code, answer.get("Location"))
        self._keep(name, path, answer)
        return answer

    def show_if_new(self, name: str, answer: Any) -> None:
        """Keep an answer if it is a page that nobody has seen yet."""
        is_page = answer.get("Content-Type", "").startswith("text/html") and not answer.streaming
        if is_page and answer.status_code == 200 and "Content-Disposition" not in answer:
            self._keep(name, answer.wsgi_request.get_full_path(), answer)

    def _keep(self, name: str, path: str, answer: Any) -> None:
        html = answer.content.decode()
        middle = MIDDLE.search(html)
        key = (path, NONCE.sub("", middle[0] if middle else html))
        if key not in self._seen:
            assert name not in self.shown, f"{name} is shown twice"
            self._seen.add(key)
            self.shown[name] = Shown(name, path, answer.status_code, dict(answer.headers), html)


def asked_for(url: str) -> tuple[bytes, str] | None:
    """The bytes and type of a static file or picture that a page asks for, by its path; nothing where there is none."""
    types = {".css": "text/css", ".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
    types |= {".avif": "image/avif", ".jpg": "image/jpeg", ".png": "image/png", ".mjs": "text/javascript"}
    kind = types.get(Path(url).suffix, "")
    if url.startswith("/static/") and kind and (found := finders.find(url.removeprefix("/static/"))):
        return Path(str(found)).read_bytes(), kind
    if url.startswith("/media/") and kind and default_storage.exists(url.removeprefix("/media/")):
        with default_storage.open(url.removeprefix("/media/")) as file:
            return file.read(), kind
    return None


def rendered(billing: FakeBilling) -> dict[str, Shown]:
    """Every page and state by its name. Wants a database, and the clock of the site at NOW."""
    room = Room()
    with _undone():
        _states_of_an_empty_site(room)
    with _undone():
        article = _a_newsroom()
        _walk(room, article, billing)
        for show in (_news, _tools, _errors, _sign_in, _leaving, _subscribing, _accounts):
            with _undone():
                show(room, article, billing)
    return room.shown


@contextlib.contextmanager
def _undone() -> Iterator[None]:
    """Whatever is stored in here is gone afterwards."""
    block = transaction.atomic()
    # The site is not inside of a transaction here: the test is, as with pytest-django's own.
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


def signed_in(reader: User) -> Client:
    """A browser of that reader."""
    client = Client()
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    return client


# --- What there is to see ---------------------------------------------------------------------------------


def _a_newsroom() -> Article:
    """Two pages of everything; returns its best article."""
    a_plan("year")
    a_plan("month")
    picture, portrait = a_picture(), a_picture((400, 600), focus_y=0.0)
    opinion, climate, economy = (a_section("opinion", is_opinion=True), a_section("climate"), a_section("economy"))
    for section in (opinion, climate, economy):
        section.remit = "What is decided in Brussels, and what becomes of it."
        section.save()
    author, second = an_author("Ana Novak"), an_author("Zita Zabel")
    author.bio, author.role, author.email = "Ana writes about rivers.", "Reporter", "ana@example.org"
    author.save()
    second.name = "Łukasz Żółć"
    second.save()
    for count in range(24):
        an_article(
            f"Story {count} about a bridge" if count % 3 else f"The {LONG} and Europe’s law, {count}",
            slug=f"story-{count}",
            section=opinion if count % 4 == 3 else (climate, economy)[count % 2],
            published=NOW - timedelta(hours=count),
            hero=(picture, portrait, None)[count % 3],
            standfirst=f"What {LONG} means for those who pay.",
            kicker="Investigation" if count % 5 == 2 else "",
            leads_front=count == 0,
            is_free=count == 4,
        )
        Brief.objects.create(headline=f"Brief {count} of the day", text="In short.", published_at=YESTERDAY)
    for number, row in enumerate(demo.rows("newsletters")):
        Newsletter.objects.get_or_create(slug=row["slug"], defaults={"position": number, **row})
    for count in range(2):
        a_partner_item(
            "League of Bridge Builders",
            headline="What bridges need",
            is_political=count == 0,
            ends_at=NOW + timedelta(days=300),
        )
    AgendaItem.objects.create(title="A council of ministers with a long name", starts_at=NOW)
    article = Article.objects.get(slug="story-0")
    article.write(TEXT.format(picture=picture.pk))
    article.sign([author, second])
    article.topics.add(Topic.objects.create(name="Bridges", slug="bridges"))
    article.related.set(Article.objects.exclude(pk=article.pk)[:2])
    Correction.objects.create(article=article, note="The river is the Sava.", published_at=NOW - timedelta(minutes=5))
    return article


def a_picture(size: tuple[int, int] = (700, 400), **fields: Any) -> Picture:
    """A picture with its files."""
    file = ContentFile(b"", name="x.png")
    Image.linear_gradient("L").resize(size).convert("RGB").save(file, "PNG")
    picture = Picture(original=file, alt="A bridge", caption="The bridge.", credit="Photo: Ana Novak", **fields)
    picture.save()
    picture.make_first_renditions()
    return picture


def a_subscriber(billing: FakeBilling, email: str = "alice@example.org") -> User:
    """Somebody with a subscription that Stripe knows, an invoice and a contract."""
    reader = a_customer(email, f"cus_{email}")
    row = a_subscription(reader, stripe_id=f"sub_{email}")
    a_contract(row)
    paid = PaymentFacts(f"pi_{email}", f"in_{email}", 15000, 0, YESTERDAY, YESTERDAY, NOW + timedelta(days=300))
    billing.payments[row.stripe_id] = [paid]
    until, customer = row.period_ends_at, f"cus_{email}"
    billing.states[row.stripe_id] = the_facts("year", until=until, stripe_id=row.stripe_id, customer_id=customer)
    return reader


# --- Every address ------------------------------------------------------------------------------------------


def _walk(room: Room, article: Article, billing: FakeBilling) -> None:
    """Every address of the site that answers with a page, as three visitors get it."""
    visitors: list[tuple[str, Callable[[], Client]]] = [
        ("stranger", Client),
        ("registered", lambda: signed_in(a_reader("rita@example.org"))),
        ("subscriber", lambda: signed_in(a_subscriber(billing))),
    ]
    addresses = list(_addresses(article))
    for visitor, come in visitors:
        with _undone():
            client = come()
            for path in addresses if visitor == "stranger" else [one for one in addresses if not _is_other(one)]:
                with _undone():
                    room.show_if_new(f"{visitor} {path}", client.get(path))


def _addresses(article: Article) -> Iterator[str]:
    """Every address for readers. One whose arguments nobody knows fails the walk of tests/test_canary.py, not this."""
    known = arguments(article)
    for _, parts in patterns(get_resolver()):
        with contextlib.suppress(KeyError):
            yield from (path for path in paths(parts, known) if not path.startswith(NOT_HERE))


def _is_other(path: str) -> bool:
    """Whether it is a page in another language: its structure is the English one's, so strangers see it only."""
    return LANGUAGE.match(path) is not None


# --- And what more a page can be ----------------------------------------------------------------------------


def _states_of_an_empty_site(room: Room) -> None:
    a_section("climate")
    for path in ("/", "/climate/", "/latest/", "/briefs/", "/search/?q=bridge", "/archive/", "/subscribe/"):
        room.show(f"empty site {path}", Client().get(path))


def _news(room: Room, article: Article, billing: FakeBilling) -> None:
    alice = signed_in(a_subscriber(billing))
    lapsed = a_reader("lars@example.org")
    a_subscription(lapsed, "canceled", ends_at=YESTERDAY)
    past_due = a_reader("pavel@example.org")
    a_subscription(past_due, "past_due")
    path = article.get_absolute_url()
    room.show("article, lapsed", signed_in(lapsed).get(path))
    room.show("article, payment refused", signed_in(past_due).get(path))
    room.show("article, free", Client().get("/climate/story-4/", follow=True))
    old = an_article("Old news", published=NOW - timedelta(days=3 * 365))
    room.show("article, from the archive", Client().get(old.get_absolute_url()))
    for about, query in {"hits": "q=bridge", "none": "q=zzzz", "mistyped": "q=brigde", "filtered": FILTERED}.items():
        room.show(f"search, {about}", Client().get(f"/search/?{query}"))
    room.show("search, 10,000 characters", Client().get("/search/", {"q": "bridge " * 1400}))
    room.show("search, all of it", alice.get("/search/?q=quotation"))
    for path in ("/climate/", "/latest/", "/briefs/", "/authors/ana-novak/", "/investigations/"):
        if onward := re.search(r'href="(\?[^"]*before=[^"]+)"', Client().get(path).content.decode()):
            room.show(f"further {path}", Client().get(path + onward[1].replace("&amp;", "&")))


def _tools(room: Room, article: Article, billing: FakeBilling) -> None:
    reader = a_subscriber(billing)
    alice, path = signed_in(reader), article.get_absolute_url()
    SavedArticle.objects.create(reader=reader, article=article, saved_at=NOW)
    given = gifts.give(reader, article, at=NOW)
    ended = gifts.give(reader, article, at=NOW - timedelta(days=20))
    room.show("article, saved", alice.get(path))
    room.show("saved", alice.get("/account/saved/"))
    room.show("gift, just made", alice.post("/gift/", {"article": article.pk}), 201)
    room.show("gift, open", Client().get(f"/gift/{given.token}/"))
    room.show("gift, over", Client().get(f"/gift/{ended.token}/"), 410)
    draft = an_article("What nobody knows yet", published=None)
    for about, until, status in (("open", NOW + timedelta(days=3), 200), ("over", NOW - timedelta(hours=1), 410)):
        ShareLink.objects.create(
            article=draft,
            shown_to="our lawyer",
            token_hash=hash_of(about),
            made_at=NOW - timedelta(days=1),
            expires_at=until,
        )
        room.show(f"shown before publication, {about}", Client().get(f"/shared/{about}/"), status)
    room.show("gifts", alice.get("/account/gifts/"))
    room.show("feed, just made", alice.post("/account/feed/new/"), 201)
    room.show("feed", alice.get("/account/feed/"))


def _errors(room: Room, article: Article, billing: FakeBilling) -> None:
    room.show("404", Client().get("/no-such-page/"), 404)
    room.show("404 in French", Client().get("/fr/no-such-page/"), 404)
    strict = Client(enforce_csrf_checks=True)
    room.show("403, form from elsewhere", strict.post("/newsletters/sign-up/", {}), 403)
    staff = a_reader("carol@example.org", is_staff=True)
    article.withdraw(by=staff, at=NOW, because="The documents were forged.")
    room.show("410, withdrawn", Client().get(article.get_absolute_url()), 410)
    room.show("corrections", Client().get("/corrections/"))
    for name in ("400", "403", "429", "500", "503"):
        with contextlib.suppress(TemplateDoesNotExist):
            html = render_to_string(f"{name}.html", request=Client().get("/about/").wsgi_request)
            room.shown[name] = Shown(name, f"/_{name}/", int(name), {"Content-Type": "text/html"}, html)


def _sign_in(room: Room, article: Article, billing: FakeBilling) -> None:
    for language in ("", "/fr", "/nl", "/de"):
        cache.clear()
        client, a = Client(), f"sign in{language}"
        room.show(a, client.get(f"{language}/accounts/login/code/?next=/account/"))
        room.show(f"{a}, no address", client.post(f"{language}/accounts/login/code/", {"email": "anna@"}))
        client.post(f"{language}/accounts/login/code/", {"email": "anna@example.org"})
        room.show(f"{a}, code", client.get(f"{language}/accounts/login/code/confirm/"))
        room.show(f"{a}, code of five", client.post(f"{language}/accounts/login/code/confirm/", {"code": "12345"}))


def _leaving(room: Room, article: Article, billing: FakeBilling) -> None:
    a_subscriber(billing)
    typed = {"name": "Alice Adams", "email": "alice@example.org", "contract": ""}
    for language in ("", "/fr", "/nl", "/de"):
        cache.clear()
        client = Client()
        form = room.show(f"withdraw{language}", client.get(f"{language}/withdraw/")).context["form"]
        room.show(f"withdraw{language}, nothing typed", client.post(f"{language}/withdraw/", {"email": "x"}))
        second = client.post(f"{language}/withdraw/", typed | {"key": form.initial["key"]})
        room.show(f"withdraw{language}, confirm", second)
        sealed = {"sealed": second.context["sealed"]}
        room.show(f"withdraw{language}, receipt", client.post(f"{language}/withdraw/confirm/", sealed, follow=True))
        room.show(f"cancel{language}", client.get(f"{language}/cancel/"))
        room.show(f"cancel{language}, nothing typed", client.post(f"{language}/cancel/", {"email": "x"}))


def _subscribing(room: Room, article: Article, billing: FakeBilling) -> None:
    bob = signed_in(a_reader("bob@example.org", name="Bob de Vries"))
    for language in ("", "/fr", "/nl", "/de"):
        room.show(f"plans{language}", Client().get(f"{language}/subscribe/?next={article.get_absolute_url()}"))
        for plan in ("year", "month"):
            room.show(f"order{language}, {plan}", bob.get(f"{language}/subscribe/confirm/?plan={plan}"))
    shown = bob.get("/subscribe/confirm/?plan=year").context["shown"]
    billing.is_away = True
    order = {"plan": "year", "shown": shown}
    room.show("order, Stripe is away", bob.post("/subscribe/order/", order), 503)
    billing.is_away = False
    room.show("order, changed meanwhile", bob.post("/subscribe/order/", order | {"shown": "x"}, follow=True))
    ordered = bob.post("/subscribe/order/", order)
    billing.pay(ordered.headers["Location"].rsplit("/", 1)[1])
    back = {"session_id": ordered.headers["Location"].rsplit("/", 1)[1]}
    room.show("order, done", bob.get("/subscribe/return/", back, follow=True))
    for path in ("/account/cancel/", "/account/switch/", "/account/contracts/"):
        room.show(f"in the trial {path}", bob.get(path))
    cancelled = bob.post("/account/cancel/", {"reason": ""}, follow=True)
    room.show("cancel, done", cancelled)


def _accounts(room: Room, article: Article, billing: FakeBilling) -> None:
    for state, become, *_ in STATES:
        with _undone():
            reader = a_reader(f"{state.replace(' ', '-').replace(',', '')}@example.org")
            become(reader)
            for language in ("", "/de"):
                room.show(f"account{language}, {state}", signed_in(reader).get(f"{language}/account/"))
            for path in ("/account/cancel/", "/account/pause/", "/account/end-now/", "/account/resume/"):
                room.show_if_new(f"account, {state} {path}", signed_in(reader).get(path))
    with _undone():
        alice = signed_in(a_subscriber(billing))
        room.show("invoices", alice.get("/account/invoices/"))
