"""The invented newsroom that a fresh installation opens with: words, people and pictures."""
