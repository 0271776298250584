"""What is written to the log: a line of JSON for each event, with the number of its request, and no secret in it.

Nobody who reads logs needs an address, a code, a token or a key: they are struck out of every message and traceback
(OWASP ASVS 5, 16.2.5).
"""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

GetResponse = Callable[[HttpRequest], HttpResponse]
HEADER = "X-Request-ID"
_request_id: ContextVar[str] = ContextVar("request_id", default="")

# Stripe's names for things are no secrets, and the first thing to look for when something went wrong.
_STRIPE_ID = r"(?:ch|cus|du|evt|il|in|pi|pm|pr|price|prod|promo|py|pyr|re|seti|si|sub|txn|us|ii|cn)_[A-Za-z0-9]{6,40}"
_STRUCK_OUT = (
    (re.compile(r"\b(?:sk|rk|whsec|pk)_\w+"), "[key]"),
    (re.compile(r"\b([\w.+-])[\w.+-]*@([\w-]+(?:\.[\w-]+)+)"), r"\1…@\2"),
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), "://[struck out]@"),
    (
        re.compile(
            r"(?i)(\b(?:code|password|token|signature|secret|cookie|authorization)\b\W{1,4})"
            r"[^\s,;&'\"]+"
        ),
        r"\1[struck out]",
    ),
    (re.compile(r"\b(?:\d[ -]?){12,18}\d\b"), "[number]"),
    # Of mixed letters and digits, as tokens are and addresses of articles are not; or long and without a hyphen.
    (re.compile(rf"\b(?!{_STRIPE_ID}\b)(?=[\w-]*\d)(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{{20,}}"), "[token]"),
    (re.compile(r"\b(?=[0-9a-z]*\d)[0-9a-z]{32,}\b"), "[token]"),
)


def struck_out(text: str) -> str:
    """The text without what opens a door or names a person: keys, codes, tokens, card numbers, all of an address."""
    for pattern, instead in _STRUCK_OUT:
        text = pattern.sub(instead, text)
    return text


def request_id() -> str:
    """The number of the request at hand; empty outside of one."""
    return _request_id.get()


def identify(get_response: GetResponse) -> GetResponse:
    """Give each request a number of its own; who meets an error is told it, to tell us."""

    def identified(request: HttpRequest) -> HttpResponse:
        number = get_random_string(12, "abcdefghjkmnpqrstuvwxyz23456789")
        before = _request_id.set(number)
        try:
            response = get_response(request)
        finally:
            _request_id.reset(before)
        if response.status_code >= 500:
            response[HEADER] = number
        return response

    return identified


class Line(logging.Formatter):
    """A line to be read by a person."""

    def format(self, record: logging.LogRecord) -> str:
        return struck_out(super().format(record))


class Json(JsonFormatter):
    """A line to be read by a program: moment (UTC), level, logger, message, request, and the traceback if any."""

    def __init__(self) -> None:
        names = {"asctime": "at", "levelname": "level", "name": "logger"}
        # Django hands the request over whole; its words are the message's.
        reserved = [*RESERVED_ATTRS, "request"]
        style = "{asctime}{levelname}{name}{message}"
        super().__init__(style, style="{", rename_fields=names, reserved_attrs=reserved)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """What the record says, and the number of the request at hand."""
        super().add_fields(log_data, record, message_dict)
        if number := request_id():
            log_data["request_id"] = number

    def format(self, record: logging.LogRecord) -> str:
        return struck_out(super().format(record))
