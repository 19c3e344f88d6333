"""What the codings of a FHIR bulk export stand for, decided as for one person's record.

Every different coding is put alone into a record, and the readers of `intake/fhir` say what
they take from it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from nightcramp.cohort.content import CohortContent
from nightcramp.cohort.source.tokens import Token
from nightcramp.errors import InputError
from nightcramp.intake.fhir.codes import code_in, codes_of, loinc_of, name_of, texts_of
from nightcramp.intake.fhir.conditions import said_in_conditions
from nightcramp.intake.fhir.medicines import read_medicines
from nightcramp.intake.fhir.observations import Habits, read_observations
from nightcramp.intake.fhir.procedures import said_in_procedures
from nightcramp.intake.fhir.record import Entry, Record
from nightcramp.intake.fhir.references import key_of
from nightcramp.intake.fhir.resources import Concept, decode
from nightcramp.intake.reading import Account
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Lab
from nightcramp.person.units import canonical, conversion_of

OWN = "Medication/the-one-named"


class Meaning(Struct, frozen=True, kw_only=True):
    """What a coding stands for, how that was found (or why it was not), and its name."""

    tokens: tuple[Token, ...] = ()
    by: str = "none"
    name: str = ""


class Coder:
    """Decides what codings mean; `parts`: products that others name as ingredients, by id."""

    def __init__(
        self, knowledge: Knowledge, content: CohortContent, parts: Mapping[str, str]
    ) -> None:
        self.knowledge = knowledge
        self.codes = codes_of(knowledge)
        self.parts = parts
        self.day = dt.date(2000, 1, 1)
        words = "|".join(re.escape(word) for word in content.local_forms)
        self._local = re.compile(rf"\b(?:{words})\b", re.I)

    def _record(
        self, kind: str, fields: dict[str, Any], medications: dict[str, Any] | None = None
    ) -> Record:
        resource, _misfits = decode(kind, fields)
        return Record(
            knowledge=self.knowledge,
            codes=self.codes,
            file="",
            as_of=self.day,
            account=Account(),
            entries={kind: [Entry(kind, "", resource)]},
            medications=medications or {},
        )

    # Diagnoses and procedures

    def diagnosis(self, code: str) -> Meaning:
        """Return the conditions that a diagnosis says are there."""
        fields = {"code": _plain(code), "recordedDate": self.day.isoformat()}
        record = self._record("Condition", fields)
        concept = record.of("Condition")[0].resource.code or Concept()
        said = list(said_in_conditions(record))
        tokens = [Token(kind="condition", id=one.id) for one in said if one.present]
        if not tokens and (said or code_in(concept) in self.codes.content.nothing):
            return Meaning(by="denied", name=name_of(concept))
        return self._found(tokens, any(map(self.codes.condition, concept.coding)), concept)

    def procedure(self, code: str) -> Meaning:
        """Return the operations and treatments that a procedure tells of."""
        day = self.day.isoformat()
        fields = {"code": _plain(code), "status": "completed", "performedDateTime": day}
        record = self._record("Procedure", fields)
        concept = record.of("Procedure")[0].resource.code or Concept()
        operations = self.codes.content.operations
        tokens = [
            Token(kind="operation" if one.id in operations else "treatment", id=one.id)
            for one in said_in_procedures(record)
        ]
        return self._found(tokens, any(map(self.codes.condition, concept.coding)), concept)

    def _found(self, tokens: list[Token], coded: bool, concept: Concept) -> Meaning:
        by = ("code" if coded else "name") if tokens else "none"
        return Meaning(tokens=tuple(dict.fromkeys(tokens)), by=by, name=name_of(concept))

    # Medicines

    def medicine(self, product: str) -> Meaning:
        """Return the ingredients of what a record names: a concept, or a Medication."""
        written = _plain(product)
        if written.keys() & {"code", "ingredient"}:
            fields = {"medicationReference": {"reference": OWN}, "status": "active"}
            record = self._record("MedicationRequest", fields, self._medications(written))
            concept = _concept(written.get("code"))
        else:
            fields = {"medicationCodeableConcept": written, "status": "active"}
            record = self._record("MedicationRequest", fields)
            concept = _concept(written)
        facts = list(read_medicines(record))
        names = [*texts_of(concept), *(fact.provenance.written for fact in facts)]
        name = next(iter(names), "") or name_of(concept)
        if facts and any(self._local.search(one) for one in names):
            return Meaning(by="local_form", name=name)
        coded = any(self.codes.medicines(coding) for coding in concept.coding)
        tokens = [Token(kind="medicine", id=fact.id) for fact in facts if fact.kind == "medicine"]
        by = ("code" if coded else "name") if tokens else "none"
        return Meaning(tokens=tuple(tokens), by=by, name=name)

    def _medications(self, written: dict[str, Any]) -> dict[str, Any]:
        """Return the Medication itself and those that its ingredients point to."""
        found = {OWN: decode("Medication", written)[0]}
        for reference in _references(written):
            key = key_of(reference)
            other = self.parts.get(key.rpartition("/")[2].removeprefix("urn:uuid:"))
            if other:
                found[key] = decode("Medication", _plain(other))[0]
        return found

    # Observations

    def measured(self, code: str) -> Lab | str | None:
        """Return the lab that an observation is of, or the LOINC code of a question it answers."""
        fields = {"code": _plain(code), "valueString": "normal", "status": "final"}
        record = self._record("Observation", fields)
        for fact in read_observations(record, Habits()):
            return self.knowledge.labs[fact.id]
        concept = record.of("Observation")[0].resource.code or Concept()
        content = self.codes.content
        known = content.answers.keys() | content.numbers.keys()
        return next((one for one in loinc_of(concept) if one in known), None)

    def way(self, code: str) -> str:
        """Return whether it is a code by which an observation is known, or its name."""
        content = self.codes.content
        known = self.codes.labs.keys() | content.answers.keys() | content.numbers.keys()
        return "name" if known.isdisjoint(loinc_of(_concept(_plain(code)))) else "code"

    def name(self, code: str) -> str:
        """Return what a coding is called."""
        return name_of(_concept(_plain(code)))

    def lab(self, lab: Lab, ucum: str, unit: str) -> Token | None:
        """Return the token of a lab in the unit that is written, or None where it has none such."""
        written = [one for one in (ucum, unit) if one]
        for one in written or [""]:
            try:
                conversion_of(lab, one)
            except InputError:
                continue
            return Token(kind="lab", id=lab.id, unit=one)
        return None

    def number(self, code: str, ucum: str, unit: str) -> Token | None:
        """Return the token of a number that answers a question, or None in another unit."""
        wanted = self.codes.content.numbers[code]
        units = {canonical(one) for one in wanted.units}
        written = {canonical(one) for one in (ucum, unit) if one}
        if written and written.isdisjoint(units):
            return None
        return Token(kind="number", id=wanted.question)

    def answers(self, code: str, answer: str, words: str) -> list[Token]:
        """Return the tokens of an answer to a coded question."""
        fields: dict[str, Any] = {"code": _plain(code), "status": "final"}
        fields["effectiveDateTime"] = self.day.isoformat()
        fields |= {"valueCodeableConcept": _plain(answer)} if answer else {"valueString": words}
        habits = Habits()
        list(read_observations(self._record("Observation", fields), habits))
        given = {name: value for one in habits.answers for name, value in one.answers.items()}
        given |= {one.id: one.present for one in habits.pregnancy}
        return [
            Token(kind="answer", id=name, value=value)
            for name, value in given.items()
            if isinstance(value, bool | str)
        ]


def _plain(text: str) -> dict[str, Any]:
    """Return a JSON object; an empty one for anything else."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _concept(written: Any) -> Concept:
    resource, _misfits = decode("Condition", {"code": written} if written else {})
    return resource.code or Concept()


def _references(written: dict[str, Any]) -> list[str]:
    parts = written.get("ingredient")
    items = [one for one in parts if isinstance(one, dict)] if isinstance(parts, list) else []
    pointed = [one["itemReference"] for one in items if isinstance(one.get("itemReference"), dict)]
    return [str(one["reference"]) for one in pointed if one.get("reference")]
