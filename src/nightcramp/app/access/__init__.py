"""Who may see what: passphrases, passkeys, sessions, links, and what each person prefers.

All of it lies in `app.db` beside the store, which holds no health fact.
"""
