"""Seats: counted, proved, taken, left and passed on."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, connections, transaction

from groups import inviting, seating, unmanaged
from groups.models import GroupAccount, GroupEvent, Invitation, Opening, Seat
from readers.models import Letter, User
from rights import erasure
from subscriptions.access import Source, all_entitlements_for, entitlement_for
from tests.make import (
    NOW,
    TOMORROW,
    YESTERDAY,
    a_domain,
    a_manager,
    a_reader,
    a_seat,
    a_subscription,
    a_term,
    an_agreement,
)

pytestmark = pytest.mark.django_db
BJORN = "b.ekstrom@harbourvale.example"


def take(group: GroupAccount, reader: User, **how: Any) -> Seat:
    return seating.take(group, reader, address=reader.email, how=Seat.How.STAFF, at=NOW, **how)


def full(group: GroupAccount, seats: int) -> None:
    for number in range(seats):
        a_seat(group, a_reader(f"reader{number}@harbourvale.example"))


# --- What a seat gives ---------------------------------------------------------------------------------


def test_a_seat_lets_its_reader_read_until_the_term_is_over() -> None:
    group, bjorn = an_agreement(), a_reader(BJORN)
    a_seat(group, bjorn)
    entitlement = entitlement_for(bjorn, at=NOW)
    assert entitlement is not None
    assert (entitlement.source, entitlement.through) == (Source.SEAT, "Harbour & Vale")
    assert entitlement.until is not None
    assert entitlement.until.date() == group.terms.get().ends_on


@pytest.mark.parametrize(
    "change",
    [
        {"suspended_at": NOW, "suspended_because": "Overdue"},
        {"ended_at": YESTERDAY, "ended_because": "Closed down"},
    ],
)
def test_a_seat_gives_nothing_while_the_agreement_does_not_stand(change: dict[str, Any]) -> None:
    group, bjorn = an_agreement(), a_reader(BJORN)
    a_seat(group, bjorn)
    GroupAccount.objects.update(**change)
    assert entitlement_for(bjorn, at=NOW) is None


def test_a_seat_inherits_the_dates_and_never_copies_them() -> None:
    group, bjorn = an_agreement(ends_on=date(2026, 11, 16)), a_reader(BJORN)
    a_seat(group, bjorn)
    assert entitlement_for(bjorn, at=NOW) is None
    a_term(group, starts_on=date(2026, 11, 17), ends_on=date(2027, 11, 16))
    assert entitlement_for(bjorn, at=NOW) is not None


def test_a_seat_that_was_left_gives_nothing() -> None:
    bjorn = a_reader(BJORN)
    seat = a_seat(an_agreement(), bjorn)
    assert seating.leave(seat, at=NOW)
    assert not seating.leave(seat, at=NOW)
    assert entitlement_for(bjorn, at=NOW) is None


def test_of_two_groups_the_one_that_lasts_longer_speaks(django_assert_num_queries: Any) -> None:
    bjorn = a_reader(BJORN)
    a_seat(an_agreement(), bjorn)
    a_seat(an_agreement("Northgate", ends_on=date(2027, 3, 31)), bjorn)
    from groups.access import by_seat

    with django_assert_num_queries(1):
        entitlement = by_seat(bjorn, NOW)
    assert entitlement is not None
    assert entitlement.through == "Northgate"


def test_an_own_subscription_and_a_seat_are_both_told() -> None:
    bjorn = a_reader(BJORN)
    a_subscription(bjorn)
    a_seat(an_agreement(), bjorn)
    assert [one.source for one in all_entitlements_for(bjorn, at=NOW)] == [Source.SUBSCRIPTION, Source.SEAT]


# --- Counted -------------------------------------------------------------------------------------------


def test_there_is_never_one_too_many() -> None:
    group = an_agreement(seats=2)
    full(group, 2)
    with pytest.raises(seating.NoSeatsLeft):
        take(group, a_reader(BJORN))
    assert Seat.objects.held().count() == 2


def test_a_seat_that_an_invitation_keeps_is_nobody_elses() -> None:
    group = an_agreement(seats=2)
    full(group, 1)
    inviting.invite(group, "c.daly@harbourvale.example", by=None, language="en", at=NOW)
    with pytest.raises(seating.NoSeatsLeft):
        take(group, a_reader(BJORN))
    room = seating.room_in(group, at=NOW)
    assert (room.used, room.promised, room.free) == (1, 1, 0)


def test_an_invitation_that_was_not_answered_in_time_keeps_no_seat() -> None:
    group = an_agreement(seats=1)
    inviting.invite(group, "c.daly@harbourvale.example", by=None, language="en", at=NOW - timedelta(days=14))
    assert take(group, a_reader(BJORN)).is_held


def test_the_invited_take_what_is_free_even_when_more_were_invited_than_seats_are_left() -> None:
    group = an_agreement(seats=5)
    for name in "abc":
        inviting.invite(group, f"{name}@x.example", by=None, at=NOW, language="en")
    full(group, 2)
    group.terms.update(seats=4)
    for address in ("a@x.example", "b@x.example"):
        assert inviting.accept(Invitation.objects.get(address=address), a_reader(address), at=NOW)
    with pytest.raises(seating.NoSeatsLeft):
        inviting.accept(Invitation.objects.get(address="c@x.example"), a_reader("c@x.example"), at=NOW)


def test_taking_a_seat_twice_gives_the_same_one() -> None:
    group, bjorn = an_agreement(), a_reader(BJORN)
    assert take(group, bjorn) == take(group, bjorn)


def test_one_mailbox_takes_one_seat_however_it_is_tagged() -> None:
    group = an_agreement()
    take(group, a_reader(BJORN))
    with pytest.raises(seating.SitsThereAlready):
        take(group, a_reader("b.ekstrom+news@harbourvale.example"))


def test_as_many_as_they_like_where_no_number_was_agreed() -> None:
    group = an_agreement(seats=None)
    full(group, 3)
    assert take(group, a_reader(BJORN)).is_held
    assert seating.room_in(group, at=NOW).free is None


@pytest.mark.parametrize("begins", [date(2026, 11, 18), date(2027, 1, 1)])
def test_nobody_is_seated_before_the_agreement_begins(begins: date) -> None:
    group = an_agreement(starts_on=begins, ends_on=date(2027, 12, 31))
    with pytest.raises(seating.NotRunning):
        take(group, a_reader(BJORN))


def test_seats_lowered_below_those_in_use_cost_nobody_theirs_and_let_nobody_in() -> None:
    group = an_agreement(seats=3)
    full(group, 3)
    group.terms.update(seats=1)
    assert seating.room_in(group, at=NOW).is_over_full
    assert entitlement_for(User.objects.get(email="reader2@harbourvale.example"), at=NOW) is not None
    with pytest.raises(seating.NoSeatsLeft):
        take(group, a_reader(BJORN))


def test_the_database_refuses_a_second_seat_of_one_reader() -> None:
    group, bjorn = an_agreement(), a_reader(BJORN)
    a_seat(group, bjorn)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_seat(group, bjorn, mailbox="other@harbourvale.example")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_fifty_who_race_for_the_last_seat_one_gets_it() -> None:
    group = an_agreement(seats=1)
    readers = [a_reader(f"reader{number}@harbourvale.example") for number in range(50)]
    gate, got = threading.Barrier(50), []

    def race(reader: User) -> None:
        try:
            gate.wait()
            got.append(take(group, reader))
        except seating.NoSeatsLeft:
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    assert Seat.objects.held().count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_invitation_accepted_by_ten_windows_at_once_is_one_seat() -> None:
    group, bjorn = an_agreement(seats=1), a_reader(BJORN)
    inviting.invite(group, BJORN, by=None, language="en", at=NOW)
    invitation, gate, got = Invitation.objects.get(), threading.Barrier(10), []

    def press() -> None:
        try:
            gate.wait()
            got.append(inviting.accept(invitation, bjorn, at=NOW))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 10
    assert Seat.objects.count() == 1


# --- Left, freed, passed on ----------------------------------------------------------------------------


def test_who_is_removed_is_told_by_mail_and_the_history_says_by_whom() -> None:
    group = an_agreement()
    anna, bjorn = a_manager(group), a_reader(BJORN)
    seat = a_seat(group, bjorn)
    assert seating.remove(seat, by=anna, at=NOW)
    assert not seating.remove(seat, by=anna, at=NOW)
    assert Letter.objects.get(kind="seat_ended").to == BJORN
    event = GroupEvent.objects.get()
    assert (event.actor, event.verb, event.at) == (anna, "ended a seat (Removed)", NOW)
    assert BJORN not in str(event.facts)


def test_only_seats_unused_for_sixty_days_are_freed_and_only_those_that_were_shown() -> None:
    group = an_agreement()
    anna = a_manager(group)
    today = NOW.date()
    days = {"never": None, "long": today - timedelta(days=61), "just": today - timedelta(days=60), "now": today}
    seats = {name: a_seat(group, a_reader(f"{name}@x.example"), last_used_on=day) for name, day in days.items()}
    seats["new"] = a_seat(group, a_reader("new@x.example"), given_at=NOW - timedelta(days=59))
    seats["today"] = a_seat(group, a_reader("today@x.example"), last_used_on=days["long"])
    Opening.objects.create(group=group, reader=seats["today"].reader, article=1, section="Climate", at=NOW)
    seats["not shown"] = a_seat(group, a_reader("hidden@x.example"))
    shown = [seat.pk for name, seat in seats.items() if name != "not shown"]
    assert seating.free_unused(group, shown, by=anna, at=NOW) == 2
    freed = Seat.objects.filter(ended_because=Seat.Why.UNUSED)
    assert set(freed) == {seats["never"], seats["long"]}


def test_the_rule_of_unused_seats_says_the_same_as_query_and_as_method() -> None:
    group = an_agreement()
    for number in range(58, 63):
        day, since = NOW.date() - timedelta(days=number), NOW - timedelta(days=number)
        a_seat(group, a_reader(f"a{number}@x.example"), last_used_on=day)
        a_seat(group, a_reader(f"b{number}@x.example"), given_at=since)
        a_seat(group, a_reader(f"c{number}@x.example"), given_at=since, last_used_on=day)
        reads = a_seat(group, a_reader(f"d{number}@x.example"), last_used_on=day)
        Opening.objects.create(group=group, reader=reads.reader, article=1, section="Climate", at=NOW)
    for at in (NOW, NOW + timedelta(hours=13), TOMORROW):
        by_query = set(Seat.objects.unused(at=at))
        assert by_query == {seat for seat in Seat.objects.all() if seat.is_unused(at=at)}
        assert by_query


def test_a_seat_is_passed_on_in_one_step_even_when_all_are_taken() -> None:
    group = an_agreement(seats=1)
    anna, bjorn = a_manager(group), a_reader(BJORN)
    seat = a_seat(group, bjorn)
    outcome = inviting.pass_on(seat, "c.daly@harbourvale.example", by=anna, language="en", at=NOW)
    assert outcome == "invited"
    assert Seat.objects.get().ended_because == Seat.Why.TRANSFERRED
    assert seating.room_in(group, at=NOW).promised == 1


@pytest.mark.parametrize("typed", ["nobody", "anna@harb0urvale.example", BJORN])
def test_a_seat_stays_where_it_is_when_the_new_address_will_not_do(typed: str) -> None:
    group = an_agreement(seats=1)
    a_domain(group)
    anna, bjorn = a_manager(group), a_reader(BJORN)
    seat = a_seat(group, bjorn)
    assert inviting.pass_on(seat, typed, by=anna, language="en", at=NOW) != "invited"
    assert Seat.objects.get().is_held
    assert not Letter.objects.exists()


# --- Who looks after them ------------------------------------------------------------------------------


def test_the_last_manager_cannot_leave_the_task_but_with_a_second_one_can() -> None:
    group = an_agreement()
    anna, second = a_manager(group), a_reader("davide@harbourvale.example")
    manager = group.managers.get()
    with pytest.raises(seating.LastManager):
        seating.unmake_manager(manager, by=anna, at=NOW)
    seating.make_manager(group, second, address=second.email, by=anna, at=NOW)
    assert seating.unmake_manager(manager, by=anna, at=NOW)
    assert [one.reader for one in group.managers.present()] == [second]


def test_a_manager_whose_account_is_closed_counts_for_nobody() -> None:
    group = an_agreement()
    anna, second = a_manager(group), a_reader("davide@harbourvale.example", is_active=False)
    seating.make_manager(group, second, address=second.email, by=anna, at=NOW)
    with pytest.raises(seating.LastManager):
        seating.unmake_manager(group.managers.get(reader=anna), by=anna, at=NOW)


def test_staff_may_end_the_last_one() -> None:
    group = an_agreement()
    a_manager(group)
    carol = a_reader("carol@example.org", is_staff=True)
    assert seating.unmake_manager(group.managers.get(), by=carol, at=NOW)


def test_being_made_a_manager_twice_is_once_and_one_letter() -> None:
    group = an_agreement()
    anna, second = a_manager(group), a_reader("davide@harbourvale.example")
    for _ in range(2):
        seating.make_manager(group, second, address=second.email, by=anna, at=NOW)
    assert group.managers.count() == 2
    assert Letter.objects.filter(kind="manager_made").count() == 1


@pytest.mark.parametrize("how", ["deletes the account", "is closed", "is ended by staff"])
def test_the_desk_hears_once_that_the_last_manager_is_gone(how: str) -> None:
    group, anna = an_agreement(), a_reader("anna@harbourvale.example")
    never_managed = an_agreement("Northgate")
    manager = seating.make_manager(group, anna, address=anna.email, by=None, at=NOW)
    assert unmanaged.tell(at=NOW) == 0
    if how == "deletes the account":
        erasure.erase(anna, at=NOW)
    elif how == "is closed":
        User.objects.filter(pk=anna.pk).update(is_active=False)
    else:
        seating.unmake_manager(manager, by=a_reader("carol@example.org", is_staff=True), at=NOW)
    assert [unmanaged.tell(at=NOW) for _ in range(2)] == [1, 0]
    letter = Letter.objects.get(kind="operator_no_manager")
    assert (letter.to, letter.reader) == ("readers@viaduct.example", None)
    assert "Harbour & Vale has no manager any more" in letter.subject
    assert GroupEvent.objects.filter(group=group).latest("pk").verb == "was left without a manager"
    assert not never_managed.events.exists()
    next_one = a_reader("next@harbourvale.example")
    seating.make_manager(group, next_one, address=next_one.email, by=None, at=NOW)
    assert unmanaged.tell(at=NOW) == 0


# --- Who moves -----------------------------------------------------------------------------------------


def test_a_seat_by_domain_ends_with_the_address_at_once_and_is_freed_in_the_night() -> None:
    group, bjorn = an_agreement(), a_reader(BJORN)
    seat = a_seat(group, bjorn, how=Seat.How.DOMAIN, domain=a_domain(group))
    assert seating.end_moved(at=NOW) == 0
    bjorn.email = "bjorn@home.example"
    bjorn.save(update_fields=["email"])
    EmailAddress.objects.filter(user=bjorn).update(email="bjorn@home.example")
    assert entitlement_for(bjorn, at=NOW) is None
    assert seating.end_moved(at=NOW) == 1
    seat.refresh_from_db()
    assert seat.ended_because == Seat.Why.MOVED


def test_who_was_invited_keeps_the_seat_with_another_address_and_the_group_does_not_see_it() -> None:
    group, bjorn = an_agreement(), a_reader(BJORN)
    seat = a_seat(group, bjorn)
    bjorn.email = "bjorn@home.example"
    bjorn.save(update_fields=["email"])
    assert entitlement_for(bjorn, at=NOW) is not None
    assert seat.address == BJORN
