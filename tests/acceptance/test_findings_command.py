"""`nightcramp findings` from a diary to the assessment, as a person would use it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from nightcramp.cli.main import cli
from nightcramp.errors import NightcrampError

FIRST = dt.date(2026, 5, 4)


def run(*words: str) -> Result:
    """Run the command and return what it printed."""
    return CliRunner().invoke(cli, list(words))


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    """A spreadsheet of 130 nights whose cramps follow alcohol, and coffee that does nothing."""
    random = np.random.default_rng(2)
    lines = ["date,cramps,alcoholic drinks,cups of coffee"]
    for night in range(130):
        drinks, coffee = int(random.random() < 0.4) * 3, int(random.integers(0, 6))
        cramps = int(random.poisson(1.5 if drinks else 0.4))
        lines.append(f"{FIRST + dt.timedelta(days=night)},{cramps},{drinks},{coffee}")
    path = tmp_path / "diary.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, diary: Path) -> None:
    """The diary in a person's own store."""
    monkeypatch.setenv("NIGHTCRAMP_HOME", str(tmp_path / "home"))
    assert run("import", str(diary)).exit_code == 0


@pytest.mark.usefixtures("kept")
def test_a_finding_goes_from_the_diary_into_the_assessment(tmp_path: Path) -> None:
    """Found, drawn, kept, and supported in the assessment; coffee is not."""
    before = run("assess").output
    picture = tmp_path / "nights.svg"
    shown = run("findings", "--picture", str(picture))
    assert "(+) Alcoholic drinks" in shown.output
    assert "(+) Cups" not in shown.output
    assert "Alcoholic drinks" in picture.read_text(encoding="utf-8")
    after = run("assess").output
    assert "supported (+)" not in before
    assert "Alcohol" in after
    assert "supported (+)" in after


@pytest.mark.usefixtures("kept")
def test_an_unchanged_diary_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kept findings are shown; a new night makes them anew."""
    first = run("findings", "--json").output

    def refuse(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr("nightcramp.diary.findings.findings_of", refuse)
    assert run("findings", "--json").output == first
    run("log", "none", "--night", "2026-09-20")
    assert isinstance(run("findings").exception, AssertionError)


def test_files_are_looked_at_by_themselves(
    diary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a file nothing is stored, and programs get JSON."""
    monkeypatch.setenv("NIGHTCRAMP_HOME", str(tmp_path / "none"))
    found = json.loads(run("findings", "--json", str(diary)).output)
    assert {f["id"]: f["state"] for f in found["findings"]}["alcohol"] == "found"
    assert not (tmp_path / "none").exists()


def test_an_empty_diary_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first night there is a sentence."""
    monkeypatch.setenv("NIGHTCRAMP_HOME", str(tmp_path / "home"))
    result = run("findings")
    assert result.exit_code == 0
    assert "No night is logged yet" in result.output


@pytest.mark.usefixtures("kept")
def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The place is named, and nothing half-written stays."""
    error = run("findings", "--picture", str(tmp_path / "no" / "folder.svg")).exception
    assert isinstance(error, NightcrampError)
    assert "folder.svg" in str(error)
