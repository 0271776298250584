"""Readers, buyers, Stripe and an editor at once; each knows which answers are right, and what may be while it burns."""

import io
import itertools
import json
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chaos.cast import CANARY, EDITION, Cast, Subscriber
from chaos.http import Answer, Visitor
from chaos.stage import SECRET, Stage

# A page is right again so long after what broke is mended; and always within so long of a change.
FRESH_AFTER = 1.0
LONGEST_ANSWER = 20.0
TRIES = 60
PAUSE = 0.25


@dataclass(frozen=True)
class Leave:
    """What may be, for as long as something is broken, besides what is right."""

    may_be_away: bool = False
    may_not_answer: bool = False
    may_be_old: bool = False


NONE = Leave()
Check = Callable[[Answer], str]


@dataclass
class Ledger:
    """What the site has promised, and has to keep."""

    paid: dict[str, str] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    saved: dict[tuple[int, int], bool | None] = field(default_factory=dict)
    pictures: dict[int, str] = field(default_factory=dict)
    editions: list[tuple[float, int]] = field(default_factory=list)


class Load:
    """The lives, each in a thread; they rest when told to."""

    def __init__(self, stage: Stage, cast: Cast) -> None:
        self.stage, self.cast = stage, cast
        self.ledger = Ledger()
        self.leave = NONE
        self.requests: Counter[str] = Counter()
        self.away: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.lock = threading.Lock()
        self.stopping, self.going = threading.Event(), threading.Event()
        self.at_rest = [threading.Event() for _ in self._lives()]
        self.numbers = itertools.count()
        self.threads = [
            threading.Thread(target=self._live, args=(life, rests), daemon=True)
            for life, rests in zip(self._lives(), self.at_rest, strict=True)
        ]

    def _lives(self) -> list[Callable[[], None]]:
        first, second, third, fourth = self.cast.subscribers
        return [
            self._stranger,
            lambda: self._reads(first),
            lambda: self._saves(second),
            lambda: self._account(third),
            lambda: self._event(fourth),
            self._buyer,
            self._buyer,
            self._uploads,
            self._edits,
            self._health,
        ]

    # --- Beginning and resting ------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self.going.set()
        for thread in self.threads:
            thread.start()

    def rest(self) -> None:
        """Finish what is at hand, and wait."""
        self.going.clear()
        for one in self.at_rest:
            one.wait(timeout=LONGEST_ANSWER * 3)

    def go_on(self) -> None:
        """After a rest."""
        self.going.set()

    def stop(self) -> None:
        """For good."""
        self.stopping.set()
        self.going.set()
        for thread in self.threads:
            thread.join(timeout=LONGEST_ANSWER)

    def taken(self) -> tuple[int, int, list[str]]:
        """How many requests there were since the last time, how many were put off, and what was wrong."""
        with self.lock:
            found = self.requests.total(), self.away.total(), self.wrong
            self.requests, self.away, self.wrong = Counter(), Counter(), []
        return found

    def _live(self, life: Callable[[], None], rests: threading.Event) -> None:
        while not self.stopping.is_set():
            if not self.going.is_set():
                rests.set()
                self.going.wait()
                rests.clear()
                continue
            try:
                life()
            except Exception as error:
                self._note(f"{type(error).__name__} in the load itself: {error}")
            time.sleep(PAUSE / 5)
        rests.set()

    # --- Judging --------------------------------------------------------------------------------------

    def _ask(self, what: str, ask: Callable[[], Answer], right: int, check: Check | None = None) -> Answer | None:
        """The answer where it is the right one, else None; what may not be is written down."""
        leave = self.leave
        answer = ask()
        # What was broken meanwhile may have been broken for this one.
        leaves = (leave, self.leave)
        words = self._wrong_with(answer, right, check, leaves)
        with self.lock:
            self.requests[what] += 1
            self.away[what] += answer.status in (0, 503)
        if words:
            self._note(f"{what}: {words}")
        return answer if answer.status == right and not words else None

    def _wrong_with(self, answer: Answer, right: int, check: Check | None, leaves: tuple[Leave, Leave]) -> str:
        if answer.seconds > LONGEST_ANSWER:
            return f"answered after {answer.seconds:.0f} s"
        if answer.status == right:
            return check(answer) if check else ""
        if answer.status == 503 and any(one.may_be_away for one in leaves):
            return _useless(answer)
        if answer.status == 0 and any(one.may_not_answer for one in leaves):
            return ""
        title = re.search(r"<title>\s*(.*?)\s*</title>", answer.text, re.DOTALL)
        return f"{answer.status} {answer.leads_to or (title[1] if title else answer.text[:120])}"

    def _note(self, words: str) -> None:
        with self.lock:
            self.wrong.append(words)

    def _at_last(self, what: str, ask: Callable[[], Answer], right: int, check: Check | None = None) -> Answer | None:
        """Tried again, as people do, for as long as it is put off."""
        for _ in range(TRIES):
            if answer := self._ask(what, ask, right, check):
                return answer
            if self.stopping.is_set():
                return None
            time.sleep(PAUSE)
        self._note(f"{what}: it never came to it")
        return None

    # --- Reading --------------------------------------------------------------------------------------

    def _stranger(self) -> None:
        visitor = Visitor(self.stage.site, "10.1.0.1")
        for _, path in (*self.cast.articles[:2], self.cast.news):
            self._ask("article, anyone", lambda path=path: visitor.get(path), 200, self._is_teaser)  # type: ignore[misc]
        self._ask("front page", lambda: visitor.get("/"), 200, self._is_teaser)

    def _is_teaser(self, answer: Answer) -> str:
        if CANARY in answer.text:
            return "a stranger reads what is paid for"
        if found := re.search(rf"{EDITION} (\d+)\.", answer.text):
            return self._too_old(int(found[1]), answer)
        return ""

    def _too_old(self, shown: int, answer: Answer) -> str:
        known = [number for at, number in self.ledger.editions if at < answer.begun_at - FRESH_AFTER]
        is_old = bool(known) and shown < known[-1] and not self.leave.may_be_old
        return f"edition {shown} is shown, {known[-1]} is out" if is_old else ""

    def _reads(self, one: Subscriber) -> None:
        for _, path in self.cast.articles[:2]:
            self._ask("article, subscriber", lambda path=path: one.visitor.get(path), 200, _is_whole)  # type: ignore[misc]

    def _account(self, one: Subscriber) -> None:
        def is_theirs(answer: Answer) -> str:
            others = [other.email for other in self.cast.subscribers if other.email != one.email]
            if any(other in answer.text for other in others):
                return "somebody else's account"
            return "" if one.email in answer.text else "not the reader's account"

        self._ask("account", lambda: one.visitor.get("/account/"), 200, is_theirs)
        time.sleep(PAUSE)

    def _saves(self, one: Subscriber) -> None:
        for pk, path in self.cast.articles[2:4]:
            for verb in ("save", "remove", "save"):
                self.ledger.saved[one.pk, pk] = None
                address = f"/account/saved/{pk}/{verb}/"
                done = self._ask(f"{verb} article", lambda address=address: one.visitor.post(address), 302)  # type: ignore[misc]
                if done is None:
                    break
                self.ledger.saved[one.pk, pk] = verb == "save"
            self._ask("article, subscriber", lambda path=path: one.visitor.get(path), 200, _is_whole)  # type: ignore[misc]
        time.sleep(PAUSE)

    def _health(self) -> None:
        visitor = Visitor(self.stage.site, "10.1.0.2")
        self._ask("healthz", lambda: visitor.get("/healthz"), 200)
        time.sleep(PAUSE)

    # --- Writing --------------------------------------------------------------------------------------

    def _edits(self) -> None:
        """A new edition of the news, twice a second, past the site's own pages."""
        from django.db import Error, connections

        from articles.models import Article

        number = self.ledger.editions[-1][1] + 1 if self.ledger.editions else 1
        try:
            Article.objects.filter(pk=self.cast.news[0]).update(standfirst=f"{EDITION} {number}.")
        except Error:
            connections.close_all()
        else:
            self.ledger.editions.append((time.monotonic(), number))
        time.sleep(PAUSE * 2)

    def _uploads(self) -> None:
        number = next(self.numbers)
        body, kind = _multipart(_a_jpeg(number), alt=f"Number {number}", credit="Photo: chaos")
        headers = {"Content-Type": kind, "X-CSRFToken": self.cast.editor.token()}
        address = "/admin/articles/picture/put-in/"
        answer = self._ask("upload", lambda: self.cast.editor.ask("POST", address, body, headers), 201)
        if answer:
            card = json.loads(answer.text)
            self.ledger.pictures[card["id"]] = card["thumbnail"]
            self._at_last("picture", lambda: self.cast.editor.get(card["thumbnail"]), 200, _is_picture)
        time.sleep(PAUSE * 3)

    def _event(self, one: Subscriber) -> None:
        """Stripe says something, as often as it takes, and sometimes once more."""
        from stripe_sandbox.deliveries import signature

        event = {
            "id": f"evt_{uuid.uuid4().hex[:24]}",
            "object": "event",
            "type": "customer.subscription.updated",
            "created": int(time.time()),
            "livemode": False,
            "api_version": "2026-10-28.endive",
            "data": {"object": {"id": one.stripe_id, "object": "subscription", "customer": one.customer}},
        }
        body = json.dumps(event).encode()
        visitor = Visitor(self.stage.site, "10.1.0.3")
        headers = {"Content-Type": "application/json", "Stripe-Signature": signature(SECRET, body, int(time.time()))}
        for _ in range(2):
            if self._at_last("webhook", lambda: visitor.ask("POST", "/stripe/webhook/", body, headers), 200):
                self.ledger.events.add(str(event["id"]))
        time.sleep(PAUSE)

    # --- Buying ---------------------------------------------------------------------------------------

    def _buyer(self) -> None:
        """Somebody new signs in, orders, pays, comes back and reads."""
        number = next(self.numbers)
        email = f"buyer{number}@example.org"
        visitor = Visitor(self.stage.site, f"10.{2 + number // 60000}.{number // 250 % 240}.{number % 250 + 1}")
        if not self._signs_in(visitor, email):
            return
        interval, (_, path) = ("year", "month")[number % 2], self.cast.articles[number % 3]
        for _ in range(3):
            page = self._ordered(visitor, interval, path)
            back = page and self._paid(page, email, number)
            if back:
                break
        else:
            return
        self.ledger.paid[email] = interval
        self._at_last("back from Stripe", lambda: visitor.get(back), 302)
        self._at_last("article, buyer", lambda: visitor.get(path), 200, _is_whole)
        time.sleep(PAUSE)

    def _signs_in(self, visitor: Visitor, email: str) -> bool:
        address = "/accounts/login/code/"
        for _ in range(5):
            if not self._at_last("sign-in page", lambda: visitor.get(address), 200):
                return False
            mails = len(self.stage.mailbox.mails)
            # Once: whoever asks again and again for one address is told to wait a minute.
            if not self._ask("ask for a code", lambda: visitor.post(address, email=email), 302):
                return False
            code = self.stage.mailbox.code_for(email, after=mails)
            if code is None:
                self._note("ask for a code: none came")
                return False
            answer = self._at_last(
                "type the code", lambda code=code: visitor.post(f"{address}confirm/", code=code), 302
            )  # type: ignore[misc]
            if answer and "/login/" not in answer.leads_to:
                return True
        self._note("type the code: it never let anybody in")
        return False

    def _ordered(self, visitor: Visitor, interval: str, path: str) -> str:
        """The address of the page to pay on."""
        query = urllib.parse.urlencode({"plan": interval, "next": path})
        page = self._at_last("order page", lambda: visitor.get(f"/subscribe/confirm/?{query}"), 200)
        if page is None:
            return ""
        fields = {"plan": interval, "next": path, "shown": page.field("shown")}
        answer = self._at_last("order", lambda: visitor.post("/subscribe/order/", **fields), 302)
        return answer.leads_to if answer else ""

    def _paid(self, page: str, email: str, number: int) -> str:
        """Pay there, and the way back; nothing where Stripe would not."""
        fields = {"method": "card_ok", "email": email, "number": f"42{number:014d}"}
        try:
            opener = urllib.request.build_opener(_StayHere)
            opener.open(page, urllib.parse.urlencode(fields).encode(), timeout=30).close()
        except urllib.error.HTTPError as answer:
            if answer.code == 303:
                way = urllib.parse.urlsplit(answer.headers["Location"])
                return f"{way.path}?{way.query}"
            self._note(f"Stripe's page: {answer.code}")
        except OSError as error:
            self._note(f"Stripe's page: {error}")
        return ""


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _is_whole(answer: Answer) -> str:
    return "" if CANARY in answer.text else "a teaser for who is entitled"


def _is_picture(answer: Answer) -> str:
    from PIL import Image

    try:
        Image.open(io.BytesIO(answer.content)).load()
    except (OSError, SyntaxError) as error:
        return f"no whole picture: {error}"
    return ""


def _useless(answer: Answer) -> str:
    """What is missing in an answer that puts somebody off: when to come back, and words for who reads them."""
    if not answer.headers.get("retry-after", "").isdigit():
        return "503 without a word on when to come back"
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    if is_page and b"<" in answer.content and not ("<h1" in answer.text and len(answer.text) > 500):
        return "503 that tells its reader nothing"
    return ""


def _a_jpeg(number: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    image = Image.radial_gradient("L").resize((660, 500)).convert("RGB")
    image.putpixel((number % 660, number // 660 % 500), (255, number % 256, 0))
    Image.merge("RGB", [one.point(lambda value, n=number: (value + n) % 256) for one in image.split()]).save(
        out, "JPEG"
    )  # type: ignore[misc]
    return out.getvalue()


def _multipart(picture: bytes, **fields: str) -> tuple[bytes, str]:
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="original"; filename="a.jpg"\r\n'
    parts.append(f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + picture + b"\r\n")
    return b"".join(parts) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"
