"""An organisation's year on real parts: quote, yes, an invoice through Stripe, paid, late, twice, and by transfer."""

import json
import re
import urllib.parse
import urllib.request
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from groups import invoicing, overdue
from groups.models import Contact, GroupAccount, GroupEvent, GroupInvoice, GroupPayment, Term
from groups.models.term import State, day_of
from newsroom.demo import groups as demo
from newsroom.demo import people
from subscriptions import billing
from tests.make import somebody_in, the_groups
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = {"street": "12 Quay Street", "postal_code": "1000", "city": "Brussels", "country": "BE"}


@pytest.fixture
def desk(world: World) -> Client:
    """Dora's browser, at the subscription desk."""
    browser = Client()
    browser.force_login(somebody_in("Subscription desk"))
    return browser


def press(desk: Client, name: str, *arguments: Any, **given: Any) -> str:
    page = desk.post(reverse(f"admin:groups_groupaccount_{name}", args=arguments), given, follow=True)
    assert page.status_code == 200
    return page.content.decode()


@pytest.fixture
def term(desk: Client, world: World) -> Term:
    """Twenty-five seats from today, accepted by Anna on the quote's own page."""
    today = day_of(world.now())
    fields = {"starts_on": str(today), "ends_on": str(today + timedelta(days=364)), "seats": "25", "price": "1875.00"}
    who = {"organisation": "Harbour & Vale", "kind": "company", "language": "en", "vat_number": "BE0123456749"}
    contact = {"contact_name": "Anna Szabó", "contact_email": "anna@harbour.example"}
    desk.post(reverse("admin:groups_groupaccount_add"), who | ADDRESS | contact | fields)
    group = GroupAccount.objects.get()
    term = group.terms.get()
    Contact.objects.create(group=group, role=Contact.Role.BILLING, email="invoices@harbour.example")
    press(desk, "quote", group.pk, term.pk)
    letter = next(one for one in mail.outbox if one.to == ["anna@harbour.example"])
    quote = re.search(r"http://\S+(/group/quote/\S+/)", letter.body)[1]  # type: ignore[index]
    anna = Client()
    shown = re.search(r'name="shown" value="(\w+)"', anna.get(quote).content.decode())[1]  # type: ignore[index]
    yes = {"name": "Anna Szabó", "email": "anna@harbour.example", "purchase_order": "PO-7", "may": "on"}
    assert anna.post(quote + "accept/", yes | {"shown": shown}).status_code == 302
    term.refresh_from_db()
    assert term.accepted_at
    return term


def invoice_through_stripe(desk: Client, world: World, term: Term) -> GroupInvoice:
    press(desk, "invoice", term.group_id, term.pk, how="stripe", days="30")
    world.settle()
    return GroupInvoice.objects.select_related("group").get()


def pay_at_stripe(invoice: GroupInvoice) -> None:
    body = urllib.parse.urlencode({"method": "card_ok"}).encode()
    urllib.request.urlopen(invoice.hosted_url, body, timeout=10).close()


def reads(world: World) -> bool:
    return GroupAccount.objects.get().gives_access(at=world.now())


def test_from_the_quote_to_the_money(desk: Client, world: World, term: Term) -> None:
    invoice = invoice_through_stripe(desk, world, term)
    assert (invoice.stripe_status, invoice.cents, invoice.seats) == ("open", 198_750, 25)
    assert invoice.due_on == day_of(world.now()) + timedelta(days=30)
    page = urllib.request.urlopen(invoice.hosted_url, timeout=10).read().decode()
    assert "25 seats" in page
    assert not reads(world)
    pay_at_stripe(invoice)
    world.settle()
    assert reads(world)
    payment = GroupPayment.objects.get()
    assert (payment.cents, payment.stripe_id[:3]) == (198_750, "pi_")
    assert GroupAccount.objects.get().state(at=world.now()) == State.ACTIVE


def test_late_it_is_suspended_and_a_payment_restores_it_by_itself(desk: Client, world: World, term: Term) -> None:
    press(desk, "begin", term.group_id, term.pk, because="They always pay")
    invoice = invoice_through_stripe(desk, world, term)
    assert reads(world)
    world.pass_time(days=31)
    overdue.remind(at=world.now())
    assert world.letters_to("invoices@harbour.example") == [f"Invoice {invoice.number} is overdue"]
    assert overdue.suspend_unpaid(at=world.now()) == 0
    world.pass_time(days=30)
    assert overdue.suspend_unpaid(at=world.now()) == 1
    assert not reads(world)
    pay_at_stripe(invoice)
    world.settle()
    assert reads(world)
    assert world.letters_to("invoices@harbour.example")[-1] == "The people of Harbour & Vale read again"


def test_paid_to_our_account_it_can_be_paid_at_stripe_no_more(desk: Client, world: World, term: Term) -> None:
    invoice = invoice_through_stripe(desk, world, term)
    line = {"invoice": str(invoice.pk), "received_on": str(day_of(world.now())), "bank_reference": "B-1"}
    assert "is paid" in press(desk, "paid", term.group_id, invoice.pk, **line, euros="1987.50")
    world.settle()
    assert billing.gateway().sent_invoice(invoice.stripe_id).status == "paid"
    assert reads(world)
    assert GroupPayment.objects.count() == 1


def test_what_no_webhook_told_is_found_and_what_was_void_is_made_anew(desk: Client, world: World, term: Term) -> None:
    invoice = invoice_through_stripe(desk, world, term)
    press(desk, "void", term.group_id, invoice.pk, because="Wrong address")
    world.settle()
    assert billing.gateway().sent_invoice(invoice.stripe_id).status == "void"
    GroupAccount.objects.update(city="Antwerp", vat_number="")
    press(desk, "invoice", term.group_id, term.pk, how="stripe", days="14")
    world.settle()
    again = GroupInvoice.objects.get(void_at=None)
    customer = world.customer(GroupAccount.objects.get().stripe_customer_id)
    assert customer["address"]["city"] == "Antwerp"
    world.control("deliveries", mode="drop")
    pay_at_stripe(again)
    world.settle()
    assert not reads(world)
    assert invoicing.reconcile(at=world.now()) == "2 invoices compared, 1 mended."
    assert reads(world)
    world.control("deliveries", mode="normal")


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "apply_then_500"])
@pytest.mark.parametrize("call", ["POST /v1/customers", "POST /v1/invoices", "POST /v1/invoiceitems"])
def test_a_bad_line_makes_one_invoice_and_no_more(
    desk: Client, world: World, term: Term, fault: str, call: str
) -> None:
    _break(world, call, fault)
    press(desk, "invoice", term.group_id, term.pk, how="stripe", days="30")
    _break(world)
    invoicing.send_waiting(at=world.now())
    world.settle()
    invoice = GroupInvoice.objects.get()
    assert (invoice.stripe_status, invoice.cents) == ("open", 198_750)
    since = world.now() - timedelta(days=1)
    assert len(list(billing.gateway().sent_invoices(since))) == 1


def _break(world: World, call: str = "", fault: str = "") -> None:
    faults = [{"match": call, "action": fault, "times": 1}] if call else []
    request = urllib.request.Request(
        f"{world.sandbox.url}/_sandbox/faults", json.dumps(faults).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=10).close()


def test_money_given_back_in_the_dashboard_is_seen(desk: Client, world: World, term: Term) -> None:
    invoice = invoice_through_stripe(desk, world, term)
    pay_at_stripe(invoice)
    world.settle()
    payment = GroupPayment.objects.get()
    charge = next(one for one in world.events() if one["type"] == "charge.succeeded")["data"]["object"]
    world.control("refund", charge=charge["id"], amount=198_750)
    world.settle()
    assert not reads(world)
    assert GroupPayment.objects.filter(cents=-198_750).exists()
    assert payment.invoice_id == invoice.pk


def test_the_organisations_of_the_demonstration_stand_where_they_should(world: World, settings: Any) -> None:
    the_groups()
    settings.STRIPE_API_BASE = world.sandbox.url
    people.settle_in()
    for _ in range(2):
        demo.settle_in(at=world.now())
        world.settle()
        found = {one.organisation: one.state(at=world.now()) for one in GroupAccount.objects.all()}
        assert found == {
            "Harbour & Vale Public Affairs": State.ACTIVE,
            "Committee of European Harbours": State.ACTIVE,
            "Scheldt University": State.ACTIVE,
            "Rivers Without Dams": State.SUSPENDED,
            "Library of the Old Port": State.QUOTED,
        }
    assert GroupInvoice.objects.get(how="stripe").stripe_status == "open"
    assert GroupEvent.objects.filter(verb="accepted the quote").count() == 4
