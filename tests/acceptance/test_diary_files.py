"""Whole diary files: real ones that are not about cramps, and workbooks."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from pathlib import Path

import pytest

from nightcramp.errors import InputError
from nightcramp.intake.reading import Reading
from nightcramp.intake.spreadsheet.mapping import Column, Mapping
from nightcramp.intake.spreadsheet.reader import read_spreadsheet
from nightcramp.knowledge.loader import knowledge

DIARIES = Path(__file__).parents[3] / "shared" / "data" / "diary"
TODAY = dt.date(2026, 11, 23)
openpyxl = pytest.importorskip("openpyxl", reason="workbooks need openpyxl")


def shared(name: str) -> Path:
    """Return a shared diary, or skip where it is absent."""
    path = DIARIES / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    return path


def read(path: Path, **how: object) -> Reading:
    """Read a diary as of one fixed day."""
    return read_spreadsheet(path, knowledge(), as_of=TODAY, **how)  # type: ignore[arg-type]


# --- real diaries ---


def test_a_table_without_dates_is_accounted() -> None:
    """All rows of the migraine diary are counted, with the question that would help."""
    reading = read(shared("carData_KosteckiDillon.csv"))
    assert reading.nights == []
    assert reading.account.read["row"] == 4152
    assert reading.account.unused["row"] == {"no column of dates": 4152}
    assert "Which column holds the dates" in reading.account.to_ask[0]


def test_a_table_without_cramps_makes_none() -> None:
    """A diary of moods has pains and dates, and not one cramp is made of them."""
    reading = read(shared("mgm_symptom_data_n1_esm.csv"))
    assert all(night.cramps is None for night in reading.nights)
    assert reading.account.read["row"] == 1476
    assert any("Which column tells of the cramps" in q for q in reading.account.to_ask)


def test_a_mapping_makes_nights_of_moments() -> None:
    """Told what its columns are, the same diary gives nights from noon to noon."""
    mapping = Mapping(
        columns=(
            Column(column="date", means="date"),
            Column(column="beeptime", means="time"),
            Column(column="Pain", means="cramps"),
        )
    )
    path = shared("mgm_symptom_data_n1_esm.csv")
    reading = read(path, mapping=mapping)
    evenings = [night.evening for night in reading.nights]
    assert evenings == sorted(set(evenings))
    assert (evenings[0], evenings[-1]) == (dt.date(2012, 8, 12), dt.date(2013, 4, 8))
    expected: dict[dt.date, int] = {}
    for line in csv.DictReader(path.read_text().splitlines()):
        moment = dt.datetime.strptime(f"{line['date']} {line['beeptime']}", "%d/%m/%y %H:%M")
        evening = (moment - dt.timedelta(hours=12)).date()
        expected[evening] = expected.get(evening, 0) + int(float(line["Pain"]))
    assert {night.evening: night.cramps for night in reading.nights} == expected


# --- workbooks ---


def saved(path: Path, rows: list[list[object]], **more: list[list[object]]) -> Path:
    """Write a workbook: rows of its first sheet, further sheets by name."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, others in more.items():
        page = book.create_sheet(name)
        for row in others:
            page.append(row)
    book.save(path)
    return path


def test_a_workbook_with_real_dates_and_times(tmp_path: Path) -> None:
    """Dates, times, yes and numbers arrive as kept; no order of dates is asked."""
    path = saved(
        tmp_path / "diary.xlsx",
        [
            ["My diary"],
            [],
            ["Date", "Time", "Cramps", "Sleep", "Note"],
            [dt.date(2026, 3, 4), dt.time(3, 10), 2, dt.timedelta(hours=7, minutes=30), "left"],
            [dt.datetime(2026, 3, 4), dt.time(23, 0), 1.0, 6.5, None],
            [dt.datetime(2026, 3, 6), None, 0, 7, None],
            ["Total", None, 3],
        ],
    )
    reading = read(path)
    found = [(night.evening.isoformat(), night.cramps) for night in reading.nights]
    assert found == [("2026-03-03", 2), ("2026-03-04", 1), ("2026-03-06", 0)]
    assert [night.values["sleep_hours"] for night in reading.nights] == [7.5, 6.5, 7.0]
    assert reading.nights[0].provenance[0].at == "line 4"


def test_midnight_in_a_column_of_moments(tmp_path: Path) -> None:
    """A workbook keeps midnight like a date alone; among moments it is midnight."""
    rows: list[list[object]] = [["when", "cramps"]]
    rows += [[dt.datetime(2026, 3, 4, hour), 1] for hour in (23, 0, 3)]
    reading = read(saved(tmp_path / "diary.xlsx", rows))
    found = [(night.evening.isoformat(), night.cramps) for night in reading.nights]
    assert found == [("2026-03-03", 2), ("2026-03-04", 1)]


def test_merged_headings_and_a_named_sheet(tmp_path: Path) -> None:
    """A title over several columns is passed over; the mapping names another sheet."""
    book = openpyxl.Workbook()
    book.active.append(["nothing", "here"])
    page = book.create_sheet("Nights")
    for row in (["", "Legs", None, None], ["Date", "Cramps", "Note"], [dt.date(2026, 3, 4), 2]):
        page.append(row)
    page.merge_cells("B1:D1")
    path = tmp_path / "diary.xlsx"
    book.save(path)
    mapping = Mapping(
        columns=(Column(column="Date", means="date"), Column(column="Cramps", means="cramps")),
        sheet="Nights",
    )
    assert [night.cramps for night in read(path, mapping=mapping).nights] == [2]
    with pytest.raises(InputError, match="no sheet 'Days'"):
        read(path, mapping=Mapping(columns=mapping.columns, sheet="Days"))


def test_a_formula_gives_its_last_value(tmp_path: Path) -> None:
    """The value the spreadsheet program computed is read, not the formula."""
    path = saved(tmp_path / "diary.xlsx", [["date", "cramps"], [dt.date(2026, 3, 4), "=1+1"]])
    computed = b"<f>1+1</f><v>2</v>"
    rewritten(path, "xl/worksheets/sheet1.xml", rb"<f>1\+1</f><v ?/?>(</v>)?", computed)
    assert [night.cramps for night in read(path).nights] == [2]


def test_half_converted_dates_are_asked(tmp_path: Path) -> None:
    """Some dates turned around by the program, some left as text: nothing is guessed."""
    path = saved(
        tmp_path / "diary.xlsx",
        [["date", "cramps"], [dt.date(2026, 4, 3), 2], ["13/03/2026", 1], ["14/03/2026", 1]],
    )
    reading = read(path)
    assert reading.nights == []
    assert "kept as dates and some as text" in reading.account.to_ask[0]


def rewritten(path: Path, part: str, pattern: bytes, content: bytes) -> None:
    """Replace a pattern inside one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    changed = re.sub(pattern, lambda _: content, parts[part])
    assert changed != parts[part]
    parts[part] = changed
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


# --- workbooks that mean harm ---


def test_a_bomb_is_refused_unopened(tmp_path: Path) -> None:
    """A sheet that unpacks to far too much is refused by its declared size."""
    path = saved(tmp_path / "diary.xlsx", [["date", "cramps"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.xml", bytes(100_000_000))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(InputError, match="unpacks to more"):
        read(path)


def test_entities_are_refused(tmp_path: Path) -> None:
    """Neither an entity bomb nor an external entity reaches the XML reader."""
    path = saved(tmp_path / "diary.xlsx", [["date", "cramps"], [dt.date(2026, 3, 4), 2]])
    bomb = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><worksheet '
    rewritten(path, "xl/worksheets/sheet1.xml", rb"<worksheet ", bomb)
    with pytest.raises(InputError, match="declarations"):
        read(path)


def test_a_cell_at_the_far_corner_costs_nothing(tmp_path: Path) -> None:
    """A row number in the millions is read past; thousands of columns are refused."""
    path = saved(tmp_path / "diary.xlsx", [["date", "cramps"], [dt.date(2026, 3, 4), 2]])
    far = b'<row r="1048576"><c r="B1048576"><v>1</v></c></row></sheetData>'
    rewritten(path, "xl/worksheets/sheet1.xml", rb"</sheetData>", far)
    reading = read(path)
    assert [night.cramps for night in reading.nights] == [2]
    assert reading.account.unused["row"] == {"no date (line 1048576)": 1}
    rewritten(path, "xl/worksheets/sheet1.xml", rb"B1048576", b"XFD1048576")
    with pytest.raises(InputError, match="columns"):
        read(path)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_workbook_is_refused(tmp_path: Path, kept: float) -> None:
    """It is damaged, and the error says so."""
    path = saved(tmp_path / "diary.xlsx", [["date", "cramps"], [dt.date(2026, 3, 4), 2]])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(InputError, match="damaged"):
        read(path)


def test_an_archive_that_is_no_workbook(tmp_path: Path) -> None:
    """A zip of something else is named as such."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../escape.txt", "x")
    path = tmp_path / "diary.xlsx"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="not a workbook"):
        read(path)
    assert not (tmp_path.parent.parent / "escape.txt").exists()


def test_ten_years_of_nights(tmp_path: Path) -> None:
    """Thousands of rows are read whole, and counted."""
    first = dt.date(2016, 1, 1)
    lines = [f"{first + dt.timedelta(days=day)},{day % 4}" for day in range(3650)]
    path = tmp_path / "diary.csv"
    path.write_text("\n".join(["date,cramps", *lines]))
    reading = read(path)
    assert len(reading.nights) == reading.account.used["row"] == 3650
    assert sum(night.cramps or 0 for night in reading.nights) == sum(d % 4 for d in range(3650))
