"""The editor's desk."""

from . import article, people, picture, short

__all__ = ["article", "people", "picture", "short"]
