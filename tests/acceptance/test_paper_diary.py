"""The paper diary from the command to the diary: print a sheet, type in what was written."""

from __future__ import annotations

import datetime as dt
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pypdf
import pytest
from click.testing import CliRunner, Result

from nightcramp.cli.main import cli
from nightcramp.diary.sheet import sheet_of
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.intake.paper_rows import Row
from nightcramp.intake.paper_talk import SheetTalk
from nightcramp.knowledge.loader import knowledge
from nightcramp.report.paper import EXAMPLE, type_command

FIRST = dt.date(2026, 11, 10)
CLOCK = PersonClock(dt.datetime(2026, 11, 15, 9, tzinfo=dt.UTC), dt.UTC, "UTC")
LINES = """\
# what Margaret wrote
2026-11-10 2 p7 w20 e8u f5 g6 a1 c2@15 x s m0 o2
0e3f4g6a0c2@14x.
-
1p4; new shoes
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own for the diary."""
    monkeypatch.setenv("NIGHTCRAMP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    return tmp_path


def nightcramp(*arguments: object, typed: str | bytes = "") -> Result:
    """Run one command, with what is typed into it."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=typed)


def printed(*arguments: object, typed: str = "") -> str:
    """Return what a command printed; it must have gone well."""
    result = nightcramp(*arguments, typed=typed)
    assert result.exit_code == 0, result.exception
    return result.stdout


def refused(*arguments: object, typed: str | bytes = "") -> InputError:
    """Return the error for people that a command ended with."""
    error = nightcramp(*arguments, typed=typed).exception
    assert isinstance(error, InputError)
    return error


def night(date: str) -> dict[str, Any]:
    """Return one night of the diary as programs get it."""
    found = json.loads(printed("night", date, "--json"))
    return dict(found["night"])


def test_a_sheet_is_printed_for_days_to_come(home: Path) -> None:
    """`diary --paper` writes a PDF of two pages, from any first evening on."""
    file = home / "sheet.pdf"
    said = printed("diary", "--paper", file, "--from", "2031-01-01", "--own", "chocolate")
    assert str(file) in said
    reader = pypdf.PdfReader(file)
    assert len(reader.pages) == 2
    assert "Wed 1 → Thu 2 Jan" in reader.pages[0].extract_text()
    assert "chocolate" in reader.pages[0].extract_text()
    printed("diary", "--paper", file, "--size", "letter", "--nights", "7")
    assert round(float(pypdf.PdfReader(file).pages[0].mediabox.width)) == 792


def test_a_sheet_that_cannot_be_printed_leaves_no_file(home: Path) -> None:
    """A letter without a font, a wrong date or a missing folder: a sentence, and no half file."""
    file = home / "sheet.pdf"
    assert "夜" in refused("diary", "--paper", file, "--own", "夜").message
    assert "cannot head a column" in refused("diary", "--paper", file, "--own", "alcohol").message
    refused("diary", "--paper", file, "--from", "2026-13-01")
    assert nightcramp("diary", "--paper", home / "not" / "there.pdf").exit_code != 0
    assert [path.name for path in home.iterdir() if path.name != "home"] == []


def test_what_was_written_is_typed_in_from_a_file(home: Path) -> None:
    """Every night is told back in words and then stands in the diary."""
    file = home / "sheet.txt"
    file.write_text(LINES, encoding="utf-8")
    said = printed("type", file, "--own", "chocolate")
    assert "Tue 10 → Wed 11 Nov: 2 cramps; worst pain 7 of 10" in said
    assert "Thu 12 → Fri 13 Nov: not logged" in said
    assert "3 of 4 nights stored" in said
    first, second = night("2026-11-10"), night("2026-11-11")
    assert first["cramps"] == 2
    assert first["values"]["own:chocolate"] == 2
    assert (second["cramps"], second["values"]["diarrhoea"]) == (0, 0)
    assert night("2026-11-12").get("cramps") is None
    assert night("2026-11-13")["note"] == "new shoes"


def test_the_same_sheet_twice_changes_nothing(home: Path) -> None:
    """Typed again, nothing is added; a corrected line takes the place of the first."""
    file = home / "sheet.txt"
    file.write_text(LINES, encoding="utf-8")
    printed("type", file, "--own", "chocolate")
    before = printed("export", home / "one.zip") and night("2026-11-10")
    assert "0 of 4 nights stored" in printed("type", file, "--own", "chocolate")
    assert night("2026-11-10") == before
    file.write_text(LINES.replace("1p4;", "1p5;"), encoding="utf-8")
    assert "1 of 4 nights stored" in printed("type", file, "--own", "chocolate")
    changed = night("2026-11-13")
    assert changed["values"] == {"pain_worst": 5}
    assert not changed.get("conflicts")


def test_a_faulty_file_stores_nothing_and_names_every_line(home: Path) -> None:
    """All or nothing: each faulty line with its column, and the diary is as it was."""
    file = home / "sheet.txt"
    file.write_text("2026-11-10 2 p17\n3 zz\n\n4\n2026-13-40 2\n2999-01-01 0\n2026-11-12 1\n")
    error = refused("type", file)
    assert error.exit_code == 12
    assert error.where == str(file)
    assert error.message == "5 lines cannot be read; nothing was stored"
    faults = error.hint.split("\n  ")
    assert [fault.split(",")[0] for fault in faults] == [
        f"line {number}" for number in (1, 2, 4, 5, 6)
    ]
    assert "column p (worst pain, 0 to 10), character 14" in faults[0]
    assert night("2026-11-12").get("cramps") is None


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("2 p7\n", "does not say its evening"),
        ("", "does not say its evening"),
        ("# only a remark\n", "does not say its evening"),
        ("2026-11-10 1\n2026-11-10 2\n", "1 line cannot be read"),
        (b"2026-11-10 1;\xff\n", "not text in UTF-8"),
    ],
)
def test_a_text_without_dates_is_not_guessed(typed: str | bytes, reason: str) -> None:
    """Nights are never put on days that nobody named."""
    assert reason in refused("type", "-", typed=typed).message


def test_the_command_on_the_sheet_types_it_in(home: Path) -> None:
    """What the second page says works as it stands there, with its own example line."""
    sheet = sheet_of(FIRST, 7, ("tight shoes", "chocolate"))
    program, *words = shlex.split(" ".join(type_command(sheet)))
    assert program == "nightcramp"
    assert words[words.index("--nights") + 1] == "7"
    said = printed(*words, "-", typed=f"o3 n{EXAMPLE}\n")
    assert "chocolate 3" in said
    assert night("2026-11-10")["cramps"] == 2


def talked(typed: str, nights: int = 5) -> tuple[str, list[Row]]:
    """Return what a talk about a sheet showed, and what it stored, in order."""
    rows: list[Row] = []

    @click.command()
    def talk() -> None:
        SheetTalk(sheet_of(FIRST, nights), knowledge(), CLOCK, {}, rows.append).run()

    return CliRunner().invoke(talk, input=typed, catch_exceptions=False).stdout, rows


def stored(rows: list[Row]) -> dict[int, int | None]:
    """Return the cramps by day of the month; the row stored last counts."""
    return {row.evening.day: row.told.cramps if row.told else None for row in rows}


def test_at_the_terminal_each_night_is_asked_and_told_back() -> None:
    """A line a night; a wrong one is told with its column and asked again."""
    shown, rows = talked("2p7\n0 p11\n0\n\n-\n1\n")
    assert stored(rows) == {10: 2, 11: 0, 13: None, 14: 1}
    assert "2 cramps; worst pain 7 of 10" in shown
    assert "column p (worst pain, 0 to 10), character 3: not possible" in shown
    assert shown.count("Wed 11 → Thu 12 Nov") == 2
    assert "3 nights stored." in shown


def test_one_can_go_back_and_stop() -> None:
    """`b` shows the night before again with what was typed; `q` and the end keep the rest."""
    shown, rows = talked("b\n1\nb\n3\n0\nq\n")
    assert stored(rows) == {10: 3, 11: 0}
    assert "typed before: 1 cramp" in shown
    assert stored(talked("1\n0\n")[1]) == {10: 1, 11: 0}


def test_nights_that_have_not_come_are_not_asked() -> None:
    """The rows after the night just past wait for another day."""
    shown, rows = talked("0\n" * 9, nights=14)
    assert stored(rows) == dict.fromkeys(range(10, 15), 0)
    assert "have not come yet" in shown


def test_the_command_line_starts_without_typst() -> None:
    """`nightcramp --help` waits for nothing that prints PDF."""
    code = "import sys, nightcramp.cli.main; print('typst' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
