"""Looking things up by what they say: `metadata['reader']:'7' AND status:'active'`."""

import re
from collections.abc import Callable
from typing import Any

from .errors import invalid
from .parameters import PAGING, TEXT
from .store import Thing
from .view import shown
from .world import World

SEARCHED = {
    "customers": "customer",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "charges": "charge",
    "payment_intents": "payment_intent",
    "prices": "price",
    "products": "product",
}
CLAUSE = re.compile(
    r"""\s*(-?)(\w+)(?:\[(["'])(?P<key>.+?)\3\])?\s*(:|~|<=|>=|<|>)\s*(?:"([^"]*)"|'([^']*)'|(\w+))\s*"""
)


def answers(kind: str, name: str) -> Callable[..., Thing]:
    """The function that answers GET /v1/{name}/search."""

    def search(world: World, given: dict[str, Any]) -> Thing:
        clauses = [_clause(part) for part in re.split(r"\s+AND\s+", given["query"])]
        found = [one for one in world.store.find(kind) if all(fits(one) for fits in clauses)]
        limit, start = given.get("limit", 10), int(given.get("page", "0"))
        data = [shown(world, one) for one in found[start : start + limit] if not one.get("deleted")]
        more = start + limit < len(found)
        result = {"object": "search_result", "data": data, "has_more": more, "url": f"/v1/{name}/search"}
        return result | ({"next_page": str(start + limit)} if more else {})

    return search


def _clause(text: str) -> Callable[[Thing], bool]:
    """One condition of a query as a question to an object."""
    match = CLAUSE.fullmatch(text)
    if not match:
        raise invalid(f"We were unable to parse this part of the search query: {text!r}", param="query")
    negated, field, key, sign = match[1] == "-", match[2], match["key"], match[5]
    wanted = next((one for one in match.groups()[5:] if one is not None), "")

    def holds(thing: Thing) -> bool:
        value = thing.get(field)
        if key is not None:
            value = (value or {}).get(key)
        return _compare(value, sign, wanted) != negated

    return holds


def _compare(value: Any, sign: str, wanted: str) -> bool:
    if wanted == "null":
        return value is None
    if value is None:
        return False
    if sign == ":":
        word = str(value).lower() if isinstance(value, bool) else str(value)
        return word.casefold() == wanted.casefold()
    if sign == "~":
        return wanted.casefold() in str(value).casefold()
    try:
        number, limit = int(value), int(wanted)
    except ValueError as problem:
        raise invalid(f"{sign} compares numbers only.", param="query") from problem
    return {"<": number < limit, "<=": number <= limit, ">": number > limit, ">=": number >= limit}[sign]


QUERY = {"query!": TEXT, "limit": PAGING["limit"], "page": TEXT}
ROUTES = [("GET", f"/v1/{name}/search", answers(kind, name), QUERY) for name, kind in SEARCHED.items()]
