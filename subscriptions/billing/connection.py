"""How Stripe is asked: with our patience, once for each intention, and its errors in our words.

The SDK has a timeout of 80 seconds, no retries unless told, and none of a 429 at all.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import requests
import stripe

from .. import calls
from . import believable
from .errors import BillingRefused, BillingUnavailable, BillingUnknown, Undecided

# Under how many keys one thing is asked for, where Stripe keeps answering with an error of its own.
KEYS_PER_INTENTION = 3

Made = TypeVar("Made")


class Line:
    """The line to Stripe, or to the local one where `api_base` says so; every part of StripeBilling asks through it."""

    def __init__(self, secret_key: str, api_base: str = "") -> None:
        self._client = stripe.StripeClient(
            secret_key,
            http_client=_Connection(),
            base_addresses={"api": api_base} if api_base else {},
        )
        self._is_live = "_live_" in secret_key

    def _once(self, key: str, make: Callable[[Any], Made], *, or_find: Callable[[], Made | None]) -> Made:
        """Let `make(options)` do something at Stripe exactly once for each `key`.

        Stripe keeps an error under the key as it keeps an answer, and such an error does not say whether the thing
        was done: then `or_find` looks, and what is not there is asked for under the next key.
        """
        for number in range(1, KEYS_PER_INTENTION):
            try:
                return self._made(key, number, make)
            except Undecided:
                if (found := or_find()) is not None:
                    return found
        return self._made(key, KEYS_PER_INTENTION, make)

    def _made(self, key: str, number: int, make: Callable[[Any], Made]) -> Made:
        with our_errors():
            return make({"idempotency_key": key if number == 1 else f"{key}-{number}"})

    def _read(self, path: str, **params: Any) -> dict[str, Any]:
        """An answer as plain hashes: for what is read most, since the package's own objects take far longer to make."""
        with our_errors():
            return self._client.raw_request("get", path, **params).data


class _Connection(stripe.HTTPClient):
    """HTTP with our patience instead of the SDK's: one request, one key, however often it has to be repeated."""

    name = "requests"

    def __init__(self) -> None:
        super().__init__()
        self._of_thread = threading.local()

    def request_with_retries(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: Any = None,
        max_network_retries: int | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> calls.Answer:
        client, session = self._own()

        def ask(seconds: float) -> calls.Answer:
            session.seconds = seconds
            answer = calls.Answer(*client.request(method, url, headers, post_data))
            if answer.status < 300 and not believable.answers(url, answer.body):
                raise stripe.APIConnectionError("What came back is no answer to what was asked.")
            return answer

        return calls.patiently(ask, no_answer=stripe.APIConnectionError)

    def close(self) -> None:
        """Let go of this thread's connections."""
        self._own()[1].close()

    def _own(self) -> "tuple[stripe.RequestsClient, _Session]":
        """What this thread asks with: a session is not made for several."""
        if not hasattr(self._of_thread, "pair"):
            session = _Session()
            self._of_thread.pair = stripe.RequestsClient(session=session), session
        return self._of_thread.pair


class _Session(requests.Session):
    """Connections whose requests take `seconds` at most: a quarter to connect, the rest for the answer."""

    seconds = 8.0

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(*args, **kwargs | {"timeout": (self.seconds / 4, self.seconds * 3 / 4)})


@contextmanager
def our_errors() -> Iterator[None]:
    """Raise what the SDK raises in our words: unavailable, refused, unknown, or undecided."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, calls.OutOfTime) as error:
        raise BillingUnavailable(str(error)) from error
    except stripe.StripeError as error:
        if isinstance(error, stripe.IdempotencyError) or _was_kept(error):
            raise Undecided(str(error)) from error
        if error.code == "resource_missing" and error.http_status == 404:
            raise BillingUnknown(error.user_message or str(error)) from error
        status = error.http_status or 0
        # An answer that is no error and cannot be read says nothing; it may have been done.
        if not 400 <= status < 500 or status in (401, 409):
            raise BillingUnavailable(str(error)) from error
        raise BillingRefused(error.user_message or str(error)) from error


def _was_kept(error: stripe.StripeError) -> bool:
    return (error.http_status or 0) >= 500 and calls.was_kept(error.headers or {})
