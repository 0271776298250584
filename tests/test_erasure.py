"""A reader deletes their account: what is running ends first, nothing is half done, and little stays."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from edge.personal_data import Keep
from readers import letters
from readers.letters import send_waiting
from readers.models import NOWHERE, Letter, User
from rights import erasure
from rights.inventory import of_readers
from rights.models import Erasure
from subscriptions import trial, webhooks
from subscriptions.billing import SubscriptionFacts
from subscriptions.models import CheckoutAttempt, Customer, Grant, StripeEvent, Subscription, TrialUse
from tests.everything import ADDRESS, NAME, a_reader_with_everything, every_cell_that_says
from tests.fakes import FakeBilling
from tests.make import NOW, TOMORROW, a_grant, a_plan, a_reader, somebody_in
from tests.test_own_data import just_signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at")]


@pytest.fixture
def subscriber(billing: FakeBilling) -> User:
    """Pays by the month."""
    a_plan("month")
    reader = a_reader(ADDRESS, name=NAME)
    Customer.objects.create(reader=reader, stripe_id="cus_q", created_at=NOW)
    billing.states["sub_q"] = SubscriptionFacts(
        stripe_id="sub_q",
        customer_id="cus_q",
        status="active",
        price_id="price_month",
        price_cents=1500,
        interval="month",
        started_at=NOW,
        period_starts_at=NOW,
        period_ends_at=TOMORROW,
    )
    webhooks.record(reader, billing.states["sub_q"], at=NOW)
    return reader


def cells_that_may_still_say_so() -> set[str]:
    """Every column of which the annotations say that it stays readable."""
    return {
        f"{entry.model._meta.db_table}.{entry.model._meta.get_field(name).column}"
        for entry in of_readers()
        if isinstance(entry.data.on_deletion, Keep)
        for name in entry.data.on_deletion.still_says
    }


# --- What stays ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [ADDRESS, NAME])
def test_afterwards_a_search_of_every_table_finds_only_what_the_list_says(words: str, mailoutbox: list) -> None:
    reader = a_reader_with_everything()
    StripeEvent.objects.create(
        stripe_id="evt_1",
        kind="customer.updated",
        received_at=NOW,
        handled_at=NOW,
        payload={"data": {"object": {"id": reader.customers.get().stripe_id, "email": ADDRESS, "name": NAME}}},
    )
    LogEntry.objects.create(user=somebody_in("Editors"), action_flag=2, object_repr=f"{ADDRESS.title()}: Student")
    letters.write_to_operator("account_deleted", "1", {"number": f"about {ADDRESS}", "deleted_at": NOW}, at=NOW)
    assert every_cell_that_says(words)
    erasure.erase(reader, at=NOW)
    assert every_cell_that_says(words) <= cells_that_may_still_say_so()


def test_what_stays_is_what_was_announced() -> None:
    reader = a_reader_with_everything()
    announced = {one.entry.label: one.count for one in erasure.outlook_of(reader).kept}
    receipt, kept = erasure.erase(reader, at=NOW)
    stays = {one.entry.label: one.count for one in kept}
    # What had been noted without an account is tied to none.
    for label in ("readers.Letter", "subscriptions.TrialUse"):
        announced.pop(label, None)
        stays.pop(label, None)
    assert stays == announced
    assert receipt.kept == {one.entry.label: one.count for one in kept}


def test_everything_that_stays_says_why_and_until_when() -> None:
    for one in erasure.outlook_of(a_reader_with_everything()).kept:
        assert one.why, one.entry.label
        assert one.until or one.entry.label in ("subscriptions.TrialUse", "subscriptions.Customer"), one.entry.label


def test_of_whoever_never_ordered_nothing_stays_at_all() -> None:
    reader = a_reader(ADDRESS, name=NAME)
    receipt, kept = erasure.erase(reader, at=NOW)
    assert kept == ()
    assert not User.objects.filter(pk=reader.pk).exists()
    assert receipt.reader_id is None
    assert not every_cell_that_says(ADDRESS)


def test_orders_and_subscriptions_are_tied_to_an_account_of_nobody(subscriber: User) -> None:
    receipt, _ = erasure.erase(subscriber, at=NOW)
    husk = Subscription.objects.get().reader
    assert husk.is_deleted
    assert husk.email.endswith(f"@{NOWHERE}")
    assert (husk.name, husk.is_active, husk.has_usable_password()) == ("", False, False)
    assert receipt.reader == husk
    assert Customer.objects.get().stripe_id == "cus_q", "invoices must be found again"


def test_an_order_that_was_never_completed_goes(client: Client) -> None:
    reader = a_reader(ADDRESS)
    CheckoutAttempt.objects.create(
        reader=reader,
        plan=a_plan(),
        with_trial=True,
        price_cents=15000,
        first_charge_at=TOMORROW,
        terms_version="1",
        shown_html="",
        shown_hash="",
        started_at=NOW,
    )
    erasure.erase(reader, at=NOW)
    assert not CheckoutAttempt.objects.exists()


def test_why_somebody_was_let_in_is_not_kept() -> None:
    reader = a_reader(ADDRESS)
    a_grant(reader, by=somebody_in("Editors"), reason="Is ill, and a student")
    erasure.erase(reader, at=NOW)
    assert Grant.objects.get().reason == ""


# --- The end of it ---------------------------------------------------------------------------------------------------


def test_what_is_running_ends_at_stripe_first(subscriber: User, billing: FakeBilling) -> None:
    erasure.erase(subscriber, at=NOW)
    assert billing.states["sub_q"].status == "canceled"
    assert not Subscription.objects.running().exists()


def test_while_stripe_is_away_nothing_is_deleted_and_the_page_says_so(
    client: Client, subscriber: User, billing: FakeBilling, mailoutbox: list
) -> None:
    just_signed_in(client, subscriber)
    billing.is_away = True
    mailoutbox.clear()
    response = client.post("/account/delete/")
    assert response.status_code == 503
    assert "Nothing was deleted." in response.content.decode()
    subscriber.refresh_from_db()
    assert (subscriber.email, subscriber.is_active) == (ADDRESS, True)
    assert not mailoutbox
    assert not Erasure.objects.exists()
    assert client.get("/account/").status_code == 200, "and they are still signed in"


def test_an_error_on_the_way_undoes_all_of_it(subscriber: User, monkeypatch: pytest.MonkeyPatch) -> None:
    before = every_cell_that_says(ADDRESS)

    def breaks(*args: Any) -> None:
        raise RuntimeError("The disk is full.")

    monkeypatch.setattr(erasure, "_become_nobody", breaks)
    with pytest.raises(RuntimeError):
        erasure.erase(subscriber, at=NOW)
    assert before <= every_cell_that_says(ADDRESS)


def test_every_session_is_over_at_once(client: Client, subscriber: User) -> None:
    elsewhere = Client()
    for browser in (client, elsewhere):
        just_signed_in(browser, subscriber)
    client.post("/account/delete/")
    for browser in (client, elsewhere):
        assert browser.get("/account/").status_code == 302
    assert not UserSession.objects.exists()


def test_a_code_half_asked_for_is_forgotten_as_well(client: Client, subscriber: User) -> None:
    client.post("/accounts/login/code/", {"email": ADDRESS})
    assert any(ADDRESS in str(one.get_decoded()) for one in Session.objects.all())
    erasure.erase(subscriber, at=NOW)
    assert not any(ADDRESS in str(one.get_decoded()) for one in Session.objects.all())


def test_the_sessions_of_others_go_on(subscriber: User) -> None:
    bob = Client()
    bob.force_login(a_reader())
    erasure.erase(subscriber, at=NOW)
    assert bob.get("/account/").status_code == 200


def test_staff_are_told_whom_to_ask(client: Client) -> None:
    dora = somebody_in("Editors")
    just_signed_in(client, dora)
    assert "An administrator does this for you" in client.get("/account/delete/").content.decode()
    assert client.post("/account/delete/").status_code == 403
    with pytest.raises(erasure.MayNotBeErased):
        erasure.erase(dora, at=NOW)
    assert User.objects.filter(email=dora.email).exists()


# --- The receipt -----------------------------------------------------------------------------------------------------


def test_the_receipt_is_on_screen_and_in_the_mail(client: Client, subscriber: User, mailoutbox: list) -> None:
    just_signed_in(client, subscriber)
    page = client.get("/account/delete/").content.decode()
    assert "is not given back by itself" in page
    assert "Withdraw from contract here" in page
    mailoutbox.clear()
    response = client.post("/account/delete/")
    receipt = Erasure.objects.get()
    assert receipt.number in response.content.decode()
    assert [message.to for message in mailoutbox] == [[ADDRESS]]
    assert receipt.number in mailoutbox[0].body
    assert "Subscriptions (until 1 January 2037 at the latest)" in mailoutbox[0].body


def test_once_the_last_letter_has_left_its_row_says_no_longer_to_whom(subscriber: User) -> None:
    erasure.erase(subscriber, at=NOW)
    last = Letter.objects.get(kind="account_deleted")
    assert last.sent_at == NOW
    assert (last.text, last.html) == ("", "")
    assert last.to.endswith(f"@{NOWHERE}")


def test_a_last_letter_that_could_not_leave_is_tried_again_for_a_week_and_then_forgotten(
    subscriber: User, monkeypatch: pytest.MonkeyPatch, mailoutbox: list
) -> None:
    send = "django.core.mail.EmailMultiAlternatives.send"
    with monkeypatch.context() as broken:
        broken.setattr(send, lambda self: (_ for _ in ()).throw(OSError("no route")))
        erasure.erase(subscriber, at=NOW)
    assert every_cell_that_says(ADDRESS) <= {"readers_letter.to", *cells_that_may_still_say_so()}
    assert erasure.forget_last_letters(at=NOW) == 0
    mailoutbox.clear()
    send_waiting(at=TOMORROW)
    assert [message.to for message in mailoutbox] == [[ADDRESS]]
    assert erasure.forget_last_letters(at=TOMORROW) == 1
    assert every_cell_that_says(ADDRESS) <= cells_that_may_still_say_so()


def test_no_letter_is_written_to_an_account_of_nobody(subscriber: User, mailoutbox: list) -> None:
    erasure.erase(subscriber, at=NOW)
    mailoutbox.clear()
    husk = Subscription.objects.get().reader
    assert letters.undone(husk, next_charge_at=None, occasion="9", at=NOW) is None
    assert not mailoutbox


# --- Afterwards ------------------------------------------------------------------------------------------------------


def test_the_same_address_may_sign_up_again_as_somebody_new(client: Client, subscriber: User) -> None:
    erasure.erase(subscriber, at=NOW)
    client.post("/accounts/login/code/", {"email": ADDRESS})
    anew = User.objects.get(email=ADDRESS)
    assert anew.pk != subscriber.pk
    assert EmailAddress.objects.get(email=ADDRESS).user == anew
    assert not Subscription.objects.filter(reader=anew).exists()


def test_a_second_free_trial_is_not_to_be_had_that_way() -> None:
    reader = a_reader(ADDRESS)
    trial.note_use(reader, "fp_1", at=NOW)
    erasure.erase(reader, at=NOW)
    anew = a_reader(ADDRESS.replace("@", "+again@"))
    assert not trial.is_offered_to(anew)
    assert not trial.note_use(anew, at=NOW)
    use = TrialUse.objects.get()
    assert len(use.mailbox) == 64
    assert use.reader is None


def test_what_stripe_says_afterwards_is_recorded_and_nobody_is_written_to(
    subscriber: User, billing: FakeBilling, mailoutbox: list
) -> None:
    erasure.erase(subscriber, at=NOW)
    mailoutbox.clear()
    husk = Subscription.objects.get().reader
    webhooks.refresh(husk, at=TOMORROW)
    assert Subscription.objects.get().recorded_at == TOMORROW
    assert not mailoutbox


def test_deleting_again_changes_nothing_more(subscriber: User) -> None:
    erasure.erase(subscriber, at=NOW)
    for again in (subscriber, Subscription.objects.get().reader):
        with pytest.raises(erasure.AlreadyErased):
            erasure.erase(again, at=NOW)
    assert Erasure.objects.count() == 1


# --- On request, by an administrator ---------------------------------------------------------------------------------


@pytest.fixture
def admin(client: Client) -> User:
    person = a_reader("root@example.org", is_staff=True, is_superuser=True)
    client.force_login(person)
    return person


def test_an_administrator_deletes_on_request_and_leaves_a_line(client: Client, admin: User, subscriber: User) -> None:
    address = f"/admin/rights/erasure/of/{subscriber.pk}/"
    assert address in client.get(f"/admin/readers/user/{subscriber.pk}/change/").content.decode()
    page = client.get(address).content.decode()
    assert "Erased at once" in page
    client.post(address)
    receipt = Erasure.objects.get()
    assert receipt.by_staff
    assert LogEntry.objects.latest("pk").object_repr == receipt.number
    assert every_cell_that_says(ADDRESS) <= cells_that_may_still_say_so()


def test_nobody_else_at_the_desk_may(client: Client, subscriber: User) -> None:
    client.force_login(somebody_in("Subscription desk"))
    assert client.post(f"/admin/rights/erasure/of/{subscriber.pk}/").status_code == 403
    assert User.objects.filter(email=ADDRESS).exists()


def test_while_stripe_is_away_the_administrator_is_told(
    client: Client, admin: User, subscriber: User, billing: FakeBilling
) -> None:
    billing.is_away = True
    page = client.post(f"/admin/rights/erasure/of/{subscriber.pk}/", follow=True).content.decode()
    assert "Nothing was deleted" in page


@pytest.mark.postgres
def test_two_presses_at_once_make_one_receipt(subscriber: User) -> None:
    def press(_: int) -> bool:
        try:
            erasure.erase(subscriber, at=NOW)
        except erasure.AlreadyErased:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, range(2))) == [False, True]
    assert Erasure.objects.count() == 1
