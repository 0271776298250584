"""The terms of use: those in force, and every other version that was ever published."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from edge import languages
from edge.caching import public
from edge.http import Request

from .models import TermsVersion


@require_safe
@public
def terms(request: Request) -> HttpResponse:
    """The version in force. Raises Http404 where none was ever published."""
    version = TermsVersion.objects.in_force(at=request.now)
    if version is None:
        raise Http404("No terms have been published.")
    return _page(request, version)


@require_safe
@public
def terms_version(request: Request, name: str) -> HttpResponse:
    """One version, in force, earlier or coming. Raises Http404 for a draft."""
    return _page(request, get_object_or_404(TermsVersion.objects.published(), name=name))


def _page(request: Request, version: TermsVersion) -> HttpResponse:
    in_force = TermsVersion.objects.in_force(at=request.now)
    text = version.text_in(languages.chosen())
    context = {
        "version": version,
        "text": text,
        # Cleaned when it was written (`terms_desk`), and nobody can alter it since.
        "html": mark_safe(text.html if text else ""),  # noqa: S308
        "in_force": in_force,
        "is_coming": version.effective_from > request.now and version != in_force,
        "is_translated": text is not None and text.language == languages.chosen(),
        "others": TermsVersion.objects.published().exclude(pk=version.pk),
    }
    return render(request, "subscriptions/terms.html", context)
