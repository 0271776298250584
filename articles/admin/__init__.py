"""The editor's desk."""

from . import addresses, article, corrections, crawler, front, live, partner, people, picture, short

__all__ = ["addresses", "article", "corrections", "crawler", "front", "live", "partner", "people", "picture", "short"]
