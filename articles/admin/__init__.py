"""The editor's desk."""

from . import article, corrections, crawler, front, live, partner, people, picture, short

__all__ = ["article", "corrections", "crawler", "front", "live", "partner", "people", "picture", "short"]
