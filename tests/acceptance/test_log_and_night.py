"""`nightcramp log`, `night` and `diary`: what a person gets at three in the morning."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nightcramp.cli.main import cli
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.intake import diary_clock

SetClock = Callable[[str], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SetClock:
    """Return a function that sets the clock of a person in Berlin with a diary of their own."""
    monkeypatch.setenv("NIGHTCRAMP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TZ", "Europe/Berlin")

    def to(text: str) -> None:
        moment = dt.datetime.fromisoformat(text)
        monkeypatch.setattr(diary_clock, "utc_now", lambda: moment.astimezone(dt.UTC))

    to("2026-11-25T03:12+01:00")
    return to


@pytest.fixture
def _at_three(set_clock: SetClock) -> None:
    """It is 03:12 on Wednesday 25 November 2026 in Berlin."""


def run(*arguments: str) -> Result:
    """Run one command, whatever comes of it."""
    return CliRunner().invoke(cli, arguments)


def printed(*arguments: str) -> str:
    """Return what a command printed; it must have gone well and fit on 80 columns."""
    result = run(*arguments)
    assert result.exit_code == 0, result.exception
    assert max(map(len, result.stdout.splitlines())) <= 80
    return result.stdout


def data(*arguments: str) -> dict[str, Any]:
    """Return what a command printed for programs."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refused(*arguments: str) -> InputError:
    """Return the error that a command ended with."""
    error = run(*arguments).exception
    assert isinstance(error, InputError)
    return error


def cramps(night: str = "2026-11-24") -> int | None:
    """Return how many cramps a night has."""
    count: int | None = data("night", night)["night"]["cramps"]
    return count


pytestmark = pytest.mark.usefixtures("_at_three")


# --- log ---


def test_one_gesture_logs_a_cramp_and_says_what_helps() -> None:
    """`log` alone: kept, the night named so that nobody can misread it, what to do now."""
    text = printed("log")
    lines = text.splitlines()
    assert lines[0] == "Logged: a cramp at 03:12, night of Tue 24 to Wed 25 November."
    assert "That night now: 1 cramp" in text
    assert "Pull your toes and foot up towards your shin." in text
    assert "Do not point the toes." in text
    assert "Do not do it if the leg is newly swollen, warm or red" in text
    assert "be seen the" in text
    assert len(lines) <= 24
    assert cramps() == 1


def test_a_cramp_before_with_what_is_known_of_it() -> None:
    """`log cramp --at` takes a time and words; the relief steps are left out then."""
    text = printed("log", "cramp", "--at", "yesterday 23:30", "left", "calf", "pain=7", "woke")
    assert "a cramp at 23:30, night of Tue 24 to Wed 25 November" in text
    assert "left calf; pain 7 of 10; woke you" in text
    assert "Pull your toes" not in text
    assert "be seen the" in text


def test_details_later_stay_one_cramp() -> None:
    """A cramp logged in the dark gets its details in the morning, under `last` or its id."""
    printed("log")
    first = data("night")["entries"][0]["id"]
    printed("log", "details", "left", "calf", "pain=7")
    printed("log", "details", first[:8], "sore")
    printed("log", "details", first[:4], "--at", "3:05")
    night = data("night")
    assert night["night"]["cramps"] == 1
    cramp = night["entries"][0]["body"]
    assert (cramp["leg"], cramp["pain"], cramp["sore_next_day"]) == ("left", 7, True)
    assert cramp["at"] == "2026-11-25T03:05:00+01:00"
    assert len(data("night", "--history")["entries"]) == 4


@pytest.mark.parametrize(
    ("now", "arguments", "night"),
    [
        ("2026-11-25T08:00+01:00", [], "2026-11-24"),
        ("2026-11-25T22:00+01:00", ["--night", "last"], "2026-11-24"),
        ("2026-11-25T00:30+01:00", ["--night", "monday"], "2026-11-23"),
        ("2026-11-25T22:00+01:00", ["--night", "2025-06-01"], "2025-06-01"),
    ],
)
def test_no_cramp_last_night(
    set_clock: SetClock, now: str, arguments: list[str], night: str
) -> None:
    """The night just past by morning, a named one else, also more than a year back."""
    set_clock(now)
    assert "Logged: no cramp, night of" in printed("log", "none", *arguments)
    assert cramps(night) == 0


@pytest.mark.parametrize(
    ("now", "arguments"),
    [
        ("2026-11-25T12:30+01:00", []),
        ("2026-11-25T22:00+01:00", ["--night", "tonight"]),
        ("2026-11-25T08:00+01:00", ["--night", "today"]),
    ],
)
def test_no_cramp_of_an_unclear_or_coming_night_is_asked_back(
    set_clock: SetClock, now: str, arguments: list[str]
) -> None:
    """Nothing is kept when the night is not plain or not over."""
    set_clock(now)
    assert "last" in refused("log", "none", *arguments).hint
    assert data("diary", "--from", "2026-11-20", "--to", "2026-11-25")["nights_logged"] == 0


def test_what_the_day_held(set_clock: SetClock) -> None:
    """Before noon the day before, after noon today; told back in words."""
    set_clock("2026-11-25T08:00+01:00")
    words = ["water=1.5L", "no-stretching", "last_caffeine=16:00", "took=indapamide", "bed=22:30"]
    text = printed("log", "day", *words, "+chocolate", 'note=a "long" walk')
    assert "Logged: Tue 24 November and the night of Tue 24 to Wed 25 November." in text
    for line in ("water drunk: 1.5 L", "stretching before bed: no", "indapamide: taken"):
        assert line in text
    assert "That night now: not logged" in text
    night = data("night")["night"]
    assert night["values"] == {
        "bedtime": 630.0,
        "caffeine_last": 960.0,
        "medicine:indapamide": 1.0,
        "own:chocolate": 1.0,
        "stretching": 0.0,
        "water": 1.5,
    }
    assert night["note"] == 'a "long" walk'
    set_clock("2026-11-25T18:00+01:00")
    assert "Logged: Wed 25 November and the night" in printed("log", "day", "heat")


def test_taking_back_keeps_the_history() -> None:
    """`log remove` takes an entry away, with all its corrections; the history shows it."""
    printed("log")
    printed("log", "details", "pain=7")
    first = data("night", "--history")["entries"][0]["id"]
    assert "Taken back: a cramp at 03:12" in printed("log", "remove", first[:8])
    assert cramps() is None
    history = printed("night", "--history")
    assert "holds no longer" in history
    assert "takes" in history
    assert "taken back already" in refused("log", "remove", first[:8]).message


def test_no_cramp_beside_a_cramp_is_said() -> None:
    """Both are kept, the cramp counts, and the person hears of it at once."""
    printed("log", "cramp", "--at", "2:00")
    text = printed("log", "none", "--night", "last")
    assert "! No cramp was told, but 1 cramp is logged. It counts." in text
    assert cramps() == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["log", "cramp", "--at", "03:40"], "has not come: it is 03:12"),
        (["log", "cramp", "clf"], "Did you mean calf"),
        (["log", "cramp", "--at", "03/04/2026 3:00"], "2026-04-03 or 2026-03-04"),
        (["log", "day"], "no word tells anything"),
        (["log", "day", "water=2"], "no unit stands there"),
        (["log", "day", "--date", "2026-11-26", "heat"], "in the future"),
        (["log", "details", "sore"], "no cramp that stands"),
        (["log", "remove", "last"], "nothing is logged yet"),
        (["log", "remove", "ab"], "there is no entry 'ab'"),
        (["log", "--zone", "Foo/Bar"], "there is no time zone 'Foo/Bar'"),
        (["night", "2026-11-25"], "has not begun"),
        (["diary", "--from", "2026-11-20", "--to", "2026-11-10"], "is after"),
    ],
)
def test_what_cannot_be_kept_is_refused_kindly(arguments: list[str], said: str) -> None:
    """One sentence, what would fit, and nothing kept."""
    assert said in str(refused(*arguments))
    assert data("diary")["nights_logged"] == 0


def test_an_id_that_means_two_entries_is_asked_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The entries that begin so are named."""
    names = iter(["abcd" + "0" * 28, "abcd" + "1" * 28])
    monkeypatch.setattr(diary_clock, "new_id", lambda: next(names))
    printed("log")
    printed("log", "cramp", "--at", "2:00")
    error = refused("log", "remove", "abcd")
    assert isinstance(error, UnknownIdError)
    assert "several entries begin with 'abcd'" in error.message


def test_the_zone_one_is_in_decides_the_night(set_clock: SetClock) -> None:
    """On a journey the same moment is another time, and can be another night."""
    set_clock("2026-11-25T12:30+01:00")
    assert "night of Wed 25 to Thu 26" in printed("log")
    text = printed("log", "cramp", "--zone", "America/New_York")
    assert "a cramp at 06:30, night of Tue 24 to Wed 25" in text
    assert "by the clock of America/New_York" in printed("night", "2026-11-24")
    assert "a cramp at 06:30" in printed("log", "--zone", "America/New_York")


# --- night ---


def test_a_night_whole(set_clock: SetClock, tmp_path: Path) -> None:
    """Cramps, values with where each is from, what does not fit, and every entry."""
    diary = tmp_path / "phone.csv"
    diary.write_text("date,cramps,sleep hours,steps\n2026-11-24,3,6.5,4000\n", encoding="utf-8")
    assert run("import", str(diary)).exit_code == 0
    printed("log", "cramp", "--at", "2:10", "left", "calf", "minutes=4", "stretch")
    set_clock("2026-11-27T09:00+01:00")
    printed("log", "day", "--date", "2026-11-24", "steps=5000", "heat")
    text = printed("night", "24 november")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "Night of Tue 24 to Wed 25 November: 1 cramp"
    assert any(line.startswith("02:10 left calf; 4 minutes; helped: stretch") for line in lines)
    assert "steps 5000 steps you" in lines
    assert "sleep 6.5 h phone.csv" in lines
    assert "(phone.csv: 3 cramps; you: 1 cramp)" in " ".join(lines)
    assert "told 2 days later" in " ".join(lines)


def test_a_night_of_which_nothing_is_known() -> None:
    """It says that not logged is not the same as none."""
    text = printed("night", "2026-11-20")
    assert text.startswith("Night of Fri 20 to Sat 21 November: not logged")
    assert "not the same as none" in text


def test_a_night_in_which_the_clock_was_changed(set_clock: SetClock) -> None:
    """It had 25 hours, and half past two twice; both are that night."""
    set_clock("2026-10-25T08:00+01:00")
    assert "night of Sat 24 to Sun 25 October" in printed("log", "cramp", "--at", "2:30")
    assert "25 hours: the clock was changed" in printed("night", "last")


def test_signs_that_a_terminal_obeys_are_not_printed() -> None:
    """Notes that came from elsewhere cannot move the cursor or set colours."""
    shown = printed("log", "day", "note=\x1b[2Jgone") + printed("night")
    assert shown.count("?[2Jgone") == 3
    assert "\x1b" not in shown


# --- diary ---


def test_a_calendar_of_five_marks(set_clock: SetClock) -> None:
    """Not logged, none, one, two, three or more: five shapes in plain letters, with a legend."""
    set_clock("2026-11-30T09:00+01:00")
    for night, count in (("2026-11-24", 0), ("2026-11-25", 1), ("2026-11-26", 2)):
        printed("log", "day", "--date", night, f"cramps={count}")
    printed("log", "day", "--date", "2026-11-27", "cramps=5")
    text = printed("diary", "--from", "2026-11-23", "--to", "2026-11-29")
    assert text.startswith("You logged 4 of 7 nights; cramps on 3 (8 in all).")
    week = next(line for line in text.splitlines() if "23 Nov " in line)
    assert week.split()[2:] == [".", "o", "|", "||", "|||", ".", "."]
    assert "o no cramp   | one   || two   ||| three or more   . not logged" in text
    assert text.isascii()


def test_the_marks_stand_under_their_days(set_clock: SetClock) -> None:
    """A week begins on Monday; days outside the span are empty."""
    set_clock("2026-11-30T09:00+01:00")
    printed("log", "day", "--date", "2026-11-26", "cramps=2")
    lines = printed("diary", "--from", "2026-11-25", "--to", "2026-11-27").splitlines()
    heading = next(line for line in lines if "Mon" in line)
    week = next(line for line in lines if "23 Nov " in line)
    assert week.index("||") in range(heading.index("Thu") - 1, heading.index("Thu") + 3)
    assert week.split()[2:] == [".", "||", "."]


def test_a_night_to_come_is_not_yet_counted(set_clock: SetClock) -> None:
    """What the day held does not make tonight a night that was not logged; a cramp shows it."""
    set_clock("2026-11-25T08:00+01:00")
    printed("log", "none")
    set_clock("2026-11-25T22:00+01:00")
    printed("log", "day", "water=1L")
    assert data("diary")["to"] == "2026-11-24"
    printed("log")
    assert data("diary")["to"] == "2026-11-25"


def test_plain_lines_for_a_screen_reader(set_clock: SetClock) -> None:
    """A line a night in words; nights not logged one after the other are one line."""
    set_clock("2026-11-30T09:00+01:00")
    printed("log", "day", "--date", "2026-11-24", "cramps=2")
    text = printed("diary", "--list", "--from", "2026-11-23", "--to", "2026-11-28")
    assert text.splitlines()[3:] == [
        "Mon 23 to Tue 24 November: not logged",
        "Tue 24 to Wed 25 November: 2 cramps",
        "Wed 25 to Sun 29 November: not logged (4 nights)",
    ]


def test_the_diary_for_programs(set_clock: SetClock) -> None:
    """Totals and every night of the span; null is not logged, 0 is no cramp."""
    set_clock("2026-11-25T08:00+01:00")
    printed("log", "none")
    found = data("diary", "--from", "2026-11-23", "--to", "2026-11-24")
    assert (found["nights_in_all"], found["nights_logged"], found["cramps"]) == (2, 1, 0)
    assert [night["cramps"] for night in found["nights"]] == [None, 0]


def test_an_empty_diary_is_no_error() -> None:
    """Nothing logged is said, and how to begin."""
    text = printed("diary")
    assert "You logged 0 of 1 night" in text
    assert "`nightcramp log`" in text


# --- people ---


def test_two_people_have_two_diaries() -> None:
    """`--person` comes before the command."""
    assert run("people", "add", "ada").exit_code == 0
    printed("--person", "ada", "log")
    assert data("--person", "ada", "night")["night"]["cramps"] == 1
    assert cramps() is None
