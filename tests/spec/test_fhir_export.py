"""What an export says: nights, cramps, medicines, the assessment, and what it must never say."""

from __future__ import annotations

import datetime as dt
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from nightcramp.assess.assessment import assess
from nightcramp.cli.main import cli
from nightcramp.diary.entry import Cramp, Told
from nightcramp.intake.fhir import canonical as ours
from nightcramp.intake.fhir.reader import read_fhir_resources
from nightcramp.intake.own_record import own_record
from nightcramp.person.facts import Facts
from nightcramp.person.finding import Finding, Findings, Ratio
from nightcramp.person.night import Night
from nightcramp.person.verdict import Check, Verdict
from nightcramp.report.fhir.bundle import bundle_of
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries, all_entries
from people import EXAMPLES
from records import FILE, KNOWN, NOW, entry, exported, read_back, resources, story, written

BERLIN = dt.timezone(dt.timedelta(hours=1))
EVENING = dt.date(2026, 11, 18)
AT = dt.datetime(2026, 11, 19, 3, 10, tzinfo=BERLIN)


def code_of(resource: dict[str, Any], system: str) -> str:
    """Return the code that a resource has in a system."""
    codings = resource["code"].get("coding", [])
    return next((one["code"] for one in codings if one["system"] == system), "")


def observations(record: Any, system: str, code: str) -> list[dict[str, Any]]:
    """Return the observations of an export under a code."""
    return [one for one in resources(record, "Observation") if code_of(one, system) == code]


# Nights and cramps


def test_a_night_goes_from_noon_to_noon_in_its_zone() -> None:
    """The count of a night has both noons with their offsets, and the name of the zone."""
    record = exported(entries=[entry(Told(evening=dt.date(2026, 10, 24), cramps=2))])
    (night,) = observations(record, ours.DIARY_CODE, ours.COUNT)
    assert night["valueInteger"] == 2
    assert night["effectivePeriod"]["start"] == "2026-10-24T12:00:00+02:00"
    assert night["effectivePeriod"]["end"] == "2026-10-25T12:00:00+01:00"  # clocks went back
    (zone,) = night["effectivePeriod"]["_start"]["extension"]
    assert zone == {"url": ours.ZONE_CODE, "valueCode": "Europe/Berlin"}


def test_not_logged_is_no_observation_and_no_cramp_is_zero() -> None:
    """A night with only a measure has no count; a night without a cramp counts 0."""
    quiet = entry(Told(evening=EVENING, cramps=0))
    unknown = entry(Told(evening=EVENING - dt.timedelta(days=1), values={"sleep_hours": 7.0}))
    record = exported(entries=[quiet, unknown])
    counts = observations(record, ours.DIARY_CODE, ours.COUNT)
    assert [one["valueInteger"] for one in counts] == [0]
    (sleep,) = observations(record, ours.LOINC, "93832-4")
    assert (sleep["valueQuantity"]["value"], sleep["valueQuantity"]["code"]) == (7.0, "h")


def test_a_cramp_has_its_details_as_components() -> None:
    """Time, leg, muscles, pain, minutes, what helped; nothing where nothing was told."""
    told = Cramp(at=AT, leg="left", muscles=("calf", "foot"), pain=7, minutes=2.5, note="bad one")
    record = exported(entries=[entry(told), entry(Cramp(at=AT + dt.timedelta(hours=1)))])
    found = observations(record, ours.DIARY_CODE, ours.CRAMP)
    full, bare = sorted(found, key=lambda one: str(one["effectiveDateTime"]))
    assert full["effectiveDateTime"] == "2026-11-19T03:10:00+01:00"
    parts = [(part["code"]["coding"][-1]["code"]) for part in full["component"]]
    assert parts == ["leg", "muscle", "muscle", "pain", "minutes"]
    pain = full["component"][3]
    assert (pain["code"]["coding"][0]["code"], pain["valueInteger"]) == ("72514-3", 7)
    assert full["note"] == [{"text": "bad one"}]
    assert "component" not in bare


def test_what_an_import_brought_says_so() -> None:
    """A wearable's value is not the person's word: it names its file, without the folder."""
    night = Night(
        evening=EVENING,
        values={"steps": 4000.0},
        provenance=(
            msgspec.convert({"file": "/home/me/export.zip", "at": ""}, type=_provenance()),
        ),
    )
    record = exported(brought=[[night]])
    (steps,) = observations(record, ours.LOINC, "55423-8")
    assert "performer" not in steps
    assert "export.zip" in json.dumps(steps)
    assert "/home/me" not in json.dumps(bundle_of(record))


def _provenance() -> Any:
    from nightcramp.person.fact import Provenance

    return Provenance


# Medicines, results, illnesses


def test_a_medicine_as_the_person_says() -> None:
    """Codes, dose, dates and status; said by the person."""
    facts = story(
        medicines=[
            {"name": "amlodipine", "dose": "5 mg", "since": "2026-01-10"},
            {"name": "simvastatin", "stopped": "2026-11-01", "since": "2020-05-01"},
        ]
    )
    taken, stopped = resources(exported(facts), "MedicationStatement")
    codes = {one["system"]: one["code"] for one in taken["medicationCodeableConcept"]["coding"]}
    assert (codes[ours.RXNORM], codes[ours.ATC]) == ("17767", "C08CA01")
    assert taken["effectivePeriod"] == {"start": "2026-01-10"}
    assert taken["dosage"] == [{"text": "5mg"}]
    assert taken["informationSource"]["type"] == "Patient"
    assert stopped["status"] == "stopped"
    assert stopped["effectivePeriod"] == {"start": "2020-05-01", "end": "2026-11-01"}


def test_an_illness_is_unconfirmed_or_refuted_and_stands_in_the_response_too() -> None:
    """What the person says of illnesses is their word; no is no, and unknown is neither."""
    record = exported(story(answers={"diabetes": "yes", "cirrhosis": "no", "ckd": "unknown"}))
    said = {one["code"]["text"]: one for one in resources(record, "Condition")}
    status = {name: one["verificationStatus"]["coding"][0]["code"] for name, one in said.items()}
    labels = {name: KNOWN.conditions[name].label for name in ("diabetes", "cirrhosis")}
    assert status == {labels["diabetes"]: "unconfirmed", labels["cirrhosis"]: "refuted"}
    (response,) = resources(record, "QuestionnaireResponse")
    assert response["questionnaire"].startswith(f"{ours.INTERVIEW}|")
    items = {one["linkId"]: one for part in response["item"] for one in part["item"]}
    assert items["diabetes"]["answer"] == [{"valueBoolean": True}]
    assert "answer" not in items["ckd"]
    assert items["ckd"]["extension"][-1]["valueCode"] == "asked-unknown"


def test_what_a_record_says_is_not_called_the_persons_word() -> None:
    """A diagnosis from a clinic's file has no asserter and is not called unconfirmed."""
    facts = story(conditions=["restless legs"])
    record = exported(facts, records=frozenset({"story.yaml"}))
    (condition,) = resources(record, "Condition")
    assert "verificationStatus" not in condition
    assert "asserter" not in condition


def test_a_result_keeps_unit_range_and_date() -> None:
    """Value, UCUM unit, LOINC code and the printed range of a laboratory result."""
    facts = story(
        labs=[
            {
                "name": "potassium",
                "value": 3.1,
                "unit": "mmol/L",
                "low": 3.5,
                "high": 5.0,
                "date": "2026-11-02",
            }
        ]
    )
    (lab,) = observations(exported(facts), ours.LOINC, "2823-3")
    assert lab["valueQuantity"]["value"] == 3.1
    assert lab["valueQuantity"]["code"] == "mmol/L"
    assert lab["referenceRange"][0]["low"]["value"] == 3.5
    assert lab["effectiveDateTime"] == "2026-11-02"


# The person


def test_nobody_is_named_and_no_birth_is_made_up() -> None:
    """The age told is an answer and an observation; the person has no name and no birthday."""
    record = exported(story(answers={"age": 67, "sex": "female"}))
    (patient,) = resources(record, "Patient")
    assert patient["gender"] == "female"
    assert not {"name", "birthDate", "identifier"} & patient.keys()
    (age,) = observations(record, ours.LOINC, "30525-0")
    assert (age["valueQuantity"]["value"], age["valueQuantity"]["code"]) == (67.0, "a")
    (named,) = resources(exported(name="Ana Núñez"), "Patient")
    assert named["name"] == [{"text": "Ana Núñez"}]


def test_contradictory_sex_is_not_decided() -> None:
    """Told as both, the sex of the person is not said."""
    both = [*story(answers={"sex": "female"}), *story(answers={"sex": "male"})]
    (patient,) = resources(exported(both), "Patient")
    assert "gender" not in patient


# The assessment


def risk_of(**told: Any) -> dict[str, Any]:
    """Return the assessment of a story as it is written."""
    (risk,) = resources(exported(story(answers=told)), "RiskAssessment")
    return risk


def test_the_triage_comes_first_with_what_to_do() -> None:
    """The first prediction is the level, its reasons are said, and what to do is mitigation."""
    risk = risk_of(saddle_numbness="yes", called_cramp="yes")
    first = risk["prediction"][0]
    assert first["outcome"]["coding"][0] == {
        "system": ours.TRIAGE,
        "code": "emergency",
        "display": first["outcome"]["text"],
    }
    assert "probabilityDecimal" not in first
    assert "emergency" in risk["mitigation"].lower()


def test_explanations_have_per_cents_and_honest_limits() -> None:
    """Weights as per cents, what they rest on, how they were made, and what they are not."""
    risk = risk_of(age=70, called_cramp="yes", relief_stretch="yes", diabetes="yes")
    numbers = [p["probabilityDecimal"] for p in risk["prediction"] if "probabilityDecimal" in p]
    assert numbers
    assert all(0 <= number <= 100 for number in numbers)
    assert sum(numbers) <= 100.01
    assert "no diagnosis" in " ".join(one["text"] for one in risk["note"])
    assert risk["method"]["text"]
    assert {one["type"] for one in risk["basis"]} >= {"QuestionnaireResponse", "Condition"}


FLAGS = ["saddle_numbness", "leg_swelling_one_side", "chest_pain", "dark_urine"]


@pytest.mark.parametrize("sign", FLAGS)
def test_no_emergency_has_a_number_and_none_is_called_unlikely(sign: str) -> None:
    """What a warning sign points to is said in words; other emergencies are not mentioned."""
    facts = story(answers={sign: "yes", "called_cramp": "yes", "age": 60})
    found = assess(Facts(KNOWN, facts), questions=0)
    kinds = {item.id: item for item in found.explanations}
    (risk,) = resources(exported(facts), "RiskAssessment")
    for prediction in risk["prediction"][1:]:
        item = kinds[prediction["outcome"]["coding"][0]["code"]]
        if item.kind == "emergency" or item.flagged:
            assert "probabilityDecimal" not in prediction
            assert prediction["qualitativeRisk"]["coding"][0]["code"] == "flagged"
    assert "unlikely" not in json.dumps(risk).lower()


# Findings and verdicts


def finding(state: str, **more: Any) -> Findings:
    """Return the findings of a diary, of one exposure."""
    one = Finding(
        id="alcohol",
        label="alcoholic drinks",
        state=state,  # type: ignore[arg-type]
        why="said so",
        effect=Ratio(ratio=1.8, low=1.2, high=2.7),
        probability=0.97,
        **more,
    )
    return Findings(
        version="1", first=EVENING, last=EVENING, nights=1, logged=1, with_cramps=1, cramps=1,
        findings=(one,),
    )  # fmt: skip


def test_a_finding_has_a_ratio_only_where_the_diary_shows_it() -> None:
    """Found: ratio and interval. Withheld by a check: the state and why, no number."""
    (shown,) = observations(exported(findings=finding("found")), ours.MEASURE, "alcohol")
    assert shown["valueQuantity"]["value"] == 1.8
    assert shown["interpretation"][0]["coding"][0]["code"] == "found"
    assert shown["note"][0]["text"] == "said so"
    (held,) = observations(exported(findings=finding("withheld")), ours.MEASURE, "alcohol")
    assert "valueQuantity" not in held
    assert "1.8" not in json.dumps(held)
    assert "0.97" not in json.dumps(held)


@pytest.mark.parametrize(("outcome", "shown"), [("works", True), ("withheld", False)])
def test_a_verdict_has_a_ratio_only_where_its_checks_hold(outcome: Any, shown: bool) -> None:
    """A verdict that was withheld says which check failed, and no number."""
    verdict = Verdict(
        trial="t1", title="stretching", fingerprint="0" * 64, made_on=EVENING, outcome=outcome,
        why="enough nights", blocks_over=4, blocks=4, nights_counted=28, nights_missing=0,
        first_arm="stretch", second_arm="no stretch", rate_first=0.5, rate_second=1.0,
        smallest_effect=0.75, error=0.05, p=0.01, effect=Ratio(ratio=0.55, low=0.3, high=0.9),
        checks=(Check(id="c", says="the order was kept", holds=shown),),
    )  # fmt: skip
    record = exported(verdicts=[verdict])
    found = [one for one in resources(record, "Observation") if "trial" in one["code"]["text"]]
    assert ("valueQuantity" in found[0]) is shown
    assert ("0.55" in json.dumps(found[0])) is shown
    assert ("the order was kept" in json.dumps(found[0])) is not shown


def test_results_are_not_read_back_as_facts() -> None:
    """What was worked out is left out with the reason; it is worked out anew."""
    back = read_back(exported(story(answers={"age": 60}), findings=finding("found")))
    assert [fact.id for fact in back.facts] == ["age"]
    assert sum(back.account.unused["RiskAssessment"].values()) == 1


# The bundle


class _Text(HTMLParser):
    """Collects the tags of a narrative."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        del attrs
        self.tags.append(tag)


def test_narratives_hold_no_markup_of_the_person() -> None:
    """A name or a note with markup is shown as it was written; nothing of it becomes a tag."""
    evil = '<script>alert(1)</script>&<img src=x onerror="alert(2)">'
    facts = story(medicines=[evil], conditions=[evil])
    record = exported(facts, [entry(Cramp(at=AT, note=evil))], name=evil)
    for one in resources(record):
        text = _Text()
        text.feed(one["text"]["div"])
        assert text.tags == ["div"]
    assert [fact.value for fact in read_back(record).facts] == [fact.value for fact in facts]


def test_every_pointer_points_into_the_bundle() -> None:
    """All references are to entries; ids and addresses are unique; the type is collection."""
    facts = story(answers={"age": 60, "diabetes": "yes"}, medicines=["amlodipine", "amlodipine"])
    bundle = bundle_of(exported(facts, [entry(Cramp(at=AT))], findings=finding("found")))
    addresses = [one["fullUrl"] for one in bundle["entry"]]
    assert len(set(addresses)) == len(addresses)
    assert all(
        url == f"urn:uuid:{e['resource']['id']}"
        for url, e in zip(addresses, bundle["entry"], strict=True)
    )
    pointed = set(re.findall(r'"reference": "([^"]+)"', json.dumps(bundle)))
    assert pointed <= set(addresses)
    assert bundle["type"] == "collection"
    (provenance,) = [
        e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Provenance"
    ]
    kinds = [one["type"]["coding"][0]["code"] for one in provenance["agent"]]
    assert kinds == ["author", "assembler"]
    assert len(provenance["target"]) == len(addresses) - 1


def test_a_part_of_an_export_can_be_read_alone() -> None:
    """Where a server kept no responses, what repeats them tells what they held."""
    told = story(answers={"diabetes": "yes", "painless": "no"}, medicines=["amlodipine 5 mg"])
    bundle = bundle_of(exported(told, [entry(Told(evening=EVENING, cramps=2))]))
    kept = [e for e in bundle["entry"] if e["resource"]["resourceType"] != "QuestionnaireResponse"]
    part = {**bundle, "entry": kept}
    found = read_fhir_resources([part], KNOWN, file=FILE, one_person=False)
    assert {fact.id for fact in found.facts} == {"diabetes", "amlodipine"}
    assert [(night.evening, night.cramps) for night in found.nights] == [(EVENING, 2)]


def read_changed(record: Any, kind: str, change: dict[str, Any]) -> Any:
    """Read an export in which every resource of one type was changed by somebody."""
    bundle = bundle_of(record)
    for one in bundle["entry"]:
        is_told = one["resource"]["meta"]["tag"][0]["code"] if "meta" in one["resource"] else ""
        if one["resource"]["resourceType"] == kind and is_told in {"fact", "entry"}:
            one["resource"].update(change)
    return read_fhir_resources([json.dumps(bundle).encode()], KNOWN, file=FILE, one_person=False)


def test_what_was_entered_in_error_is_not_read() -> None:
    """A record system that marks one of ours as an error is heeded."""
    record = exported(story(medicines=["amlodipine"]))
    assert len(read_changed(record, "MedicationStatement", {}).facts) == 1
    wrong = {"status": "entered-in-error"}
    assert read_changed(record, "MedicationStatement", wrong).facts == []


HOSTILE: list[dict[str, Any]] = [
    {"code": {}},
    {"effectiveDateTime": "0000-00-00"},
    {"effectiveDateTime": "tomorrow"},
    {
        "component": [
            {"code": {"coding": [{"system": ours.DIARY_CODE, "code": "pain"}]}, "valueInteger": 99}
        ]
    },
    {
        "component": [
            {
                "code": {"coding": [{"system": ours.DIARY_CODE, "code": "leg"}]},
                "valueCodeableConcept": {"coding": [{"code": "x"}]},
            }
        ]
    },
    {"issued": None, "effectiveDateTime": None},
    {"extension": [{"url": ours.ZONE, "valueString": "Nowhere/Land"}]},
    {"id": "no uuid", "issued": "2026-11-19T07:00:00Z"},
    {"status": "entered-in-error"},
]


@pytest.mark.parametrize("change", HOSTILE, ids=[str(i) for i in range(len(HOSTILE))])
def test_a_spoilt_entry_is_left_out_or_sound(change: dict[str, Any]) -> None:
    """Whatever is changed in an exported cramp, the reader gives a sound entry or a reason."""
    record = exported(entries=[entry(Cramp(at=AT, pain=3))])
    assert len(read_changed(record, "Observation", {}).entries) == 1
    back = read_changed(record, "Observation", change)
    assert len(back.entries) == (1 if change.get("id") else 0)
    assert sum(back.account.unused.get("Observation", {}).values()) >= 2 - len(back.entries)


# The command and the store


def run(*words: str) -> str:
    """Run a command that works, and return what it says."""
    done = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_story_goes_out_and_comes_back(home: Path, tmp_path: Path) -> None:
    """`fhir STORY` and `assess` of what it wrote say the same as `assess STORY`."""
    del home
    file = tmp_path / "out.json"
    assert "Written to" in run("fhir", str(EXAMPLES[0]), "--save", str(file))
    assert run("assess", str(file)) == run("assess", str(EXAMPLES[0]))


def test_the_own_record_moves_to_another_store(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries, imports and nights of one store stand in another after one import."""
    del home
    run("import", str(EXAMPLES[0]))
    with opened() as store:
        add_entries(
            store, [entry(Told(evening=EVENING, cramps=2, note="hot")), entry(Cramp(at=AT))]
        )
        before, entries = own_record(store), all_entries(store)
    run("fhir", "--save", str(tmp_path / "me.json"))
    monkeypatch.setenv("NIGHTCRAMP_HOME", str(tmp_path / "other"))
    assert "2 entries of a diary" in run("import", str(tmp_path / "me.json"))
    with opened() as store:
        assert sorted(e.id for e in all_entries(store)) == sorted(e.id for e in entries)
        assert own_record(store).nights == before.nights


def test_the_own_export_changes_nothing_at_home(home: Path, tmp_path: Path) -> None:
    """Imported where it came from, once and twice, nights and assessment stay as they were."""
    del home
    run("import", str(EXAMPLES[0]))
    with opened() as store:
        add_entries(store, [entry(Told(evening=EVENING, cramps=2)), entry(Cramp(at=AT))])
        before = own_record(store).nights
    said = run("assess")
    run("fhir", "--save", str(tmp_path / "me.json"))
    run("import", str(tmp_path / "me.json"))
    again = run("import", str(tmp_path / "me.json"))
    assert "already there" in again
    with opened() as store:
        assert own_record(store).nights == before
        assert len(all_entries(store)) == 2
    assert run("assess") == said


def test_the_name_goes_out_only_when_asked(home: Path) -> None:
    """Without `--name` no name is written."""
    del home
    run("import", str(EXAMPLES[0]))
    run("people", "rename", "me", "Ana")
    assert '"Ana"' not in run("fhir")
    assert '"Ana"' in run("fhir", "--name")


def test_the_command_says_what_is_wrong(home: Path, tmp_path: Path) -> None:
    """Nothing to write, an existing file, and options that do not go together."""
    del home
    empty = CliRunner().invoke(cli, ["fhir"])
    assert "nothing to write yet" in str(empty.exception)
    (tmp_path / "there.json").write_text("mine")
    taken = CliRunner().invoke(
        cli, ["fhir", str(EXAMPLES[0]), "--save", str(tmp_path / "there.json")]
    )
    assert "already" in str(taken.exception)
    assert (tmp_path / "there.json").read_text() == "mine"
    both = CliRunner().invoke(cli, ["fhir", "--codes", "--questionnaire"])
    assert both.exit_code == 2


def test_codes_and_forms_are_written(home: Path) -> None:
    """Each code that an export of ours uses stands in one of the code systems."""
    del home
    systems = {
        one["resource"]["url"]: {c["code"] for c in one["resource"]["concept"]}
        for one in json.loads(run("fhir", "--codes"))["entry"]
    }
    facts = story(answers={"age": 60, "side": "either", "site": ["calf"], "diabetes": "yes"})
    record = exported(facts, [entry(Cramp(at=AT, leg="left", relief=("walk",)))])
    used = set(re.findall(r'"system": "([^"]+)", "code": "([^"]+)"', json.dumps(bundle_of(record))))
    own = {(system, code) for system, code in used if system.startswith(ours.BASE)}
    assert own
    assert [pair for pair in own if pair[1] not in systems[pair[0]]] == []
    assert json.loads(run("fhir", "--diary"))["url"] == ours.DIARY
    assert written(record) == written(record)
    assert NOW.isoformat() in written(record).decode()
