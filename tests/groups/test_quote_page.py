"""The pages an organisation sees: its quote, its invoice, and the contract's tab of its managers."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from groups import agreeing, invoicing, paying
from groups.models import Contact, GroupAccount, GroupInvoice, Manager, Seat, Term
from readers.models import User
from subscriptions.models import Contract
from tests.make import NOW, a_reader, a_term, an_agreement

pytestmark = pytest.mark.django_db
NOTHING_YET = {"quoted_at": None, "accepted_at": None, "invoiced_at": None, "paid_at": None}


@pytest.fixture(autouse=True)
def now(at: Any) -> None:
    at(NOW)


@pytest.fixture
def term(dora: User) -> Term:
    """A quote for 25 seats in 2027, on its way to Anna."""
    group = an_agreement(
        **NOTHING_YET, seats=25, price_cents=187_500, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31)
    )
    GroupAccount.objects.update(country="BE", vat_number="BE0123456749", street="12 Quay Street")
    Contact.objects.create(group=group, role=Contact.Role.SIGNATORY, name="Anna", email="anna@harbour.example")
    agreeing.quote(group.terms.get(), by=dora, at=NOW)
    return Term.objects.select_related("group").get()


def address(name: str, term: Term) -> str:
    return reverse(name, args=[agreeing.token_of(term)])


def shown(page: Any) -> str:
    return re.search(r'name="shown" value="([0-9a-f]{64})"', page.content.decode())[1]  # type: ignore[index]


def say_yes(client: Client, term: Term, **changes: str) -> Any:
    fields = {
        "name": "Anna Szabó",
        "email": "anna@harbour.example",
        "purchase_order": "PO-7",
        "may": "on",
        "shown": shown(client.get(address("group_quote", term))),
    }
    return client.post(address("group_accept", term), fields | changes)


def test_the_quote_says_everything_and_looking_at_it_accepts_nothing(client: Client, term: Term) -> None:
    page = client.get(address("group_quote", term))
    for words in ("Harbour &amp; Vale", "25 seats", "€1,875.00", "6 %", "€112.50", "€1,987.50", "12 Quay Street"):
        assert words in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert 'content="noindex"' in page.content.decode()
    term.refresh_from_db()
    assert term.accepted_at is None


def test_a_yes_is_a_contract_over_exactly_what_was_shown(client: Client, term: Term) -> None:
    assert say_yes(client, term).status_code == 302
    contract = Contract.objects.get()
    assert "25 seats" in contract.shown_text
    page = client.get(address("group_quote", term)).content.decode()
    assert contract.number in page
    assert "<form" not in page.partition("<main")[2].partition("</main")[0]
    assert client.post(address("group_accept", term), {}).status_code == 422
    assert Contract.objects.count() == 1


@pytest.mark.parametrize("missing", ["name", "email", "may"])
def test_nobody_says_yes_by_halves(client: Client, term: Term, missing: str) -> None:
    assert say_yes(client, term, **{missing: ""}).status_code == 422
    assert not Contract.objects.exists()


def test_what_has_changed_since_it_was_shown_is_shown_again(client: Client, term: Term) -> None:
    before = shown(client.get(address("group_quote", term)))
    Term.objects.update(price_cents=999_900)
    page = say_yes(client, term, shown=before)
    assert page.status_code == 409
    assert "Please look at it once more" in page.content.decode()
    assert "€9,999.00" in page.content.decode()
    assert not Contract.objects.exists()
    assert say_yes(client, term, shown=shown(page)).status_code == 302


def test_an_expired_quote_can_be_seen_and_not_accepted(client: Client, term: Term) -> None:
    Term.objects.update(quote_valid_until=date(2026, 11, 16))
    page = client.get(address("group_quote", term)).content.decode()
    assert "can no longer be accepted" in page
    assert 'name="may"' not in page


def test_a_quote_with_fewer_seats_than_are_in_use_asks_for_a_person(client: Client, dora: User) -> None:
    group = an_agreement(seats=3)
    for name in ("ada@harbour.example", "ben@harbour.example"):
        Seat.objects.create(
            group=group, reader=a_reader(name), address=name, mailbox=name, how="staff", given_at=NOW, proved_at=NOW
        )
    Contact.objects.create(group=group, role=Contact.Role.SIGNATORY, email="anna@harbour.example")
    term = a_term(group, seats=1, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31), **NOTHING_YET)
    agreeing.quote(term, by=dora, at=NOW)
    term.refresh_from_db()
    page = say_yes(client, term)
    assert page.status_code == 409
    assert "Nothing was agreed" in page.content.decode()


def test_the_quote_is_kept_in_the_language_of_the_organisation(client: Client, term: Term) -> None:
    GroupAccount.objects.update(language="fr")
    term.group.refresh_from_db()
    assert say_yes(client, term).status_code == 302
    contract = Contract.objects.get()
    assert contract.language == "fr"
    assert "1 875,00" in contract.shown_html.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("name", ["group_quote", "group_invoice"])
def test_an_address_that_is_not_ours_leads_nowhere(client: Client, term: Term, name: str) -> None:
    for token in ("x", agreeing.token_of(term).rpartition(":")[0] + ":forged", "WzFd:x:y"):
        assert client.get(reverse(name, args=[token])).status_code == 404


def an_invoice(dora: User, **group: str) -> GroupInvoice:
    agreement = an_agreement(invoiced_at=None, paid_at=None)
    GroupAccount.objects.filter(pk=agreement.pk).update(**{"country": "BE"} | group)
    term = Term.objects.select_related("group").get(group=agreement)
    return invoicing.of_term(term, how=GroupInvoice.How.TRANSFER, days_until_due=30, by=dora, at=NOW)


def test_the_invoice_says_what_an_invoice_must(client: Client, dora: User, settings: Any) -> None:
    invoice = an_invoice(dora, country="FR", vat_number="FR12345678901", city="Lille")
    page = client.get(reverse("group_invoice", args=[invoicing.token_of(invoice)])).content.decode()
    wanted = ("F2026-00001", "17 November 2026", "17 December 2026", "FR12345678901", "Lille", "Article 196")
    for words in (*wanted, settings.SELLER_VAT_NUMBER, settings.SELLER_IBAN, invoice.reference, "€1,500.00"):
        assert words in page


def test_a_paid_invoice_asks_for_nothing_more(client: Client, dora: User, settings: Any) -> None:
    invoice = an_invoice(dora)
    paying.record_transfer(invoice.group, invoice, invoice.cents, received_on=NOW.date(), by=dora, at=NOW)
    page = client.get(reverse("group_invoice", args=[invoicing.token_of(invoice)])).content.decode()
    assert "Paid. Thank you." in page
    assert settings.SELLER_IBAN not in page


def test_managers_and_staff_see_the_contract_and_nobody_else_does(client: Client, dora: User) -> None:
    invoice = an_invoice(dora)
    anna = a_reader("anna@harbour.example")
    Manager.objects.create(group=invoice.group, reader=anna, address=anna.email, made_at=NOW)
    tab = reverse("group_contract", args=[invoice.group_id])
    for reader, status in ((anna, 200), (dora, 200), (a_reader("bob@example.org"), 404)):
        client.force_login(reader)
        page = client.get(tab)
        assert page.status_code == status
        assert ("F2026-00001" in page.content.decode()) == (status == 200)
    client.logout()
    assert client.get(tab).status_code == 302
