"""What organisations owe: made once, sent, paid right or wrong, overdue, and kept as Stripe has it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as site

from groups import agreeing, invoicing, overdue, paying
from groups.agreeing import NotPossible
from groups.models import Contact, GroupAccount, GroupEvent, GroupInvoice, GroupPayment, Term
from groups.models.term import State
from groups.vat import Vat, VatUnknown, looks_right, normal, vat_for
from readers.models import Letter, User
from subscriptions import webhooks
from subscriptions.billing import BillingRefused, EventFacts, InvoiceOrder, MoneyIn, Organisation, SentInvoiceFacts
from tests.fakes import FakeBilling
from tests.make import NOW, a_term, an_agreement

pytestmark = pytest.mark.django_db
Commits = Callable[..., AbstractContextManager[Any]]
STRIPE, TRANSFER = GroupInvoice.How.STRIPE, GroupInvoice.How.TRANSFER
TODAY = date(2026, 11, 17)


def accepted(organisation: str = "Harbour & Vale", **fields: Any) -> Term:
    """A term that was accepted and not invoiced, of an organisation in Belgium."""
    group = an_agreement(organisation, **{"invoiced_at": None, "paid_at": None} | fields)
    GroupAccount.objects.filter(pk=group.pk).update(
        country="BE", vat_number="BE0123456749", street="12 Quay Street", postal_code="1000", city="Brussels"
    )
    Contact.objects.create(group=group, role=Contact.Role.BILLING, email="invoices@harbour.example")
    return Term.objects.select_related("group").get(group=group)


def invoiced(term: Term, by: User, how: GroupInvoice.How = TRANSFER, *, days: int = 30) -> GroupInvoice:
    made = invoicing.of_term(term, how=how, days_until_due=days, by=by, at=NOW)
    return GroupInvoice.objects.select_related("group", "term").get(pk=made.pk)


def through_stripe(term: Term, by: User, commits: Commits) -> GroupInvoice:
    with commits(execute=True):
        made = invoicing.of_term(term, how=STRIPE, days_until_due=30, by=by, at=NOW)
    return GroupInvoice.objects.select_related("group", "term").get(pk=made.pk)


def came(invoice: GroupInvoice, cents: int, by: User, reference: str = "B-1", *, at: datetime = NOW) -> GroupPayment:
    return paying.record_transfer(
        invoice.group, invoice, cents, received_on=TODAY, bank_reference=reference, by=by, at=at
    )


def event_about(invoice_id: str, customer_id: str, kind: str = "invoice.paid", **more: str) -> EventFacts:
    number = f"evt_{kind}_{invoice_id}_{len(more)}"
    return EventFacts(number, kind, customer_id, "", "", {"id": number}, invoice_id=invoice_id, **more)


# --- VAT ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "number", "agreed", "percent"),
    [
        ("BE", "BE0123456749", None, 6),
        ("BE", "", None, 6),
        ("FR", "FR12345678901", None, 0),
        ("US", "", None, 0),
        ("FR", "", Decimal("5.50"), Decimal("5.50")),
        ("BE", "", Decimal(0), 0),
    ],
)
def test_vat_follows_the_country_and_the_number(
    country: str, number: str, agreed: Decimal | None, percent: Decimal
) -> None:
    vat = vat_for(country, number, agreed=agreed)
    assert vat.percent == percent
    assert bool(vat.note) == (percent == 0), "an invoice without VAT says why"
    assert vat.is_reverse_charge == (country == "FR" and agreed is None)


@pytest.mark.parametrize(("country", "number"), [("", ""), ("FR", "")])
def test_no_vat_is_guessed(country: str, number: str) -> None:
    with pytest.raises(VatUnknown):
        vat_for(country, number)


def test_vat_comes_to_the_cent() -> None:
    assert Vat(Decimal(6)).on(187_500) == 11_250
    assert Vat(Decimal("5.5")).on(1_01) == 6


@pytest.mark.parametrize(
    ("typed", "country", "is_right"),
    [
        ("be 0123.456.749", "BE", True),
        ("BE0123456748", "BE", False),
        ("BE123456749", "BE", False),
        ("FR12345678901", "FR", True),
        ("FR12345678901", "BE", False),
        ("EL123456789", "GR", True),
        ("12345", "BE", False),
    ],
)
def test_a_vat_number_is_one_of_its_country(typed: str, country: str, is_right: bool) -> None:
    assert looks_right(normal(typed), country) is is_right


# --- Made once ------------------------------------------------------------------------------------------


def test_an_invoice_for_a_transfer_has_a_number_without_a_gap_and_goes_to_who_pays(dora: User) -> None:
    first = invoiced(accepted(), dora)
    second = invoiced(accepted("Quay"), dora)
    assert (first.number, second.number) == ("F2026-00001", "F2026-00002")
    assert (first.cents, first.net_cents, first.vat_cents, first.due_on) == (
        159_000,
        150_000,
        9_000,
        date(2026, 12, 17),
    )
    assert first.billed_to.splitlines()[-1] == "BE0123456749"
    assert first.reference == "+++020/2600/00178+++"
    letter = Letter.objects.get(kind="group_invoice", occasion=str(first.pk))
    assert letter.to == "invoices@harbour.example"
    assert first.reference in letter.text
    assert first.term.state(at=NOW) == State.INVOICED


def test_the_reference_of_a_transfer_checks_itself() -> None:
    for number in ("F2026-00001", "F2026-00094", "F2027-12345"):
        digits = "".join(one for one in GroupInvoice(number=number).reference if one.isdigit())
        assert int(digits[:10]) % 97 == int(digits[10:]) % 97


@pytest.mark.parametrize("why", ["not accepted", "invoiced", "free", "nobody receives it", "VAT unknown", "no account"])
def test_no_invoice_is_made_that_makes_no_sense(why: str, dora: User, settings: Any) -> None:
    term, how = accepted(), TRANSFER
    if why == "not accepted":
        Term.objects.update(accepted_at=None)
    if why == "invoiced":
        invoiced(term, dora)
    if why == "free":
        Term.objects.update(price_cents=0)
    if why == "nobody receives it":
        Contact.objects.all().delete()
        how = STRIPE
    if why == "no account":
        settings.SELLER_IBAN = ""
    if why == "VAT unknown":
        GroupAccount.objects.update(country="FR", vat_number="")
    term = Term.objects.select_related("group").get()
    with pytest.raises((NotPossible, VatUnknown)):
        invoicing.of_term(term, how=how, days_until_due=30, by=dora, at=NOW)
    assert GroupInvoice.objects.count() == (why == "invoiced")


def test_stripe_is_told_the_quantity_the_vat_and_the_order_number(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    term = accepted(seats=25, purchase_order="PO-7")
    invoice = through_stripe(term, dora, django_capture_on_commit_callbacks)
    order = billing.invoice_orders[invoice.stripe_id]
    assert (order.quantity, order.net_cents, order.vat_percent, order.days_until_due) == (25, 150_000, 6, 30)
    assert (order.purchase_order, order.key) == ("PO-7", str(invoice.pk))
    assert (invoice.number, invoice.cents, invoice.stripe_status) == ("ORG-0001", 159_000, "open")
    organisation = billing.organisations[invoice.group.stripe_customer_id]
    assert (organisation.vat_number, organisation.email) == ("BE0123456749", "invoices@harbour.example")
    assert not Letter.objects.filter(kind="group_invoice").exists(), "Stripe writes itself"


def test_abroad_in_the_union_the_customer_accounts_for_the_vat(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    accepted()
    GroupAccount.objects.update(country="FR", vat_number="FR12345678901")
    invoice = through_stripe(Term.objects.select_related("group").get(), dora, django_capture_on_commit_callbacks)
    assert (invoice.cents, invoice.vat_percent) == (150_000, 0)
    assert "Article 196" in billing.invoice_orders[invoice.stripe_id].note
    assert billing.organisations[invoice.group.stripe_customer_id].reverse_charge


def test_a_rate_typed_by_hand_stands_on_the_invoice_and_nobody_accounts_for_it_twice(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    accepted(vat_percent=Decimal(20))
    GroupAccount.objects.update(country="FR", vat_number="FR12345678901")
    invoice = through_stripe(Term.objects.select_related("group").get(), dora, django_capture_on_commit_callbacks)
    assert (invoice.cents, billing.invoice_orders[invoice.stripe_id].vat_percent) == (180_000, 20)
    assert not billing.organisations[invoice.group.stripe_customer_id].reverse_charge


def test_what_stripe_could_not_be_asked_is_asked_later_and_made_once(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    billing.is_away = True
    invoice = through_stripe(accepted(), dora, django_capture_on_commit_callbacks)
    assert (invoice.sent_at, invoice.last_error) == (None, "Stripe is away.")
    billing.is_away = False
    assert invoicing.send_waiting(at=NOW) == 1
    assert invoicing.send_waiting(at=NOW) == 0
    invoice.refresh_from_db()
    assert (invoice.stripe_status, invoice.last_error, len(billing.sent)) == ("open", "", 1)


# --- Paid through Stripe --------------------------------------------------------------------------------


def test_a_payment_at_stripe_opens_the_agreement_whatever_tells_of_it(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    invoice = through_stripe(accepted(), dora, django_capture_on_commit_callbacks)
    assert not invoice.group.gives_access(at=NOW)
    billing.invoice_is_paid(invoice.stripe_id)
    event = event_about(invoice.stripe_id, invoice.group.stripe_customer_id)
    webhooks.handle(event, at=NOW)
    webhooks.handle(replace(event, stripe_id="evt_again"), at=NOW)
    invoice.refresh_from_db()
    assert (invoice.paid_at, invoice.came_cents, invoice.left_cents) == (NOW, 159_000, 0)
    assert GroupPayment.objects.count() == 1
    assert GroupAccount.objects.get().gives_access(at=NOW)


def test_an_event_that_is_quicker_than_our_own_answer_finds_the_invoice(billing: FakeBilling, dora: User) -> None:
    term = accepted()
    made = invoicing.of_term(term, how=STRIPE, days_until_due=30, by=dora, at=NOW)
    GroupAccount.objects.update(stripe_customer_id="cus_org_1")
    billing.organisations["cus_org_1"] = invoicing.organisation_of(term.group, reverse_charge=False)
    invoicing.send(made, at=NOW)
    GroupInvoice.objects.update(stripe_id="", sent_at=None, number="")
    webhooks.handle(event_about(f"in_{made.pk}", "cus_org_1", "invoice.sent"), at=NOW)
    made.refresh_from_db()
    assert (made.stripe_id, made.number) == (f"in_{made.pk}", "ORG-0001")


def test_an_invoice_made_at_stripe_by_hand_is_noted_once(billing: FakeBilling, dora: User) -> None:
    accepted()
    GroupAccount.objects.update(stripe_customer_id="cus_org_1")
    by_hand = billing.sent["in_hand"] = invoicing.SentInvoiceFacts("in_hand", "cus_org_1", "open", "", 5_000)
    webhooks.handle(event_about(by_hand.stripe_id, "cus_org_1"), at=NOW)
    invoicing.reconcile(at=NOW)
    invoicing.reconcile(at=NOW)
    assert GroupEvent.objects.filter(verb=invoicing.BY_HAND).count() == 1


def test_reconciliation_finds_what_no_event_told(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    paid = through_stripe(accepted(), dora, django_capture_on_commit_callbacks)
    voided = through_stripe(accepted("Quay"), dora, django_capture_on_commit_callbacks)
    billing.invoice_is_paid(paid.stripe_id)
    billing.void_invoice(voided.stripe_id)
    assert invoicing.reconcile(at=NOW) == "2 invoices compared, 2 mended."
    assert invoicing.reconcile(at=NOW) == "2 invoices compared, 0 mended."
    paid.refresh_from_db()
    voided.refresh_from_db()
    assert (paid.paid_at, voided.void_at) == (NOW, NOW)
    voided.term.refresh_from_db()
    assert voided.term.invoiced_at is None, "another invoice may be made for it"


def test_reconciliation_asks_about_an_old_open_invoice(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    invoice = through_stripe(accepted(), dora, django_capture_on_commit_callbacks)
    billing.invoice_is_paid(invoice.stripe_id)
    assert invoicing.reconcile(at=NOW + invoicing.LOOK_BACK + timedelta(days=1)).endswith("1 mended.")


def test_money_given_back_at_stripe_makes_it_unpaid(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    invoice = through_stripe(accepted(), dora, django_capture_on_commit_callbacks)
    billing.invoice_is_paid(invoice.stripe_id)
    webhooks.handle(event_about(invoice.stripe_id, invoice.group.stripe_customer_id), at=NOW)
    billing.give_back(f"pi_{invoice.stripe_id}", 159_000)
    refund = event_about("", "", "charge.refunded", payment_id=f"pi_{invoice.stripe_id}")
    webhooks.handle(refund, at=NOW)
    webhooks.handle(replace(refund, stripe_id="evt_again"), at=NOW)
    invoice.refresh_from_db()
    assert (invoice.paid_at, invoice.left_cents) == (None, 159_000)
    assert not GroupAccount.objects.get().gives_access(at=NOW)


def test_money_given_back_of_which_no_event_told_is_found_in_the_night(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    invoice = through_stripe(accepted(), dora, django_capture_on_commit_callbacks)
    billing.invoice_is_paid(invoice.stripe_id)
    webhooks.handle(event_about(invoice.stripe_id, invoice.group.stripe_customer_id), at=NOW)
    given = billing.give_back(f"pi_{invoice.stripe_id}", 159_000)
    assert invoicing.reconcile(at=NOW) == "1 invoices compared, 1 mended."
    assert invoicing.reconcile(at=NOW) == "1 invoices compared, 0 mended."
    invoice.refresh_from_db()
    assert (invoice.paid_at, invoice.left_cents) == (None, 159_000)
    billing.refund_becomes(given.stripe_id, "failed")
    assert invoicing.reconcile(at=NOW) == "1 invoices compared, 1 mended."
    invoice.refresh_from_db()
    assert invoice.paid_at == NOW


def test_an_invoice_made_void_from_an_old_page_is_void_at_stripe_too(billing: FakeBilling, dora: User) -> None:
    waiting = invoicing.of_term(accepted(), how=STRIPE, days_until_due=30, by=dora, at=NOW)
    page = GroupInvoice.objects.get(pk=waiting.pk)
    sent = invoicing.send(waiting, at=NOW)
    invoicing.make_void(page, because="Wrong", by=dora, at=NOW)
    assert billing.sent[sent.stripe_id].status == "void"


def test_an_invoice_made_void_while_stripe_writes_it_is_void_there_too(
    billing: FakeBilling, dora: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Commits
) -> None:
    waiting = invoicing.of_term(accepted(), how=STRIPE, days_until_due=30, by=dora, at=NOW)
    slow = billing.send_invoice

    def send_slowly(order: InvoiceOrder) -> SentInvoiceFacts:
        invoicing.make_void(waiting, because="Wrong", by=dora, at=NOW)
        billing.is_away = False
        facts = slow(order)
        billing.is_away = True
        return facts

    monkeypatch.setattr(billing, "send_invoice", send_slowly)
    with django_capture_on_commit_callbacks(execute=True):
        sent = invoicing.send(waiting, at=NOW)
    assert (sent.void_at, sent.stripe_status) == (NOW, "open")
    billing.is_away = False
    assert invoicing.send_waiting(at=NOW) == 1, "the job catches up"
    assert billing.sent[sent.stripe_id].status == "void"
    assert invoicing.send_waiting(at=NOW) == 0


def test_an_invoice_made_void_while_stripe_makes_the_customer_is_not_sent(
    billing: FakeBilling, dora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = invoicing.of_term(accepted(), how=STRIPE, days_until_due=30, by=dora, at=NOW)
    make = billing.make_organisation

    def make_slowly(organisation: Organisation, *, key: str) -> str:
        invoicing.make_void(waiting, because="Wrong", by=dora, at=NOW)
        return make(organisation, key=key)

    monkeypatch.setattr(billing, "make_organisation", make_slowly)
    invoicing.send(waiting, at=NOW)
    assert not billing.sent


def test_a_customer_deleted_at_stripe_is_made_anew_for_the_next_invoice(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    first = through_stripe(accepted(), dora, django_capture_on_commit_callbacks)
    gone = first.group.stripe_customer_id
    billing.deleted_customers.add(gone)
    webhooks.handle(event_about("", gone, "customer.deleted"), at=NOW)
    invoicing.make_void(first, because="Their customer is gone", by=dora, at=NOW)
    again = through_stripe(Term.objects.select_related("group").get(), dora, django_capture_on_commit_callbacks)
    assert again.group.stripe_customer_id not in ("", gone)


# --- Paid by transfer: right and wrong ------------------------------------------------------------------


def test_a_transfer_of_all_of_it_pays_and_opens(dora: User) -> None:
    invoice = invoiced(accepted(), dora)
    came(invoice, 159_000, dora)
    assert GroupAccount.objects.get().state(at=NOW) == State.ACTIVE
    payment = GroupPayment.objects.get()
    assert (payment.recorded_by, payment.recorded_at) == (dora, NOW)


def test_too_little_opens_nothing_and_is_shown_and_the_rest_can_be_let_go_of(dora: User) -> None:
    invoice = invoiced(accepted(), dora)
    came(invoice, 158_000, dora)
    assert [one.left_cents for one in paying.too_little(GroupInvoice.objects.all())] == [1_000]
    assert not GroupAccount.objects.get().gives_access(at=NOW)
    with pytest.raises(NotPossible):
        paying.forgive(invoice, because="", by=dora, at=NOW)
    assert paying.forgive(invoice, because="Charges of their bank", by=dora, at=NOW) == 1_000
    assert GroupAccount.objects.get().gives_access(at=NOW)
    assert not paying.too_little(GroupInvoice.objects.all())


def test_the_rest_may_come_later(dora: User) -> None:
    invoice = invoiced(accepted(), dora)
    came(invoice, 100_000, dora, "B-1")
    came(invoice, 59_000, dora, "B-2")
    invoice.refresh_from_db()
    assert (invoice.paid_at, invoice.too_much_cents) == (NOW, 0)


def test_too_much_pays_is_shown_and_no_more_than_that_goes_back(dora: User) -> None:
    invoice = invoiced(accepted(), dora)
    came(invoice, 160_000, dora)
    assert [one.too_much_cents for one in paying.too_much(GroupInvoice.objects.all())] == [1_000]
    with pytest.raises(NotPossible):
        paying.send_back(invoice, 1_001, bank_reference="OUT-1", by=dora, at=NOW)
    paying.send_back(invoice, 1_000, bank_reference="OUT-1", by=dora, at=NOW)
    invoice.refresh_from_db()
    assert (invoice.paid_at, invoice.too_much_cents) == (NOW, 0)
    assert not paying.too_much(GroupInvoice.objects.all())


def test_the_same_transfer_is_recorded_once(dora: User) -> None:
    invoice = invoiced(accepted(), dora)
    came(invoice, 159_000, dora, "B-1")
    with pytest.raises(paying.RecordedAlready):
        came(invoice, 159_000, dora, " B-1 ")
    assert GroupPayment.objects.count() == 1


def test_what_is_paid_twice_is_shown_as_too_much(dora: User) -> None:
    invoice = invoiced(accepted(), dora)
    came(invoice, 159_000, dora, "B-1")
    came(invoice, 159_000, dora, "B-2")
    invoice.refresh_from_db()
    assert invoice.too_much_cents == 159_000


def test_money_for_the_wrong_invoice_moves_and_both_agreements_follow(dora: User) -> None:
    wrong, right = invoiced(accepted("Wrong"), dora), invoiced(accepted("Right"), dora)
    payment = came(wrong, 159_000, dora)
    assert wrong.group.gives_access(at=NOW) or GroupAccount.objects.get(organisation="Wrong").gives_access(at=NOW)
    paying.move(payment, right, by=dora, at=NOW)
    reads = {one.organisation: one.gives_access(at=NOW) for one in GroupAccount.objects.all()}
    assert reads == {"Wrong": False, "Right": True}
    assert GroupEvent.objects.filter(verb="moved a payment").count() == 2


def test_a_term_that_began_on_the_payment_of_the_one_before_goes_and_comes_with_it(dora: User) -> None:
    invoice, other = invoiced(accepted(), dora), invoiced(accepted("Quay"), dora)
    payment = came(invoice, 159_000, dora)
    follows = agreeing.renew(invoice.group, by=dora, at=NOW)
    agreeing.accept(follows, name="Anna", email="anna@harbour.example", shown_html="<p>", by=dora, how="letter", at=NOW)
    next_summer = NOW + timedelta(days=220)
    for right, reads in ((other, False), (invoice, True)):
        paying.move(payment, right, by=dora, at=NOW)
        assert GroupAccount.objects.get(pk=invoice.group_id).gives_access(at=next_summer) == reads
    Term.objects.filter(pk=follows.pk).update(begun_unpaid_by=dora, begun_unpaid_because="They always pay")
    paying.move(payment, other, by=dora, at=NOW)
    assert GroupAccount.objects.get(pk=invoice.group_id).gives_access(at=next_summer), "a person has decided that"


def test_money_that_nobody_can_place_waits_and_is_shown(dora: User) -> None:
    invoice = invoiced(accepted(), dora)
    payment = paying.record_transfer(
        invoice.group, None, 159_000, received_on=TODAY, bank_reference="B-9", by=dora, at=NOW
    )
    assert list(paying.nobody_knows_what_for()) == [payment]
    paying.move(payment, invoice, by=dora, at=NOW)
    assert not paying.nobody_knows_what_for()
    invoice.refresh_from_db()
    assert invoice.paid_at == NOW


@pytest.mark.parametrize(("cents", "day"), [(0, TODAY), (-5, TODAY), (100, TODAY + timedelta(days=1))])
def test_nothing_is_recorded_that_cannot_have_come(cents: int, day: date, dora: User) -> None:
    invoice = invoiced(accepted(), dora)
    with pytest.raises(NotPossible):
        paying.record_transfer(invoice.group, invoice, cents, received_on=day, by=dora, at=NOW)


def test_a_stripe_invoice_paid_by_transfer_can_be_paid_there_no_more(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    invoice = through_stripe(accepted(), dora, django_capture_on_commit_callbacks)
    billing.is_away = True
    with django_capture_on_commit_callbacks(execute=True):
        came(invoice, 159_000, dora)
    assert billing.sent[invoice.stripe_id].status == "open"
    billing.is_away = False
    assert invoicing.send_waiting(at=NOW) == 1, "the job catches up"
    assert billing.sent[invoice.stripe_id].status == "paid"
    invoicing.reconcile(at=NOW)
    assert GroupPayment.objects.count() == 1, "Stripe’s word for it is no second payment"


def test_paid_at_stripe_and_by_transfer_is_twice(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    invoice = through_stripe(accepted(), dora, django_capture_on_commit_callbacks)
    billing.invoice_is_paid(invoice.stripe_id)
    came(invoice, 159_000, dora)
    webhooks.handle(event_about(invoice.stripe_id, invoice.group.stripe_customer_id), at=NOW)
    invoice.refresh_from_db()
    assert (invoice.came_cents, invoice.too_much_cents) == (318_000, 159_000)


def test_money_for_a_void_invoice_is_too_much_and_opens_nothing(dora: User) -> None:
    invoice = invoiced(accepted(), dora)
    invoicing.make_void(invoice, because="Wrong address", by=dora, at=NOW)
    came(invoice, 159_000, dora)
    assert [one.pk for one in paying.too_much(GroupInvoice.objects.all())] == [invoice.pk]
    assert not GroupAccount.objects.get().gives_access(at=NOW)
    right = invoiced(Term.objects.select_related("group").get(), dora)
    paying.move(GroupPayment.objects.get(), right, by=dora, at=NOW)
    assert GroupAccount.objects.get().gives_access(at=NOW)


def test_what_stripe_says_was_paid_is_not_made_void(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    invoice = through_stripe(accepted(), dora, django_capture_on_commit_callbacks)
    billing.invoice_is_paid(invoice.stripe_id)
    with pytest.raises(BillingRefused):
        invoicing.make_void(invoice, because="Wrong", by=dora, at=NOW)
    invoice.refresh_from_db()
    assert invoice.void_at is None


def test_seats_added_are_invoiced_and_do_not_make_the_term_unpaid(dora: User) -> None:
    term = accepted(seats=20)
    came(invoiced(term, dora), 159_000, dora)
    term.refresh_from_db()
    cents = agreeing.change_seats(term, 25, by=dora, at=NOW)
    added = invoicing.of_seats(term, 5, cents, how=TRANSFER, by=dora, at=NOW)
    assert (added.seats, added.net_cents, added.about) == (5, cents, "seats")
    paying.settle(GroupAccount.objects.get(), at=NOW)
    assert GroupAccount.objects.get().gives_access(at=NOW)


def test_the_invoice_of_a_term_is_for_the_seats_in_its_price(dora: User) -> None:
    term = accepted(seats=20)
    agreeing.change_seats(term, 40, by=dora, at=NOW)
    invoice = invoiced(Term.objects.select_related("group").get(), dora)
    assert (invoice.seats, invoice.net_cents) == (20, 150_000), "the added ones have an invoice of their own"
    assert "20 seats" in invoice.what


# --- Overdue --------------------------------------------------------------------------------------------


def on(day: date) -> datetime:
    return NOW + (day - TODAY)


def test_the_days_until_a_suspension_are_counted_from_the_last_day_to_pay(dora: User) -> None:
    invoice = invoiced(accepted(ends_on=date(2027, 12, 31), begun_unpaid_at=NOW, begun_unpaid_because="Trust"), dora)
    last = invoice.due_on + timedelta(days=site.GROUP_OVERDUE_DAYS)
    assert not invoice.is_overdue(at=on(invoice.due_on))
    assert invoice.is_overdue(at=on(invoice.due_on + timedelta(days=1)))
    for day in (invoice.due_on, invoice.due_on + timedelta(days=1), last, last + timedelta(days=1)):
        assert GroupInvoice.objects.overdue(at=on(day)).exists() == invoice.is_overdue(at=on(day))
        assert GroupInvoice.objects.suspending(at=on(day)).exists() == (day >= invoice.suspends_on)
    assert overdue.suspend_unpaid(at=on(last)) == 0
    assert overdue.suspend_unpaid(at=on(last + timedelta(days=1))) == 1
    assert overdue.suspend_unpaid(at=on(last + timedelta(days=2))) == 0
    group = GroupAccount.objects.get()
    assert (group.suspended_by_rule, group.suspended_by, group.gives_access(at=on(last))) == (True, None, False)


def test_a_payment_restores_what_the_rule_has_suspended(dora: User) -> None:
    invoice = invoiced(accepted(ends_on=date(2027, 12, 31), begun_unpaid_at=NOW, begun_unpaid_because="Trust"), dora)
    late = on(invoice.suspends_on)
    overdue.suspend_unpaid(at=late)
    came(invoice, 100_000, dora, "B-1", at=late)
    assert GroupAccount.objects.get().suspended_at, "too little restores nothing"
    came(invoice, 59_000, dora, "B-2", at=late)
    group = GroupAccount.objects.get()
    assert (group.suspended_at, group.suspended_by_rule, group.gives_access(at=late)) == (None, False, True)
    kinds = set(Letter.objects.values_list("kind", flat=True))
    assert kinds >= {"group_suspended", "group_restored"}


def test_a_payment_restores_nothing_that_a_person_has_suspended(dora: User) -> None:
    invoice = invoiced(accepted(), dora)
    agreeing.suspend(invoice.group, because="They share their seats", by=dora, at=NOW)
    came(invoice, 159_000, dora)
    assert GroupAccount.objects.get().suspended_because == "They share their seats"


def test_what_the_rule_has_suspended_a_person_may_take_over(dora: User) -> None:
    invoice = invoiced(accepted(ends_on=date(2027, 12, 31), begun_unpaid_at=NOW, begun_unpaid_because="Trust"), dora)
    late = on(invoice.suspends_on)
    overdue.suspend_unpaid(at=late)
    assert agreeing.suspend(invoice.group, because="They sell their seats", by=dora, at=late + timedelta(hours=1))
    assert not agreeing.suspend(invoice.group, because="Again", by=dora, at=late + timedelta(hours=2))
    assert overdue.suspend_unpaid(at=late + timedelta(hours=3)) == 0
    came(invoice, 159_000, dora, at=late + timedelta(hours=4))
    group = GroupAccount.objects.get()
    assert (group.suspended_because, group.suspended_by, group.suspended_by_rule) == (
        "They sell their seats",
        dora,
        False,
    )


def test_the_open_invoice_of_the_next_year_suspends_nobody_before_that_year_begins(dora: User) -> None:
    group = accepted().group
    Term.objects.update(paid_at=NOW, invoiced_at=NOW)
    year = {"starts_on": date(2027, 3, 1), "ends_on": date(2028, 2, 29), "paid_at": None, "invoiced_at": None}
    invoice = invoiced(a_term(group, begun_unpaid_at=NOW, begun_unpaid_because=agreeing.RENEWS, **year), dora, days=7)
    assert invoice.suspends_on == date(2027, 3, 1)
    assert overdue.suspend_unpaid(at=on(date(2026, 12, 31))) == 0
    assert overdue.suspend_unpaid(at=on(date(2027, 2, 28))) == 0
    assert overdue.remind(at=on(date(2026, 12, 1))) == 1
    assert "1 March 2027" in Letter.objects.get(kind="group_overdue").text
    assert overdue.suspend_unpaid(at=on(date(2027, 3, 1))) == 1


def test_a_colleague_may_decide_to_wait(dora: User) -> None:
    invoice = invoiced(accepted(ends_on=date(2027, 12, 31), begun_unpaid_at=NOW, begun_unpaid_because="Trust"), dora)
    late = on(invoice.suspends_on)
    overdue.suspend_unpaid(at=late)
    until = invoice.suspends_on + timedelta(days=14)
    paying.wait(invoice, until, because="Their budget comes in March", by=dora, at=late)
    assert GroupAccount.objects.get().gives_access(at=late)
    assert overdue.suspend_unpaid(at=on(until)) == 0
    assert overdue.suspend_unpaid(at=on(until + timedelta(days=1))) == 1


def test_who_pays_is_reminded_once_and_told_when_reading_stops(dora: User) -> None:
    invoice = invoiced(accepted(), dora)
    assert overdue.remind(at=on(invoice.due_on)) == 0
    assert overdue.remind(at=on(invoice.due_on + timedelta(days=1))) == 1
    assert overdue.remind(at=on(invoice.due_on + timedelta(days=2))) == 0
    letter = Letter.objects.get(kind="group_overdue")
    assert "17 January 2027" in letter.text
    assert "€1,590.00" in letter.text


def test_money_in_is_one_row_however_often_it_is_told(
    billing: FakeBilling, dora: User, django_capture_on_commit_callbacks: Commits
) -> None:
    invoice = through_stripe(accepted(), dora, django_capture_on_commit_callbacks)
    part = MoneyIn("pi_part", 59_000, NOW)
    billing.sent[invoice.stripe_id] = replace(billing.sent[invoice.stripe_id], payments=(part,))
    webhooks.handle(event_about(invoice.stripe_id, invoice.group.stripe_customer_id, "invoice.updated"), at=NOW)
    invoicing.reconcile(at=NOW)
    invoice.refresh_from_db()
    assert (invoice.left_cents, invoice.paid_at) == (100_000, None)
