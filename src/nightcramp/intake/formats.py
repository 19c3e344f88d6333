"""Tells what kind of file a person gave, by its beginning more than by its name."""

from __future__ import annotations

import datetime as dt
import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from nightcramp.errors import InputError
from nightcramp.intake.reading import Reading
from nightcramp.intake.story import facts_of_story, story_date
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _

Format = Literal["story", "fhir", "apple_health", "spreadsheet"]
Progress = Callable[[int, int], None]

TABLES = {".csv", ".tsv", ".tab", ".xlsx", ".xlsm"}
HEAD_BYTES = 4096


def format_of(path: Path) -> Format:
    """Return the format of a file or folder; raises InputError when none fits."""
    if path.is_dir():
        return "fhir"
    suffix = path.suffix.lower()
    if suffix in TABLES:
        return "spreadsheet"
    if suffix == ".zip" or _head(path)[:2] == b"PK":
        return _zip_format(path)
    head = _head(path)
    if head[:2] == b"\x1f\x8b":
        head = _gzip_head(path)
    if b"<HealthData" in head or b"HealthKit Export" in head or suffix == ".xml":
        return "apple_health"
    if suffix == ".ndjson" or _is_fhir(head) or (suffix == ".json" and _is_fhir(_tail(path))):
        return "fhir"
    if suffix in {".yaml", ".yml", ".toml", ".json"}:
        return "story"
    if suffix == ".txt" and any(mark in head for mark in (b",", b";", b"\t")):
        return "spreadsheet"
    raise InputError(
        _("this kind of file is not known"),
        where=str(path),
        hint=_(
            "Known: story files (.yaml, .toml, .json), FHIR, Apple Health exports, "
            "spreadsheets (.csv, .tsv, .xlsx)."
        ),
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(HEAD_BYTES)
    except OSError as error:
        why = _("cannot be read: {why}").format(why=error.strerror)
        raise InputError(why, where=str(path)) from None


def _tail(path: Path) -> bytes:
    """Return the end of a file: programs may write the type of a resource last."""
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - HEAD_BYTES))
        return handle.read()


def _gzip_head(path: Path) -> bytes:
    try:
        with gzip.open(path) as handle:
            return handle.read(HEAD_BYTES)
    except (OSError, EOFError):
        raise InputError(_("the gzip file is damaged"), where=str(path)) from None


def _zip_format(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:10000]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise InputError(_("the zip file is damaged"), where=str(path)) from None
    if any(name.startswith("xl/") for name in names):
        return "spreadsheet"
    if any(name.lower().endswith(".xml") for name in names):
        return "apple_health"
    return "fhir"


def _is_fhir(head: bytes) -> bool:
    return b'"resourceType"' in head.replace(b" ", b"").replace(b"\n", b"")


def read_any(
    knowledge: Knowledge,
    path: Path,
    *,
    as_of: dt.date | None = None,
    progress: Progress | None = None,
    mapping: Path | None = None,
    date_order: str | None = None,
    patient: str = "",
) -> Reading:
    """Read a file of any known format; raises InputError naming the place."""
    kind = format_of(path)
    if kind == "fhir":
        from nightcramp.intake.fhir.reader import read_fhir

        return read_fhir(path, knowledge, as_of, patient=patient)
    if kind == "apple_health":
        from nightcramp.intake.apple_health.reader import read_apple_health

        return read_apple_health(path, knowledge, as_of, progress)
    if kind == "spreadsheet":
        from nightcramp.intake.spreadsheet.mapping import read_mapping
        from nightcramp.intake.spreadsheet.reader import read_spreadsheet

        chosen = read_mapping(mapping) if mapping else None
        return read_spreadsheet(path, knowledge, mapping=chosen, as_of=as_of, date_order=date_order)
    return _read_story(knowledge, path, as_of)


def _read_story(knowledge: Knowledge, path: Path, as_of: dt.date | None) -> Reading:
    from nightcramp.intake.files import read_mapping

    data = read_mapping(path)
    facts = facts_of_story(knowledge, data, str(path), as_of)
    reading = Reading(file=str(path), format="story", as_of=story_date(data, str(path), as_of))
    reading.facts = facts
    for fact in facts:
        reading.account.read[fact.kind] += 1
        if fact.kind == "unrecognised":
            reading.account.leave_out(fact.id, "not understood")
        else:
            reading.account.used[fact.kind] += 1
    return reading
