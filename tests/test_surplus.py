"""One reader, one live subscription: a second completion is ended and given back by itself."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from readers.models import User
from subscriptions import surplus, webhooks
from subscriptions.access import entitlement_for
from subscriptions.billing import PaymentFacts, SubscriptionFacts
from subscriptions.models import Customer, Subscription, TrialUse
from tests.fakes import FakeBilling
from tests.make import NOW, a_customer, a_plan, a_reader, a_subscription, the_facts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bob(billing: FakeBilling) -> User:
    """Who has paid for a year, and a minute later for a month."""
    a_plan("year")
    a_plan("month")
    reader = a_customer()
    first = the_facts("year", stripe_id="sub_first", until=NOW + timedelta(days=365))
    later = NOW + timedelta(minutes=1)
    second = replace(first, stripe_id="sub_second", price_id="price_month", price_cents=1500, started_at=later)
    billing.states = {"sub_first": first, "sub_second": second}
    billing.payments = {"sub_second": [PaymentFacts("pi_2", "in_2", 1500, 0, later)]}
    return reader


def test_the_database_refuses_a_second_live_one() -> None:
    reader = a_reader()
    a_subscription(reader)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_subscription(reader, "trialing")


def test_one_that_has_ended_is_no_obstacle() -> None:
    reader = a_reader()
    a_subscription(reader, "canceled")
    a_subscription(reader)
    assert Subscription.objects.live().count() == 1


@pytest.mark.parametrize("order", list(permutations(["sub_first", "sub_second", "sub_second"])))
def test_the_older_contract_stays_whichever_is_heard_of_first(
    bob: User, billing: FakeBilling, order: tuple[str, ...]
) -> None:
    for stripe_id in order:
        with webhooks.locked(bob.pk) as reader:
            webhooks.record(reader, billing.subscription(stripe_id), at=NOW)
    assert Subscription.objects.live().get().stripe_id == "sub_first"
    assert billing.states["sub_first"].status == "active"
    assert billing.states["sub_second"].status == "canceled"
    assert [one.cents for one in billing.refunds.values()] == [1500]


def test_the_reader_is_told_once_and_reads_on(bob: User, billing: FakeBilling) -> None:
    for stripe_id in ("sub_first", "sub_second", "sub_first", "sub_second"):
        webhooks.record(bob, billing.subscription(stripe_id), at=NOW)
    told = [letter for letter in mail.outbox if "twice" in letter.subject]
    assert len(told) == 1
    assert "€15.00" in told[0].body
    assert entitlement_for(bob, at=NOW)


def test_while_stripe_is_away_the_surplus_waits_and_is_settled_once_it_is_back(bob: User, billing: FakeBilling) -> None:
    webhooks.record(bob, billing.states["sub_first"], at=NOW)
    second = billing.states["sub_second"]
    billing.is_away = True
    webhooks.record(bob, second, at=NOW)
    assert Subscription.objects.surplus_to_settle().count() == 1
    assert surplus.settle_all(at=NOW) == 0
    billing.is_away = False
    assert surplus.settle_all(at=NOW) == 1
    assert surplus.settle_all(at=NOW) == 0
    assert billing.calls.count("refund") == 1


def test_a_payment_that_staff_gave_back_already_is_not_given_back_again(bob: User, billing: FakeBilling) -> None:
    billing.payments["sub_second"] = [PaymentFacts("pi_2", "in_2", 1500, 1500, NOW)]
    webhooks.record(bob, billing.states["sub_first"], at=NOW)
    webhooks.record(bob, billing.states["sub_second"], at=NOW)
    assert "refund" not in billing.calls


def a_trial(billing: FakeBilling, reader: User, stripe_id: str, fingerprint: str) -> SubscriptionFacts:
    customer, _ = Customer.objects.get_or_create(
        reader=reader, defaults={"stripe_id": f"cus_{reader.pk}", "created_at": NOW}
    )
    ends = NOW + timedelta(days=30)
    billing.states[stripe_id] = replace(
        billing.states["sub_first"],
        stripe_id=stripe_id,
        customer_id=customer.stripe_id,
        status="trialing",
        period_ends_at=ends,
        trial_ends_at=ends,
        fingerprint=fingerprint,
    )
    return billing.states[stripe_id]


def test_a_card_has_one_free_trial_whatever_the_address(bob: User, billing: FakeBilling) -> None:
    anna, again = a_reader("anna@example.org"), a_reader("other@example.org")
    webhooks.record(anna, a_trial(billing, anna, "sub_anna", "fp_1"), at=NOW)
    webhooks.record(again, a_trial(billing, again, "sub_again", "fp_1"), at=NOW)
    assert entitlement_for(anna, at=NOW)
    assert entitlement_for(again, at=NOW) is None
    assert billing.states["sub_again"].status == "canceled"
    assert [letter.to for letter in mail.outbox if "second free trial" in letter.subject] == [["other@example.org"]]


def test_the_letter_about_a_second_trial_says_that_nothing_was_charged(bob: User, billing: FakeBilling) -> None:
    anna, again = a_reader("anna@example.org"), a_reader("other@example.org")
    webhooks.record(anna, a_trial(billing, anna, "sub_anna", "fp_1"), at=NOW)
    webhooks.record(again, a_trial(billing, again, "sub_again", "fp_1"), at=NOW)
    letter = next(one for one in mail.outbox if "second free trial" in one.subject)
    assert letter.subject.endswith(", and no charge")
    for words in (letter.body, letter.alternatives[0][0]):
        assert "Nothing was charged." in words
        assert "way back" not in words


def test_and_where_it_was_charged_before_it_could_be_ended_how_much_goes_back(bob: User, billing: FakeBilling) -> None:
    anna, again = a_reader("anna@example.org"), a_reader("other@example.org")
    webhooks.record(anna, a_trial(billing, anna, "sub_anna", "fp_1"), at=NOW)
    facts = a_trial(billing, again, "sub_again", "fp_1")
    billing.is_away = True
    webhooks.record(again, facts, at=NOW)
    a_month_later = NOW + timedelta(days=31)
    billing.becomes("sub_again", status="active")
    billing.payments["sub_again"] = [PaymentFacts("pi_9", "in_9", 15000, 0, a_month_later)]
    billing.is_away = False
    assert surplus.settle_all(at=a_month_later) == 1
    assert [one.cents for one in billing.refunds.values()] == [15000]
    letter = next(one for one in mail.outbox if "second free trial" in one.subject)
    assert "no charge" not in letter.subject
    for words in (letter.body, letter.alternatives[0][0]):
        assert "€150.00" in words
        assert "Nothing was charged" not in words


def test_a_mailbox_has_one_free_trial_however_its_address_is_written(bob: User, billing: FakeBilling) -> None:
    """Both pages were opened before either was paid."""
    one, two = a_reader("abuse+1@example.org"), a_reader("abuse+2@example.org")
    webhooks.record(one, a_trial(billing, one, "sub_one", "fp_1"), at=NOW)
    webhooks.record(two, a_trial(billing, two, "sub_two", "fp_2"), at=NOW)
    assert entitlement_for(one, at=NOW)
    assert entitlement_for(two, at=NOW) is None


def test_other_cards_and_cards_without_a_mark_have_theirs(bob: User, billing: FakeBilling) -> None:
    for number, fingerprint in enumerate(["fp_1", "fp_2", "", ""]):
        reader = a_reader(f"reader{number}@example.org")
        webhooks.record(reader, a_trial(billing, reader, f"sub_{number}", fingerprint), at=NOW)
        assert entitlement_for(reader, at=NOW)


def test_hearing_of_a_trial_again_does_not_end_it(bob: User, billing: FakeBilling) -> None:
    anna = a_reader("anna@example.org")
    facts = a_trial(billing, anna, "sub_anna", "fp_1")
    for _ in range(3):
        webhooks.record(anna, facts, at=NOW)
    assert entitlement_for(anna, at=NOW)


def test_staff_allow_another_trial_by_deleting_the_note(bob: User, billing: FakeBilling) -> None:
    anna, spouse = a_reader("anna@example.org"), a_reader("spouse@example.org")
    webhooks.record(anna, a_trial(billing, anna, "sub_anna", "fp_1"), at=NOW)
    TrialUse.objects.get(mailbox="anna@example.org").delete()
    webhooks.record(spouse, a_trial(billing, spouse, "sub_spouse", "fp_1"), at=NOW)
    assert entitlement_for(spouse, at=NOW)
