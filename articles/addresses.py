"""Addresses for those who read us elsewhere: feeds, cards, search engines."""

from django.conf import settings


def absolute(path: str) -> str:
    """A path of this site as a full address; a full address stays as it is."""
    return path if path.startswith(("https://", "http://")) else f"{settings.SITE_URL}{path}"
