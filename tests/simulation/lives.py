"""What readers do: they order, pay or do not, change their minds, forget, come back. Through the site's own pages.

A reader's wishes are drawn from the seed, the reader's number and the day, whatever became of former ones. What a
reader sees is the account; a page that says "later" is tried once more, and then again on another day.
"""

import random
import re
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.shortcuts import resolve_url
from django.test import Client

from readers.models import User
from subscriptions.models import Customer, Subscription
from tests.make import a_reader
from tests.simulation.stage import Stripe

TRIES = 2
# Of a hundred readers, so many do each of these on a day on which they could.
CHANCES = {
    "come back": 0.8,
    "order after leaving the payment page": 15.0,
    "cancel": 0.45,
    "cancel on the portal": 0.1,
    "cancel and undo at once": 0.1,
    "undo": 4.0,
    "undo on the portal": 1.0,
    "switch": 0.25,
    "switch with a double click": 0.1,
    "new card on the portal": 0.2,
    "bank says no once": 0.5,
    "bank says no for good": 0.6,
    "pay the open invoice": 9.0,
    "open the invoice and leave it": 9.0,
    "pay a link of long ago": 5.0,
    "new card for the open invoice": 4.0,
    "refund of a part": 0.05,
    "refund of all": 0.03,
    "dispute": 0.02,
    "a second one made by hand at Stripe": 0.15,
    "look at the invoices": 0.3,
    "pause": 0.3,
    "end the pause": 1.5,
}
WAYS_TO_ORDER = {
    "pay": 52,
    "pay and close the window": 12,
    "leave the payment page": 8,
    "declined first": 6,
    "bank asks, authorised": 4,
    "bank asks, then nothing": 3,
    "double click": 4,
    "two tabs, both paid": 6,
    "two tabs, the first is paid": 3,
    "account at a bank": 4,
    "account at a bank, the debit comes back": 3,
    "the family's card": 3,
}


class PageFailed(Exception):
    """A page of the site answered with an error of its own."""


@dataclass
class Reader:
    """One reader: somebody with an address, a card and moods."""

    number: int
    seed: int
    joins_on: int
    user: User
    stripe: Stripe
    done: Counter[str]
    client: Client = field(default_factory=Client)
    on_the_way_back: list[str] = field(default_factory=list)
    old_link: str = ""

    def live(self, day: int, mine: Subscription | None, *, has_had_one: bool) -> None:
        """One day with the subscription that runs, as the account shows it. Raises PageFailed."""
        if day < self.joins_on:
            return
        dice = random.Random(f"{self.seed} {self.number} {day}")
        for wish in self._wishes(day, mine, has_had_one):
            if dice.random() * 100 < CHANCES.get(wish, 100):
                self._note(wish, _DEEDS[wish](self, mine, dice))
                return

    def come_back(self) -> None:
        """Follow the links that lead from Stripe's pages to the site. Raises PageFailed."""
        paths, self.on_the_way_back = self.on_the_way_back, []
        for path in paths:
            self._note("back from Stripe", self._get(path).status_code < 400)

    def _note(self, wish: str, worked: object) -> None:
        self.done[wish if worked else f"{wish}: later"] += 1

    def _wishes(self, day: int, mine: Subscription | None, has_had_one: bool) -> Iterator[str]:
        if mine is None and has_had_one:
            yield from ("pay a link of long ago", "come back") if self.old_link else ("come back",)
        elif mine is None:
            yield "order" if day == self.joins_on else "order after leaving the payment page"
        elif mine.is_cancelled:
            yield from ("undo", "undo on the portal")
        elif mine.pause_starts_at:
            yield from ("end the pause", "cancel", "new card on the portal", "bank says no once")
        elif mine.status in ("past_due", "unpaid"):
            yield from ("pay the open invoice", "open the invoice and leave it")
            yield from ("new card for the open invoice", "cancel")
        else:
            yield from ("cancel", "cancel on the portal", "cancel and undo at once", "switch")
            yield from ("switch with a double click", "new card on the portal")
            yield from ("bank says no once", "bank says no for good", "look at the invoices")
            if not mine.is_trial:
                yield from ("pause", "refund of a part", "refund of all", "dispute")
                yield "a second one made by hand at Stripe"

    # --- Ordering ------------------------------------------------------------------------------------

    def order(self, mine: Subscription | None, dice: random.Random) -> bool:
        plan, other = dice.choice([("year", "month"), ("month", "year"), ("month", "year")])
        way = dice.choices(list(WAYS_TO_ORDER), list(WAYS_TO_ORDER.values()))[0]
        page = self._order(plan)
        if page is None:
            return False
        self.done[f"order: {way}"] += 1
        match way:
            case "pay and close the window":
                self._pay(page, back=False)
            case "leave the payment page":
                self._pay(page, method="abandon")
            case "declined first":
                self._pay(page, method="card_declined")
                self._pay(page)
            case "bank asks, authorised":
                self._pay(page, method="card_3ds", outcome="authorise")
            case "bank asks, then nothing":
                self._pay(page, method="card_3ds", outcome="fail")
            case "double click":
                self._pay(self._order(plan) or page)
            case "two tabs, both paid":
                self._pay(page, back=False)
                second = self._order(other)
                if second:
                    self._pay(second)
            case "two tabs, the first is paid":
                self._order(other)
                self._pay(page)
            case "account at a bank":
                self._pay(page, method="sepa_ok", number=f"BE{self.number:014d}")
            case "account at a bank, the debit comes back":
                self._pay(page, method="sepa_fails")
            case "the family's card":
                self._pay(page, number=f"45{self.number // 40:014d}")
            case _:
                self._pay(page)
        return True

    def _order(self, plan: str) -> str | None:
        """Press the order button; the address of the page to pay on, or None where it did not come to that."""
        page = self._get("/subscribe/confirm/", plan=plan)
        if page.status_code != 200:
            return None
        answer = self._post("/subscribe/order/", plan=plan, shown=_field(page, "shown"))
        address = answer.headers.get("Location", "")
        return address if address.startswith(self.stripe.url) else None

    def _pay(self, page: str, *, method: str = "card_ok", back: bool = True, **fields: str) -> None:
        own = {} if method != "card_ok" else {"number": f"42{self.number:014d}"}
        leads_to = self._submit(page, method=method, email=self.user.email, **own | fields)
        if back and leads_to:
            self.on_the_way_back.append("/" + leads_to.split("/", 3)[3])

    # --- Having a subscription -----------------------------------------------------------------------

    def cancel(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._post("/account/cancel/").status_code == 302

    def undo(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._post("/account/keep/").status_code == 302

    def cancel_and_undo(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self.cancel(mine, dice) and self.undo(mine, dice)

    def switch(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._switch(clicks=1)

    def switch_twice(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._switch(clicks=2)

    def _switch(self, *, clicks: int) -> bool:
        page = self._get("/account/switch/")
        if page.status_code != 200:
            return False
        wish = {name: _field(page, name) for name in ("to", "intention")}
        return [self._post("/account/switch/", **wish).status_code for _ in range(clicks)] == [302] * clicks

    def pause(self, mine: Subscription | None, dice: random.Random) -> bool:
        page = self._get("/account/pause/")
        if page.status_code != 200:
            return False
        wish = {"begins": _field(page, "begins"), "months": str(dice.randint(1, 3))}
        return self._post("/account/pause/", **wish).status_code == 302

    def resume(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._post("/account/resume/").status_code == 302

    def cancel_on_portal(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._on_portal("cancel", mine)

    def undo_on_portal(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._on_portal("keep", mine)

    def new_card(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._on_portal("card", mine, number=f"52{self.number:07d}{dice.randint(0, 9999999):07d}")

    def new_card_for_invoice(self, mine: Subscription | None, dice: random.Random) -> bool:
        self._bank_says_no(0)
        return self.new_card(mine, dice)

    def _on_portal(self, step: str, mine: Subscription | None, **fields: str) -> bool:
        portal = self._post("/account/invoices/portal/").headers.get("Location", "")
        if not portal.startswith(self.stripe.url) or mine is None:
            return False
        self._submit(f"{portal}/{step}", subscription=mine.stripe_id, **fields)
        if self.number % 3:
            self.on_the_way_back.append("/account/back/")
        return True

    def open_invoice(self, mine: Subscription | None, dice: random.Random) -> bool:
        page = self._get("/account/pay/").headers.get("Location", "")
        self.old_link = page if page.startswith(self.stripe.url) else ""
        return bool(self.old_link)

    def pay_old_link(self, mine: Subscription | None, dice: random.Random) -> bool:
        page, self.old_link = self.old_link, ""
        self._bank_says_no(0)
        self._submit(page, number=f"42{self.number:014d}")
        return True

    def pay_invoice(self, mine: Subscription | None, dice: random.Random) -> bool:
        page = self._get("/account/pay/").headers.get("Location", "")
        if not page.startswith(self.stripe.url):
            return False
        self._bank_says_no(0)
        self._submit(page, number=f"42{self.number:014d}")
        return True

    def look_at_invoices(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._get("/account/invoices/").status_code == 200

    # --- What others do to them ----------------------------------------------------------------------

    def bank_says_no_once(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._bank_says_no(1)

    def bank_says_no_for_good(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._bank_says_no(9)

    def _bank_says_no(self, times: int) -> bool:
        self.stripe.ask("fail_next_payment", customer=self._customer(), on=times > 0, times=times)
        return True

    def refund_part(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._refund(lambda left: max(left // 3, 1))

    def refund_all(self, mine: Subscription | None, dice: random.Random) -> bool:
        return self._refund(lambda left: left)

    def _refund(self, how_much: Callable[[int], int]) -> bool:
        charge = self._last_charge()
        left = charge["amount"] - charge["refunded"] if charge else 0
        if charge is None or not left or charge["disputed"]:
            return False
        self.stripe.ask("refund", charge=charge["id"], amount=how_much(left))
        return True

    def dispute(self, mine: Subscription | None, dice: random.Random) -> bool:
        charge = self._last_charge()
        if charge is None or charge["refunded"] or charge["disputed"]:
            return False
        self.stripe.ask("dispute", charge=charge["id"])
        return True

    def second_by_hand(self, mine: Subscription | None, dice: random.Random) -> bool:
        return mine is not None and self.stripe.ask("simulation/subscribe_again", subscription=mine.stripe_id)["made"]

    def _last_charge(self) -> dict[str, Any] | None:
        made = self.stripe.ask("simulation/charges", customer=self._customer())["charges"]
        return max(made, key=lambda one: one["created"], default=None)

    def _customer(self) -> str:
        return Customer.objects.filter(reader=self.user).latest("pk").stripe_id

    # --- Pages ---------------------------------------------------------------------------------------

    def _get(self, path: str, **fields: str) -> Any:
        return self._ask(lambda: self.client.get(path, fields))

    def _post(self, path: str, **fields: Any) -> Any:
        return self._ask(lambda: self.client.post(path, fields))

    def _ask(self, ask: Callable[[], Any]) -> Any:
        """A page of the site; asked once more where it says that Stripe is away, or wants to know who is there."""
        for _ in range(TRIES):
            try:
                answer = ask()
                if _asks_who_is_there(answer):
                    self.client.force_login(self.user, "django.contrib.auth.backends.ModelBackend")
                    answer = ask()
            except Exception as error:
                raise PageFailed(f"{self.user}: {type(error).__name__}: {error}") from error
            if answer.status_code != 503:
                break
        if _asks_who_is_there(answer):
            raise PageFailed(f"{self.user} cannot sign in")
        return answer

    def _submit(self, page: str, **fields: str) -> str:
        """Fill in a page of Stripe's; the address it leads to, or nothing where it shows an error."""
        try:
            opener = urllib.request.build_opener(_StayHere)
            opener.open(page, urllib.parse.urlencode(fields).encode(), timeout=60).close()
        except urllib.error.HTTPError as answer:
            with answer:
                if answer.code == 303:
                    return answer.headers["Location"]
                if answer.code >= 500:
                    raise
        return ""


def _asks_who_is_there(page: Any) -> bool:
    """Whether it leads to the page where readers sign in."""
    return page.status_code == 302 and page.headers["Location"].startswith(resolve_url(settings.LOGIN_URL))


def _field(page: Any, name: str) -> str:
    """What a hidden field of a form holds."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    return found[1] if found else ""


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_DEEDS: dict[str, Callable[[Reader, Subscription | None, random.Random], bool]] = {
    "order": Reader.order,
    "order after leaving the payment page": Reader.order,
    "come back": Reader.order,
    "cancel": Reader.cancel,
    "cancel on the portal": Reader.cancel_on_portal,
    "cancel and undo at once": Reader.cancel_and_undo,
    "undo": Reader.undo,
    "undo on the portal": Reader.undo_on_portal,
    "switch": Reader.switch,
    "switch with a double click": Reader.switch_twice,
    "new card on the portal": Reader.new_card,
    "bank says no once": Reader.bank_says_no_once,
    "bank says no for good": Reader.bank_says_no_for_good,
    "pay the open invoice": Reader.pay_invoice,
    "open the invoice and leave it": Reader.open_invoice,
    "pay a link of long ago": Reader.pay_old_link,
    "new card for the open invoice": Reader.new_card_for_invoice,
    "refund of a part": Reader.refund_part,
    "refund of all": Reader.refund_all,
    "dispute": Reader.dispute,
    "a second one made by hand at Stripe": Reader.second_by_hand,
    "look at the invoices": Reader.look_at_invoices,
    "pause": Reader.pause,
    "end the pause": Reader.resume,
}


def readers(count: int, *, days: int, seed: int, stripe: Stripe, done: Counter[str]) -> list[Reader]:
    """So many readers with an account, who come to the site in the first two thirds of the time."""
    found = []
    for number in range(count):
        joins_on = random.Random(f"{seed} {number}").randrange(max(days * 2 // 3, 1))
        user = a_reader(f"reader{number}@example.org")
        found.append(Reader(number, seed, joins_on, user, stripe, done))
    return found
