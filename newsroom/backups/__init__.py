"""Backups: database and pictures in one sealed file, and the way back (docs/operating.md, "Backups")."""
