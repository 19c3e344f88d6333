"""The files of a FHIR bulk export: which kind of record each holds, and where one is broken."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec

from nightcramp.errors import InputError, one_line
from nightcramp.intake.fhir.bundle import BROKEN, CHUNK, MOST_LINE, kind_of
from nightcramp.intake.fhir.reader import OLD_KINDS, OLD_PROFILES
from nightcramp.language import gettext as _

PATTERNS = ("*.ndjson", "*.ndjson.gz")
KINDS = (
    "Patient",
    "Medication",
    "Encounter",
    "Condition",
    "Procedure",
    "Observation",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationDispense",
    "MedicationAdministration",
)
"""Every kind that is read, in the order in which it is."""

OLDER: Mapping[str, tuple[str, ...]] = {
    "Condition": ("dateRecorded", "assertedDate"),
    "Procedure": ("notDone", "notPerformed"),
    "MedicationStatement": ("taken", "wasNotTaken"),
    "MedicationAdministration": ("notGiven", "wasNotGiven"),
}
NEWER: Mapping[str, tuple[str, ...]] = {
    "Encounter": ("actualPeriod",),
    "Procedure": ("occurrenceDateTime", "occurrencePeriod"),
    "MedicationRequest": ("medication",),
    "MedicationStatement": ("medication", "adherence"),
    "MedicationDispense": ("medication",),
    "MedicationAdministration": ("medication", "occurenceDateTime", "occurencePeriod"),
}
"""Fields that FHIR R4 does not have any more, and not yet: by them a version is known."""

OLD_WORDS = ("clinicalStatus", "verificationStatus")
"""Fields that were words before R4, and are codings since."""

_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True)
class Export:
    """The files of an export by kind of record, and how many hold kinds that are not read."""

    shown: str
    files: dict[str, list[Path]]
    others: int


def is_export(folder: Path) -> bool:
    """Return whether a folder holds lines of FHIR rather than Parquet files."""
    return any(_found(folder)) and not any(folder.glob("*.parquet"))


def export_in(folder: Path, shown: str) -> Export:
    """Return the files of an export; raises InputError for one that holds no people."""
    files: dict[str, list[Path]] = {}
    others = 0
    for path in sorted(_found(folder)):
        kind = _kind(path)
        if kind in KINDS:
            files.setdefault(kind, []).append(path)
            _check_packed(path)
        else:
            others += 1
    if "Patient" not in files:
        raise InputError(
            _("holds no file of the kind Patient"),
            where=shown,
            hint=_("Put all files of the bulk export into one folder; Patient is always needed."),
        )
    return Export(shown, files, others)


def _found(folder: Path) -> Iterator[Path]:
    for pattern in PATTERNS:
        yield from (path for path in folder.glob(pattern) if not path.name.startswith("."))


def _kind(path: Path) -> str:
    """Return the kind of the first record in a file, which must be what its name says."""
    named = next((word for word in _WORD.findall(path.name) if word in KINDS), "")
    for number, line in _lines(path):
        kind = _kind_of_line(line)
        if not kind or (named and kind != named):
            raise fault_in(path, number, line, named or "FHIR")
        if kind in OLD_KINDS:
            raise _old(path, number)
        return kind
    return named


def _kind_of_line(line: bytes) -> str:
    try:
        return kind_of(line)
    except BROKEN:
        return ""


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that hold anything, with their numbers."""
    try:
        with _opened(path) as stream:
            number = 0
            while line := stream.readline(MOST_LINE):
                number += 1
                if line.strip():
                    yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _cut_off(path, error) from None
    except OSError as error:
        fault = _("cannot be read: {fault}").format(fault=error.strerror or error)
        raise InputError(fault, where=str(path)) from None


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _check_packed(path: Path) -> None:
    """Read a packed file to its end: DuckDB would take one that was cut off between two lines."""
    if path.suffix != ".gz":
        return
    try:
        with gzip.open(path) as stream:
            while stream.read(CHUNK):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise _cut_off(path, error) from None


def _cut_off(path: Path, error: Exception) -> InputError:
    return InputError(
        _("the packed file is damaged or cut off: {fault}").format(fault=one_line(error, 160)),
        where=str(path),
        hint=_("Download or copy it once more."),
    )


# Where a file is broken


def first_fault(path: Path, kind: str) -> InputError | None:
    """Return what is wrong with the first line of a file that cannot be read, or None."""
    for number, line in _lines(path):
        if found := _fault(path, number, line, kind):
            return found
    return None


def _fault(path: Path, number: int, line: bytes, kind: str) -> InputError | None:
    try:
        record = msgspec.json.decode(line)
    except BROKEN:
        return fault_in(path, number, line, kind)
    if not isinstance(record, dict) or record.get("resourceType") != kind:
        return fault_in(path, number, line, kind)
    if is_older(record, kind):
        return _old(path, number)
    if any(record.get(name) is not None for name in NEWER.get(kind, ())):
        return _new(path, number, kind)
    if kind == "Patient" and not isinstance(record.get("id"), str):
        return InputError(
            _("a Patient without an id: nothing can be about it"), where=_place(path, number)
        )
    return None


def is_older(record: dict[str, Any], kind: str) -> bool:
    """Return whether a record is written in an older version of FHIR than R4."""
    if any(isinstance(record.get(name), str) for name in OLD_WORDS):
        return True
    meta = record.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    written = " ".join(map(str, profiles)) if isinstance(profiles, list) else ""
    old = any(mark in written for mark in OLD_PROFILES)
    return old or any(record.get(name) is not None for name in OLDER.get(kind, ()))


def fault_in(path: Path, number: int, line: bytes, kind: str) -> InputError:
    """Return why a line is no record of a kind."""
    where = _place(path, number)
    try:
        record = msgspec.json.decode(line)
    except (UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        return InputError(
            _("is not valid JSON: {fault}").format(fault=one_line(error, 160)),
            where=where,
            hint=_("The file may have been cut off; download or copy it once more."),
        )
    found = record.get("resourceType") if isinstance(record, dict) else None
    if not isinstance(found, str) or not found:
        return InputError(
            _("is JSON, but not FHIR: it names no resource type"),
            where=where,
            hint=_("In a bulk export every line of a file is one FHIR resource."),
        )
    return InputError(
        _("is of the kind {found}, in a file of the kind {kind}").format(
            found=found[:60], kind=kind
        ),
        where=where,
        hint=_("In a bulk export a file holds records of one kind only."),
    )


def _place(path: Path, number: int) -> str:
    return _("{file}: line {line}").format(file=path, line=number)


def _old(path: Path, number: int) -> InputError:
    return InputError(
        _("is written in an older FHIR version (DSTU2 or STU3)"),
        where=_place(path, number),
        hint=_("Export the records as FHIR R4."),
    )


def _new(path: Path, number: int, kind: str) -> InputError:
    return InputError(
        _("this {kind} is written in a newer FHIR version (R5)").format(kind=kind),
        where=_place(path, number),
        hint=_("Export the records as FHIR R4."),
    )
