"""Journeys live in a world of their own: see tests/world.py."""

from tests.world import contract, local_stripe, world

__all__ = ["contract", "local_stripe", "world"]
