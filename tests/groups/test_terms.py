"""When an agreement lets people read: its days, its payment, and who decided otherwise."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from groups.models import GroupAccount, GroupEvent, Term
from groups.models.term import State
from tests.make import NOW, a_reader, a_term, an_agreement

pytestmark = pytest.mark.django_db
# Midnight in Brussels between 2026 and 2027.
NEW_YEAR = datetime.fromisoformat("2027-01-01T00:00:00+01:00")
BEFORE = datetime.fromisoformat("2026-01-01T00:00:00+01:00") - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("term", "group", "state"),
    [
        ({}, {}, State.ACTIVE),
        ({"paid_at": None}, {}, State.INVOICED),
        ({"paid_at": None, "begun_unpaid_at": NOW, "begun_unpaid_because": "The ministry pays late"}, {}, State.ACTIVE),
        ({"paid_at": None, "invoiced_at": None}, {}, State.ACCEPTED),
        ({"paid_at": None, "invoiced_at": None, "accepted_at": None}, {}, State.QUOTED),
        ({"paid_at": None, "invoiced_at": None, "accepted_at": None, "quoted_at": None}, {}, State.DRAFT),
        ({"starts_on": date(2026, 12, 1)}, {}, State.PAID),
        ({"ends_on": date(2026, 11, 16)}, {}, State.ENDED),
        ({}, {"suspended_at": NOW, "suspended_because": "Not paid"}, State.SUSPENDED),
        ({}, {"ended_at": NOW, "ended_because": "The firm is no more"}, State.ENDED),
        ({}, {"ended_at": NOW + timedelta(seconds=1), "ended_because": "Soon"}, State.ACTIVE),
    ],
)
def test_an_agreement_stands_where_its_facts_say(term: dict[str, Any], group: dict[str, Any], state: State) -> None:
    agreement = an_agreement(**term)
    GroupAccount.objects.update(**group)
    agreement.refresh_from_db()
    assert agreement.state(at=NOW) == state
    for at in (BEFORE, NOW, NEW_YEAR - timedelta(seconds=1), NEW_YEAR):
        says = agreement.gives_access(at=at)
        assert GroupAccount.objects.giving_access(at=at).exists() == says
        assert (agreement.term_at(at=at) is not None) == says
    assert agreement.gives_access(at=NOW) == (state == State.ACTIVE)


def test_both_days_of_a_term_are_part_of_it_in_brussels() -> None:
    agreement = an_agreement()
    moments = (BEFORE, BEFORE + timedelta(seconds=1), NEW_YEAR - timedelta(seconds=1), NEW_YEAR)
    assert [agreement.gives_access(at=at) for at in moments] == [False, True, True, False]
    assert agreement.terms.get().access_ends_at == NEW_YEAR


def test_the_database_refuses_dates_in_the_wrong_order() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        an_agreement(starts_on=date(2026, 2, 1), ends_on=date(2026, 1, 31))


def test_the_database_refuses_a_start_before_payment_without_a_reason() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        an_agreement(paid_at=None, begun_unpaid_at=NOW)


def test_the_database_refuses_an_invoice_before_acceptance() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        an_agreement(accepted_at=None, paid_at=None)


def test_no_seat_is_given_that_the_next_term_will_not_have() -> None:
    agreement = an_agreement(seats=20)
    assert agreement.seat_limit(at=NOW) == 20
    a_term(agreement, seats=12, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31), paid_at=None, invoiced_at=None)
    assert agreement.seat_limit(at=NOW) == 12
    assert agreement.seat_limit(at=NEW_YEAR) == 0, "not paid, and nobody decided to begin before"


def test_a_suspended_agreement_has_no_seat_to_give_and_an_unlimited_one_any_number() -> None:
    assert an_agreement(seats=None).seat_limit(at=NOW) is None
    suspended = an_agreement("Quay")
    suspended.suspended_at, suspended.suspended_because = NOW, "Not paid"
    assert suspended.seat_limit(at=NOW) == 0


def test_what_was_noted_is_never_altered_but_for_the_name_of_who_left() -> None:
    carol = a_reader("carol@example.org", is_staff=True)
    event = GroupEvent.note(an_agreement(), carol, "accepted the quote", at=NOW, seats=20)
    GroupEvent.objects.update(actor=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        GroupEvent.objects.filter(pk=event.pk).update(verb="did nothing")
    assert Term.objects.binding().count() == 1
