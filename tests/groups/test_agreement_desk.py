"""The desk of agreements: every verb has its page, leaves a trace, and the list stays quick."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups import agreeing, invoicing, overdue, paying
from groups.admin.acts import ACTS
from groups.admin.forms import DetailsForm, TermForm
from groups.models import Contact, GroupAccount, GroupEvent, GroupInvoice, GroupPayment, Seat, Term
from groups.models.group_account import GroupAccountQuerySet
from groups.models.term import State
from readers.models import User
from tests.fakes import FakeBilling
from tests.make import NOW, a_reader, a_term, an_agreement

pytestmark = pytest.mark.django_db
LIST = "admin:groups_groupaccount_changelist"
NEW = {
    "organisation": "Harbour & Vale",
    "kind": "company",
    "language": "en",
    "contact_name": "Anna Szabó",
    "contact_email": "anna@harbour.example",
    "starts_on": "2026-12-01",
    "ends_on": "2027-11-30",
    "seats": "25",
    "price": "1875.00",
    "billing_name": "",
    "street": "12 Quay Street",
    "street_2": "",
    "postal_code": "1000",
    "city": "Brussels",
    "country": "be",
    "vat_number": "be 0123.456.749",
    "notes": "",
}


@pytest.fixture(autouse=True)
def now(at: Any) -> None:
    at(NOW)


def act(desk: Client, group: GroupAccount, name: str, target: Any = None, /, **given: Any) -> Any:
    """Press a button of the desk and answer its question."""
    verb = ACTS[name]
    arguments = [group.pk] if target is None else [group.pk, target.pk]
    address = reverse(f"admin:groups_groupaccount_{name.replace('-', '_')}", args=arguments)
    assert verb.question in desk.get(address).content.decode().replace("&#x27;", "'")
    return desk.post(address, given, follow=True)


def verbs() -> list[str]:
    return list(GroupEvent.objects.order_by("pk").values_list("verb", flat=True))


def test_from_nothing_to_paid_and_every_step_says_who(desk: Client, dora: User) -> None:
    desk.post(reverse("admin:groups_groupaccount_add"), NEW)
    group = GroupAccount.objects.get()
    term = group.terms.get()
    assert (group.country, group.vat_number, term.price_cents) == ("BE", "BE0123456749", 187_500)
    act(desk, group, "quote", term)
    act(desk, group, "accept", term, name="Anna", email="anna@harbour.example", how="signed letter of 3 May")
    act(desk, group, "invoice", term, how="transfer", days="14")
    act(desk, group, "begin", term, because="They pay at the end of the month")
    invoice = GroupInvoice.objects.get()
    fields = {"invoice": str(invoice.pk), "euros": "1987.50", "received_on": "2026-11-17", "bank_reference": "B-1"}
    page = act(desk, group, "transfer", **fields).content.decode()
    assert "Recorded; the invoice is paid." in page
    term.refresh_from_db()
    assert term.state(at=NOW + timedelta(days=20)) == State.ACTIVE
    assert verbs() == [
        "made the agreement",
        "sent a quote",
        "accepted the quote",
        "made an invoice",
        "let it begin before payment",
        "recorded a transfer",
        "paid in full",
    ]
    by_hand = GroupEvent.objects.exclude(verb="paid in full")
    assert {(event.actor, event.at) for event in by_hand} == {(dora, NOW)}
    for words in ("signed letter of 3 May", "They pay at the end of the month", "dora@example.org"):
        assert words in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ends_on": "2026-11-30"}, "The last day is before the first."),
        ({"vat_number": "BE0123456748"}, "This cannot be a VAT number of BE."),
        ({"country": "Belgium"}, "at most 2 characters"),
        ({"price": "-1"}, "greater than or equal to 0"),
        ({"contact_email": "anna at harbour"}, "Enter a valid email address."),
        ({"organisation": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(desk: Client, fields: dict[str, str], words: str) -> None:
    page = desk.post(reverse("admin:groups_groupaccount_add"), NEW | fields)
    assert words in page.content.decode()
    assert not GroupAccount.objects.exists()


def test_what_a_rule_refuses_is_said_on_the_page_and_nothing_happens(desk: Client, dora: User) -> None:
    group = an_agreement(seats=2)
    for name in ("ada@harbour.example", "ben@harbour.example"):
        a_seat(group, name)
    page = act(desk, group, "seats", group.terms.get(), seats="1", how="")
    assert "2 seats are in use" in page.content.decode()
    assert group.terms.get().seats == 2
    overdue_group = an_agreement("Quay", paid_at=None)
    agreeing.suspend(overdue_group, because="An invoice", by=None, at=NOW)
    assert "record its payment" in act(desk, overdue_group, "restore").content.decode()
    assert not verbs().count("restored the agreement")


def a_seat(group: GroupAccount, address: str) -> Seat:
    reader = a_reader(address)
    return Seat.objects.create(
        group=group, reader=reader, address=address, mailbox=address, how="staff", given_at=NOW, proved_at=NOW
    )


def test_more_seats_are_agreed_and_invoiced_in_one_step(desk: Client, dora: User) -> None:
    group = an_agreement(seats=20)
    GroupAccount.objects.update(country="BE")
    page = act(desk, group, "seats", group.terms.get(), seats="25", how="transfer").content.decode()
    assert "€1,500.00 without VAT, agreed for 20" in page
    invoice = GroupInvoice.objects.get()
    assert (invoice.seats, invoice.net_cents, group.terms.get().seats) == (5, 37_500 * 45 // 365, 25)


def test_seats_that_cannot_be_invoiced_are_not_added(desk: Client, settings: Any) -> None:
    settings.SELLER_IBAN = ""
    group = an_agreement(seats=20)
    GroupAccount.objects.update(country="BE")
    page = act(desk, group, "seats", group.terms.get(), seats="40", how="transfer").content.decode()
    assert "SELLER_IBAN" in page
    assert (group.terms.get().seats, GroupInvoice.objects.count(), verbs()) == (20, 0, [])


def test_every_wrong_payment_has_its_button(desk: Client, dora: User) -> None:
    group = an_agreement(paid_at=None, invoiced_at=None)
    other = an_agreement("Quay", paid_at=None, invoiced_at=None)
    GroupAccount.objects.update(country="BE")
    of = [
        invoicing.of_term(
            Term.objects.select_related("group").get(group=one), how="transfer", days_until_due=30, by=dora, at=NOW
        )
        for one in (group, other)
    ]
    owed, elsewhere = of
    line = {"invoice": str(owed.pk), "received_on": "2026-11-17"}
    assert (
        "more than nothing"
        not in act(desk, group, "paid", owed, **line, euros="1600.00", bank_reference="B-1").content.decode()
    )
    page = act(desk, group, "transfer", **line, euros="1600.00", bank_reference="B-1").content.decode()
    assert "was recorded already" in page
    page = act(desk, group, "send-back", owed, euros="10.00", bank_reference="B-1").content.decode()
    assert "was recorded already" in page, "it has the number of the one that came"
    act(desk, group, "send-back", owed, euros="10.00", bank_reference="OUT-1")
    act(desk, group, "move", GroupPayment.objects.get(cents=160_000), number=elsewhere.number)
    act(desk, group, "wait", owed, until="2027-03-01", because="Their budget comes in March")
    act(desk, group, "void", owed, because="Wrong address")
    owed.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (owed.void_at, elsewhere.paid_at) == (NOW, NOW)
    assert "moved a payment" in verbs()
    assert not paying.nobody_knows_what_for()


def test_money_that_nobody_can_place_is_recorded_and_listed_as_to_do(desk: Client) -> None:
    group = an_agreement()
    fields = {"invoice": "", "euros": "5.00", "received_on": "2026-11-17", "bank_reference": "B-1"}
    assert "Say what it is for" in act(desk, group, "transfer", **fields).content.decode()
    assert "Harbour" in desk.get(reverse(LIST), {"todo": "unknown"}).content.decode()


def test_stripe_that_is_away_changes_nothing_and_is_said(desk: Client, billing: FakeBilling, dora: User) -> None:
    group = an_agreement(paid_at=None, invoiced_at=None)
    GroupAccount.objects.update(country="BE")
    Contact.objects.create(group=group, role="billing", email="pay@harbour.example")
    made = invoicing.of_term(group.terms.get(), how="stripe", days_until_due=30, by=dora, at=NOW)
    invoicing.send(made, at=NOW)
    billing.is_away = True
    page = act(desk, group, "void", made, because="Wrong")
    assert "nothing was changed" in page.content.decode()
    made.refresh_from_db()
    assert made.void_at is None


def test_a_draft_is_mended_until_it_is_accepted_and_an_older_quote_counts_no_more(desk: Client, dora: User) -> None:
    group = an_agreement(quoted_at=None, accepted_at=None, invoiced_at=None, paid_at=None)
    Contact.objects.create(group=group, role="signatory", email="anna@harbour.example")
    term = group.terms.get()
    agreeing.quote(term, by=dora, at=NOW)
    term.refresh_from_db()
    token = agreeing.token_of(term)
    address = reverse("admin:groups_groupaccount_edit_draft", args=[group.pk, term.pk])
    fields = {"starts_on": "2027-01-01", "ends_on": "2027-12-31", "seats": "30", "price": "2000"}
    desk.post(address, fields)
    term.refresh_from_db()
    assert (term.seats, term.price_cents, term.quoted_at) == (30, 200_000, None)
    assert agreeing.term_of(token) is None
    assert "before the first" in desk.post(address, fields | {"ends_on": "2026-12-31"}).content.decode()
    Term.objects.update(accepted_at=NOW)
    desk.post(address, fields | {"price": "1"})
    term.refresh_from_db()
    assert term.price_cents == 200_000


def test_a_yes_is_never_overwritten_by_a_draft_that_is_kept_in_the_same_moment(
    desk: Client, dora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = an_agreement(quoted_at=None, accepted_at=None, invoiced_at=None, paid_at=None)
    term, locked = group.terms.get(), GroupAccountQuerySet.locked
    stale = Term.objects.get()

    def locked_after_the_yes(rows: Any, *pks: int) -> list[GroupAccount]:
        Term.objects.update(accepted_at=NOW)
        return locked(rows, *pks)

    fields = {"starts_on": "2027-01-01", "ends_on": "2027-12-31", "seats": "30", "price": "1"}
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(GroupAccountQuerySet, "locked", locked_after_the_yes)
        desk.post(reverse("admin:groups_groupaccount_edit_draft", args=[group.pk, term.pk]), fields)
    term.refresh_from_db()
    assert (term.accepted_at, term.price_cents) == (NOW, 150_000)
    form = TermForm(fields, instance=stale)
    assert form.is_valid()
    form.save()
    term.refresh_from_db()
    assert (term.accepted_at, term.price_cents) == (NOW, 100), "what the form does not show it does not write"


def test_a_suspension_is_never_overwritten_by_the_details(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    group, clean = an_agreement(), DetailsForm.clean

    def clean_while_it_is_suspended(form: DetailsForm) -> dict[str, Any]:
        agreeing.suspend(group, because="They sell their seats", by=None, at=NOW)
        return clean(form)

    monkeypatch.setattr(DetailsForm, "clean", clean_while_it_is_suspended)
    fields = {name: value for name, value in NEW.items() if not name.startswith(("contact", "starts", "ends", "price"))}
    management = {f"contacts-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS")}
    address = reverse("admin:groups_groupaccount_change", args=[group.pk])
    assert desk.post(address, fields | management | {"city": "Antwerp"}).status_code == 302
    group.refresh_from_db()
    assert (group.city, group.vat_number, group.suspended_at) == ("Antwerp", "BE0123456749", NOW)


def test_two_terms_never_have_the_same_first_day(desk: Client) -> None:
    group = an_agreement()
    fields = {"starts_on": "2026-01-01", "ends_on": "2026-06-30", "seats": "30", "price": "1"}
    page = desk.post(reverse("admin:groups_groupaccount_draft", args=[group.pk]), fields)
    assert "has the same first day" in page.content.decode()
    assert group.terms.count() == 1


@pytest.mark.parametrize("below", ["term/abc/quote/", "term/999/quote/", "invoice/abc/void/", "payment/abc/move/"])
def test_what_an_agreement_does_not_have_is_not_found(desk: Client, below: str) -> None:
    group = an_agreement()
    assert desk.get(f"/admin/groups/groupaccount/{group.pk}/{below}").status_code == 404


def test_the_details_change_with_a_trace_and_nothing_is_ever_deleted(desk: Client, dora: User) -> None:
    group = an_agreement()
    fields = {name: value for name, value in NEW.items() if not name.startswith(("contact", "starts", "ends", "price"))}
    management = {f"contacts-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS")}
    address = reverse("admin:groups_groupaccount_change", args=[group.pk])
    assert desk.post(address, fields | management | {"city": "Antwerp"}).status_code == 302
    event = GroupEvent.objects.get(verb="changed the details")
    assert (event.actor, "city" in event.facts["changed"]) == (dora, True)
    assert desk.post(reverse("admin:groups_groupaccount_delete", args=[group.pk]), {"post": "yes"}).status_code == 403


def test_nobody_acts_without_the_right(client: Client) -> None:
    group = an_agreement()
    editor = a_reader("edith@example.org", is_staff=True)
    client.force_login(editor)
    for name in (name for name, verb in ACTS.items() if not verb.of):
        address = reverse(f"admin:groups_groupaccount_{name}", args=[group.pk])
        assert client.post(address, {"because": "x"}).status_code == 403
    assert not GroupEvent.objects.exists()


# --- The list -------------------------------------------------------------------------------------------


@pytest.fixture
def many(dora: User) -> None:
    """Some of every kind, and enough for two pages."""
    groups = [an_agreement(f"Organisation {number:03}") for number in range(70)]
    GroupAccount.objects.update(country="BE")
    for group in groups[:3]:
        a_term(group, starts_on="2027-01-01", ends_on="2027-12-31", accepted_at=None, invoiced_at=None, paid_at=None)
    Term.objects.filter(group=groups[4]).update(invoiced_at=None, paid_at=None)
    late = Term.objects.select_related("group").get(group=groups[4])
    invoice = invoicing.of_term(late, how="transfer", days_until_due=0, by=dora, at=NOW - timedelta(days=99))
    paying.record_transfer(groups[4], invoice, 100, received_on=NOW.date(), bank_reference="B-1", by=dora, at=NOW)
    overdue.suspend_unpaid(at=NOW)
    Contact.objects.create(group=groups[5], role="billing", email="Pay@quay.example")
    Term.objects.filter(group=groups[6]).update(purchase_order="PO-77")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"todo": "quoted"}, 3),
        ({"todo": "overdue"}, 1),
        ({"todo": "little"}, 1),
        ({"standing": "suspended"}, 1),
        ({"standing": "reads"}, 69),
        ({"ends": "60"}, 70),
        ({"ends": "30"}, 0),
        ({"q": "Organisation 007"}, 1),
        ({"q": "pay@quay"}, 1),
        ({"q": "po-77"}, 1),
        ({"q": "f2026-00001"}, 1),
        ({"q": "nobody"}, 0),
        ({}, 70),
    ],
)
def test_the_list_finds_and_stays_within_its_price(desk: Client, asked: dict[str, str], found: int) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked_for:
        page = desk.get(reverse(LIST), asked)
    assert page.context["cl"].result_count == found
    assert len(asked_for) <= 12, [one["sql"][:150] for one in asked_for]
    assert not [one["sql"] for one in asked_for if "groups_seat" in one["sql"]], "200,000 seats are not looked at"


@pytest.mark.usefixtures("many")
def test_invoices_are_found_by_their_number_and_by_the_reference_of_a_transfer(desk: Client) -> None:
    invoice = GroupInvoice.objects.get()
    for asked in (invoice.number, invoice.reference, "Organisation 004"):
        with CaptureQueriesContext(connection) as asked_for:
            page = desk.get(reverse("admin:groups_groupinvoice_changelist"), {"q": asked})
        assert [row.pk for row in page.context["cl"].result_list] == [invoice.pk]
        assert len(asked_for) <= 12
    for came, found in {"overdue": 1, "little": 1, "much": 0, "waits": 0, "open": 1}.items():
        page = desk.get(reverse("admin:groups_groupinvoice_changelist"), {"came": came})
        assert page.context["cl"].result_count == found
