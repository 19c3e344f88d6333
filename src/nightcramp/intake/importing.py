"""Reads files and keeps them in the person's database: all of them, or none."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from nightcramp.errors import InputError
from nightcramp.intake.formats import Progress, read_any
from nightcramp.intake.reading import Account, Reading
from nightcramp.knowledge.loader import knowledge
from nightcramp.store.database import opened
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
    mapping: str = ""


def import_files(
    files: Sequence[Path],
    *,
    keep: bool,
    mapping: Path | None = None,
    date_order: str | None = None,
    patient: str = "",
) -> list[Imported]:
    """Read all files, then keep them in one transaction; raises InputError keeping nothing."""
    digests = [digest_of(path) if path.exists() else "" for path in files]
    readings = [
        read_any(
            knowledge(),
            path,
            progress=_progress(path),
            mapping=mapping,
            date_order=date_order,
            patient=patient,
        )
        for path in files
    ]
    if not keep:
        return [_imported(reading, "tried", None) for reading in readings]
    for reading in readings:
        _refuse_empty(reading)
    now = dt.datetime.now().astimezone()
    results = []
    with opened() as store:
        for reading, digest in zip(readings, digests, strict=True):
            before = find_import(store, digest)
            if before is not None:
                results.append(_imported(reading, "already there", before))
                continue
            number = add_import(store, reading, digest, now)
            results.append(_imported(reading, "kept", number))
    return results


def _refuse_empty(reading: Reading) -> None:
    if reading.facts or reading.nights:
        return
    raise InputError(
        "nothing in it could be used, so nothing was kept",
        where=reading.file,
        hint=" ".join(reading.account.to_ask) or "`import --dry-run` says what was read and why.",
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
