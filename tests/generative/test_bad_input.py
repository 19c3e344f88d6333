"""Whatever is put in, the answer is an assessment or a sentence that says what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightcramp.assess.assessment import assess
from nightcramp.errors import InputError, NightcrampError, UnknownIdError
from nightcramp.intake.files import read_mapping
from nightcramp.intake.merge import read_facts
from nightcramp.knowledge.loader import knowledge
from people import TODAY, from_story

QUICK = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NAMES = [*knowledge().questions, *knowledge().conditions]


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=30),
    st.dates(),
    st.sampled_from(["yes", "no", "unknown", "3 weeks", "-3 weeks", "potassium 2.9 mmol/L", "NaN"]),
)
keys = st.one_of(
    st.text(max_size=10),
    st.sampled_from(["name", "value", "unit", "since", "code", "system", "date", "low", "loinc"]),
    st.sampled_from(NAMES),
)
nested = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)
entries = st.sampled_from(
    ["answers", "medicines", "conditions", "labs", "as_of", "title", "notes", "anything"]
)
near_stories = st.fixed_dictionaries(
    {},
    optional={
        "answers": st.dictionaries(st.sampled_from(NAMES), scalars | st.lists(scalars), max_size=4),
        "medicines": st.lists(scalars | st.dictionaries(keys, scalars, max_size=3), max_size=3),
        "conditions": st.lists(scalars | st.dictionaries(keys, scalars, max_size=3), max_size=3),
        "labs": st.lists(scalars | st.dictionaries(keys, scalars, max_size=4), max_size=3),
        "as_of": scalars,
    },
)


def assessed_or_refused(story: dict[str, Any]) -> str:
    """Assess a parsed story; return the refusal, or nothing. Other exceptions come through."""
    try:
        facts = from_story(story)
    except InputError as error:
        return str(error)
    found = assess(facts, questions=0)
    assert found.triage.level
    return ""


@QUICK
@given(st.dictionaries(entries, nested, max_size=4))
def test_any_nested_data_is_assessed_or_refused(story: dict[str, Any]) -> None:
    """Arbitrary data where a story should stand never breaks the program."""
    refusal = assessed_or_refused(story)
    assert "Traceback" not in refusal


@settings(QUICK, max_examples=250)
@given(near_stories)
def test_nearly_right_stories_are_assessed_or_refused(story: dict[str, Any]) -> None:
    """Right places, wrong values: each refusal names the file and a place in it."""
    refusal = assessed_or_refused(story)
    assert not refusal or refusal.startswith("test1: ")


@QUICK
@given(
    st.sampled_from(["medicines", "conditions", "labs"]),
    st.text(max_size=60) | st.text("0123456789.,-<>()/ mgmolLpotassium", max_size=40),
)
def test_any_line_of_text_is_read_kept_or_refused(entry: str, line: str) -> None:
    """Free text is understood, or shown as not understood, or refused with its place."""
    refusal = assessed_or_refused({entry: [line]})
    assert not refusal or refusal.startswith(f"test1: {entry}[1]")


# --- files through the command line ---


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run `nightcramp` as its entry point does; return exit code and what stderr says."""
    from nightcramp.cli.main import main

    old, sys.argv = sys.argv, ["nightcramp", *arguments]
    try:
        main()
        code = 0
    except SystemExit as error:
        code = int(error.code or 0)
    finally:
        sys.argv = old
    return code, capsys.readouterr().err


@settings(QUICK, max_examples=40)
@given(content=st.text(max_size=200), ending=st.sampled_from([".yaml", ".toml", ".json"]))
def test_any_text_file_ends_in_a_result_or_a_sentence(
    content: str, ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Arbitrary text ends with a known exit code and no traceback."""
    path = tmp_path / f"story{ending}"
    path.write_text(content, encoding="utf-8", errors="replace", newline="")
    code, said = run("assess", str(path), capsys=capsys)
    assert code == 0 or 10 <= code <= 13
    assert "Traceback" not in said
    assert (code == 0) or said.startswith(f"nightcramp: {path}")


@settings(QUICK, max_examples=40)
@given(content=st.binary(max_size=200), ending=st.sampled_from([".yaml", ".toml", ".json"]))
def test_any_bytes_end_in_a_result_or_a_sentence(
    content: bytes, ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Arbitrary bytes end with a known exit code and no traceback."""
    path = tmp_path / f"story{ending}"
    path.write_bytes(content)
    code, said = run("assess", str(path), capsys=capsys)
    assert code == 0 or 10 <= code <= 13
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("s.yaml", "answers: {age: [", "not valid YAML"),
        ("s.json", '{"answers": {"age": 4,}}', "not valid JSON"),
        ("s.toml", "answers = ", "not valid TOML"),
        ("s.yaml", "just a sentence", "not a story file"),
        ("s.json", "[1, 2]", "not a story file"),
        ("s.yaml", "", "not a story file"),
        ("s.yaml", "answers: {age: 4}\nanswers: {age: 5}", "not valid YAML"),
        ("s.json", '{"labs": [], "labs": []}', "stands twice"),
        ("s.yaml", "answers: !!python/object/apply:os.system ['true']", "not used in story"),
        ("s.yaml", "a: &a [1]\nb: *a", "not used in story files"),
        ("s.txt", "age 72", "not known"),
        ("s.json", "[" * 100_000, "not valid JSON"),
        ("s.yaml", "[" * 1_000, "not valid YAML"),
        ("s.json", '{"notes": ' + "[" * 20 + "]" * 20 + "}", "nested too deeply"),
    ],
)
def test_files_that_are_no_stories(
    name: str, content: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the file and what is wrong with it."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    code, message = run("assess", str(path), capsys=capsys)
    assert code == 12
    assert message.startswith(f"nightcramp: {path}: ")
    assert said in message


def test_billion_laughs_are_refused_unread(tmp_path: Path) -> None:
    """References that would unfold without end are not followed."""
    lines = ["a0: &a0 [lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    path = tmp_path / "laughs.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match=r"references .* are not used"):
        read_mapping(path)


def test_ten_megabytes_of_noise_are_refused_by_their_size(tmp_path: Path) -> None:
    """The file is not read: its size, and the most allowed, are said."""
    path = tmp_path / "noise.yaml"
    path.write_bytes(bytes(range(256)) * 40_000)
    with pytest.raises(InputError, match=r"10\.2 MB; a story file has at most 2 MB"):
        read_mapping(path)


def nightcramp(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in its own process."""
    return subprocess.run(
        [sys.executable, "-m", "nightcramp.cli.main", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_itself_ends_with_a_sentence(tmp_path: Path) -> None:
    """In a process of its own: exit code, one sentence on stderr, nothing on stdout."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("answers: {aeg: 72}", encoding="utf-8")
    unknown = nightcramp("assess", str(bad))
    assert (unknown.returncode, unknown.stdout) == (13, "")
    assert unknown.stderr.startswith(f"nightcramp: {bad}: answers.aeg: there is no question 'aeg'")
    missing = nightcramp("assess", str(tmp_path / "nowhere.yaml"))
    assert missing.returncode == 12
    assert "nowhere.yaml: cannot be read: No such file or directory" in missing.stderr
    usage = nightcramp("asess", str(bad))
    assert usage.returncode == 2
    for done in (unknown, missing, usage):
        assert "Traceback" not in done.stderr


# --- messages that help ---


@pytest.mark.parametrize(
    ("story", "at", "said"),
    [
        ({"answers": {"aeg": 72}}, "answers.aeg", "Did you mean age"),
        ({"answers": {"leg_sweling": "yes"}}, "answers.leg_sweling", "leg_swelling"),
        ({"answers": {"diabetis": "yes"}}, "answers.diabetis", "diabetes"),
        ({"medicine": []}, "there is no entry 'medicine'", "Did you mean medicines"),
        ({"age": 72}, "there is no entry 'age'", "Answers stand under `answers`"),
        ({"medicines": [{"name": "x", "sinse": "2024"}]}, "medicines[1]", "Did you mean since"),
        ({"labs": [{"name": "potassium", "valu": 3}]}, "labs[1]", "Did you mean value"),
    ],
)
def test_unknown_names_get_the_nearest_one(story: dict[str, Any], at: str, said: str) -> None:
    """A typing slip is answered with what was probably meant."""
    refusal = assessed_or_refused(story)
    assert refusal.startswith(f"test1: {at}")
    assert said in refusal


@pytest.mark.parametrize(
    ("story", "at"),
    [
        ({"answers": ["age"]}, "answers"),
        ({"medicines": "simvastatin"}, "medicines"),
        ({"medicines": [4]}, "medicines[1]"),
        ({"conditions": [None]}, "conditions[1]"),
        ({"labs": {"potassium": 3}}, "labs"),
        ({"labs": ["potassium 3.9 mmol/L", []]}, "labs[2]"),
        ({"labs": [{"name": "potassium"}]}, "labs[1]"),
        ({"answers": {"age": "old"}}, "answers.age"),
        ({"answers": {"age": True}}, "answers.age"),
        ({"answers": {"age": [72]}}, "answers.age"),
        ({"answers": {"sex": "maybe"}}, "answers.sex"),
        ({"answers": {"site": ["calf", "ear"]}}, "answers.site"),
        ({"answers": {"numbness": "sometimes"}}, "answers.numbness"),
        ({"answers": {"numbness": 1}}, "answers.numbness"),
        ({"answers": {"onset": "often"}}, "answers.onset"),
        ({"medicines": [{"name": "x", "taking": "sometimes"}]}, "medicines[1].taking"),
        ({"medicines": [{"name": "x", "since": "ages"}]}, "medicines[1].since"),
        ({"medicines": [{"dose": "5 mg"}]}, "medicines[1]"),
        ({"conditions": [{"code": "I50", "system": "icd11"}]}, "conditions[1].system"),
        ({"as_of": "some day"}, "as_of"),
        pytest.param(
            {"as_of": ["2026-11-23"]},
            "as_of",
        ),
    ],
)
def test_wrong_types_name_the_file_and_the_entry(story: dict[str, Any], at: str) -> None:
    """Where it stands is said before what is wrong."""
    assert assessed_or_refused(story).startswith(f"test1: {at}: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("age", float("nan")),
        ("age", float("inf")),
        ("age", "NaN"),
        ("age", -1),
        ("age", 400),
        ("age", 10**400),
        ("episode_minutes", float("-inf")),
        ("pregnancy_weeks", 60),
        ("onset", float("nan")),
        ("onset", -21),
        pytest.param(
            "onset",
            "-3 weeks",
        ),
        ("onset", "2031-05-01"),
        ("onset", "400 years"),
        pytest.param(
            "onset",
            "in 3 weeks",
        ),
    ],
)
def test_impossible_numbers_and_times_are_refused(name: str, value: object) -> None:
    """Not a number, below nothing, in the future: said, not guessed."""
    assert assessed_or_refused({"answers": {name: value}}).startswith(f"test1: answers.{name}: ")


@pytest.mark.parametrize(
    ("entry", "at"),
    [
        pytest.param(
            {"medicines": [{"name": "indapamide", "since": "2031-05-01"}]},
            "medicines[1].since",
        ),
        pytest.param(
            {"medicines": [{"name": "indapamide", "since": -40}]},
            "medicines[1].since",
        ),
        pytest.param(
            {"medicines": [{"name": "indapamide", "since": "-3 weeks"}]},
            "medicines[1].since",
        ),
        pytest.param(
            {"labs": [{"name": "potassium", "value": 3.9, "date": "2031-05-01"}]},
            "labs[1].date",
        ),
        ({"labs": [{"name": "potassium", "value": float("nan")}]}, "labs[1]"),
        ({"labs": [{"name": "potassium", "value": float("inf")}]}, "labs[1]"),
        ({"labs": [{"name": "potassium", "value": -3.9}]}, "labs[1]"),
    ],
)
def test_medicines_and_results_of_the_future_are_not_used(entry: dict[str, Any], at: str) -> None:
    """What has not happened yet, and what is no number, is refused or shown as not understood."""
    refusal = assessed_or_refused(entry)
    if not refusal:
        facts = from_story(entry)
        assert facts.unrecognised(), f"{at} was taken at its word"
        assert len(facts.unrecognised()) == len(facts.all)
    else:
        assert refusal.startswith(f"test1: {at.split('.')[0]}")


# --- nothing told, and things told twice ---


def test_an_empty_story_is_asked_and_not_told() -> None:
    """Nothing known: questions to answer, no factor, no cause."""
    found = assess(from_story({}))
    assert found.triage.level == "self_care"
    assert found.shares == []
    assert found.unexplained.share == 1.0
    assert len(found.next_questions) >= 5
    assert all(q.ask and q.why for q in found.next_questions)
    assert found.explanations[0].id == "idiopathic"
    factors = [e for e in found.explanations if e.kind == "factor"]
    assert [e.id for e in factors if e.weight > 0.1 or e.ladder != "possible" or e.supports] == []


def test_not_understood_lines_move_nothing() -> None:
    """What was not understood is listed, and the result is that of an empty story."""
    told = {"medicines": ["grandfather's green drops"], "conditions": ["housemaid's elbow"]}
    empty, found = assess(from_story({})), assess(from_story(told))
    assert [fact.value for fact in found.unrecognised] == [
        "grandfather's green drops",
        "housemaid's elbow",
    ]
    assert found.explanations == empty.explanations
    assert found.triage == empty.triage


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("age", 71, 17),
        ("numbness", "yes", "no"),
        ("sex", "male", "female"),
        ("diabetes", True, "n"),
    ],
)
def test_contradictions_are_shown_with_both_origins(name: str, one: Any, other: Any) -> None:
    """Two files that differ: the answer counts as unknown, and both places are named."""
    facts = from_story({"answers": {name: one}}, {"answers": {name: other}})
    (conflict,) = [c for c in assess(facts, questions=0).contradictions if c.id == name]
    origins = {(fact.provenance.file, fact.provenance.at) for fact in conflict.facts}
    assert origins == {("test1", f"answers.{name}"), ("test2", f"answers.{name}")}
    assert facts.value(name) is None


def test_answers_that_cannot_both_hold_are_shown() -> None:
    """Within one story too: what cannot both be is named with its facts."""
    facts = from_story({"answers": {"sex": "male", "pregnancy": "yes"}})
    (conflict,) = assess(facts, questions=0).contradictions
    assert conflict.say
    assert {fact.id for fact in conflict.facts} >= {"sex", "pregnancy"}


def test_the_same_said_twice_is_no_contradiction() -> None:
    """Two files that agree are one story."""
    facts = from_story({"answers": {"age": 71}}, {"answers": {"age": "71"}})
    assert assess(facts, questions=0).contradictions == []
    assert facts.value("age") == 71


def test_an_error_in_one_of_two_files_names_that_file(tmp_path: Path) -> None:
    """The good file is not blamed."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps({"answers": {"age": 70}}), encoding="utf-8")
    bad.write_text(json.dumps({"answers": {"age": "x"}}), encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_facts([good, bad])
    assert str(error.value).startswith(f"{bad}: answers.age: ")


def test_every_error_for_people_has_its_exit_code() -> None:
    """Programs can tell the kinds of error apart."""
    assert NightcrampError.exit_code == 10
    assert InputError.exit_code == 12
    assert UnknownIdError.exit_code == 13
    assert TODAY.year == 2026
