"""A clone runs with nothing set; production refuses to start on what is missing or nonsensical, and names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.check import production

ROOT = Path(__file__).resolve().parent.parent


def start(tmp_path: Path, **variables: str | None) -> str:
    """What Django says when it starts with these variables; empty when all is well."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = kept | {name: value for name, value in variables.items() if value is not None}
    environment.setdefault("VAR_DIR", str(tmp_path))
    code = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'newsroom.settings'; django.setup()"
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    return result.stderr.strip().splitlines()[-1] if result.returncode else ""


def test_a_clone_starts_with_nothing_set(tmp_path: Path) -> None:
    assert start(tmp_path) == ""


def test_production_starts_with_all_of_it(tmp_path: Path) -> None:
    assert start(tmp_path, **production(str(tmp_path))) == ""


@pytest.mark.parametrize("name", sorted(set(production("")) - {"ENVIRONMENT", "VAR_DIR"}))
def test_production_names_what_is_missing(tmp_path: Path, name: str) -> None:
    assert name in start(tmp_path, **production(str(tmp_path)) | {name: None})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "prod"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 64),
        ("SITE_URL", "http://news.example.org"),
        ("SITE_URL", "news.example.org"),
        ("STRIPE_SECRET_KEY", "pk_live_publishable"),
        ("STRIPE_API_BASE", "http://127.0.0.1:1"),
        ("CLOCK_OFFSET_FILE", "/somewhere"),
        ("SMTP_URL", "localhost"),
        ("TRUSTED_PROXIES", "the one in front"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,10.0.0.1/24"),
        ("FORWARDED_HEADER", "X-Real-IP"),
        ("SECURE_SSL_REDIRECT", "perhaps"),
        ("PURGE_PROVIDER", "akamai"),
        ("PURGE_API", "http://127.0.0.1:1"),
        ("PURGE_ADDRESSES", "10.0.0.1:6081"),
        ("SHARED_CACHE_SECONDS", "-1"),
        ("CACHE_URL", "memcached://127.0.0.1"),
        ("CACHE_URL", "127.0.0.1:6379"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_production_names_what_makes_no_sense(tmp_path: Path, name: str, value: str) -> None:
    assert name in start(tmp_path, **production(str(tmp_path)) | {name: value})


@pytest.mark.parametrize(
    ("missing", "variables"),
    [
        ("PURGE_ADDRESSES", {"PURGE_PROVIDER": "varnish"}),
        ("PURGE_ZONE", {"PURGE_PROVIDER": "fastly", "PURGE_TOKEN": "x"}),
        ("PURGE_ZONE", {"PURGE_PROVIDER": "bunny", "PURGE_ZONE": "1/../2", "PURGE_TOKEN": "x"}),
        ("PURGE_TOKEN", {"PURGE_PROVIDER": "cloudflare", "PURGE_ZONE": "z1"}),
    ],
)
def test_a_cache_in_front_that_cannot_be_told_is_refused(
    tmp_path: Path, missing: str, variables: dict[str, str]
) -> None:
    assert missing in start(tmp_path, **production(str(tmp_path)) | variables)
