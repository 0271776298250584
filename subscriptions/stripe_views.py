"""Where Stripe knocks: the one endpoint that machines post to."""

import logging

from django.http import HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from edge.http import Request

from . import billing, webhooks

log = logging.getLogger(__name__)
# The largest event Stripe documents is far below this.
MAX_BODY_BYTES = 512 * 1024


@csrf_exempt
@require_POST
def webhook(request: Request) -> HttpResponse:
    """200 for what Stripe signed, whether or not we care; 400 for everything else; 503 where Stripe shall try again."""
    body = _bounded_body(request)
    if body is None:
        return HttpResponse("Too large.", status=413)
    try:
        event = billing.gateway().verified_event(body, request.headers.get("Stripe-Signature", ""))
    except billing.NotFromStripe as error:
        log.warning("Refused a webhook: %s", error)
        return HttpResponseBadRequest("Not an event of ours.")
    try:
        webhooks.handle(event, at=request.now)
    except billing.BillingError as error:
        log.warning("Stripe could not be asked about %s: %s", event.stripe_id, error)
        return HttpResponse("Try again later.", status=503, headers={"Retry-After": "60"})
    return HttpResponse("Thank you.")


def _bounded_body(request: Request) -> bytes | None:
    """The body, never more than the limit in memory; None where it is larger."""
    try:
        announced = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        announced = 0
    if announced > MAX_BODY_BYTES:
        return None
    body = request.read(MAX_BODY_BYTES + 1)
    return body if len(body) <= MAX_BODY_BYTES else None
