"""The page for a visit, as a clinician holds it: one page, and nights and sources on a second."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from nightcramp.cli.main import cli
from nightcramp.language import speaking
from people import ROOT

MARGARET = ROOT / "examples" / "margaret.yaml"


def written(path: Path, *files: Path) -> PdfReader:
    """Return the page that the command writes of story files."""
    result = CliRunner().invoke(cli, ["doctor", str(path), *map(str, files)])
    assert result.exit_code == 0, result.exception
    return PdfReader(path)


def story(folder: Path, text: str) -> Path:
    path = folder / "story.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def words(reader: PdfReader, page: int = 0) -> str:
    return " ".join(reader.pages[page].extract_text().split())


def test_triage_comes_first_then_what_points_to_what(tmp_path: Path) -> None:
    reader = written(tmp_path / "a.pdf", MARGARET)
    first = words(reader)
    assert len(reader.pages) == 2
    order = ["See a clinician within days", "Pattern", "What points to what", "Naranjo"]
    assert [first.index(title) for title in order] == sorted(first.index(title) for title in order)
    assert "Not explained" in first
    assert "Questions to answer in this visit" in first
    assert "Sources" in words(reader, 1)
    assert "doi:" in words(reader, 1)


def test_it_is_tagged_and_accessible(tmp_path: Path) -> None:
    reader = written(tmp_path / "a.pdf", MARGARET)
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en"
    metadata = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "pdfuaid:part" in metadata


def test_a_short_story_takes_one_page_and_nothing_is_made_up(tmp_path: Path) -> None:
    reader = written(tmp_path / "a.pdf", story(tmp_path, "answers: {age: 40, sex: male}\n"))
    first = words(reader)
    assert "40 years, male" in first
    assert "Medicines beside the cramps" not in first
    assert "Naranjo" not in first


def test_an_emergency_has_no_numbers(tmp_path: Path) -> None:
    told = "answers: {age: 70, chest_pain: yes, called_cramp: yes}\nmedicines: [indapamide]\n"
    first = words(written(tmp_path / "a.pdf", story(tmp_path, told)))
    assert "GET HELP NOW" in first
    assert "of 12 cramps" not in first


def test_many_results_and_long_names_stay_on_the_paper(tmp_path: Path) -> None:
    labs = "\n".join(f"  - potassium 3.{n} mmol/L, {n + 1} months ago" for n in range(9))
    medicines = "\n".join(
        f"  - {name} 40 mg for {years} years"
        for years, name in enumerate(
            ["simvastatin", "indapamide", "salmeterol", "omeprazole", "amlodipine", "naproxen"], 1
        )
    )
    told = f"answers: {{age: 81, onset: 3 months}}\nmedicines:\n{medicines}\nlabs:\n{labs}\n"
    reader = written(tmp_path / "a.pdf", story(tmp_path, told))
    assert len(reader.pages) <= 3
    assert "Questions to answer in this visit" in words(reader)
    for page in reader.pages:
        assert float(page.mediabox.width) == pytest.approx(595.3, abs=1)


def test_seven_medicines_leave_the_questions_on_the_first_page(tmp_path: Path) -> None:
    names = ["methotrexate", "ciclosporin", "naproxen", "salbutamol", "fluticasone"]
    names += ["indapamide", "simvastatin"]
    lines = "\n".join(f"  - {name} 10 mg for {n} years" for n, name in enumerate(names, 1))
    told = f"answers: {{age: 49, sex: male, onset: 3 months}}\nmedicines:\n{lines}\n"
    reader = written(tmp_path / "a.pdf", story(tmp_path, told))
    assert len(reader.pages) == 2
    assert "Sources" in words(reader, 1)


def test_the_app_gives_the_same_page_in_spanish(app: Any) -> None:
    app.post("/settings", data={"language": "es"})
    answers = {"kind": "question", "ids": ["age"], "value": "71"}
    app.post("/interview/1", data=answers)
    answer = app.get("/doctor/page.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.content))
    assert reader.trailer["/Root"]["/Lang"] == "es"
    with speaking("es"):
        assert "Calambres" in words(reader)
    assert "71" in words(reader)


def test_a_page_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_text("mine")
    result = CliRunner().invoke(cli, ["doctor", str(tmp_path / "a.pdf"), str(MARGARET)])
    assert result.exception is not None
    assert (tmp_path / "a.pdf").read_text() == "mine"
