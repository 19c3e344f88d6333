"""Facts about one person, with where each came from."""
