"""A response to the questions, from any program, becomes facts; what does not fit is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from nightcramp.cli.main import cli
from nightcramp.errors import InputError
from nightcramp.intake.fhir import canonical as ours
from nightcramp.intake.fhir import responses as reasons
from nightcramp.intake.fhir.form import form_of
from nightcramp.intake.fhir.reader import read_fhir_resources
from nightcramp.intake.reading import Reading
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import speaking
from nightcramp.report.fhir.questionnaire import interview, morning_diary
from people import ROOT
from records import KNOWN

YES = {"valueBoolean": True}


def item(name: str, *answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return one item of a response."""
    return {"linkId": name, "answer": list(answers), **more}


def response(*items: Any, **more: Any) -> dict[str, Any]:
    """Return a response to the interview, as another program would write it."""
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{ours.INTERVIEW}|1",
        "status": "completed",
        "authored": "2026-11-20T08:00:00Z",
        "item": [{"linkId": "the_cramp", "item": list(items)}],
        **more,
    }


def read(data: dict[str, Any]) -> Reading:
    """Read one resource as it would stand in a file."""
    return read_fhir_resources([json.dumps(data).encode()], KNOWN, file="response.json")


def values(data: dict[str, Any]) -> dict[str, Any]:
    """Return what is read, by id."""
    return {fact.id: fact.value for fact in read(data).facts}


def left_out(data: dict[str, Any]) -> dict[str, int]:
    """Return why answers were left out, with how many."""
    return dict(read(data).account.unused.get("answers", {}))


def quantity(value: float, unit: str) -> dict[str, Any]:
    """Return an amount as an answer."""
    return {"valueQuantity": {"value": value, "unit": unit, "code": unit, "system": ours.UCUM}}


def coded(question: str, code: str) -> dict[str, Any]:
    """Return an option as an answer."""
    return {"valueCoding": {"system": ours.answers_of(question), "code": code}}


def test_every_kind_of_answer() -> None:
    """Yes and no, an option, several options, a number, a length of time, an illness, lists."""
    data = response(
        item("called_cramp", YES),
        item("side", coded("side", "either")),
        item("site", coded("site", "calf"), coded("site", "foot")),
        item("nights_per_month", {"valueInteger": 12}),
        item("episode_minutes", quantity(4, "min")),
        item("onset", quantity(2, "mo")),
        item("diabetes", {"valueBoolean": False}),
    )
    data["item"].append(
        {
            "linkId": "lists",
            "item": [
                item("medicines", {"valueString": "indapamide 1.5 mg"}),
                item("conditions", {"valueString": "sciatica"}, {"valueString": "zzyzx"}),
            ],
        }
    )
    found = values(data)
    assert found.pop("indapamide").dose == "1.5mg"
    assert found == {
        "called_cramp": True,
        "side": "either",
        "site": ["calf", "foot"],
        "nights_per_month": 12.0,
        "episode_minutes": 4.0,
        "onset": 2 * 30.44,
        "diabetes": False,
        "radiculopathy": True,
        "condition": "zzyzx",
    }


@pytest.mark.parametrize(
    ("answered", "reason"),
    [
        (item("no_such_question", YES), reasons.NOT_ON_FORM),
        (item("reflexes_brisk", YES), reasons.NOT_ON_FORM),
        (item("called_cramp", {"valueString": "yes"}), reasons.WRONG_TYPE),
        (item("called_cramp", {"valueInteger": 1}), reasons.WRONG_TYPE),
        (item("age", YES), reasons.WRONG_TYPE),
        (item("onset", {"valueDecimal": 3}), reasons.WRONG_TYPE),
        (item("side", {"valueString": "either"}), reasons.WRONG_TYPE),
        (item("side", coded("side", "upside_down")), reasons.NO_OPTION),
        (item("side", coded("site", "either")), reasons.NO_OPTION),
        (item("age", quantity(61, "kg")), reasons.NO_UNIT),
        (item("onset", quantity(3, "kg")), reasons.NO_UNIT),
        (item("age", {"valueDecimal": 961}), reasons.NOT_FITTING),
        (item("onset", quantity(-3, "d")), reasons.NOT_FITTING),
        (item("called_cramp", YES, YES), reasons.SEVERAL),
        (item("called_cramp", {**YES, "item": [item("painless", YES)]}), reasons.NESTED),
        (item("pain_uphill", YES), reasons.NOT_ASKED),
        (item("medicines", {"valueInteger": 4}), reasons.NOT_ON_FORM),
    ],
)
def test_what_does_not_fit_is_left_out_with_the_reason(
    answered: dict[str, Any], reason: str
) -> None:
    """Each wrong answer is named by its reason, and the right one beside it is kept."""
    if reason == reasons.NESTED:
        assert "painless" not in values(response(answered))
        assert left_out(response(answered)) == {reason: 1}
        return
    found = response(answered, item("sudden_onset", YES))
    if answered["linkId"] == "medicines":
        found["item"].append(found["item"][0]["item"].pop(0))
        reason = reasons.WRONG_TYPE
    assert values(found) == {"sudden_onset": True}
    assert left_out(found) == {reason: 1}


def test_answered_twice_counts_once() -> None:
    """The same question in two places: the first answer counts, the second is left out."""
    data = response(item("painless", YES), item("painless", {"valueBoolean": False}))
    assert values(data) == {"painless": True}
    assert left_out(data) == {reasons.SEVERAL: 1}


def test_an_answer_that_opens_another_is_needed() -> None:
    """A chain of questions falls with its first link: an illness that is denied asks no more."""
    told = (item("alcohol_frequency", coded("alcohol_frequency", "never")),)
    more = item("alcohol_typical_drinks", coded("alcohol_typical_drinks", "one_or_two"))
    assert values(response(*told, more)) == {"alcohol_frequency": "never"}
    asked = item("alcohol_frequency", coded("alcohol_frequency", "monthly_or_less"))
    assert len(values(response(asked, more))) == 2


def test_no_answer_is_not_no() -> None:
    """An item without an answer says nothing; marked as asked and unknown, it says just that."""
    unknown = {"url": ours.ABSENT, "valueCode": ours.ASKED_UNKNOWN}
    data = response(item("painless"), {"linkId": "called_cramp", "extension": [unknown]})
    assert values(data) == {"called_cramp": None}


def test_times_count_from_when_it_was_answered() -> None:
    """Three weeks told a month ago are seven weeks and two days now."""
    data = response(item("onset", quantity(3, "wk")), authored="2026-10-20")
    later = {"resourceType": "Encounter", "status": "finished", "period": {"start": "2026-11-20"}}
    found = read_fhir_resources([data, later], KNOWN, file="x", one_person=False)
    assert [fact.value for fact in found.facts] == [21.0 + 31.0]


@pytest.mark.parametrize("status", ["stopped", "entered-in-error"])
def test_a_response_that_does_not_count(status: str) -> None:
    """What was broken off or written by mistake gives nothing."""
    assert values(response(item("painless", YES), status=status)) == {}


HOSTILE: list[Any] = [
    None,
    [],
    7,
    "item",
    {"linkId": 4, "answer": "yes"},
    {"linkId": "painless", "answer": [[YES]]},
    {"linkId": "painless", "answer": [{"valueBoolean": {"a": 1}}]},
    {"linkId": "age", "answer": [{"valueDecimal": "NaN"}]},
    {"linkId": "medicines", "answer": [{"valueString": "a" * 100_000}] * 500},
    {"linkId": "painless", "extension": [{"url": 3, "extension": "no"}], "answer": [YES]},
]


@pytest.mark.parametrize("thing", HOSTILE, ids=[str(i) for i in range(len(HOSTILE))])
def test_nothing_breaks_the_reader(thing: Any) -> None:
    """Whatever stands where an item belongs, there is a reading and an account of it."""
    data = response(item("sudden_onset", YES))
    data["item"].append(thing)
    found = read_fhir_resources([json.dumps(data).encode()], KNOWN, file="x")
    assert found.account.unused or found.facts


def test_a_number_no_number_can_be_is_refused() -> None:
    """What is no JSON number is refused in a sentence."""
    written = json.dumps(response(item("age", {"valueDecimal": 0}))).replace(": 0}", ": 1e400}")
    with pytest.raises(InputError, match="not valid JSON"):
        read_fhir_resources([written.encode()], KNOWN, file="x")


def test_deep_groups_do_not_break_the_reader() -> None:
    """Groups inside groups are gone through, but not without end."""
    inner: dict[str, Any] = item("painless", YES)
    for depth in range(60):
        inner = {"linkId": f"group{depth}", "item": [inner]}
    assert read(response(inner)).facts == []


def test_import_and_assess_take_a_response(home: Path, tmp_path: Path) -> None:
    """`nightcramp assess` and `import` read a response like any other record."""
    del home
    file = tmp_path / "response.json"
    body = response(item("called_cramp", YES), item("cauda", YES), item("chest_pain", YES))
    del body["resourceType"]
    body["resourceType"] = "QuestionnaireResponse"  # written last, as some programs do
    body["text"] = {"status": "generated", "div": "x" * 6000}
    body["resourceType"] = body.pop("resourceType")
    file.write_text(json.dumps(body), encoding="utf-8")
    done = CliRunner().invoke(cli, ["assess", str(file)])
    assert "GET HELP NOW" in done.output
    kept = CliRunner().invoke(cli, ["import", str(file)])
    assert "2 facts" in kept.output
    assert "not on the form" in kept.output
    assert "GET HELP NOW" in CliRunner().invoke(cli, ["assess"]).output


# The form


def questions(form: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return all questions of a form by link id."""
    found = {}
    queue = list(form["item"])
    while queue:
        one = queue.pop()
        queue += one.get("item", [])
        assert one["linkId"] not in found
        found[one["linkId"]] = one
    return found


def test_the_form_asks_everything_a_person_can_answer() -> None:
    """Each question and each illness asked about, none twice, nothing that must be answered."""
    asked = questions(interview(KNOWN))
    wanted = {q.id for q in KNOWN.questions.values() if not q.clinician}
    wanted |= {c.id for c in KNOWN.conditions.values() if c.ask}
    assert wanted <= asked.keys()
    assert not any(one.get("required") for one in asked.values())
    assert asked["onset"]["type"] == "quantity"
    assert asked["site"]["repeats"] is True
    assert {one["valueCoding"]["code"] for one in asked["side"]["answerOption"]} == {
        option.id for option in KNOWN.questions["side"].options
    }


def test_conditions_of_questions_are_said_as_fhir_says_them() -> None:
    """By comparison, by several, by FHIRPath, or not at all where answers do not tell."""
    asked = questions(interview(KNOWN))
    assert asked["pain_uphill"]["enableWhen"] == [
        {"question": "pain_walking", "operator": "=", "answerBoolean": True}
    ]
    several = asked["alcohol_typical_drinks"]
    assert [one["operator"] for one in several["enableWhen"]] == ["exists", "!="]
    assert several["enableBehavior"] == "all"
    kinds = {one.id: one.enabled.kind for one in form_of(KNOWN).by_id.values()}
    assert {n for n, k in kinds.items() if k == "expression"} == {"pregnancy", "left_leg_affected"}
    assert {n for n, k in kinds.items() if k == "unsaid"} == {
        "coarse_tremor_unsteady",
        "inhaler_many_puffs",
    }
    for name in ("coarse_tremor_unsteady", "inhaler_many_puffs"):
        assert "enableWhen" not in asked[name]


def test_every_enable_when_points_to_a_question_of_the_form() -> None:
    """No condition names a question that is not there."""
    asked = questions(interview(KNOWN))
    named = {when["question"] for one in asked.values() for when in one.get("enableWhen", [])}
    assert named <= asked.keys()


def test_the_spanish_form_asks_the_same() -> None:
    """Same questions, codes and conditions; other words; a name of its own."""
    english = interview(KNOWN)
    with speaking("es"):
        spanish = interview(knowledge())
    assert spanish["url"] == f"{ours.INTERVIEW}-es"
    assert spanish["language"] == "es"
    one, other = questions(english), questions(spanish)
    assert one.keys() == other.keys()
    same = [n for n in one if one[n]["text"] == other[n]["text"] and not n.endswith(".help")]
    assert len(same) < len(one) / 20
    assert all(one[n].get("enableWhen") == other[n].get("enableWhen") for n in one)


def test_a_response_to_the_spanish_form_is_read() -> None:
    """The language of the form makes no difference to the answers."""
    data = response(item("painless", YES), questionnaire=f"{ours.INTERVIEW}-es|1")
    assert values(data) == {"painless": True}


def test_a_response_to_the_diary_is_an_entry() -> None:
    """A night told in another program's form stands in the diary, always under the same id."""
    answers = {
        "evening": {"valueDate": "2026-11-18"},
        "cramps": {"valueInteger": 0},
        "stretching": YES,
        "sleep_hours": {"valueDecimal": 6.5},
    }
    data = {
        "resourceType": "QuestionnaireResponse",
        "id": "night-7",
        "questionnaire": ours.DIARY,
        "status": "completed",
        "authored": "2026-11-19T07:00:00+01:00",
        "item": [item(name, answer) for name, answer in answers.items()],
    }
    (entry,) = read(data).entries
    assert entry == read(data).entries[0]
    assert (entry.body.evening.isoformat(), entry.body.cramps) == ("2026-11-18", 0)
    assert entry.body.values == {"stretching": 1.0, "sleep_hours": 6.5}
    assert {one["linkId"] for one in morning_diary(KNOWN)["item"]} >= set(answers)


def test_the_documentation_names_what_fhir_cannot_say() -> None:
    """Questions by FHIRPath, and those that are always there, are listed for who uses the form."""
    page = (ROOT / "docs" / "fhir.md").read_text(encoding="utf-8")
    special = [n for n, one in form_of(KNOWN).by_id.items() if one.enabled.kind != "when"]
    listed = [n for n in special if form_of(KNOWN).by_id[n].enabled.kind != "always"]
    assert [name for name in listed if f"`{name}`" not in page] == []
