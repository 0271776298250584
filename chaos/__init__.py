"""Breaks what the site stands on, one thing at a time, and looks what became of it: `make chaos`."""
