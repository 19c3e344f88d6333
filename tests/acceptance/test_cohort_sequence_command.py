"""`nightcramp cohort sequence`: what a small database shows, as text, JSON and documents."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

pytest.importorskip("ibis", reason="the extra `cohort` is not installed")
pytest.importorskip("pyarrow", reason="the extra `cohort` is not installed")

from click.testing import CliRunner, Result

from nightcramp.cli.main import cli
from nightcramp.errors import InputError
from omop import HYDROCHLOROTHIAZIDE, QUININE, Omop

AFTER, BEFORE, OTHERS = 80, 40, 3000


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["cohort", "sequence", *map(str, words)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twice as many began quinine after the water tablet as before it; most began only one."""
    made = Omop()
    for person in range(1, AFTER + BEFORE + OTHERS):
        made.person(person, born=1935 + person % 30, sex=8507 + 25 * (person // 2 % 2))
        start = dt.date(2018, 1, 1) + dt.timedelta(days=7 * person % 1500)
        if person <= AFTER + BEFORE:
            apart = 20 + person % 200
            later = start + dt.timedelta(days=apart if person <= AFTER else -apart)
            made.medicine(person, HYDROCHLOROTHIAZIDE, start.isoformat())
            made.medicine(person, QUININE, later.isoformat())
        elif person % 2:
            made.medicine(person, HYDROCHLOROTHIAZIDE, start.isoformat())
        elif person % 10 == 0:
            alone = dt.date(2016, 3, 1) + dt.timedelta(days=37 * person % 3000)
            made.medicine(person, QUININE, alone.isoformat())
    return made.write(tmp_path_factory.mktemp("sequence") / "cdm")


def test_the_order_of_starts_is_counted(folder: Path) -> None:
    found = run("--cdm", folder, "--medicine", "diuretic", "--json")

    assert found.exit_code == 0, found.output
    told = json.loads(found.output)
    (diuretic,) = told["results"]
    sequence = diuretic["sequence"]
    assert (sequence["after"], sequence["before"]) == (AFTER, BEFORE)
    assert 1.3 < sequence["ratio"]["low"] < 2.0 < sequence["ratio"]["high"] < 3.0
    assert diuretic["published"]["ratio"] == 1.47


def test_an_ingredient_and_its_class_agree_where_nothing_else_is_taken(folder: Path) -> None:
    words = ("--cdm", folder, "--json", "--no-case-series", "--medicine")

    group, single = (
        json.loads(run(*words, name).output)["results"][0]["sequence"]
        for name in ("thiazide_like_diuretic", "hydrochlorothiazide")
    )

    assert {**group, "id": ""} == {**single, "id": ""}


def test_the_text_fits_a_terminal_and_speaks_plainly(folder: Path) -> None:
    found = run("--cdm", folder, "--medicine", "diuretic")

    assert max(map(len, found.output.splitlines())) <= 80
    assert f"{AFTER} people had the first marker" in " ".join(found.output.split())
    assert "it is no reason to stop a medicine" in " ".join(found.output.split())


def test_documents_are_written_whole_and_never_over_others(folder: Path, tmp_path: Path) -> None:
    page, paper = tmp_path / "s.html", tmp_path / "s.pdf"
    words = ("--cdm", folder, "--medicine", "diuretic", "--no-case-series")

    assert run(*words, "--html", page, "--pdf", paper).exit_code == 0
    assert "<svg" in page.read_text(encoding="utf-8")
    assert paper.read_bytes().startswith(b"%PDF")
    again = run(*words, "--html", page)
    assert isinstance(again.exception, InputError)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--medicine", "diuretik"), "diuretik"),
        (("--marker", "nothing"), "nothing"),
        (("--control", "nothing"), "nothing"),
        (("--window", "0"), "at least 1"),
    ],
)
def test_what_cannot_be_asked_is_said(folder: Path, words: tuple[str, str], said: str) -> None:
    found = run("--cdm", folder, *words)

    assert isinstance(found.exception, InputError), found.output
    assert said in found.exception.message
