"""The interview in the terminal, with what a person types."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightcramp.cli.main import cli
from nightcramp.errors import InputError
from nightcramp.intake.files import read_mapping
from nightcramp.intake.merge import read_facts
from nightcramp.knowledge.loader import knowledge
from people import ROOT, assessed

MARGARET = ROOT / "examples" / "margaret.yaml"
ENTER = ""
AGE = "How old are you?"


def interview(*typed: str, file: Path | None = None, save: Path | None = None) -> Result:
    """Run the interview on typed lines; what is not typed any more is the end of input."""
    arguments = ["interview", *([str(file)] if file else [])]
    arguments += ["--save", str(save)] if save else []
    told = "".join(f"{line}\n" for line in typed)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return CliRunner().invoke(cli, arguments, input=told)


def said(*typed: str, file: Path | None = None, save: Path | None = None) -> str:
    """Return what the interview printed; it must have ended well."""
    result = interview(*typed, file=file, save=save)
    assert result.exit_code == 0, result.exception
    return result.stdout


def pages(text: str) -> list[str]:
    """Return the lists of warning signs in a talk, each as one line."""
    lists = re.findall(r"Warning signs.*?(?=Numbers that are so)", text, re.S)
    return [" ".join(page.split()) for page in lists]


@functools.cache
def asked_pages() -> list[str]:
    """Return the lists of warning signs that somebody new is asked."""
    return pages(said(*[ENTER] * 8, "q"))


def signs_of(page: str) -> set[str]:
    """Return the questions of a list."""
    questions = knowledge().questions.values()
    return {q.id for q in questions if f". {' '.join(q.ask.split())}" in page}


@pytest.fixture
def none_of_these() -> list[str]:
    """As many `0` as there are lists of warning signs."""
    return ["0"] * len(asked_pages())


def number_of(question: str, page: str) -> str:
    """Return the number under which a question stands in a list."""
    ask = " ".join(knowledge().questions[question].ask.split())
    found = re.search(rf"(\d+)\. {re.escape(ask)}", page)
    assert found, f"{question} is not in this list"
    return found[1]


def page_of(question: str) -> tuple[int, str]:
    """Return which list a warning sign stands in (from 0), and its number there."""
    for index, page in enumerate(asked_pages()):
        if question in signs_of(page):
            return index, number_of(question, page)
    raise AssertionError(f"{question} is not asked")


# --- stopping ---


def test_q_at_once_still_gives_an_assessment() -> None:
    """Nothing answered: the result says so, and names what is worth answering."""
    text = said("q")
    assert "This rests on what you told us only." in text
    assert "Worth answering next" in text
    assert AGE not in text


def test_the_end_of_input_is_a_stop() -> None:
    """A closed terminal anywhere gives the result so far, not an error."""
    for typed in ([], ["0", "0", "0", "0", "simvastatin"]):
        text = said(*typed)
        assert "What this looks like" in text
        assert "Traceback" not in text


# --- warning signs ---


def test_warning_signs_come_first() -> None:
    """Before age, medicines and everything else, with how to answer."""
    text = said(*[ENTER] * (len(asked_pages()) + 2), "q")
    assert text.index("Warning signs") < text.index("Which medicines") < text.index(AGE)
    assert "`0` if none; Enter if you do not know" in " ".join(text.split())


@pytest.mark.parametrize(
    ("sign", "title"),
    [
        ("chest_pain", "GET HELP NOW"),
        ("saddle_numbness", "GET HELP NOW"),
        ("weakness_sudden", "GET HELP NOW"),
    ],
)
def test_an_emergency_ends_the_talk(sign: str, title: str) -> None:
    """Help is named at once, and nothing more is asked."""
    index, number = page_of(sign)
    text = said(*["0"] * index, number, *["0"] * 5)
    assert title in text
    assert "Which medicines" not in text
    assert "Worth answering next" not in text


@pytest.mark.parametrize("sign", ["leg_swelling_one_side", "dark_urine"])
def test_what_must_be_seen_today_is_said_at_once(sign: str) -> None:
    """The level is named before the next list, and the talk goes on."""
    index, number = page_of(sign)
    text = said(*["0"] * index, number, *["0"] * 5)
    assert text.index("BE SEEN TODAY") < text.index("Which medicines")


def test_none_is_kept_as_no_and_not_knowing_is_not(tmp_path: Path) -> None:
    """`0` answers the whole list with no; Enter leaves it open."""
    first = signs_of(asked_pages()[0])
    assert len(first) >= 5
    none, left = tmp_path / "none.json", tmp_path / "left.json"
    said("0", "q", save=none)
    said(ENTER, "q", save=left)
    assert read_mapping(none)["answers"] == dict.fromkeys(first, "no")
    assert read_mapping(left).get("answers", {}) == {}


def test_several_signs_at_once(tmp_path: Path) -> None:
    """Numbers with commas or spaces are all kept as yes, the rest of the list as no."""
    page = asked_pages()[1]
    one, other = sorted(signs_of(page))[:2]
    saved = tmp_path / "two.json"
    said("0", f"{number_of(one, page)}, {number_of(other, page)}", "q", save=saved)
    answers = read_mapping(saved)["answers"]
    assert {name for name, value in answers.items() if value == "yes"} == {one, other}


@pytest.mark.parametrize("typed", ["yes", "99", "1-3", "two", "don't know"])
def test_an_unclear_answer_to_warning_signs_is_never_a_no(typed: str, tmp_path: Path) -> None:
    """What is not a number of the list is asked again or left open; unknown is not no."""
    saved = tmp_path / "story.json"
    said(typed, "q", "q", save=saved)
    assert "no" not in read_mapping(saved).get("answers", {}).values()


def test_a_question_mark_says_why_the_signs_are_asked() -> None:
    """`?` prints a reason for each, and the list can then be answered."""
    text = " ".join(said("?", "q").split())
    for name in signs_of(asked_pages()[0]):
        assert " ".join(knowledge().questions[name].why.split()) in text


# --- medicines and illnesses ---


def test_medicines_are_understood_as_they_are_typed(
    none_of_these: list[str], tmp_path: Path
) -> None:
    """Each line is answered with how it was read; what is not known is kept and said."""
    saved = tmp_path / "story.yaml"
    text = said(
        *none_of_these,
        "simvastin 40 mg for 8 years",
        "water tablets",
        "grandfather's green drops",
        ENTER,
        "diabetes",
        "q",
        save=saved,
    )
    assert "understood: simvastatin" in text
    assert "understood: diuretic" in text
    assert "kept, but not known here" in text
    assert "understood: diabetes" in text
    assert read_mapping(saved)["medicines"] == [
        "simvastin 40 mg for 8 years",
        "water tablets",
        "grandfather's green drops",
    ]
    assert read_mapping(saved)["conditions"] == ["diabetes"]


# --- questions ---


def test_a_question_mark_prints_the_reason(none_of_these: list[str]) -> None:
    """`?` at a question says why it is asked, and asks it again."""
    text = said(*none_of_these, ENTER, ENTER, "?", "72", "q")
    why = knowledge().questions["age"].why
    assert " ".join(why.split()) in " ".join(text.split())


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("old", "is not a number"),
        ("400", "is not possible"),
        ("-2", "is not possible"),
        ("nan", "is not a number"),
    ],
)
def test_a_wrong_answer_is_asked_again_with_a_hint(
    wrong: str, hint: str, none_of_these: list[str], tmp_path: Path
) -> None:
    """What cannot be is said with what would fit; the right answer is then kept."""
    saved = tmp_path / "story.json"
    text = said(*none_of_these, ENTER, ENTER, wrong, "72", "q", save=saved)
    assert hint in text
    assert "120" in text or "number of" in text
    assert read_mapping(saved)["answers"]["age"] in ("72", 72)


def test_options_are_answered_by_number_or_word(none_of_these: list[str], tmp_path: Path) -> None:
    """`1` is the first option; a number that is not there is asked again."""
    saved = tmp_path / "story.json"
    text = said(
        *none_of_these, ENTER, ENTER, "72", "9", "1", "y", "3 weeks", "1 2", "q", save=saved
    )
    assert "is not one of the answers" in text
    answers = read_mapping(saved)["answers"]
    assert answers["sex"] == "female"
    assert answers["called_cramp"] == "yes"
    assert answers["onset"] == "3 weeks"
    assert answers["site"] == ["calf", "foot"]


def test_enter_is_do_not_know(none_of_these: list[str], tmp_path: Path) -> None:
    """An empty answer is kept as unknown, and the next question comes."""
    saved = tmp_path / "story.json"
    text = said(*none_of_these, ENTER, ENTER, ENTER, "q", save=saved)
    assert read_mapping(saved)["answers"]["age"] == "unknown"
    assert text.count(AGE) == 1


def test_b_goes_back_one(none_of_these: list[str], tmp_path: Path) -> None:
    """The last answer is taken back and asked again."""
    saved = tmp_path / "story.json"
    text = said(*none_of_these, ENTER, ENTER, "27", "b", "72", "q", save=saved)
    assert text.count(AGE) == 2
    assert read_mapping(saved)["answers"]["age"] in ("72", 72)


def test_the_talk_ends_by_itself(none_of_these: list[str]) -> None:
    """Who answers `don't know` to everything is not asked without end."""
    text = said(*none_of_these, *[ENTER] * 60)
    assert "What this looks like" in text
    assert text.count("[y/n]") < 40


# --- saving and starting from a story ---


@pytest.mark.parametrize("ending", [".yaml", ".json"])
def test_a_saved_story_tells_the_same(
    ending: str, none_of_these: list[str], tmp_path: Path
) -> None:
    """`assess` reads the saved story to the same result that was shown."""
    saved = tmp_path / f"mine{ending}"
    typed = ["indapamide 1.5 mg, 3 months", ENTER, "osteoarthritis", ENTER]
    typed += ["72", "1", "y", "10 weeks", "1", "q"]
    text = said(*none_of_these, *typed, save=saved)
    assert f"Story saved in {saved}" in text
    facts = read_facts([saved])
    assert facts.value("age") == 72
    assert facts.value("onset") == 70
    assert facts.value("chest_pain") is False
    assert [fact.id for fact in facts.medicines()] == ["indapamide"]
    assert facts.value("arthritis") is True
    shown = CliRunner().invoke(cli, ["assess", str(saved)]).stdout
    assert shown.splitlines()[0] in text
    for line in shown.splitlines():
        if "●" in line:
            assert line in text


def test_a_story_can_only_be_saved_as_one() -> None:
    """Another ending is refused before anything is asked."""
    result = interview("q", save=Path("story.docx"))
    assert isinstance(result.exception, InputError)
    assert "Warning signs" not in result.stdout


def test_a_story_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """A folder that is not there: the result is shown, the fault is named."""
    result = interview("q", save=tmp_path / "nowhere" / "story.yaml")
    assert isinstance(result.exception, InputError)
    assert "cannot be written" in str(result.exception)
    assert "What this looks like" in result.stdout


def test_starting_from_a_story_asks_only_what_is_missing(tmp_path: Path) -> None:
    """Known answers, medicines and illnesses are not asked again, and all are kept."""
    start, saved = tmp_path / "start.yaml", tmp_path / "more.yaml"
    shutil.copy(MARGARET, start)
    text = " ".join(said(*[ENTER] * 12, "q", file=start, save=saved).split())
    known = read_mapping(MARGARET)["answers"]
    for name in known:
        assert " ".join(knowledge().questions[name].ask.split()) not in text
    assert "Which medicines" not in text
    assert "Which illnesses" not in text
    after = read_mapping(saved)
    assert after["medicines"] == read_mapping(MARGARET)["medicines"]
    assert {name: after["answers"][name] for name in known} == known
    assert start.read_text(encoding="utf-8") == MARGARET.read_text(encoding="utf-8")


def test_a_story_continued_without_answers_gives_its_own_assessment() -> None:
    """`q` at once shows what `assess` shows."""
    text = said("q", file=MARGARET)
    for share in assessed(MARGARET).shares[:2]:
        assert share.label in text
    assert "See a clinician within days, two weeks at most" in text


def test_a_broken_story_is_refused_at_the_start(tmp_path: Path) -> None:
    """Nothing is asked of somebody whose file cannot be read."""
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({"answers": {"aeg": 4}}), encoding="utf-8")
    result = interview("q", file=bad)
    assert isinstance(result.exception, InputError)
    assert "answers.aeg" in str(result.exception)
