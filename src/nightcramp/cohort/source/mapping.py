"""From the concepts of each table to tokens: what is used, what it means, what is left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from nightcramp.cohort.content import CohortContent
from nightcramp.cohort.source.address import Database, fetched
from nightcramp.cohort.source.cdm import CLINICAL, Clinical
from nightcramp.cohort.source.tokens import Token, Tokens
from nightcramp.cohort.source.vocabulary import Subject, Vocabulary, read_vocabulary
from nightcramp.errors import InputError
from nightcramp.intake.fhir.codes import codes_of
from nightcramp.intake.fhir.resources import Coding, Concept
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Lab
from nightcramp.person.units import canonical, conversion_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

SUBJECTS: dict[str, Subject] = {
    "condition_occurrence": "condition",
    "procedure_occurrence": "condition",
    "observation": "condition",
    "drug_exposure": "medicine",
}
KEYS = {
    "measurement": ("unit_concept_id", ("unit_source_value",)),
    "observation": ("value_as_concept_id", ("value_as_string", "value_source_value")),
}
"""What besides the concepts decides: the unit, or the answer, as a concept or as words."""

Key = tuple[int, int, int | None, str | None]
"""A concept, its source concept, and the unit or the answer; None where any will do."""


class Use(Struct, frozen=True, kw_only=True):
    """How the rows of one table were understood: counts of rows by the way they were."""

    table: str
    concepts: int
    rows: int
    by: dict[str, int]


@dataclass
class Mapping:
    """Which tokens each key of each table stands for, and how that was found."""

    tokens: Tokens = field(default_factory=Tokens)
    of: dict[str, dict[Key, list[int]]] = field(default_factory=dict)
    sexes: dict[str, list[str]] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    unread: dict[str, Counter[str]] = field(default_factory=dict)
    unnamed: int = 0
    has_ancestors: bool = False

    def trouble(self) -> Counter[str]:
        """Return the rows that were left out for how they are coded, by the kind of trouble."""
        rows: Counter[str] = Counter(unknown_concept=self.unnamed)
        for use in self.uses:
            rows.update({name: use.by.get(name, 0) for name in ("unit", "local_form")})
        return rows


def read_mapping(database: Database, knowledge: Knowledge, content: CohortContent) -> Mapping:
    """Return what the concepts that a database uses stand for.

    Concepts are taken in order: the numbers of tokens decide between two answers of one day.
    """
    used = {one.table: dict(sorted(_used(database, one))) for one in CLINICAL}
    mapper = _Mapper(knowledge, content, _vocabulary(database, knowledge, used))
    for one in CLINICAL:
        mapper.read(database, one, used[one.table])
    return mapper.mapping


def whole(table: ir.Table, name: str) -> Any:
    """Return a column of ids, 0 where it is empty."""
    return table[name].cast("int64").fill_null(0)


def told(table: ir.Table, one: Clinical) -> Any:
    """Return the words of the unit or the answer of a row, "" where there are none."""
    import ibis

    names = [name for name in KEYS[one.table][1] if name in table.columns]
    return ibis.coalesce(*(table[name].cast("string") for name in names), "")


def _used(database: Database, one: Clinical) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield (concept, source concept) and the number of rows that have them."""
    table = database.tables[one.table]
    keys = table.select(concept=whole(table, one.concept), source=whole(table, one.source))
    counted = keys.group_by("concept", "source").aggregate(rows=keys.count())
    for row in fetched(database, counted).to_pylist():
        yield (int(row["concept"]), int(row["source"])), int(row["rows"])


def _vocabulary(
    database: Database, knowledge: Knowledge, used: dict[str, dict[tuple[int, int], int]]
) -> Vocabulary:
    subjects: dict[Subject, set[int]] = {"condition": set(), "medicine": set()}
    others: set[int] = set()
    for name, keys in used.items():
        found = {concept for key in keys for concept in key if concept}
        if name in SUBJECTS:
            subjects[SUBJECTS[name]] |= found
        else:
            others |= found
    for name, (coded, _names) in KEYS.items():
        table = database.tables[name]
        ids = fetched(database, table.select(one=whole(table, coded)).distinct())["one"]
        others |= {int(one) for one in ids.to_pylist()}
    return read_vocabulary(database, knowledge, subjects, others)


class _Mapper:
    """Decides on the tokens of every key."""

    def __init__(
        self, knowledge: Knowledge, content: CohortContent, vocabulary: Vocabulary
    ) -> None:
        self.knowledge = knowledge
        self.codes = codes_of(knowledge)
        self.vocabulary = vocabulary
        self.mapping = Mapping(sexes=content.sex, has_ancestors=bool(vocabulary.above))
        words = "|".join(re.escape(word) for word in content.local_forms)
        self._local = re.compile(rf"\b(?:{words})\b", re.I)
        self._labs = {int(one): lab for lab in knowledge.labs.values() for one in lab.omop}

    def read(self, database: Database, one: Clinical, used: dict[tuple[int, int], int]) -> None:
        """Decide on the keys of one table, and account for its rows."""
        keyed = self._keyed(database, one, used)
        found: dict[Key, list[int]] = {}
        by: Counter[str] = Counter()
        unread: Counter[str] = Counter()
        for key, rows in keyed.items():
            tokens, how = self._tokens(one.table, key)
            by[how] += rows
            self.mapping.unnamed += rows if key[:2] == (0, 0) else 0
            if tokens:
                found[key] = [self.mapping.tokens.number(token) for token in tokens]
            else:
                unread[self._name(key)] += rows
        self.mapping.of[one.table] = found
        self.mapping.unread[one.table] = unread
        self.mapping.uses.append(
            Use(table=one.table, concepts=len(used), rows=sum(used.values()), by=dict(by))
        )

    def _name(self, key: Key) -> str:
        row = self.vocabulary.row(key[0])
        return row.name or self.vocabulary.row(key[1]).name or str(key[0] or key[1])

    def _keyed(
        self, database: Database, one: Clinical, used: dict[tuple[int, int], int]
    ) -> dict[Key, int]:
        """Return the keys with their rows; units and answers only where they decide."""
        split = [key for key in used if one.table in KEYS and self._asks_more(one.table, key)]
        keyed: dict[Key, int] = {
            (*key, None, None): n for key, n in used.items() if key not in split
        }
        if split:
            keyed |= _detailed(database, one, {concept for concept, _ in split}, set(split))
        return keyed

    def _asks_more(self, table: str, key: tuple[int, int]) -> bool:
        if table == "measurement":
            return self._lab(key) is not None or self._number(key) is not None
        return self._question(key) is not None

    def _tokens(self, table: str, key: Key) -> tuple[list[Token], str]:
        if table == "drug_exposure":
            return self._medicine(key)
        if table == "measurement":
            return self._measured(key)
        if table == "observation" and (question := self._question(key[:2])):
            answers = self._answered(question, key)
            return answers, "code" if answers else "none"
        return self._stated(table, key)

    def _stated(self, table: str, key: Key) -> tuple[list[Token], str]:
        """Return the conditions that either concept stands for."""
        words = table != "observation"
        meanings = [self.vocabulary.meaning("condition", one, words=words) for one in key[:2]]
        ids = dict.fromkeys(name for meaning in meanings for name in meaning.ids)
        how = next((one.by for one in meanings if one.ids), "none")
        tokens = [token for name in ids if (token := self._condition(table, name))]
        return tokens, how if tokens else "none"

    def _condition(self, table: str, name: str) -> Token | None:
        if table != "procedure_occurrence":
            return Token(kind="condition", id=name)
        if name in self.codes.content.operations:
            return Token(kind="operation", id=name)
        return Token(kind="treatment", id=name) if name in self.codes.content.treatments else None

    def _medicine(self, key: Key) -> tuple[list[Token], str]:
        for concept in key[:2]:
            meaning = self.vocabulary.meaning("medicine", concept)
            if meaning.ids:
                if any(self._local.search(self.vocabulary.row(one).name) for one in key[:2]):
                    return [], "local_form"
                return [Token(kind="medicine", id=name) for name in meaning.ids], meaning.by
        return [], "none"

    # Measurements

    def _lab(self, key: tuple[int, int]) -> Lab | None:
        for concept in key:
            if concept in self._labs:
                return self._labs[concept]
            row = self.vocabulary.row(concept)
            if row.vocabulary == "LOINC" and row.code in self.codes.labs:
                return self.codes.labs[row.code]
        return None

    def _number(self, key: tuple[int, int]) -> str | None:
        rows = (self.vocabulary.row(concept) for concept in key)
        numbers = self.codes.content.numbers
        return next((r.code for r in rows if r.vocabulary == "LOINC" and r.code in numbers), None)

    def _units(self, key: Key) -> list[str]:
        """Return what the unit may be: its code, else as it was written."""
        row = self.vocabulary.row(key[2] or 0)
        written = (key[3] or "").strip()
        return [row.code, written] if row.vocabulary == "UCUM" else [written]

    def _measured(self, key: Key) -> tuple[list[Token], str]:
        units = self._units(key)
        if lab := self._lab(key[:2]):
            fitting = next((unit for unit in units if _fits(lab, unit)), None)
            if fitting is None or (not fitting and any(units)):
                return [], "unit"
            return [Token(kind="lab", id=lab.id, unit=fitting)], "code"
        if code := self._number(key[:2]):
            wanted = self.codes.content.numbers[code]
            known = {canonical(one) for one in ("", *wanted.units)}
            if not any(canonical(unit) in known for unit in units):
                return [], "unit"
            return [Token(kind="number", id=wanted.question)], "code"
        return [], "none"

    # Answers

    def _question(self, key: tuple[int, int]) -> str | None:
        rows = (self.vocabulary.row(concept) for concept in key)
        known = self.codes.content.answers
        return next((r.code for r in rows if r.vocabulary == "LOINC" and r.code in known), None)

    def _answered(self, question: str, key: Key) -> list[Token]:
        row = self.vocabulary.row(key[2] or 0)
        words = key[3] or ""
        coding = [Coding(code=row.code, display=row.name)] if row.code or row.name else []
        given = self.codes.answers(
            question, Concept(coding=[*coding, Coding(code=words)], text=words)
        )
        return [Token(kind="answer", id=name, value=value) for name, value in given.items()]


def _fits(lab: Lab, unit: str) -> bool:
    try:
        conversion_of(lab, unit)
    except InputError:
        return False
    return True


def _detailed(
    database: Database, one: Clinical, concepts: set[int], wanted: set[tuple[int, int]]
) -> dict[Key, int]:
    """Return the keys of some concepts with their unit or answer."""
    table = database.tables[one.table]
    coded, _names = KEYS[one.table]
    keys = table.select(
        concept=whole(table, one.concept),
        source=whole(table, one.source),
        coded=whole(table, coded),
        words=told(table, one),
    )
    keys = keys.filter(keys.concept.isin(sorted(concepts)))
    counted = keys.group_by(*keys.columns).aggregate(rows=keys.count())
    found: dict[Key, int] = {}
    for row in fetched(database, counted).to_pylist():
        pair = int(row["concept"]), int(row["source"])
        if pair in wanted:
            found[(*pair, int(row["coded"]), str(row["words"]))] = int(row["rows"])
    return dict(sorted(found.items()))
