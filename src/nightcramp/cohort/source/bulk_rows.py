"""Reads the lines of a FHIR bulk export into tables: what is used of each kind of record.

DuckDB parses every line once. Dates become days since 1970-01-01 by the rules of
`intake/fhir/dates.py`; with a date that leaves the day open goes the first day it can mean
(`..._from`). `why` says why a record is not used.
"""

from __future__ import annotations

import datetime as dt
import glob
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from nightcramp.cohort.source.arrays import EPOCH
from nightcramp.cohort.source.bulk_files import NEWER, OLDER
from nightcramp.intake.fhir.conditions import OVER, UNSURE
from nightcramp.intake.fhir.dates import EARLIEST
from nightcramp.intake.fhir.medicines import (
    MOST_DAYS,
    NEVER,
    NOT_TAKEN,
    PLANS,
    STOPPED,
    UNIT_DAYS,
)
from nightcramp.intake.fhir.observations import USED, WORDS
from nightcramp.intake.fhir.procedures import DONE
from nightcramp.intake.fhir.reader import OLD_PROFILES
from nightcramp.person.duration import DAYS

MEDICINES = (
    "MedicationRequest",
    "MedicationStatement",
    "MedicationDispense",
    "MedicationAdministration",
)
PERIOD = 'STRUCT("start" VARCHAR, "end" VARCHAR)'
QUANTITY = "STRUCT(value VARCHAR, comparator VARCHAR, unit VARCHAR, code VARCHAR)"
CODED = "STRUCT(coding STRUCT(code VARCHAR)[])"
DOSAGE = (
    f'STRUCT(timing STRUCT("repeat" STRUCT(boundsPeriod {PERIOD}, boundsDuration {QUANTITY})))[]'
)
MEASURED = {
    "code": "JSON",
    "valueQuantity": QUANTITY,
    "valueInteger": "VARCHAR",
    "valueString": "VARCHAR",
    "valueCodeableConcept": "JSON",
    "interpretation": f"{CODED}[]",
    "referenceRange": f"STRUCT(low {QUANTITY}, high {QUANTITY}, type {CODED})[]",
}
COMMON = {
    "resourceType": "VARCHAR",
    "id": "VARCHAR",
    "meta": "STRUCT(lastUpdated VARCHAR, profile VARCHAR[])",
    "modifierExtension": "JSON",
    "subject": "STRUCT(reference VARCHAR)",
}
NUMBER = r"^\s*([<>]?)=?\s*(-?\d+(?:[.,]\d+)?)\s*(.*?)\s*$"
"""A result written as words that are a number, perhaps with its unit."""


class Kind(Struct, frozen=True, kw_only=True):
    """How one kind of record is read.

    `columns`: fields and their types. `why`: cases in which it is not used, the first that
    holds. `picked`: texts chosen among its fields. `kept`: what is kept, made of those.
    """

    columns: Mapping[str, str]
    why: Sequence[tuple[str, str]] = ()
    picked: Mapping[str, str]
    kept: Mapping[str, str]
    seen: Sequence[str] = ()
    since: Sequence[str] = ()


def _texts(words: Iterable[str]) -> str:
    return ", ".join(text(word) for word in sorted(words))


def text(word: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + word.replace("'", "''") + "'"


def _first(*dates: str) -> str:
    """Return the first of some dates that can be one."""
    return f"coalesce({', '.join(f'dated({date})' for date in dates)})"


def _day(name: str) -> dict[str, str]:
    return {name: f"day_of({name}_on)", f"{name}_from": f"from_of({name}_on)"}


CONDITION = Kind(
    columns={
        "clinicalStatus": "JSON",
        "verificationStatus": "JSON",
        "code": "JSON",
        "onsetDateTime": "VARCHAR",
        "onsetPeriod": PERIOD,
        "abatementDateTime": "VARCHAR",
        "abatementPeriod": PERIOD,
        "abatementString": "VARCHAR",
        "abatementBoolean": "VARCHAR",
        "recordedDate": "VARCHAR",
    },
    why=(
        ("misfit", "misfits(clinicalStatus) OR misfits(verificationStatus)"),
        ("in_error", "code_in(verificationStatus) = 'entered-in-error'"),
        ("unconfirmed", f"code_in(verificationStatus) IN ({_texts(UNSURE)})"),
        ("refuted", "code_in(verificationStatus) = 'refuted'"),
        ("no_code", "written(code) = ''"),
    ),
    picked={
        "code": "written(code)",
        "recorded_on": _first("recordedDate"),
        "onset_on": _first("onsetDateTime", 'onsetPeriod."start"'),
        "abated_on": _first("abatementDateTime", 'abatementPeriod."end"'),
        "over": f"coalesce(code_in(clinicalStatus) IN ({_texts(OVER)}), false)"
        " OR coalesce(abatementString, '') <> '' OR coalesce(abatementBoolean = 'true', false)",
    },
    kept={
        "code": "code",
        **_day("recorded"),
        **_day("onset"),
        **_day("abated"),
        "over": "over",
    },
    seen=("recordedDate", "onsetDateTime"),
    since=("coalesce(seen(recordedDate), seen(onsetDateTime))",),
)
PROCEDURE = Kind(
    columns={
        "status": "VARCHAR",
        "code": "JSON",
        "performedDateTime": "VARCHAR",
        "performedPeriod": PERIOD,
    },
    why=(
        ("in_error", "lower(status) = 'entered-in-error'"),
        ("not_done", f"lower(coalesce(status, '')) NOT IN ({_texts(DONE)})"),
        ("no_code", "written(code) = ''"),
    ),
    picked={
        "code": "written(code)",
        "done_on": _first('performedPeriod."end"', 'performedPeriod."start"', "performedDateTime"),
    },
    kept={"code": "code", **_day("done")},
    seen=("performedDateTime", 'performedPeriod."end"', 'performedPeriod."start"'),
)
ENCOUNTER = Kind(
    columns={"period": PERIOD},
    picked={},
    kept={},
    seen=('period."end"', 'period."start"'),
)


def _measured(of: str = "") -> dict[str, str]:
    """Return what is picked of an observation, or (`of`: `part.`) of one component of it."""
    number = f"regexp_extract({of}valueString, {text(NUMBER)}, 2)"
    unit = f"regexp_extract({of}valueString, {text(NUMBER)}, 3)"
    ranges = (
        f"list_filter({of}referenceRange, lambda r: r.type IS NULL OR coded(r.type) = 'normal')"
    )
    quantity = f"finite({of}valueQuantity.value)"
    words = _texts({word.lower() for word in WORDS})
    return {
        "code": f"written({of}code)",
        "value": f"coalesce({quantity}, finite({of}valueInteger), "
        f"finite(replace({number}, ',', '.')))",
        "ucum": f"CASE WHEN {quantity} IS NULL THEN '' ELSE coalesce({of}valueQuantity.code, '') "
        "END",
        "unit": f"CASE WHEN {quantity} IS NOT NULL THEN coalesce({of}valueQuantity.unit, '')"
        f" WHEN {of}valueInteger IS NULL THEN coalesce({unit}, '') ELSE '' END",
        "answer": f"written({of}valueCodeableConcept)",
        "words": f"coalesce(left({of}valueString, 400), '')",
        "judged": f"coalesce(list_bool_or(list_transform({of}interpretation, "
        f"lambda i: coded(i) IN ({words}))), false)",
        "ranges": f"CASE WHEN len({ranges}) = 1 THEN {ranges}[1] END",
    }


RESULT = {
    "code": "code",
    "value": "value",
    "ucum": "ucum",
    "unit": "unit",
    "answer": "answer",
    "words": "words",
    "judged": "judged",
    "low": "limited(ranges.low, ucum, unit)",
    "high": "limited(ranges.high, ucum, unit)",
}
COMPONENT = "STRUCT(" + ", ".join(f"{name} {kind}" for name, kind in MEASURED.items()) + ")[]"
OBSERVATION = Kind(
    columns={
        **MEASURED,
        "status": "VARCHAR",
        "focus": "JSON",
        "effectiveDateTime": "VARCHAR",
        "effectiveInstant": "VARCHAR",
        "effectivePeriod": PERIOD,
        "issued": "VARCHAR",
        "component": COMPONENT,
    },
    why=(
        ("in_error", "lower(status) = 'entered-in-error'"),
        ("no_result", f"lower(coalesce(status, '')) NOT IN ({_texts(USED)})"),
        ("about_another", "written(focus) NOT IN ('', '[]')"),
    ),
    picked={
        **_measured(),
        "measured_on": "dated(coalesce(effectiveDateTime, effectiveInstant, "
        'effectivePeriod."end", effectivePeriod."start", issued))',
        "component": "component",
    },
    kept={**RESULT, **_day("measured"), "component": "component"},
    seen=(
        "effectiveDateTime",
        "effectiveInstant",
        "issued",
        'effectivePeriod."end"',
        'effectivePeriod."start"',
    ),
)


# Medicines

NAMED = {
    "contained": "JSON",
    "medicationCodeableConcept": "JSON",
    "medicationReference": "STRUCT(reference VARCHAR)",
}
POINTS = "medicationReference.reference"
PRODUCT = {
    "coded": "written(medicationCodeableConcept)",
    "points": f"coalesce({POINTS}, '')",
    "inside": f"CASE WHEN starts_with({POINTS}, '#') THEN coalesce(product_of("
    f"inner_of(contained, substr({POINTS}, 2)), contained), '') ELSE '' END",
}
TAKEN = {
    "coded": "coded",
    "points": "points",
    "inside": "inside",
    **_day("start"),
    "until": "until",
    "days": "days",
    "going": "going",
}
REFUSED = tuple(
    (
        {"entered-in-error": "in_error"}.get(status, "not_taken"),
        f"lower(status) = {text(status)}",
    )
    for status in NEVER
)
GOING = f"lower(coalesce(status, '')) NOT IN ('', 'unknown', {_texts(STOPPED)})"
STOPS = f"lower(coalesce(status, '')) IN ({_texts(STOPPED)})"


def _bounds(dosage: str) -> dict[str, str]:
    """Return the first and the last day, and the days, that the instructions name."""
    repeat = 'd.timing."repeat"'
    period = f"list_filter({dosage}, lambda d: {repeat}.boundsPeriod IS NOT NULL)[1]"
    length = f"list_filter({dosage}, lambda d: {repeat}.boundsDuration IS NOT NULL)[1]"
    return {
        "bound": f'{period}.timing."repeat".boundsPeriod',
        "lasts": f'CASE WHEN {period} IS NULL THEN {length}.timing."repeat".boundsDuration END',
    }


REQUEST = Kind(
    columns={
        **NAMED,
        "status": "VARCHAR",
        "intent": "VARCHAR",
        "doNotPerform": "VARCHAR",
        "authoredOn": "VARCHAR",
        "dosageInstruction": DOSAGE,
        "dispenseRequest": f"STRUCT(validityPeriod {PERIOD}, expectedSupplyDuration {QUANTITY}, "
        "numberOfRepeatsAllowed VARCHAR)",
    },
    why=(
        *REFUSED,
        ("not_to_give", "doNotPerform = 'true'"),
        ("not_taken", f"lower(intent) IN ({_texts(PLANS)})"),
    ),
    picked={
        **PRODUCT,
        **_bounds("dosageInstruction"),
        "authored_on": _first("authoredOn"),
        "valid_on": 'dated(dispenseRequest.validityPeriod."end")',
        "supply": "dispenseRequest.expectedSupplyDuration",
        "times": "1 + greatest(0, coalesce(TRY_CAST(dispenseRequest.numberOfRepeatsAllowed "
        "AS INTEGER), 0))",
        "going": GOING,
        "stops": STOPS,
    },
    kept={
        **TAKEN,
        "start": 'coalesce(day_of(bound."start"), day_of(authored_on))',
        "start_from": 'CASE WHEN day_of(bound."start") IS NOT NULL THEN from_of(bound."start") '
        "ELSE from_of(authored_on) END",
        "until": 'coalesce(day_of(bound."end"), day_of(authored_on) + '
        "floor(length_of(lasts, '', 1))::INTEGER, CASE WHEN stops THEN day_of(valid_on) END)",
        "days": "length_of(supply, '', times)",
    },
    seen=("authoredOn",),
)
STATEMENT = Kind(
    columns={
        **NAMED,
        "status": "VARCHAR",
        "effectiveDateTime": "VARCHAR",
        "effectivePeriod": PERIOD,
        "dateAsserted": "VARCHAR",
        "dosage": DOSAGE,
    },
    why=(*REFUSED, ("not_taken", f"lower(status) IN ({_texts(NOT_TAKEN)})")),
    picked={
        **PRODUCT,
        **_bounds("dosage"),
        "start_on": _first('effectivePeriod."start"', "effectiveDateTime"),
        "ended_on": 'dated(effectivePeriod."end")',
        "asserted_on": _first("dateAsserted"),
        "going": GOING,
        "stops": STOPS,
    },
    kept={
        **TAKEN,
        "start": 'coalesce(day_of(start_on), day_of(bound."start"), day_of(asserted_on))',
        "start_from": "CASE WHEN start_on IS NOT NULL THEN from_of(start_on) "
        'WHEN day_of(bound."start") IS NOT NULL THEN from_of(bound."start") '
        "ELSE from_of(asserted_on) END",
        "until": 'coalesce(day_of(ended_on), day_of(bound."end"))',
        "days": "NULL::DOUBLE",
    },
    seen=(
        "dateAsserted",
        "effectiveDateTime",
        'effectivePeriod."end"',
        'effectivePeriod."start"',
    ),
)
DISPENSE = Kind(
    columns={
        **NAMED,
        "status": "VARCHAR",
        "whenPrepared": "VARCHAR",
        "whenHandedOver": "VARCHAR",
        "daysSupply": QUANTITY,
    },
    why=REFUSED,
    picked={
        **PRODUCT,
        "start_on": _first("whenHandedOver", "whenPrepared"),
        "supply": "daysSupply",
    },
    kept={
        **TAKEN,
        "until": "NULL::INTEGER",
        "days": "length_of(supply, 'd', 1)",
        "going": "false",
    },
    seen=("whenHandedOver", "whenPrepared"),
)
ADMINISTRATION = Kind(
    columns={
        **NAMED,
        "status": "VARCHAR",
        "effectiveDateTime": "VARCHAR",
        "effectivePeriod": PERIOD,
    },
    why=REFUSED,
    picked={
        **PRODUCT,
        "start_on": _first('effectivePeriod."start"', "effectiveDateTime"),
        "ended_on": 'dated(effectivePeriod."end")',
        "going": "coalesce(lower(status) = 'in-progress', false)",
    },
    kept={
        **TAKEN,
        "until": "CASE WHEN NOT going THEN coalesce(day_of(ended_on), day_of(start_on)) END",
        "days": "NULL::DOUBLE",
    },
    seen=("effectiveDateTime", 'effectivePeriod."end"', 'effectivePeriod."start"'),
)
READ: dict[str, Kind] = {
    "Encounter": ENCOUNTER,
    "Condition": CONDITION,
    "Procedure": PROCEDURE,
    "Observation": OBSERVATION,
    "MedicationRequest": REQUEST,
    "MedicationStatement": STATEMENT,
    "MedicationDispense": DISPENSE,
    "MedicationAdministration": ADMINISTRATION,
}
PATIENT = {
    "resourceType": "VARCHAR",
    "id": "VARCHAR",
    "meta": COMMON["meta"],
    "gender": "VARCHAR",
    "birthDate": "VARCHAR",
    "deceasedDateTime": "VARCHAR",
}
MEDICATION = {
    "resourceType": "VARCHAR",
    "id": "VARCHAR",
    "meta": COMMON["meta"],
    "code": "JSON",
    "ingredient": "JSON",
    "contained": "JSON",
}


def macros(today: dt.date) -> Iterable[str]:
    """Yield the definitions of what the other statements call."""
    now = (today - EPOCH).days
    words = " ".join(f"WHEN {text(name)} THEN {days!r}" for name, days in DAYS.items())
    codes = " ".join(f"WHEN {text(name)} THEN {days!r}" for name, days in UNIT_DAYS.items())
    one = "CASE WHEN length({0}) = 10 OR substr({0}, 11, 1) IN ('T', ' ') THEN left({0}, 10)"
    full = one.format("t")
    yield (
        "whole(t) AS CASE WHEN TRY_CAST(t AS DATE)::VARCHAR = t AND TRY_CAST(t AS DATE) >= "
        f"DATE '{EARLIEST}-01-01' THEN (TRY_CAST(t AS DATE) - DATE '1970-01-01')::INTEGER END"
    )
    yield (
        f"day_of(t) AS whole({full} WHEN length(t) = 7 THEN t || '-15' "
        "WHEN length(t) = 4 THEN t || '-07-01' END)"
    )
    yield (
        "from_of(t) AS CASE WHEN length(t) = 7 THEN whole(t || '-01') "
        "WHEN length(t) = 4 THEN whole(t || '-01-01') END"
    )
    yield "dated(t) AS CASE WHEN day_of(t) IS NOT NULL THEN t END"
    yield f"seen(t) AS CASE WHEN whole({full} END) <= {now} THEN whole({full} END) END"
    yield "written(j) AS coalesce(nullif(j::VARCHAR, 'null'), '')"
    yield "misfits(j) AS coalesce(json_type(j) NOT IN ('OBJECT', 'NULL'), false)"
    yield (
        "code_in(j) AS lower(list_filter(json_extract_string(j, '$.coding[*].code'), "
        "lambda c: c <> '')[1])"
    )
    yield "finite(v) AS CASE WHEN isfinite(TRY_CAST(v AS DOUBLE)) THEN TRY_CAST(v AS DOUBLE) END"
    yield "coded(c) AS lower(list_filter(c.coding, lambda x: x.code <> '')[1].code)"
    yield (
        "person_of(t) AS CASE WHEN contains(t, '/_history/') THEN split_part(t, '/', -3) "
        "ELSE split_part(replace(t, 'urn:uuid:', 'Patient/'), '/', -1) END"
    )
    yield (
        "is_person(t) AS starts_with(t, 'urn:uuid:') OR "
        "split_part(t, '/', CASE WHEN contains(t, '/_history/') THEN -4 ELSE -2 END) = 'Patient'"
    )
    yield (
        "inner_of(all_of_them, wanted) AS list_filter(json_extract(all_of_them, '$[*]'), "
        "lambda c: json_extract_string(c, '$.id') = wanted "
        "AND json_extract_string(c, '$.resourceType') = 'Medication')[1]"
    )
    yield (
        "product_of(m, parts) AS CASE WHEN m IS NOT NULL THEN json_object('code', "
        "json_extract(m, '$.code'), 'ingredient', json_extract(m, '$.ingredient'), 'contained', "
        "CASE WHEN contains(json_extract(m, '$.ingredient')::VARCHAR, '\"#') THEN parts END)"
        "::VARCHAR END"
    )
    yield "medication_of(t) AS person_of(replace(t, 'urn:uuid:', 'Medication/'))"
    yield (
        "length_in(q, other) AS finite(q.value) * coalesce("
        f"CASE coalesce(nullif(q.code, ''), other) {codes} END, "
        f"CASE rtrim(lower(q.unit), 's') {words} END)"
    )
    yield (
        "length_of(q, other, times) AS CASE WHEN length_in(q, other) * times > 0 AND "
        f"length_in(q, other) * times < {MOST_DAYS!r} THEN length_in(q, other) * times END"
    )
    yield (
        "limited(q, ucum, unit) AS CASE WHEN (coalesce(q.code, '') IN ('', ucum) AND "
        "coalesce(q.unit, '') IN ('', unit)) OR (coalesce(q.unit, '') <> '' AND q.unit = unit) "
        "THEN finite(q.value) END"
    )


def lines(files: Sequence[str], columns: Mapping[str, str]) -> str:
    """Return the rows of some files of lines as SQL names them."""
    typed = ", ".join(f"{name}: {text(kind)}" for name, kind in columns.items())
    listed = ", ".join(text(glob.escape(file)) for file in files)
    return (
        f"read_json([{listed}], format='newline_delimited', columns={{{typed}}}, filename='file')"
    )


def fault(kind: str) -> str:
    """Return the expression that is true for a line that is no R4 record of a kind."""
    marks = "|".join(mark.replace(".", r"\.") for mark in OLD_PROFILES)
    tests = [f"resourceType IS DISTINCT FROM {text(kind)}"]
    tests += [f"{name} IS NOT NULL" for name in _telltales(kind)]
    tests.append(
        f"coalesce(regexp_matches(array_to_string(meta.profile, ' '), {text(marks)}), false)"
    )
    if kind == "Condition":
        tests.append("coalesce(json_type(clinicalStatus) = 'VARCHAR', false)")
        tests.append("coalesce(json_type(verificationStatus) = 'VARCHAR', false)")
    if kind == "Patient":
        tests.append("coalesce(id, '') = ''")
    return " OR ".join(tests)


def _telltales(kind: str) -> tuple[str, ...]:
    return (*OLDER.get(kind, ()), *NEWER.get(kind, ()))


def table_of(kind: str, files: Sequence[str]) -> str:
    """Return the statement that reads one kind of record into the table of its name."""
    read = READ[kind]
    columns = {**COMMON, **read.columns, **dict.fromkeys(_telltales(kind), "JSON")}
    unread = [("modifier", "written(modifierExtension) NOT IN ('', '[]')"), *read.why]
    cases = " ".join(f"WHEN {test} THEN {text(name)}" for name, test in unread)
    days = [f"seen({name})" for name in read.seen]
    first = [*read.since] or days
    picked = {
        "fault": fault(kind),
        "file": "file",
        "mark": "md5_number(id)",
        "updated": "epoch_us(TRY_CAST(meta.lastUpdated AS TIMESTAMPTZ))",
        "patient": "CASE WHEN is_person(subject.reference) THEN person_of(subject.reference) END",
        "why": f"CASE {cases} END",
        "first_seen": f"least({', '.join(first)})",
        "last_seen": f"greatest({', '.join(days)})",
        **read.picked,
    }
    kept = {name: name for name in ("fault", "file", "mark", "updated", "why")}
    kept |= {"first_seen": "first_seen", "last_seen": "last_seen", **read.kept}
    return (
        f"CREATE TABLE {kind} AS SELECT person, {_listed(kept)} FROM (SELECT {_listed(picked)} "
        f"FROM {lines(files, columns)}) LEFT JOIN people USING (patient)"
    )


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} AS {name}" for name, expression in columns.items())


def components() -> str:
    """Return the statement that adds the components of observations as observations."""
    kept = {name: name for name in ("person", "fault", "file", "mark", "updated", "why")}
    kept |= {"first_seen": "first_seen", "last_seen": "last_seen", **RESULT}
    kept |= {"measured": "measured", "measured_from": "measured_from", "component": "NULL"}
    carried = [name for name in kept if name not in RESULT and name != "component"]
    return (
        f"INSERT INTO Observation SELECT {_listed(kept)} FROM (SELECT {', '.join(carried)}, "
        f"{_listed(_measured('part.'))} FROM (SELECT *, unnest(component) AS part "
        "FROM Observation WHERE component IS NOT NULL))"
    )
