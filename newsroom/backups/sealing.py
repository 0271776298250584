"""A file that only the holder of a key can read, and that nobody can change or cut short unseen.

Written and read as a stream, in chunks that are each encrypted and authenticated by AES-256-GCM. Each file has a key of
its own, derived from ours and a random salt (HKDF, RFC 5869). A chunk's nonce is its number and whether it is the last,
so that chunks can neither change places nor be missing at the end (the STREAM construction of Hoang, Reyhanitabar,
Rogaway and Vizár).
"""

import base64
import binascii
import hashlib
import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

MAGIC = b"newsroom backup 1\n"
NAME_LENGTH, SALT_LENGTH, TAG_LENGTH = 8, 32, 16
HEADER_LENGTH = len(MAGIC) + NAME_LENGTH + SALT_LENGTH
# What is held in memory at once, of a file of any size.
CHUNK = 256 * 1024
KEY_LENGTH = 32


class CannotOpen(Exception):
    """The file is no backup, is damaged, or was sealed with another key; the message says which."""


class NoKey(Exception):
    """There is no key to seal or open with, or what is set is none; the message says where to set it."""


@dataclass(frozen=True)
class Key:
    """Thirty-two random bytes."""

    secret: bytes = field(repr=False)

    @property
    def name(self) -> bytes:
        """Tells one key from another, and nothing about either."""
        return hashlib.sha256(b"newsroom backup key\0" + self.secret).digest()[:NAME_LENGTH]

    def of_one_file(self, salt: bytes) -> AESGCM:
        """The key of the file with that salt."""
        derived = HKDF(algorithm=SHA256(), length=KEY_LENGTH, salt=salt, info=MAGIC).derive(self.secret)
        return AESGCM(derived)


def new_key() -> str:
    """A key as BACKUP_KEY wants it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_LENGTH)).decode()


def keys() -> list[Key]:
    """The keys of BACKUP_KEY, else of the file BACKUP_KEY_FILE: the first seals, all open. Raises NoKey."""
    written = list(settings.BACKUP_KEYS) or _in_file(settings.BACKUP_KEY_FILE)
    if not written:
        raise NoKey("No key: set BACKUP_KEY or BACKUP_KEY_FILE; `manage.py backup --new-key` makes one.")
    return [_read(one) for one in written]


def _in_file(name: str) -> list[str]:
    if not name:
        return []
    try:
        return Path(name).read_text(encoding="ascii").replace(",", " ").split()
    except (OSError, UnicodeDecodeError) as error:
        raise NoKey(f"BACKUP_KEY_FILE cannot be read: {error}") from error


def _read(written: str) -> Key:
    try:
        secret = base64.b64decode(written, altchars=b"-_", validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != KEY_LENGTH:
        raise NoKey("BACKUP_KEY is no key of 32 bytes in base64; `manage.py backup --new-key` makes one.")
    return Key(secret)


class Sealed(io.RawIOBase):
    """Seals what is written to it into `file`. Only `finish` makes the file whole; without it, it cannot be opened."""

    def __init__(self, file: BinaryIO, key: Key) -> None:
        salt = secrets.token_bytes(SALT_LENGTH)
        self._file, self._header = file, MAGIC + key.name + salt
        self._cipher, self._number, self._waiting = key.of_one_file(salt), 0, bytearray()
        file.write(self._header)

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: object) -> int:
        """Take these bytes, and write out each full chunk that is not the last."""
        piece = memoryview(data)  # type: ignore[arg-type]
        self._waiting += piece
        while len(self._waiting) > CHUNK:
            self._write_chunk(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return len(piece)

    def finish(self) -> None:
        """Write the last chunk."""
        self._write_chunk(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _write_chunk(self, plain: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, is_last=is_last), plain, self._header))
        self._number += 1


class Opened(io.RawIOBase):
    """What was sealed in `file`, as a stream. Nothing is given out that was not authenticated. Raises CannotOpen."""

    def __init__(self, file: BinaryIO, among: Sequence[Key]) -> None:
        self._file = file
        self._header = file.read(HEADER_LENGTH)
        if not self._header.startswith(MAGIC) or len(self._header) < HEADER_LENGTH:
            raise CannotOpen("This is no backup of a newsroom, or one of a version that is not known here.")
        name, salt = self._header[len(MAGIC) : -SALT_LENGTH], self._header[-SALT_LENGTH:]
        key = next((one for one in among if one.name == name), None)
        if key is None:
            raise CannotOpen("It was sealed with another key than those of BACKUP_KEY.")
        self._cipher, self._number, self._rest = key.of_one_file(salt), 0, b""
        self._ahead = file.read(CHUNK + TAG_LENGTH)
        self._is_over = False

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next so many bytes, fewer at the end only."""
        found = bytearray()
        while (size < 0 or len(found) < size) and (self._rest or not self._is_over):
            if not self._rest:
                self._open_chunk()
            wanted = len(self._rest) if size < 0 else size - len(found)
            found += self._rest[:wanted]
            self._rest = self._rest[wanted:]
        return bytes(found)

    def read_to_the_end(self) -> None:
        """Make sure of the rest, too, though nobody wants it."""
        while self.read(CHUNK):
            pass

    def _open_chunk(self) -> None:
        chunk, self._ahead = self._ahead, self._file.read(CHUNK + TAG_LENGTH)
        self._is_over = not self._ahead
        try:
            self._rest = self._cipher.decrypt(_nonce(self._number, is_last=self._is_over), chunk, self._header)
        except InvalidTag as error:
            raise CannotOpen("The file is damaged: cut off, or changed since it was written.") from error
        self._number += 1


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])
