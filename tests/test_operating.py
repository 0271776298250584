"""What docs/operating.md tells people to type exists."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands, load_command_class

from newsroom.management.commands.variables import variables

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "operating.md").read_text()
SETTINGS = (ROOT / "newsroom" / "settings.py").read_text()


def test_the_command_names_every_variable_that_the_settings_read() -> None:
    read = set(re.findall(r"\benv\.(?!refuse)\w+\(\s*\"([A-Z0-9_]+)\"", SETTINGS))
    assert len(read) > 100
    known = {one.name for one in variables(SETTINGS)}
    assert read <= known
    said = StringIO()
    call_command("variables", stdout=said)
    assert "| `SECRET_KEY` |  | **must be set** |" in said.getvalue()
    assert "`text`, " not in said.getvalue()


def test_the_page_names_no_variable_that_nobody_reads() -> None:
    table = PAGE[PAGE.index("<!-- settings -->") : PAGE.index("<!-- /settings -->")]
    named = set(re.findall(r"^\| `([A-Z0-9_]+)`", table, re.MULTILINE))
    assert len(named) > 100
    assert named <= {one.name for one in variables(SETTINGS)} | {"ENVIRONMENT"}


@pytest.mark.parametrize("line", sorted(set(re.findall(r"manage\.py ([a-z_]+(?: --[a-z-]+)*)", PAGE))))
def test_every_command_of_the_page_exists_with_its_options(line: str) -> None:
    name, *options = line.split(" --")
    app = get_commands()[name]
    parser = (load_command_class(app, name) if isinstance(app, str) else app).create_parser("manage.py", name)
    known = {option for action in parser._actions for option in action.option_strings}
    assert {f"--{option}" for option in options} <= known


def test_every_file_and_number_of_the_page_exists() -> None:
    files = re.findall(r"(?<![/\w])((?:deploy|docs|tests)/[\w./@-]+\w)", PAGE)
    made_there = {"deploy/newsroom.env", "deploy/database-password.txt"}
    assert not [name for name in files if name not in made_there and not (ROOT / name).exists()]
    numbers = (ROOT / "newsroom" / "metrics.py").read_text() + (ROOT / "newsroom" / "state.py").read_text()
    numbers += (ROOT / "articles" / "models" / "results.py").read_text()
    for name, label in re.findall(r"(newsroom_\w+)(?:\{what=\"(\w+)\"\})?", PAGE):
        assert name in numbers or name == "newsroom_outside", name
        assert label in numbers, label
