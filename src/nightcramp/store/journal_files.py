"""The journal of a SQLite store: files beside it that hold everything since the last backups.

Each file begins where a backup ends, or with everything there was, and is named by the number
of its first transaction. A transaction is its records, one a line, and a line that ends it; a
transaction without that line was never acknowledged.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from nightcramp.language import gettext
from nightcramp.store.files import append, not_written, private_folder, sync_folder
from nightcramp.store.records import AnewRecord, EndRecord, Line, line_of, record_of

TAIL = 1024
END = b'{"is":"end"'
ANEW = line_of(AnewRecord())


class Transaction(Struct, frozen=True, kw_only=True):
    """What was written together; `fault` says why a place in the journal cannot be read."""

    number: int
    records: tuple[Line, ...] = ()
    fault: str = ""

    @property
    def anew(self) -> bool:
        """Whether all that was there before is in these records."""
        return bool(self.records) and isinstance(self.records[0], AnewRecord)


def text_of(number: int, records: Sequence[Line]) -> str:
    """Return a transaction as lines."""
    lines = [line_of(record) for record in records]
    end = EndRecord(number=number, lines=len(lines), sha256=_sum("".join(lines).encode()))
    return "".join([*lines, line_of(end)])


def transactions_in(lines: Sequence[bytes], where: str) -> Iterator[Transaction]:
    """Yield the transactions of lines; one that is damaged is yielded with its fault."""
    begun = 0
    for index, line in enumerate(lines):
        end = _end_of(line)
        if end is None:
            continue
        body = lines[max(begun, index - end.lines) : index]
        begun = index + 1
        place = gettext("{where} lines {first} to {last}").format(
            where=where, first=index + 1 - len(body), last=index + 1
        )
        yield _transaction(body, end, place)


def _transaction(body: Sequence[bytes], end: EndRecord, place: str) -> Transaction:
    if len(body) != end.lines or _sum(b"".join(body)) != end.sha256:
        fault = gettext("{place} are not what was written").format(place=place)
        return Transaction(number=end.number, fault=fault)
    try:
        records = tuple(record_of(line) for line in body)
    except msgspec.MsgspecError as error:
        fault = gettext("{what} cannot be read: {why}").format(what=place, why=error)
        return Transaction(number=end.number, fault=fault)
    return Transaction(number=end.number, records=records)


class JournalFiles:
    """The journal in one folder. Only who holds the store's lock may write to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> list[tuple[int, Path]]:
        """Return the files, each with the number of its first transaction, in order."""
        found = self.folder.glob("*.jsonl")
        return sorted((int(path.stem), path) for path in found if path.stem.isdigit())

    def last(self) -> int | None:
        """Return the number of the last whole transaction; None where there is no journal."""
        files = self.files()
        if not files:
            return None
        first, path = files[-1]
        end = _last_line(path)
        return end.number if end else self._mended(path, first)

    def _mended(self, path: Path, first: int) -> int:
        """Cut off what was begun and never ended; return the last number."""
        number, size, whole = first - 1, 0, 0
        for line in path.read_bytes().splitlines(keepends=True):
            size += len(line)
            end = _end_of(line)
            if end and line.endswith(b"\n"):
                number, whole = end.number, size
        if whole < size:
            try:
                os.truncate(path, whole)
            except OSError as error:
                raise not_written(path, error) from None
        return number

    def append(self, number: int, text: str, last: int | None) -> None:
        """Add a transaction after the last; one with all there is begins a file."""
        follows = last == number - 1 and not text.startswith(ANEW)
        path = self.files()[-1][1] if follows else self._path(number)
        private_folder(self.folder)
        try:
            append(path, text)
        except OSError as error:
            raise not_written(path, error) from None

    def begin_file(self, number: int) -> None:
        """Let the transaction with this number begin a file."""
        private_folder(self.folder)
        try:
            append(self._path(number), "")
        except OSError as error:
            raise not_written(self._path(number), error) from None

    def forget_before(self, number: int) -> None:
        """Remove the files that begin before this number."""
        for first, path in self.files():
            if first < number:
                path.unlink()
        sync_folder(self.folder)

    def transactions(self) -> Iterator[Transaction]:
        """Yield everything in the journal, oldest first; damaged places with their fault."""
        for _, path in self.files():
            lines = path.read_bytes().splitlines(keepends=True)
            yield from transactions_in(lines, path.name)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08d}.jsonl"


def _last_line(path: Path) -> EndRecord | None:
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - TAIL))
        tail = handle.read()
    lines = tail.splitlines(keepends=True)
    return _end_of(lines[-1]) if lines and lines[-1].endswith(b"\n") else None


def _end_of(line: bytes) -> EndRecord | None:
    if not line.startswith(END):
        return None
    try:
        record = record_of(line)
    except msgspec.MsgspecError:
        return None
    return record if isinstance(record, EndRecord) else None


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
