"""The editor's desk."""

from . import article, corrections, crawler, live, partner, people, picture, short

__all__ = ["article", "corrections", "crawler", "live", "partner", "people", "picture", "short"]
