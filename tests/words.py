"""`make words`: collect what is said to readers, keep what was translated, and compile it; say what is missing.

Collecting needs xgettext (Debian: gettext); without it what is there is compiled.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("fr", "nl", "de")
WIDTH = 110
# The desk speaks English, and so does the demonstration.
NOT_FOR_READERS = ("templates/admin/*", "templates/dev/*", "newsroom/demo/*", "tests/*", "stripe_sandbox/*", ".venv/*")


def main() -> int:
    """Collect and compile. The exit code is 1 where something is not translated."""
    if shutil.which("xgettext"):
        _collect()
    else:
        print("xgettext is missing (apt-get install gettext): only compiling what is there.")
    missing = [(language, words) for language in LANGUAGES for words in _compile(language)]
    for language, words in missing:
        print(f"{language}: {words!r} is not translated.")
    return 1 if missing else 0


def _collect() -> None:
    ignored = [part for pattern in NOT_FOR_READERS for part in ("--ignore", pattern)]
    languages = [part for language in LANGUAGES for part in ("--locale", language)]
    command = [sys.executable, "manage.py", "makemessages", "--add-location", "file", "--no-wrap"]
    subprocess.run([*command, *languages, *ignored], cwd=ROOT, check=True)


def _compile(language: str) -> list[object]:
    """Write the catalogue in its one form and compiled. Returns what is not translated, or only guessed."""
    folder = ROOT / "newsroom" / "locale" / language / "LC_MESSAGES"
    with (folder / "django.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    catalogue.obsolete.clear()
    with (folder / "django.po").open("wb") as file:
        write_po(file, catalogue, width=WIDTH, sort_output=True)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, catalogue)
    return [one.id for one in catalogue if one.id and (one.fuzzy or not all(_strings(one.string)))]


def _strings(said: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [said or ""] if said is None or isinstance(said, str) else list(said)


if __name__ == "__main__":
    sys.exit(main())
