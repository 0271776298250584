"""Withdrawing from a contract (law.md L1, L1b): until when, by whom, and what comes back."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client

from readers.models import Letter, User
from rights import handling, matching, stating
from rights.models import Handling, Statement, Unalterable
from rights.wordings import WORDINGS
from subscriptions import refunds, webhooks, withdrawing
from subscriptions.access import entitlement_for
from subscriptions.billing import BillingRefused, PaymentFacts, SubscriptionFacts
from subscriptions.models import Customer, Refund, Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, a_plan, a_reader, somebody_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
BRUSSELS = ZoneInfo("Europe/Brussels")
Outcome = Handling.Outcome
ALICE = "alice@example.org"


def brussels(year: int, month: int, day: int, *clock: int) -> datetime:
    return datetime(year, month, day, *clock, tzinfo=BRUSSELS)


@pytest.fixture
def alice(billing: FakeBilling) -> User:
    """Subscribed ten days ago, without a trial, and paid EUR 150."""
    return subscribes(billing, ALICE, "sub_1", began=NOW - timedelta(days=10), cents=15000, name="Alice Adams")


def subscribes(
    billing: FakeBilling, email: str, stripe_id: str, *, began: datetime, cents: int = 0, name: str = "", **facts: Any
) -> User:
    a_plan("year")
    a_plan("month")
    reader = a_reader(email, name=name)
    Customer.objects.create(reader=reader, stripe_id=f"cus_{stripe_id}", created_at=began)
    given = SubscriptionFacts(
        stripe_id=stripe_id,
        customer_id=f"cus_{stripe_id}",
        status="active" if cents else "trialing",
        price_id="price_year",
        price_cents=15000,
        interval="year",
        started_at=began,
        period_starts_at=began,
        period_ends_at=began + timedelta(days=365 if cents else 30),
        trial_ends_at=None if cents else began + timedelta(days=30),
        card_brand="visa",
        card_last4="4242",
    )
    billing.states[stripe_id] = replace(given, **facts)
    if cents:
        billing.payments[stripe_id] = [a_payment(stripe_id, cents, began)]
    webhooks.record(reader, billing.states[stripe_id], at=NOW)
    return reader


def a_payment(stripe_id: str, cents: int, at: datetime, *, days: int = 365) -> PaymentFacts:
    return PaymentFacts(
        f"pi_{stripe_id}_{at:%m%d}", f"in_{stripe_id}", cents, 0, at, at, at + timedelta(days=days), "visa", "4242"
    )


def first_page(client: Client, **typed: str) -> Any:
    """Fill in the first page."""
    form = client.get("/withdraw/").context["form"]
    fields = {"name": "Alice Adams", "email": ALICE, "contract": "", "key": form.initial["key"]}
    if form.initial.get("contract"):
        fields["contract"] = form.initial["contract"]
    return client.post("/withdraw/", fields | typed)


def withdraw(client: Client, **typed: str) -> Any:
    """Both pages; returns the receipt."""
    second = first_page(client, **typed)
    return client.post("/withdraw/confirm/", {"sealed": second.context["sealed"]}, follow=True)


def words(response: Any) -> str:
    text = re.sub(r"<[^>]+>", " ", response.content.decode().partition("<main")[2].partition("</main>")[0])
    return " ".join(text.split())


def kinds_to(address: str) -> list[str]:
    return list(Letter.objects.filter(to=address).order_by("pk").values_list("kind", flat=True))


def last_to(address: str, kind: str) -> str:
    letter = Letter.objects.filter(to=address, kind=kind).latest("pk")
    return letter.text


# --- Until when ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("concluded", "last_second"),
    [
        (brussels(2026, 11, 3, 9, 30), brussels(2026, 11, 17, 23, 59, 59)),
        (brussels(2026, 11, 3, 0, 0, 0), brussels(2026, 11, 17, 23, 59, 59)),
        (brussels(2026, 11, 3, 23, 59, 59), brussels(2026, 11, 17, 23, 59, 59)),
        (brussels(2027, 3, 20, 12), brussels(2027, 4, 3, 23, 59, 59)),
        (brussels(2027, 3, 14, 12), brussels(2027, 3, 28, 23, 59, 59)),
        (brussels(2026, 10, 11, 12), brussels(2026, 10, 25, 23, 59, 59)),
        (brussels(2026, 10, 20, 12), brussels(2026, 11, 3, 23, 59, 59)),
        (brussels(2026, 1, 31, 12), brussels(2026, 2, 14, 23, 59, 59)),
        (brussels(2028, 2, 15, 12), brussels(2028, 2, 29, 23, 59, 59)),
        (brussels(2027, 2, 15, 12), brussels(2027, 3, 1, 23, 59, 59)),
        (brussels(2026, 12, 25, 12), brussels(2027, 1, 8, 23, 59, 59)),
        (datetime(2026, 11, 2, 23, 30, tzinfo=UTC), brussels(2026, 11, 17, 23, 59, 59)),
    ],
    ids=[
        *("an ordinary day", "the first second of a day", "the last second of a day", "over the change to summer"),
        *("last day is the change to summer", "last day is the change to winter", "over the change to winter"),
        *("a month end", "a leap day", "no leap day", "a new year", "half past midnight in Brussels"),
    ],
)
def test_the_last_second_of_day_fourteen_is_in_time_and_one_later_is_not(
    concluded: datetime, last_second: datetime
) -> None:
    deadline = withdrawing.deadline_of(concluded)
    assert withdrawing.in_time(last_second, deadline)
    assert withdrawing.in_time(last_second + timedelta(microseconds=999_999), deadline)
    assert not withdrawing.in_time(last_second.astimezone(UTC) + timedelta(seconds=1), deadline)


def test_the_days_run_once_more_from_the_first_charge_unless_the_house_says_no(settings: Any) -> None:
    signed_up, charged = brussels(2026, 11, 1, 12), brussels(2026, 12, 1, 12)
    assert withdrawing.deadline_of(signed_up, charged) == brussels(2026, 12, 16)
    settings.WITHDRAWAL_AFTER_FIRST_CHARGE = False
    assert withdrawing.deadline_of(signed_up, charged) == brussels(2026, 11, 16)


# --- The pages -----------------------------------------------------------------------------------------


def test_the_first_page_asks_for_name_contract_and_address_and_nothing_else(client: Client) -> None:
    page = client.get("/withdraw/")
    visible = [field.name for field in page.context["form"].visible_fields()]
    assert visible == ["name", "email", "contract"]
    assert not page.context["form"].fields["contract"].required
    assert "reason" not in page.content.decode().partition("<form")[2].partition("</form>")[0]
    assert "sessionid" not in page.cookies


def test_the_second_page_repeats_it_and_has_one_button_with_only_the_words_of_the_law(client: Client) -> None:
    page = first_page(client, contract="the yearly plan").content.decode()
    main = page.partition("<main")[2].partition("</main>")[0]
    assert re.findall(r"<button[^>]*>(.*?)</button>", main) == ["Confirm withdrawal"]
    for said in ("Alice Adams", ALICE, "the yearly plan"):
        assert said in main


@pytest.mark.parametrize("address", ["/withdraw/", "/cancel/"])
def test_no_offer_to_stay_stands_on_the_pages_of_the_law(client: Client, alice: User, address: str) -> None:
    client.force_login(alice)
    main = words(client.get(address)).lower()
    for offer in ("pause", "discount", "switch", "monthly instead", "sorry"):
        assert offer not in main


def test_nothing_is_declared_before_the_second_page(client: Client, alice: User) -> None:
    first_page(client)
    assert not Statement.objects.exists()
    assert client.get("/withdraw/confirm/").status_code == 302
    assert client.post("/withdraw/confirm/", {"sealed": "made up"}).headers["Location"] == "/withdraw/"
    assert not Statement.objects.exists()


@pytest.mark.parametrize(
    "typed", [{"name": ""}, {"email": "nobody"}, {"name": "see https://example.org"}, {"key": "made up"}]
)
def test_what_cannot_be_is_said_and_nothing_is_declared(client: Client, typed: dict[str, str]) -> None:
    page = first_page(client, **typed)
    assert page.context["form"].errors
    assert not Statement.objects.exists()


def test_signed_in_everything_is_filled_in_and_the_contract_is_chosen(client: Client, alice: User) -> None:
    client.force_login(alice)
    form = client.get("/withdraw/").context["form"]
    assert form.initial["name"] == "Alice Adams"
    assert form.initial["email"] == ALICE
    assert "Yearly plan" in form.initial["contract"]


def test_the_links_stand_in_the_footer_of_every_page(client: Client) -> None:
    footer = client.get("/").content.decode().partition("<footer")[2]
    assert '<a href="/withdraw/">Withdraw from contract here</a>' in footer
    assert '<a href="/cancel/">Cancel a subscription</a>' in footer


# --- The words of the law ------------------------------------------------------------------------------


def test_the_words_on_buttons_and_links_are_these() -> None:
    assert WORDINGS == {
        "withdraw_here": {
            "en": "Withdraw from contract here",
            "fr": "Se rétracter du contrat ici",
            "nl": "Overeenkomst hier herroepen",
            "de": "Vertrag widerrufen",
        },
        "confirm_withdrawal": {
            "en": "Confirm withdrawal",
            "fr": "Confirmer la rétractation",
            "nl": "Herroeping bevestigen",
            "de": "Widerruf bestätigen",
        },
        "cancel_here": {
            "en": "Cancel a subscription",
            "fr": "Résilier votre contrat",
            "nl": "Overeenkomst hier opzeggen",
            "de": "Verträge hier kündigen",
        },
        "cancel_now": {
            "en": "Cancel now",
            "fr": "Notifier la résiliation",
            "nl": "Nu opzeggen",
            "de": "Jetzt kündigen",
        },
    }


def test_the_receipt_speaks_the_language_of_the_page(client: Client) -> None:
    form = client.get("/fr/withdraw/").context["form"]
    fields = {"name": "A B", "email": "inconnu@example.org", "contract": "", "key": form.initial["key"]}
    second = client.post("/fr/withdraw/", fields)
    client.post("/fr/withdraw/confirm/", {"sealed": second.context["sealed"]})
    assert Statement.objects.get().language == "fr"
    assert 'lang="fr"' in Letter.objects.get(kind="statement_received").html
    assert "/fr/statements/" in Letter.objects.get(kind="statement_received").text


@pytest.mark.parametrize("language", ["fr", "nl", "de"])
def test_each_language_has_its_buttons_on_its_pages(client: Client, language: str) -> None:
    form = client.get(f"/{language}/withdraw/").context["form"]
    fields = {"name": "A B", "email": ALICE, "contract": "", "key": form.initial["key"]}
    second = client.post(f"/{language}/withdraw/", fields).content.decode()
    assert f">{WORDINGS['confirm_withdrawal'][language]}</button>" in second
    assert f'href="/{language}/withdraw/">{WORDINGS["withdraw_here"][language]}</a>' in second
    assert f'href="/{language}/cancel/">{WORDINGS["cancel_here"][language]}</a>' in second
    assert f">{WORDINGS['cancel_now'][language]}</button>" in client.get(f"/{language}/cancel/").content.decode()


# --- The statement is kept -----------------------------------------------------------------------------


def test_a_statement_is_kept_word_for_word_with_its_moment(client: Client, alice: User) -> None:
    withdraw(client, contract="the yearly plan")
    kept = Statement.objects.get()
    assert (kept.kind, kept.name, kept.email, kept.contract) == (
        "withdrawal",
        "Alice Adams",
        ALICE,
        "the yearly plan",
    )
    assert kept.sent_at == NOW
    assert "17 November 2026, 13:00:00 Brussels time (UTC+01:00)" in kept.text
    assert kept.is_unaltered


def test_no_network_address_is_kept(client: Client, alice: User) -> None:
    page = first_page(client)
    client.post("/withdraw/confirm/", {"sealed": page.context["sealed"]}, REMOTE_ADDR="198.51.100.77")
    everything = [str(value) for row in Statement.objects.values() for value in row.values()]
    everything += [str(value) for row in Handling.objects.values() for value in row.values()]
    everything += [str(value) for row in Letter.objects.values() for value in row.values()]
    assert not [value for value in everything if "198.51.100" in value]


def test_nobody_can_alter_a_statement(client: Client, alice: User) -> None:
    withdraw(client)
    kept = Statement.objects.get()
    kept.name = "Somebody Else"
    with pytest.raises(Unalterable):
        kept.save()
    with pytest.raises(Unalterable):
        Statement.objects.update(name="Somebody Else")
    assert not kept.is_unaltered
    assert Statement.objects.get().is_unaltered


def test_pressed_twice_it_is_one_statement_and_one_refund(client: Client, alice: User, billing: FakeBilling) -> None:
    sealed = first_page(client).context["sealed"]
    first = client.post("/withdraw/confirm/", {"sealed": sealed})
    second = client.post("/withdraw/confirm/", {"sealed": sealed})
    assert first.headers["Location"] == second.headers["Location"]
    assert Statement.objects.count() == 1
    assert len(billing.refunds) == 1
    assert kinds_to(ALICE).count("statement_received") == 1


def test_the_receipt_can_be_opened_by_its_address_only(client: Client, alice: User) -> None:
    withdraw(client)
    kept = Statement.objects.get()
    assert client.get(f"/statements/{kept.pk.hex}s/").status_code == 404
    assert client.get(stating.path_of(kept, from_mailbox=False)).status_code == 200
    assert "no-store" in client.get(stating.path_of(kept, from_mailbox=True))["Cache-Control"]


# --- The acknowledgement -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_receipt_is_mailed_at_once_with_content_date_and_time(client: Client, alice: User) -> None:
    withdraw(client, contract="the yearly plan")
    receipt = next(letter for letter in mail.outbox if "received your withdrawal" in letter.subject)
    assert receipt.to == [ALICE]
    for said in ("I withdraw from the contract", "Alice Adams", "the yearly plan", "17 November 2026, 13:00:00"):
        assert said in receipt.body
        assert said in receipt.alternatives[0][0]


def test_it_is_mailed_also_where_no_contract_was_found(client: Client) -> None:
    page = withdraw(client, email="stranger@example.org")
    assert kinds_to("stranger@example.org") == ["statement_received"]
    assert "fits a contract of ours" in words(page)
    assert Handling.objects.get().needs_a_person
    assert kinds_to("readers@viaduct.example") == ["operator_statements"]


def test_no_mailbox_gets_more_than_three_receipts_a_day_and_every_statement_is_kept(client: Client, at: Any) -> None:
    for _ in range(5):
        assert withdraw(client, email="victim@example.org").status_code == 200
    assert Statement.objects.count() == 5
    assert kinds_to("victim@example.org") == ["statement_received"] * 3
    at(NOW + timedelta(days=1, minutes=1))
    withdraw(client, email="victim@example.org")
    assert kinds_to("victim@example.org") == ["statement_received"] * 4


def test_the_house_gets_one_letter_a_day_however_many_wait(client: Client) -> None:
    for number in range(4):
        withdraw(client, email=f"stranger{number}@example.org")
    assert kinds_to("readers@viaduct.example") == ["operator_statements"]


def test_a_flood_from_one_place_is_stopped_with_another_way(client: Client) -> None:
    answers = [withdraw(client, email=f"victim{number}@example.org").status_code for number in range(21)]
    assert answers == [200] * 20 + [429]
    assert Statement.objects.count() == 20
    page = first_page(client)
    other_place = client.post(
        "/withdraw/confirm/", {"sealed": page.context["sealed"]}, REMOTE_ADDR="198.51.100.77", follow=True
    )
    assert other_place.status_code == 200


# --- Whose contract ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "by"),
    [
        ({}, "address"),
        ({"email": "ALICE@Example.org"}, "address"),
        ({"email": "alice+news@example.org"}, "address"),
        ({"name": "A. Adams"}, "address"),
        ({"name": "ADAMS, Alicé"}, "address"),
        ({"contract": "sub_1"}, "number"),
        ({"contract": "No. vd 2026-000001"}, "number"),
        ({"contract": "my subscription to the paper"}, "address"),
    ],
)
def test_who_names_the_address_of_the_contract_is_matched(client: Client, alice: User, typed: Any, by: str) -> None:
    withdraw(client, **typed)
    about = Handling.objects.get()
    assert (about.reader, about.matched_by, about.outcome) == (alice, by, Outcome.WITHDRAWN)


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "somebody@example.org"},
        {"email": "somebody@example.org", "contract": "VD-2026-000001"},
        {"name": "Mallory Malone"},
        {"contract": "sub_of_another"},
        {"contract": "VD-2026-000999"},
    ],
)
def test_what_does_not_fit_waits_for_a_person_and_ends_nothing(
    client: Client, alice: User, billing: FakeBilling, typed: dict[str, str]
) -> None:
    withdraw(client, **typed)
    assert Handling.objects.get().needs_a_person
    assert billing.states["sub_1"].status == "active"
    assert entitlement_for(alice, at=NOW)


def test_the_screen_tells_a_stranger_nothing_about_a_reader(client: Client, alice: User) -> None:
    matched = words(withdraw(client))
    unmatched = words(withdraw(client, email="nobody@example.org"))
    for page in (matched, unmatched):
        assert "150" not in page
        assert "fits a contract of ours" in page
    assert _without_own_words(matched, ALICE) == _without_own_words(unmatched, "nobody@example.org")


def _without_own_words(page: str, email: str) -> str:
    return re.sub(r"Receipt [0-9A-F]{12}", "Receipt", page).replace(email, "")


def test_the_reader_is_written_to_at_the_address_of_the_contract_too(client: Client, alice: User) -> None:
    withdraw(client, email="alice+other@example.org")
    assert "statement_received" in kinds_to("alice+other@example.org")
    assert kinds_to(ALICE) == ["welcome", "statement_received", "withdrawn"]


def test_who_says_it_was_not_me_is_heard_by_a_person(client: Client, alice: User) -> None:
    withdraw(client)
    link = stating.path_of(Statement.objects.get(), from_mailbox=True)
    assert link in last_to(ALICE, "statement_received")
    assert client.get(link).status_code == 200
    page = client.post(f"{link}not-me/", follow=True)
    assert "A person looks at it" in words(page)
    about = Handling.objects.get()
    assert about.disputed_at == NOW
    assert about.needs_a_person


def test_the_address_of_the_screen_cannot_say_it_was_not_me(client: Client, alice: User) -> None:
    withdraw(client)
    client.post(f"{stating.path_of(Statement.objects.get(), from_mailbox=False)}not-me/")
    assert Handling.objects.get().disputed_at is None


@pytest.mark.parametrize(
    ("typed", "known", "fits"),
    [
        ("Alice Adams", "Alice Adams", True),
        ("adams alice", "Alice Adams", True),
        ("A. Adams", "Alice Adams", True),
        ("Zoë Müller", "Zoe Muller", True),
        ("Anyone", "", True),
        ("Mallory", "Alice Adams", False),
        ("A B", "Alice B", True),
        ("Łukasz", "Łukasz Nowak", True),
    ],
)
def test_names_are_compared_as_people_write_them(typed: str, known: str, fits: bool) -> None:
    assert matching.names_fit(typed, known) is fits


# --- What it does --------------------------------------------------------------------------------------


def test_in_time_all_that_was_paid_goes_back_and_reading_ends(
    client: Client, alice: User, billing: FakeBilling
) -> None:
    client.force_login(alice)
    page = words(withdraw(client))
    assert "€150.00 go back" in page
    assert "1 December 2026" in page
    assert billing.states["sub_1"].status == "canceled"
    assert entitlement_for(alice, at=NOW) is None
    assert [one.cents for one in billing.refunds.values()] == [15000]
    row = Refund.objects.get()
    assert (row.cents, row.reason, row.status) == (15000, refunds.BY_WITHDRAWAL, "succeeded")
    about = Handling.objects.get()
    assert (about.matched_by, about.outcome, about.cents, about.done_at) == ("session", "withdrawn", 15000, NOW)
    assert kinds_to(ALICE) == ["welcome", "statement_received", "withdrawn"], "one letter about the money, not two"
    for said in ("€150.00", "ending in 4242", "1 December 2026"):
        assert said in last_to(ALICE, "withdrawn")


def test_in_the_trial_it_ends_and_nothing_was_paid(client: Client, billing: FakeBilling) -> None:
    bob = subscribes(billing, "bob@example.org", "sub_2", began=NOW - timedelta(days=20))
    client.force_login(bob)
    page = words(withdraw(client))
    assert "You had paid nothing" in page
    assert billing.states["sub_2"].status == "canceled"
    assert entitlement_for(bob, at=NOW) is None
    assert not billing.refunds
    assert "€0" in last_to(bob.email, "withdrawn")


def test_after_the_first_charge_of_a_trial_it_is_in_time_again(client: Client, billing: FakeBilling) -> None:
    charged = NOW - timedelta(days=14)
    bob = subscribes(billing, "bob@example.org", "sub_2", began=NOW - timedelta(days=44), status="active")
    billing.payments["sub_2"] = [a_payment("sub_2", 15000, charged)]
    client.force_login(bob)
    withdraw(client)
    assert Handling.objects.get().outcome == Outcome.WITHDRAWN
    assert Refund.objects.get().cents == 15000


def test_what_was_given_back_before_is_not_given_twice(client: Client, alice: User, billing: FakeBilling) -> None:
    billing.give_back(billing.payments["sub_1"][0].stripe_id, 5000)
    withdraw(client)
    assert sorted(one.cents for one in billing.refunds.values()) == [5000, 10000]
    assert Handling.objects.get().cents == 10000


def test_every_payment_of_the_contract_goes_back(client: Client, alice: User, billing: FakeBilling) -> None:
    billing.payments["sub_1"].insert(0, a_payment("sub_1", 1500, NOW - timedelta(days=1)))
    withdraw(client)
    assert sorted(one.cents for one in billing.refunds.values()) == [1500, 15000]
    assert Handling.objects.get().cents == 16500


def test_a_contract_that_has_ended_within_the_days_is_given_back_too(
    client: Client, alice: User, billing: FakeBilling
) -> None:
    webhooks.record(alice, billing.becomes("sub_1", status="canceled", ends_at=NOW - timedelta(days=1)), at=NOW)
    withdraw(client)
    assert Handling.objects.get().outcome == Outcome.WITHDRAWN
    assert Refund.objects.get().cents == 15000


def test_too_late_nothing_changes_and_the_reader_is_told_the_other_ways(
    client: Client, alice: User, billing: FakeBilling, at: Any
) -> None:
    at(brussels(2026, 11, 22, 0, 0, 0))
    client.force_login(alice)
    page = withdraw(client)
    assert "It came too late" in words(page)
    assert "until the end of 21 November 2026" in words(page)
    assert "Cancel instead" in words(page)
    assert billing.states["sub_1"].status == "active"
    assert not billing.refunds
    assert Handling.objects.get().outcome == Outcome.TOO_LATE
    assert "/account/cancel/" in last_to(ALICE, "withdrawal_too_late")


def test_one_second_before_it_is_in_time_however_late_it_is_handled(
    client: Client, alice: User, billing: FakeBilling, at: Any
) -> None:
    at(brussels(2026, 11, 21, 23, 59, 59))
    billing.is_away = True
    page = withdraw(client)
    assert page.status_code == 200
    assert Handling.objects.get().outcome == Outcome.OPEN
    assert "statement_received" in kinds_to(ALICE)
    billing.is_away = False
    assert handling.handle_waiting(at=brussels(2026, 11, 24, 12)) == (1, 0)
    assert Handling.objects.get().outcome == Outcome.WITHDRAWN
    assert Refund.objects.get().cents == 15000


def test_the_late_one_becomes_a_cancellation_with_one_button(
    client: Client, alice: User, billing: FakeBilling, at: Any
) -> None:
    at(NOW + timedelta(days=30))
    withdraw(client)
    late = Statement.objects.get()
    link = stating.path_of(late, from_mailbox=True)
    for _ in range(2):
        page = client.post(f"{link}cancel/", follow=True)
    assert "Your subscription is cancelled. You can read until" in words(page)
    assert [one.kind for one in Statement.objects.order_by("kind")] == ["ordinary", "withdrawal"]
    assert billing.states["sub_1"].ends_at == billing.states["sub_1"].period_ends_at


def test_the_address_of_the_screen_cannot_cancel_for_somebody(
    client: Client, alice: User, billing: FakeBilling, at: Any
) -> None:
    at(NOW + timedelta(days=30))
    withdraw(client)
    client.post(f"{stating.path_of(Statement.objects.get(), from_mailbox=False)}cancel/")
    assert Statement.objects.count() == 1
    assert billing.states["sub_1"].ends_at is None


# --- When Stripe is away -------------------------------------------------------------------------------


def test_stripe_away_in_the_middle_ends_in_the_same_place(
    client: Client, alice: User, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = billing.refund, iter([True, True, False])

    def sometimes(payment_id: str, cents: int, *, key: str) -> Any:
        billing.is_away = next(failures)
        try:
            return real(payment_id, cents, key=key)
        finally:
            billing.is_away = False

    monkeypatch.setattr(billing, "refund", sometimes)
    withdraw(client)
    assert billing.states["sub_1"].status == "canceled"
    for hour in range(1, 4):
        handling.handle_waiting(at=NOW + timedelta(hours=hour))
    assert Handling.objects.get().outcome == Outcome.WITHDRAWN
    assert [one.cents for one in billing.refunds.values()] == [15000]
    assert kinds_to(ALICE).count("withdrawn") == 1


def test_what_stripe_refuses_is_tried_again_and_shown_to_a_person(
    client: Client, alice: User, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(payment_id: str, cents: int, *, key: str) -> Any:
        raise BillingRefused("This payment is disputed.")

    monkeypatch.setattr(billing, "refund", never)
    withdraw(client)
    about = Handling.objects.get()
    assert about.needs_a_person
    assert "disputed" in about.why_a_person
    assert billing.states["sub_1"].status == "canceled"


def test_a_day_in_vain_brings_a_person(client: Client, alice: User, billing: FakeBilling) -> None:
    billing.is_away = True
    withdraw(client)
    for hour in range(1, 30):
        handling.handle_waiting(at=NOW + timedelta(hours=hour))
    assert Handling.objects.get().needs_a_person


def test_two_workers_at_once_carry_it_out_once(alice: User, billing: FakeBilling) -> None:
    billing.is_away = True
    said = stating.Said(uuid4(), Statement.Kind.WITHDRAWAL, "Alice Adams", ALICE)
    handling.send(said, alice, at=NOW)
    billing.is_away = False
    later = NOW + timedelta(hours=1)
    first, second = (Handling.objects.get() for _ in range(2))
    assert first.claim(at=later)
    assert not second.claim(at=later)


# --- The desk ------------------------------------------------------------------------------------------


@pytest.fixture
def desk() -> Client:
    browser = Client()
    browser.force_login(somebody_in("Subscription desk"))
    return browser


def test_the_desk_sees_what_waits_and_carries_it_out_for_a_contract(
    client: Client, desk: Client, alice: User, billing: FakeBilling
) -> None:
    withdraw(client, email="other@example.org", name="Alice Adams")
    kept = Statement.objects.get()
    assert "Statements to look at" in desk.get("/admin/").content.decode()
    queue = desk.get("/admin/rights/statement/?queue=waiting").content.decode()
    assert "other@example.org" in queue
    page = desk.post(f"/admin/rights/statement/{kept.pk}/match/", {"contract": ALICE}, follow=True)
    assert f"Matched to VD-2026-000001 of {ALICE}" in page.content.decode()
    about = Handling.objects.get()
    assert (about.matched_by, about.outcome, about.cents) == ("staff", "withdrawn", 15000)
    assert not about.needs_a_person
    assert "statement_received" in kinds_to(ALICE)
    assert "Statements to look at" not in desk.get("/admin/").content.decode()


def test_the_desk_may_undo_a_contract_although_it_came_too_late(
    client: Client, desk: Client, alice: User, billing: FakeBilling, at: Any
) -> None:
    at(NOW + timedelta(days=30))
    withdraw(client)
    kept = Statement.objects.get()
    desk.post(f"/admin/rights/statement/{kept.pk}/accept/")
    assert Handling.objects.get().outcome == Outcome.WITHDRAWN
    assert Refund.objects.get().cents == 15000


def test_the_desk_closes_what_is_nobodys_with_a_note(client: Client, desk: Client) -> None:
    withdraw(client, email="nobody@example.org")
    kept = Statement.objects.get()
    desk.post(f"/admin/rights/statement/{kept.pk}/done/", {"note": "Not a reader; wrote back."})
    about = Handling.objects.get()
    assert (about.outcome, about.note, about.needs_a_person) == ("closed", "Not a reader; wrote back.", False)


def test_the_desk_cannot_alter_a_statement(client: Client, desk: Client, alice: User) -> None:
    withdraw(client)
    kept = Statement.objects.get()
    page = f"/admin/rights/statement/{kept.pk}/change/"
    assert desk.get(page).status_code == 200
    assert desk.post(page, {"name": "Somebody Else"}).status_code == 403
    assert desk.get("/admin/rights/statement/add/").status_code == 403


@pytest.mark.parametrize("act", ["match", "accept", "again", "done"])
def test_editors_may_not_act_on_statements(client: Client, alice: User, act: str) -> None:
    withdraw(client)
    editor = Client()
    editor.force_login(somebody_in("Editors", "ed@example.org"))
    assert editor.post(f"/admin/rights/statement/{Statement.objects.get().pk}/{act}/").status_code == 403


def test_the_subscription_is_the_same_row_for_both_sides(client: Client, alice: User) -> None:
    withdraw(client)
    assert Handling.objects.get().subscription == Subscription.objects.get()
