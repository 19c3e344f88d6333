"""SMART App Launch: the page for the visit opens inside a record system, read-only."""
