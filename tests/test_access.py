"""Who may read, why, and until when."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from subscriptions.access import Source, all_entitlements_for, entitlement_for
from subscriptions.models import Subscription
from subscriptions.models.subscription import PAYMENT_GRACE, RENEWAL_SLACK
from tests.make import NOW, a_grant, a_reader, a_subscription

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
EVERY_STATUS = (
    "trialing",
    "active",
    "past_due",
    "canceled",
    "unpaid",
    "incomplete",
    "incomplete_expired",
    "paused",
)


def test_a_visitor_is_not_entitled() -> None:
    assert entitlement_for(AnonymousUser(), at=NOW) is None


def test_an_account_alone_is_not_entitled() -> None:
    assert entitlement_for(a_reader(), at=NOW) is None


def test_a_closed_account_is_not_entitled_whatever_it_paid() -> None:
    reader = a_reader(is_active=False)
    a_subscription(reader)
    assert entitlement_for(reader, at=NOW) is None
    assert all_entitlements_for(reader, at=NOW) == []


@pytest.mark.parametrize(
    ("status", "source"),
    [("trialing", Source.TRIAL), ("active", Source.SUBSCRIPTION), ("past_due", Source.GRACE)],
)
def test_these_states_of_stripe_give_access(status: str, source: Source) -> None:
    reader = a_reader()
    a_subscription(reader, status)
    entitlement = entitlement_for(reader, at=NOW)
    assert entitlement is not None
    assert entitlement.source is source


@pytest.mark.parametrize("status", ["canceled", "unpaid", "incomplete", "incomplete_expired", "paused"])
def test_these_states_of_stripe_give_none(status: str) -> None:
    reader = a_reader()
    a_subscription(reader, status)
    assert entitlement_for(reader, at=NOW) is None


def test_a_renewal_that_is_late_locks_nobody_out_for_48_hours() -> None:
    reader = a_reader()
    one = a_subscription(reader, period_ends_at=NOW)
    assert one.gives_access(at=NOW + RENEWAL_SLACK - SECOND)
    assert entitlement_for(reader, at=NOW + RENEWAL_SLACK - SECOND)
    assert entitlement_for(reader, at=NOW + RENEWAL_SLACK) is None


def test_a_failed_payment_leaves_14_days_from_the_invoice_that_failed() -> None:
    reader = a_reader()
    a_subscription(reader, "past_due", unpaid_since=NOW)
    entitlement = entitlement_for(reader, at=NOW + PAYMENT_GRACE - SECOND)
    assert entitlement is not None
    assert entitlement.until == NOW + timedelta(days=14)
    assert entitlement_for(reader, at=NOW + PAYMENT_GRACE) is None


def test_a_cancelled_subscription_reads_until_its_end_and_not_a_second_longer() -> None:
    reader = a_reader()
    ends = NOW + timedelta(days=5)
    a_subscription(reader, ends_at=ends, period_ends_at=ends, cancelled_at=NOW)
    assert entitlement_for(reader, at=ends - SECOND)
    assert entitlement_for(reader, at=ends) is None


def test_a_grant_lasts_from_its_start_to_its_end() -> None:
    reader, staff = a_reader(), a_reader("carol@example.org", is_staff=True)
    grant = a_grant(reader, by=staff, starts_at=NOW, ends_at=NOW + timedelta(days=1))
    assert entitlement_for(reader, at=NOW - SECOND) is None
    entitlement = entitlement_for(reader, at=NOW)
    assert entitlement is not None
    assert (entitlement.source, entitlement.until, entitlement.through) == (
        Source.GRANT,
        grant.ends_at,
        "student access",
    )
    assert entitlement_for(reader, at=grant.ends_at) is None


def test_ending_a_grant_ends_the_access_and_keeps_the_row() -> None:
    reader, staff = a_reader(), a_reader("carol@example.org", is_staff=True)
    grant = a_grant(reader, by=staff)
    grant.end(by=staff, at=NOW)
    assert entitlement_for(reader, at=NOW) is None
    grant.refresh_from_db()
    assert (grant.ends_at, grant.ended_by) == (NOW, staff)


def test_staff_read_without_paying() -> None:
    entitlement = entitlement_for(a_reader(is_staff=True), at=NOW)
    assert entitlement is not None
    assert entitlement.source is Source.STAFF


def test_every_reason_is_listed_in_order() -> None:
    reader, staff = a_reader(), a_reader("carol@example.org", is_staff=True)
    a_subscription(reader)
    a_grant(reader, by=staff)
    assert [one.source for one in all_entitlements_for(reader, at=NOW)] == [Source.SUBSCRIPTION, Source.GRANT]


def test_the_first_reason_costs_one_query(django_assert_num_queries) -> None:
    reader = a_reader()
    a_subscription(reader)
    with django_assert_num_queries(1):
        entitlement_for(reader, at=NOW)


def test_the_rule_in_the_database_agrees_with_the_rule_in_python() -> None:
    """Every status, cancelled, paused, pending or not, at every moment around every boundary."""
    ends = NOW + timedelta(days=3)
    cases = []
    for status in EVERY_STATUS:
        for ends_at in (None, ends, ends + RENEWAL_SLACK * 3):
            for unpaid_since in (None, NOW - timedelta(days=1)):
                reader = a_reader(f"reader{len(cases)}@example.org")
                fields = {"period_ends_at": ends, "ends_at": ends_at, "unpaid_since": unpaid_since}
                cases.append(a_subscription(reader, status, **fields))
                for more in (
                    {"pause_starts_at": ends, "pause_ends_at": ends + timedelta(days=31)},
                    {"payment_pending": True},
                    {"first_payment_failed": True},
                ):
                    reader = a_reader(f"reader{len(cases)}@example.org")
                    cases.append(a_subscription(reader, status, **fields | more))
    edges = [ends, ends + RENEWAL_SLACK, ends + RENEWAL_SLACK * 3, NOW - timedelta(days=1) + PAYMENT_GRACE]
    for moment in (edge + step for edge in edges for step in (-SECOND, timedelta(0), SECOND)):
        by_query = set(Subscription.objects.giving_access(at=moment).values_list("pk", flat=True))
        assert by_query == {one.pk for one in cases if one.gives_access(at=moment)}, moment
