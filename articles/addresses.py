"""Addresses for those who read us elsewhere: feeds, cards, search engines."""

import re

from django.conf import settings


def absolute(path: str) -> str:
    """A path of this site as a full address; a full address stays as it is."""
    return path if path.startswith(("https://", "http://")) else f"{settings.SITE_URL}{path}"


def slug_in(address: str) -> str:
    """The last part of an address or a path, whatever is asked of it or in it: the slug, where it is an article's."""
    return re.split(r"[?#]", address)[0].rstrip("/").rpartition("/")[2]
