"""What readers ask for by right, and what became of it."""
