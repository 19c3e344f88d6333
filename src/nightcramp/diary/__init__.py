"""The diary: entries become nights, nights become findings."""
