"""The editor's desk."""

from . import article, crawler, people, picture, short

__all__ = ["article", "crawler", "people", "picture", "short"]
