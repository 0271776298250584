"""What readers ask for by right, and what became of it."""

from .erasure import Erasure
from .handling import Handling
from .retention import RetentionRun
from .statement import Statement, Unalterable

__all__ = ["Erasure", "Handling", "RetentionRun", "Statement", "Unalterable"]
