"""The reader's own data: what we hold, all of it as a file, and the way to have it deleted."""

from http import HTTPStatus

from allauth.account.decorators import reauthentication_required
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from edge.caching import public
from edge.http import Request
from subscriptions import billing

from . import erasure, export, retention


@require_safe
@login_required
def data(request: Request) -> HttpResponse:
    """What can be done here: download, delete, and read how long things are kept."""
    return render(request, "rights/data.html", {"may_erase": erasure.may_erase(request.user)})


@require_POST
@login_required
@reauthentication_required(app="rights")
def download(request: Request) -> HttpResponseBase:
    """The file, at once. 429 after ten of them within an hour."""
    if not ratelimit.consume(request, action="download_data", user=request.user):
        return render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    name = f"{slugify(settings.SITE_NAME)}-{request.now:%Y-%m-%d}.zip"
    written = export.write_zip(request.user, at=request.now)
    return FileResponse(written, as_attachment=True, filename=name, content_type="application/zip")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required(app="rights", allow_get=True)
def delete(request: Request) -> HttpResponse:
    """What goes, what stays and why; then one button, and the receipt in its place."""
    if not erasure.may_erase(request.user):
        return render(request, "rights/delete_staff.html", status=HTTPStatus.FORBIDDEN)
    if request.method != "POST":
        return render(request, "rights/delete.html", {"outlook": erasure.outlook_of(request.user)})
    outlook, email = erasure.outlook_of(request.user), request.user.email
    try:
        receipt, kept = erasure.erase(request.user, at=request.now)
    except billing.BillingError:
        context = {"outlook": outlook, "stripe_is_away": True}
        response = render(request, "rights/delete.html", context, status=HTTPStatus.SERVICE_UNAVAILABLE)
        response["Retry-After"] = "60"
        return response
    except erasure.AlreadyErased:
        logout(request)
        return redirect("front")
    except erasure.MayNotBeErased:
        return render(request, "rights/delete_staff.html", status=HTTPStatus.FORBIDDEN)
    logout(request)
    context = {"receipt": receipt, "erased": outlook.erased, "kept": kept, "email": email}
    return render(request, "rights/deleted.html", context)


@public
def retention_page(request: Request) -> HttpResponse:
    """How long each thing is kept and why, from the rules that are carried out every night."""
    return render(request, "rights/retention.html", {"duties": retention.duties()})
