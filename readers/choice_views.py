"""What a reader chooses: newsletters, notices, whether to keep what was read; and the way out without logging in."""

from dataclasses import replace
from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from edge.caching import public
from edge.http import Request

from . import choices
from .account_forms import ChoicesForm
from .forms import SignInForm
from .models import Consent


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choose(request: Request) -> HttpResponse:
    """Every choice on one page, and what cannot be chosen with the reason."""
    offered = choices.choices_of(request.user)
    if request.method != "POST":
        context = {"choices": offered, "required": choices.required_letters()}
        return render(request, "readers/choices.html", context)
    form = ChoicesForm(request.POST, purposes=[one.purpose for one in offered.all])
    if not form.is_valid():
        messages.error(request, _("Something on this page has changed meanwhile. Please look again."))
        return redirect("choices")
    wanted = form.cleaned_data["wanted"]
    choices.choose(request.user, offered.all, wanted, at=request.now)
    messages.success(request, _("Your choices are saved."))
    kept_until_now = any(one.is_ticked for one in offered.reading)
    return redirect("history" if kept_until_now and choices.READING_HISTORY not in wanted else "choices")


@public
@require_safe
def newsletters(request: Request) -> HttpResponse:
    """What there is; the same page for everybody."""
    return render(request, "readers/newsletters.html", {"newsletters": choices.newsletters()})


@require_safe
def newsletters_sign_up(request: Request) -> HttpResponse:
    """The newsletters that were ticked, and the address they go to; a code proves it."""
    if request.user.is_authenticated:
        return redirect("choices")
    wanted = request.GET.getlist("newsletter")
    ticked = {f"newsletter:{slug}" for slug in wanted}
    listed = [replace(choice, is_ticked=True) for choice in choices.newsletters() if choice.purpose in ticked]
    if not listed:
        return redirect("newsletters")
    context = {"newsletters": listed, "form": SignInForm()}
    return render(request, "readers/newsletters_sign_up.html", context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop_choice(request: Request, token: str) -> HttpResponse:
    """Take one choice back: looking changes nothing, the button does it, and so does the one of a mail program."""
    meant = choices.read_stop(token)
    if meant is None:
        return render(request, "readers/stop_choice_gone.html", status=HTTPStatus.NOT_FOUND)
    reader_id, purpose = meant
    context = {"name": choices.name_of(purpose), "is_done": request.method == "POST"}
    if request.method == "POST":
        Consent.objects.withdraw(reader_id, [purpose], at=request.now)
    return render(request, "readers/stop_choice.html", context)
