"""What a FHIR record becomes: small resources in, facts out. This is the manual of the reader."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from nightcramp.errors import InputError
from nightcramp.intake.fhir.reader import read_fhir, read_fhir_resources
from nightcramp.intake.reading import Reading
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.fact import DoseChange, LabResult, MedicineUse

TODAY = dt.date(2026, 6, 30)
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
ATC = "http://www.whocc.no/atc"


def read(*resources: dict[str, Any], as_of: dt.date = TODAY) -> Reading:
    return read_fhir_resources(resources, knowledge(), as_of, file="record", one_person=False)


def values(reading: Reading) -> dict[str, Any]:
    return {fact.id: fact.value for fact in reading.facts}


def coded(system: str, code: str, display: str = "") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def condition(code: dict[str, Any], clinical: str = "active", **more: Any) -> dict[str, Any]:
    status = {"coding": [{"code": clinical}]}
    return {"resourceType": "Condition", "clinicalStatus": status, "code": code, **more}


def verified(word: str) -> dict[str, Any]:
    return {"verificationStatus": {"coding": [{"code": word}]}}


def request(what: Any, start: str = "2026-06-20", **more: Any) -> dict[str, Any]:
    medicine = {"text": what} if isinstance(what, str) else what
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": medicine,
        "authoredOn": start,
        **more,
    }


def observation(code: str, day: str = "2026-06-20", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": coded(LOINC, code),
        "effectiveDateTime": day,
        **more,
    }


def quantity(value: Any, unit: str, **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit, "code": unit, **more}}


# Who


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        ({"gender": "female", "birthDate": "1960-07-01"}, {"age": 65.0, "sex": "female"}),
        ({"gender": "male", "birthDate": "1960-06-30"}, {"age": 66.0, "sex": "male"}),
        ({"gender": "other", "birthDate": "1960"}, {"age": 65.0, "sex": "other"}),
        ({"gender": "unknown"}, {}),
        ({"birthDate": "1790-01-01"}, {}),
        ({"birthDate": "2031-01-01"}, {}),
    ],
)
def test_people(patient: dict[str, Any], expected: dict[str, Any]) -> None:
    assert values(read({"resourceType": "Patient", "id": "1", **patient})) == expected


def test_a_death_is_accounted_for() -> None:
    reading = read({"resourceType": "Patient", "deceasedDateTime": "2026-01-01"})
    assert reading.account.unused["deaths"] == {"the record says that the person has died": 1}


# Conditions

DIABETES = coded(SNOMED, "44054006", "Diabetes mellitus type 2")
DVT = coded(SNOMED, "128053003", "Deep vein thrombosis")


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (condition(DIABETES), {"diabetes": True}),
        (condition(coded(ICD, "E11.42")), {"diabetic_neuropathy": True}),
        (condition(coded(ICD, "N18.4")), {"ckd_advanced": True}),
        (condition(coded(SNOMED, "0", "Pulmonary emphysema (disorder)")), {"copd": True}),
        (condition({"text": "Lumbar spinal stenosis"}), {"lumbar_stenosis": True}),
        (condition(DIABETES, **verified("refuted")), {"diabetes": False}),
        (condition(DIABETES, **verified("entered-in-error")), {}),
        (condition(DIABETES, **verified("provisional")), {}),
        (condition(DIABETES, "resolved"), {}),
        (condition(DIABETES, abatementDateTime="2020-01-01"), {}),
        (condition(DVT, "resolved"), {"previous_thrombosis": True}),
        (condition(DVT), {"deep_vein_thrombosis": True}),
        (condition({"text": "Stroke"}, "inactive"), {"stroke": True}),
        (condition({"text": "History of myocardial infarction"}), {"coronary_disease": True}),
        (condition({"text": "History of asthma"}), {}),
        (condition({"text": "Hyperglycemia"}), {}),
        (condition({"text": "Screening for diabetes mellitus"}), {}),
        (condition({"text": "Miscarriage in first trimester"}), {}),
        (condition({"text": "Family history of diabetes"}), {}),
        (condition({"text": "Pregnancy"}, onsetDateTime="2026-03-01"), {"pregnancy": True}),
        (condition({"text": "Pregnancy"}, onsetDateTime="2024-03-01"), {}),
        (condition(DIABETES, modifierExtension=[{"url": "not"}]), {}),
        (condition(coded("x", "no-known-problems")), {"no_other_conditions": True}),
    ],
)
def test_conditions(resource: dict[str, Any], expected: dict[str, Any]) -> None:
    assert values(read(resource)) == expected


def test_a_suspected_illness_is_asked_about() -> None:
    reading = read(condition(DVT, **verified("provisional")))
    assert reading.account.to_ask == [
        "clot in a leg vein (deep vein thrombosis): the record calls it provisional"
    ]


def test_of_contradicting_records_the_newest_counts() -> None:
    older = condition(DIABETES, recordedDate="2020-01-01", id="a")
    newer = condition(DIABETES, recordedDate="2026-01-01", id="b", **verified("refuted"))
    (fact,) = read(older, newer).facts
    assert fact.value is False
    assert fact.provenance.at == "Condition/b"
    assert fact.provenance.note == "other records disagree; the newest counts"


def test_the_illnesses_of_the_family_are_not_the_persons() -> None:
    family = {"resourceType": "FamilyMemberHistory", "condition": [{"code": DIABETES}]}
    reading = read(family)
    assert reading.facts == []
    assert reading.account.unused["FamilyMemberHistory"] == {
        "it is about the family, not the person": 1
    }


# Medicines


@pytest.mark.parametrize(
    ("concept", "expected"),
    [
        (coded(RXNORM, "5487"), ["hydrochlorothiazide"]),
        (coded(RXNORM, "312961"), ["simvastatin"]),
        (coded(RXNORM, "896209"), ["fluticasone", "salmeterol"]),
        (coded(ATC, "C03CA01"), ["furosemide"]),
        (coded(ATC, "C03CX99"), ["loop_diuretic"]),
        (coded("ndc", "1", "Lasix 40mg"), ["furosemide"]),
        (coded("ndc", "1", "amLODIPine 5 MG / Atorvastatin 20 MG"), ["amlodipine", "atorvastatin"]),
        ({"text": "atorvastatine"}, ["atorvastatin"]),
        (coded("ndc", "1", "Losartan Potassium 50 MG"), ["losartan"]),
        (coded("ndc", "1", "Penicillin V Potassium 500 MG"), []),
    ],
)
def test_which_medicine(concept: dict[str, Any], expected: list[str]) -> None:
    assert sorted(values(read(request(concept)))) == expected


def test_unknown_medicines_are_named() -> None:
    account = read(request("Cefuroxime 250 MG Oral Tablet")).account
    assert account.unknown_medicines == {"Cefuroxime 250 MG Oral Tablet": 1}
    assert account.unused["MedicationRequest"] == {"a medicine the knowledge does not hold": 1}


def ended(day: str) -> dict[str, Any]:
    return {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": day}}}}]}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (True, 10.0, None)),
        ({"status": "stopped"}, (False, 10.0, None)),
        ({"status": "completed", **ended("2026-06-25")}, (False, 10.0, 5.0)),
        ({"status": "on-hold"}, (False, 10.0, None)),
        ({"status": "unknown"}, (None, 10.0, None)),
        (ended("2026-06-29"), (False, 10.0, 1.0)),
        (ended("2026-09-01"), (True, 10.0, None)),
        ({"authoredOn": "2026"}, (True, 0.0, None)),
        ({"authoredOn": "20205-01-01"}, (True, None, None)),
        ({"status": "cancelled"}, None),
        ({"status": "draft"}, None),
        ({"status": "entered-in-error"}, None),
        ({"intent": "plan"}, None),
        ({"doNotPerform": True}, None),
        ({"authoredOn": "2026-07-20"}, None),
    ],
)
def test_whether_a_prescribed_medicine_is_taken(more: dict[str, Any], expected: Any) -> None:
    uses = values(read(request("Furosemide 40 MG", **more)))
    if expected is None:
        assert uses == {}
    else:
        use = uses["furosemide"]
        assert (use.taking, use.since_days, use.stopped_days) == expected
        assert use.dose == "40 mg"


FUROSEMIDE = {"medicationCodeableConcept": {"text": "Furosemide"}}


@pytest.mark.parametrize(
    ("resource", "taking", "since", "stopped"),
    [
        ({"resourceType": "MedicationStatement", "status": "active",
          "effectivePeriod": {"start": "2026-06-01"}}, True, 29.0, None),
        ({"resourceType": "MedicationStatement", "status": "completed",
          "effectivePeriod": {"start": "2026-06-01", "end": "2026-06-20"}}, False, 29.0, 10.0),
        ({"resourceType": "MedicationStatement", "status": "not-taken"}, False, None, None),
        ({"resourceType": "MedicationStatement", "status": "recorded",
          "adherence": {"code": coded("x", "not-taking")}}, False, None, None),
        ({"resourceType": "MedicationDispense", "status": "completed",
          "whenHandedOver": "2026-06-20", "daysSupply": {"value": 30}}, True, 10.0, None),
        ({"resourceType": "MedicationDispense", "status": "completed",
          "whenHandedOver": "2026-05-21", "daysSupply": {"value": 30}}, False, 40.0, 10.0),
        ({"resourceType": "MedicationDispense", "status": "completed",
          "whenHandedOver": "2026-06-20"}, None, 10.0, None),
        ({"resourceType": "MedicationAdministration", "status": "completed",
          "effectiveDateTime": "2026-06-20T10:00:00Z"}, False, 10.0, 10.0),
    ],
)  # fmt: skip
def test_other_medication_records(
    resource: dict[str, Any], taking: bool | None, since: float | None, stopped: float | None
) -> None:
    use = values(read({**FUROSEMIDE, **resource}))["furosemide"]
    assert (use.taking, use.since_days, use.stopped_days) == (taking, since, stopped)


def test_several_prescriptions_of_one_ingredient_are_one_fact() -> None:
    old = request("Simvastatin 10 MG", "2024-06-30", status="stopped", id="a")
    new = request("Simvastatin 40 MG", "2026-05-31", id="b")
    (fact,) = read(new, old).facts
    assert fact.value == MedicineUse(
        taking=True,
        dose="40 mg",
        since_days=730.0,
        changes=(DoseChange(direction="raised", days_ago=30.0),),
    )
    assert fact.provenance.at == "MedicationRequest/b, MedicationRequest/a"


def test_after_a_known_break_the_later_start_counts() -> None:
    old = request("Simvastatin 10 MG", "2020-01-01", status="completed", **ended("2020-02-01"))
    new = request("Simvastatin 10 MG", "2026-05-31")
    assert values(read(old, new))["simvastatin"].since_days == 30.0


def test_a_later_word_that_it_is_not_taken_counts_more_than_the_prescription() -> None:
    told = {"resourceType": "MedicationStatement", "status": "not-taken", **FUROSEMIDE}
    prescribed = request("Furosemide 40 MG", "2026-01-01")
    assert (
        values(read(prescribed, {**told, "dateAsserted": "2026-05-01"}))["furosemide"].taking
        is False
    )
    assert (
        values(read(prescribed, {**told, "dateAsserted": "2025-05-01"}))["furosemide"].taking
        is True
    )
    assert values(read(prescribed, told))["furosemide"].taking is None


@pytest.mark.parametrize(
    ("reference", "extra"),
    [
        (
            "#m",
            {"contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "Lasix"}}]},
        ),
        ("Medication/9", {}),
        ("https://example.org/fhir/Medication/9", {}),
        ("https://example.org/fhir/Medication/9/_history/2", {}),
    ],
)
def test_medicines_by_reference(reference: str, extra: dict[str, Any]) -> None:
    medication = {"resourceType": "Medication", "id": "9", "code": {"text": "Furosemide"}}
    asked = {**request(""), "medicationReference": {"reference": reference}, **extra}
    del asked["medicationCodeableConcept"]
    assert list(values(read(asked, medication))) == ["furosemide"]
    r5 = {**asked, "medication": {"reference": asked.pop("medicationReference")}}
    assert list(values(read(r5, medication))) == ["furosemide"]


def test_no_known_medicines() -> None:
    absent = request(coded("x", "no-known-medications", "No known medications"))
    assert values(read(absent)) == {"no_other_medicines": True}


# Laboratory results


@pytest.mark.parametrize(
    ("resource", "lab", "expected"),
    [
        (observation("2823-3", **quantity(3.1, "mmol/L")), "potassium", 3.1),
        (observation("6298-4", **quantity(3.1, "meq/L")), "potassium", 3.1),
        (observation("6298-4", **quantity("3.1", "mmol/L")), "potassium", 3.1),
        (observation("49765-1", **quantity(8.0, "mg/dL")), "calcium", 1.996),
        (observation("38483-4", **quantity(1.0, "mg/dL")), "creatinine", 88.4),
        (observation("33914-3", **quantity(55, "mL/min/{1.73_m2}")), "egfr", 55.0),
        (observation("59261-8", **quantity(48, "mmol/mol")), "hba1c", 6.542),
        (observation("2823-3", valueString="3.1 mmol/L"), "potassium", 3.1),
        (observation("2823-3", status="preliminary", **quantity(3.1, "mmol/L")), "potassium", 3.1),
    ],
)
def test_results_by_loinc(resource: dict[str, Any], lab: str, expected: float) -> None:
    result = values(read(resource))[lab]
    assert result.value == pytest.approx(expected)
    assert result.days_ago == 10.0


@pytest.mark.parametrize(
    ("name", "lab"),
    [
        ("Creatinine [Moles/volume] in Serum or Plasma", "creatinine"),
        ("Serum creatinine", "creatinine"),
        ("Creatinine [Moles/volume] in Urine", None),
        ("Microalbumin Creatinine Ratio", None),
        ("Potassium [Moles/volume] in Blood", "potassium"),
        ("Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "alt"),
        ("Globulin [Mass/volume] in Serum", None),
        ("Hemoglobin A1c/Hemoglobin.total in Blood", None),
    ],
)
def test_results_by_name_where_the_code_is_not_known(name: str, lab: str | None) -> None:
    unit = "U/L" if lab == "alt" else "mmol/L" if lab == "potassium" else "umol/L"
    value = 4.0 if lab == "potassium" else 70.0
    resource = {**observation("0-0", **quantity(value, unit)), "code": coded(LOINC, "0-0", name)}
    assert list(values(read(resource))) == ([lab] if lab else [])


def test_the_printed_range_goes_with_the_result() -> None:
    printed = {"low": {"value": 8.6, "unit": "mg/dL"}, "high": {"value": 10.2, "unit": "mg/dL"}}
    resource = observation("17861-6", **quantity(8.0, "mg/dL"), referenceRange=[printed])
    result = values(read(resource))["calcium"]
    assert (result.low, result.high) == (pytest.approx(2.1457), pytest.approx(2.5449))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (quantity(0.4, "ng/mL", comparator="<"), ("<", "")),
        ({"interpretation": [{"coding": [{"code": "LL"}]}]}, ("", "low")),
        ({"valueCodeableConcept": {"text": "High"}}, ("", "high")),
    ],
)
def test_bounds_and_words(more: dict[str, Any], expected: tuple[str, str]) -> None:
    result = values(read(observation("2276-4", **more)))["ferritin"]
    assert isinstance(result, LabResult)
    assert (result.bound, result.word) == expected


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (observation("2823-3", status="entered-in-error", **quantity(3, "mmol/L")),
         "it was entered in error"),
        (observation("2823-3", status="cancelled"),
         "it has no final result (cancelled or not yet done)"),
        (observation("2823-3", **quantity(310, "mmol/L")),
         "an impossible value, or a unit the test is not reported in"),
        (observation("2823-3", **quantity(3, "furlong")),
         "an impossible value, or a unit the test is not reported in"),
        (observation("2823-3", dataAbsentReason={"text": "lost"}), "it gives no result"),
        (observation("2828-2", **quantity(30, "mmol/L")), "a test of another kind or fluid"),
        (observation("2823-3", "20205-01-01", **quantity(3, "mmol/L")), "its date cannot be"),
        (observation("2823-3", "2026-07-02", **quantity(3, "mmol/L")),
         "it is dated after the date of the reading"),
        (observation("2823-3", focus=[{"reference": "Patient/child"}], **quantity(3, "mmol/L")),
         "it is about somebody or something else"),
        (observation("2823-3", **quantity({"a": 1}, "mmol/L")),
         "not written as FHIR says: value"),
        (observation("8302-2", **quantity(170, "cm")),
         "a measurement the knowledge does not use"),
    ],
)  # fmt: skip
def test_results_left_out(resource: dict[str, Any], reason: str) -> None:
    reading = read(resource)
    assert reading.facts == []
    assert reading.account.unused["Observation"] == {reason: 1}


def test_panels_and_contained_results() -> None:
    part = {"code": coded(LOINC, "2951-2"), **quantity(128, "mmol/L")}
    panel = observation("24320-4", component=[part])
    inside = observation("2823-3", **quantity(3.0, "mmol/L"))
    report = {"resourceType": "DiagnosticReport", "id": "r", "contained": [inside]}
    found = {fact.id: fact for fact in read(panel, report).facts}
    assert found["sodium"].value.value == 128.0  # type: ignore[union-attr]
    assert found["potassium"].provenance.at.startswith("DiagnosticReport/r contained")


# Habits, pregnancy, procedures, questionnaires


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (observation("39156-5", **quantity(31.2, "kg/m2")), {"body_mass_index": 31.2}),
        (observation("39156-5", **quantity(31.2, "lb")), {}),
        (observation("72166-2", valueCodeableConcept={"text": "Smokes tobacco daily"}),
         {"smoker": True}),
        (observation("72166-2", valueCodeableConcept={"text": "Former smoker"}),
         {"smoker": False, "ex_smoker": True}),
        (observation("72166-2", valueCodeableConcept=coded(SNOMED, "266927001")), {}),
        (observation("82810-3", valueCodeableConcept=coded(LOINC, "LA15173-0")),
         {"pregnancy": True}),
        (observation("82810-3", valueCodeableConcept=coded(LOINC, "LA26683-5")),
         {"pregnancy": False}),
        (observation("82810-3", valueCodeableConcept=coded(LOINC, "LA4489-6")), {}),
        (observation("82810-3", "2024-01-01", valueCodeableConcept=coded(LOINC, "LA15173-0")), {}),
        (observation("11778-8", valueDateTime="2026-10-06"), {"pregnancy_weeks": 26.0}),
        (observation("18185-9", "2026-06-16", **quantity(30, "wk")), {"pregnancy_weeks": 32.0}),
        (observation("18185-9", "2025-06-16", **quantity(30, "wk")), {}),
        (observation("68518-0", valueCodeableConcept=coded(LOINC, "LA18929-2")),
         {"alcohol_frequency": "four_or_more_a_week"}),
    ],
)  # fmt: skip
def test_habits_and_pregnancy(resource: dict[str, Any], expected: dict[str, Any]) -> None:
    assert values(read(resource)) == expected


def test_the_newest_measurement_counts() -> None:
    old = observation("39156-5", "2020-01-01", **quantity(40, "kg/m2"))
    new = observation("39156-5", "2026-01-01", **quantity(30, "kg/m2"))
    reading = read(new, old)
    assert values(reading) == {"body_mass_index": 30.0}
    assert reading.account.unused["Observation"] == {"a newer one counts": 1}


@pytest.mark.parametrize(
    ("text", "status", "day", "expected"),
    [
        ("Lumbar laminectomy", "completed", "1999-01-01", {"spine_surgery": True}),
        ("Total thyroidectomy (procedure)", "completed", "", {"thyroid_surgery": True}),
        ("Hemodialysis (procedure)", "completed", "2026-06-27", {"dialysis": True}),
        ("Hemodialysis (procedure)", "completed", "2016-06-27", {}),
        ("Education about hemodialysis", "completed", "2026-06-27", {}),
        ("Total thyroidectomy", "not-done", "2026-06-27", {}),
        ("Diabetes management plan", "completed", "2026-06-27", {}),
    ],
)
def test_procedures(text: str, status: str, day: str, expected: dict[str, Any]) -> None:
    done = {"resourceType": "Procedure", "status": status, "code": {"text": text}}
    assert values(read({**done, "performedDateTime": day} if day else done)) == expected


def test_questionnaires_with_our_ids_are_answers() -> None:
    items = [
        {"linkId": "relief_stretch", "answer": [{"valueBoolean": True}]},
        {
            "linkId": "group",
            "item": [{"linkId": "nights_per_month", "answer": [{"valueInteger": 9}]}],
        },
        {"linkId": "onset", "answer": [{"valueDate": "2026-06-20"}]},
        {"linkId": "side", "answer": [{"valueCoding": {"code": "both"}}]},
        {"linkId": "sex", "answer": [{"valueString": "often"}]},
    ]
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": items}
    reading = read({**response, "authored": "2026-06-30"})
    assert values(reading) == {
        "relief_stretch": True, "nights_per_month": 9.0, "onset": 10.0, "side": "both",
    }  # fmt: skip
    assert reading.account.unused["answers"] == {"an answer that does not fit its question": 1}


# Files, versions, whose record


PATIENT = {"resourceType": "Patient", "id": "1", "gender": "male"}
KETTLE = {**condition(DIABETES), "subject": {"reference": "Patient/1"}}


def test_shapes_of_files(tmp_path: Path) -> None:
    both = [PATIENT, KETTLE]
    lines = "\n".join(map(json.dumps, both))
    bundle = json.dumps({"resourceType": "Bundle", "entry": [{"resource": r} for r in both]})
    (tmp_path / "a.json").write_text(bundle)
    (tmp_path / "bom.json").write_text(bundle, encoding="utf-8-sig")
    (tmp_path / "wide.json").write_text(bundle, encoding="utf-16")
    (tmp_path / "b.ndjson").write_text(lines)
    (tmp_path / "lines.json").write_text(lines)
    (tmp_path / "c.json.gz").write_bytes(gzip.compress(bundle.encode()))
    (tmp_path / "d.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.writestr("Patient.ndjson", json.dumps(PATIENT))
        archive.writestr("fhir/Condition.ndjson.gz", gzip.compress(json.dumps(KETTLE).encode()))
        archive.writestr("readme.txt", "hello")
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "Patient.ndjson").write_text(json.dumps(PATIENT))
    (folder / "Condition.ndjson").write_text(json.dumps(KETTLE))
    (folder / "settings.json").write_text("{}")
    for path in sorted(tmp_path.iterdir()):
        assert values(read_fhir(path, knowledge(), TODAY)) == {"sex": "male", "diabetes": True}


def test_the_place_of_a_fact(tmp_path: Path) -> None:
    (tmp_path / "Condition.ndjson").write_text("\n" + json.dumps({**KETTLE, "id": "7"}))
    (fact,) = read_fhir(tmp_path, knowledge(), TODAY).facts
    assert fact.provenance.file == str(tmp_path)
    assert fact.provenance.at == "Condition.ndjson line 2 Condition/7"


def test_times_count_back_from_the_newest_date_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    dated = [
        request("Furosemide", "2019-03-01"),
        observation("8302-2", "2019-03-11T09:00:00+02:00"),
    ]
    future = observation("8302-2", "2999-01-01")
    path.write_text("\n".join(map(json.dumps, [*dated, future])))
    reading = read_fhir(path, knowledge())
    assert reading.as_of == dt.date(2019, 3, 11)
    assert values(reading)["furosemide"].since_days == 10.0
    assert reading.account.unused["dates"] == {"in the future": 1}


def test_several_people_must_be_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    other = {**PATIENT, "id": "2", "gender": "female"}
    theirs = {**condition({"text": "Asthma"}), "subject": {"reference": "Patient/2"}}
    path.write_text("\n".join(map(json.dumps, [PATIENT, KETTLE, other, theirs])))
    with pytest.raises(InputError, match="several people"):
        read_fhir(path, knowledge(), TODAY)
    assert values(read_fhir(path, knowledge(), TODAY, patient="1")) == {
        "sex": "male",
        "diabetes": True,
    }
    assert values(read_fhir(path, knowledge(), TODAY, patient="2")) == {
        "sex": "female",
        "asthma": True,
    }
    with pytest.raises(InputError, match="no Patient with the id 3"):
        read_fhir(path, knowledge(), TODAY, patient="3")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ({"reference": "Patient/1"}, True),
        ({"reference": "https://example.org/fhir/Patient/1"}, True),
        ({"reference": "Patient/1/_history/4"}, True),
        ({"reference": "Patient?identifier=mrn|77"}, True),
        ({"identifier": {"system": "mrn", "value": "77"}}, True),
        ({"reference": "Patient/2"}, False),
        ({"reference": "Group/1"}, False),
        ({"reference": "Patient?identifier=mrn|78"}, False),
    ],
)
def test_whose_resource(subject: dict[str, Any], expected: bool) -> None:
    patient = {"resourceType": "Patient", "id": "1", "identifier": [{"value": "77"}]}
    reading = read(patient, {**condition(DIABETES), "subject": subject})
    assert ("diabetes" in values(reading)) is expected


def test_urn_references() -> None:
    entries = [
        {"fullUrl": "urn:uuid:aa", "resource": {"resourceType": "Patient", "gender": "female"}},
        {"fullUrl": "urn:uuid:bb", "resource": {**KETTLE, "subject": {"reference": "urn:uuid:aa"}}},
    ]
    assert values(read({"resourceType": "Bundle", "entry": entries})) == {
        "sex": "female", "diabetes": True,
    }  # fmt: skip


def test_copies_and_versions_of_one_resource_count_once() -> None:
    old = {**condition(DIABETES), "id": "7", "meta": {"lastUpdated": "2020-01-01T00:00:00Z"}}
    new = {**old, **verified("refuted"), "meta": {"lastUpdated": "2021-01-01T00:00:00Z"}}
    for order in ([old, new, new], [new, old, old]):
        reading = read(*order)
        assert values(reading) == {"diabetes": False}
        assert reading.account.unused["Condition"].total() == 2


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "MedicationOrder"},
        {"resourceType": "Condition", "clinicalStatus": "active", "code": DIABETES},
        {"resourceType": "Condition", "code": DIABETES, "assertedDate": "2017-01-01"},
        {"resourceType": "MedicationStatement", "taken": "y", **FUROSEMIDE},
        {"resourceType": "Procedure", "notDone": True},
    ],
)
def test_older_versions_are_refused(resource: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="older FHIR version"):
        read(resource)
    phone = read_fhir_resources([resource], knowledge(), TODAY, file="phone", one_person=True)
    assert phone.facts == []


def test_version_five_is_read() -> None:
    stated = {
        "resourceType": "MedicationStatement",
        "status": "recorded",
        "medication": {"concept": {"text": "Furosemide 40 mg"}},
        "effectivePeriod": {"start": "2026-06-01"},
    }
    done = {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"text": "Discectomy"},
        "occurrenceDateTime": "2020-01-01",
    }
    found = values(read(stated, done))
    assert found["spine_surgery"] is True
    assert found["furosemide"].taking is True
