"""Spreadsheets nobody would write, and diaries written in every usual dialect."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nightcramp.errors import InputError
from nightcramp.intake.reading import Reading
from nightcramp.intake.spreadsheet.mapping import Mapping, read_mapping, write_mapping
from nightcramp.intake.spreadsheet.reader import mapping_of, read_spreadsheet
from nightcramp.knowledge.loader import knowledge

TODAY = dt.date(2026, 11, 23)
CASES = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

HEADINGS = (
    "date|Datum|time|cramps|cramp?|Krämpfe|leg|severity|note|medicine|steps|sleep hours|water (ml)"
    "|column||date|total|night of|#|bedtime|weight"
)
PIECES = (
    "0|1|2-3|yes|no|-||3:10|24:00|1.234|1;5|2026-03-04|13/04/26|31.02.2026|1/1/20205|3 March 2026"
    "|46094|total|x|simvastatin|several|=1+1|#N/A|1e999|9999999999|NaN|٣|½|²|00:00:00Z|7 h|80 kg"
    "|12/31/9999|0001-01-01|99999999|1900-01-01 01:00"
)
headings = st.sampled_from(HEADINGS.split("|"))
pieces = st.sampled_from(PIECES.split("|"))
cells = st.one_of(pieces, pieces, st.text(max_size=12))
tables = st.tuples(
    st.lists(headings, min_size=1, max_size=6),
    st.lists(st.lists(cells, max_size=7), max_size=12),
    st.sampled_from(",;\t|"),
)


def reading_of(data: bytes, **how: object) -> Reading | None:
    """Return the reading of some bytes, or None when they were refused with a place."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "diary.csv"
        path.write_bytes(data)
        try:
            return read_spreadsheet(path, knowledge(), as_of=TODAY, **how)  # type: ignore[arg-type]
        except InputError as error:
            refused = error
    assert "diary.csv" in refused.where
    return None


def check(reading: Reading | None) -> None:
    """Hold what every reading promises."""
    if reading is None:
        return
    account = reading.account
    evenings = [night.evening for night in reading.nights]
    assert evenings == sorted(set(evenings))
    assert all(evening <= TODAY for evening in evenings)
    assert all(night.cramps is None or night.cramps >= 0 for night in reading.nights)
    left_out = account.unused.get("row", {})
    assert account.used["row"] + sum(left_out.values()) == account.read["row"]
    for night in reading.nights:
        for name, value in night.values.items():
            measure = knowledge().measures[name]
            assert 0 <= value < float("inf") or measure.plausible[0] < 0


@CASES
@given(st.binary(max_size=400))
@example(b"\xff\xfe")
@example(b"\xff\xfe\x00")
@example(b"\xef\xbb\xbf")
@example(b"PK\x05\x06" + bytes(18))
@example(b"date,cramps\r2026-01-01,1\r")
@example(b"sep=;\ndate;cramps\n2026-01-01;1\n")
def test_bytes(data: bytes) -> None:
    """Whatever a file holds, it is read or refused."""
    check(reading_of(data))


@CASES
@given(st.text(max_size=400), st.sampled_from(["utf-8", "utf-16", "cp1252", "utf-32"]))
def test_texts(text: str, encoding: str) -> None:
    """So is any text in any encoding."""
    check(reading_of(text.encode(encoding, "replace")))


@settings(CASES, max_examples=300)
@given(tables, st.sampled_from([None, "dmy", "mdy", "ymd"]))
def test_tables(table: tuple[list[str], list[list[str]], str], order: str | None) -> None:
    """Every row of a table is used or counted as left out, whatever stands in it."""
    check(reading_of(written(table[0], table[1], table[2]), date_order=order))


@CASES
@given(tables)
def test_a_guess_can_be_kept_and_given_back(
    table: tuple[list[str], list[list[str]], str],
) -> None:
    """A guessed mapping, written down and read again, reads the diary the same way."""
    data = written(*table)
    with tempfile.TemporaryDirectory() as folder:
        path, kept = Path(folder) / "diary.csv", Path(folder) / "mapping.toml"
        path.write_bytes(data)
        mapping = guessed(path)
        if mapping is None:
            return
        write_mapping(mapping, kept)
        assert read_mapping(kept) == mapping
    assert told(reading_of(data)) == told(reading_of(data, mapping=mapping))


def guessed(path: Path) -> Mapping | None:
    """Return the guessed mapping, or None for a file that is refused."""
    try:
        return mapping_of(path, knowledge())
    except InputError:
        return None


def told(reading: Reading | None) -> object:
    """Return the nights of a reading without the path of its file."""
    if reading is None:
        return None
    return [(n.evening, n.cramps, n.values, n.note) for n in reading.nights]


def written(header: list[str], rows: list[list[str]], delimiter: str) -> bytes:
    """Return a table as CSV."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows([header, *rows])
    return buffer.getvalue().encode("utf-8", "replace")


# --- nights, written in a dialect and read back ---

GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
DATES: dict[str, Callable[[dt.date], str]] = {
    "iso": lambda d: d.isoformat(),
    "dmy": lambda d: f"{d.day}.{d.month}.{d.year}",
    "dmy short": lambda d: f"{d:%d/%m/%y}",
    "mdy": lambda d: f"{d:%m/%d/%Y}",
    "mdy short": lambda d: f"{d.month}-{d.day}-{d:%y}",
    "english": lambda d: f"{d:%a} {d.day} {d:%b} {d.year}",
    "american": lambda d: f"{d:%B} {d.day}, {d.year}",
    "german": lambda d: f"{d.day}. {GERMAN.split()[d.month - 1]} {d.year}",
    "compact": lambda d: f"{d:%Y%m%d}",
    "day number": lambda d: str((d - dt.date(1899, 12, 30)).days),
}
diaries = st.dictionaries(
    st.dates(dt.date(2005, 1, 1), dt.date(2026, 11, 22)),
    st.tuples(
        st.one_of(st.none(), st.integers(0, 30)),
        st.one_of(st.none(), st.integers(0, 200).map(lambda n: n / 8)),
        st.sampled_from(["", "hot", 'said "ow"; twice', "line one\nline two", "a|b,c\td"]),
    ),
    min_size=3,
    max_size=25,
)


@settings(CASES, max_examples=300)
@given(
    diaries,
    st.sampled_from(sorted(DATES)),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_nights_come_back(
    diary: dict[dt.date, tuple[int | None, float | None, str]],
    style: str,
    delimiter: str,
    encoding: str,
    ending: str,
) -> None:
    """Nights written in any dialect and order of dates are the nights read, told the order."""
    mark = "," if delimiter == ";" else "."
    rows = [
        [
            DATES[style](evening),
            "" if cramps is None else str(cramps),
            "" if sleep is None else f"{sleep:.1f}".replace(".", mark),
            note,
        ]
        for evening, (cramps, sleep, note) in diary.items()
    ]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=ending)
    writer.writerows([["Date", "Cramps", "Sleep hours", "Note"], *rows])
    order = style.split()[0] if style.startswith(("dmy", "mdy")) else None
    reading = reading_of(buffer.getvalue().encode(encoding), date_order=order)
    assert reading is not None
    expected = {
        evening: (cramps, None if sleep is None else float(f"{sleep:.1f}"), note)
        for evening, (cramps, sleep, note) in diary.items()
        if cramps is not None or sleep is not None or note
    }
    found = {n.evening: (n.cramps, n.values.get("sleep_hours"), n.note) for n in reading.nights}
    assert found == expected


@CASES
@given(
    st.sets(st.dates(dt.date(2005, 1, 1), dt.date(2026, 11, 22)), min_size=1, max_size=30),
    st.sampled_from(["dmy", "dmy short", "mdy", "mdy short"]),
)
def test_an_order_is_never_guessed_wrongly(days: set[dt.date], style: str) -> None:
    """Not told the order, the dates are read rightly or asked; never read wrongly."""
    rows = [[DATES[style](day), "1"] for day in sorted(days)]
    reading = reading_of(written(["date", "cramps"], rows, ","))
    assert reading is not None
    assert [night.evening for night in reading.nights] in (sorted(days), [])
    if all(day.day <= 12 and day.day != day.month for day in days):
        assert "Which order" in reading.account.to_ask[0]


def test_the_empty_mapping_reads_nothing() -> None:
    """A mapping that uses no column leaves every row out."""
    reading = reading_of(b"date,cramps\n2026-03-04,1\n", mapping=Mapping(columns=()))
    assert reading is not None
    assert reading.nights == []
    assert reading.account.unused["row"] == {"no column of dates": 1}
