"""The W3C's checker of HTML (vnu): fetched once with npm into `var/tools`, run by Java over many files at once."""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

VERSION = "26.9.27"
SHA512 = "TkQd5DFfOaWC9ebtvozTsrH2Vaod3jYg+vrOeREzIXxBexLz9+rS2DNtjn7+RPUiZhgli0SghgBX6RJRNea0KA=="
TOOLS = Path(__file__).resolve().parent.parent / "var" / "tools"
HOW_TO_GET_IT = "the HTML checker (apt-get install default-jre-headless npm)"


class Unfit(Exception):
    """What was fetched is not what was meant, or Java did not run it."""


@cache
def jar() -> Path | None:
    """The checker, fetched if need be; nothing where there is no Java, no npm, or no way to its packages."""
    found = TOOLS / f"vnu-{VERSION}.jar"
    if shutil.which("java") is None:
        return None
    if not found.exists() and shutil.which("npm"):
        _fetch(found)
    return found if found.exists() else None


def _fetch(to: Path) -> None:
    """Raises Unfit where the package is another one than ever."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent) as folder:
        command = ["npm", "pack", f"vnu-jar@{VERSION}", "--silent"]
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False)
        packed = next(Path(folder).glob("*.tgz"), None)
        if done.returncode or packed is None:
            return
        if base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() != SHA512:
            raise Unfit(f"vnu-jar {VERSION} is not the package that was pinned.")
        with tarfile.open(packed) as archive:
            content = archive.extractfile("package/build/dist/vnu.jar")
            assert content is not None
            fresh = Path(folder) / "vnu.jar"
            fresh.write_bytes(content.read())
        fresh.rename(to)


def errors_in(pages: Mapping[str, str]) -> list[str]:
    """What is wrong with these pages, by name: one line each, in one run of Java. Raises Unfit where it does not run.

    Warnings are left out: they are advice.
    """
    checker = jar()
    assert checker is not None
    with tempfile.TemporaryDirectory() as folder:
        names = {}
        for number, (name, html) in enumerate(pages.items()):
            path = Path(folder) / f"{number}.html"
            path.write_text(html, encoding="utf-8")
            names[path.name] = name
        command = ["java", "-Xss1m", "-jar", str(checker), "--errors-only", "--format", "json", "--exit-zero-always"]
        done = subprocess.run([*command, folder], capture_output=True, text=True, timeout=600, check=False)
    try:
        messages = json.loads(done.stderr)["messages"]
    except (ValueError, KeyError) as error:
        raise Unfit(done.stderr[-2000:]) from error
    return [_in_words(one, names) for one in messages]


def _in_words(message: dict[str, Any], names: Mapping[str, str]) -> str:
    name = names.get(message.get("url", "").rpartition("/")[2], "?")
    return f"{name}, line {message.get('lastLine')}: {message['message']} {message.get('extract', '')!r}"
