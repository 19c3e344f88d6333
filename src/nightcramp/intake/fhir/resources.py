"""The fields of FHIR resources that are read, and how a resource is fitted to them."""

from __future__ import annotations

import functools
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct, field

R = TypeVar("R", bound="Resource")


class Extension(Struct, gc=False):
    """Something FHIR itself has no place for, of the kinds that are read."""

    url: str = ""
    extension: list[Extension] = []
    words: str = field(name="valueString", default="")
    code_word: str = field(name="valueCode", default="")
    decimal: float | None = field(name="valueDecimal", default=None)
    truth: bool | None = field(name="valueBoolean", default=None)


class Element(Struct, gc=False):
    """What stands beside a plain value."""

    extension: list[Extension] = []


class Annotation(Struct, gc=False):
    """A note."""

    words: str = field(name="text", default="")


class Coding(Struct, rename="camel", gc=False):
    """One code of one system."""

    system: str = ""
    code: str = ""
    display: str = ""


class Concept(Struct, rename="camel", gc=False):
    """Something named by codes, by words, or by both."""

    coding: list[Coding] = []
    text: str = ""


class Identifier(Struct, rename="camel", gc=False):
    """A number an organisation knows somebody or something by."""

    system: str = ""
    value: str = ""


class Reference(Struct, rename="camel", gc=False):
    """A pointer to another resource."""

    reference: str = ""
    type: str = ""
    identifier: Identifier | None = None


class CodeableReference(Struct, rename="camel", gc=False):
    """R5: a concept or a pointer."""

    concept: Concept | None = None
    reference: Reference | None = None


class Quantity(Struct, rename="camel", gc=False):
    """A number with its unit, as words and as a code."""

    value: float | None = None
    comparator: str = ""
    unit: str = ""
    code: str = ""
    extension: list[Extension] = []


class Period(Struct, rename="camel", gc=False):
    """From when to when, either end open."""

    start: str = ""
    end: str = ""
    beside_start: Element | None = field(name="_start", default=None)
    beside_end: Element | None = field(name="_end", default=None)


class ReferenceRange(Struct, rename="camel", gc=False):
    """The range a laboratory printed beside a result."""

    low: Quantity | None = None
    high: Quantity | None = None
    type: Concept | None = None


class Measured(Struct, rename="camel", gc=False):
    """A code with its value: an observation, or one component of it."""

    code: Concept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_string: str = ""
    value_integer: int | None = None
    value_boolean: bool | None = None
    value_date_time: str = ""
    interpretation: list[Concept] = []
    reference_range: list[ReferenceRange] = []
    data_absent_reason: Concept | None = None


class Meta(Struct, rename="camel", gc=False):
    """Which version of a resource this is."""

    version_id: str = ""
    last_updated: str = ""
    profile: list[str] = []
    tag: list[Coding] = []


class Resource(Struct, rename="camel", gc=False, kw_only=True):
    """What every resource may carry."""

    id: str = ""
    meta: Meta | None = None
    contained: list[Raw] = []
    modifier_extension: list[Raw] = []
    extension: list[Extension] = []


class Patient(Resource, rename="camel", gc=False, kw_only=True):
    """Whose record it is."""

    identifier: list[Identifier] = []
    gender: str = ""
    birth_date: str = ""
    deceased_boolean: bool | None = None
    deceased_date_time: str = ""


class Condition(Resource, rename="camel", gc=False, kw_only=True):
    """A diagnosis or a state."""

    clinical_status: Concept | None = None
    verification_status: Concept | None = None
    code: Concept | None = None
    subject: Reference | None = None
    onset_date_time: str = ""
    onset_period: Period | None = None
    abatement_date_time: str = ""
    abatement_period: Period | None = None
    abatement_string: str = ""
    abatement_boolean: bool | None = None
    recorded_date: str = ""
    date_recorded: str = ""
    asserted_date: str = ""


class Observation(Measured, rename="camel", gc=False, kw_only=True):
    """A measurement, a laboratory result, a vital sign or a statement about a habit."""

    id: str = ""
    meta: Meta | None = None
    contained: list[Raw] = []
    modifier_extension: list[Raw] = []
    extension: list[Extension] = []
    status: str = ""
    subject: Reference | None = None
    focus: list[Reference] = []
    effective_date_time: str = ""
    effective_period: Period | None = None
    effective_instant: str = ""
    issued: str = ""
    component: list[Measured] = []
    note: list[Annotation] = []
    beside_effective: Element | None = field(name="_effectiveDateTime", default=None)


class Procedure(Resource, rename="camel", gc=False, kw_only=True):
    """Something done to the person."""

    status: str = ""
    code: Concept | None = None
    subject: Reference | None = None
    performed_date_time: str = ""
    performed_period: Period | None = None
    occurrence_date_time: str = ""
    occurrence_period: Period | None = None
    not_done: bool | None = None
    not_performed: bool | None = None


class Repeat(Struct, rename="camel", gc=False):
    """How often a dose is due, and until when."""

    bounds_period: Period | None = None
    bounds_duration: Quantity | None = None
    period_unit: str = ""


class Timing(Struct, rename="camel", gc=False):
    """When doses are due."""

    repeat: Repeat | None = None


class DoseAndRate(Struct, rename="camel", gc=False):
    """How much one dose is."""

    dose_quantity: Quantity | None = None


class Dosage(Struct, rename="camel", gc=False):
    """One instruction for taking a medicine."""

    words: str = field(name="text", default="")
    timing: Timing | None = None
    dose_and_rate: list[DoseAndRate] = []


class SupplyRequest(Struct, rename="camel", gc=False):
    """For how long a prescription is meant to be filled."""

    validity_period: Period | None = None
    expected_supply_duration: Quantity | None = None
    number_of_repeats_allowed: int | None = None


class Adherence(Struct, rename="camel", gc=False):
    """R5: whether a medicine is taken as told."""

    code: Concept | None = None


class Administered(Struct, rename="camel", gc=False):
    """How much was given in one administration."""

    dose: Quantity | None = None


class Ingredient(Struct, rename="camel", gc=False):
    """One substance of a product."""

    item_codeable_concept: Concept | None = None
    item_reference: Reference | None = None
    item: CodeableReference | None = None


class Medication(Resource, rename="camel", gc=False, kw_only=True):
    """A product that others point to."""

    code: Concept | None = None
    ingredient: list[Ingredient] = []


class MedicationUse(Resource, rename="camel", gc=False, kw_only=True):
    """What the four kinds of medication records have in common."""

    status: str = ""
    subject: Reference | None = None
    medication: CodeableReference | None = None
    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None


class MedicationRequest(MedicationUse, rename="camel", gc=False, kw_only=True):
    """A prescription."""

    intent: str = ""
    do_not_perform: bool | None = None
    authored_on: str = ""
    dosage_instruction: list[Dosage] = []
    dispense_request: SupplyRequest | None = None


class MedicationStatement(MedicationUse, rename="camel", gc=False, kw_only=True):
    """What somebody says about a medicine taken."""

    effective_date_time: str = ""
    effective_period: Period | None = None
    date_asserted: str = ""
    dosage: list[Dosage] = []
    adherence: Adherence | None = None
    taken: str = ""
    was_not_taken: bool | None = None


class MedicationDispense(MedicationUse, rename="camel", gc=False, kw_only=True):
    """A medicine handed over by a pharmacy."""

    when_prepared: str = ""
    when_handed_over: str = ""
    days_supply: Quantity | None = None
    dosage_instruction: list[Dosage] = []


class MedicationAdministration(MedicationUse, rename="camel", gc=False, kw_only=True):
    """A medicine given to the person."""

    effective_date_time: str = ""
    effective_period: Period | None = None
    occurence_date_time: str = ""
    occurence_period: Period | None = None
    dosage: Administered | None = None
    not_given: bool | None = None
    was_not_given: bool | None = None


class Encounter(Resource, rename="camel", gc=False, kw_only=True):
    """A visit; only its date is read."""

    subject: Reference | None = None
    period: Period | None = None
    actual_period: Period | None = None


class Answer(Struct, rename="camel", gc=False):
    """One answer of a questionnaire."""

    value_boolean: bool | None = None
    value_decimal: float | None = None
    value_integer: int | None = None
    value_date: str = ""
    value_date_time: str = ""
    value_string: str = ""
    value_coding: Coding | None = None
    value_quantity: Quantity | None = None
    item: list[Item] = []


class Item(Struct, rename="camel", gc=False):
    """One question of a questionnaire, or a group of them."""

    link_id: str = ""
    answer: list[Answer] = []
    item: list[Item] = []
    extension: list[Extension] = []


class QuestionnaireResponse(Resource, rename="camel", gc=False, kw_only=True):
    """The answers to a questionnaire."""

    status: str = ""
    questionnaire: str = ""
    subject: Reference | None = None
    authored: str = ""
    item: list[Item] = []


class DiagnosticReport(Resource, rename="camel", gc=False, kw_only=True):
    """A report; only the observations inside it are read."""

    status: str = ""
    subject: Reference | None = None


class RiskAssessment(Resource, rename="camel", gc=False, kw_only=True):
    """What somebody worked out; only the date of one of ours is read."""

    subject: Reference | None = None
    occurrence_date_time: str = ""


KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        Patient,
        Condition,
        Observation,
        Procedure,
        Medication,
        MedicationRequest,
        MedicationStatement,
        MedicationDispense,
        MedicationAdministration,
        Encounter,
        QuestionnaireResponse,
        DiagnosticReport,
        RiskAssessment,
    )
}
MINOR = {"meta", "reference_range", "dosage_instruction", "dosage", "dispense_request"}
MINOR |= {"extension", "url", "words", "code_word", "decimal", "truth", "note", "tag"}
MINOR |= {"beside_start", "beside_end", "beside_effective", "profile", "questionnaire"}
"""Fields that may be dropped when they do not fit, without changing what a resource says."""

_DECODERS = {name: msgspec.json.Decoder(kind, strict=False) for name, kind in KINDS.items()}


def decode(kind: str, data: bytes | Raw | Mapping[str, Any]) -> tuple[Any, list[str]]:
    """Return a resource of a known kind and the fields that did not fit and were dropped.

    Raises msgspec.DecodeError, UnicodeDecodeError or RecursionError for broken JSON.
    """
    try:
        if isinstance(data, Mapping):
            return msgspec.convert(data, KINDS[kind], strict=False), []
        return _DECODERS[kind].decode(data), []
    except msgspec.ValidationError:
        plain = data if isinstance(data, Mapping) else msgspec.json.decode(data)
        misfits: list[str] = []
        return _fitted(KINDS[kind], plain, misfits), misfits


class _MisfitError(Exception):
    """A value that cannot be read as what its field holds."""


@functools.cache
def _hints(kind: Any) -> list[tuple[str, str, Any]]:
    hints = typing.get_type_hints(kind)
    return [(f.name, f.encode_name, hints[f.name]) for f in msgspec.structs.fields(kind)]


def _fitted(kind: type[Any], data: Any, misfits: list[str]) -> Any:
    """Return a struct with every field that fits; names the others in `misfits`."""
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    if not isinstance(data, Mapping):
        raise _MisfitError
    values = {}
    for name, written, hint in _hints(kind):  # type: ignore[arg-type]
        if data.get(written) is not None:
            try:
                values[name] = _fit(hint, data[written], misfits)
            except (_MisfitError, ValueError, OverflowError):
                misfits.append(name)
    return kind(**values)


def _fit(hint: Any, value: Any, misfits: list[str]) -> Any:
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    if typing.get_origin(hint) is list:
        part = typing.get_args(hint)[0]
        return [
            _fit(part, item, misfits) for item in (value if isinstance(value, list) else [value])
        ]
    if hint is Raw:
        return Raw(msgspec.json.encode(value))
    if isinstance(hint, type) and issubclass(hint, Struct):
        return _fitted(hint, value, misfits)
    return _scalar(hint, value)


def _scalar(hint: Any, value: Any) -> Any:
    if isinstance(value, (Mapping, list)):
        raise _MisfitError
    if hint is bool:
        if value in (True, "true") or value in (False, "false"):
            return value in (True, "true")
        raise _MisfitError
    if isinstance(value, bool):
        raise _MisfitError
    if hint is str:
        return str(value)
    number = float(value)
    if not math.isfinite(number):
        raise _MisfitError
    return int(number) if hint is int else number
