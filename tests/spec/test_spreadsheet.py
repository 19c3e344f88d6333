"""Diaries kept in spreadsheets: a small table in, nights out, and what is asked back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from nightcramp.errors import InputError
from nightcramp.intake.reading import Reading
from nightcramp.intake.spreadsheet.mapping import (
    Column,
    Mapping,
    describe_mapping,
    read_mapping,
    write_mapping,
)
from nightcramp.intake.spreadsheet.reader import mapping_of, read_spreadsheet
from nightcramp.knowledge.loader import knowledge

TODAY = dt.date(2026, 11, 23)
Cramps = dict[str, int | None]


@pytest.fixture
def read(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Return a function that reads a table given as text."""

    def run(text: str | bytes, **how: object) -> Reading:
        path = tmp_path / "diary.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_spreadsheet(path, knowledge(), **{"as_of": TODAY, **how})  # type: ignore[arg-type]

    return run


def cramps(reading: Reading) -> Cramps:
    """Return the cramps of a reading by evening."""
    return {night.evening.isoformat(): night.cramps for night in reading.nights}


def reasons(reading: Reading, kind: str) -> str:
    """Return the reasons for which records of one kind were left out, as one text."""
    return "; ".join(reading.account.unused.get(kind, {}))


# --- no cramp, not logged, not readable ---


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("3", 3),
        ("2x", 2),
        ("two", 2),
        ("2 cramps", 2),
        ("2.0", 2),
        ("0", 0),
        ("no", 0),
        ("none", 0),
        ("keine", 0),
        ("-", 0),
    ],
)
def test_a_count(read, cell: str, expected: int) -> None:  # type: ignore[no-untyped-def]
    """Counts and the usual ways to write no cramp are read."""
    reading = read(f"date,cramps\n2026-03-13,1\n2026-03-14,{cell}\n")
    assert cramps(reading)["2026-03-14"] == expected


@pytest.mark.parametrize("cell", ["", "?", "n/a", "not logged", "unknown"])
def test_an_empty_cell_is_not_logged(read, cell: str) -> None:  # type: ignore[no-untyped-def]
    """It is no night without a cramp, and nothing is asked."""
    reading = read(f"date,cramps,note\n2026-03-13,0,\n2026-03-14,{cell},hot\n")
    assert cramps(reading) == {"2026-03-13": 0, "2026-03-14": None}
    assert reading.account.to_ask == []


@pytest.mark.parametrize(
    "cell", ["2-3", "several", "yes", "1.5", "-1", ">2", "2+", "=1+1", "2 3", "2026-03-02", "99999"]
)
def test_a_cell_that_is_no_count_is_asked(read, cell: str) -> None:  # type: ignore[no-untyped-def]
    """Its line and column are named, and the night stays not logged."""
    reading = read(f"date,cramps,note\n2026-03-13,1,a\n2026-03-14,{cell},b\n")
    assert cramps(reading) == {"2026-03-13": 1, "2026-03-14": None}
    (asked,) = [question for question in reading.account.to_ask if "line 3" in question]
    assert '"cramps"' in asked


def test_content_is_not_repeated(read) -> None:  # type: ignore[no-untyped-def]
    """What a person wrote stays out of the account, where line and column say enough."""
    reading = read("date,cramps\n2026-03-13,secret\n14 secret 2026,1\n2026-03-15,1\n")
    told = f"{reading.account.unused} {reading.account.to_ask} {reading.mapping}"
    assert "line 2" in told
    assert "line 3" in told
    assert "secret" not in told


def test_a_night_without_a_row_is_not_logged(read) -> None:  # type: ignore[no-untyped-def]
    """The night between two rows does not appear, unless the person says it had no cramp."""
    text = "date,time of cramp\n2026-03-13,23:10\n2026-03-15,23:30\n"
    reading = read(text)
    assert cramps(reading) == {"2026-03-13": 1, "2026-03-15": 1}
    assert any("other_nights" in question for question in reading.account.to_ask)
    mapping = Mapping(
        columns=(
            Column(column="date", means="date"),
            Column(column="time of cramp", means="time"),
        ),
        rows="cramp",
        other_nights="no_cramp",
    )
    assert cramps(read(text, mapping=mapping))["2026-03-14"] == 0


def test_dashes_beside_noughts_are_asked(read) -> None:  # type: ignore[no-untyped-def]
    """A dash is read as no cramp, and can be set to mean not logged."""
    text = "date,cramps\n2026-03-13,0\n2026-03-14,-\n"
    reading = read(text)
    assert any("dash" in question for question in reading.account.to_ask)
    mapping = Mapping(
        columns=(Column(column="date", means="date"), Column(column="cramps", means="cramps")),
        dash="not_logged",
    )
    assert cramps(read(text, mapping=mapping)) == {"2026-03-13": 0}


def test_yes_and_no(read) -> None:  # type: ignore[no-untyped-def]
    """A yes is one cramp or more: it counts as one, and the number is asked."""
    reading = read("date,cramp\n2026-03-13,yes\n2026-03-14,no\n2026-03-15,\n2026-03-16,x\n")
    assert cramps(reading) == {"2026-03-13": 1, "2026-03-14": 0, "2026-03-16": 1}
    assert any("yes or no" in question for question in reading.account.to_ask)


# --- dates ---


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-13",
        "2026/03/13",
        "2026.3.13",
        "20260313",
        "13/03/2026",
        "13.3.2026",
        "3/13/2026",
        "03-13-26",
        "13 March 2026",
        "March 13, 2026",
        "13th of Mar 2026",
        "13-Mar-26",
        "13. März 2026",
        "Freitag, 13. Mär. 2026",
        "Fri 13 Mar 2026",
        "Fri, Mar 13 2026",
        "46094",
    ],
)
def test_ways_to_write_a_date(read, written: str) -> None:  # type: ignore[no-untyped-def]
    """Usual dates in figures, months in English and German, and day numbers are read."""
    assert cramps(read(f'date;cramps\n"{written}";2\n')) == {"2026-03-13": 2}


def test_the_whole_column_decides_the_order(read) -> None:  # type: ignore[no-untyped-def]
    """One day above twelve settles the lines before it."""
    reading = read("date,cramps\n03/04/2026,1\n05/04/2026,0\n13/04/2026,2\n")
    assert cramps(reading) == {"2026-04-03": 1, "2026-04-05": 0, "2026-04-13": 2}


def test_an_ambiguous_order_is_asked(read) -> None:  # type: ignore[no-untyped-def]
    """Nothing is guessed: both readings are shown by line, and an answer settles it."""
    text = "date,cramps\n03/04/2026,1\n05/04/2026,0\n"
    reading = read(text)
    assert reading.nights == []
    question = reading.account.to_ask[0]
    assert "line 2 is 3 April 2026" in question
    assert "line 2 is 4 March 2026" in question
    assert reading.account.unused["row"]["the order of the dates is not known"] == 2
    assert cramps(read(text, date_order="dmy")) == {"2026-04-03": 1, "2026-04-05": 0}
    assert cramps(read(text, date_order="mdy")) == {"2026-03-04": 1, "2026-05-04": 0}


def test_mixed_orders_name_their_lines(read) -> None:  # type: ignore[no-untyped-def]
    """A column that needs two orders is refused; with one named, the others are left out."""
    text = "date,cramps\n13/04/2026,1\n04/14/2026,1\n05/04/2026,0\n"
    with pytest.raises(InputError) as caught:
        read(text)
    assert "line 2" in str(caught.value)
    assert "line 3" in str(caught.value)
    reading = read(text, date_order="dmy")
    assert cramps(reading) == {"2026-04-05": 0, "2026-04-13": 1}
    assert "another order" in reasons(reading, "row")


def test_years_of_two_figures_stand_last(read) -> None:  # type: ignore[no-untyped-def]
    """A diary goes day by day: the figure that stays the same is the year, first or last."""
    last = read("date,cramps\n13/08/12,1\n14/08/12,0\n15/08/12,2\n")
    assert list(cramps(last)) == ["2012-08-13", "2012-08-14", "2012-08-15"]
    first = read("date,cramps\n12-08-13,1\n12-08-14,0\n12-08-15,2\n")
    assert cramps(first) == cramps(last)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("13/04/20205", "impossible year"),
        ("2026-13-45", "no day of the calendar"),
        ("30.02.2026", "no day of the calendar"),
        ("2027-01-01", "in the future"),
        ("13 March", "without its year"),
        ("yesterday", "not a date"),
    ],
)
def test_a_bad_date_costs_its_row_only(read, written: str, reason: str) -> None:  # type: ignore[no-untyped-def]
    """The row is counted with line and reason; the others are read."""
    reading = read(f"date,cramps\n{written},1\n13.04.2026,2\n")
    assert cramps(reading) == {"2026-04-13": 2}
    assert reason in reasons(reading, "row")
    assert "line 2" in reasons(reading, "row")


def test_future_is_counted_from_the_date_given(read) -> None:  # type: ignore[no-untyped-def]
    """A diary read as of a past day ends there."""
    text = "date,cramps\n2026-03-13,1\n2026-03-14,1\n"
    assert list(cramps(read(text, as_of=dt.date(2026, 3, 13)))) == ["2026-03-13"]


# --- nights ---


def test_a_time_before_noon_belongs_to_the_evening_before(read) -> None:  # type: ignore[no-untyped-def]
    """One row a cramp: those before and after midnight make one night."""
    reading = read(
        "date,time,leg,severity of cramp\n"
        "2026-03-13,23:40,left,7\n2026-03-14,03:10,right,5\n2026-03-14,11:59,left,2\n"
        "2026-03-14,12:00,left,3\n"
    )
    assert cramps(reading) == {"2026-03-13": 3, "2026-03-14": 1}
    assert "leg: right" in reading.nights[0].note
    assert [origin.at for origin in reading.nights[0].provenance] == ["line 2", "line 3", "line 4"]


@pytest.mark.parametrize("cell", ["3:10 am", "03.10", "03h10", "0.131944444", "3 am", "03:10:00"])
def test_ways_to_write_a_time(read, cell: str) -> None:  # type: ignore[no-untyped-def]
    """All of these are ten past three, or three."""
    text = f"date;time of cramp\n14.03.2026;{cell}\n"
    assert cramps(read(text)) == {"2026-03-13": 1}


def test_dates_with_times(read) -> None:  # type: ignore[no-untyped-def]
    """A moment in one cell is placed like a date and a time."""
    reading = read("when,cramps\n2026-03-14T03:10:00,1\n2026-03-14 23:00,2\n14 March 2026 4 am,1\n")
    assert cramps(reading) == {"2026-03-13": 2, "2026-03-14": 2}


def test_a_row_of_unknown_time_is_not_placed(read) -> None:  # type: ignore[no-untyped-def]
    """Before or after midnight is not guessed."""
    reading = read("date,time,cramps\n2026-03-14,late,1\n2026-03-15,23:00,1\n")
    assert cramps(reading) == {"2026-03-15": 1}
    assert any('"time", line 2' in question for question in reading.account.to_ask)


def test_dates_may_name_the_morning(read) -> None:  # type: ignore[no-untyped-def]
    """A heading that says morning, or the mapping, moves dates to the evening before."""
    assert cramps(read("morning of,cramps\n2026-03-14,1\n")) == {"2026-03-13": 1}
    mapping = Mapping(
        columns=(Column(column="date", means="date"), Column(column="cramps", means="cramps")),
        dates_name="morning",
    )
    assert cramps(read("date,cramps\n2026-03-14,1\n", mapping=mapping)) == {"2026-03-13": 1}


def test_times_may_belong_to_the_night_of_the_date(read) -> None:  # type: ignore[no-untyped-def]
    """A diary that writes 03:10 under the evening's date can say so."""
    mapping = Mapping(
        columns=(Column(column="date", means="date"), Column(column="time", means="time")),
        rows="cramp",
        times="night",
    )
    reading = read("date,time\n2026-03-14,23:40\n2026-03-14,03:10\n", mapping=mapping)
    assert cramps(reading) == {"2026-03-14": 2}


def test_legs_add_up(read) -> None:  # type: ignore[no-untyped-def]
    """Left and right are parts of a night; a column of totals is not counted again."""
    assert cramps(read("date,left leg cramps,right leg cramps\n2026-03-14,1,2\n")) == {
        "2026-03-14": 3
    }
    assert cramps(read("date,cramps left,cramps right,cramps total\n2026-03-14,1,2,3\n")) == {
        "2026-03-14": 3
    }
    assert cramps(read("date,leg,cramps\n2026-03-14,left,1\n2026-03-14,right,2\n")) == {
        "2026-03-14": 3
    }


def test_the_same_night_twice(read) -> None:  # type: ignore[no-untyped-def]
    """With one row a night, a repeated row counts once; two that differ are asked."""
    copied = read("date,cramps\n2026-03-14,1\n2026-03-14,1\n")
    assert cramps(copied) == {"2026-03-14": 1}
    assert "repeats another row" in reasons(copied, "row")
    differing = read("date,cramps,note\n2026-03-14,1,a\n2026-03-14,2,b\n")
    assert cramps(differing) == {"2026-03-14": None}
    assert any("lines 2, 3" in question for question in differing.account.to_ask)


def test_order_of_rows_does_not_matter(read) -> None:  # type: ignore[no-untyped-def]
    """Nights come out by date."""
    reading = read("date,cramps\n2026-03-15,3\n2026-03-13,1\n2026-03-14,2\n")
    assert [night.cramps for night in reading.nights] == [1, 2, 3]


# --- tables as they come ---


def test_what_is_no_row_of_the_diary(read) -> None:  # type: ignore[no-untyped-def]
    """Titles, comments, blank lines, repeated headings and totals are counted and left."""
    reading = read(
        'My cramp diary\n\n# kept by me\nDate,Cramps,Note\n13.03.2026,2,"hot,\n very hot"\n\n'
        "Date,Cramps,Note\n14.03.2026,1\nTotal,3,\n,,by hand\n"
    )
    assert cramps(reading) == {"2026-03-13": 2, "2026-03-14": 1}
    assert reading.nights[1].provenance[0].at == "line 9"
    assert "a line of totals (line 10)" in reasons(reading, "row")
    assert "no date (line 11)" in reasons(reading, "row")
    assert reading.account.unused["line"]["blank"] == 2


def test_shifted_cells_are_not_read(read) -> None:  # type: ignore[no-untyped-def]
    """An unquoted decimal comma makes a row too long: it is left out and asked, not misread."""
    reading = read("date,sleep hours,cramps\n2026-03-13,7,2\n2026-03-14,7,5,1\n")
    assert cramps(reading) == {"2026-03-13": 2}
    assert "more cells than headings (line 3)" in reasons(reading, "row")
    assert any("line 3" in question for question in reading.account.to_ask)


def test_a_title_is_not_the_headings(read) -> None:  # type: ignore[no-untyped-def]
    """The row of headings is the one with several known ones."""
    reading = read("My cramp diary\nDate;Number of cramps;Mood\n2026-03-13;2;5\n")
    assert cramps(reading) == {"2026-03-13": 2}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_delimiters(read, encoding: str, delimiter: str, ending: str) -> None:  # type: ignore[no-untyped-def]
    """A table reads the same from every program that wrote it."""
    lines = ["Datum|Krämpfe|Notiz", "13.03.2026|2|Füße kühl", "14.03.2026|0|", "15.03.2026||"]
    text = ending.join(line.replace("|", delimiter) for line in lines)
    reading = read(text.encode(encoding))
    assert cramps(reading) == {"2026-03-13": 2, "2026-03-14": 0}
    assert reading.nights[0].note == "Füße kühl"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"resourceType": "Bundle"}', "JSON"),
        (b"<!DOCTYPE html><html><table></table></html>", "web page"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        (b"date,cramps\n2026-03-13,\x00\x01\x02", "not text"),
        (b"PK\x03\x04 nothing", "damaged"),
        (b"", "empty"),
        (b'date,cramps\n2026-03-13,"1\n', "quotation marks"),
    ],
)
def test_what_is_no_table_is_refused(read, content: bytes, said: str) -> None:  # type: ignore[no-untyped-def]
    """The error says what the file is instead."""
    with pytest.raises(InputError, match=said):
        read(content)


# --- measures, medicines ---


def test_decimal_commas(read) -> None:  # type: ignore[no-untyped-def]
    """Commas and points are read as the file uses them elsewhere."""
    reading = read("date;cramps;sleep hours;steps\n2026-03-13;1;7,5;1.234\n2026-03-14;0;6,25;900\n")
    assert reading.nights[0].values == {"sleep_hours": 7.5, "steps": 1234.0}
    english = read("date;cramps;sleep hours;steps\n2026-03-13;1;7.5;1,234\n")
    assert english.nights[0].values == reading.nights[0].values


def test_thousands_or_decimals_are_asked(read) -> None:  # type: ignore[no-untyped-def]
    """Where the file does not show what 1.234 means, it is asked."""
    reading = read("date;cramps;steps\n2026-03-13;1;1.234\n")
    assert reading.nights[0].values == {}
    assert any('"steps", line 2' in question for question in reading.account.to_ask)


def test_units_stand_in_the_heading_or_the_cell(read) -> None:  # type: ignore[no-untyped-def]
    """They are converted; a number that may be kilograms or pounds is asked."""
    reading = read(
        "date,cramps,water (ml),time asleep,weight\n2026-03-13,1,1500,7:30,80\n"
        "2026-03-14,0,2 L,6 h,80 kg\n"
    )
    assert reading.nights[0].values == {"water": 1.5, "sleep_hours": 7.5}
    assert reading.nights[1].values == {"water": 2.0, "sleep_hours": 6.0, "weight": 80.0}
    assert any('"weight", line 2' in question for question in reading.account.to_ask)


def test_measures_on_several_rows_of_a_night(read) -> None:  # type: ignore[no-untyped-def]
    """Sleep repeated beside each cramp is slept once; two equal drinks are asked."""
    reading = read(
        "date,time,cramps,sleep (h),alcohol\n2026-03-13,23:00,1,7,1\n2026-03-13,23:30,1,7,1\n"
        "2026-03-14,22:00,1,6,1\n2026-03-14,22:30,1,6,2\n"
    )
    assert [night.values for night in reading.nights] == [
        {"sleep_hours": 7.0},
        {"sleep_hours": 6.0, "alcohol": 3.0},
    ]
    assert any('"alcohol", lines 2, 3' in question for question in reading.account.to_ask)


def test_impossible_values_are_left_out(read) -> None:  # type: ignore[no-untyped-def]
    """Thirty hours of sleep are counted and not used."""
    reading = read("date,cramps,sleep (h)\n2026-03-13,1,30\n")
    assert reading.nights[0].values == {}
    assert "outside of what is possible" in reasons(reading, "cell")


def test_medicines_become_facts(read) -> None:  # type: ignore[no-untyped-def]
    """A medicine of the last weeks is taken now; an unknown name is kept by name."""
    reading = read(
        "date,cramps,medicine\n2026-11-20,1,simvastatin 40 mg\n2026-11-21,0,none\n"
        "2026-11-22,0,zzyzxol\n"
    )
    (fact,) = reading.facts
    assert (fact.id, fact.value.taking, fact.value.intermittent) == ("simvastatin", True, True)
    assert reading.account.unknown_medicines == {"zzyzxol": 1}


def test_an_old_diary_does_not_say_what_is_taken_now(read) -> None:  # type: ignore[no-untyped-def]
    """It is asked."""
    reading = read("date,cramps,medicine\n2024-03-13,1,simvastatin\n2024-03-14,1,simvastatin\n")
    assert reading.facts == []
    assert any("simvastatin still taken" in question for question in reading.account.to_ask)


# --- mappings ---


def test_a_mapping_is_shown_in_words(tmp_path: Path) -> None:
    """Every used column with its reason, and the choices that can be switched."""
    path = tmp_path / "diary.csv"
    path.write_text("date,cramps,mood\n2026-03-13,1,3\n")
    words = describe_mapping(mapping_of(path, knowledge()))
    assert '"cramps" is how many cramps (sure: heading and numbers)' in words
    assert 'not used: "mood"' in words
    assert 'dates_name = "evening"' in words


@pytest.mark.parametrize("name", ["mapping.toml", "mapping.json"])
def test_a_mapping_is_written_and_read_back(tmp_path: Path, name: str) -> None:
    """The file holds the same mapping, headings with quotes and all."""
    mapping = Mapping(
        columns=(
            Column(column='my "day"\\', means="date"),
            Column(column="Größe\x7f", means="measure", measure="steps", confidence="guess"),
        ),
        rows="part",
        dates_name="morning",
        date_order="dmy",
    )
    write_mapping(mapping, tmp_path / name)
    assert read_mapping(tmp_path / name) == mapping


def test_a_corrected_mapping_is_obeyed(read) -> None:  # type: ignore[no-untyped-def]
    """A column of another name counts the cramps once told."""
    mapping = Mapping(
        columns=(
            Column(column="when it was", means="date"),
            Column(column="bad ones", means="cramps"),
        )
    )
    reading = read("when it was,bad ones\n2026-03-13,2\n", mapping=mapping)
    assert cramps(reading) == {"2026-03-13": 2}


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (Column(column="cramp", means="cramps"), "column that the table does not have"),
        (Column(column="cramps", means="measure", measure="stepps"), "no measure"),
        (Column(column="cramps", means="medicine", medicine="simvastatine"), "no medicine"),
    ],
)
def test_a_mapping_that_does_not_fit(read, column: Column, said: str) -> None:  # type: ignore[no-untyped-def]
    """The column is named, with what would fit."""
    mapping = Mapping(columns=(Column(column="date", means="date"), column))
    with pytest.raises(InputError, match=said):
        read("date,cramps\n2026-03-13,2\n", mapping=mapping)


@pytest.mark.parametrize(
    "text",
    [
        "columns = 3",
        "[[columns]]\ncolumn = 'a'\nmeans = 'nothing'",
        "[[columns]]\ncolumn = 'a'\nmeans = 'date'\n[[columns]]\ncolumn = 'a'\nmeans = 'note'",
        "columns = []\ncolour = 'red'",
        "not toml at all",
    ],
)
def test_a_bad_mapping_file_is_refused(tmp_path: Path, text: str) -> None:
    """The error names the file."""
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"mapping\.toml"):
        read_mapping(path)


def test_nothing_is_said_of_cramps(read) -> None:  # type: ignore[no-untyped-def]
    """Pain alone is not taken for cramps: it is asked which column tells of them."""
    reading = read("date,time,pain\n2026-03-13,23:00,3\n")
    assert reading.nights == []
    assert any("Which column tells of the cramps" in q for q in reading.account.to_ask)
