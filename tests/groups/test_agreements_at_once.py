"""Two people press the same button of an agreement in the same moment: it happens once. On PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import connection

from groups import agreeing, invoicing, paying
from groups.agreeing import NotPossible
from groups.models import Contact, GroupAccount, GroupEvent, GroupInvoice, GroupPayment, Term
from readers.models import User
from subscriptions.models import Contract
from tests.make import NOW, a_reader, an_agreement

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def at_once(press: Callable[[], Any], times: int = 6) -> list[bool]:
    """Press it in so many threads; whether each went through."""

    def one(_: int) -> bool:
        try:
            press()
        except NotPossible:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(times) as pool:
        return sorted(pool.map(one, range(times)))


@pytest.fixture
def dora() -> User:
    return a_reader("dora@example.org", is_staff=True)


@pytest.fixture
def term(dora: User) -> Term:
    group = an_agreement(accepted_at=None, invoiced_at=None, paid_at=None, seats=10)
    GroupAccount.objects.update(country="BE")
    Contact.objects.create(group=group, role=Contact.Role.SIGNATORY, email="anna@harbour.example")
    agreeing.quote(group.terms.get(), by=dora, at=NOW)
    return Term.objects.select_related("group").get()


def accept(term: Term) -> Contract:
    return agreeing.accept(term, name="Anna", email="anna@harbour.example", shown_html="<p>10 seats</p>", at=NOW)


def test_a_quote_accepted_by_many_is_one_contract(term: Term) -> None:
    assert all(at_once(lambda: accept(term)))
    assert Contract.objects.count() == 1
    assert GroupEvent.objects.filter(verb="accepted the quote").count() == 1


def test_a_term_is_invoiced_once_and_numbers_have_no_gap(term: Term, dora: User) -> None:
    accept(term)

    def invoice() -> None:
        invoicing.of_term(term, how=GroupInvoice.How.TRANSFER, days_until_due=30, by=dora, at=NOW)

    assert at_once(invoice) == [False] * 5 + [True]
    assert GroupInvoice.objects.get().number == "F2026-00001"


def test_one_line_of_the_statement_is_one_payment(term: Term, dora: User) -> None:
    accept(term)
    invoice = invoicing.of_term(term, how=GroupInvoice.How.TRANSFER, days_until_due=30, by=dora, at=NOW)

    def record() -> None:
        paying.record_transfer(
            invoice.group, invoice, invoice.cents, received_on=date(2026, 11, 17), bank_reference="B-1", by=dora, at=NOW
        )

    assert at_once(record) == [False] * 5 + [True]
    assert GroupPayment.objects.count() == 1
    assert GroupEvent.objects.filter(verb="paid in full").count() == 1


def test_payments_that_change_places_do_not_wait_for_each_other(dora: User) -> None:
    """Two payments are moved crosswise between two agreements: rows are locked in one order."""
    invoices, payments = [], []
    for name in ("Harbour", "Quay"):
        group = an_agreement(name, invoiced_at=None, paid_at=None)
        GroupAccount.objects.update(country="BE")
        one = Term.objects.select_related("group").get(group=group)
        invoices.append(invoicing.of_term(one, how=GroupInvoice.How.TRANSFER, days_until_due=30, by=dora, at=NOW))
        payments.append(
            paying.record_transfer(
                group, invoices[-1], 100, received_on=date(2026, 11, 17), bank_reference=name, by=dora, at=NOW
            )
        )
    crosswise = iter([(payments[0], invoices[1]), (payments[1], invoices[0])])

    def move() -> None:
        payment, invoice = next(crosswise)
        paying.move(payment, invoice, by=dora, at=NOW)

    assert all(at_once(move, times=2))
    assert [GroupPayment.objects.get(pk=one.pk).invoice_id for one in payments] == [invoices[1].pk, invoices[0].pk]
