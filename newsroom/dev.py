"""Development only: the mail that the site sent, and the page of an unknown address."""

from collections.abc import Callable
from http import HTTPStatus

from csp.decorators import csp, csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe
from django.views.defaults import page_not_found

from . import dev_mail


def own_not_found_page(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Show an unknown address the site's own page, as readers see it, instead of Django's list of patterns."""

    def with_own_page(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_djangos = response.status_code == HTTPStatus.NOT_FOUND and b"DEBUG = True" in getattr(
            response, "content", b""
        )
        return page_not_found(request, Http404()) if is_djangos else response

    return with_own_page


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """Every mail, newest first; the subject of a code mail holds the code."""
    return render(request, "dev/mails.html", {"mails": dev_mail.newest_first()})


@require_safe
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail as text, as HTML and with its headers."""
    return render(request, "dev/mail.html", {"mail": _mail(name)})


@require_safe
@xframe_options_sameorigin
@csp(  # type: ignore[arg-type]
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "frame-ancestors": ["'self'"],
        "form-action": ["'none'"],
        "sandbox": ["allow-top-navigation-by-user-activation"],
    }
)
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part as a mail program shows it: in a frame, without scripts, with the styles that mail needs."""
    return HttpResponse(_mail(name).html.replace("<head>", '<head><base target="_top">', 1))


@require_POST
def clear(request: HttpRequest) -> HttpResponse:
    """Throw the mails away."""
    dev_mail.clear()
    return redirect("dev_mails")


def _mail(name: str) -> dev_mail.Mail:
    mail = dev_mail.read(name)
    if mail is None:
        raise Http404
    return mail
