"""Names for things, in Stripe's fashion: a prefix that says what it is, then chance."""

import hashlib
import secrets
import string

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


def new_id(prefix: str, length: int = 24) -> str:
    """A fresh id, e.g. `cus_` and 24 letters and digits."""
    return f"{prefix}_{random_text(length)}"


def random_text(length: int) -> str:
    """Letters and digits by chance."""
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(length))


def fingerprint(number: str) -> str:
    """Sixteen characters that are the same for the same card or account number and tell nothing about it."""
    digest = int.from_bytes(hashlib.sha256(f"sandbox:{number}".encode()).digest())
    letters = []
    for _ in range(16):
        digest, rest = divmod(digest, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return "".join(letters)
