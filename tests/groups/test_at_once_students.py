"""At the same moment: two accounts with one mailbox, two colleagues with one document, two presses of one button."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from groups import documents, students
from groups.models import StudentApplication
from readers.models import Letter, User
from subscriptions import purchases
from subscriptions.models import Grant, Purchase
from tests.fakes import FakeBilling
from tests.make import NOW, a_customer, a_reader

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
PDF = documents.Document("application/pdf", b"%PDF-1.7\n%%EOF")


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of these returned or raised, all begun together."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=10)
            return act()
        except Exception as error:
            return type(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def begun(email: str, academic: str, rf: Any) -> tuple[StudentApplication, str]:
    """An application that waits for its code, and the code."""
    from allauth.core import context

    with context.request_context(rf.get("/")):
        application = students.apply_by_address(a_reader(email), academic, at=NOW)
    return application, re.search(r"^\s+(\d{6})$", mail.outbox[-1].body, re.MULTILINE)[1]  # type: ignore[index]


def test_of_two_accounts_with_one_mailbox_one_is_a_student(rf: Any) -> None:
    (first, code), (second, other) = (
        begun("a@example.org", "bob@ugent.be", rf),
        begun("b@example.org", "bob+two@ugent.be", rf),
    )
    came_of_it = at_once(
        lambda: students.type_code(first, code, at=NOW), lambda: students.type_code(second, other, at=NOW)
    )
    assert sorted(map(str, came_of_it)) == sorted(["True", str(students.UsedElsewhere)])
    assert Grant.objects.count() == 1


def test_a_code_typed_twice_makes_one_year(rf: Any) -> None:
    application, code = begun("a@example.org", "bob@ugent.be", rf)
    again = StudentApplication.objects.select_related("reader").get(pk=application.pk)
    at_once(lambda: students.type_code(application, code, at=NOW), lambda: students.type_code(again, code, at=NOW))
    assert Grant.objects.count() == 1
    assert Letter.objects.filter(kind="student_year_begins").count() == 1


def test_of_two_colleagues_one_decides() -> None:
    application = students.apply_by_document(a_reader(), "Ghent", PDF, at=NOW)
    dora, dirk = (a_reader(f"{name}@example.org", is_staff=True) for name in ("dora", "dirk"))
    came_of_it = at_once(
        lambda: students.accept(application, by=dora, at=NOW),
        lambda: students.refuse(application, reason="Too old.", by=dirk, at=NOW),
    )
    assert came_of_it.count(students.DecidedAlready) == 1
    application.refresh_from_db()
    assert Grant.objects.count() == (application.state == "granted")
    assert Letter.objects.count() == 1


def test_two_presses_open_one_page_and_two_tellings_make_one_year(billing: FakeBilling) -> None:
    bob: User = a_customer()

    def press() -> str:
        words = {"reason": "Ghent", "shown_html": "<p>A year</p>", "back_url": "https://news.example/", "at": NOW}
        return purchases.start(User.objects.get(pk=bob.pk), "student", cents=3000, **words)[1]  # type: ignore[arg-type]

    assert len(set(at_once(press, press))) == 1
    purchase = Purchase.objects.get()
    billing.pay_once(purchase.stripe_session_id)
    twin = Purchase.objects.get()
    at_once(lambda: purchases.finish(purchase, at=NOW), lambda: purchases.finish(twin, at=NOW))
    assert Grant.objects.count() == 1
