"""What each record of a FHIR bulk export becomes, and what is said of an export that is broken.

One export holds a patient for every case; their other records make the last day seen 2020-03-01
and the newest date of the export 2021-06-01.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulk_exports import Export, Resource, read, written
from cohorts import differences
from nightcramp.cohort.people.batch import When
from nightcramp.cohort.people.person import EPOCH, Event
from nightcramp.cohort.screen import screen
from nightcramp.cohort.settings import Settings
from nightcramp.cohort.source.address import opened
from nightcramp.errors import InputError
from nightcramp.knowledge.loader import knowledge

SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
DIABETES = {"coding": [{"system": SNOMED, "code": "44054006", "display": "Type 2 diabetes"}]}
NIGHT_CRAMPS = {"coding": [{"system": SNOMED, "code": "90392009"}]}
THROMBOSIS = {"text": "Deep vein thrombosis"}
FUROSEMIDE = {"coding": [{"system": RXNORM, "code": "4603", "display": "Furosemide"}]}
POTASSIUM = {"coding": [{"system": LOINC, "code": "2823-3", "display": "Potassium"}]}
SMOKING = {"coding": [{"system": LOINC, "code": "72166-2"}]}
BODY_MASS = {"coding": [{"system": LOINC, "code": "39156-5"}]}
NEWEST = dt.date(2021, 6, 1)


def coded(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


def diagnosis(**fields: Any) -> Resource:
    return {"resourceType": "Condition", "code": DIABETES, **fields}


def cramps(**fields: Any) -> Resource:
    return diagnosis(code=NIGHT_CRAMPS, **fields)


def order(**fields: Any) -> Resource:
    usual = {"status": "active", "intent": "order", "authoredOn": "2019-05-01"}
    named = not any(name.startswith("medication") for name in fields)
    product = {"medicationCodeableConcept": FUROSEMIDE} if named else {}
    return {"resourceType": "MedicationRequest", **usual, **product, **fields}


def stated(**fields: Any) -> Resource:
    product = {"medicationCodeableConcept": FUROSEMIDE}
    return {"resourceType": "MedicationStatement", "status": "active", **product, **fields}


def handed_over(**fields: Any) -> Resource:
    product = {"medicationCodeableConcept": FUROSEMIDE, "whenHandedOver": "2019-05-01"}
    return {"resourceType": "MedicationDispense", "status": "completed", **product, **fields}


def given(**fields: Any) -> Resource:
    product = {"medicationCodeableConcept": FUROSEMIDE}
    return {"resourceType": "MedicationAdministration", "status": "completed", **product, **fields}


def measured(**fields: Any) -> Resource:
    usual = {"status": "final", "code": POTASSIUM, "effectiveDateTime": "2020-01-05T23:30:00-05:00"}
    return {"resourceType": "Observation", **usual, **fields}


def amount(value: float, unit: str = "mmol/L", **fields: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, **fields}


def done(**fields: Any) -> Resource:
    usual = {"status": "completed", "code": {"text": "Kidney transplant"}}
    return {"resourceType": "Procedure", **usual, "performedDateTime": "2015-02-03", **fields}


def shown(events: list[Event]) -> list[str]:
    """Return what was read of a patient besides birth and observation, a line each."""
    return [line(event) for event in events if event.token.kind not in ("born", "observed")]


def line(event: Event) -> str:
    name = " ".join(filter(None, (event.token.id or event.token.kind, event.token.unit)))
    answer = "" if event.token.value is None else f"={event.token.value}"
    days = " ".join(str(EPOCH + dt.timedelta(d)) for d in (event.start, event.end) if d is not None)
    numbers = [n for n in (event.value, event.low, event.high) if n is not None]
    return " ".join(filter(None, (f"{name}{answer}", days, " ".join(f"{n:g}" for n in numbers))))


WEEKS = {"value": 4, "code": "wk"}
PERIOD = {"start": "2019-02-01", "end": "2019-03-01"}


def told_until(end: str) -> dict[str, Any]:
    repeat = {"boundsPeriod": {"start": "2019-02-01", "end": end}}
    return {"dosageInstruction": [{"timing": {"repeat": repeat}}]}


CASES: dict[str, tuple[list[Resource], list[str]]] = {
    # Diagnoses
    "begins with its onset": (
        [diagnosis(onsetDateTime="2010-01-05", recordedDate="2012-01-01")],
        ["diabetes 2010-01-05"],
    ),
    "else with its record": (
        [diagnosis(recordedDate="2012-01-01T10:00:00Z")],
        ["diabetes 2012-01-01"],
    ),
    "a sign of cramps counts on the day it was told": (
        [cramps(onsetDateTime="2010-01-05", recordedDate="2012-01-01")],
        ["night_leg_cramps 2012-01-01"],
    ),
    "ended": (
        [diagnosis(onsetDateTime="2010-01-05", abatementDateTime="2011-03-10")],
        ["diabetes 2010-01-05 2011-03-09"],
    ),
    "ended on the day it began": (
        [diagnosis(onsetDateTime="2010-01-05", abatementDateTime="2010-01-05")],
        ["diabetes 2010-01-05 2010-01-06"],
    ),
    "over since an unknown day": (
        [diagnosis(onsetDateTime="2010-01-05", clinicalStatus=coded("resolved"))],
        ["diabetes 2010-01-05 2010-01-06"],
    ),
    "in remission": (
        [diagnosis(onsetDateTime="2010-01-05", clinicalStatus=coded("remission"))],
        ["diabetes 2010-01-05 2010-01-06"],
    ),
    "over, told by words": (
        [diagnosis(onsetDateTime="2010-01-05", abatementString="in spring")],
        ["diabetes 2010-01-05 2010-01-06"],
    ),
    "over, but the end is still to come": (
        [
            diagnosis(
                onsetDateTime="2010-01-05",
                abatementDateTime="2021-01-01",
                clinicalStatus=coded("inactive"),
            )
        ],
        ["diabetes 2010-01-05 2010-01-06"],
    ),
    "a month": ([diagnosis(onsetDateTime="2010-03")], ["diabetes 2010-03-15"]),
    "a year": ([diagnosis(onsetDateTime="2010")], ["diabetes 2010-07-01"]),
    "the year of the last record": ([diagnosis(onsetDateTime="2020")], ["diabetes 2020-03-01"]),
    "a date that cannot be": (
        [diagnosis(onsetDateTime="2010-02-31", recordedDate="2012-01-01")],
        ["diabetes 2012-01-01"],
    ),
    "no date": ([diagnosis()], ["diabetes"]),
    "refuted": ([diagnosis(verificationStatus=coded("refuted"))], []),
    "not confirmed": ([diagnosis(verificationStatus=coded("provisional"))], []),
    "diagnosed in error": ([diagnosis(verificationStatus=coded("entered-in-error"))], []),
    "not written as FHIR says": (
        [diagnosis(onsetDateTime="2010-01-05", clinicalStatus=[coded("resolved")])],
        [],
    ),
    "over by its second coding": (
        [
            diagnosis(
                onsetDateTime="2010-01-05",
                clinicalStatus={"coding": [{"display": "Over"}, {"code": "Resolved"}]},
            )
        ],
        ["diabetes 2010-01-05 2010-01-06"],
    ),
    "with a modifier": ([diagnosis(modifierExtension=[{"url": "x"}])], []),
    "denied by its words": ([diagnosis(code={"text": "No diabetes"})], []),
    "of the past by its words": (
        [diagnosis(code={"text": "History of deep vein thrombosis"}, recordedDate="2012-01-01")],
        ["previous_thrombosis 2012-01-01"],
    ),
    "nothing to list": (
        [diagnosis(code=coded("no-known-problems"), recordedDate="2012-01-01")],
        [],
    ),
    # Procedures
    "an operation": ([done()], ["kidney_transplant 2015-02-03"]),
    "an operation over days": (
        [done(performedDateTime=None, performedPeriod=PERIOD)],
        ["kidney_transplant 2019-03-01"],
    ),
    "an operation that was not done": ([done(status="not-done")], []),
    # Medicines
    "an order": ([order()], ["furosemide 2019-05-01 2021-06-01"]),
    "an order with an end": (
        [order(**told_until("2019-04-01"))],
        ["furosemide 2019-02-01 2019-04-01"],
    ),
    "an order for some weeks": (
        [order(dosageInstruction=[{"timing": {"repeat": {"boundsDuration": WEEKS}}}])],
        ["furosemide 2019-05-01 2019-05-29"],
    ),
    "an order that ended, by its supply": (
        [
            order(
                status="completed",
                dispenseRequest={
                    "expectedSupplyDuration": {"value": 30, "unit": "days"},
                    "numberOfRepeatsAllowed": 2,
                },
            )
        ],
        ["furosemide 2019-05-01 90"],
    ),
    "an order that ended, by its validity": (
        [order(status="stopped", dispenseRequest={"validityPeriod": {"end": "2019-08-01"}})],
        ["furosemide 2019-05-01 2019-08-01"],
    ),
    "an order that was stopped before its end": (
        [order(status="stopped", **told_until("2020-12-01"))],
        ["furosemide 2019-02-01"],
    ),
    "an order of unknown status": ([order(status="unknown")], ["furosemide 2019-05-01"]),
    "a draft": ([order(status="draft")], []),
    "a proposal": ([order(intent="proposal")], []),
    "an order not to give": ([order(doNotPerform=True)], []),
    "an order in error": ([order(status="entered-in-error")], []),
    "a product of the export": (
        [order(medicationReference={"reference": "Medication/water-tablet"})],
        ["furosemide 2019-05-01 2021-06-01"],
    ),
    "a product by its ingredients": (
        [order(medicationReference={"reference": "https://a.example/Medication/by-parts"})],
        ["furosemide 2019-05-01 2021-06-01"],
    ),
    "a product by an ingredient elsewhere": (
        [order(medicationReference={"reference": "urn:uuid:by-reference"})],
        ["furosemide 2019-05-01 2021-06-01"],
    ),
    "a product inside the order": (
        [
            order(
                contained=[{"resourceType": "Medication", "id": "m", "code": FUROSEMIDE}],
                medicationReference={"reference": "#m"},
            )
        ],
        ["furosemide 2019-05-01 2021-06-01"],
    ),
    "a product inside the order, by its parts": (
        [
            order(
                contained=[
                    {
                        "resourceType": "Medication",
                        "id": "m",
                        "ingredient": [{"itemReference": {"reference": "#s"}}],
                    },
                    {"resourceType": "Medication", "id": "s", "code": FUROSEMIDE},
                ],
                medicationReference={"reference": "#m"},
            )
        ],
        ["furosemide 2019-05-01 2021-06-01"],
    ),
    "a product that is not there": (
        [order(medicationReference={"reference": "Medication/nowhere"})],
        [],
    ),
    "a cream": ([order(medicationCodeableConcept={"text": "Hydrocortisone 10 MG/ML Cream"})], []),
    "a statement": (
        [stated(status="completed", effectivePeriod=PERIOD)],
        ["furosemide 2019-02-01 2019-03-01"],
    ),
    "a statement that goes on": (
        [stated(effectiveDateTime="2018-01-01", dateAsserted="2020-01-01")],
        ["furosemide 2018-01-01 2021-06-01"],
    ),
    "a statement without a beginning": (
        [stated(dateAsserted="2020-01-01")],
        ["furosemide 2020-01-01 2021-06-01"],
    ),
    "stated as not taken": ([stated(status="not-taken", dateAsserted="2020-01-01")], []),
    "handed over": ([handed_over(daysSupply={"value": 28})], ["furosemide 2019-05-01 28"]),
    "handed over for weeks": (
        [handed_over(daysSupply={"value": 4, "unit": "weeks", "code": "wk"})],
        ["furosemide 2019-05-01 28"],
    ),
    "not fetched": ([handed_over(status="declined")], []),
    "given": ([given(effectiveDateTime="2019-05-01")], ["furosemide 2019-05-01 2019-05-01"]),
    "being given": (
        [given(status="in-progress", effectivePeriod={"start": "2019-05-01"})],
        ["furosemide 2019-05-01 2021-06-01"],
    ),
    "not given": ([given(status="not-done", effectiveDateTime="2019-05-01")], []),
    # Observations
    "a result": (
        [measured(valueQuantity=amount(3.1), referenceRange=[{"low": amount(3.5)}])],
        ["potassium mmol/L 2020-01-05 3.1 3.5"],
    ),
    "a result by the code of its unit": (
        [measured(valueQuantity=amount(3.1, "millimoles", code="mmol/L"))],
        ["potassium mmol/L 2020-01-05 3.1"],
    ),
    "a range in another unit": (
        [measured(valueQuantity=amount(3.1), referenceRange=[{"low": amount(137, "mg/L")}])],
        ["potassium mmol/L 2020-01-05 3.1"],
    ),
    "a range for the treated": (
        [
            measured(
                valueQuantity=amount(3.1),
                referenceRange=[{"low": amount(3.5), "type": coded("treatment")}],
            )
        ],
        ["potassium mmol/L 2020-01-05 3.1"],
    ),
    "a result in a wrong unit": ([measured(valueQuantity=amount(3.1, "apples"))], []),
    "a result written out": (
        [measured(valueString="< 3,1 mmol/L")],
        ["potassium mmol/L 2020-01-05 3.1"],
    ),
    "a whole number": ([measured(valueInteger=3)], ["potassium 2020-01-05 3"]),
    "a result in words": ([measured(valueString="low")], []),
    "a result that is only judged": ([measured(interpretation=[coded("L")])], []),
    "no result": ([measured()], []),
    "a number that is none": ([measured(valueQuantity={"value": "about 3", "unit": "mmol/L"})], []),
    "a result that was called off": (
        [measured(status="cancelled", valueQuantity=amount(3.1))],
        [],
    ),
    "a result of the unborn": (
        [measured(focus=[{"reference": "Patient/x"}], valueQuantity=amount(3.1))],
        [],
    ),
    "a panel": (
        [
            measured(
                code={"text": "Electrolytes"},
                component=[{"code": POTASSIUM, "valueQuantity": amount(3.1)}],
            )
        ],
        ["potassium mmol/L 2020-01-05 3.1"],
    ),
    "a result by its name": (
        [measured(code={"text": "Potassium, serum"}, valueQuantity=amount(3.1))],
        ["potassium mmol/L 2020-01-05 3.1"],
    ),
    "a coded answer": (
        [measured(code=SMOKING, valueCodeableConcept=coded("LA15920-4"))],
        ["smoker=False 2020-01-05", "ex_smoker=True 2020-01-05"],
    ),
    "an answer in words": (
        [measured(code=SMOKING, valueString="Current smoker")],
        ["smoker=True 2020-01-05"],
    ),
    "a pregnancy": (
        [
            measured(
                code={"coding": [{"system": LOINC, "code": "82810-3"}]},
                valueCodeableConcept=coded("LA15173-0"),
            )
        ],
        ["pregnancy=True 2020-01-05"],
    ),
    "a body mass": (
        [measured(code=BODY_MASS, valueQuantity=amount(31, "kg/m2"))],
        ["body_mass_index 2020-01-05 31"],
    ),
    "a body mass in pounds": ([measured(code=BODY_MASS, valueQuantity=amount(31, "lb"))], []),
    # Whose, and which version
    "called by an address": (
        [diagnosis(recordedDate="2012-01-01", subject={"reference": "https://a.example/{}"})],
        ["diabetes 2012-01-01"],
    ),
    "called by a version": (
        [diagnosis(recordedDate="2012-01-01", subject={"reference": "{}/_history/3"})],
        ["diabetes 2012-01-01"],
    ),
    "only the newest version": (
        [
            order(id="v", meta={"lastUpdated": "2020-01-02T00:00:00Z"}, status="active"),
            order(id="v", meta={"lastUpdated": "2020-01-02T01:00:00+02:00"}, status="stopped"),
        ],
        ["furosemide 2019-05-01 2021-06-01"],
    ),
    "died": ([], ["died 2020-02-20"]),
}
NAMES = {case: f"p{number:03d}" for number, case in enumerate(CASES)}
LEFT_OUT = {
    "not_of_a_person": 1,
    "other_kinds": 1,
    "older_version": 1,
    "in_error": 2,
    "modifier": 1,
    "unconfirmed": 1,
    "refuted": 1,
    "denied": 2,
    "misfit": 1,
    "over_undated": 4,
    "not_done": 1,
    "not_taken": 5,
    "not_to_give": 1,
    "no_product": 1,
    "no_result": 3,
    "about_another": 1,
    "in_words": 2,
    "unit": 2,
    "local_form": 1,
}


def patients() -> Iterator[Resource]:
    for case, name in NAMES.items():
        died = {"deceasedDateTime": "2020-02-20"} if case == "died" else {}
        born = {"a month": "1950-03", "a year": "1950"}.get(case, "1950-03-02")
        yield {"resourceType": "Patient", "id": name, "birthDate": born, "gender": "female", **died}


def resources() -> Iterator[Resource]:
    yield from patients()
    yield {"resourceType": "Patient", "id": "the last", "birthDate": "1960-01-01"}
    ends = [
        *((name, "2020-03-01T08:00:00Z") for name in NAMES.values()),
        ("the last", "2021-06-01"),
    ]
    for name, day in ends:
        subject = {"reference": f"Patient/{name}"}
        period = {"start": "2009-01-01", "end": day}
        yield {"resourceType": "Encounter", "subject": subject, "period": period}
    for case, (records, _lines) in CASES.items():
        for record in records:
            written_as = record.get("subject", {}).get("reference", "{}")
            subject = {"reference": written_as.format(f"Patient/{NAMES[case]}")}
            yield {**record, "subject": subject}
    yield diagnosis(subject={"reference": "Group/all"})
    yield {"resourceType": "Medication", "id": "water-tablet", "code": FUROSEMIDE}
    parts = [{"itemCodeableConcept": FUROSEMIDE}]
    yield {"resourceType": "Medication", "id": "by-parts", "ingredient": parts}
    parts = [{"itemReference": {"reference": "Medication/water-tablet"}}]
    yield {"resourceType": "Medication", "id": "by-reference", "ingredient": parts}
    yield {"resourceType": "Immunization", "id": "unused"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("export"), resources())


@pytest.fixture(scope="module")
def export(folder: Path) -> Iterator[Export]:
    with read(folder) as found:
        yield found


@pytest.mark.parametrize("case", CASES)
def test_a_record_becomes(export: Export, case: str) -> None:
    assert shown(export.of(NAMES[case])) == CASES[case][1]


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_is_counted(export: Export, name: str) -> None:
    assert export.left_out(name) == LEFT_OUT[name]


def test_it_is_told_how_codings_were_understood(export: Export) -> None:
    uses = {use.table: use for use in export.source.mapping.uses}
    assert uses["Condition"].by == {"code": 17, "name": 1, "none": 2}
    assert uses["Observation"].by["name"] == 1
    assert uses["MedicationRequest"].by["local_form"] == 1
    assert export.source.mapping.unread["Observation"]["Electrolytes"] == 1


def test_people_are_born_and_seen(export: Export) -> None:
    born, seen = export.of(NAMES["a month"])[:2]
    assert (born.start, born.end, born.value) == (1950, 300, 1.0)
    days = [EPOCH + dt.timedelta(day or 0) for day in (seen.start, seen.end)]
    assert days == [dt.date(2009, 1, 1), dt.date(2020, 3, 1)]
    assert export.of(NAMES["a year"])[0].end == 0
    assert export.of("the last")[0].value is None


def test_a_date_in_the_future_is_no_day_seen(tmp_path: Path) -> None:
    person = {"resourceType": "Patient", "id": "a", "birthDate": "1950"}
    later = (dt.date.today() + dt.timedelta(400)).isoformat()
    visits = [{"start": "2019-01-01", "end": "2019-01-02"}, {"start": later}]
    found = [
        {"resourceType": "Encounter", "subject": {"reference": "Patient/a"}, "period": period}
        for period in visits
    ]
    with read(written(tmp_path / "export", [person, *found])) as export:
        seen = export.of("a")[1]
    assert seen.end == (dt.date(2019, 1, 2) - EPOCH).days


def test_many_at_once_equal_one_by_one(export: Export) -> None:
    found = differences(export.events, export.source.tokens, knowledge(), When(everyone=True))
    assert list(found) == []


def test_packed_and_split_files_read_the_same(export: Export, tmp_path: Path) -> None:
    everything = list(resources())
    packed = written(tmp_path / "export", everything, packed=True)
    orders = packed / "MedicationRequest.000.ndjson.gz"
    lines = gzip.decompress(orders.read_bytes()).splitlines(keepends=True)
    orders.write_bytes(gzip.compress(b"".join(lines[:7])))
    (packed / "MedicationRequest.001.ndjson").write_bytes(b"\n".join(lines[7:]))
    with read(packed) as again:
        for name in NAMES.values():
            assert shown(again.of(name)) == shown(export.of(name))


def test_a_screening_says_who_is_who(folder: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    out = tmp_path / "out"
    run = screen(str(folder), out, knowledge(), Settings(processes=1))
    people = pq.read_table(out / "people.parquet").to_pylist()
    named = {
        row["person_id"]: row["patient"]
        for row in pq.read_table(out / "patients.parquet").to_pylist()
    }
    case = "a sign of cramps counts on the day it was told"
    assert [named[row["person_id"]] for row in people] == [NAMES[case]]
    assert people[0]["marked_on"] == dt.date(2012, 1, 1)
    assert run.source.kind == "bulk"
    assert run.source.release == NEWEST.isoformat()
    said = {notice.id: notice.rows for notice in run.notices}
    assert said["refuted"] == 1
    assert said["seen_as_observed"] == len(NAMES) + 1
    assert not said.keys() & {"no_version", "stub_vocabulary"}


def test_no_row_about_people_is_left_where_none_is_wanted(folder: Path, tmp_path: Path) -> None:
    screen(str(folder), tmp_path / "out", knowledge(), Settings(processes=1, rows=False))
    assert not (tmp_path / "out" / "patients.parquet").exists()


def test_nothing_stays_among_the_scratch_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with opened(str(folder)):
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


# Broken exports

PERSON = b'{"resourceType": "Patient", "id": "a"}\n'
GOOD = b'{"resourceType": "Condition", "subject": {"reference": "Patient/a"}}\n'


def old(kind: str, **fields: Any) -> bytes:
    return json.dumps({"resourceType": kind, **fields}).encode() + b"\n"


BROKEN: dict[str, tuple[dict[str, bytes], str, str]] = {
    "a broken line": ({"Condition": GOOD * 3 + b'{"resource": "Con\n' + GOOD}, "line 4", "JSON"),
    "the last line cut off": ({"Condition": GOOD * 2 + GOOD[:-20]}, "line 3", "JSON"),
    "a line of two": ({"Condition": GOOD + GOOD.strip() + GOOD}, "line 2", "JSON"),
    "no object": ({"Condition": GOOD + b"[1, 2]\n"}, "line 2", "not FHIR"),
    "not in UTF-8": (
        {"Condition": GOOD + '{"resourceType": "Condition", "id": "é"}\n'.encode("latin-1")},
        "line 2",
        "JSON",
    ),
    "no FHIR at all": ({"log": b'{"event": "done"}\n'}, "log.ndjson: line 1", "not FHIR"),
    "a page of a web server": ({"Condition": b"<html><body>No</body></html>\n"}, "line 1", "JSON"),
    "another kind in a file": (
        {"Condition": GOOD * 2 + b'{"resourceType": "Observation"}\n'},
        "line 3",
        "is of the kind Observation, in a file of the kind Condition",
    ),
    "a file with the wrong name": ({"Observation": GOOD}, "line 1", "kind Observation"),
    "nobody": ({"Patient": b'{"resourceType": "Patient"}\n'}, "line 1", "without an id"),
    "STU3 by its status": (
        {"Condition": GOOD + old("Condition", clinicalStatus="active")},
        "line 2",
        "STU3",
    ),
    "STU3 by what it was verified as": (
        {"Condition": old("Condition", verificationStatus="entered-in-error")},
        "line 1",
        "STU3",
    ),
    "STU3 by its fields": (
        {"MedicationStatement": old("MedicationStatement", taken="y")},
        "line 1",
        "STU3",
    ),
    "STU3 by its profile": (
        {"Procedure": old("Procedure", meta={"profile": ["http://hl7.org/fhir/3.0/Procedure"]})},
        "line 1",
        "STU3",
    ),
    "DSTU2 by its kinds": ({"MedicationOrder": old("MedicationOrder")}, "line 1", "STU3"),
    "R5": (
        {"MedicationRequest": old("MedicationRequest", medication={"concept": FUROSEMIDE})},
        "line 1",
        "R5",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_export_is_told_with_its_line(case: str, tmp_path: Path) -> None:
    files, where, said = BROKEN[case]
    for name, data in {"Patient": PERSON, **files}.items():
        (tmp_path / f"{name}.ndjson").write_bytes(data)
    with pytest.raises(InputError) as caught, opened(str(tmp_path)):
        pass
    assert caught.value.where.endswith(where)
    assert said in caught.value.message


@pytest.mark.parametrize("kept", [0.5, 0.999, 1.0])
def test_a_packed_file_must_be_whole(kept: float, tmp_path: Path) -> None:
    (tmp_path / "Patient.ndjson").write_bytes(PERSON)
    data = gzip.compress(GOOD * 1000)
    size = int(len(data) * kept) - 4
    (tmp_path / "Condition.ndjson.gz").write_bytes(data[:size])
    with pytest.raises(InputError, match="damaged or cut off") as caught, opened(str(tmp_path)):
        pass
    assert caught.value.where.endswith("Condition.ndjson.gz")


def test_an_export_needs_people(tmp_path: Path) -> None:
    (tmp_path / "Condition.ndjson").write_bytes(GOOD)
    with pytest.raises(InputError, match="no file of the kind Patient"), opened(str(tmp_path)):
        pass


def test_an_empty_folder_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no"), opened(str(tmp_path)):
        pass


def test_a_name_may_hold_what_stands_for_other_names(tmp_path: Path) -> None:
    folder = tmp_path / "an [old] export's 1*?"
    folder.mkdir()
    (folder / "Patient[1]*.ndjson").write_bytes(PERSON)
    (folder / "Condition[1]*.ndjson").write_bytes(GOOD * 2)
    with read(folder) as export:
        assert export.source.mapping.unnamed == 2


def test_an_export_of_people_alone_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "Patient.ndjson").write_bytes(PERSON)
    (tmp_path / "Condition.ndjson").write_bytes(b"")
    with read(tmp_path) as export:
        assert [event.token.kind for event in export.of("a")] == ["born"]
