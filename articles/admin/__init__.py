"""The editor's desk."""

from . import article, corrections, crawler, people, picture, short

__all__ = ["article", "corrections", "crawler", "people", "picture", "short"]
