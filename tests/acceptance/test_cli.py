"""The command line: what a person or a program gets from each command."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner, Result

from nightcramp.assess.assessment import Assessment, assess
from nightcramp.cli.main import cli
from nightcramp.errors import UnknownIdError
from nightcramp.intake.files import read_mapping
from nightcramp.intake.merge import read_facts
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.lookup import records_named
from nightcramp.report.explain import explanation_text
from nightcramp.report.knowledge import record_text
from nightcramp.report.schemas import schema_of
from nightcramp.report.terminal import assessment_text
from people import EXAMPLES, ROOT, STORIES, assessed

MARGARET = ROOT / "examples" / "margaret.yaml"
TOLD = [*EXAMPLES, *STORIES]
EACH_STORY = pytest.mark.parametrize("path", TOLD, ids=[path.stem for path in TOLD])


def nightcramp(*arguments: object) -> Result:
    """Run one command and return what it printed."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def printed(*arguments: object) -> str:
    """Return what a command printed; it must have gone well."""
    result = nightcramp(*arguments)
    assert result.exit_code == 0, result.exception
    return result.stdout


def builtins(found: Assessment) -> dict[str, Any]:
    """Return an assessment as its JSON."""
    data: dict[str, Any] = json.loads(msgspec.json.encode(found))
    return data


@pytest.fixture(scope="module")
def assessment_schema() -> jsonschema.Draft202012Validator:
    """The schema that `nightcramp schema assessment` prints."""
    return jsonschema.Draft202012Validator(json.loads(printed("schema", "assessment")))


@pytest.fixture(scope="module")
def story_schema() -> jsonschema.Draft202012Validator:
    """The schema that `nightcramp schema story` prints."""
    return jsonschema.Draft202012Validator(json.loads(printed("schema", "story")))


# --- schemas ---


@pytest.mark.parametrize("name", ["story", "assessment"])
def test_schemas_are_schemas(name: str) -> None:
    """Both are valid JSON Schemas of the draft they name."""
    jsonschema.Draft202012Validator.check_schema(schema_of(name))


def test_the_printed_assessment_validates(
    assessment_schema: jsonschema.Draft202012Validator,
) -> None:
    """`assess --json` prints what `schema assessment` describes."""
    assessment_schema.validate(json.loads(printed("assess", "--json", MARGARET)))


@EACH_STORY
def test_every_assessment_validates(
    path: Path, assessment_schema: jsonschema.Draft202012Validator
) -> None:
    """So does the assessment of every example and vignette."""
    assessment_schema.validate(builtins(assessed(path)))


@EACH_STORY
def test_every_story_validates(path: Path, story_schema: jsonschema.Draft202012Validator) -> None:
    """The published schema of a story accepts the stories that are shipped."""
    story_schema.validate(plain(read_mapping(path)))


@pytest.mark.parametrize(
    "story",
    [
        {"answers": {"aeg": 72}},
        {"answers": {"age": 400}},
        {"answers": {"sex": "maybe"}},
        {"medicine": []},
        {"labs": [{"name": "potassium"}]},
        {"medicines": [{"name": "x", "taking": "sometimes"}]},
    ],
)
def test_the_schema_refuses_what_the_program_refuses(
    story: dict[str, Any], story_schema: jsonschema.Draft202012Validator
) -> None:
    """An editor that checks the schema finds the fault before nightcramp does."""
    with pytest.raises(jsonschema.ValidationError):
        story_schema.validate(story)


def test_the_schema_of_a_story_knows_every_question(
    story_schema: jsonschema.Draft202012Validator,
) -> None:
    """Every question and condition stands in it, with words that say what it is."""
    answers = story_schema.schema["properties"]["answers"]["properties"]
    assert set(answers) == {*knowledge().questions, *knowledge().conditions}
    assert all(entry["description"] for entry in answers.values())


def plain(value: Any) -> Any:
    """Return data as JSON would hold it: dates become text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


# --- the assessment ---


def test_the_same_input_gives_the_same_bytes() -> None:
    """Twice the same file, twice the same output, in text and in JSON."""
    assert printed("assess", "--json", MARGARET) == printed("assess", "--json", MARGARET)
    assert printed("assess", MARGARET) == printed("assess", MARGARET)


def test_the_order_of_answers_does_not_matter(tmp_path: Path) -> None:
    """The same answers in another order give the same explanations and shares."""
    story = plain(read_mapping(MARGARET))
    story["answers"] = dict(reversed(story["answers"].items()))
    turned = tmp_path / "turned.json"
    turned.write_text(json.dumps(story), encoding="utf-8")
    one, other = assess(read_facts([MARGARET])), assess(read_facts([turned]))
    assert one.explanations == other.explanations
    assert one.shares == other.shares
    assert one.next_questions == other.next_questions


@EACH_STORY
def test_explanations_are_ranked(path: Path) -> None:
    """What must be ruled out stands first, then the heavier before the lighter."""
    found = assessed(path)
    order = [(not item.flagged, -item.weight) for item in found.explanations]
    assert order == sorted(order)
    assert sum(item.weight for item in found.explanations) == pytest.approx(1, abs=1e-4)


@EACH_STORY
def test_shares_and_the_unexplained_part_make_one(path: Path) -> None:
    """Nothing of the cramps is lost or counted twice, and intervals hold their shares."""
    found = assessed(path)
    total = sum(share.share for share in found.shares) + found.unexplained.share
    assert total == pytest.approx(1, abs=1e-4)
    assert sum(s.probability for s in found.syndromes) == pytest.approx(1, abs=1e-4)
    for share in found.shares:
        assert share.low <= share.share + 1e-9
        assert 0 <= share.presence <= 1


@EACH_STORY
def test_intervals_hold_the_shares_that_are_printed(path: Path) -> None:
    """What is said to be about 5 of 12 does not lie outside of what it could be."""
    printed_shares = [share for share in assessed(path).shares if share.presence >= 0.5]
    for share in printed_shares:
        assert share.low - 1e-6 <= share.share <= share.high + 1e-6


@EACH_STORY
def test_no_number_without_a_source_or_a_mark(path: Path) -> None:
    """Every share names its effect; every piece of evidence has a source or says it has none."""
    found = assessed(path)
    for share in found.shares:
        assert share.effects
        for effect in share.effects:
            assert effect.source or effect.status == "assumed"
            assert effect.low <= effect.ratio <= effect.high
            assert effect.population
            assert set(effect.source) <= set(knowledge().sources)
    for item in found.explanations:
        for line in [*item.supports, *item.against]:
            assert line.source or line.status in {"assumed", "definition"}
            assert line.says


@EACH_STORY
def test_every_fact_says_where_it_was_read(path: Path) -> None:
    """File and place: also for what was not understood."""
    found = assessed(path)
    assert found.facts
    for fact in [*found.facts, *found.unrecognised]:
        assert fact.provenance.file == str(path)
        entry = fact.provenance.at.split(".")[0].split("[")[0]
        assert entry in {"answers", "medicines", "conditions", "labs"}


def test_two_files_are_one_person(tmp_path: Path) -> None:
    """Facts of both files count, each with its own file as origin."""
    labs = tmp_path / "labs.json"
    labs.write_text(json.dumps({"labs": ["potassium 2.3 mmol/L"]}), encoding="utf-8")
    alone = json.loads(printed("assess", "--json", "--questions", 0, STORIES[0]))
    both = json.loads(printed("assess", "--json", "--questions", 0, STORIES[0], labs))
    assert len(both["facts"]) == len(alone["facts"]) + 1
    assert {fact["provenance"]["file"] for fact in both["facts"]} == {str(STORIES[0]), str(labs)}
    assert both["triage"]["level"] == "emergency"
    assert "k_low_red" in {reason["id"] for reason in both["triage"]["reasons"]}


def test_the_number_of_questions_can_be_chosen() -> None:
    """`--questions 2` names two telling ones, 0 none."""
    two = json.loads(printed("assess", "--json", "--questions", 2, MARGARET))["next_questions"]
    assert len([q for q in two if not q["red_flag"]]) == 2
    assert (
        json.loads(printed("assess", "--json", "--questions", 0, MARGARET))["next_questions"] == []
    )


def test_examinations_are_named_to_clinicians_only() -> None:
    """`--clinician` adds findings and tests; without it nobody is asked for their pulses."""
    plainly = assess(read_facts([MARGARET]), questions=60)
    clinic = assess(read_facts([MARGARET]), questions=60, clinician=True)
    examined = {q.id for q in knowledge().questions.values() if q.clinician}
    assert not {q.id for q in plainly.next_questions} & examined
    assert {q.id for q in clinic.next_questions} & examined


def test_questions_are_those_that_tell_most() -> None:
    """Red flags first, then falling bits; nothing that was answered is asked again."""
    found = assessed(MARGARET, questions=8)
    keys = [(not q.red_flag, -q.bits) for q in found.next_questions]
    assert keys == sorted(keys)
    answered = set(read_mapping(MARGARET)["answers"])
    assert not {q.id for q in found.next_questions} & answered
    assert all(q.ask and q.why and q.changes for q in found.next_questions)


def test_the_text_starts_with_how_soon() -> None:
    """A tired reader sees first how soon to be seen, then the rest, in lines that fit."""
    text = printed("assess", MARGARET)
    assert text == assessment_text(assess(read_facts([MARGARET])), knowledge())
    assert text.splitlines()[0] == "See a clinician within days, two weeks at most"
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "!" not in text.replace("  ! ", "")


# --- explain ---

MARGARETS = [item.id for item in assessed(MARGARET).explanations]


@pytest.mark.parametrize("identifier", MARGARETS)
def test_every_explanation_can_be_explained(identifier: str) -> None:
    """For and against, what is not known, and the sources with DOI or PMID where there are."""
    found = assessed(MARGARET)
    item = next(e for e in found.explanations if e.id == identifier)
    text = explanation_text(item, found, knowledge())
    assert text.startswith(item.label)
    for heading in ("For", "Against", "Not known", "Sources"):
        assert f"\n{heading}\n" in text
    cited = {key for line in [*item.supports, *item.against] for key in line.source}
    below = text.split("\nSources\n")[1]
    assert all(f"- {key}: " in below for key in cited)
    assert below.strip()


@pytest.mark.parametrize(
    ("alias", "identifier"),
    [
        ("dvt", "deep_vein_thrombosis"),
        ("rls", "restless_legs"),
        ("indapamide", "medication:indapamide"),
        ("medication:indapamide", "medication:indapamide"),
        ("potassium_deficiency", "potassium_deficiency"),
    ],
)
def test_explain_takes_ids_and_aliases(alias: str, identifier: str) -> None:
    """What a clinician would type finds the explanation."""
    found = json.loads(printed("explain", "--json", alias, MARGARET))
    assert found["id"] == identifier
    assert printed("explain", alias, MARGARET).startswith(found["label"])


def test_explain_of_an_unknown_id_names_the_nearest() -> None:
    """A slip is answered with what was probably meant."""
    result = nightcramp("explain", "indapamid", MARGARET)
    assert isinstance(result.exception, UnknownIdError)
    assert "indapamide" in str(result.exception)


# --- knowledge ---

RECORDS = [
    (collection, identifier)
    for collection in ("factors", "mimics", "actions", "red_flags", "instruments")
    for identifier in getattr(knowledge(), collection)
]


@pytest.mark.parametrize(("collection", "identifier"), RECORDS)
def test_every_record_prints(collection: str, identifier: str) -> None:
    """With the file it stands in, and every source it names."""
    text = record_text(identifier, knowledge(), as_json=False)
    record = getattr(knowledge(), collection)[identifier]
    assert knowledge().path_of(record) in text
    for key in set(sources_of(msgspec.to_builtins(record))):
        assert f"- {key}: " in text
    json.loads(record_text(identifier, knowledge(), as_json=True))


def sources_of(value: Any) -> list[str]:
    """Return all source keys anywhere inside a record."""
    if isinstance(value, dict):
        own = value.get("source", [])
        return [*own, *(key for item in value.values() for key in sources_of(item))]
    return [key for item in value for key in sources_of(item)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    ("alias", "identifier"),
    [
        ("als", "motor_neuron_disease"),
        ("ALS", "motor_neuron_disease"),
        ("dvt", "deep_vein_thrombosis"),
        ("other:cirrhosis", "cirrhosis"),
        ("medication:simvastatin", "simvastatin"),
        ("restless legs", "restless_legs"),
    ],
)
def test_aliases(alias: str, identifier: str) -> None:
    """Short names and the prefixes of other lists mean the same record."""
    assert {record.id for _, record in records_named(alias, knowledge())} == {identifier}


def test_knowledge_on_the_command_line() -> None:
    """Overview, one record, its JSON, the check, and an unknown id."""
    overview = printed("knowledge")
    assert "potassium_deficiency" in overview
    assert set(json.loads(printed("knowledge", "--json"))) >= {"factors", "mimics", "sources"}
    assert "Sources" in printed("knowledge", "als")
    assert "factors" in json.loads(printed("knowledge", "als", "--json"))
    assert printed("knowledge", "--check") == "The content files fit together.\n"
    unknown = nightcramp("knowledge", "potasium_deficiency")
    assert isinstance(unknown.exception, UnknownIdError)
    assert "potassium_deficiency" in str(unknown.exception)


def test_help_and_version() -> None:
    """Every command has its help, and the version is the package's."""
    from nightcramp import __version__

    assert __version__ in printed("--version")
    for command in cli.commands:
        text = printed(command, "-h")
        assert text.startswith("Usage: ")
        assert len(text.splitlines()) > 4
