"""No secret lies in the repository, and none is needed to run a clone."""

import math
import re
import subprocess
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.supply_chain.lock import ROOT

# What keys of others look like. The ones of development say so in their name, or are shorter than any real one.
KEYS = {
    "a key of Stripe": re.compile(r"(?:sk|rk)_(?:live|test)_(?!local_sandbox)[A-Za-z0-9]{16,}"),
    "a webhook secret of Stripe": re.compile(r"whsec_(?!local_sandbox|somebody_elses)[A-Za-z0-9+/=]{16,}"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "a key of Amazon": re.compile(r"(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a key of Google": re.compile(r"AIza[0-9A-Za-z_-]{35}\b"),
    "a token of GitHub": re.compile(r"gh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{40,}"),
    "a token of GitLab": re.compile(r"glpat-[\w-]{20}\b"),
    "a token of Slack": re.compile(r"xox[abeoprs]-[\w-]{10,}"),
    "a token of PyPI": re.compile(r"pypi-AgEI[\w-]{50,}"),
    "a key of SendGrid": re.compile(r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    "a signed token": re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a password in an address": re.compile(r"://[^\s/:@\"'{}<>$]{1,40}:(?P<password>[^\s/:@\"'{}<>$]{6,})@[\w.-]+"),
}
# Passwords that stand in examples.
EXAMPLES = {"password", "secret", "change-me"}
FILES_OF_SECRETS = re.compile(
    r"(?:^|/)(?:\.env(?:\..+)?|.*\.(?:pem|key|p12|pfx|jks|keystore|kdbx)|id_(?:rsa|ed25519|ecdsa))$"
)
# At random there are some five bits in a letter; words and names have fewer than four.
BITS = 4.3
QUOTED = re.compile(r"[\"']((?!sha256-)[A-Za-z0-9+/_=-]{24,})[\"']")
LIKE_A_KEY = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/_=-]{24,}")


def in_repository() -> list[str]:
    found = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not found:
        pytest.skip("This is no clone, but an archive of one.")
    return [name for name in found.split("\n") if name and (ROOT / name).is_file()]


def secrets_in(text: str) -> Iterator[str]:
    for what, pattern in KEYS.items():
        for found in pattern.finditer(text):
            said = found.groupdict().get("password", "")
            if said not in EXAMPLES:
                yield f"{what}: {found[0][:12]}…"


def bits_in_a_letter(text: str) -> float:
    """Shannon's entropy of the letters of a text."""
    return -sum(many / len(text) * math.log2(many / len(text)) for many in Counter(text).values())


def is_like_a_key(text: str) -> bool:
    return bool(LIKE_A_KEY.fullmatch(text)) and bits_in_a_letter(text) > BITS


@pytest.mark.parametrize(
    "text",
    [
        "sk_" + "live_51HxAbCdEfGhIjKlMnOpQrSt",
        "whsec_" + "A1b2C3d4E5f6G7h8I9j0",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "postgres://news:" + "correcthorse@db/news",
        "ghp_" + "a1B2" * 9,
    ],
)
def test_a_secret_is_known_when_it_is_seen(text: str) -> None:
    assert list(secrets_in(f"KEY = '{text}'"))


@pytest.mark.parametrize(
    "text",
    ["sk_test_local_sandbox", "whsec_local_sandbox", "sk_live_1", "postgres://news:password@db/news", "https://a:b@c"],
)
def test_what_is_no_secret_is_not_taken_for_one(text: str) -> None:
    assert not list(secrets_in(text))


def test_no_file_holds_a_secret() -> None:
    found = []
    for name in in_repository():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content[:8000] and not name.endswith(".po"):
            found += [f"{name}: {one}" for one in secrets_in(content.decode(errors="replace"))]
    assert not found


def test_no_file_is_one_in_which_secrets_are_kept() -> None:
    assert not [name for name in in_repository() if FILES_OF_SECRETS.search(name)]
    ignored = (ROOT / ".gitignore").read_text().split()
    assert "var/" in ignored


def test_nothing_that_we_run_holds_a_string_like_a_key() -> None:
    found = []
    for name in in_repository():
        if not name.endswith(".py") or name.startswith(("tests/", "bench/")):
            continue
        for word in QUOTED.findall((ROOT / name).read_text()):
            if is_like_a_key(word):
                found.append(f"{name}: {word[:12]}…")
    assert not found


def test_a_key_is_told_from_a_name() -> None:
    assert is_like_a_key("Zk3f9aPq8sLx0vWn2yTr5uBdQ7c")
    assert not is_like_a_key("ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS_5x")
    assert not is_like_a_key("development-only-not-a-secret-" + "x" * 32)
