"""The result of what is known of the person, and what it leaves out."""

from __future__ import annotations

from nightcramp.app.asked import Asked
from nightcramp.app.routes import Route, View
from nightcramp.assess.assessment import assess
from nightcramp.errors import InputError
from nightcramp.intake.own_record import OwnRecord
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.facts import Facts
from nightcramp.report.result import QUESTIONS, OthersPage, ResultPage, others_of, result_of


def facts_of(record: OwnRecord, asked: Asked) -> Facts | None:
    """Return the facts of a record, or None where there is nothing to assess yet."""
    try:
        return record.facts(asked.clock.now.date())
    except InputError:
        return None


def result(asked: Asked) -> ResultPage:
    """Return the result of all that is known of the person."""
    record = asked.record
    facts = facts_of(record, asked)
    if facts is None:
        return ResultPage(state="nothing", diary_only=bool(record.nights))
    found = assess(facts, questions=QUESTIONS)
    return result_of(found, knowledge(), facts.findings, diary_only=not record.readings)


def others(asked: Asked) -> OthersPage:
    """Return the explanations that the result leaves out because they weigh little."""
    facts = facts_of(asked.record, asked)
    if facts is None:
        return OthersPage(state="nothing")
    return others_of(assess(facts, questions=0), knowledge())


ROUTES: tuple[Route, ...] = (
    View("/result", result, "result.html", "How soon to be seen, what is behind it, what to do."),
    View(
        "/result/others", others, "result_others.html", "What was weighed too, and weighs little."
    ),
)
