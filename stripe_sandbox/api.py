"""Stripe's API: the table of what can be asked, and how a request is answered."""

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

from . import (
    API_VERSION,
    account,
    agenda,
    balances,
    checkout,
    collection,
    credit_notes,
    customers,
    discounts,
    disputes,
    events,
    idempotency,
    invoice_items,
    invoices,
    manual_invoices,
    payment_methods,
    payments,
    portal,
    previews,
    prices,
    products,
    refunds,
    renewals,
    search,
    settlements,
    setup_intents,
    subscribing,
    subscriptions,
    switching,
    tax_ids,
    tax_rates,
    test_clocks,
    webhook_endpoints,
)
from .errors import ApiError, invalid, unauthorised
from .forms import decode
from .idempotency import Keys
from .ids import new_id
from .parameters import TEXT, Hash
from .routing import Table
from .view import expand, shown
from .world import Asking, World

SUBJECTS = (
    products, prices, discounts, customers, balances, tax_ids, tax_rates, payment_methods, setup_intents, payments,
    checkout, subscribing, subscriptions, switching, renewals, invoices, invoice_items, manual_invoices,
    collection, previews, credit_notes, refunds, disputes, portal,
    search, events, webhook_endpoints, test_clocks, account,
)  # fmt: skip
MORE_DUTIES = (settlements,)  # Nothing to ask for, only something to do when it is due.
EXPAND = {"expand": [TEXT]}
ROUTES = Table(
    (method, path, function, Hash(known if method == "DELETE" else known | EXPAND))
    for subject in SUBJECTS
    for method, path, function, known in subject.ROUTES
)
TEST_KEY = re.compile(r"(sk|rk)_test_\w+")


@dataclass(frozen=True)
class Request:
    """What came in over HTTP, as far as the API cares."""

    method: str
    path: str
    query: str
    body: bytes
    headers: Any

    def header(self, name: str) -> str:
        """A header's value, or an empty text."""
        return self.headers.get(name) or ""


@dataclass(frozen=True)
class Answer:
    """What goes out: status, JSON body, and headers that say something about it."""

    status: int
    body: str
    headers: dict[str, str]


def answer(world: World, keys: Keys, request: Request, *, lost_by_server: bool = False) -> Answer:
    """Answer a request to the API. With `lost_by_server` it is done, and yet answered by a 500."""
    asking = Asking(new_id("req", 14), request.header("Idempotency-Key") or None)
    headers = {"Request-Id": asking.id or "", "Stripe-Version": API_VERSION}
    if asking.idempotency_key:
        headers["Idempotency-Key"] = asking.idempotency_key
    try:
        _authenticate(request)
        row, ids = _route(request)
        given = row[3].read(_parameters(request))
        if request.method == "POST" and asking.idempotency_key:
            status, body, again = _once(world, keys, request, asking, row, ids, given, lost_by_server)
            if again:
                headers["Idempotent-Replayed"] = "true"
        else:
            status, body = _execute(world, asking, row, ids, given, lost_by_server)
    except ApiError as refusal:
        status, body = refusal.status, json.dumps(refusal.body())
    return Answer(status, body, headers)


def _authenticate(request: Request) -> None:
    kind, _, value = request.header("Authorization").partition(" ")
    key = value.strip()
    if kind.lower() == "basic":
        try:
            key = base64.b64decode(value).decode().partition(":")[0]
        except ValueError:
            key = ""
    if not key:
        raise unauthorised(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    if not TEST_KEY.fullmatch(key):
        raise unauthorised(f"Invalid API Key provided: {key[:8]}…. This sandbox takes test keys only.")
    version = request.header("Stripe-Version")
    if version and version != API_VERSION:
        raise invalid(f"This sandbox speaks {API_VERSION} only, not {version}.")


def _route(request: Request) -> tuple[tuple[Any, ...], dict[str, str]]:
    found = ROUTES.find(request.method, request.path)
    if not found:
        raise ApiError(
            404,
            "invalid_request_error",
            f"Unrecognized request URL ({request.method}: {request.path}). This sandbox does not have it.",
            code="url_invalid",
        )
    return found


def _parameters(request: Request) -> dict[str, Any]:
    given = decode(request.query)
    if request.body:
        kind = request.header("Content-Type").partition(";")[0].strip()
        if kind != "application/x-www-form-urlencoded":
            raise invalid(f"Invalid request: unsupported content type {kind!r}.")
        try:
            given |= decode(request.body.decode())
        except UnicodeDecodeError as problem:
            raise invalid("Invalid request: the body is not UTF-8.") from problem
    return given


def _once(
    world: World,
    keys: Keys,
    request: Request,
    asking: Asking,
    row: tuple[Any, ...],
    ids: dict[str, str],
    given: dict[str, Any],
    lost_by_server: bool,
) -> tuple[int, str, bool]:
    """Execute a request that carries a key, unless it was executed before; the third value says so."""
    key = asking.idempotency_key or ""
    if len(key) > idempotency.LONGEST_KEY:
        raise invalid("Idempotency keys can be at most 255 characters long.")
    meant = f"{request.method} {request.path} {json.dumps(given, sort_keys=True)}"
    keys.take(key)
    try:
        kept = idempotency.answer_kept(world, key, meant)
        if kept:
            return *kept, True
        status, body = _execute(world, asking, row, ids, given, lost_by_server)
        with world.transaction():
            idempotency.keep(world, key, meant, status, body)
        return status, body, False
    finally:
        keys.give_back(key)


def _execute(
    world: World,
    asking: Asking,
    row: tuple[Any, ...],
    ids: dict[str, str],
    given: dict[str, Any],
    lost_by_server: bool,
) -> tuple[int, str]:
    try:
        with world.lock:
            agenda.run_due(world, world.now)
            world.asking = asking
            try:
                with world.transaction():
                    body = _done(world, row[2], ids, given)
            finally:
                world.asking = Asking()
    except ApiError as refusal:
        return refusal.status, json.dumps(refusal.body())
    if lost_by_server:
        error = ApiError(500, "api_error", "An unknown error occurred. (Ordered from the sandbox.)")
        return 500, json.dumps(error.body())
    return 200, body


def _done(world: World, function: Any, ids: dict[str, str], given: dict[str, Any]) -> str:
    paths = given.get("expand", [])
    rest = {name: value for name, value in given.items() if name != "expand"}
    result = function(world, rest, **ids)
    if result["object"] not in ("list", "search_result"):
        result = shown(world, result)
    return json.dumps(expand(world, result, paths))
