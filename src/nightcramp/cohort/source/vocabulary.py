"""What the concepts of a database stand for: its own vocabulary where it has one, else codes.

A concept is looked up, in this order, by its OMOP id in the knowledge, by its code, by the
ancestors and relationships that the database's vocabulary tables give it, and by its name.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from nightcramp.cohort.source.address import Database, fetched, handed
from nightcramp.cohort.source.cdm import CONCEPT, table
from nightcramp.intake.fhir.codes import Codes, codes_of
from nightcramp.intake.fhir.conditions import conditions_named
from nightcramp.intake.fhir.medicines import ingredients_named
from nightcramp.intake.fhir.resources import Coding, Concept
from nightcramp.knowledge.loader import Knowledge

if TYPE_CHECKING:
    import ibis.expr.types as ir

By = Literal["omop_id", "code", "ancestor", "relationship", "name", "none"]
Subject = Literal["condition", "medicine"]

SYSTEMS = {
    "SNOMED": "http://snomed.info/sct",
    "ICD10CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "ICD10": "http://hl7.org/fhir/sid/icd-10",
    "LOINC": "http://loinc.org",
    "RxNorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "ATC": "http://www.whocc.no/atc",
    "UCUM": "http://unitsofmeasure.org",
}
UPWARD: dict[Subject, tuple[str, ...]] = {
    "condition": ("Is a",),
    "medicine": ("RxNorm has ing", "Consists of", "Tradename of", "Contains", "Form of"),
}
"""The relationships that lead from a concept to what it is made of or a kind of."""
MOST_STEPS = 6
"""So far relationships are followed; a pack leads to its ingredients in four."""


class Row(Struct, frozen=True, kw_only=True):
    """One concept as the database describes it."""

    id: int
    name: str = ""
    vocabulary: str = ""
    kind: str = ""
    code: str = ""

    def coding(self) -> Coding:
        """Return the concept as a coded statement of a record."""
        system = SYSTEMS.get(self.vocabulary, self.vocabulary)
        return Coding(system=system, code=self.code, display=self.name)


class Meaning(Struct, frozen=True, kw_only=True):
    """The ids of the knowledge that a concept stands for, and how that was found."""

    ids: tuple[str, ...] = ()
    by: By = "none"


NOTHING = Meaning()


@dataclass(frozen=True)
class Vocabulary:
    """The concepts a database uses, described by its own tables.

    `above`: of each concept, its ancestors with their distance, from `concept_ancestor`;
    `linked`: the same through relationships, for concepts without any.
    """

    knowledge: Knowledge
    rows: Mapping[int, Row]
    above: Mapping[int, dict[int, int]]
    linked: Mapping[Subject, Mapping[int, dict[int, int]]]
    _found: dict[tuple[Subject, int, bool], Meaning] = field(default_factory=dict)

    def row(self, concept: int) -> Row:
        """Return what is known of a concept; an unnamed one where the table lacks it."""
        return self.rows.get(concept) or Row(id=concept)

    def meaning(self, subject: Subject, concept: int, *, words: bool = True) -> Meaning:
        """Return what a concept stands for; `words`: whether its name may decide."""
        if not concept:
            return NOTHING
        key = subject, concept, words
        if key not in self._found:
            self._found[key] = self._look_up(subject, concept, words)
        return self._found[key]

    def _look_up(self, subject: Subject, concept: int, words: bool) -> Meaning:
        if own := self._itself(subject, concept):
            return own
        higher: tuple[tuple[By, Mapping[int, int]], ...] = (
            ("ancestor", self.above.get(concept, {})),
            ("relationship", self.linked[subject].get(concept, {})),
        )
        for by, above in higher:
            if ids := self._among(subject, above):
                return Meaning(ids=ids, by=by)
        named = self._named(subject, self.row(concept)) if words else ()
        return Meaning(ids=named, by="name") if named else NOTHING

    def _itself(self, subject: Subject, concept: int) -> Meaning | None:
        if ids := _by_omop(self.knowledge)[subject].get(concept):
            return Meaning(ids=ids, by="omop_id")
        row = self.row(concept)
        ids = _coded(codes_of(self.knowledge), subject, row.coding()) if row.code else ()
        return Meaning(ids=ids, by="code") if ids else None

    def _among(self, subject: Subject, above: Mapping[int, int]) -> tuple[str, ...]:
        """Return what the ancestors mean: all ingredients of a medicine, else the nearest."""
        found = [
            (distance, own.ids)
            for concept, distance in above.items()
            if (own := self._itself(subject, concept))
        ]
        if not found:
            return ()
        if subject == "medicine":
            parts = {one for _, ids in found for one in ids if one in self.knowledge.medicines}
            if parts:
                return tuple(sorted(parts))
        nearest = min(distance for distance, _ in found)
        return tuple(sorted({one for distance, ids in found if distance == nearest for one in ids}))

    def _named(self, subject: Subject, row: Row) -> tuple[str, ...]:
        codes = codes_of(self.knowledge)
        concept = Concept(coding=[Coding(display=row.name)]) if row.name else Concept()
        if subject == "medicine":
            return tuple(dict.fromkeys(one for one, _ in ingredients_named(codes, concept)))
        return tuple(sorted(n for n, there in conditions_named(codes, concept).items() if there))


def _coded(codes: Codes, subject: Subject, coding: Coding) -> tuple[str, ...]:
    if subject == "medicine":
        return tuple(dict.fromkeys(codes.medicines(coding)))
    found = codes.condition(coding)
    return (found,) if found else ()


@functools.lru_cache(maxsize=2)
def _by_omop(knowledge: Knowledge) -> dict[Subject, dict[int, tuple[str, ...]]]:
    conditions: dict[int, tuple[str, ...]] = {
        int(concept): (one.id,) for one in knowledge.conditions.values() for concept in one.omop
    }
    medicines = {
        int(one.omop): tuple(one.contains) or (one.id,)
        for one in knowledge.medicines.values()
        if one.omop
    }
    return {"condition": conditions, "medicine": medicines}


def read_vocabulary(
    database: Database,
    knowledge: Knowledge,
    used: Mapping[Subject, Iterable[int]],
    others: set[int],
) -> Vocabulary:
    """Read what the database says of the concepts it uses (`others`: units, answers, labs)."""
    concepts = {subject: {one for one in ids if one > 0} for subject, ids in used.items()}
    wanted = set().union(*concepts.values())
    above = _ancestors(database, wanted)
    linked = {
        subject: _linked(database, {one for one in ids if one not in above}, UPWARD[subject])
        for subject, ids in concepts.items()
    }
    higher = {up for one in above.values() for up in one}
    higher |= {up for found in linked.values() for one in found.values() for up in one}
    rows = _described(database, wanted | others | higher)
    return Vocabulary(knowledge, rows, above, linked)


def _these(database: Database, ids: set[int], name: str) -> ir.Table:
    import pyarrow as pa

    return handed(database, pa.table({name: pa.array(sorted(ids), pa.int64())}))


def _described(database: Database, ids: set[int]) -> dict[int, Row]:
    concepts = table(database, "concept", CONCEPT)
    if concepts is None or not ids:
        return {}
    wanted = _these(database, ids, "wanted")
    found = concepts.join(wanted, concepts.concept_id.cast("int64") == wanted.wanted)
    rows = fetched(database, found.select(*CONCEPT)).to_pylist()
    return {
        int(row["concept_id"]): Row(
            id=int(row["concept_id"]),
            name=str(row["concept_name"] or ""),
            vocabulary=str(row["vocabulary_id"] or ""),
            kind=str(row["concept_class_id"] or ""),
            code=str(row["concept_code"] or ""),
        )
        for row in rows
    }


def _ancestors(database: Database, ids: set[int]) -> dict[int, dict[int, int]]:
    columns = ("ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation")
    ancestors = table(database, "concept_ancestor", columns)
    if ancestors is None or not ids:
        return {}
    wanted = _these(database, ids, "wanted")
    below = ancestors.descendant_concept_id.cast("int64")
    joined = ancestors.join(wanted, below == wanted.wanted)
    found = fetched(database, joined.select(*columns))
    above: dict[int, dict[int, int]] = {}
    for up, down, distance in zip(*(found[name].to_pylist() for name in columns), strict=True):
        if up != down:
            above.setdefault(int(down), {})[int(up)] = int(distance or 1)
    return above


def _linked(
    database: Database, ids: set[int], relations: tuple[str, ...]
) -> dict[int, dict[int, int]]:
    """Return what concepts lead to by relationships, with the number of steps."""
    columns = ("concept_id_1", "concept_id_2", "relationship_id")
    links = table(database, "concept_relationship", columns)
    if links is None or not ids:
        return {}
    links = links.filter(links.relationship_id.isin(relations))
    ups: dict[int, set[int]] = {}
    edge = set(ids)
    for _step in range(MOST_STEPS):
        wanted = _these(database, edge, "wanted")
        found = links.join(wanted, links.concept_id_1.cast("int64") == wanted.wanted)
        rows = fetched(database, found.select("concept_id_1", "concept_id_2"))
        for down, up in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            ups.setdefault(int(down), set()).add(int(up))
        edge = {up for down in edge for up in ups.get(down, ())} - ups.keys()
        if not edge:
            break
    return {one: found for one in ids if (found := _reached(one, ups))}


def _reached(start: int, ups: Mapping[int, set[int]]) -> dict[int, int]:
    reached: dict[int, int] = {}
    edge = {start}
    for step in range(1, MOST_STEPS + 1):
        edge = {up for one in edge for up in ups.get(one, ())} - reached.keys() - {start}
        reached |= dict.fromkeys(edge, step)
    return reached
