"""The desk of what readers ask for by right."""

from .own_data import ErasureAdmin, RetentionAdmin
from .statements import StatementAdmin

__all__ = ["ErasureAdmin", "RetentionAdmin", "StatementAdmin"]
