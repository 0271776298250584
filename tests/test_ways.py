"""Why somebody may read is one question to the database, whoever they are, and it says what each way says alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection

from groups.access import by_seat
from groups.models import Domain, GroupAccount, Seat
from readers.models import User
from subscriptions import ways
from subscriptions.access import all_entitlements_for, by_grant, by_subscription, entitlement_for
from tests.make import NOW, a_grant, a_reader, a_subscription, an_agreement

pytestmark = pytest.mark.django_db
WAYS = (by_subscription, by_seat, by_grant)
DAY = timedelta(days=1)


on_postgresql = pytest.mark.skipif("sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQL is put once there")


def a_seat(reader: User, group: GroupAccount, **fields: Any) -> Seat:
    values = {"address": reader.email, "mailbox": reader.email, "how": "invitation", "given_at": NOW, "proved_at": NOW}
    return Seat.objects.create(group=group, reader=reader, **values | fields)


def everybody() -> dict[str, User]:
    """Readers in every standing that the three ways know."""
    carol = a_reader("carol@example.org", is_staff=True)
    found = {name: a_reader(f"{name}@example.org") for name in ("nobody", "trial", "pays", "grace", "lapsed", "paused")}
    a_subscription(found["trial"], "trialing")
    a_subscription(found["pays"], payment_pending=True)
    a_subscription(found["grace"], "past_due")
    a_subscription(found["lapsed"], "canceled")
    a_subscription(found["paused"], pause_starts_at=NOW - DAY, pause_ends_at=NOW + DAY)
    for name in ("seated", "over", "everything", "granted", "moved", "bücher"):
        found[name] = a_reader(f"{name}@example.org" if name != "bücher" else "leser@bücher.example")
    group, over = an_agreement(), an_agreement("Over", ends_on=date(2026, 11, 16))
    longer = an_agreement("Longer", ends_on=date(2027, 11, 16))
    a_seat(found["seated"], group)
    a_seat(found["seated"], longer)
    a_seat(found["over"], over)
    domain = Domain.objects.create(group=group, name="example.org", added_at=NOW)
    a_seat(found["moved"], group, domain=domain, address="elsewhere@example.org")
    books = Domain.objects.create(group=group, name="xn--bcher-kva.example", added_at=NOW)
    a_seat(found["bücher"], group, domain=books, address="leser@xn--bcher-kva.example")
    a_grant(found["granted"], by=carol)
    a_grant(found["granted"], by=carol, ends_at=NOW + 2 * DAY)
    a_subscription(found["everything"])
    a_seat(found["everything"], group)
    a_grant(found["everything"], by=carol)
    return found


def test_asked_together_they_say_what_each_says_alone() -> None:
    readers = everybody()
    sources = {}
    for name, reader in readers.items():
        for at in (NOW, NOW + 3 * DAY, NOW + 40 * DAY):
            together = ways.ask(WAYS, reader, at)
            alone = {way: said for way in WAYS if (said := way(reader, at))}
            assert together == alone, (name, at)
            sources[name, at] = [said.source for said in alone.values()]
    assert sources["everything", NOW] == ["subscription", "seat", "grant"]
    assert sources["bücher", NOW] == sources["seated", NOW] == ["seat"]
    assert not sources["nobody", NOW]
    assert not sources["moved", NOW]


@pytest.mark.parametrize("name", ["nobody", "pays", "seated", "granted", "everything", "lapsed"])
def test_it_is_one_question_whoever_asks(name: str, django_assert_num_queries: Any) -> None:
    reader = everybody()[name]
    entitlement_for(reader, at=NOW)
    for ask in (entitlement_for, all_entitlements_for):
        with django_assert_num_queries(1):
            ask(reader, at=NOW)


def test_staff_are_asked_nothing(django_assert_num_queries: Any) -> None:
    carol = a_reader("carol@example.org", is_staff=True)
    with django_assert_num_queries(0):
        assert entitlement_for(carol, at=NOW)


@pytest.mark.postgres
@on_postgresql
@pytest.mark.parametrize(
    "at",
    [
        NOW,
        datetime(2026, 3, 28, 22, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2026, 10, 24, 22, 0, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 0, 0, 1, tzinfo=UTC),
        datetime(2028, 2, 29, 0, 30, tzinfo=UTC),
    ],
)
@pytest.mark.parametrize("email", ["ana@example.org", "ana@bücher.example", "ana+tag@xn--bcher-kva.example"])
def test_what_was_put_into_sql_once_is_what_django_would_ask_now(at: datetime, email: str) -> None:
    reader = User(pk=77, email=email)
    prepared = ways._prepared(WAYS, DEFAULT_DB_ALIAS)
    assert prepared is not None
    sql, values = ways.question(WAYS, reader, at).query.get_compiler(connection=connection).as_sql()
    assert prepared.sql == sql
    assert [fill(reader, at) for fill in prepared.fills] == list(values)


@pytest.mark.postgres
@on_postgresql
def test_a_value_that_cannot_be_told_leaves_the_question_to_django() -> None:
    blind = ways.Way(
        rows=by_seat.rows, columns=by_seat.columns, read=by_seat.read, of_reader=(lambda reader: reader.pk,)
    )
    assert ways._prepared((by_subscription, blind, by_grant), DEFAULT_DB_ALIAS) is None
    reader = everybody()["bücher"]
    assert [said.source for said in ways.ask((by_subscription, blind, by_grant), reader, NOW).values()] == ["seat"]
