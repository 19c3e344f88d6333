"""What a person told in interviews; the latest counts, the others are kept as history."""

from __future__ import annotations

import datetime as dt

import msgspec

from nightcramp.store.database import Store
from nightcramp.store.reading import latest_story
from nightcramp.store.records import StoryRecord


def keep_story(store: Store, told_at: dt.datetime, body: bytes) -> None:
    """Keep a story, as JSON written without spaces."""
    record = StoryRecord(person=store.who.key, told_at=told_at, story=msgspec.Raw(body))
    store.keep([record])


def kept_story(store: Store) -> bytes | None:
    """Return the latest story as JSON, or None where nothing was told."""
    record = latest_story(store.connection, store.person, store.who)
    return None if record is None else bytes(record.story)
