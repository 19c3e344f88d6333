"""Opens what holds FHIR: a file, a folder, an archive, a stream of lines; within safe limits."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import msgspec
from msgspec import Raw, Struct

from nightcramp.errors import InputError, one_line
from nightcramp.language import gettext as _
from nightcramp.language import noted

MOST_BYTES = 512_000_000
MOST_LINE = 128_000_000
MOST_TOTAL = 64_000_000_000
MOST_FILES = 100_000
MOST_RATIO = 250
RATIO_FROM = 16_000_000
MOST_NESTING = 5
CHUNK = 1 << 20
ENDINGS = (".json", ".ndjson", ".jsonl")
LINES = (".ndjson", ".jsonl")
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}

BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a part of a file that is damaged inside raises."""

_TYPE = re.compile(rb'\s*\{\s*"resourceType"\s*:\s*"(\w{1,64})"')


@dataclass(frozen=True, slots=True)
class Found:
    """One resource as it stands in the file: where, its type, its JSON, its address."""

    place: str
    kind: str
    data: bytes | Raw | Mapping[str, Any]
    url: str = ""


class _Entry(Struct, rename="camel", gc=False):
    resource: Raw = Raw()
    full_url: str = ""


class _Bundle(Struct, rename="camel", gc=False):
    entry: list[_Entry] = []
    timestamp: str = ""


class _Head(Struct, rename="camel", gc=False):
    resource_type: str = ""


_BUNDLE = msgspec.json.Decoder(_Bundle, strict=False)
_HEAD = msgspec.json.Decoder(_Head)


def resources(path: Path, skipped: Callable[[str], None]) -> Iterator[Found]:
    """Yield every resource of a file, folder or archive; `skipped` gets reasons for other files.

    Raises InputError naming the file, and the line or entry, that cannot be read.
    """
    try:
        if path.is_dir():
            yield from _folder(path, skipped)
        elif zipfile.is_zipfile(path):
            yield from _archive(path, skipped)
        else:
            yield from _file(path)
    except OSError as error:
        fault = _("cannot be read: {fault}").format(fault=error.strerror or error)
        raise InputError(fault, where=str(path)) from None


def _folder(folder: Path, skipped: Callable[[str], None]) -> Iterator[Found]:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    _check_count(len(files), str(folder))
    taken = [p for p in files if _is_record(p.name)]
    for _other in range(len(files) - len(taken)):
        skipped(noted("its name does not end in .json or .ndjson"))
    if not taken:
        raise _nothing(str(folder))
    for path in taken:
        member = path.relative_to(folder).as_posix()
        with _opened(path) as stream:
            yield from _member(stream, member, str(path), skipped)


def _archive(path: Path, skipped: Callable[[str], None]) -> Iterator[Found]:
    taken = 0
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _check_count(len(infos), str(path))
            for info in infos:
                _check_name(info, path)
                if not _is_record(info.filename):
                    skipped(noted("its name does not end in .json or .ndjson"))
                    continue
                taken += 1
                where = f"{path}: {info.filename}"
                with archive.open(info) as packed:
                    stream = _Bounded(packed, where, info.compress_size)
                    inner = _unpacked(stream, info.filename, where)
                    yield from _member(inner, info.filename, where, skipped)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(
            _("the archive is damaged or cut off: {fault}").format(fault=error),
            where=str(path),
            hint=_("Download or copy it once more."),
        ) from None
    except RuntimeError:
        raise InputError(
            _("the archive is locked with a password"),
            where=str(path),
            hint=_("Unpack it first, then give the folder."),
        ) from None
    if not taken:
        raise _nothing(str(path))


def _check_count(count: int, where: str) -> None:
    if count > MOST_FILES:
        said = _("holds {count} files, more than the {most} read")
        raise InputError(said.format(count=count, most=MOST_FILES), where=where)


def _check_name(info: zipfile.ZipInfo, path: Path) -> None:
    name = PurePosixPath(info.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
        raise InputError(
            _("the archive holds a file whose path leads out of the archive"),
            where=str(path),
            hint=_("This is not a health export; do not unpack it."),
        )


def _file(path: Path) -> Iterator[Found]:
    with _opened(path) as stream:
        yield from _documents(stream, path.name, "", str(path))


def _opened(path: Path) -> _Bounded:
    stream = _Bounded(path.open("rb"), str(path), None)
    return _unpacked(stream, path.name, str(path))


def _is_record(name: str) -> bool:
    plain = name.lower().removesuffix(".gz")
    return plain.endswith(ENDINGS) and not PurePosixPath(name).name.startswith(("._", "."))


def _nothing(where: str) -> InputError:
    return InputError(
        _("holds no FHIR files"),
        where=where,
        hint=_("FHIR files end in .json or .ndjson (also packed as .gz)."),
    )


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def readline(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class _Bounded:
    """A stream that counts what it gives and refuses what only a bomb would hold."""

    def __init__(self, stream: _Source, where: str, packed: int | None) -> None:
        self.stream = stream
        self.where = where
        self.packed = packed
        self.given = 0

    def read(self, size: int = CHUNK) -> bytes:
        return self._count(self._safely(self.stream.read, size))

    def readline(self, size: int) -> bytes:
        return self._count(self._safely(self.stream.readline, size))

    def _safely(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            return read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(
                _("the packed file is damaged or cut off: {fault}").format(fault=error),
                where=self.where,
                hint=_("Download or copy it once more."),
            ) from None

    def _count(self, data: bytes) -> bytes:
        self.given += len(data)
        packed = self._packed_size()
        bomb = packed is not None and self.given > max(RATIO_FROM, MOST_RATIO * packed)
        if bomb or self.given > MOST_TOTAL:
            raise InputError(
                _("unpacks to far more than a health record holds; it is not read on"),
                where=self.where,
            )
        return data

    def _packed_size(self) -> int | None:
        return self.packed

    def close(self) -> None:
        self.stream.close()

    def __enter__(self) -> _Bounded:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Unzipped(_Bounded):
    """What a gzip stream unpacks to, bounded by what was read of it so far."""

    def __init__(self, inner: _Bounded, where: str) -> None:
        super().__init__(gzip.GzipFile(fileobj=inner, mode="rb"), where, None)  # type: ignore[call-overload]
        self.inner = inner

    def _packed_size(self) -> int | None:
        return self.inner.given

    def close(self) -> None:
        super().close()
        self.inner.close()


def _unpacked(stream: _Bounded, name: str, where: str) -> _Bounded:
    return _Unzipped(stream, where) if name.lower().endswith(".gz") else stream


def _member(
    stream: _Bounded, member: str, where: str, skipped: Callable[[str], None]
) -> Iterator[Found]:
    try:
        yield from _documents(stream, member, member, where)
    except _NotFhirError as error:
        skipped(error.message)


class _NotFhirError(InputError):
    """A JSON file that holds something else."""


def _documents(stream: _Bounded, name: str, member: str, where: str) -> Iterator[Found]:
    if name.lower().removesuffix(".gz").endswith(LINES):
        yield from _lines(stream, member, where)
        return
    data = _whole(stream, where)
    try:
        yield from expand(data, member, where)
    except _TrailingError:
        yield from _lines(_Bounded(_Memory(data), where, None), member, where)


class _Memory:
    """Bytes read line by line without a copy of the whole."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def read(self, size: int) -> bytes:
        part = self.data[self.at : self.at + size]
        self.at += len(part)
        return part

    def readline(self, size: int) -> bytes:
        end = self.data.find(b"\n", self.at, self.at + size) + 1
        end = end or min(len(self.data), self.at + size)
        line, self.at = self.data[self.at : end], end
        return line

    def close(self) -> None:
        self.data = b""


def _whole(stream: _Bounded, where: str) -> bytes:
    parts, size = [], 0
    while part := stream.read(CHUNK):
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise InputError(
                _("is larger than the {most} MB read as one JSON document").format(
                    most=MOST_BYTES // 1_000_000
                ),
                where=where,
                hint=_("Export it as NDJSON (one resource a line), which has no such limit."),
            )
    return _utf8(b"".join(parts), where)


def _utf8(data: bytes, where: str) -> bytes:
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            try:
                return data.decode(encoding).encode()
            except UnicodeDecodeError:
                raise _not_text(where) from None
    return data


def _not_text(where: str) -> InputError:
    return InputError(
        _("is not text in UTF-8"), where=where, hint=_("FHIR is always UTF-8; export it once more.")
    )


def _lines(stream: _Bounded, member: str, where: str) -> Iterator[Found]:
    number = 0
    while line := stream.readline(MOST_LINE):
        number += 1
        place = _("{file}: line {line}").format(file=where, line=number)
        if len(line) >= MOST_LINE:
            raise InputError(_("the line is too long for one resource"), where=place)
        if number == 1:
            line = _utf8(line, place)
        if line.strip():
            label = f"{member} line {number}".strip()
            try:
                yield from expand(line, label, place)
            except _TrailingError:
                raise InputError(_("the line holds more than one resource"), where=place) from None


def expand_one(data: bytes, label: str, where: str) -> Iterator[Found]:
    """Yield the resources of one JSON document that nothing may follow; raises InputError."""
    try:
        yield from expand(data, label, where)
    except _TrailingError:
        raise InputError(_("holds more than one JSON document"), where=where) from None


class _TrailingError(Exception):
    """More text follows the JSON document."""


def expand(data: bytes, label: str, where: str) -> Iterator[Found]:
    """Yield the resources of one JSON document; raises InputError naming `where`."""
    if not data.strip():
        raise InputError(_("is empty"), where=where)
    try:
        yield from _inside(data, label, where, 0)
    except RecursionError:
        raise InputError(_("is nested too deeply for a health record"), where=where) from None
    except UnicodeDecodeError:
        raise _not_text(where) from None
    except msgspec.DecodeError as error:
        if "trailing characters" in str(error):
            raise _TrailingError from None
        raise InputError(
            _("is not valid JSON: {fault}").format(fault=one_line(error, 160)),
            where=where,
            hint=_("The file may have been cut off; download or copy it once more."),
        ) from None


def kind_of(data: bytes | Raw | Mapping[str, Any]) -> str:
    """Return the resource type of a JSON object, or an empty text."""
    if isinstance(data, Mapping):
        kind = data.get("resourceType")
        return kind if isinstance(kind, str) else ""
    match = _TYPE.match(data)
    if match:
        return match[1].decode()
    try:
        return _HEAD.decode(data).resource_type
    except msgspec.ValidationError:
        return ""


def contained_kind(part: Raw) -> str:
    """Return the type of a resource inside another; an empty text where it is damaged."""
    try:
        return kind_of(part)
    except BROKEN:
        return ""


def _inside(
    data: bytes | Raw, label: str, where: str, depth: int, url: str = ""
) -> Iterator[Found]:
    kind = kind_of(data)
    if kind == "Bundle":
        if depth >= MOST_NESTING:
            raise InputError(_("holds bundles inside bundles too deeply"), where=where)
        yield Found(label, "Bundle", data, url)
        for number, entry in enumerate(_entries(data, where)):
            if not entry.resource:
                continue
            inner = kind_of(entry.resource)
            if inner == "Bundle":
                place = f"{label} entry {number + 1}".strip()
                yield from _inside(entry.resource, place, where, depth + 1, entry.full_url)
            else:
                yield Found(label, inner, entry.resource, entry.full_url)
    elif kind:
        if depth == 0:
            _HEAD.decode(data)
        yield Found(label, kind, data, url)
    elif depth == 0 and data.lstrip()[:1] == b"[":
        for number, item in enumerate(msgspec.json.decode(data, type=list[Raw])):
            yield from _inside(item, f"{label} item {number + 1}".strip(), where, depth + 1)
    elif depth == 0:
        msgspec.json.decode(data, type=Raw)
        raise _NotFhirError(
            _("is JSON, but not FHIR: it names no resource type"),
            where=where,
            hint=_("A FHIR file has an entry `resourceType`."),
        )
    else:
        yield Found(label, "", data, url)


def _entries(data: bytes | Raw, where: str) -> list[_Entry]:
    try:
        return _BUNDLE.decode(data).entry
    except msgspec.ValidationError:
        return list(_entries_loosely(data))


def _entries_loosely(data: bytes | Raw) -> Iterator[_Entry]:
    """Yield what can be used of a bundle whose fields have other types than FHIR says."""
    entries = msgspec.json.decode(data).get("entry")
    for entry in entries if isinstance(entries, list) else [entries]:
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            url = entry.get("fullUrl")
            yield _Entry(
                resource=Raw(msgspec.json.encode(entry["resource"])),
                full_url=url if isinstance(url, str) else "",
            )
