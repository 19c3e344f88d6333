"""Reads a CSV, TSV or XLSX file into rows of text with their line numbers."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from nightcramp.errors import InputError
from nightcramp.intake.spreadsheet.words import is_heading
from nightcramp.language import gettext as _
from nightcramp.language import noted

MOST_BYTES = 20_000_000
MOST_ROWS = 100_000
MOST_COLUMNS = 256
MOST_NAME = 60
SAMPLED_ROWS = 50
HEADING_WITHIN = 30
DELIMITERS = ("\t", ";", "|", ",")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_MARKUP = re.compile(r"<(?:[?!]|[A-Za-z])")
_JSON = re.compile(r"\{|\[\s*[\[{\"\]]")
_OTHER_FILES = (
    (b"%PDF", noted("is a PDF, not a table")),
    (b"\xd0\xcf\x11\xe0", noted("is an old Excel workbook (.xls), not a table")),
    (b"\x1f\x8b", noted("is a gzip archive, not a table")),
    (b"SQLite format 3", noted("is a database, not a table")),
    (b"PAR1", noted("is a Parquet file, not a table")),
    (b"\x89PNG", noted("is a picture, not a table")),
    (b"\xff\xd8\xff", noted("is a picture, not a table")),
)


class Row(Struct, frozen=True):
    """One row: the line it begins on, its cells, and how many there were before trimming."""

    line: int
    cells: tuple[str, ...]
    width: int = 0


class Table(Struct, frozen=True, kw_only=True):
    """A table of text, each row as wide as the headings.

    `typed`: its numbers and dates come from the file's own types. `overlong`: the lines with
    more cells than headings, which are in no row: their cells may have shifted.
    """

    file: str
    format: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    sheet: str = ""
    typed: bool = False
    encoding: str = ""
    delimiter: str = ""
    skipped: dict[str, int] = {}
    overlong: tuple[int, ...] = ()

    def column(self, name: str) -> list[tuple[int, str]]:
        """Return (line, cell) of every row for one column."""
        index = self.header.index(name)
        return [(row.line, row.cells[index]) for row in self.rows]


def read_table(path: Path, sheet: str = "") -> Table:
    """Return the table in a file; raises InputError for anything that is not a table.

    `sheet` names a sheet of a workbook; without it the first one is read.
    """
    data = _bytes(path)
    if data[:2] == b"PK":
        from nightcramp.intake.spreadsheet.workbook import workbook_rows

        name, cells = workbook_rows(path, data, sheet)
        return _tabulated(cells, file=str(path), kind="XLSX", sheet=name, typed=True)
    text, encoding = _decoded(path, data)
    delimiter, body, first_line = _dialect(text)
    raw = _text_rows(path, body, delimiter, first_line)
    kind = "TSV" if delimiter == "\t" else "CSV"
    return _tabulated(raw, file=str(path), kind=kind, encoding=encoding, delimiter=delimiter)


def refuse_more_than(rows: Iterable[Row], where: str) -> Iterator[Row]:
    """Yield the rows; raises InputError when there are too many rows or columns."""
    for count, row in enumerate(rows):
        if count >= MOST_ROWS:
            raise InputError(
                _("has more than {most} rows").format(most=MOST_ROWS),
                where=where,
                hint=_("Give the diary alone, or in several files."),
            )
        if len(row.cells) > MOST_COLUMNS:
            raise InputError(
                _("has more than {most} columns").format(most=MOST_COLUMNS),
                where=_("{file}, line {line}").format(file=where, line=row.line),
                hint=_("Give the diary's columns alone."),
            )
        yield row


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise InputError(_("is not a file"), where=str(path))
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        fault = _("cannot be read: {fault}").format(fault=error.strerror)
        raise InputError(fault, where=str(path)) from None
    if len(data) > MOST_BYTES:
        raise InputError(
            _("is larger than {most} MB").format(most=f"{MOST_BYTES / 1e6:.0f}"),
            where=str(path),
            hint=_("Check that this is the diary you meant."),
        )
    return data


def _decoded(path: Path, data: bytes) -> tuple[str, str]:
    """Return the text and its encoding; refuses what is not text in a table."""
    for mark, said in _OTHER_FILES:
        if data.startswith(mark):
            raise _not_a_table(path, _(said))
    encoding = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise _not_a_table(path, _("is not text in any usual encoding")) from None
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        said = _("is not text: line {line} holds a control character")
        raise _not_a_table(path, said.format(line=line))
    beginning = text.lstrip("\ufeff \t\r\n")
    if _JSON.match(beginning):
        raise _not_a_table(path, _("holds JSON (a FHIR record, perhaps), not a table"))
    if _MARKUP.match(beginning):
        raise _not_a_table(path, _("is a web page or XML, not a table"))
    if not beginning:
        raise InputError(_("is empty"), where=str(path))
    return text, "utf-8" if encoding == "utf-8-sig" else encoding


def _not_a_table(path: Path, message: str) -> InputError:
    return InputError(
        message,
        where=str(path),
        hint=_("Save the diary as CSV (UTF-8) or XLSX and give that file."),
    )


def _encoding(data: bytes) -> str:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    sample = data[:4096]
    if sample.count(0) > len(sample) // 4:
        return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _dialect(text: str) -> tuple[str, str, int]:
    """Return (delimiter, the text after a `sep=` line, the number of its first line)."""
    named = re.match(r"\ufeff?\"?sep=(.)\"?\r?\n", text)
    if named and named[1] in DELIMITERS:
        return named[1], text[named.end() :], 2
    return max(DELIMITERS, key=lambda delimiter: _evenness(text, delimiter)), text, 1


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    """Return how evenly a delimiter cuts the first rows, and into how many columns."""
    widths: Counter[int] = Counter()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                widths[len(row)] += 1
            if widths.total() >= SAMPLED_ROWS:
                break
    except csv.Error:
        pass
    wide = {width: count for width, count in widths.items() if width > 1}
    if not wide:
        return 0.0, 0
    usual = max(wide, key=lambda width: (wide[width], width))
    return wide[usual] / widths.total(), usual


def _text_rows(path: Path, text: str, delimiter: str, first_line: int) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = first_line
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise InputError(
                _("a cell's quotation marks do not pair, or the cell is far too long"),
                where=_("{file}, line {line}").format(file=path, line=line),
                hint=_("Mend that line, or save the table again from the spreadsheet program."),
            ) from None
        yield Row(line, tuple(_trimmed(cell) for cell in cells))
        line = first_line + reader.line_num


def _trimmed(cell: str) -> str:
    return cell.strip().strip("\ufeff\u200b").strip()


def _tabulated(
    raw: Iterable[Row],
    *,
    file: str,
    kind: str,
    sheet: str = "",
    typed: bool = False,
    encoding: str = "",
    delimiter: str = "",
) -> Table:
    skipped: Counter[str] = Counter()
    filled = list(_filled(refuse_more_than(raw, file), skipped))
    if not filled:
        raise InputError(_("holds no filled rows"), where=file)
    at = _heading_at(filled)
    body = filled[at + 1 :] if at is not None else filled
    if at:
        skipped[noted("above the headings")] = at
    widest = max(len(row.cells) for row in filled[at or 0 :])
    width = filled[at].width if at is not None and not typed else widest
    header = _names(filled[at].cells if at is not None else (), width)
    rows, overlong = [], []
    for row in body:
        if len(row.cells) > width:
            overlong.append(row.line)
            continue
        if at is not None and row.cells == filled[at].cells:
            skipped[noted("the headings again")] += 1
            continue
        rows.append(Row(row.line, row.cells + ("",) * (width - len(row.cells))))
    return Table(
        file=file,
        format=kind,
        header=header,
        rows=tuple(rows),
        sheet=sheet,
        typed=typed,
        encoding=encoding,
        delimiter=delimiter,
        skipped=dict(skipped),
        overlong=tuple(overlong),
    )


def _filled(rows: Iterable[Row], skipped: Counter[str]) -> Iterator[Row]:
    """Yield the rows that hold something; blank lines and comments are counted."""
    for row in rows:
        cells = row.cells
        while cells and not cells[-1]:
            cells = cells[:-1]
        if not cells:
            skipped[noted("blank")] += 1
        elif cells[0].startswith("#") and (cells[0][1:2] == " " or len(cells) == 1):
            skipped[noted("a comment")] += 1
        else:
            yield Row(row.line, cells, len(row.cells))


def _heading_at(rows: list[Row]) -> int | None:
    """Return where the headings stand: the early row with most known headings, if any."""
    from nightcramp.intake.spreadsheet.dates import is_date
    from nightcramp.intake.spreadsheet.numbers import is_number

    best, most = None, (0, 0)
    for index, row in enumerate(rows[:HEADING_WITHIN]):
        if any(is_date(cell) for cell in row.cells):
            break
        known = sum(is_heading(cell) for cell in row.cells)
        rank = (min(sum(map(bool, row.cells)), 2), known)
        if known and rank > most:
            best, most = index, rank
    if best is not None:
        return best
    named = [cell for cell in rows[0].cells if cell]
    wordy = not any(is_number(cell) or is_date(cell) for cell in named)
    return 0 if wordy and len(rows) > 1 else None


def _names(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Return one different name for each column; a column without one gets its number."""
    names: list[str] = []
    used: set[str] = set()
    for index in range(width):
        written = " ".join(cells[index].split())[:MOST_NAME] if index < len(cells) else ""
        plain = written or _("column {number}").format(number=index + 1)
        name, count = plain, 1
        while name in used:
            count += 1
            name = f"{plain} ({count})"
        used.add(name)
        names.append(name)
    return tuple(names)
