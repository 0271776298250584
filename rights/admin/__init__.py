"""The desk of what readers ask for by right."""

from .own_data import ErasureAdmin, RetentionAdmin

__all__ = ["ErasureAdmin", "RetentionAdmin"]
