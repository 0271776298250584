"""A contract is written down once, when it is concluded, with exactly what was shown; and nobody alters it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client

from readers.models import User
from subscriptions import contracts, webhooks
from subscriptions.billing import SubscriptionFacts
from subscriptions.models import Amendment, CheckoutAttempt, Contract, ContractYear, Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, a_contract, a_grant, a_plan, a_reader, a_subscription, somebody_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]


@pytest.fixture
def bob(client: Client) -> User:
    a_plan("year")
    a_plan("month")
    reader = a_reader("bob@example.org", name="Bob de Vries")
    client.force_login(reader)
    return reader


def ordered(client: Client, plan: str = "year") -> str:
    """The number of the payment page that the order button leads to."""
    page = client.get("/subscribe/confirm/", {"plan": plan})
    response = client.post("/subscribe/order/", {"plan": plan, "shown": page.context["shown"]})
    return response.headers["Location"].rsplit("/", 1)[1]


def subscribed(client: Client, billing: FakeBilling, plan: str = "year") -> Contract:
    session = ordered(client, plan)
    billing.pay(session)
    client.get("/subscribe/return/", {"session_id": session})
    return Contract.objects.latest("pk")


# --- Written down once ---------------------------------------------------------------------------------


def test_an_order_makes_a_contract_with_what_was_shown(client: Client, bob: User, billing: FakeBilling) -> None:
    contract = subscribed(client, billing)
    attempt = CheckoutAttempt.objects.get()
    assert (contract.kind, contract.channel, contract.reader) == ("subscription", "web", bob)
    assert (contract.email, contract.name) == ("bob@example.org", "Bob de Vries")
    assert (contract.attempt, contract.subscription) == (attempt, Subscription.objects.get())
    assert (contract.shown_html, contract.shown_hash) == (attempt.shown_html, attempt.shown_hash)
    assert contract.shown_hash == contracts.digest(contract.shown_html)
    assert "Then: €150 per year, VAT included, first charged on 17 December 2026" in contract.shown_text
    assert (contract.price_cents, contract.interval, contract.trial_days) == (15000, "year", 30)
    assert contract.first_charge_at == NOW + timedelta(days=30)
    assert contract.concluded_at == NOW


def test_the_terms_of_the_order_are_those_of_the_contract(client: Client, bob: User, billing: FakeBilling) -> None:
    contract = subscribed(client, billing)
    assert contract.terms is not None
    assert contract.terms.name == CheckoutAttempt.objects.get().terms_version == "2026-11"
    assert contract.accepted_terms is not None
    assert contract.terms_hash == contracts.digest(contract.accepted_terms.html)


def test_the_renewal_stands_in_a_box_of_its_own_and_in_what_is_kept(
    client: Client, bob: User, billing: FakeBilling
) -> None:
    page = client.get("/subscribe/confirm/", {"plan": "year"}).content.decode()
    box = page.split('<div class="box mt" role="note">')[1].split("</div>")[0]
    assert "renews by itself every year, at €150 per year, until you cancel" in box
    assert "| The subscription renews by itself every year" in subscribed(client, billing).shown_text


@pytest.mark.parametrize("first", ["webhook", "return page", "reconcile"])
def test_whoever_records_first_makes_it_and_the_others_change_nothing(
    client: Client, bob: User, billing: FakeBilling, first: str
) -> None:
    session = ordered(client)
    facts = billing.pay(session)
    if first == "return page":
        client.get("/subscribe/return/", {"session_id": session})
    else:
        with webhooks.locked(bob.pk) as reader:
            webhooks.record(reader, facts, at=NOW)
    client.get("/subscribe/return/", {"session_id": session})
    webhooks.refresh(bob, at=NOW + timedelta(hours=1))
    contract = Contract.objects.get()
    assert contract.attempt is not None
    assert contract.concluded_at == NOW
    assert CheckoutAttempt.objects.get().completed_at == NOW


def test_one_recorded_late_is_concluded_when_it_began(client: Client, bob: User, billing: FakeBilling) -> None:
    facts = billing.pay(ordered(client))
    webhooks.record(bob, facts, at=NOW + timedelta(days=3))
    contract = Contract.objects.get()
    assert (contract.concluded_at, contract.made_at) == (NOW, NOW + timedelta(days=3))


def test_the_attempt_is_the_one_that_stripe_names_and_not_the_newest(
    client: Client, bob: User, billing: FakeBilling
) -> None:
    facts = billing.pay(ordered(client, "year"))
    CheckoutAttempt.objects.create(
        **{
            field.name: getattr(CheckoutAttempt.objects.get(), field.name)
            for field in CheckoutAttempt._meta.fields
            if field.name not in ("id", "stripe_session_id")
        }
        | {"started_at": NOW + timedelta(minutes=5), "shown_html": "<p>Something else</p>"}
    )
    webhooks.record(bob, facts, at=NOW)
    attempt = Contract.objects.get().attempt
    assert str(attempt.pk) == facts.attempt_id  # type: ignore[union-attr]


def the_facts(**fields: Any) -> SubscriptionFacts:
    values: dict[str, Any] = {
        "stripe_id": "sub_hand",
        "customer_id": "cus_bob",
        "status": "active",
        "price_id": "price_year",
        "price_cents": 15000,
        "interval": "year",
        "started_at": NOW,
        "period_starts_at": NOW,
        "period_ends_at": NOW + timedelta(days=365),
    }
    return SubscriptionFacts(**values | fields)


@pytest.mark.parametrize("attempt_id", ["", "not a number", "6f1c2f9e-0000-4000-8000-000000000000"])
def test_one_made_at_stripe_by_hand_is_of_the_staff_and_shows_nothing(bob: User, attempt_id: str) -> None:
    webhooks.record(bob, the_facts(attempt_id=attempt_id), at=NOW)
    contract = Contract.objects.get()
    assert (contract.channel, contract.shown_html, contract.attempt, contract.terms) == ("staff", "", None, None)


def test_a_copy_of_an_attempt_in_the_dashboard_makes_no_second_order_of_it(
    client: Client, bob: User, billing: FakeBilling
) -> None:
    first = subscribed(client, billing)
    billing.becomes(first.subscription.stripe_id, status="canceled", ends_at=NOW)  # type: ignore[union-attr]
    webhooks.refresh(bob, at=NOW)
    webhooks.record(bob, the_facts(attempt_id=str(first.attempt_id)), at=NOW)
    assert Contract.objects.latest("pk").channel == "staff"


def test_somebody_elses_attempt_is_nobody_elses_contract(client: Client, bob: User, billing: FakeBilling) -> None:
    ordered(client)
    mallory = a_reader("mallory@example.org")
    webhooks.record(mallory, the_facts(attempt_id=str(CheckoutAttempt.objects.get().pk)), at=NOW)
    assert Contract.objects.get(reader=mallory).attempt is None


@pytest.mark.parametrize("status", ["incomplete", "incomplete_expired", "canceled"])
def test_what_never_ran_is_no_contract(bob: User, status: str) -> None:
    webhooks.record(bob, the_facts(status=status), at=NOW)
    assert not Contract.objects.exists()


def test_a_payment_that_arrives_later_concludes_it_then(bob: User) -> None:
    webhooks.record(bob, the_facts(status="incomplete"), at=NOW)
    webhooks.record(bob, the_facts(status="active"), at=NOW)
    assert Contract.objects.count() == 1


def test_a_second_order_that_is_undone_is_no_contract(client: Client, bob: User, billing: FakeBilling) -> None:
    subscribed(client, billing)
    webhooks.record(bob, the_facts(stripe_id="sub_second", started_at=NOW + timedelta(hours=1)), at=NOW)
    assert Contract.objects.count() == 1


def test_subscribing_again_makes_a_new_contract(client: Client, bob: User, billing: FakeBilling) -> None:
    first = subscribed(client, billing)
    billing.becomes(first.subscription.stripe_id, status="canceled", ends_at=NOW)  # type: ignore[union-attr]
    webhooks.refresh(bob, at=NOW)
    second = subscribed(client, billing, "month")
    assert [one.number for one in Contract.objects.order_by("pk")] == ["VD-2026-000001", "VD-2026-000002"]
    assert (second.trial_days, second.interval) == (0, "month")


def test_the_country_is_kept_by_address_and_by_card(client: Client, bob: User, billing: FakeBilling) -> None:
    contract = subscribed(client, billing)
    assert contract.evidence_of_country == ("BE", "BE")


def test_cancelling_pausing_and_renewing_make_no_new_contract(client: Client, bob: User, billing: FakeBilling) -> None:
    contract = subscribed(client, billing)
    client.post("/account/cancel/")
    client.post("/account/keep/")
    billing.becomes(contract.subscription.stripe_id, status="active", period_ends_at=NOW + timedelta(days=400))  # type: ignore[union-attr]
    webhooks.refresh(bob, at=NOW)
    assert Contract.objects.count() == 1
    assert not Amendment.objects.exists()


# --- Numbers -----------------------------------------------------------------------------------------------


def test_numbers_begin_anew_with_the_year_of_brussels() -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    for number, at in enumerate((new_year - timedelta(hours=1), new_year, new_year)):
        grant = a_grant(a_reader(f"s{number}@example.org"), by=a_reader(f"c{number}@example.org"))
        contracts.conclude_for_grant(grant, at=at)
    assert [one.number for one in Contract.objects.order_by("pk")] == [
        "VD-2026-000001",
        "VD-2027-000001",
        "VD-2027-000002",
    ]


def test_the_prefix_is_a_setting(settings: Any) -> None:
    settings.CONTRACT_PREFIX = "NEWS"
    assert ContractYear.next_number(2026) == "NEWS-2026-000001"


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_different_numbers() -> None:
    def take(_: int) -> str:
        try:
            with transaction.atomic():
                return ContractYear.next_number(2026)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        numbers = list(threads.map(take, range(20)))
    assert sorted(numbers) == [f"VD-2026-{number:06}" for number in range(1, 21)]


def test_subscriptions_of_before_got_their_contracts_from_what_was_known(
    client: Client, bob: User, billing: FakeBilling
) -> None:
    subscribed(client, billing)
    attempt = CheckoutAttempt.objects.get()
    Contract.objects.all().delete()
    by_hand = a_subscription(a_reader("hand@example.org"), at=NOW + timedelta(days=12))
    a_subscription(a_reader("never@example.org"), "incomplete")
    student = a_grant(a_reader("student@example.org"), by=a_reader("carol@example.org"), at=NOW + timedelta(days=20))
    migration = import_module("subscriptions.migrations.0010_terms_and_contracts")
    migration.write_contracts(apps, SimpleNamespace(connection=connection))
    first, second, third = Contract.objects.order_by("number")
    assert (first.attempt, first.shown_hash, first.channel) == (attempt, attempt.shown_hash, "web")
    assert first.terms_hash == contracts.digest(first.accepted_terms.html)  # type: ignore[union-attr]
    assert (second.subscription, second.channel, second.terms) == (by_hand, "staff", None)
    assert (third.grant, third.kind) == (student, "student")


# --- Never altered ----------------------------------------------------------------------------------------


def test_the_database_refuses_to_alter_what_was_agreed() -> None:
    contract = a_contract(a_subscription(a_reader()))
    for change in ({"price_cents": 1}, {"shown_html": "x"}, {"concluded_at": NOW}, {"number": "x"}, {"email": "a@b.c"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Contract.objects.filter(pk=contract.pk).update(**change)
    contract.refresh_from_db()
    contract.save()


def test_an_amendment_is_confirmed_and_otherwise_stays(client: Client, bob: User, billing: FakeBilling) -> None:
    subscribed(client, billing)
    page = client.get("/account/switch/")
    client.post("/account/switch/", {"to": "month", "intention": page.context["intention"]})
    amendment = Amendment.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Amendment.objects.filter(pk=amendment.pk).update(price_cents=1)


# --- Amended -------------------------------------------------------------------------------------------------


def test_a_switch_adds_what_was_shown_and_when(client: Client, bob: User, billing: FakeBilling) -> None:
    contract = subscribed(client, billing)
    page = client.get("/account/switch/")
    client.post("/account/switch/", {"to": "month", "intention": page.context["intention"]})
    amendment = contract.amendments.get()
    assert amendment.shown_html in page.content.decode()
    assert amendment.shown_hash == contracts.digest(amendment.shown_html)
    assert "Next charge: 17 December 2026, €15.00" in amendment.shown_text
    assert (amendment.price_cents, amendment.interval, amendment.channel) == (1500, "month", "web")
    assert (amendment.shown_at, amendment.agreed_at) == (NOW, NOW)


def test_words_that_our_page_did_not_show_are_not_agreed_to(client: Client, bob: User, billing: FakeBilling) -> None:
    subscribed(client, billing)
    response = client.post("/account/switch/", {"to": "month", "intention": "<p>For nothing</p>"})
    assert response.headers["Location"] == "/account/switch/"
    assert not Amendment.objects.exists()
    assert "switch" not in billing.calls


def test_a_switch_whose_answer_is_lost_is_agreed_when_stripe_is_heard_again(
    client: Client, bob: User, billing: FakeBilling
) -> None:
    contract = subscribed(client, billing)
    page = client.get("/account/switch/")
    billing.is_away = True
    client.post("/account/switch/", {"to": "month", "intention": page.context["intention"]})
    assert contract.amendments.get().agreed_at is None
    assert "What changed since" not in client.get(f"/account/contracts/{contract.number}/").content.decode()
    billing.is_away = False
    billing.becomes(contract.subscription.stripe_id, price_id="price_month", price_cents=1500, interval="month")  # type: ignore[union-attr]
    webhooks.refresh(bob, at=NOW + timedelta(minutes=1))
    assert contract.amendments.get().agreed_at == NOW + timedelta(minutes=1)


def test_a_price_changed_at_stripe_is_added_without_words(client: Client, bob: User, billing: FakeBilling) -> None:
    contract = subscribed(client, billing)
    billing.becomes(contract.subscription.stripe_id, price_id="price_other", price_cents=18000)  # type: ignore[union-attr]
    webhooks.refresh(bob, at=NOW)
    amendment = contract.amendments.get()
    assert (amendment.price_cents, amendment.channel, amendment.shown_html) == (18000, "staff", "")


# --- Students -------------------------------------------------------------------------------------------------


def test_a_student_year_is_a_contract_and_a_present_is_none() -> None:
    carol = a_reader("carol@example.org", is_staff=True)
    student = a_grant(a_reader(), by=carol)
    contract = contracts.conclude_for_grant(student, at=NOW)
    assert contract is not None
    assert (contract.kind, contract.price_cents, contract.grant) == ("student", 0, student)
    assert contracts.conclude_for_grant(student, at=NOW) == contract
    assert contracts.conclude_for_grant(a_grant(a_reader("p@example.org"), by=carol, kind="press"), at=NOW) is None


def test_the_desk_concludes_it_when_it_lets_a_student_in(client: Client) -> None:
    client.force_login(somebody_in("Subscription desk"))
    reader = a_reader()
    client.post(
        "/admin/subscriptions/grant/add/",
        {"reader": reader.pk, "kind": "student", "reason": "Card seen", "ends_at": "2027-09-30T23:59"},
    )
    assert Contract.objects.get(reader=reader).kind == "student"


# --- Found again ---------------------------------------------------------------------------------------------


def test_a_contract_is_found_by_what_its_reader_says() -> None:
    contract = a_contract(a_subscription(a_reader("bob@example.org", name="Bob de Vries")))
    find = Contract.objects.matching
    for said in (
        {"email": " Bob@Example.org "},
        {"number": contract.number},
        {"number": "vd 2026 000001"},
        {"email": "bob@example.org", "number": contract.number, "name": "de Vries, BOB"},
    ):
        assert list(find(**said)) == [contract], said
    for said in (
        {},
        {"name": "Bob de Vries"},
        {"email": "eve@example.org"},
        {"email": "eve@example.org", "number": contract.number},
        {"email": "bob@example.org", "number": "VD-2026-000009"},
        {"email": "bob@example.org", "name": "Eve"},
    ):
        assert not find(**said), said


def test_a_name_we_do_not_know_says_nothing_against_it() -> None:
    contract = a_contract(a_subscription(a_reader("bob@example.org")))
    assert list(Contract.objects.matching(email="bob@example.org", name="Anybody")) == [contract]


def test_it_is_found_by_the_address_of_then_and_of_now() -> None:
    reader = a_reader("old@example.org")
    contract = a_contract(a_subscription(reader))
    reader.email = "new@example.org"
    reader.save()
    for address in ("old@example.org", "new@example.org"):
        assert list(Contract.objects.matching(email=address)) == [contract]


# --- Read again -------------------------------------------------------------------------------------------------


def test_the_letter_holds_number_order_renewal_the_ways_out_and_the_terms_in_full(
    client: Client, bob: User, billing: FakeBilling, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        contract = subscribed(client, billing)
    [letter] = [one for one in mail.outbox if "has begun" in one.subject]
    html = letter.alternatives[0][0]  # type: ignore[attr-defined]
    for body in (letter.body, html):
        flat = " ".join(body.split())
        for words in (
            contract.number,
            "€150.00 per year, VAT included",
            "17 December 2026",
            "renews by itself every year",
            "http://localhost:8000/account/cancel/",
            "http://localhost:8000/withdraw/",
            f"http://localhost:8000/account/contracts/{contract.number}/",
            "Terms of Use, version 2026-11",
        ):
            assert words in flat, words
    terms = contract.accepted_terms
    assert terms is not None
    for heading in ("1. Who we are", "6. Renewal", "14. Complaints and law"):
        assert heading in letter.body
        assert heading in html
    assert 'href="/' not in html, "an address in a letter is whole"


def test_the_account_lists_them_and_shows_each_as_it_was_shown(client: Client, bob: User, billing: FakeBilling) -> None:
    contract = subscribed(client, billing)
    assert contract.number in client.get("/account/contracts/").content.decode()
    page = client.get(f"/account/contracts/{contract.number}/").content.decode()
    assert contract.shown_html in page
    assert contract.shown_hash in page
    assert contract.accepted_terms is not None
    assert contract.accepted_terms.html in page


def test_it_can_be_taken_home_as_one_file(client: Client, bob: User, billing: FakeBilling) -> None:
    contract = subscribed(client, billing)
    response = client.get(f"/account/contracts/{contract.number}/download/")
    assert response.headers["Content-Disposition"] == f'attachment; filename="{contract.number}.html"'
    page = response.content.decode()
    assert contract.shown_html in page
    assert "14. Complaints and law" in page
    assert 'href="/' not in page
    assert "<link" not in page
    assert "<script" not in page


@pytest.mark.parametrize("address", ["", "{number}/", "{number}/download/"])
def test_a_contract_is_for_its_reader_alone_and_kept_by_nobody(
    client: Client, bob: User, billing: FakeBilling, address: str
) -> None:
    number = subscribed(client, billing).number
    path = f"/account/contracts/{address.format(number=number)}"
    assert client.get(path).headers["Cache-Control"] == "private, no-store"
    assert Client().get(path).status_code == 302
    client.force_login(a_reader("mallory@example.org"))
    answer = client.get(path)
    assert answer.status_code == (404 if address else 200)
    assert number not in answer.content.decode().replace(path, "")


def test_a_reader_without_a_contract_sees_that(client: Client, bob: User) -> None:
    assert "You have no contract with us." in client.get("/account/contracts/").content.decode()


def test_the_desk_finds_a_contract_by_its_number_and_changes_nothing(client: Client) -> None:
    contract = a_contract(a_subscription(a_reader()))
    client.force_login(somebody_in("Subscription desk"))
    for typed in (contract.number, "vd2026000001", "bob@example.org"):
        page = client.get("/admin/subscriptions/contract/", {"q": typed}).content.decode()
        assert contract.number in page, typed
    address = f"/admin/subscriptions/contract/{contract.pk}/"
    page = client.get(f"{address}change/").content.decode()
    assert contract.shown_html in page
    assert client.post(f"{address}change/", {"number": "x"}).status_code == 403
    assert client.post(f"{address}delete/", {"post": "yes"}).status_code == 403
