"""What the benches run on: PostgreSQL, the local Stripe, the site by granian, and subscribers on both sides."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests import pg, programs

SECRET = "whsec_local_sandbox"
CONNECTIONS = 16


@contextlib.contextmanager
def stage() -> Iterator[tuple[str, str]]:
    """Everything started and empty; yields the addresses of the site and of Stripe. Raises SystemExit."""
    bin_dir = pg.binaries()
    if bin_dir is None:
        raise SystemExit("The benches need PostgreSQL (apt-get install postgresql).")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as started:
        stripe_port, site_port = programs.free_port(), programs.free_port()
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
        site = programs.site("newsroom.wsgi:application", port=site_port, threads=CONNECTIONS)
        address = started.enter_context(site)
        started.callback(_let_go_of_the_database)
        yield address, stripe


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
