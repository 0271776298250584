"""What a machine needs to run the site (docs/operating.md)."""
