"""The `nightcramp` command."""
