"""`python -m bench.group_desk`: what pages of the desk cost with few agreements and seats, and a hundred times as many.

PostgreSQL, one process, as a superuser. Ends with 1 where a page takes more queries with many than with few, or longer
than `LONGEST` milliseconds with many. About three minutes.
"""

import statistics
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from .seats import database

FEW, MANY, SEATS_EACH = 20, 2_000, 100
ROUNDS, LONGEST = 7, 500
BATCH = 5_000


def main() -> int:
    """Measure with few, then with many; print a table, and say whether the bar holds."""
    with database():
        client, pages = _client(), {}
        _agreements(0, FEW)
        few = {name: _measure(client, path) for name, path in _pages().items()}
        _agreements(FEW, MANY)
        pages = {name: _measure(client, path) for name, path in _pages().items()}
    print(f"{'':34} {'queries':>16} {'ms, few':>9} {'ms, many':>9}")
    held = True
    for name, (queries, milliseconds) in pages.items():
        print(f"{name:34} {few[name][0]:>7} / {queries:<6} {few[name][1]:>9.0f} {milliseconds:>9.0f}")
        held &= queries <= few[name][0] and milliseconds <= LONGEST
    print(f"Medians of {ROUNDS}; {FEW:,} and {MANY:,} agreements with {SEATS_EACH} seats each.")
    return 0 if held else 1


def _pages() -> dict[str, str]:
    from groups.models import GroupAccount, Seat

    middle = GroupAccount.objects.get(organisation="Organisation 11")
    seat = Seat.objects.filter(group=middle).order_by("pk")[0]
    return {
        "agreements": "/admin/groups/groupaccount/",
        "agreements, searched": "/admin/groups/groupaccount/?q=Organisation+11",
        "agreements that end in 90 days": "/admin/groups/groupaccount/?ends=90",
        "agreements with something to do": "/admin/groups/groupaccount/?todo=quoted",
        "one agreement": f"/admin/groups/groupaccount/{middle.pk}/change/",
        "seats": "/admin/groups/seat/",
        "seats, page 15": "/admin/groups/seat/?p=15",
        "seats, searched by address": f"/admin/groups/seat/?q={seat.address}",
        "seats of one agreement": f"/admin/groups/seat/?group__id__exact={middle.pk}",
        "one seat": f"/admin/groups/seat/{seat.pk}/change/",
        "why can they read": f"/admin/why/?email={seat.address}",
        "as the manager sees it": f"/group/{middle.pk}/",
        "its people": f"/group/{middle.pk}/people/",
    }


def _client() -> Any:
    from django.test import Client

    from readers.models import User

    client = Client()
    boss = User.objects.create_superuser("boss@example.org", "no password is used")
    client.force_login(boss, "django.contrib.auth.backends.ModelBackend")
    return client


def _measure(client: Any, path: str) -> tuple[int, float]:
    """Queries and the median of milliseconds. Raises RuntimeError where the page is not shown."""
    from django.db import connection

    asked = []
    with connection.execute_wrapper(lambda ask, *given: asked.append(1) or ask(*given)):
        answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.get('Location', '')}")
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        client.get(path)
        taken.append(time.perf_counter() - began)
    return len(asked), statistics.median(taken) * 1000


def _agreements(first: int, last: int) -> None:
    from django.db import connection

    from groups.models import GroupAccount, GroupEvent, Seat, Term
    from readers.models import User

    now = datetime.now(UTC)
    groups = GroupAccount.objects.bulk_create(
        GroupAccount(organisation=f"Organisation {number}", kind=GroupAccount.Kind.COMPANY, created_at=now)
        for number in range(first, last)
    )
    Term.objects.bulk_create(
        Term(
            group=group,
            seats=SEATS_EACH * 2,
            starts_on=now.date() - timedelta(days=200),
            ends_on=now.date() + timedelta(days=number % 365),
            price_cents=150_000,
            quoted_at=now,
            accepted_at=now,
            paid_at=now,
        )
        for number, group in enumerate(groups, start=first)
    )
    GroupEvent.objects.bulk_create(GroupEvent(group=group, at=now, verb="made the agreement") for group in groups)
    asked = [(group, f"seat{number}@{group.pk}.example") for group in groups for number in range(SEATS_EACH)]
    for begin in range(0, len(asked), BATCH):
        _seats(asked[begin : begin + BATCH], now, User, Seat)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _seats(some: Sequence[tuple[Any, str]], now: datetime, user: Any, seat: Any) -> None:
    readers = user.objects.bulk_create(user(email=address, password="!") for _, address in some)
    seat.objects.bulk_create(
        seat(
            group=group,
            reader=reader,
            address=address,
            mailbox=address,
            how=seat.How.INVITATION,
            given_at=now,
            proved_at=now,
        )
        for (group, address), reader in zip(some, readers, strict=True)
    )


if __name__ == "__main__":
    sys.exit(main())
