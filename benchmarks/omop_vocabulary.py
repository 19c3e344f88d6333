"""Concept tables for made-up OMOP data, out of the sample databases and the knowledge.

A concept of the sample databases keeps its row. What only the knowledge names gets the concept id
the knowledge has for it, else an id of OMOP's local range with the knowledge's own code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.schema import Condition, Lab, Medicine

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "data" / "omop"
SYNTHEA = SAMPLES / "Synthea27NjParquet"
EUNOMIA = SAMPLES / "eunomia.duckdb"
FIRST_LOCAL = 2_000_000_001

PRODUCTS = ("Clinical Drug", "Quant Clinical Drug", "Branded Drug", "Quant Branded Drug")
BEFORE_NAME = re.compile(r"\b(?:NDA\d+|Abuse-Deterrent|[\d.]+ (?:ML|HR|ACTUAT|DAY)) ")
PART = re.compile(r"([A-Za-z][\w\-, ]*?) [\d.]+ (?:MG|UNT|MEQ)\b")
SALT = re.compile(
    r"(?:, modified| (?:hydrochloride|hydrobromide|sodium|potassium|maleate|succinate|phosphate"
    r"|bitartrate|sulfate|mesylate|tartrate|acetate|monohydrate|hyclate|propionate|disodium"
    r"|isophane|emtansine)).*$"
)

TABLES = f"""
CREATE TABLE concept AS SELECT * FROM read_parquet('{SYNTHEA}/concept.parquet');
INSERT INTO concept SELECT * FROM eunomia.concept
    WHERE concept_id NOT IN (SELECT concept_id FROM concept);
CREATE TABLE concept_ancestor AS SELECT * FROM read_parquet('{SYNTHEA}/concept_ancestor.parquet');
INSERT INTO concept_ancestor SELECT DISTINCT a.* FROM eunomia.concept_ancestor a
    SEMI JOIN concept c ON c.concept_id = a.ancestor_concept_id
    SEMI JOIN concept d ON d.concept_id = a.descendant_concept_id
    WHERE a.ancestor_concept_id <> a.descendant_concept_id;
CREATE TABLE concept_relationship AS
    SELECT r.* FROM read_parquet('{SYNTHEA}/concept_relationship.parquet') r
    SEMI JOIN concept a ON a.concept_id = r.concept_id_1
    SEMI JOIN concept b ON b.concept_id = r.concept_id_2;
CREATE TABLE vocabulary AS SELECT * FROM read_parquet('{SYNTHEA}/vocabulary.parquet')
"""
FINISHED = """
INSERT INTO concept_ancestor
    SELECT DISTINCT r.concept_id_2, r.concept_id_1, 1, 1 FROM concept_relationship r
    ANTI JOIN concept_ancestor a ON a.ancestor_concept_id = r.concept_id_2
        AND a.descendant_concept_id = r.concept_id_1
    WHERE r.relationship_id = 'Is a' AND r.concept_id_1 <> r.concept_id_2;
INSERT INTO concept_ancestor
    SELECT concept_id, concept_id, 0, 0 FROM concept WHERE standard_concept = 'S';
INSERT INTO vocabulary
    SELECT DISTINCT vocabulary_id, vocabulary_id, 'sample databases and local concepts', '', 0
    FROM concept WHERE vocabulary_id NOT IN (SELECT vocabulary_id FROM vocabulary)
"""
NEW_CONCEPT = """
INSERT INTO concept VALUES (?, ?, ?, ?, ?, ?, ?, DATE '1970-01-01', DATE '2099-12-31', NULL)
"""
SAYS_SAME = """
INSERT INTO concept_relationship
VALUES (?, ?, 'Maps to', DATE '1970-01-01', DATE '2099-12-31', NULL),
       (?, ?, 'Mapped from', DATE '1970-01-01', DATE '2099-12-31', NULL)
"""


@dataclass(frozen=True)
class Diagnosis:
    """A condition as a row names it: standard and source concept, and the source's own code."""

    standard: int
    source: int
    code: str


@dataclass
class Vocabulary:
    """The concept tables of a connection, and the ids of what the knowledge names."""

    connection: duckdb.DuckDBPyConnection
    codes: dict[tuple[str, str], int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    rows: dict[int, tuple[str, str]] = field(default_factory=dict)
    local: int = FIRST_LOCAL

    def add(self, concept: int, row: tuple[str, str, str, str, str | None, str]) -> int:
        """Add a concept (name, domain, vocabulary, class, standard, code); return its id."""
        self.connection.execute(NEW_CONCEPT, [concept, *row])
        self.codes.setdefault((row[2], row[5]), concept)
        if row[3] == "Ingredient":
            self.names.setdefault(row[0].lower(), concept)
        self.rows[concept] = (row[2], row[5])
        return concept

    def own(self, name: str, domain: str, vocabulary: str, kind: str, code: str) -> int:
        """Return the concept of a code, a new local one where the samples have none."""
        if (vocabulary, code) in self.codes:
            return self.codes[vocabulary, code]
        standard = None if vocabulary == "ICD10CM" else "S"
        self.local += 1
        return self.add(self.local - 1, (name, domain, vocabulary, kind, standard, code))

    def medicine(self, key: int | str) -> int:
        """Return the concept of a product (an id) or of a medicine of the knowledge."""
        return self.sample(key) if isinstance(key, int) else self.ingredient(key)

    def sample(self, concept: int) -> int:
        """Return a concept id that one of the sample databases has; KeyError where none has."""
        self.rows[concept]
        return concept

    def ingredient(self, key: str) -> int:
        """Return the ingredient concept of a medicine of the knowledge."""
        medicine: Medicine = knowledge().medicines[key]
        found = [self.names[name] for name in medicine.names if name in self.names]
        if medicine.omop and int(medicine.omop) in self.rows:
            return int(medicine.omop)
        if found and not medicine.omop:
            return found[0]
        vocabulary, code = ("RxNorm", medicine.rxnorm) if medicine.rxnorm else ("Local", key)
        if medicine.omop and medicine.rxnorm:
            row = (medicine.names[0], "Drug", vocabulary, "Ingredient", "S", code)
            return self.add(int(medicine.omop), row)
        return self.own(medicine.names[0], "Drug", vocabulary, "Ingredient", code)

    def diagnosis(self, key: int | str) -> Diagnosis:
        """Return how rows name a condition of the knowledge (a word) or of the samples (an id)."""
        conditions = knowledge().conditions
        if isinstance(key, str):
            return self.coded(self.standard(conditions[key]), conditions[key])
        named = [condition for condition in conditions.values() if str(key) in condition.omop]
        return self.coded(self.sample(key), named[0] if named else None)

    def standard(self, condition: Condition) -> int:
        """Return the standard concept of a condition, by its codes."""
        if not condition.snomed:
            return 0
        sampled = [self.codes.get(("SNOMED", code), 0) for code in condition.snomed]
        if any(sampled):
            return next(concept for concept in sampled if concept)
        code = condition.snomed[0]
        if len(condition.omop) == len(condition.snomed):
            row = (condition.label, "Condition", "SNOMED", "Clinical Finding", "S", code)
            return self.add(int(condition.omop[0]), row)
        return self.own(condition.label, "Condition", "SNOMED", "Clinical Finding", code)

    def coded(self, standard: int, condition: Condition | None) -> Diagnosis:
        """Return a diagnosis with the ICD-10-CM code as its source where the knowledge has one."""
        if condition is None or not condition.icd10cm:
            return Diagnosis(standard, standard, self.rows.get(standard, ("", ""))[1])
        code = condition.icd10cm[0]
        kind = f"{len(code.replace('.', ''))}-char code"
        source = self.own(condition.label, "Condition", "ICD10CM", kind, code)
        if standard:
            self.connection.execute(SAYS_SAME, [source, standard, standard, source])
        return Diagnosis(standard, source, code)

    def lab(self, lab: Lab) -> tuple[int, str]:
        """Return concept and LOINC code of a laboratory test of the knowledge."""
        for code in lab.loinc:
            if ("LOINC", code) in self.codes:
                return self.codes["LOINC", code], code
        name, code = lab.label, lab.loinc[0]
        return self.own(name, "Measurement", "LOINC", "Lab Test", code), code

    def unit(self, code: str) -> int:
        """Return the concept of a UCUM unit."""
        return self.own(code, "Unit", "UCUM", "Unit", code)


def vocabulary(connection: duckdb.DuckDBPyConnection) -> Vocabulary:
    """Create the concept tables in a connection and link products to ingredients."""
    connection.execute(f"ATTACH IF NOT EXISTS '{EUNOMIA}' AS eunomia (READ_ONLY)")
    for statement in TABLES.split(";\n"):
        connection.execute(statement)
    made = Vocabulary(connection)
    wanted = "SELECT concept_id, concept_name, vocabulary_id, concept_class_id, concept_code"
    for concept, name, source, kind, code in rows(connection, f"{wanted} FROM concept"):
        made.rows[concept] = (source, code)
        made.codes.setdefault((source, code), concept)
        if kind == "Ingredient":
            made.names.setdefault(name.lower(), concept)
    link_products(made)
    return made


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """Return all rows of a query."""
    return connection.execute(query).fetchall()


def link_products(made: Vocabulary) -> None:
    """Give every product without an ingredient among its ancestors those that its name says."""
    query = f"""
        SELECT concept_id, concept_name FROM concept WHERE concept_class_id IN {PRODUCTS}
        AND concept_id NOT IN (
            SELECT descendant_concept_id FROM concept_ancestor JOIN concept
            ON concept_id = ancestor_concept_id WHERE concept_class_id = 'Ingredient')
        ORDER BY concept_id"""
    for product, name in rows(made.connection, query):
        for part in sorted({*PART.findall(BEFORE_NAME.sub("", name))}):
            ancestor = ingredient_of(made, SALT.sub("", part.lower()).strip())
            made.connection.execute(
                "INSERT INTO concept_ancestor VALUES (?, ?, 2, 2)", [ancestor, product]
            )


def ingredient_of(made: Vocabulary, name: str) -> int:
    """Return the ingredient with a name: of the samples, of the knowledge, or a local one."""
    if name in made.names:
        return made.names[name]
    for key, medicine in knowledge().medicines.items():
        if name in medicine.names and not medicine.contains:
            return made.ingredient(key)
    return made.own(name, "Drug", "Local", "Ingredient", name.replace(" ", "_"))


def finish(connection: duckdb.DuckDBPyConnection) -> None:
    """Add what follows from all concepts: ancestors, self rows and names of vocabularies."""
    for statement in FINISHED.split(";\n"):
        connection.execute(statement)
