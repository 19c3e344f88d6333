"""A randomised trial on one person's own nights: planned, locked, run, and judged."""
