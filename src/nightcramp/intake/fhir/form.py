"""The interview as a form: which questions stand on it, in which part, and when each is asked."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from nightcramp.intake.fhir.enablement import Enabled, enabled_by
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Condition, Question
from nightcramp.language import noted

PARTS = {
    "about_you": noted("About you"),
    "the_cramp": noted("The cramp"),
    "time_course": noted("Since when, and how it changes"),
    "leg_feelings": noted("What the legs feel like"),
    "circulation": noted("Veins and arteries"),
    "back_and_nerves": noted("Back and nerves"),
    "warning_signs": noted("Warning signs"),
    "general_health": noted("General health"),
    "habits_and_load": noted("Habits and effort"),
    "special": noted("Dialysis, pregnancy, children"),
    "examination": noted("Examination"),
}
ILLNESSES = "illnesses"
ILLNESSES_TITLE = noted("Illnesses and operations")
LISTS = "lists"
LISTS_TITLE = noted("Your own lists")
MEDICINE_LINES, CONDITION_LINES = "medicines", "conditions"
YES_NO = "yes_no"


class Asked(Struct, frozen=True, kw_only=True):
    """One question of the form."""

    id: str
    record: Question | Condition
    enabled: Enabled

    @property
    def kind(self) -> str:
        """Return what kind of answer it takes; an illness takes yes or no."""
        return self.record.kind if isinstance(self.record, Question) else YES_NO


class Form(Struct, frozen=True, kw_only=True):
    """Everything a person may be asked, by part and by id."""

    parts: dict[str, list[Asked]]
    by_id: dict[str, Asked]

    def asked_of(self, answers: Mapping[str, Any], knowledge: Knowledge) -> dict[str, Any]:
        """Return the answers to questions that are asked of whoever gives these answers.

        An answer that is left out for that reason makes no other question be asked.
        """
        kept = dict(answers)
        while True:
            scope = _Answers(kept)
            left = {name: v for name, v in kept.items() if self._is_asked(name, scope, knowledge)}
            if len(left) == len(kept):
                return left
            kept = left

    def _is_asked(self, name: str, scope: _Answers, knowledge: Knowledge) -> bool:
        enabled = self.by_id[name].enabled
        if enabled.kind in {"always", "unsaid"}:
            return True
        return knowledge.condition_of(enabled.text).truth(scope) is True


class _Answers:
    """The answers of a form as the scope of conditions."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    def value(self, name: str) -> Any:
        """Return the answer to a question; None where there is none."""
        return self.answers.get(name)

    def call(self, function: str, arguments: tuple[Any, ...]) -> Any:
        """Return None: a form holds answers only."""
        del function, arguments


@functools.lru_cache(maxsize=4)
def form_of(knowledge: Knowledge) -> Form:
    """Return the form of all questions that the person can answer, examinations left out."""
    records: dict[str, Question | Condition] = {
        q.id: q for q in knowledge.questions.values() if not q.clinician
    }
    records |= {c.id: c for c in knowledge.conditions.values() if c.ask}
    kinds = {n: r.kind if isinstance(r, Question) else YES_NO for n, r in records.items()}
    parts: dict[str, list[Asked]] = {}
    for name, record in records.items():
        part = record.section if isinstance(record, Question) else ILLNESSES
        asked = Asked(id=name, record=record, enabled=enabled_by(record.ask_if, kinds))
        parts.setdefault(part, []).append(asked)
    by_id = {asked.id: asked for listed in parts.values() for asked in listed}
    return Form(parts=parts, by_id=by_id)
