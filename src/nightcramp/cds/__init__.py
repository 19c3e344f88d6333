"""Decision support for record systems: CDS Hooks cards, and a SMART page for the visit."""
