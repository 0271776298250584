"""The standing pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from edge.caching import public


@public
def page(request: HttpRequest, name: str) -> HttpResponse:
    """One of the pages in templates/pages/."""
    return render(request, f"pages/{name}.html")
