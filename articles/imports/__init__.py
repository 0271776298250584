"""Files in and out: one reader for each format, one way in for all of them, one writer (docs/importing.md)."""
