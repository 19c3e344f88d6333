"""The person's own database: what was imported, whole and undoable."""
