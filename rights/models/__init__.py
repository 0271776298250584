"""What readers ask for by right, and what became of it."""

from .handling import Handling
from .statement import Statement, Unalterable

__all__ = ["Handling", "Statement", "Unalterable"]
