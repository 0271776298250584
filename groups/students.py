"""A reader says that they study, proves it, and has a year: by a code to an academic address, or by a document."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from readers.letters import about_students
from readers.models import User
from subscriptions import purchases, student_years
from subscriptions.models import Grant, Purchase
from subscriptions.trial import mailbox_of

from . import academic
from .documents import Document
from .models import StudentApplication, StudentProof

State = StudentApplication.State
Way = StudentApplication.Way
# How many days before its end a student is written to.
REMINDED_BEFORE = (30, 7)
# After so long an approval that was never paid no longer holds its mailbox.
UNPAID_LASTS = timedelta(days=60)


class TooEarly(Exception):
    """The year that runs is still long."""


class NotAcademic(Exception):
    """The address proves nothing; a document may."""


class UsedElsewhere(Exception):
    """Another account is a student by the same mailbox."""


class DecidedAlready(Exception):
    """A colleague was quicker."""


def apply_by_address(reader: User, address: str, *, at: datetime) -> StudentApplication:
    """Begin with an academic address (cleaned): a code goes there. What was open before is dropped.

    Raises TooEarly, NotAcademic, and what the mail server raises; then nothing has begun.
    """
    domain = academic.domain_of(address)
    if domain.verdict is not academic.Verdict.ACADEMIC:
        raise NotAcademic(address)
    application = _begin(
        reader, way=Way.ADDRESS, academic_email=address, institution=domain.institution, state=State.CODE, at=at
    )
    try:
        send_code(application, at=at)
    except Exception:
        application.becomes(State.DROPPED)
        raise
    return application


def send_code(application: StudentApplication, *, at: datetime) -> None:
    """Mail six digits to the academic address; the ones before no longer work. Raises what the mail server raises."""
    code = f"{secrets.randbelow(1_000_000):06}"
    application.new_code(code, at=at)
    # A mail with a secret in it is sent at once and kept nowhere, unlike a letter.
    context = {"code": code, "user": application.reader}
    get_adapter().send_mail("account/email/student_code", application.academic_email, context)


def type_code(application: StudentApplication, code: str, *, at: datetime) -> bool:
    """Whether this is the code; then the application is decided. Raises UsedElsewhere."""
    if not application.guess(code, at=at):
        return False
    with transaction.atomic():
        _lock(application.reader_id)
        application.refresh_from_db()
        if application.state == State.CODE:
            _take_mailbox(application, at=at)
            application.becomes(State.CODE, proved_at=at, code_hash="")
            _approve(application, by=None, at=at)
    return True


@transaction.atomic
def apply_by_document(reader: User, institution: str, document: Document, *, at: datetime) -> StudentApplication:
    """Begin with a document, which a person looks at. Raises TooEarly."""
    application = _begin(reader, way=Way.DOCUMENT, institution=institution, state=State.REVIEW, proved_at=at, at=at)
    StudentProof.objects.create(
        application=application,
        reader=reader,
        sent_at=at,
        content_type=document.content_type,
        content=document.in_base64,
    )
    return application


@transaction.atomic
def accept(application: StudentApplication, *, by: User, at: datetime) -> None:
    """Staff have seen that it holds. The document is deleted. Raises DecidedAlready."""
    _approve(_for_decision(application), by=by, at=at)
    StudentProof.objects.filter(application=application).delete()


@transaction.atomic
def refuse(application: StudentApplication, *, reason: str, by: User, at: datetime) -> None:
    """Staff say no, with a reason that the reader gets. The document is deleted. Raises DecidedAlready."""
    application = _for_decision(application)
    application.becomes(State.REFUSED, reason=reason[:300], decided_at=at, decided_by=by)
    StudentProof.objects.filter(application=application).delete()
    about_students.student_refused(
        application.reader, reason=application.reason, path=reverse("student"), occasion=str(application.pk), at=at
    )


@transaction.atomic
def drop(application: StudentApplication) -> None:
    """The reader takes it back, or begins anew. The document is deleted.

    Its mailbox stays: who went to pay may still do so on Stripe's page, and it would make two students (`_is_over`).
    """
    _lock(application.reader_id)
    StudentApplication.objects.filter(pk=application.pk, state__in=StudentApplication.OPEN).update(
        state=State.DROPPED, code_hash=""
    )
    StudentProof.objects.filter(application=application).delete()


def order(application: StudentApplication, *, shown_html: str, back_url: str, at: datetime) -> str:
    """The reader goes to pay: the address of the page, empty where it is paid or the bank is at it.

    Raises BillingError.
    """
    purchase, address = purchases.start(
        application.reader,
        Purchase.Kind.STUDENT,
        cents=student_years.price_cents(),
        reason=_why(application),
        shown_html=shown_html,
        back_url=back_url,
        at=at,
    )
    application.becomes(application.state, purchase=purchase)
    settle_paid(reader=application.reader)
    return address


def settle_paid(*, reader: User | None = None) -> int:
    """What was paid is granted, whoever heard of the payment. How many."""
    waiting = StudentApplication.objects.filter(state=State.PAYMENT, purchase__paid_at__isnull=False)
    waiting = waiting.filter(reader=reader) if reader else waiting
    settled = 0
    for one in waiting.select_related("purchase__grant"):
        assert one.purchase is not None
        one.becomes(State.GRANTED, grant=one.purchase.grant)
        settled += 1
    return settled


def remind(*, at: datetime) -> int:
    """Write to students whose year ends soon and is followed by no other. How many letters."""
    last = at + timedelta(days=max(REMINDED_BEFORE))
    ending = Grant.objects.filter(kind=Grant.Kind.STUDENT, ends_at__gt=at, ends_at__lte=last, starts_at__lte=at)
    written = 0
    for grant in ending.select_related("reader").order_by("ends_at"):
        if Grant.objects.filter(reader=grant.reader, kind=grant.kind, ends_at__gt=grant.ends_at).exists():
            continue
        left = (timezone.localdate(grant.ends_at) - timezone.localdate(at)).days
        due = min((days for days in REMINDED_BEFORE if left <= days), default=max(REMINDED_BEFORE))
        letter = about_students.student_year_ends(
            grant.reader,
            ends_at=grant.ends_at,
            days=max(left, 1),
            path=reverse("student"),
            occasion=f"{grant.pk} {due}",
            at=at,
        )
        written += letter is not None
    return written


def tell_the_house(*, at: datetime) -> int:
    """Once a day, while documents wait for a person. How many letters."""
    waiting = StudentApplication.objects.for_staff().count()
    if waiting:
        desk = reverse("admin:groups_studentapplication_changelist") + "?state=review"
        day = f"{timezone.localdate(at)}"
        about_students.operator_student_proofs(waiting=waiting, desk_path=desk, occasion=day, at=at)
    return min(waiting, 1)


# --- What these share ----------------------------------------------------------------------------------


def _begin(reader: User, *, at: datetime, **fields: Any) -> StudentApplication:
    with transaction.atomic():
        _lock(reader.pk)
        if student_years.may_ask_from(reader, at=at):
            raise TooEarly
        for before in StudentApplication.objects.open().filter(reader=reader):
            drop(before)
        return StudentApplication.objects.create(reader=reader, asked_at=at, **fields)


def _lock(reader_id: int) -> None:
    User.objects.select_for_update().get(pk=reader_id)


def _for_decision(application: StudentApplication) -> StudentApplication:
    _lock(application.reader_id)
    found = StudentApplication.objects.select_for_update().select_related("reader").get(pk=application.pk)
    if found.state != State.REVIEW:
        raise DecidedAlready
    return found


def _approve(application: StudentApplication, *, by: User | None, at: datetime) -> None:
    if cents := student_years.price_cents():
        application.becomes(State.PAYMENT, decided_at=at, decided_by=by)
        if by:
            about_students.student_may_pay(
                application.reader,
                cents=cents,
                path=reverse("student_order"),
                occasion=str(application.pk),
                at=at,
            )
        return
    grant = student_years.give(application.reader, reason=_why(application), by=by, at=at)
    application.becomes(State.GRANTED, decided_at=at, decided_by=by, grant=grant)
    about_students.student_year_begins(
        application.reader, starts_at=grant.starts_at, ends_at=grant.ends_at, cents=0, occasion=str(grant.pk), at=at
    )


def _why(application: StudentApplication) -> str:
    """The reason of the access, for colleagues."""
    if application.way == Way.ADDRESS:
        return f"Proved {application.academic_email} by a code"
    return f"Showed a document: {application.institution}"


def _take_mailbox(application: StudentApplication, *, at: datetime) -> None:
    """Let no other account be a student by this mailbox. One whose year is over lets go of it. Raises UsedElsewhere."""
    mailbox = mailbox_of(application.academic_email)
    for other in StudentApplication.objects.filter(mailbox=mailbox).select_related("grant"):
        if other.reader_id != application.reader_id and not _is_over(other, at=at):
            raise UsedElsewhere
        StudentApplication.objects.filter(pk=other.pk).update(mailbox="")
    try:
        with transaction.atomic():
            application.becomes(application.state, mailbox=mailbox)
    except IntegrityError as error:
        raise UsedElsewhere from error


def _is_over(application: StudentApplication, *, at: datetime) -> bool:
    """Whether it no longer holds its mailbox."""
    if application.grant:
        return application.grant.ends_at <= at
    if application.state != State.DROPPED:
        return application.asked_at <= at - UNPAID_LASTS
    payable = Purchase.objects.unfinished().filter(reader=application.reader_id, kind=Purchase.Kind.STUDENT)
    paid = Grant.objects.filter(reader=application.reader_id, kind=Grant.Kind.STUDENT, ends_at__gt=at)
    return not payable.exists() and not paid.exists()


def shown_year(reader: User, *, at: datetime) -> dict[str, Any]:
    """What stands above the order button: price and days (law.md L2)."""
    starts_at, ends_at = student_years.next_span(reader, at=at)
    return {
        "cents": student_years.price_cents(),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "site": settings.SITE_NAME,
    }
