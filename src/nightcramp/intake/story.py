"""Reads a story file: what one person told, in TOML, YAML or JSON."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from typing import Any

from nightcramp.errors import InputError
from nightcramp.intake.answers import fit_answer, says_unknown, suggestion, yes_or_no
from nightcramp.intake.conditions import CODE_SYSTEMS, condition_of_code, read_condition
from nightcramp.intake.labs import read_lab, read_lab_line
from nightcramp.intake.medicines import read_medicine
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.loader import knowledge as shipped_knowledge
from nightcramp.language import NAMES, language, speaking
from nightcramp.language import gettext as _
from nightcramp.person.duration import date_in, days_in
from nightcramp.person.fact import DoseChange, Fact, Provenance

ENTRIES = {
    "as_of": "the date of the story (YYYY-MM-DD); dates in it are counted from here",
    "title": "a name for the story; it is not read",
    "language": "the language it is written in (en, es); else that of whoever reads it",
    "answers": "answers by question id or condition id",
    "medicines": "medicines, one line each, or tables with dates",
    "conditions": "diagnoses and operations, one line each, or tables with a code",
    "labs": "results, one line each, or tables with name, value and unit",
    "notes": "free text for yourself; it is kept and not read",
}
MEDICINE_ENTRIES = {
    "name": "the medicine, as you would say it (dose and dates may stand here)",
    "dose": "how much",
    "since": "since when, or for how long",
    "stopped": "when it was stopped",
    "raised": "how long ago the dose was raised",
    "lowered": "how long ago the dose was lowered",
    "taking": "yes if you take it now",
    "cramps_began_after": "yes if the cramps began or got worse after it was started or raised",
    "cramps_were_there_before": "yes if the cramps were there before it",
    "cramps_follow_doses": "yes if the cramps come after each dose",
    "better_when_stopped": "yes if the cramps eased when it was stopped",
    "better_with_less": "yes if the cramps eased with a lower dose, or got worse with more",
    "back_when_restarted": "yes if the cramps came back when it was taken again",
    "same_reaction_before": "yes if the same happened before with this medicine or a similar one",
}
CONDITION_ENTRIES = {
    "name": "the condition in words",
    "code": "its code",
    "system": f"the code's system: {', '.join(CODE_SYSTEMS)}",
    "has": "no if it was looked for and not found",
}
LAB_ENTRIES = {
    "name": "the test",
    "value": "the result: a number, `<0.02`, or a word (low, normal, high)",
    "unit": "its unit",
    "low": "lower limit printed beside it",
    "high": "upper limit printed beside it",
    "date": "its date",
    "loinc": "its LOINC code",
}
_CRAMP_USES = {
    "cramps_began_after": "began_after",
    "cramps_were_there_before": "predates",
    "cramps_follow_doses": "after_each_dose",
    "better_when_stopped": "better_when_stopped",
    "better_with_less": "better_with_less",
    "back_when_restarted": "back_when_restarted",
    "same_reaction_before": "same_reaction_before",
    "taking": "taking",
}


def facts_of_story(
    knowledge: Knowledge, data: dict[str, Any], file: str, today: dt.date | None = None
) -> list[Fact]:
    """Return the facts of a story already parsed; raises InputError for what does not fit."""
    written = str(data.get("language") or language())
    if written not in NAMES:
        raise InputError(
            _("{name!r} is not known").format(name=written[:20]),
            where=f"{file}: language",
            hint=_("One of {names}.").format(names=", ".join(NAMES)),
        )
    known = knowledge if written == language() else None
    with speaking(written):
        return list(_Story(known or shipped_knowledge(), data, file, today).facts())


def story_date(data: dict[str, Any], file: str, today: dt.date | None = None) -> dt.date:
    """Return the date a story tells of: its `as_of`, else today; raises InputError."""
    given = data.get("as_of")
    if given is None:
        return today or dt.date.today()
    found = given if isinstance(given, dt.date) else None
    if isinstance(given, str):
        found = date_in(given)
    if found is None:
        raise InputError(
            _("{written} is not a date").format(written=_short(given)),
            where=f"{file}: as_of",
            hint=_("Write it as 2026-11-23."),
        )
    return found.date() if isinstance(found, dt.datetime) else found


class _Story:
    def __init__(
        self, knowledge: Knowledge, data: dict[str, Any], file: str, today: dt.date | None
    ) -> None:
        self.knowledge = knowledge
        self.data = data
        self.file = file
        self.as_of = story_date(data, file, today)

    def facts(self) -> Iterator[Fact]:
        self._check_entries(self.data, ENTRIES, "")
        yield from self._answers()
        yield from self._lines("medicines", self._medicine)
        yield from self._lines("conditions", self._condition)
        yield from self._lines("labs", self._lab)

    def _fault(self, at: str, message: str, hint: str = "") -> InputError:
        return InputError(message, where=f"{self.file}: {at}" if at else self.file, hint=hint)

    def _check_entries(self, table: dict[str, Any], known: dict[str, str], at: str) -> None:
        for key in table:
            if key not in known:
                hint = suggestion(str(key), list(known)) if key else ""
                if str(key) in self.knowledge.questions and not at:
                    hint = _("Answers stand under `answers`.")
                raise self._fault(at, _("there is no entry {key!r} here").format(key=key), hint)

    def _located(self, at: str, facts: Iterator[Fact]) -> list[Fact]:
        """Read facts; an error that names no place gets this one."""
        try:
            return list(facts)
        except InputError as error:
            if error.where:
                raise
            raise type(error)(error.message, where=f"{self.file}: {at}", hint=error.hint) from None

    def _origin(self, at: str, written: Any) -> Provenance:
        return Provenance(file=self.file, at=at, written=_short(written))

    def _answers(self) -> Iterator[Fact]:
        answers = self.data.get("answers")
        if answers is None:
            return
        if not isinstance(answers, dict):
            raise self._fault("answers", _("must be a table of question ids and answers"))
        for name, value in answers.items():
            yield from self._located(f"answers.{name}", self._answer(str(name), value))

    def _answer(self, name: str, value: Any) -> Iterator[Fact]:
        fitted = fit_answer(self.knowledge, name, value, self.as_of)
        origin = self._origin(f"answers.{name}", value)
        kind = "answer" if name in self.knowledge.questions else "condition"
        yield Fact(kind=kind, id=name, value=fitted, provenance=origin)  # type: ignore[arg-type]

    def _lines(self, entry: str, read: Callable[[Any, str], Iterator[Fact]]) -> Iterator[Fact]:
        lines = self.data.get(entry)
        if lines is None:
            return
        if not isinstance(lines, list):
            raise self._fault(entry, _("must be a list, one entry a line"))
        for index, line in enumerate(lines):
            at = f"{entry}[{index + 1}]"
            yield from self._located(at, read(line, at))

    def _medicine(self, line: Any, at: str) -> Iterator[Fact]:
        table = self._table(line, at, MEDICINE_ENTRIES)
        given = dict(self._medicine_given(table, at))
        text = str(table["name"])
        if table.get("dose"):
            text = f"{text} {table['dose']}"
        found = list(
            read_medicine(self.knowledge, text, self._origin(at, line), self.as_of, **given)
        )
        named = list(read_condition(self.knowledge, text, self._origin(at, line)))
        known = [fact for fact in named if fact.kind != "unrecognised"]
        if known and all(fact.kind == "unrecognised" for fact in found):
            yield from known
        else:
            yield from found

    def _medicine_given(self, table: dict[str, Any], at: str) -> Iterator[tuple[str, Any]]:
        for entry, name in _CRAMP_USES.items():
            if (value := self._truth(table, entry, at)) is not None:
                yield name, value
        for entry, name in {"since": "since_days", "stopped": "stopped_days"}.items():
            if table.get(entry) is not None:
                yield name, self._days(table, entry, at)
        if table.get("stopped") is not None and table.get("taking") is None:
            yield "taking", False
        changes = [
            DoseChange(direction=entry, days_ago=self._days(table, entry, at))
            for entry in ("raised", "lowered")
            if table.get(entry) is not None
        ]
        if changes:
            yield "changes", tuple(changes)

    def _condition(self, line: Any, at: str) -> Iterator[Fact]:
        table = self._table(line, at, CONDITION_ENTRIES, required=("name", "code"))
        origin = self._origin(at, line)
        if not table.get("code"):
            facts = list(read_condition(self.knowledge, str(table["name"]), origin))
        else:
            facts = list(self._coded(table, at, origin))
        if self._truth(table, "has", at) is False:
            facts = [_denied(fact) for fact in facts]
        yield from facts

    def _coded(self, table: dict[str, Any], at: str, origin: Provenance) -> Iterator[Fact]:
        system = str(table.get("system", "icd10cm")).lower().replace("-", "")
        if system not in CODE_SYSTEMS:
            raise self._fault(
                f"{at}.system",
                _("{name!r} is not known").format(name=system),
                _("One of {names}.").format(names=", ".join(CODE_SYSTEMS)),
            )
        found = condition_of_code(self.knowledge, system, str(table["code"]))
        if found is None:
            yield Fact(kind="unrecognised", id="condition", value=origin.written, provenance=origin)
            return
        yield Fact(kind="condition", id=found, value=True, provenance=origin)

    def _lab(self, line: Any, at: str) -> Iterator[Fact]:
        origin = self._origin(at, line)
        if isinstance(line, str):
            yield from read_lab_line(self.knowledge, line, origin)
            return
        table = self._table(line, at, LAB_ENTRIES, required=("name", "loinc"))
        if table.get("value") is None:
            raise self._fault(
                at, _("a result needs a `value`"), _("A number, or low, normal, high.")
            )
        yield from read_lab(
            self.knowledge,
            str(table.get("name", "")),
            table["value"],
            origin,
            unit=str(table.get("unit") or ""),
            low=table.get("low"),
            high=table.get("high"),
            code=str(table.get("loinc") or ""),
            days_ago=self._days(table, "date", at) if table.get("date") is not None else None,
        )

    def _table(
        self, line: Any, at: str, known: dict[str, str], required: tuple[str, ...] = ("name",)
    ) -> dict[str, Any]:
        if isinstance(line, str):
            return {"name": line}
        if not isinstance(line, dict):
            neither = _("{written} is neither a line of text nor a table")
            raise self._fault(at, neither.format(written=_short(line)))
        self._check_entries(line, known, at)
        if not any(line.get(key) for key in required):
            entries = _(" or ").join(f"`{key}`" for key in required)
            raise self._fault(at, _("needs {entries}").format(entries=entries))
        return line

    def _truth(self, table: dict[str, Any], entry: str, at: str) -> bool | None:
        value = table.get(entry)
        if value is None or says_unknown(str(value)):
            return None
        said = value if isinstance(value, bool) else yes_or_no(str(value))
        if said is not None:
            return said
        unclear = _("{written} is not yes, no or unknown").format(written=_short(value))
        raise self._fault(f"{at}.{entry}", unclear)

    def _days(self, table: dict[str, Any], entry: str, at: str) -> float:
        value = table[entry]
        days: float | None = None
        if isinstance(value, dt.date):
            value = value.isoformat()
        if isinstance(value, int) and not isinstance(value, bool) and 1900 <= value <= 2100:
            value = str(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            days = float(value)
        elif isinstance(value, str):
            days = days_in(value, self.as_of)
            days = days_in(f"in {value}", self.as_of) if days is None else days
        if days is None or not math.isfinite(days) or not 0 <= days <= 130 * 366:
            raise self._fault(
                f"{at}.{entry}",
                _("{written} is not a past date or a length of time").format(written=_short(value)),
                _("Write for instance `3 months`, or 2026-03-01, not after the story's date."),
            )
        return days


def _denied(fact: Fact) -> Fact:
    return Fact(kind=fact.kind, id=fact.id, value=False, provenance=fact.provenance)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else text[:197] + "..."
