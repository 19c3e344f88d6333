"""Reads diagnoses: by SNOMED CT and ICD-10-CM code, else by their words."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nightcramp.intake.conditions import condition_names, read_condition
from nightcramp.intake.fhir.codes import Codes, code_in, name_of, texts_of
from nightcramp.intake.fhir.record import Entry, Record, changed_meaning
from nightcramp.intake.fhir.resources import Concept, Condition
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.fact import Fact, Provenance

OVER = {"resolved", "inactive", "remission"}
UNSURE = {noted("unconfirmed"), noted("provisional"), noted("differential")}
_PAST = re.compile(r"^\s*(?:history of|h/o|hx of|past history of|personal history of)\b", re.I)
_NOWHERE = Provenance(file="", at="")


@dataclass(frozen=True)
class Statement:
    """One resource's word on one condition."""

    id: str
    present: bool
    entry: Entry
    written: str
    day: dt.date | None = None


def said_in_conditions(record: Record) -> Iterator[Statement]:
    """Yield what the diagnoses say of the conditions that the knowledge holds."""
    for entry in record.of("Condition"):
        yield from _statements(record, entry)


def facts_of(record: Record, statements: Iterable[Statement]) -> Iterator[Fact]:
    """Yield one fact a condition; where resources disagree, the newest dated one counts."""
    by_id: dict[str, list[Statement]] = {}
    for statement in statements:
        by_id.setdefault(statement.id, []).append(statement)
    for identifier, said in by_id.items():
        newest = max(said, key=lambda s: (s.day or dt.date.min, s.present))
        same = [s for s in said if s.present == newest.present]
        note = "" if len(same) == len(said) else _("other records disagree; the newest counts")
        origin = record.origin(*(s.entry for s in same), written=newest.written, note=note)
        yield Fact(kind="condition", id=identifier, value=newest.present, provenance=origin)


def conditions_named(codes: Codes, concept: Concept) -> dict[str, bool]:
    """Return the conditions a concept names, and whether as present: codes first, else words."""
    coded = {name for c in concept.coding if (name := codes.condition(c))}
    if coded:
        return dict.fromkeys(sorted(coded), True)
    said = (_conditions_in(codes, text) for text in texts_of(concept))
    return next((named for named in said if named), {})


@functools.lru_cache(maxsize=4096)
def _conditions_in(codes: Codes, text: str) -> dict[str, bool]:
    """Return the conditions named exactly in some words; near misses do not count."""
    if codes.not_present.search(text) or not condition_names(codes.knowledge).find(text):
        return {}
    facts = read_condition(codes.knowledge, text, _NOWHERE)
    return {fact.id: bool(fact.value) for fact in facts if fact.kind == "condition"}


def _statements(record: Record, entry: Entry) -> Iterator[Statement]:
    condition: Condition = entry.resource
    concept = condition.code
    refused = _refusal(condition)
    if refused or concept is None:
        record.leave_out(entry, refused or noted("it names no diagnosis"))
        return
    if code_in(concept) in record.codes.content.nothing:
        return
    named = conditions_named(record.codes, concept)
    if not named:
        record.leave_out(entry, _why_unnamed(record, concept))
        return
    yield from _judged(record, entry, named)


def _refusal(condition: Condition) -> str:
    if changed_meaning(condition):
        return noted("it carries a modifier that may change its meaning")
    if code_in(condition.verification_status) == "entered-in-error":
        return noted("it was entered in error")
    return ""


def _why_unnamed(record: Record, concept: Concept) -> str:
    if any(record.codes.not_present.search(text) for text in texts_of(concept)):
        return noted("its words do not say that the illness is there")
    return noted("a diagnosis the knowledge does not hold")


def _judged(record: Record, entry: Entry, named: dict[str, bool]) -> Iterator[Statement]:
    """Yield what the status of a diagnosis leaves of the conditions it names."""
    condition: Condition = entry.resource
    concept = condition.code or Concept()
    written = name_of(concept)
    day = record.day(condition.recorded_date, condition.onset_date_time)
    verified = code_in(condition.verification_status)
    if verified in UNSURE:
        for name in named:
            label = record.knowledge.conditions[name].label
            said = _("{condition}: the record calls it {status}")
            question = said.format(condition=label, status=_(verified))
            if question not in record.account.to_ask:
                record.account.to_ask.append(question)
        record.leave_out(entry, noted("it is not confirmed"))
        return
    if verified == "refuted":
        record.use(entry)
        yield from (Statement(name, False, entry, written, day) for name in named)
        return
    past = _is_over(record, condition) or any(_PAST.match(text) for text in texts_of(concept))
    kept = dict(_kept(record, condition, named, past))
    if not kept:
        record.leave_out(entry, noted("it is over (resolved, inactive or in remission)"))
        return
    record.use(entry)
    yield from (Statement(name, value, entry, written, day) for name, value in kept.items())


def _is_over(record: Record, condition: Condition) -> bool:
    ended = record.day(
        condition.abatement_date_time,
        condition.abatement_period.end if condition.abatement_period else "",
    )
    if ended is not None and ended <= record.as_of:
        return True
    if condition.abatement_string or condition.abatement_boolean:
        return True
    return code_in(condition.clinical_status) in OVER


def _kept(
    record: Record, condition: Condition, named: dict[str, bool], past: bool
) -> Iterator[tuple[str, bool]]:
    content = record.codes.content
    for name, present in named.items():
        if not present:
            yield name, False
        elif name == "pregnancy" and _too_long_ago(record, condition):
            continue
        elif not past or name in content.lasting:
            yield name, True
        elif name in content.resolved_becomes:
            yield content.resolved_becomes[name], True


def _too_long_ago(record: Record, condition: Condition) -> bool:
    return longer_than_pregnancy(
        record, record.day(condition.onset_date_time, condition.recorded_date)
    )


def longer_than_pregnancy(record: Record, day: dt.date | None) -> bool:
    """Return whether a day is further back than a pregnancy can begin."""
    days = record.days_ago(day)
    longest = record.knowledge.questions["pregnancy_weeks"].maximum
    return days is not None and days > longest * 7


def read_nothing(record: Record) -> Iterator[Fact]:
    """Yield the statements that there is no illness or no medicine to list."""
    content = record.codes.content
    for kind in ("Condition", "MedicationStatement", "MedicationRequest"):
        for entry in record.of(kind):
            concept = _concept(entry)
            if concept and (question := content.nothing.get(code_in(concept))):
                record.use(entry)
                origin = record.origin(entry, written=name_of(concept))
                yield Fact(kind="answer", id=question, value=True, provenance=origin)


def _concept(entry: Entry) -> Concept | None:
    resource = entry.resource
    if entry.kind == "Condition":
        return resource.code  # type: ignore[no-any-return]
    if resource.medication and resource.medication.concept:
        return resource.medication.concept  # type: ignore[no-any-return]
    return resource.medication_codeable_concept  # type: ignore[no-any-return]
