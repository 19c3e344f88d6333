"""From a database to events: opening it, what its codes mean, one long table."""
