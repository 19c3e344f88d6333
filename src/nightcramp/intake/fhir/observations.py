"""Reads laboratory results, vital signs, habits and pregnancy from observations."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nightcramp.errors import InputError
from nightcramp.intake.fhir.codes import LONGEST, code_in, loinc_of, name_of, texts_of
from nightcramp.intake.fhir.conditions import Statement, longer_than_pregnancy
from nightcramp.intake.fhir.dates import day_of
from nightcramp.intake.fhir.record import Entry, Record, changed_meaning
from nightcramp.intake.fhir.resources import Concept, Measured, Observation, Quantity
from nightcramp.intake.labs import lab_of, read_lab
from nightcramp.intake.names import normal, tokens
from nightcramp.knowledge.schema import Lab
from nightcramp.language import noted
from nightcramp.person.fact import Fact
from nightcramp.person.units import canonical, convert

USED = {"final", "amended", "corrected", "appended", "preliminary", "unknown", ""}
WORDS = {
    "l": "low",
    "ll": "low",
    "lu": "low",
    "<": "low",
    "h": "high",
    "hh": "high",
    "hu": "high",
    ">": "high",
    "n": "normal",
}
AROUND_NAMES = frozenset(
    {"serum", "plasma", "blood", "in", "or", "of", "the", "mass", "moles", "volume", "substance"}
    | {"concentration", "enzymatic", "activity", "level", "levels", "s", "p", "test"}
)


@dataclass
class _Dated:
    """One observation's answers to questions, to be weighed against other observations'."""

    entry: Entry
    day: dt.date | None
    answers: dict[str, bool | str | float] = field(default_factory=dict)
    written: str = ""


@dataclass
class Habits:
    """What observations say besides laboratory results."""

    pending: list[Entry] = field(default_factory=list)
    answers: list[_Dated] = field(default_factory=list)
    pregnancy: list[Statement] = field(default_factory=list)
    weeks: list[_Dated] = field(default_factory=list)


def read_observations(record: Record, habits: Habits) -> Iterator[Fact]:
    """Yield every laboratory result; collect the rest in `habits`."""
    for entry in record.of("Observation"):
        observation: Observation = entry.resource
        reason = _refusal(observation)
        if reason:
            record.leave_out(entry, reason)
            continue
        parts = [observation, *observation.component] if observation.component else [observation]
        reasons = []
        before = len(habits.answers) + len(habits.pregnancy) + len(habits.weeks)
        facts = []
        for part in parts:
            try:
                fact = _read(record, entry, part, habits)
            except _NotReadError as error:
                reasons.append(str(error))
            else:
                facts += [fact] if fact else []
        yield from facts
        if facts:
            record.use(entry)
        elif len(habits.pregnancy) + len(habits.weeks) + len(habits.answers) > before:
            habits.pending.append(entry)
        else:
            record.leave_out(entry, max(reasons, key=_weight))


def _refusal(observation: Observation) -> str:
    status = observation.status.lower()
    if status == "entered-in-error":
        return noted("it was entered in error")
    if status not in USED:
        return noted("it has no final result (cancelled or not yet done)")
    if changed_meaning(observation):
        return noted("it carries a modifier that may change its meaning")
    return noted("it is about somebody or something else") if observation.focus else ""


class _NotReadError(Exception):
    """Why a measurement gave nothing."""


MOST_NAMES = 20_000
UNUSABLE = noted("an impossible value, or a unit the test is not reported in")
NOT_KNOWN = noted("a measurement the knowledge does not use")


def _weight(reason: str) -> bool:
    return reason != NOT_KNOWN


def _read(record: Record, entry: Entry, part: Measured, habits: Habits) -> Fact | None:
    """Return a laboratory result, or collect another in `habits`; raises _NotReadError."""
    if part.code is None:
        raise _NotReadError(NOT_KNOWN)
    for code in loinc_of(part.code):
        lab = record.codes.labs.get(code)
        if lab is not None:
            return _result(record, entry, part, lab, code)
        collect = _collector(record, code)
        if collect is not None:
            collect(record, entry, part, code, habits)
            return None
        if code in record.codes.other_labs:
            raise _NotReadError(noted("a test of another kind or fluid"))
    key = part.code.text, *(coding.display or coding.code for coding in part.code.coding)
    if key not in record.codes.by_name:
        if len(record.codes.by_name) > MOST_NAMES:
            record.codes.by_name.clear()
        record.codes.by_name[key] = _lab_by_name(record, part.code)
    lab = record.codes.by_name[key]
    if lab is None:
        raise _NotReadError(NOT_KNOWN)
    return _result(record, entry, part, lab, "")


def _lab_by_name(record: Record, concept: Concept) -> Lab | None:
    """Return the lab whose name is all that a concept says, but for the fluid and the scale."""
    found = (_lab_called(record, text) for text in texts_of(concept))
    return next((lab for lab in found if lab), None)


def _lab_called(record: Record, text: str) -> Lab | None:
    words = [word for word, _, _ in tokens(text)]
    core = [word for word in words if word not in AROUND_NAMES]
    for name in (" ".join(words), " ".join(core)):
        lab = lab_of(record.knowledge, name) if name else None
        if lab and name in {normal(known) for known in lab.names}:
            return lab
    return None


def _day(record: Record, observation: Observation) -> dt.date | None:
    """Return when it was measured; raises _NotReadError for a date that cannot be used."""
    period = observation.effective_period
    texts = [
        observation.effective_date_time,
        observation.effective_instant,
        *((period.end, period.start) if period else ()),
        observation.issued,
    ]
    written = next((text for text in texts if text), "")
    if not written:
        return None
    day = record.day(written)
    if day is None:
        raise _NotReadError(noted("its date cannot be"))
    if day > record.as_of:
        raise _NotReadError(noted("it is dated after the date of the reading"))
    return day


# Laboratory results


def _result(record: Record, entry: Entry, part: Measured, lab: Lab, code: str) -> Fact:
    day = _day(record, entry.resource)
    value, unit = _value(lab, part)
    low, high = _limits(lab, part)
    concept = part.code or Concept()
    origin = record.origin(entry, written=name_of(concept))
    try:
        facts = list(
            read_lab(
                record.knowledge,
                lab.names[0],
                value,
                origin,
                unit=unit,
                low=low,
                high=high,
                code=code or next(iter(lab.loinc), ""),
                days_ago=record.days_ago(day),
            )
        )
    except InputError:
        raise _NotReadError(UNUSABLE) from None
    if not facts or facts[0].kind != "lab":
        raise _NotReadError(noted("a result in words that say neither low, normal nor high"))
    return facts[0]


def _value(lab: Lab, part: Measured) -> tuple[str, str]:
    """Return a result as a number in the lab's unit, or as words; raises _NotReadError."""
    quantity = part.value_quantity
    if quantity is not None and quantity.value is not None and math.isfinite(quantity.value):
        number, unit = _converted(lab, quantity)
        return f"{_bound(quantity)}{number!r}", unit
    if part.value_integer is not None:
        return str(part.value_integer), ""
    words = part.value_string[:LONGEST] or (
        name_of(part.value_codeable_concept) if part.value_codeable_concept else ""
    )
    if words:
        return words, ""
    for concept in part.interpretation:
        if word := WORDS.get(code_in(concept)):
            return word, ""
    raise _NotReadError(noted("it gives no result"))


def _bound(quantity: Quantity) -> str:
    return quantity.comparator[:1] if quantity.comparator[:1] in {"<", ">"} else ""


def _converted(lab: Lab, quantity: Quantity) -> tuple[float, str]:
    """Return a value in the lab's own unit, by the unit's code or else its words."""
    value = quantity.value or 0.0
    written = list(dict.fromkeys(unit for unit in (quantity.code, quantity.unit) if unit))
    for unit in written:
        try:
            return convert(lab, value, unit)[0], lab.unit
        except InputError:
            continue
    if written:
        raise _NotReadError(UNUSABLE)
    return value, ""


def _limits(lab: Lab, part: Measured) -> tuple[float | None, float | None]:
    """Return the printed normal range in the lab's unit; (None, None) when there is none."""
    ranges = [r for r in part.reference_range if r.type is None or code_in(r.type) == "normal"]
    if len(ranges) != 1:
        return None, None
    unit = part.value_quantity or Quantity()
    limits = [_limit(lab, end, unit) for end in (ranges[0].low, ranges[0].high)]
    low, high = limits
    if (low is not None and high is not None and low >= high) or _is_unitless(part):
        return None, None
    return low, high


def _is_unitless(part: Measured) -> bool:
    quantity = part.value_quantity
    return quantity is None or not (quantity.unit or quantity.code)


def _limit(lab: Lab, end: Quantity | None, beside: Quantity) -> float | None:
    if end is None or end.value is None or not math.isfinite(end.value):
        return None
    unit = Quantity(
        value=end.value,
        unit=end.unit or beside.unit,
        code=end.code or ("" if end.unit else beside.code),
    )
    try:
        return _converted(lab, unit)[0]
    except _NotReadError:
        return None


# Habits, vital signs, pregnancy


def _collector(
    record: Record, code: str
) -> Callable[[Record, Entry, Measured, str, Habits], None] | None:
    """Return what reads a code that is no laboratory test, if the knowledge holds it."""
    content = record.codes.content
    pregnancy = content.pregnancy
    if code in content.answers:
        return _answered
    if code in content.numbers:
        return _number
    if code in pregnancy.weeks or code in pregnancy.due or code in pregnancy.last_period:
        return _weeks
    return None


def _answered(record: Record, entry: Entry, part: Measured, code: str, habits: Habits) -> None:
    day = _day(record, entry.resource)
    answer = part.value_codeable_concept or Concept(text=part.value_string)
    given = record.codes.answers(code, answer)
    if not given:
        raise _NotReadError(noted("an answer the knowledge does not hold"))
    written = name_of(answer)
    if "pregnancy" not in given:
        habits.answers.append(_Dated(entry, day, dict(given), written))
        return
    if longer_than_pregnancy(record, day):
        raise _NotReadError(noted("it tells of a time too long ago"))
    present = bool(given["pregnancy"])
    habits.pregnancy.append(Statement("pregnancy", present, entry, written, day))


def _number(record: Record, entry: Entry, part: Measured, code: str, habits: Habits) -> None:
    wanted = record.codes.content.numbers[code]
    value = part.value_quantity
    day = _day(record, entry.resource)
    if value is None or value.value is None:
        raise _NotReadError(noted("it gives no result"))
    units = {canonical(unit) for unit in wanted.units}
    written = [unit for unit in (value.code, value.unit) if unit]
    question = record.knowledge.questions[wanted.question]
    if written and not units & {canonical(unit) for unit in written}:
        raise _NotReadError(UNUSABLE)
    if not question.minimum <= value.value <= question.maximum:
        raise _NotReadError(UNUSABLE)
    habits.answers.append(_Dated(entry, day, {question.id: value.value}))


def _weeks(record: Record, entry: Entry, part: Measured, code: str, habits: Habits) -> None:
    day = _day(record, entry.resource)
    question = record.knowledge.questions["pregnancy_weeks"]
    weeks = _weeks_now(record, part, code, day)
    if weeks is None or not question.minimum <= weeks <= question.maximum:
        raise _NotReadError(noted("it tells of a pregnancy that is over, or gives no number"))
    habits.weeks.append(_Dated(entry, day, {question.id: float(math.floor(weeks))}))


def _weeks_now(record: Record, part: Measured, code: str, day: dt.date | None) -> float | None:
    """Return the weeks of a pregnancy at the date of the reading."""
    pregnancy = record.codes.content.pregnancy
    date = day_of(part.value_date_time)
    if code in pregnancy.weeks:
        value = part.value_quantity
        if value is None or value.value is None or not math.isfinite(value.value):
            return None
        weeks = (
            value.value / 7 if (value.code or value.unit) in {"d", "day", "days"} else value.value
        )
        return weeks + (record.days_ago(day) or 0.0) / 7
    if date is None:
        return None
    if code in pregnancy.due:
        return pregnancy.term_weeks - (date - record.as_of).days / 7
    return (record.as_of - date).days / 7


def answers_of(record: Record, habits: Habits, pregnant: bool | None) -> Iterator[Fact]:
    """Yield the newest answer to each question; weeks only where nothing says not pregnant."""
    dated = habits.answers + (habits.weeks if pregnant is not False else [])
    newest: dict[str, _Dated] = {}
    for item in sorted(dated, key=lambda d: d.day or dt.date.min):
        newest |= dict.fromkeys(item.answers, item)
    counted = {id(item.entry) for item in newest.values()}
    counted |= {id(statement.entry) for statement in habits.pregnancy}
    for entry in habits.pending:
        if id(entry) in counted:
            record.use(entry)
        else:
            record.leave_out(entry, noted("a newer one counts"))
    for name, item in newest.items():
        origin = record.origin(item.entry, written=item.written)
        yield Fact(kind="answer", id=name, value=item.answers[name], provenance=origin)
