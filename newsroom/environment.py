"""How the environment is read: strictly, and naming the culprit.

Only `settings.py` calls this. Every reader raises `ImproperlyConfigured` with the name of the variable.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from edge.colours import is_colour


class Environment:
    """Typed access to environment variables.

    In production a variable without a safe default must be set; in development every one has a default.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.is_production = self.choice("ENVIRONMENT", ("development", "production"), default="development") == (
            "production"
        )

    def text(self, name: str, *, default: str = "", required: bool = False) -> str:
        """The variable as text without surrounding space. `required` holds in production only."""
        value = self._variables.get(name, "").strip()
        if not value and required and self.is_production:
            raise ImproperlyConfigured(f"{name} must be set in production.")
        return value or default

    def choice(self, name: str, allowed: tuple[str, ...], *, default: str) -> str:
        """One of `allowed`."""
        value = self._variables.get(name, "").strip() or default
        if value not in allowed:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of: {', '.join(allowed)}.")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """`1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`."""
        value = self._variables.get(name, "").strip().lower()
        if value in {"1", "true", "yes", "on"}:
            return True
        if value in {"0", "false", "no", "off"}:
            return False
        if value:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be true or false.")
        return default

    def number(self, name: str, *, default: int, least: int = 0) -> int:
        """A whole number not below `least`."""
        value = self._variables.get(name, "").strip()
        if not value:
            return default
        try:
            number = int(value)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number.") from error
        if number < least:
            raise ImproperlyConfigured(f"{name} is {number}; it must be at least {least}.")
        return number

    def words(self, name: str, *, required: bool = False) -> list[str]:
        """A comma-separated list, empty parts dropped."""
        return [part.strip() for part in self.text(name, required=required).split(",") if part.strip()]

    def networks(self, name: str, *, also: tuple[str, ...] = ()) -> list[str]:
        """A comma-separated list of networks or addresses; words of `also` may stand among them."""
        networks = self.words(name)
        for network in networks:
            try:
                _ = network in also or ip_network(network)
            except ValueError as error:
                raise ImproperlyConfigured(
                    f"{name} holds {network!r}; it must be a network like 10.0.0.0/8 or an address."
                ) from error
        return networks

    def url(
        self, name: str, *, default: str, required: bool = False, schemes: tuple[str, ...] = ("https", "http")
    ) -> str:
        """An absolute address without a trailing slash."""
        return self._address(name, self.text(name, default=default, required=required), schemes)

    def urls(self, name: str, *, schemes: tuple[str, ...] = ("http", "https")) -> list[str]:
        """A comma-separated list of absolute addresses without a trailing slash."""
        return [self._address(name, word, schemes) for word in self.words(name)]

    def _address(self, name: str, value: str, schemes: tuple[str, ...]) -> str:
        value = value.rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be an address like {schemes[0]}://host.")
        return value

    def segment(self, name: str, *, default: str) -> str:
        """One part of an address, with or without the slashes around it."""
        value = self.text(name, default=default).strip("/")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", value):
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be one part of an address, such as {default}.")
        return value

    def in_languages(self, name: str, **defaults: str) -> dict[str, str]:
        """One text in each language of `defaults`: `NAME` in English, `NAME_FR` and so on.

        Once the English text is set, a language without one of its own says the English one.
        """
        english = self.text(name)
        return {
            language: self.text(name if language == "en" else f"{name}_{language.upper()}") or english or default
            for language, default in defaults.items()
        }

    def colour(self, name: str) -> tuple[str, str] | None:
        """A colour by day and one by night, as `#0b5b4f #82d5b9`; one alone is both. None where it is not set."""
        found = self.text(name).lower().replace(",", " ").split()
        if not found:
            return None
        if len(found) > 2 or not all(map(is_colour, found)):
            raise ImproperlyConfigured(f"{name} must be one colour or two, like #0b5b4f #82d5b9.")
        return found[0], found[-1]

    def refuse(self, name: str, reason: str) -> None:
        """Stop a production start because of what `name` holds."""
        if self.is_production:
            raise ImproperlyConfigured(f"{name} {reason}")
