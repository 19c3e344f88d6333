"""Reads files and keeps them in the person's database: all of them, or none."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from nightcramp.errors import InputError
from nightcramp.intake.diary_arrival import take_in
from nightcramp.intake.formats import Progress, read_any
from nightcramp.intake.reading import Account, Reading
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.store.database import Store, opened
from nightcramp.store.imports import add_import, digest_of, find_import


class Imported(Struct, frozen=True, kw_only=True):
    """What became of one file."""

    file: str
    format: str
    as_of: dt.date
    outcome: Literal["kept", "tried", "already there"]
    number: int | None
    facts: int
    nights: int
    account: Account
    entries: int = 0
    """How many entries of a diary it holds, whether there already or not."""
    mapping: str = ""


class Tried(Struct, frozen=True, kw_only=True):
    """What was read of one file, before anything of it is kept."""

    imported: Imported
    reading: Reading
    digest: str


def import_files(
    files: Sequence[Path],
    *,
    keep: bool,
    mapping: Path | None = None,
    date_order: str | None = None,
    patient: str = "",
) -> list[Imported]:
    """Read all files, then keep them in one transaction; raises InputError keeping nothing."""
    tried = [
        try_file(
            path,
            progress=_progress(path),
            mapping=mapping,
            date_order=date_order,
            patient=patient,
        )
        for path in files
    ]
    if not keep:
        return [one.imported for one in tried]
    for one in tried:
        _refuse_empty(one.reading)
    now = dt.datetime.now().astimezone()
    with opened() as store:
        return [keep_tried(store, one, now) for one in tried]


def try_file(
    path: Path,
    *,
    progress: Progress | None = None,
    mapping: Path | None = None,
    date_order: str | None = None,
    patient: str = "",
) -> Tried:
    """Read one file and keep nothing of it; raises InputError."""
    digest = digest_of(path) if path.exists() else ""
    reading = read_any(
        knowledge(),
        path,
        progress=progress,
        mapping=mapping,
        date_order=date_order,
        patient=patient,
    )
    return Tried(imported=_imported(reading, "tried", None), reading=reading, digest=digest)


def keep_tried(store: Store, tried: Tried, now: dt.datetime) -> Imported:
    """Keep what was read of a file, once; raises InputError where it is nothing."""
    _refuse_empty(tried.reading)
    before = find_import(store, tried.digest)
    if before is not None:
        return _imported(tried.reading, "already there", before)
    number = add_import(store, tried.reading, tried.digest, now)
    if tried.reading.entries:
        take_in(store, tried.reading.entries, now, knowledge().measures)
    return _imported(tried.reading, "kept", number)


def under_name(tried: Tried, name: str) -> Tried:
    """Return what was read as of a file of this name: what it is called to whom sent it."""
    reading = tried.reading
    for place, fact in enumerate(reading.facts):
        origin = replace(fact.provenance, file=name)
        reading.facts[place] = replace(fact, provenance=origin)
    reading.file = name
    return Tried(imported=replace(tried.imported, file=name), reading=reading, digest=tried.digest)


def _refuse_empty(reading: Reading) -> None:
    if reading.facts or reading.nights or reading.entries:
        return
    raise InputError(
        _("nothing in it could be used, so nothing was kept"),
        where=reading.file,
        hint=" ".join(reading.account.to_ask)
        or _("`import --dry-run` says what was read and why."),
    )


def _imported(
    reading: Reading, outcome: Literal["kept", "tried", "already there"], number: int | None
) -> Imported:
    return Imported(
        file=reading.file,
        format=reading.format,
        as_of=reading.as_of,
        outcome=outcome,
        number=number,
        facts=len(reading.facts),
        nights=len(reading.nights),
        account=reading.account,
        entries=len(reading.entries),
        mapping=reading.mapping,
    )


def _progress(path: Path) -> Progress | None:
    """Return a progress line on stderr for long files, where a person is watching."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        part = f"{100 * done // total} %" if total else f"{done / 1e6:.0f} MB"
        end = "\n" if total and done >= total else ""
        sys.stderr.write(f"\r{path.name}: {part}{end}")
        sys.stderr.flush()

    return show
