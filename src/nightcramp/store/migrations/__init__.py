"""Migrations of the store, forward only: a copy is made first, and no way leads back."""
