"""From the quote to the last day: what staff and the organisation may do with an agreement, and when."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import connection

from groups import agreeing, renewing
from groups.agreeing import NotPossible, QuoteIsOver
from groups.models import Contact, GroupAccount, GroupEvent, Seat, Term
from groups.models.term import State
from readers.models import Letter, User
from subscriptions.models import Contract
from tests.make import NOW, a_reader, a_term, an_agreement

pytestmark = pytest.mark.django_db
NOTHING_YET = {"quoted_at": None, "accepted_at": None, "invoiced_at": None, "paid_at": None}


def a_draft(**fields: Any) -> Term:
    """A draft of the year 2027 for an organisation with somebody who signs."""
    values: dict[str, Any] = {"starts_on": date(2027, 1, 1), "ends_on": date(2027, 12, 31)}
    group = an_agreement(**NOTHING_YET | values | fields)
    Contact.objects.create(group=group, role=Contact.Role.SIGNATORY, name="Anna", email="anna@harbour.example")
    return group.terms.get()


def accept(term: Term, **more: Any) -> Contract:
    values = {"name": "Anna Szabó", "email": "anna@harbour.example", "shown_html": "<p>25 seats</p>", "at": NOW}
    return agreeing.accept(term, **values | more)


def a_seat(group: GroupAccount, name: str) -> Seat:
    address = f"{name}@harbour.example"
    return Seat.objects.create(
        group=group,
        reader=a_reader(address),
        address=address,
        mailbox=address,
        how=Seat.How.STAFF,
        given_at=NOW,
        proved_at=NOW,
    )


# --- The quote ----------------------------------------------------------------------------------------


def test_a_quote_goes_to_whoever_signs_and_says_until_when(dora: User, django_capture_on_commit_callbacks: Any) -> None:
    term = a_draft()
    with django_capture_on_commit_callbacks(execute=True):
        agreeing.quote(term, by=dora, at=NOW)
    term.refresh_from_db()
    assert (term.quoted_by, term.quote_valid_until) == (dora, date(2026, 12, 17))
    assert mail.outbox[0].to == ["anna@harbour.example"]
    assert "17 December 2026" in mail.outbox[0].body
    assert "€1,500.00" in mail.outbox[0].body
    assert agreeing.term_of(agreeing.token_of(term)) == term


def test_another_quote_takes_the_place_of_the_one_before(dora: User) -> None:
    term = a_draft()
    agreeing.quote(term, by=dora, at=NOW)
    term.refresh_from_db()
    first = agreeing.token_of(term)
    agreeing.quote(term, by=dora, at=NOW + timedelta(days=1))
    assert agreeing.term_of(first) is None
    for forged in ("", "x", first[:-1], agreeing.signing.dumps("7", salt=agreeing.QUOTES)):
        assert agreeing.term_of(forged) is None


@pytest.mark.parametrize("why", ["accepted", "over", "nobody signs"])
def test_no_quote_is_sent_that_makes_no_sense(why: str, dora: User) -> None:
    term = a_draft()
    if why == "accepted":
        accept(term, by=dora)
    if why == "over":
        Term.objects.update(starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    if why == "nobody signs":
        Contact.objects.all().delete()
    with pytest.raises(NotPossible):
        agreeing.quote(term, by=dora, at=NOW)


# --- Yes ----------------------------------------------------------------------------------------------


def test_yes_makes_a_contract_with_what_was_shown_and_who_said_it(
    dora: User, django_capture_on_commit_callbacks: Any
) -> None:
    term = a_draft()
    agreeing.quote(term, by=dora, at=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        contract = accept(term, purchase_order="PO-7")
    term.refresh_from_db()
    assert (contract.kind, contract.channel, contract.reader) == ("group", "web", None)
    assert (contract.shown_text.strip(), contract.email, contract.price_cents) == (
        "25 seats",
        "anna@harbour.example",
        150_000,
    )
    assert (term.contract, term.accepted_name, term.purchase_order) == (contract, "Anna Szabó", "PO-7")
    assert term.state(at=NOW) == State.ACCEPTED
    assert {letter.kind for letter in Letter.objects.all()} >= {"group_confirmed", "operator_quote_accepted"}
    event = GroupEvent.objects.get(verb="accepted the quote")
    assert (event.actor, event.at, event.facts["contract"]) == (None, NOW, contract.number)


def test_yes_twice_is_one_contract(dora: User) -> None:
    term = a_draft()
    agreeing.quote(term, by=dora, at=NOW)
    assert accept(term) == accept(term)
    assert Contract.objects.count() == 1


@pytest.mark.parametrize(
    ("days", "is_over"), [(settings.GROUP_QUOTE_DAYS, False), (settings.GROUP_QUOTE_DAYS + 1, True)]
)
def test_yes_counts_until_the_last_day_of_the_quote(days: int, is_over: bool, dora: User) -> None:
    term = a_draft()
    agreeing.quote(term, by=dora, at=NOW)
    later = NOW + timedelta(days=days)
    if not is_over:
        assert accept(term, at=later)
        return
    with pytest.raises(QuoteIsOver):
        accept(term, at=later)
    assert accept(term, at=later, by=dora, how="signed letter"), "staff may note a yes that came late"


def test_a_quote_that_was_never_sent_is_accepted_by_nobody_but_staff(dora: User) -> None:
    with pytest.raises(QuoteIsOver):
        accept(a_draft())


def test_two_terms_of_one_agreement_do_not_overlap(dora: User) -> None:
    group = an_agreement()
    term = a_term(group, starts_on=date(2026, 12, 1), ends_on=date(2027, 11, 30), **NOTHING_YET)
    with pytest.raises(NotPossible, match="overlap"):
        accept(term, by=dora)


def test_a_term_with_fewer_seats_than_are_in_use_is_refused(dora: User) -> None:
    group = an_agreement(seats=3)
    for name in ("ada", "ben", "cleo"):
        a_seat(group, name)
    term = a_term(group, seats=2, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31), **NOTHING_YET)
    with pytest.raises(NotPossible, match="3 seats are in use"):
        accept(term, by=dora)


def test_the_next_term_begins_unpaid_where_the_one_before_was_paid_and_no_other(dora: User) -> None:
    group = an_agreement()
    follows = agreeing.renew(group, by=dora, at=NOW)
    accept(follows, by=dora)
    follows.refresh_from_db()
    assert follows.begun_unpaid_because == agreeing.RENEWS
    assert group.gives_access(at=datetime(2027, 6, 1, tzinfo=UTC))
    first = a_draft()
    accept(first, by=dora)
    assert not first.group.gives_access(at=datetime(2027, 6, 1, tzinfo=UTC))


# --- What staff decide ----------------------------------------------------------------------------------


def test_an_early_start_has_a_name_and_a_reason(dora: User) -> None:
    group = an_agreement(paid_at=None)
    term = group.terms.get()
    with pytest.raises(NotPossible, match="Say why"):
        agreeing.begin_before_payment(term, because=" ", by=dora, at=NOW)
    assert not group.gives_access(at=NOW)
    agreeing.begin_before_payment(term, because="The ministry pays late", by=dora, at=NOW)
    assert GroupAccount.objects.get().gives_access(at=NOW)
    term.refresh_from_db()
    assert (term.begun_unpaid_by, term.begun_unpaid_because, term.begins_unpaid) == (
        dora,
        "The ministry pays late",
        True,
    )
    assert GroupEvent.objects.get(verb="let it begin before payment").actor == dora


def test_nothing_begins_that_nobody_accepted(dora: User) -> None:
    with pytest.raises(NotPossible, match="accepted"):
        agreeing.begin_before_payment(a_draft(), because="In a hurry", by=dora, at=NOW)


def test_seats_are_never_lowered_below_those_in_use(dora: User) -> None:
    group = an_agreement(seats=3)
    for name in ("ada", "ben"):
        a_seat(group, name)
    term = group.terms.get()
    with pytest.raises(NotPossible, match="2 seats are in use"):
        agreeing.change_seats(term, 1, by=dora, at=NOW)
    assert agreeing.change_seats(term, 2, by=dora, at=NOW) == 0
    assert group.seat_limit(at=NOW) == 2
    assert GroupEvent.objects.get(verb="changed the seats").facts["was"] == 3


@pytest.mark.parametrize(
    ("at", "cents"),
    [
        (datetime(2025, 12, 1, tzinfo=UTC), 37_500),
        (datetime(2026, 1, 1, 12, tzinfo=UTC), 37_500),
        # 45 of 365 days are left, today among them: 5 of 20 seats of €1,500.
        (NOW, 4_623),
        (datetime(2026, 12, 31, 12, tzinfo=UTC), 103),
        (datetime(2027, 1, 1, 12, tzinfo=UTC), 0),
    ],
)
def test_added_seats_cost_their_share_of_the_days_that_are_left(at: datetime, cents: int) -> None:
    assert agreeing.added_cents(an_agreement(seats=20).terms.get(), 25, at=at) == cents


def test_fewer_seats_give_nothing_back_and_unlimited_ones_cannot_be_added_to(dora: User) -> None:
    assert agreeing.added_cents(an_agreement(seats=20).terms.get(), 10, at=NOW) == 0
    unlimited = an_agreement("Library", seats=None).terms.get()
    with pytest.raises(NotPossible):
        agreeing.change_seats(unlimited, 10, by=dora, at=NOW)


def test_a_seat_costs_the_same_however_often_seats_are_added_or_taken_away(dora: User) -> None:
    term = an_agreement(seats=20).terms.get()
    added = [agreeing.change_seats(term, seats, by=dora, at=NOW) for seats in (40, 60, 10, 11)]
    assert added == [18_493, 18_493, 0, 925]
    term.refresh_from_db()
    assert (term.seats, term.priced_seats) == (11, 20)


def test_of_older_terms_the_history_says_how_many_seats_the_price_was_agreed_for(dora: User) -> None:
    changed, other = an_agreement(seats=20).terms.get(), an_agreement("Quay", seats=20).terms.get()
    for seats in (40, 60):
        agreeing.change_seats(changed, seats, by=dora, at=NOW)
    Term.objects.update(seats_in_price=None)
    editor = SimpleNamespace(connection=connection)
    import_module("groups.migrations.0009_seats_in_price").remember(apps, editor)
    said = dict(Term.objects.values_list("pk", "seats_in_price"))
    assert said == {changed.pk: 20, other.pk: None}


@pytest.mark.parametrize(("seats", "cents"), [(40, 300_000), (10, 75_000), (21, 157_500)])
def test_the_next_term_has_the_price_of_all_its_seats(seats: int, cents: int, dora: User) -> None:
    group = an_agreement(seats=20)
    agreeing.change_seats(group.terms.get(), seats, by=dora, at=NOW)
    term = agreeing.renew(group, by=dora, at=NOW)
    assert (term.seats, term.price_cents, term.priced_seats) == (seats, cents, seats)


# --- Another term -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "next_first", "next_last"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1), date(2027, 12, 31)),
        (date(2027, 3, 1), date(2028, 2, 29), date(2028, 3, 1), date(2029, 2, 28)),
        (date(2026, 10, 15), date(2027, 1, 14), date(2027, 1, 15), date(2027, 4, 14)),
        (date(2026, 11, 10), date(2026, 11, 20), date(2026, 11, 21), date(2026, 12, 1)),
        # It was over for some days: the next begins today.
        (date(2025, 11, 1), date(2026, 10, 31), date(2026, 11, 17), date(2027, 11, 16)),
    ],
)
def test_the_next_term_goes_on_where_the_last_ends_and_is_as_long(
    first: date, last: date, next_first: date, next_last: date, dora: User
) -> None:
    group = an_agreement(starts_on=first, ends_on=last, seats=7)
    term = agreeing.renew(group, by=dora, at=NOW)
    assert (term.starts_on, term.ends_on, term.seats, term.price_cents) == (next_first, next_last, 7, 150_000)
    assert agreeing.renew(group, by=dora, at=NOW) == term, "one draft at a time"


def test_the_list_of_what_ends_leaves_out_what_goes_on(dora: User) -> None:
    for days in (10, 45, 80, 100):
        an_agreement(f"In {days}", ends_on=date(2026, 11, 17) + timedelta(days=days))
    renewed = an_agreement("Renewed", ends_on=date(2026, 12, 1))
    accept(agreeing.renew(renewed, by=dora, at=NOW), by=dora)
    ended = an_agreement("Ended", ends_on=date(2026, 12, 1))
    agreeing.end(ended, because="The firm is no more", by=dora, at=NOW)
    found = {
        days: [term.group.organisation for term in renewing.ending_within(days, at=NOW)] for days in renewing.AHEAD
    }
    assert found == {30: ["In 10"], 60: ["In 10", "In 45"], 90: ["In 10", "In 45", "In 80"]}


def test_an_organisation_is_told_once_and_the_desk_every_week() -> None:
    group = an_agreement(ends_on=date(2026, 12, 31))
    Contact.objects.create(group=group, role=Contact.Role.SIGNATORY, email="anna@harbour.example")
    assert renewing.write_due(at=NOW) == 2
    assert renewing.write_due(at=NOW + timedelta(days=1)) == 0
    assert renewing.write_due(at=NOW + timedelta(days=7)) == 1
    assert sorted(Letter.objects.values_list("kind", flat=True)) == ["group_ends", *["operator_agreements_end"] * 2]


# --- Suspended and ended ----------------------------------------------------------------------------------


def test_nobody_reads_while_suspended_and_everybody_again_afterwards(dora: User) -> None:
    group = an_agreement()
    assert agreeing.suspend(group, because="They asked for it", by=dora, at=NOW)
    assert not agreeing.suspend(group, because="Again", by=dora, at=NOW), "once is enough"
    group.refresh_from_db()
    assert (group.suspended_by, group.suspended_by_rule, group.gives_access(at=NOW)) == (dora, False, False)
    assert agreeing.restore(group, by=dora, at=NOW)
    group.refresh_from_db()
    assert group.gives_access(at=NOW)
    verbs = list(GroupEvent.objects.values_list("verb", flat=True))
    assert verbs == ["restored the agreement", "suspended the agreement"]


def test_an_end_before_the_last_day_has_a_reason_and_stays(dora: User) -> None:
    group = an_agreement()
    with pytest.raises(NotPossible):
        agreeing.end(group, because="", by=dora, at=NOW)
    assert agreeing.end(group, because="The firm is no more", by=dora, at=NOW)
    assert not agreeing.end(group, because="Twice", by=dora, at=NOW + timedelta(days=1))
    group.refresh_from_db()
    assert (group.state(at=NOW), group.ended_because) == (State.ENDED, "The firm is no more")
