"""What a reader is told when Stripe cannot be reached or says no."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .billing import BillingError, BillingRefused


def billing_trouble(request: HttpRequest, error: BillingError, *, again: str) -> HttpResponse:
    """A page that says what did not happen and how to try again: 503 while Stripe is away, 409 where it said no."""
    refused = isinstance(error, BillingRefused)
    context = {"again": again, "refused": refused, "reason": str(error) if refused else ""}
    response = render(request, "subscriptions/trouble.html", context, status=409 if refused else 503)
    if not refused:
        response["Retry-After"] = "60"
    return response
