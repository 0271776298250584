"""Telling the caches in front of us (Varnish, Fastly, Cloudflare, Bunny) what they have to forget.

Every page says of which tables it was made, in the header that the cache in front reads; a purge names the tables that
were written. One small interface, none by default: newsroom/purges.py says when it is called.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import requests
from django.conf import settings

# On every page: what is purged when another version of the code is put to work.
EVERYTHING = "site"
TIMEOUT_SECONDS = 10


class NotPurged(Exception):
    """The cache in front has not said yes; to be asked again."""


class Purger(Protocol):
    """A kind of cache in front."""

    # The header in which it reads the tags of a page, and what stands between them.
    header: str
    separator: str

    def purge(self, tags: Collection[str]) -> None:
        """Have every page with one of the tags forgotten. Raises NotPurged."""


@dataclass(frozen=True)
class Varnish:
    """One or several, each asked by itself: `BAN` with a pattern of tags (docs/scaling.md has the VCL)."""

    addresses: tuple[str, ...]
    token: str = ""
    header, separator = "Surrogate-Key", " "

    def purge(self, tags: Collection[str]) -> None:
        """See Purger."""
        pattern = rf"(^|\s)({'|'.join(sorted(tags))})(\s|$)"
        secret = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        for address in self.addresses:
            _ask("BAN", address, headers={"Surrogate-Key-Pattern": pattern} | secret)


@dataclass(frozen=True)
class Fastly:
    """`POST /service/…/purge`, softly: what is purged is asked for anew, and may be served while we are away."""

    service: str
    token: str
    api: str
    header, separator = "Surrogate-Key", " "

    def purge(self, tags: Collection[str]) -> None:
        """See Purger."""
        headers = {"Fastly-Key": self.token, "Fastly-Soft-Purge": "1", "Accept": "application/json"}
        _ask("POST", f"{self.api}/service/{self.service}/purge", headers=headers, json={"surrogate_keys": sorted(tags)})


@dataclass(frozen=True)
class Cloudflare:
    """`POST /zones/…/purge_cache` with tags; its answer says for itself whether that was done."""

    zone: str
    token: str
    api: str
    header, separator = "Cache-Tag", ","

    def purge(self, tags: Collection[str]) -> None:
        """See Purger."""
        said = _ask(
            "POST",
            f"{self.api}/client/v4/zones/{self.zone}/purge_cache",
            headers={"Authorization": f"Bearer {self.token}"},
            json={"tags": sorted(tags)},
        )
        if not _says_success(said):
            raise NotPurged("Cloudflare does not say that it has.")


@dataclass(frozen=True)
class Bunny:
    """`POST /pullzone/…/purgeCache`, one tag at a time."""

    zone: str
    token: str
    api: str
    header, separator = "CDN-Tag", ","

    def purge(self, tags: Collection[str]) -> None:
        """See Purger."""
        for tag in sorted(tags):
            address = f"{self.api}/pullzone/{self.zone}/purgeCache"
            _ask("POST", address, headers={"AccessKey": self.token}, json={"CacheTag": tag})


def purger() -> Purger | None:
    """The one that PURGE_PROVIDER names; None where there is none."""
    provider, token, api = settings.PURGE_PROVIDER, settings.PURGE_TOKEN, settings.PURGE_API
    if provider == "varnish":
        return Varnish(tuple(settings.PURGE_ADDRESSES), token)
    if provider == "fastly":
        return Fastly(settings.PURGE_ZONE, token, api or "https://api.fastly.com")
    if provider == "cloudflare":
        return Cloudflare(settings.PURGE_ZONE, token, api or "https://api.cloudflare.com")
    if provider == "bunny":
        return Bunny(settings.PURGE_ZONE, token, api or "https://api.bunny.net")
    return None


def tagged(tables: Collection[str]) -> list[tuple[str, str]]:
    """The header that a page of these tables carries; none where nobody in front reads it."""
    found = purger()
    return [(found.header, found.separator.join([EVERYTHING, *sorted(tables)]))] if found else []


def _ask(method: str, address: str, **what: Any) -> requests.Response:
    try:
        said = requests.request(method, address, timeout=TIMEOUT_SECONDS, allow_redirects=False, **what)
    except requests.RequestException as error:
        # Only its kind: the words may hold the address with a secret in it.
        raise NotPurged(f"{type(error).__name__} on {method}") from None
    if said.status_code // 100 != 2:
        raise NotPurged(f"{method} was answered with {said.status_code}")
    return said


def _says_success(said: requests.Response) -> bool:
    try:
        return said.json().get("success") is True
    except (ValueError, AttributeError):
        return False
