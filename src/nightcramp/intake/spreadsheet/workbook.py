"""Reads one sheet of an XLSX workbook as rows of text, within safe limits."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nightcramp.errors import InputError
from nightcramp.intake.spreadsheet.table import Row, refuse_more_than
from nightcramp.language import gettext as _

MOST_UNPACKED = 80_000_000
MOST_PARTS = 2_000
MOST_CELLS = 20_000_000
LAST_ROW = 1_048_576
_DECLARATION = re.compile(rb"<\x00?!\x00?(?:D\x00?O\x00?C\x00?T|E\x00?N\x00?T)", re.I)


def workbook_rows(path: Path, data: bytes, sheet: str) -> tuple[str, list[Row]]:
    """Return (name of the sheet, its rows); formulas give the value last computed.

    Raises InputError for a damaged, encrypted or over-large workbook, and for a sheet that is
    not in it.
    """
    _check_parts(path, data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _rows(path, data, sheet)
        except (InputError, MemoryError):
            raise
        except Exception as error:  # the library raises whatever a damaged part makes it raise
            raise InputError(
                _("the workbook is damaged ({fault})").format(fault=type(error).__name__),
                where=str(path),
                hint=_("Open it in the spreadsheet program and save it again, or save it as CSV."),
            ) from None


def _check_parts(path: Path, data: bytes) -> None:
    """Refuse bombs and foreign archives before anything is unpacked whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if not any(name.startswith("xl/workbook") for name in names):
                raise InputError(
                    _("is an archive, not a workbook this program reads"),
                    where=str(path),
                    hint=_("Save the diary as XLSX or CSV and give that file."),
                )
            if len(parts) > MOST_PARTS or sum(p.file_size for p in parts) > MOST_UNPACKED:
                raise InputError(
                    _("unpacks to more than {most} MB or {parts} parts").format(
                        most=f"{MOST_UNPACKED / 1e6:.0f}", parts=MOST_PARTS
                    ),
                    where=str(path),
                    hint=_("Save the diary's sheet alone, or as CSV."),
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _check_no_entities(path, archive, part)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError) as error:
        raise InputError(
            _("the workbook is damaged or locked ({fault})").format(fault=type(error).__name__),
            where=str(path),
            hint=_("Save it again without a password, or save it as CSV."),
        ) from None
    except (NotImplementedError, zipfile.LargeZipFile, zlib.error):
        raise InputError(_("the workbook is packed in an unusual way"), where=str(path)) from None


def _check_no_entities(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a part that declares a document type: no spreadsheet program writes one."""
    tail = b""
    with archive.open(part) as stream:
        while block := stream.read(1 << 20):
            if _DECLARATION.search(tail + block):
                raise InputError(
                    _("the workbook holds XML declarations it must not"), where=str(path)
                )
            tail = block[-32:]


def _rows(path: Path, data: bytes, sheet: str) -> tuple[str, list[Row]]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        tables = {page.title: page for page in book.worksheets}
        if not tables:
            raise InputError(_("the workbook has no sheet with cells"), where=str(path))
        name = sheet or next(iter(tables))
        if name not in tables:
            raise InputError(
                _("there is no sheet {name}").format(name=repr(name)),
                where=str(path),
                hint=_("Its sheets: {sheets}.").format(sheets=", ".join(list(tables)[:20])),
            )
        return name, list(refuse_more_than(_sheet_rows(tables[name], str(path)), str(path)))
    finally:
        book.close()


def _sheet_rows(page: Any, where: str) -> Iterator[Row]:
    """Yield the filled rows of a sheet; a few far cells must not cost what lies between."""
    page.reset_dimensions()
    passed = 0
    for line, row in enumerate(page.iter_rows(max_row=LAST_ROW, values_only=True), start=1):
        passed += len(row)
        if passed > MOST_CELLS:
            raise InputError(_("has more than {most} cells").format(most=MOST_CELLS), where=where)
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield Row(line, tuple(cells))


def _text(value: Any) -> str:
    """Return a cell as text: dates as ISO, times as HH:MM:SS, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        moment = _to_second(value)
        return moment.date().isoformat() if moment.time() == dt.time() else moment.isoformat(" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.replace(microsecond=0, tzinfo=None).isoformat()
    if isinstance(value, dt.timedelta):
        return _length(value)
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).strip()


def _to_second(value: dt.datetime) -> dt.datetime:
    """Return the moment to the nearest second: workbooks keep times as fractions of a day."""
    plain = value.replace(tzinfo=None)
    return plain.replace(microsecond=0) + dt.timedelta(seconds=round(plain.microsecond / 1e6))


def _length(value: dt.timedelta) -> str:
    seconds = round(value.total_seconds())
    sign = "-" if seconds < 0 else ""
    minutes, second = divmod(abs(seconds), 60)
    return f"{sign}{minutes // 60}:{minutes % 60:02d}:{second:02d}"
