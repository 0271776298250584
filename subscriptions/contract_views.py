"""The reader's contracts: what was shown when they were concluded, and the terms that were accepted."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from edge.http import Request

from .models import Contract


@require_safe
@login_required
def contracts(request: Request) -> HttpResponse:
    """Every contract there ever was, the newest first."""
    return render(request, "subscriptions/contracts.html", {"contracts": Contract.objects.of(request.user)})


@require_safe
@login_required
def contract(request: Request, number: str) -> HttpResponse:
    """One contract, to read and to print. Raises Http404 where it is nobody's or somebody else's."""
    return render(request, "subscriptions/contract.html", _about(request, number))


@require_safe
@login_required
def download(request: Request, number: str) -> HttpResponse:
    """The same as one file that needs nothing else. Raises Http404 as well."""
    about = _about(request, number)
    html = render_to_string("subscriptions/contract_file.html", about)
    with_whole_addresses = html.replace('href="/', f'href="{settings.SITE_URL}/')
    named = f'attachment; filename="{about["contract"].number}.html"'
    return HttpResponse(with_whole_addresses, headers={"Content-Disposition": named})


def _about(request: Request, number: str) -> dict[str, Any]:
    found = get_object_or_404(Contract.objects.of(request.user), number=number)
    text = found.accepted_terms
    return {
        "contract": found,
        "amendments": found.amendments.exclude(agreed_at=None).select_related("plan"),
        # Made by our own template, and cleaned when it was written; nobody can alter either since.
        "summary": mark_safe(found.shown_html),  # noqa: S308
        "terms": text,
        "terms_html": mark_safe(text.html if text else ""),  # noqa: S308
    }
