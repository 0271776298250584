"""The standing pages, and what is said when a form came without its token."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static

from edge.caching import public

from .reviews import review_of


@public
def icon(request: HttpRequest) -> HttpResponse:
    """For what asks for the icon without reading the page."""
    return redirect(static("img/icon.svg"), permanent=True)


@public
def page(request: HttpRequest, name: str) -> HttpResponse:
    """One of the pages in templates/pages/."""
    return render(request, f"pages/{name}.html", {"review": review_of(name)})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the token that proves it came from our page: mostly an old tab, or cookies switched off."""
    return render(request, "403_csrf.html", status=403)
