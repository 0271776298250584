"""Things that go wrong on demand: errors, silence, lost requests and lost answers."""

import re
import threading
from dataclasses import dataclass, field
from typing import Any

from .errors import ApiError

ACTIONS = re.compile(r"status:\d{3}|hang:\d+(\.\d+)?|drop_before|drop_after|apply_then_500")


@dataclass
class Faults:
    """What shall go wrong next: a list of {match, action, times, skip}.

    `match` is method and path, `*` stands for anything. Actions: `status:CODE` answers without doing anything,
    `hang:SECONDS` is silent and hangs up, `drop_before` hangs up, `drop_after` does what was asked and hangs up,
    `apply_then_500` does it and says 500, which an idempotency key then repeats.
    """

    orders: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, orders: list[dict[str, Any]]) -> None:
        """Replace what was ordered. Raises ValueError for an order that makes no sense."""
        for order in orders:
            if not isinstance(order.get("match"), str) or not ACTIONS.fullmatch(str(order.get("action"))):
                raise ValueError(f"not a fault: {order}")
        with self.lock:
            self.orders = [{"times": 1, "skip": 0} | order for order in orders]

    def next_for(self, method: str, path: str) -> str:
        """The action for this request, or an empty text."""
        asked = f"{method} {path}"
        with self.lock:
            for order in self.orders:
                if not re.fullmatch(re.escape(order["match"]).replace(r"\*", ".*"), asked):
                    continue
                if order["skip"] > 0:
                    order["skip"] -= 1
                elif order["times"] > 0:
                    order["times"] -= 1
                    return order["action"]
        return ""


def as_error(action: str) -> ApiError:
    """The error that a `status:CODE` stands for."""
    code = int(action.removeprefix("status:"))
    if code == 429:
        message = "Request rate limit exceeded. (Ordered from the sandbox.)"
        return ApiError(429, "rate_limit_error", message, code="rate_limit")
    kind = "api_error" if code >= 500 else "invalid_request_error"
    return ApiError(code, kind, "Something went wrong. (Ordered from the sandbox.)")
