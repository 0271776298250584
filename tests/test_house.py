"""What is true of the whole project: who imports whom, who may name the paid text, who reads the environment."""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from subscriptions.billing import Billing, StripeBilling
from tests.fakes import FakeBilling

ROOT = Path(__file__).resolve().parent.parent
APPS = ("newsroom", "rights", "articles", "groups", "subscriptions", "readers", "edge")
# The model, the one door, and the editor who writes it.
MAY_NAME_FULL_TEXT = ("articles/models/", "articles/paywall.py", "articles/admin/")


def our_files() -> Iterator[tuple[str, str]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text()


def test_import_directions_hold() -> None:
    result = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout


def test_the_full_text_is_named_where_it_is_written_and_served_and_nowhere_else() -> None:
    trespassers = []
    for name, source in our_files():
        if name.startswith(MAY_NAME_FULL_TEXT):
            continue
        tree = ast.parse(source)
        named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        named |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        named |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        named |= {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        paid = {"FullText", "full_text", "LiveText", "live_text", "ArticleVersion", "kept_versions"}
        paid |= {"WorkingCopy", "working_copies"}
        if named & paid or any("full_text__" in str(one) or "live_text__" in str(one) for one in named):
            trespassers.append(name)
    assert not trespassers


def test_templates_are_given_a_reading_and_never_ask_for_the_full_text() -> None:
    assert not [path for path in (ROOT / "templates").rglob("*.html") if "full_text" in path.read_text()]


def test_only_the_settings_read_the_environment() -> None:
    readers = [name for name, source in our_files() if "os.environ" in source or "getenv" in source]
    # run.py starts the site, wsgi.py names the settings; neither decides anything by it for the site itself.
    assert sorted(readers) == ["newsroom/run.py", "newsroom/settings.py", "newsroom/wsgi.py"]


def test_the_clock_is_read_at_the_edge() -> None:
    """`timezone.now()` and `datetime.now()` stand in edge/clock.py; everybody else is handed a moment."""
    readers = [
        name
        for name, source in our_files()
        if "timezone.now" in source or "datetime.now" in source or "utcnow" in source
    ]
    assert readers == ["edge/clock.py"]


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


@pytest.mark.parametrize("made", [StripeBilling, FakeBilling])
def test_the_real_and_the_fake_billing_have_the_same_methods(made: type) -> None:
    for name, method in inspect.getmembers(Billing, inspect.isfunction):
        if name.startswith("_"):
            continue
        wanted, given = inspect.signature(method), inspect.signature(getattr(made, name))
        assert list(wanted.parameters) == list(given.parameters), name


def test_no_file_is_named_after_nothing() -> None:
    nameless = {"services.py", "utils.py", "helpers.py", "managers.py", "misc.py", "common.py"}
    assert not [name for name, _ in our_files() if name.rsplit("/", 1)[-1] in nameless]
