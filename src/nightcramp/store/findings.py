"""Analyses as they came out; the latest counts, the others are kept as history."""

from __future__ import annotations

import datetime as dt

import msgspec

from nightcramp.errors import InputError, one_line
from nightcramp.language import gettext as _
from nightcramp.store.database import Store
from nightcramp.store.reading import latest_findings
from nightcramp.store.records import FindingsRecord


def keep_findings(store: Store, digest: str, made_at: dt.datetime, body: str) -> None:
    """Keep an analysis: `digest` of what it was made from, and its JSON, written without spaces.

    Raises InputError for what is no JSON.
    """
    try:
        findings = msgspec.json.format(body, indent=-1)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        why = _("an analysis is kept as JSON: {why}").format(why=one_line(error, 200))
        raise InputError(why) from None
    record = FindingsRecord(
        person=store.who.key,
        digest=digest,
        made_at=made_at,
        findings=msgspec.Raw(findings.encode()),
    )
    store.keep([record])


def kept_findings(store: Store) -> tuple[str, dt.datetime, str] | None:
    """Return (digest, made_at, JSON) of the latest analysis, or None."""
    record = latest_findings(store.connection, store.person, store.who)
    if record is None:
        return None
    return record.digest, record.made_at, bytes(record.findings).decode()
