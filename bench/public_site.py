"""The demonstration as its readers would meet it: production's settings, static files and server, https on localhost.

The pictures, which take minutes to make, are kept in `var/weight` for the next time.
"""

import contextlib
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import create_default_context

from tests import programs

VAR = programs.ROOT / "var" / "weight"
SESSION = "__Host-session"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class PublicSite:
    """A running site: its address, the paths of its pages by what they are called, and a subscriber's session."""

    url: str
    paths: dict[str, str]
    session_key: str


@contextlib.contextmanager
def public_site() -> Iterator[PublicSite]:
    """Fill, start, and stop at the end."""
    VAR.mkdir(parents=True, exist_ok=True)
    port = programs.free_port()
    os.environ |= _production(port)
    (VAR / "site.sqlite3").unlink(missing_ok=True)
    certificate = _certificate()
    site = _filled(f"https://localhost:{port}")
    with _served(port, certificate):
        yield site


def _production(port: int) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "newsroom.settings",
        "ENVIRONMENT": "production",
        "VAR_DIR": str(VAR),
        "LOG_LEVEL": "ERROR",
        "SITE_URL": f"https://localhost:{port}",
        "SECURE_SSL_REDIRECT": "0",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DATABASE_URL": f"sqlite:///{VAR / 'site.sqlite3'}",
        "CONTACT_EMAIL": "readers@viaduct.example",
        "DEFAULT_FROM_EMAIL": "Viaduct <readers@viaduct.example>",
        "SMTP_URL": "smtp://localhost:25",
        "STRIPE_SECRET_KEY": "sk_test_" + "0" * 24,
        "STRIPE_WEBHOOK_SECRETS": "whsec_" + "0" * 24,
    }


def _certificate() -> tuple[Path, Path]:
    """A certificate that nobody has signed, for a week; the browsers of the benches are told to take it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, secret = VAR / "certificate.pem", VAR / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    kind = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()))
    return pem, secret


def _filled(url: str) -> PublicSite:
    """The demonstration with a subscriber, every rendition and every static file made."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client
    from django.utils import timezone

    from articles import renditions
    from articles.models import Article, Section
    from newsroom.demo import fill
    from tests.make import a_plan, a_reader, a_subscription

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable")
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    now = timezone.now()
    fill.fill(at=now)
    left = 1
    while left:
        _, left = renditions.make_waiting()
        sys.stderr.write(f"\rPictures to be weighed: {left}   ")
    sys.stderr.write("\n")
    a_plan("month")
    reader = a_reader("sofia@example.org", name="Sofia Subscriber")
    a_subscription(reader, at=now, plan=a_plan("year"))
    client = Client()
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    walled = Article.objects.published(at=now).filter(is_free=False, hero__isnull=False).newest_first()[0]
    section = Section.objects.exclude(slug="opinion").order_by("position")[0]
    paths = {
        "front": "/",
        "section": section.get_absolute_url(),
        "article": walled.get_absolute_url(),
        "plans": "/subscribe/",
        "search": "/search/?q=" + walled.headline.split()[0],
        "account": "/account/",
    }
    connections.close_all()
    return PublicSite(url, paths, client.cookies[SESSION].value)


@contextlib.contextmanager
def _served(port: int, certificate: tuple[Path, Path]) -> Iterator[None]:
    """By granian, with HTTP/2, as behind nothing. Raises RuntimeError where it does not start."""
    pem, key = map(str, certificate)
    command = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--blocking-threads", "4", "--log-level", "error", "newsroom.wsgi:application"]
    command += ["--ssl-certificate", pem, "--ssl-keyfile", key]
    process = subprocess.Popen([sys.executable, *command], cwd=programs.ROOT, stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"https://localhost:{port}/robots.txt", pem, process)
        yield
    finally:
        programs.stop(process)


def _wait_for(url: str, pem: str, process: subprocess.Popen[bytes]) -> None:
    trusting = create_default_context(cafile=pem)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5, context=trusting):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"Nothing answers at {url}.")
