"""The migrations in their order; one that was released is never changed."""
