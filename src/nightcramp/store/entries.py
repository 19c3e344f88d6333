"""Entries: added once each, never changed, and given back in the order they arrived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import select

from nightcramp.diary.entry import Entry
from nightcramp.errors import InputError, one_line
from nightcramp.language import gettext as _
from nightcramp.store import tables
from nightcramp.store.consistency import ENTRY_ID
from nightcramp.store.database import Store
from nightcramp.store.reading import entries_in, entry_of
from nightcramp.store.records import EntryRecord, json_of

AT_ONCE = 500


def add_entries(store: Store, entries: Sequence[Entry]) -> list[bool]:
    """Add entries, all or none; return for each whether it was added or there already.

    Raises InputError, with nothing written, for an entry that cannot be kept, or whose id is
    there with other content.
    """
    bodies = [_body(entry) for entry in entries]
    there = dict(_there(store, [entry.id for entry in entries]))
    added = []
    for entry, body in zip(entries, bodies, strict=True):
        before = there.get(entry.id)
        if before is not None and before != body:
            raise InputError(
                _("another entry has the id {id}").format(id=entry.id),
                hint=_("A correction is a new entry that names the one it replaces."),
            )
        there[entry.id] = body
        added.append(before is None)
    new = [entry for entry, is_new in zip(entries, added, strict=True) if is_new]
    store.keep([EntryRecord(person=store.who.key, entry=entry) for entry in new])
    return added


def all_entries(store: Store) -> list[Entry]:
    """Return the person's entries in order of arrival, whatever their clocks said."""
    return entries_in(store.connection, store.person, store.who)


def latest_entries(store: Store, count: int) -> list[Entry]:
    """Return the entries that arrived last, at most so many, in order of arrival."""
    asked = (
        select(tables.entry)
        .where(tables.entry.c.person_id == store.person)
        .order_by(tables.entry.c.seq.desc())
        .limit(count)
    )
    found = [entry_of(row, store.who.key) for row in store.connection.execute(asked)]
    return found[::-1]


def _there(store: Store, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (id, content) of the entries that are there already."""
    for start in range(0, len(ids), AT_ONCE):
        asked = select(tables.entry).where(
            tables.entry.c.person_id == store.person,
            tables.entry.c.id.in_(ids[start : start + AT_ONCE]),
        )
        for row in store.connection.execute(asked):
            yield row.id, json_of(entry_of(row, store.who.key))


def _body(entry: Entry) -> str:
    """Return an entry as it will be kept; raises InputError unless it comes back the same."""
    if not ENTRY_ID.fullmatch(entry.id):
        wrong = _("the id of an entry is 32 hexadecimal digits, not {id!r}")
        raise InputError(wrong.format(id=entry.id[:60]))
    try:
        body = json_of(entry)
        same = json_of(msgspec.json.decode(body, type=Entry)) == body
    except (msgspec.MsgspecError, UnicodeError, ValueError) as error:
        raise _unkept(entry, one_line(error, 200)) from None
    if not same:
        raise _unkept(entry, _("it would not come back the same"))
    return body


def _unkept(entry: Entry, why: str) -> InputError:
    return InputError(_("the entry {id} cannot be kept: {why}").format(id=entry.id, why=why))
