"""Opens an Apple Health export safely: the zip, the folder it unpacks to, or export.xml alone."""

from __future__ import annotations

import contextlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from nightcramp.errors import InputError
from nightcramp.language import gettext as _
from nightcramp.language import noted

HEAD = 65_536
BOMB_BYTES = 100_000_000
BOMB_RATIO = 250
MOST_CLINICAL_FILE = 20_000_000
MOST_CLINICAL_TOTAL = 200_000_000
MOST_ENTRIES = 300_000
CLINICAL = "clinical-records"
AGAIN = noted(
    "Make the export again (Health app, your picture, Export All Health Data) and copy it whole."
)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    NotImplementedError,
    ValueError,
)


class Readable(Protocol):
    """Something bytes can be read from, piece by piece."""

    def read(self, size: int, /) -> bytes: ...


class Export:
    """An export that was found and looks sound; `name` and `size` are those of the XML."""

    def __init__(self, path: Path, name: str, size: int) -> None:
        self.path = path
        self.name = name
        self.size = size

    @property
    def where(self) -> str:
        """Return the place errors name."""
        return str(self.path)

    @contextlib.contextmanager
    def open(self) -> Iterator[Readable]:
        """Open the XML from its beginning."""
        with self.path.open("rb") as stream:
            yield stream

    def clinical(self) -> Iterator[tuple[str, bytes | None]]:
        """Yield (name, content) of each clinical record; None for one too large to be one."""
        folder = self.path.parent / CLINICAL
        for path in sorted(folder.glob("*.json")):
            if path.is_symlink() or path.stat().st_size > MOST_CLINICAL_FILE:
                yield path.name, None
            else:
                yield path.name, path.read_bytes()


class _ZippedExport(Export):
    """The export inside the zip the phone shares; nothing is ever unpacked to disk."""

    @property
    def where(self) -> str:
        return f"{self.path}: {self.name}"

    @contextlib.contextmanager
    def open(self) -> Iterator[Readable]:
        with contextlib.ExitStack() as opened:
            with _faults(self.path):
                archive = opened.enter_context(zipfile.ZipFile(self.path))
                stream = opened.enter_context(archive.open(self.name))
            yield _Guarded(stream, self.path)

    def clinical(self) -> Iterator[tuple[str, bytes | None]]:
        with contextlib.ExitStack() as opened:
            with _faults(self.path):
                archive = opened.enter_context(zipfile.ZipFile(self.path))
            for entry in archive.infolist():
                parts = PurePosixPath(entry.filename).parts
                if CLINICAL not in parts[:-1] or not parts[-1].endswith(".json"):
                    continue
                content = None
                if entry.file_size <= MOST_CLINICAL_FILE:
                    with _faults(self.path):
                        content = archive.read(entry)
                yield parts[-1], content


class _Guarded:
    """A packed file whose reading says what is wrong with the zip."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream = stream
        self._path = path

    def read(self, size: int) -> bytes:
        with _faults(self._path):
            return self._stream.read(size)


@contextlib.contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Turn what a damaged zip raises into one error with a way out."""
    try:
        yield
    except _BROKEN:
        raise InputError(
            _("the zip is damaged or cut off"), where=str(path), hint=_(AGAIN)
        ) from None
    except RuntimeError:
        raise InputError(
            _("the zip is locked with a password"), where=str(path), hint=_("Unpack it first.")
        ) from None


def open_export(path: Path) -> Export:
    """Return the export at `path` (zip, folder or XML); raises InputError."""
    try:
        if path.is_dir():
            return _in_folder(path)
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        fault = _("cannot be read: {fault}").format(fault=error.strerror)
        raise InputError(fault, where=str(path)) from None
    if head.startswith(b"PK"):
        return _in_zip(path)
    _check_head(head, path)
    return Export(path, path.name, size)


def _check_head(head: bytes, path: Path) -> None:
    plain = head.replace(b"\0", b"")
    if b"<ClinicalDocument" in plain:
        raise InputError(
            _("is the clinical document of an Apple Health export, without the measurements"),
            where=str(path),
            hint=_("Give export.zip, or the export.xml beside it."),
        )
    if not is_export(head):
        raise InputError(
            _("is not an Apple Health export"),
            where=str(path),
            hint=_("Give export.zip or export.xml."),
        )


def is_export(head: bytes) -> bool:
    """Return whether a file that begins so is the XML of an export, whatever its name."""
    plain = head.replace(b"\0", b"")
    return b"<!DOCTYPE HealthData" in plain or b"<HealthData" in plain


def _in_folder(path: Path) -> Export:
    found = []
    for candidate in sorted(path.glob("*.xml")):
        with candidate.open("rb") as stream:
            if is_export(stream.read(HEAD)):
                found.append(candidate)
    chosen = _only([str(item) for item in found], path)
    return Export(Path(chosen), Path(chosen).name, Path(chosen).stat().st_size)


def _in_zip(path: Path) -> Export:
    with _faults(path), zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        _check_entries(entries, path)
        found = []
        for entry in entries:
            if entry.filename.lower().endswith(".xml") and not entry.is_dir():
                _check_ratio(entry, path)
                with archive.open(entry) as stream:
                    if is_export(stream.read(HEAD)):
                        found.append(entry)
        chosen = _only([entry.filename for entry in found], path)
        return _ZippedExport(path, chosen, archive.getinfo(chosen).file_size)


def _only(found: list[str], path: Path) -> str:
    if not found:
        raise InputError(
            _("there is no Apple Health export inside (export.xml under any name)"),
            where=str(path),
            hint=_(AGAIN),
        )
    if len(found) > 1:
        raise InputError(
            _("there are {count} exports inside").format(count=len(found)),
            where=str(path),
            hint=_("Give one at a time."),
        )
    return found[0]


def _check_entries(entries: list[zipfile.ZipInfo], path: Path) -> None:
    if len(entries) > MOST_ENTRIES:
        said = _("the zip holds more than {most} files").format(most=MOST_ENTRIES)
        raise InputError(said, where=str(path))
    clinical = 0
    for number, entry in enumerate(entries, 1):
        name = entry.filename.replace("\\", "/")
        if name.startswith("/") or ".." in name.split("/") or ":" in name.split("/")[0]:
            raise InputError(
                _("file {number} of the zip has a path that leads out of it").format(number=number),
                where=str(path),
                hint=_("An export of the Health app has none such; do not unpack this file."),
            )
        if CLINICAL in name:
            clinical += entry.file_size
            _check_ratio(entry, path)
    if clinical > MOST_CLINICAL_TOTAL:
        raise InputError(
            _("the clinical records have {size} MB, more than can be read").format(
                size=f"{clinical / 1e6:.0f}"
            ),
            where=str(path),
        )


def _check_ratio(entry: zipfile.ZipInfo, path: Path) -> None:
    if entry.file_size > BOMB_BYTES and entry.file_size > BOMB_RATIO * entry.compress_size:
        raise InputError(
            _("the zip would unpack to far more than any export does"),
            where=str(path),
            hint=_("If it is yours, unpack it and give export.xml."),
        )
