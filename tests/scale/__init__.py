"""As many rows as a large house has, and what the database does with them."""
