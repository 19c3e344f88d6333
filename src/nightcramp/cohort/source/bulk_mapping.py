"""From the codings of a FHIR bulk export to tokens: what is used, and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nightcramp.cohort.content import CohortContent
from nightcramp.cohort.source.address import Database
from nightcramp.cohort.source.bulk_codes import Coder, Meaning
from nightcramp.cohort.source.bulk_rows import MEDICINES, READ
from nightcramp.cohort.source.mapping import Mapping, Use
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Lab
from nightcramp.language import noted

NOTICES = {
    "seen_as_observed": noted(
        "people of an export, which has no observation periods: they count as observed from the "
        "first to the last full date of their records"
    ),
    "not_of_a_person": noted("records about nobody in the files of the kind Patient: not read"),
    "other_kinds": noted("files with other kinds of records: not read"),
    "older_version": noted("older versions of records that are there again: not read"),
    "misfit": noted("records not written as FHIR says: not read"),
    "in_error": noted("records that were entered in error: not read"),
    "modifier": noted("records with a modifier that may change their meaning: not read"),
    "unconfirmed": noted("diagnoses that are not confirmed: not read"),
    "refuted": noted("diagnoses that were refuted: not read"),
    "denied": noted("diagnoses that say that an illness is not there: not read"),
    "over_undated": noted(
        "diagnoses that are over and do not say since when: they count on their first day only"
    ),
    "not_done": noted("procedures that were not done, or not yet: not read"),
    "not_taken": noted("medicines that were not taken, not given or only planned: not read"),
    "not_to_give": noted("orders not to give a medicine: not read"),
    "no_product": noted("medicines that name no product, or one the export lacks: not read"),
    "no_result": noted("measurements without a final result: not read"),
    "about_another": noted("measurements of somebody or something else: not read"),
    "in_words": noted("results in words where a number is needed: not read"),
}
"""What is said of records that were met and left out, beside what holds for every source."""


@dataclass
class BulkMapping(Mapping):
    """Which tokens the codings of an export stand for.

    `coded`: kind of record, coding, token. `measured`: coding, unit as a code and as a word,
    token. `answered`: coding, answer as a coding and in words, token.
    """

    coded: list[tuple[str, str, int]] = field(default_factory=list)
    measured: list[tuple[str, str, str, int]] = field(default_factory=list)
    answered: list[tuple[str, str, str, int]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def trouble(self) -> Counter[str]:
        """Return the records that were left out, by the kind of trouble."""
        return super().trouble() + self.left_out


def read_export(database: Database, knowledge: Knowledge, content: CohortContent) -> BulkMapping:
    """Return what the codings of an export stand for, and account for its records."""
    con = database.backend.con

    for kind in MEDICINES:
        con.execute(_named(kind))
    mapper = _Mapper(con, Coder(knowledge, content, _parts(con)))
    mapper.count_left_out()
    mapper.read("Condition", mapper.coder.diagnosis)
    mapper.read("Procedure", mapper.coder.procedure)
    mapper.read_observations()
    for kind in MEDICINES:
        mapper.read(kind, mapper.coder.medicine)
    return mapper.mapping


def _parts(con: Any) -> dict[str, str]:
    """Return the products of the export that others name as their ingredients, by id."""
    named = "json_extract_string(product, '$.ingredient[*].itemReference.reference')"
    wanted = f"SELECT medication_of(unnest({named})) FROM products"
    found = con.execute(f"SELECT id, product FROM products WHERE id IN ({wanted})").fetchall()
    return dict(found)


def _named(kind: str) -> str:
    """Return the statement for medicines with what names them, wherever it stands."""
    return (
        f"CREATE OR REPLACE VIEW named_{kind} AS SELECT t.*, t.rowid AS place, "
        "CASE WHEN coded <> '' THEN coded WHEN inside <> '' THEN inside "
        f"ELSE coalesce(product, '') END AS code FROM {kind} t LEFT JOIN products p "
        "ON t.coded = '' AND t.inside = '' AND p.id = medication_of(t.points)"
    )


class _Mapper:
    """Decides on the tokens of every coding, and accounts for the records."""

    def __init__(self, con: Any, coder: Coder) -> None:
        self.con = con
        self.coder = coder
        self.mapping = BulkMapping(has_ancestors=True)
        self._numbers = coder.codes.content.numbers

    def count_left_out(self) -> None:
        """Account for the records that are not used, whatever they are about."""
        left_out = self.mapping.left_out
        for name, rows in self.con.execute("SELECT * FROM left_out").fetchall():
            left_out[name] += rows
        for kind in READ:
            why = "CASE WHEN person IS NULL THEN 'not_of_a_person' ELSE why END"
            counts = f"SELECT {why} AS reason, count(*) FROM {kind} GROUP BY reason"
            for name, rows in self.con.execute(counts).fetchall():
                left_out[name or ""] += rows
        (people,) = self.con.execute("SELECT count(*) FROM spans").fetchone()
        left_out["seen_as_observed"] = people
        del left_out[""]
        self.mapping.unnamed += left_out.pop("no_code", 0)

    def read(self, kind: str, decide: Callable[[str], Meaning]) -> None:
        """Decide on the codings of one kind of record."""
        table = f"named_{kind}" if kind in MEDICINES else kind
        undated = "over AND abated IS NULL" if kind == "Condition" else "false"
        by: Counter[str] = Counter()
        codings = self._counted(table, f"code, count_if({undated})", "code")
        for code, over, rows in codings:
            found = decide(code) if code else Meaning()
            by["none" if found.by == "denied" else found.by] += rows
            self._take(kind, code, found, rows)
            if found.tokens:
                self.mapping.left_out["over_undated"] += over
        self._account(kind, by, len(codings))

    def _counted(self, table: str, columns: str, by: str, within: str = "true") -> list[Any]:
        """Return what is different among the records that are used, with the number of each."""
        found: list[Any] = self.con.execute(
            f"SELECT {columns}, count(*) FROM {table} "
            f"WHERE why IS NULL AND person IS NOT NULL AND {within} GROUP BY {by} ORDER BY ALL"
        ).fetchall()
        return found

    def _take(self, kind: str, code: str, found: Meaning, rows: int) -> None:
        number = self.mapping.tokens.number
        self.mapping.coded += [(kind, code, number(token)) for token in found.tokens]
        if not code:
            self.mapping.left_out["no_product"] += rows
        elif found.by == "denied":
            self.mapping.left_out["denied"] += rows
        elif not found.tokens:
            self.mapping.unread.setdefault(kind, Counter())[found.name] += rows

    def _account(self, kind: str, by: Counter[str], concepts: int) -> None:
        if concepts:
            use = Use(table=kind, concepts=concepts, rows=by.total(), by=dict(by))
            self.mapping.uses.append(use)

    # Observations

    def read_observations(self) -> None:
        """Decide on what was measured and asked; units and answers only where they decide."""
        by: Counter[str] = Counter()
        labs: dict[str, Lab] = {}
        questions: dict[str, str] = {}
        codings = self._counted("Observation", "code", "code")
        for code, rows in codings:
            about = self.coder.measured(code) if code else None
            if isinstance(about, Lab):
                labs[code] = about
            elif about:
                questions[code] = about
            else:
                by["none"] += rows
                if code:
                    self.mapping.unread.setdefault("Observation", Counter())[
                        self.coder.name(code)
                    ] += rows
        numbers = {code: one for code, one in questions.items() if one in self._numbers}
        self._read_results(labs, numbers, by)
        answers = {code: one for code, one in questions.items() if code not in numbers}
        self._read_answers(answers, by)
        self._account("Observation", by, len(codings))

    def _read_results(
        self, labs: dict[str, Lab], numbers: dict[str, str], by: Counter[str]
    ) -> None:
        worded = "value IS NULL AND (words <> '' OR answer <> '' OR judged)"
        columns = f"code, ucum, unit, value IS NOT NULL, {worded}"
        within = self._among([*labs, *numbers])
        found = self._counted("Observation", columns, "ALL", within)
        for code, ucum, unit, valued, said, rows in found:
            if not valued:
                by["none"] += rows
                self.mapping.left_out["in_words" if said else "no_result"] += rows
                continue
            token = (
                self.coder.lab(labs[code], ucum, unit)
                if code in labs
                else self.coder.number(numbers[code], ucum, unit)
            )
            by[self.coder.way(code) if token else "unit"] += rows
            if token:
                number = self.mapping.tokens.number(token)
                self.mapping.measured.append((code, ucum, unit, number))

    def _read_answers(self, questions: dict[str, str], by: Counter[str]) -> None:
        columns = "code, answer, words"
        found = self._counted("Observation", columns, "ALL", self._among([*questions]))
        for code, answer, words, rows in found:
            tokens = self.coder.answers(code, answer, words)
            by["code" if tokens else "none"] += rows
            self.mapping.answered += [
                (code, answer, words, self.mapping.tokens.number(token)) for token in tokens
            ]

    def _among(self, codes: list[str]) -> str:
        small_table(self.con, "asked", code=codes)
        return "code IN (SELECT code FROM asked)"


def small_table(con: Any, name: str, **columns: list[Any]) -> None:
    """Make a table of DuckDB in the place of one of the same name."""
    import pyarrow as pa

    kinds = {"token": pa.int32(), "told": pa.bool_()}
    table = pa.table(
        {one: pa.array(rows, kinds.get(one, pa.string())) for one, rows in columns.items()}
    )
    con.register("incoming", table)
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM incoming")
    con.unregister("incoming")
