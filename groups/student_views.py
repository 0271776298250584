"""The pages on which a reader becomes a student: proving it, waiting, paying where it costs something."""

from contextlib import suppress
from http import HTTPStatus
from smtplib import SMTPException
from typing import Any
from uuid import UUID

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from edge.http import Request
from readers.account_forms import TypedCodeForm
from subscriptions import billing, purchases, student_years
from subscriptions.contracts import digest
from subscriptions.models import Grant, Purchase
from subscriptions.trouble import billing_trouble

from . import students
from .models import StudentApplication
from .student_forms import AcademicAddressForm, DocumentForm

MAIL_TROUBLE = (OSError, SMTPException)
TOO_OFTEN = gettext_lazy("That was too often for now. Please wait a few minutes and try again.")
State = StudentApplication.State


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def student(request: Request) -> HttpResponse:
    """Where the reader stands; and the first way, by an address."""
    if request.method != "POST":
        return _page(request)
    form = AcademicAddressForm(request.POST)
    if not form.is_valid():
        return _page(request, address_form=form)
    address = form.cleaned_data["email"]
    if not _may_mail(request, address):
        form.add_error("email", str(TOO_OFTEN))
        return _page(request, address_form=form, status=HTTPStatus.TOO_MANY_REQUESTS)
    try:
        students.apply_by_address(request.user, address, at=request.now)
    except students.TooEarly:
        return redirect("student")
    except students.NotAcademic:
        form.add_error("email", _("We do not know this as an address of a university. Send us a document instead."))
        return _page(request, address_form=form, not_academic=True)
    except MAIL_TROUBLE:
        form.add_error("email", _("We could not send the mail just now. Please try again in a few minutes."))
        return _page(request, address_form=form, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return redirect("student")


@require_POST
@login_required
def document(request: Request) -> HttpResponse:
    """The second way: a document, for a person to look at."""
    form = DocumentForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, document_form=form)
    if not ratelimit.consume(request, action="student_code_of_one", user=request.user):
        messages.error(request, TOO_OFTEN)
        return redirect("student")
    given = form.cleaned_data
    with suppress(students.TooEarly):
        students.apply_by_document(request.user, given["institution"], given["document"], at=request.now)
    return redirect("student")


@require_POST
@login_required
def code(request: Request) -> HttpResponse:
    """The code that proves the academic address."""
    application = _open(request)
    if application is None or not application.takes_codes(at=request.now):
        return redirect("student")
    form = TypedCodeForm(request.POST)
    if not form.is_valid():
        return _page(request, code_form=form)
    try:
        is_right = students.type_code(application, form.cleaned_data["code"], at=request.now)
    except students.UsedElsewhere:
        students.drop(application)
        messages.error(request, _("Another account has a student year by this mailbox. Log in there, or write to us."))
        return redirect("student")
    if is_right:
        return redirect("student_order" if student_years.price_cents() else "student")
    if not application.takes_codes(at=request.now):
        messages.error(request, _("That was the last try: this code no longer works. Have a new one sent."))
        return redirect("student")
    form.add_error("code", _("That is not the code we sent."))
    return _page(request, code_form=form)


@require_POST
@login_required
def new_code(request: Request) -> HttpResponse:
    """A new code, where the first was lost or too old."""
    application = _open(request)
    if application is None or application.state != State.CODE:
        return redirect("student")
    if not _may_mail(request, application.academic_email):
        messages.error(request, TOO_OFTEN)
        return redirect("student")
    try:
        students.send_code(application, at=request.now)
        messages.info(request, _("We sent a new code. The one before it no longer works."))
    except MAIL_TROUBLE:
        messages.error(request, _("We could not send the code just now. Please try again in a few minutes."))
    return redirect("student")


@require_POST
@login_required
def drop(request: Request) -> HttpResponse:
    """Begin anew. A payment under way is not forgotten: it makes the year all the same."""
    if application := _open(request):
        students.drop(application)
    return redirect("student")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def order(request: Request) -> HttpResponse:
    """The year and its price, and one button that says that it costs money (law.md L2)."""
    application = _open(request)
    if application is None or application.state != State.PAYMENT or not student_years.price_cents():
        return redirect("student")
    summary = _summary(request)
    page = {"summary": summary, "shown": digest(summary), "cents": student_years.price_cents()}
    if request.method != "POST":
        return render(request, "groups/student_order.html", page)
    if request.POST.get("shown") != page["shown"]:
        messages.warning(request, _("The date or the price has changed since you opened this page. Please look again."))
        return render(request, "groups/student_order.html", page)
    try:
        back = request.build_absolute_uri(reverse("student_back"))
        address = students.order(application, shown_html=summary, back_url=back, at=request.now)
    except billing.BillingError as error:
        return billing_trouble(request, error, again=reverse("student_order"))
    return HttpResponseRedirect(address) if address else redirect("student")


@require_safe
@login_required
def back(request: Request) -> HttpResponse:
    """Back from Stripe, which proves nothing: Stripe is asked."""
    purchase = _purchase(request)
    if purchase is None:
        return redirect("student")
    try:
        facts = purchases.finish(purchase, at=request.now)
    except billing.BillingError as error:
        return billing_trouble(request, error, again=request.get_full_path())
    students.settle_paid(reader=request.user)
    if facts.status != "complete":
        messages.warning(request, _("The payment page was not finished. Nothing was ordered and nothing is charged."))
        return redirect("student_order")
    return redirect("student")


def _purchase(request: Request) -> Purchase | None:
    try:
        key = UUID(request.GET.get("order", ""))
    except ValueError:
        return None
    return Purchase.objects.filter(pk=key, reader=request.user).exclude(stripe_session_id="").first()


def _page(
    request: Request,
    *,
    status: int = HTTPStatus.OK,
    address_form: AcademicAddressForm | None = None,
    document_form: DocumentForm | None = None,
    code_form: TypedCodeForm | None = None,
    not_academic: bool = False,
) -> HttpResponse:
    students.settle_paid(reader=request.user)
    application = _open(request)
    running = Grant.objects.filter(reader=request.user, kind=Grant.Kind.STUDENT, ends_at__gt=request.now)
    context: dict[str, Any] = {
        "application": application,
        "takes_codes": application is not None and application.takes_codes(at=request.now),
        "is_pending": application is not None and application.purchase is not None and application.purchase.is_pending,
        "refused": None if application else _refused(request),
        "years": running.order_by("starts_at"),
        "may_ask_from": student_years.may_ask_from(request.user, at=request.now),
        "cents": student_years.price_cents(),
        "address_form": address_form or AcademicAddressForm(),
        "document_form": document_form or DocumentForm(),
        "code_form": code_form or TypedCodeForm(),
        "shows_document": not_academic or document_form is not None,
    }
    return render(request, "groups/student.html", context, status=status)


def _open(request: Request) -> StudentApplication | None:
    found = StudentApplication.objects.open().filter(reader=request.user)
    return found.select_related("reader", "purchase").first()


def _refused(request: Request) -> StudentApplication | None:
    """The last answer, where it was no."""
    last = StudentApplication.objects.filter(reader=request.user).exclude(state=State.DROPPED).first()
    return last if last and last.state == State.REFUSED else None


def _summary(request: Request) -> str:
    """The words above the order button, as they are shown and as they are kept."""
    return render_to_string("groups/_student_summary.html", students.shown_year(request.user, at=request.now))


def _may_mail(request: Request, address: str) -> bool:
    return ratelimit.consume(request, action="student_code", key=address) and ratelimit.consume(
        request, action="student_code_of_one", user=request.user
    )
