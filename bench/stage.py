"""What the benches run on: PostgreSQL, the local Stripe, a database for each size, and subscribers on both sides."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests import pg, programs

SECRET = "whsec_local_sandbox"
CONNECTIONS = 16
# What PostgreSQL has on a machine of its own; the tests' server does with less.
ROOMY = {"shared_buffers": "512MB", "max_wal_size": "4GB"}


@contextlib.contextmanager
def stage() -> Iterator[str]:
    """PostgreSQL with one empty, migrated database, and Stripe; yields Stripe's address. Raises SystemExit."""
    bin_dir = pg.binaries()
    if bin_dir is None:
        raise SystemExit("The benches need PostgreSQL (apt-get install postgresql).")
    pg.FAST.update(ROOMY)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as started:
        stripe_port = programs.free_port()
        stripe = f"http://127.0.0.1:{stripe_port}"
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "DATABASE_URL": started.enter_context(pg.server(bin_dir)),
            "VAR_DIR": str(Path(folder)),
            "STRIPE_SECRET_KEY": "sk_test_local_sandbox",
            "STRIPE_WEBHOOK_SECRETS": SECRET,
            "STRIPE_API_BASE": stripe,
            "LOG_LEVEL": "ERROR",
        }
        _make_ready()
        program = ("-m", "stripe_sandbox", "--port", str(stripe_port))
        started.enter_context(programs.running(*program, answers_at=f"{stripe}/"))
        started.callback(_let_go_of_the_database)
        yield stripe


def databases(sizes: Sequence[int], *, at: datetime, say: Callable[[str], object]) -> dict[int, str]:
    """A filled database for each number of articles, with as many readers; their DATABASE_URLs."""
    from django.db import connection

    from tests.scale.filled import Size, fill

    made = {}
    for size in sizes:
        name = f"site_{size}"
        _let_go_of_the_database()
        with connection.creation._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE postgres")
        made[size] = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
        with working_on(name):
            fill(Size(size, size), at=at, say=lambda what, size=size: say(f"{size:,} articles: {what}"))  # type: ignore[misc]
            with connection.cursor() as cursor:
                cursor.execute("VACUUM")
    return made


@contextlib.contextmanager
def working_on(name: str) -> Iterator[None]:
    """Let this process work on another database of the server."""
    from django.db import connection

    own = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own


def subscribe(count: int) -> list[str]:
    """So many readers with a subscription at Stripe that the site has down; returns its numbers."""
    from readers.models import User
    from subscriptions import billing, webhooks
    from subscriptions.models import Customer

    gateway, now = billing.gateway(), datetime.now(UTC)
    price = gateway.make_price(lookup_key="bench", product="Bench", cents=1500, currency="eur", interval="month")
    client = gateway._client  # type: ignore[attr-defined]
    made = []
    for number in range(count):
        email = f"reader{number}@example.org"
        reader = User.objects.create(email=email)
        customer = gateway.make_customer(reader_id=reader.pk, email=email, key=f"bench-{number}")
        Customer.objects.create(reader=reader, stripe_id=customer, created_at=now)
        card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
        wish = {"customer": customer, "items": [{"price": price}], "default_payment_method": card}
        stripe_id = client.v1.subscriptions.create(wish).id
        with webhooks.locked(reader.pk) as locked:
            webhooks.record(locked, gateway.subscription(stripe_id), at=now)
        made.append(stripe_id)
    return made


def _make_ready() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def _let_go_of_the_database() -> None:
    from django.db import connections

    connections.close_all()
