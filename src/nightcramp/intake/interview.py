"""The interview: what is asked next of this person; the terminal and the pages share it."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from nightcramp.assess.known import Known
from nightcramp.assess.next_question import next_questions, open_questions
from nightcramp.assess.triage import LEVELS, URGENT, Triage, triage
from nightcramp.intake.merge import merged
from nightcramp.intake.reading import Reading
from nightcramp.intake.told import FILE, Step, ToldStory
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.knowledge.schema import Condition, Question
from nightcramp.language import called, noted
from nightcramp.language import gettext as _
from nightcramp.person.fact import Fact
from nightcramp.person.facts import Facts

FIRST = ("age", "sex", "called_cramp", "onset", "site")
SIGNS_A_PAGE = 7
MOST_STEPS = 25
LISTED = {
    "no_other_medicines": noted("no other medicines"),
    "pregnancy_weeks": noted("pregnancy weeks"),
}
"""What lines of lists answer beside what they name."""


class Interview:
    """Holds what was told as it grows; every answer is checked before it is kept.

    `beside`: what records and the diary say, which need not be asked again.
    """

    def __init__(
        self,
        known: Knowledge,
        told: ToldStory,
        today: dt.date,
        beside: Sequence[Reading] = (),
        file: str = FILE,
    ) -> None:
        self.known = known
        self.told = told
        self.today = today
        self.beside = beside
        self.file = file
        self.facts()

    def facts(self) -> Facts:
        """Return the facts so far; raises InputError for what does not fit."""
        readings = [*self.told.readings(self.known, self.file), *self.beside]
        return merged(readings, max((one.as_of for one in readings), default=self.today))

    def urgent(self) -> Triage | None:
        """Return what cannot wait, if anything."""
        found = triage(Known(self.facts(), cautious=True))
        return found if found.level in URGENT else None

    def next_step(self, most: int = MOST_STEPS) -> Step | None:
        """Return what to ask next: warning signs, lists, then the most telling question.

        None once `most` steps were taken, nothing more would tell, or it is an emergency.
        """
        urgent = self.urgent()
        if len(self.told.steps) >= most or (urgent and urgent.level == "emergency"):
            return None
        if signs := self.signs():
            return Step(kind="signs", ids=tuple(sign.id for sign in signs[:SIGNS_A_PAGE]))
        listed = {step.kind for step in self.told.steps}
        if "medicines" not in listed and not self.told.lines("medicines"):
            return Step(kind="medicines")
        if "conditions" not in listed and not self.told.lines("conditions"):
            return Step(kind="conditions")
        question = self.question()
        return Step(kind="question", ids=(question.id,)) if question else None

    def signs(self) -> list[Question]:
        """Return the unanswered signs that alone would mean: be seen today, or at once."""
        return urgent_signs(Known(self.facts(), cautious=True))

    def question(self) -> Question | Condition | None:
        """Return the question worth asking next, or None."""
        facts = self.facts()
        for name in FIRST:
            if not facts.asked(name):
                return self.known.questions[name]
        best = next_questions(Known(facts), Known(facts, cautious=True), 1)
        return self.asked(best[0].id) if best else None

    def asked(self, name: str) -> Question | Condition:
        """Return what is asked under a name."""
        return self.known.questions.get(name) or self.known.conditions[name]

    def answer(self, given: dict[str, Any]) -> None:
        """Keep answers, all or none; raises InputError for one that does not fit."""

        def put(told: ToldStory) -> None:
            for name, value in given.items():
                told.answer(name, value, self.today)

        self._change(put)

    def add_line(self, entry: str, line: str) -> list[str]:
        """Add a line to a list; return what was understood of it. Raises InputError."""
        self._change(lambda told: told.add_line(entry, line, self.today))
        lines = self.told.lines(entry)
        return self.understood(entry, len(lines) - 1 - lines[::-1].index(line))

    def understood(self, entry: str, place: int) -> list[str]:
        """Return what a line of a list was read as; nothing where it was not understood."""
        readings = self.told.readings(self.known, self.file)
        for part, reading in zip(self.told.parts, readings, strict=True):
            here = len(part.get(entry, ()))
            if place < here:
                at = f"{entry}[{place + 1}]"
                read = [f for f in reading.facts if f.provenance.at == at]
                known = [fact for fact in read if fact.kind != "unrecognised"]
                return list(dict.fromkeys(self._called(fact) for fact in known))
            place -= here
        return []

    def _called(self, fact: Fact) -> str:
        """Return what a fact read from a line is called."""
        words = fact.id.replace("_", " ")
        if fact.kind == "medicine":
            return name_of_medicine(fact.id)
        if fact.kind == "condition":
            return called(words, self.known.conditions[fact.id].label)
        return _(LISTED.get(fact.id, words))

    def done(self, step: Step) -> None:
        """Note that a step was answered; answering it again does not make it another one."""
        if step not in self.told.steps:
            self.told.steps.append(step)

    def _change(self, change: Callable[[ToldStory], None]) -> None:
        before = self.told
        self.told = copy.deepcopy(before)
        try:
            change(self.told)
            self.facts()
        except Exception:
            self.told = before
            raise


def urgent_signs(known: Known) -> list[Question]:
    """Return the unanswered signs that alone would mean: be seen today, or at once.

    The most urgent first, the more frequent first among equals.
    """
    ranked = []
    for question in open_questions(known, clinician=False):
        if isinstance(question, Question) and question.red_flag and not question.ask_if:
            level = triage(known.supposing(question.id, True)).level
            if level in URGENT:
                ranked.append((LEVELS.index(level), -question.expected, question.id, question))
    return [question for *_, question in sorted(ranked, key=lambda item: item[:3])]


def why_asked(question: Question | Condition) -> str:
    """Return why a question is asked."""
    if isinstance(question, Question):
        return question.why
    return _("{label} can be behind cramps, or change what is safe to try.").format(
        label=question.label
    )
