"""The archive: everything of a person, or of all people, in one open file, and back.

A zip of JSON Lines, one file for each kind of record, with their JSON Schema and a page that
explains it. The same records give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import IO, BinaryIO, get_args

import msgspec

from nightcramp.errors import InputError, one_line
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.store.consistency import Consistency
from nightcramp.store.records import (
    EntryRecord,
    FactRecord,
    FindingsRecord,
    ImportRecord,
    Kept,
    LookRecord,
    NightRecord,
    PersonRecord,
    StoryRecord,
    TrialEventRecord,
    TrialRecord,
    line_of,
    record_of,
    schemas,
)

FORMAT = 3
"""1: before there were trials. 2: before interviews were kept."""
KINDS: dict[str, type[Kept]] = {
    "people.jsonl": PersonRecord,
    "entries.jsonl": EntryRecord,
    "imports.jsonl": ImportRecord,
    "facts.jsonl": FactRecord,
    "nights.jsonl": NightRecord,
    "findings.jsonl": FindingsRecord,
    "trials.jsonl": TrialRecord,
    "trial_events.jsonl": TrialEventRecord,
    "looks.jsonl": LookRecord,
    "stories.jsonl": StoryRecord,
}
SINCE = {"trials.jsonl": 2, "trial_events.jsonl": 2, "looks.jsonl": 2, "stories.jsonl": 3}
"""The format since which a file is in an archive, where it was not from the beginning."""
SCHEMA, README = "schema.json", "README.txt"
NAMES = {*KINDS, SCHEMA, README}
LONGEST_LINE = 32 << 20
MOST_BYTES = 2 << 30
MOST_FILES = 32
EARLIEST = (1980, 1, 1, 0, 0, 0)
DRAFT = "https://json-schema.org/draft/2020-12/schema"

EXPLAINED = noted(
    """\
Everything nightcramp holds of one person or several.

Each .jsonl file has one record a line, as JSON in UTF-8; schema.json describes them.

  people.jsonl    whose diary it is; the key stays when the name changes
  entries.jsonl   what was told to the diary, in order of arrival; a correction is a new entry
                  that names the one it replaces
  imports.jsonl   the files that were imported, and what was left out of them
  facts.jsonl     the facts they brought
  nights.jsonl    the nights they brought
  findings.jsonl  the analyses that were made
  trials.jsonl    the protocols of trials, as they were locked; the SHA-256 is of `protocol`
  trial_events.jsonl  what happened on the way: stopped, started again, ill, a night otherwise
  looks.jsonl     the verdicts that were looked at, with the nights as they stood then
  stories.jsonl   what was told in interviews, as it stood each time; the latest counts

`nightcramp restore FILE` brings all of it back. It is health data: keep it where you keep such.
"""
)


def write_archive(to: BinaryIO, records: Iterable[Kept]) -> str:
    """Write records, kind after kind as `everything` yields them; return their digest."""
    digest = hashlib.sha256()
    groups = groupby(records, key=type)
    kind, group = next(groups, (None, iter(())))
    with zipfile.ZipFile(to, "w") as archive:
        _add(archive, README, _(EXPLAINED))
        _add(archive, SCHEMA, json.dumps(archive_schema(), indent=1, ensure_ascii=False) + "\n")
        for name, wanted in KINDS.items():
            with archive.open(_info(name), "w", force_zip64=True) as handle:
                if kind is wanted:
                    _write_lines(handle, group, digest)
                    kind, group = next(groups, (None, iter(())))
    assert kind is None, f"{kind} comes out of turn"
    return digest.hexdigest()


def archive_schema() -> dict[str, object]:
    """Return the JSON Schema of the lines of an archive."""
    return {
        "$schema": DRAFT,
        "title": "nightcramp archive",
        "format": FORMAT,
        **schemas(KINDS.values()),
    }


def read_archive(path: Path) -> Iterator[Kept]:
    """Yield the records of an archive, checked one by one and together.

    Raises InputError that names the file and line; a caller keeps nothing until the end.
    """
    together = Consistency()
    with _opened(path) as archive:
        kinds = _kinds_in(path, archive)
        left = [MOST_BYTES]
        for name, kind in kinds.items():
            for number, line in enumerate(_lines(path, archive, name, left), 1):
                where = f"{path}: " + _("{file} line {line}").format(file=name, line=number)
                record = _record(line, kind, where)
                if fault := together.fault_of(record):
                    raise InputError(fault, where=where, hint=_(_WHOLE))
                yield record
    if fault := together.fault_at_end():
        raise InputError(fault, where=str(path), hint=_(_WHOLE))


def archive_name(whose: str, day: dt.date, ending: str = ".zip") -> str:
    """Return what an export is called: `nightcramp-Ann-2026-11-24.zip`."""
    return f"nightcramp-{''.join(filter(str.isalnum, whose)) or 'me'}-{day}{ending}"


def digest_of_archive(path: Path) -> str:
    """Return the digest of an archive's records as `write_archive` does; raises InputError."""
    digest = hashlib.sha256()
    for record in read_archive(path):
        digest.update(line_of(record).encode())
    return digest.hexdigest()


_WHOLE = noted("Nothing was restored. Use another copy of the archive.")


def _write_lines(handle: IO[bytes], records: Iterable[Kept], digest: hashlib._Hash) -> None:
    for record in records:
        line = line_of(record).encode()
        digest.update(line)
        handle.write(line)


def _add(archive: zipfile.ZipFile, name: str, content: str) -> None:
    archive.writestr(_info(name), content, compresslevel=6)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EARLIEST)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o600 << 16
    return info


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _unreadable(str(path), error) from None
    with archive:
        yield archive


def _kinds_in(path: Path, archive: zipfile.ZipFile) -> dict[str, type[Kept]]:
    """Return the files an archive of its format holds, all of which are there."""
    _check_names(path, archive)
    number = _format_of(path, archive)
    kinds = {name: kind for name, kind in KINDS.items() if SINCE.get(name, 1) <= number}
    names = archive.namelist()
    if missing := sorted(set(kinds) - set(names)):
        lacking = _("the archive lacks {file}").format(file=missing[0])
        raise InputError(lacking, where=str(path), hint=_(_WHOLE))
    if early := sorted(set(names) & (set(KINDS) - set(kinds))):
        newer = _("{file} is newer than the archive").format(file=early[0])
        raise InputError(newer, where=str(path), hint=_(_WHOLE))
    return kinds


def _check_names(path: Path, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    odd = sorted(set(names) - NAMES)
    twice = len(names) != len(set(names))
    if len(names) > MOST_FILES or odd or twice:
        fault = _("this is no archive of nightcramp: it holds one file several times")
        if odd:
            fault = _("this is no archive of nightcramp: it holds {name!r}")
            fault = fault.format(name=odd[0][:60])
        raise InputError(fault, where=str(path), hint=_(_WHOLE))


def _format_of(path: Path, archive: zipfile.ZipFile) -> int:
    """Return the format of an archive, the newest where it does not say; raises InputError."""
    if SCHEMA not in archive.namelist():
        return FORMAT
    where = f"{path}: {SCHEMA}"
    text = b"".join(_lines(path, archive, SCHEMA, [LONGEST_LINE]))
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _unreadable(where, error) from None
    number = found.get("format") if isinstance(found, dict) else None
    if not isinstance(number, int) or number > FORMAT:
        raise InputError(
            _("the archive was written by a newer nightcramp"),
            where=where,
            hint=_("Install that version or a newer one."),
        )
    return number


def _lines(path: Path, archive: zipfile.ZipFile, name: str, left: list[int]) -> Iterator[bytes]:
    """Yield the lines of a file, as long as the archive is of a size that can be."""
    where, number = f"{path}: {name}", 0
    try:
        with archive.open(name) as handle:
            while line := handle.readline(LONGEST_LINE + 1):
                number += 1
                left[0] -= len(line)
                if len(line) > LONGEST_LINE or left[0] < 0:
                    raise InputError(_("too much for an archive"), where=where, hint=_(_WHOLE))
                yield line
    except InputError:
        raise
    except Exception as error:  # zipfile and zlib raise many kinds for broken files
        after = _("{file} after line {line}").format(file=where, line=number)
        raise _unreadable(after, error) from None


def _record(line: bytes, kind: type[Kept], where: str) -> Kept:
    if not line.endswith(b"\n"):
        raise InputError(_("the line is cut off"), where=where, hint=_(_WHOLE))
    try:
        record = record_of(line)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise _unreadable(where, error) from None
    if not isinstance(record, kind):
        raise InputError(_("this kind of record does not belong here"), where=where, hint=_(_WHOLE))
    return record


def _unreadable(where: str, error: BaseException) -> InputError:
    why = _("cannot be read: {why}").format(why=one_line(error, 200))
    return InputError(why, where=where, hint=_(_WHOLE))


assert set(KINDS.values()) == set(get_args(Kept))
