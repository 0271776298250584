"""A few months in the lives of a few readers, told in full by `make simulate`."""

import os
import subprocess
import sys

import pytest
from django.db import connection

# The whole story is told on PostgreSQL; on SQLite, where only one writes at a time, a short one.
STORIES = {"postgresql": ("--readers", "25", "--days", "120"), "sqlite": ("--readers", "8", "--days", "45", "--sqlite")}


@pytest.mark.everywhere
def test_the_site_ends_with_what_stripe_says_although_everything_fails_now_and_then() -> None:
    foreign = ("DATABASE_URL", "VAR_DIR", "STRIPE_", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    command = [sys.executable, "-m", "tests.simulation", "--seed", "3", *STORIES[connection.vendor]]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=540)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "differences" in told.stdout
