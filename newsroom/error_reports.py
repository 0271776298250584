"""Errors told to Sentry, or to whatever speaks its language, where SENTRY_DSN says so; nothing about a person in them.

What is sent is chosen, not filtered: of a request only its method, its path without a query and its number, of a stack
no values of variables; and of every text what `edge.logs.struck_out` leaves.
"""

from typing import Any
from urllib.parse import urlsplit

import sentry_sdk
from django.core.exceptions import DisallowedHost
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport

from edge.logs import request_id, struck_out

# Of an event, what tells of the program, and what tells of the fault, in words that may name somebody.
OF_THE_PROGRAM = (
    *("event_id", "timestamp", "level", "logger", "platform", "environment", "release", "modules", "sdk"),
    *("server_name", "type"),
)
OF_THE_FAULT = ("exception", "logentry", "message", "threads")


def begin(dsn: str, *, release: str = "", transport: type[Transport] | None = None) -> None:
    """Report from now on; nothing where there is no DSN. Raises `sentry_sdk.utils.BadDsn`."""
    if not dsn:
        return
    sentry_sdk.init(
        dsn=dsn,
        release=release or None,
        transport=transport,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=None,
        auto_session_tracking=False,
        # Not the others: they would write a header of theirs into what we ask of Stripe.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(middleware_spans=False, signals_spans=False, cache_spans=False),
            LoggingIntegration(level=None),
            ExcepthookIntegration(),
            AtexitIntegration(callback=lambda pending, timeout: None),
            DedupeIntegration(),
        ],
        ignore_errors=[DisallowedHost],
        before_send=scrubbed,
    )


def scrubbed(event: Any, hint: Any) -> Any:
    """The event as it may leave the house."""
    left = {name: event[name] for name in OF_THE_PROGRAM if name in event}
    left |= {name: _without_persons(event[name]) for name in OF_THE_FAULT if name in event}
    request = event.get("request") or {}
    left["request"] = {
        "method": request.get("method", ""),
        "url": struck_out(urlsplit(str(request.get("url", ""))).path),
    }
    left["tags"] = {"request_id": request_id()}
    return left


def _without_persons(value: Any) -> Any:
    if isinstance(value, str):
        return struck_out(value)
    if isinstance(value, dict):
        return {name: _without_persons(one) for name, one in value.items() if name not in ("vars", "params")}
    if isinstance(value, list | tuple):
        return [_without_persons(one) for one in value]
    return value
