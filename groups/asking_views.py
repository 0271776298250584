"""The page on which anybody asks us something, and the page that says it has come."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from edge.caching import public
from edge.http import Request
from readers import limits
from subscriptions import student_years

from . import asking
from .asking_forms import TOPICS, AskForm


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: Request) -> HttpResponse:
    """Ask for a group, a company, an institution, as a student, or because it is too dear."""
    form = AskForm(request.POST or None, now=request.now, initial=_who(request))
    if request.method == "POST" and form.is_valid():
        if limits.may_send(request, "enquiry"):
            asking.ask(form.asked(), request.user, at=request.now)
            return redirect("asked")
        form.add_error(None, _("That was too often for now. Please wait a few minutes and try again."))
        return render(request, "groups/ask.html", {"form": form}, status=HTTPStatus.TOO_MANY_REQUESTS)
    return render(request, "groups/ask.html", {"form": form})


@require_safe
@public
def asked(request: Request) -> HttpResponse:
    """It has come. The page is the same for everybody, also for what a machine sent."""
    return render(request, "groups/asked.html")


@require_safe
@public
def students(request: Request) -> HttpResponse:
    """What students get, what it costs, and how it is proved."""
    return render(request, "groups/students.html", {"cents": student_years.price_cents()})


def _who(request: Request) -> dict[str, Any]:
    about = request.GET.get("about", "")
    known = {"topic": about} if about in dict(TOPICS) else {}
    if request.user.is_authenticated:
        known |= {"name": request.user.name, "email": request.user.email}
    return known
