"""What the store holds as records, one JSON line each: in the archive and in the journal alike."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from nightcramp.diary.entry import Entry
from nightcramp.intake.reading import Account
from nightcramp.person.fact import Fact
from nightcramp.person.night import Night
from nightcramp.trial.events import TrialEvent


class _Record(Struct, frozen=True, kw_only=True, tag_field="is"):
    pass


class PersonRecord(_Record, frozen=True, kw_only=True, tag="person"):
    """Somebody whose diary it is; `key` stays when the name changes."""

    key: str
    name: str
    made_at: dt.datetime


class EntryRecord(_Record, frozen=True, kw_only=True, tag="entry"):
    """One entry of a person's diary; the lines are in order of arrival."""

    person: str
    entry: Entry


class ImportRecord(_Record, frozen=True, kw_only=True, tag="import"):
    """One file that was imported, with how many facts and nights it brought."""

    number: int
    person: str
    file: str
    format: str
    sha256: str
    as_of: dt.date
    imported_at: str
    facts: int
    nights: int
    account: Account


class FactRecord(_Record, frozen=True, kw_only=True, tag="fact"):
    """One fact that the import of this number brought, by its place in the file."""

    number: int
    place: int
    fact: Fact


class NightRecord(_Record, frozen=True, kw_only=True, tag="night"):
    """One night that the import of this number brought."""

    number: int
    night: Night


class FindingsRecord(_Record, frozen=True, kw_only=True, tag="findings"):
    """One analysis of a person's diary, as it came out."""

    person: str
    digest: str
    made_at: dt.datetime
    findings: Raw


class TrialRecord(_Record, frozen=True, kw_only=True, tag="trial"):
    """One protocol as it was locked: `protocol` are the very bytes that the SHA-256 is of."""

    person: str
    trial: str
    locked_at: dt.datetime
    sha256: str
    protocol: str


class TrialEventRecord(_Record, frozen=True, kw_only=True, tag="trial event"):
    """One thing that happened on the way of a trial."""

    person: str
    trial: str
    event: TrialEvent


class LookRecord(_Record, frozen=True, kw_only=True, tag="look"):
    """One look at the verdict of a trial, and the outcomes of the nights it was made from."""

    person: str
    trial: str
    made_at: dt.datetime
    outcomes: tuple[float | None, ...]
    verdict: Raw


class StoryRecord(_Record, frozen=True, kw_only=True, tag="story"):
    """What a person told in interviews, as it stood at a moment."""

    person: str
    told_at: dt.datetime
    story: Raw


class UndoneRecord(_Record, frozen=True, kw_only=True, tag="undone"):
    """The import of this number was taken back. Only in the journal."""

    number: int


class AnewRecord(_Record, frozen=True, kw_only=True, tag="anew"):
    """Everything before counts no more: all that is there follows. Only in the journal."""


class EndRecord(_Record, frozen=True, kw_only=True, tag="end"):
    """The lines before, up to the last end, were written together. Only in the journal."""

    number: int
    lines: int
    sha256: str


OfTrial = TrialRecord | TrialEventRecord | LookRecord
Kept = (
    PersonRecord
    | EntryRecord
    | ImportRecord
    | FactRecord
    | NightRecord
    | FindingsRecord
    | TrialRecord
    | TrialEventRecord
    | LookRecord
    | StoryRecord
)
Record = Kept | UndoneRecord
Line = Record | AnewRecord | EndRecord

COUNTS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "integer"}}


def line_of(record: Line) -> str:
    """Return a record as one line of JSON, its end of line included."""
    return f"{json_of(record)}\n"


def record_of(line: bytes | str) -> Line:
    """Return the record of a line; raises msgspec.MsgspecError."""
    return _DECODER.decode(line)


def json_of(value: object) -> str:
    """Return a value as JSON, equal for equal values."""
    return msgspec.json.encode(value, order="deterministic").decode()


def account_of(text: str) -> Account:
    """Return the account of an import from its JSON."""
    return msgspec.json.decode(text, type=Account, dec_hook=_counted)


def checksum(*parts: object) -> str:
    """Return the SHA-256 of parts, each on a line of its own."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def schemas(kinds: Iterable[type[Kept]]) -> dict[str, Any]:
    """Return the JSON Schemas of record types, with the types they use."""
    named, components = msgspec.json.schema_components(
        kinds, schema_hook=lambda kind: COUNTS, ref_template="#/$defs/{name}"
    )
    return {"oneOf": list(named), "$defs": components}


def _counted(kind: type, value: Any) -> Any:
    counts = msgspec.convert(value, dict[str, int])
    return Counter(counts)


_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line, dec_hook=_counted)
