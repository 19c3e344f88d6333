"""The assessment as plain text for a tired reader: what matters first, short lines."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.assess.assessment import Assessment
from nightcramp.assess.next_question import NextQuestion
from nightcramp.assess.triage import URGENT, Reason
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Model
from nightcramp.plan.plan import PlanItem, showed
from nightcramp.report.words import (
    LADDER_MARKS,
    LEVEL_TITLES,
    SELF_CARE_NOTE,
    TWELVE,
    WIDTH,
    counted,
    dots,
    twelfths,
    twelve_range,
    wrap,
)

MOST_SHOWN = 5
MOST_ACTIONS = 6


def assessment_text(found: Assessment, knowledge: Knowledge) -> str:
    """Return the whole assessment for the terminal."""
    model = knowledge.model
    if found.triage.level == "emergency":
        brief = [*_triage(found), *_what_it_is(found, knowledge), *_doubts(found), *_wait()]
        return "\n".join(brief) + "\n"
    parts = [
        *_triage(found),
        *_what_it_is(found, knowledge),
        *_behind(found, model),
        *_trials(found),
        *_doubts(found),
        *_questions(found.next_questions),
        *_plan(found),
        *_closing(found, knowledge),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _wait() -> Iterator[str]:
    yield from titled("Everything else can wait")
    yield wrap("Get help first. `--json` and `nightcramp explain` show the rest.")


def titled(text: str) -> list[str]:
    """Return a section's title, underlined, after an empty line."""
    return ["", text, "-" * min(len(text), WIDTH)]


def _triage(found: Assessment) -> Iterator[str]:
    yield from titled(LEVEL_TITLES[found.triage.level])[1:]
    reasons = found.triage.reasons
    if not reasons:
        yield wrap(SELF_CARE_NOTE)
    for reason in reasons[:MOST_SHOWN]:
        yield from _reason(reason)
    if len(reasons) > MOST_SHOWN:
        yield wrap(f"and {len(reasons) - MOST_SHOWN} more reasons (see --json)")


def _reason(reason: Reason) -> Iterator[str]:
    yield wrap(reason.say, 4, "  * ")
    yield wrap(reason.do, 4)


def _what_it_is(found: Assessment, knowledge: Knowledge) -> Iterator[str]:
    """Yield what must be ruled out, then the likely syndromes; emergencies never as a number.

    While an emergency must be ruled out nothing else gets a number either: a large one would
    make the emergency sound unlikely.
    """
    yield from titled("What this looks like")
    emergencies = {m.id for m in knowledge.mimics.values() if m.kind == "emergency"}
    first = [item for item in found.explanations if item.flagged]
    for item in first:
        yield wrap(f"{item.label}: must be ruled out first.", 4, "  ! ")
    urgent = any(item.kind == "emergency" for item in first) or found.triage.level == "emergency"
    likely = [s for s in found.syndromes if s.probability >= 0.05 and s.id not in emergencies]
    for syndrome in likely[:4]:
        if urgent:
            yield wrap(f"It also has signs of: {syndrome.label.lower()}.", 4, "    ")
        else:
            yield f"  {in_ten(syndrome.probability):<17} {syndrome.label}"


def in_ten(probability: float) -> str:
    """Return a probability as a number in ten."""
    count = round(probability * 10)
    if count == 0:
        return "less than 1 in 10"
    return "nearly certain" if probability >= 0.95 else f"about {count} in 10"


def _behind(found: Assessment, model: Model) -> Iterator[str]:
    cramp = next(s for s in found.syndromes if s.id == "night_cramp")
    if cramp.probability < 0.1:
        return
    yield from titled(f"What is behind them: {TWELVE} of your cramps, a dot each")
    rows = list(_rows(found, model))
    for (label, _, note), count in zip(rows, twelfths([row[1] for row in rows]), strict=True):
        yield f"  {dots(count)}  {counted(count)}: {label}"
        yield f"  {'':{TWELVE}}  {note}"


def _rows(found: Assessment, model: Model) -> Iterator[tuple[str, float, str]]:
    """Yield (label, share, what is said of it): named factors, others, the unexplained."""
    there = [s for s in found.shares if s.presence >= model.present_probability]
    named = [s for s in there if s.share >= model.shown_weight][:MOST_SHOWN]
    for share in named:
        spread = twelve_range(share.low, share.high)
        mark = LADDER_MARKS[share.ladder]
        yield share.label, share.share, f"it could be {spread}; {share.ladder} {mark}"
    others = sum(s.share for s in found.shares) - sum(s.share for s in named)
    if others >= model.shown_weight:
        yield "other possibilities together", others, "not known to be there, or small"
    left = found.unexplained
    spread = twelve_range(left.low, left.high)
    yield "not explained by anything we know", left.share, f"it could be {spread}"


def _trials(found: Assessment) -> Iterator[str]:
    if found.verdicts:
        yield from titled("What your own trials showed")
    for verdict in found.verdicts:
        mark = LADDER_MARKS["confirmed" if verdict.outcome == "works" else "refuted"]
        yield wrap(f"{verdict.title}: {showed(verdict)}", 6, f"  {mark} ")


def _doubts(found: Assessment) -> Iterator[str]:
    if found.contradictions:
        yield from titled("This does not fit together")
        for conflict in found.contradictions:
            yield wrap(conflict.say, 4, "  * ")
            for fact in conflict.facts[:4]:
                origin = fact.provenance
                yield wrap(f"{origin.file}: {origin.at} {origin.written or origin.note}", 6)
    if found.unrecognised:
        yield from titled("Not understood, so it played no part")
        for fact in found.unrecognised:
            yield wrap(f"{fact.value} ({fact.provenance.at})", 4, "  * ")


def _questions(questions: list[NextQuestion]) -> Iterator[str]:
    signs = [question for question in questions if question.red_flag]
    if signs:
        yield from titled("First: is any of these so? Then be seen sooner")
    for question in signs:
        yield wrap(f"{question.ask} [{question.id}]", 4, "  ! ")
    if len(questions) > len(signs):
        yield from titled("Worth answering next")
    for question in questions[len(signs) :]:
        yield wrap(question.ask, 4, "  * ")
        yield wrap(f"Why: {question.why} [{question.id}]", 4)


def _plan(found: Assessment) -> Iterator[str]:
    yield from titled("What you can do")
    if found.triage.level in URGENT:
        yield wrap("Be seen first. Until then, only what is listed here.")
    advised = [item for item in found.plan if item.advised]
    for item in _chosen(advised):
        yield from _action(item)
    warnings = [item for item in found.plan if item.safety and item.kind != "care"]
    if warnings:
        yield from titled("Not for you, or ask first")
    for item in warnings[:MOST_ACTIONS]:
        yield wrap(f"{item.label}: {item.safety[0].say}", 4, "  x ")


def _chosen(items: list[PlanItem]) -> list[PlanItem]:
    """Return care first, then relief, then prevention, within the page's room."""
    room = {"care": 3, "relieve": 2, "prevent": 3}
    return [item for kind, most in room.items() for item in _of_kind(items, kind)[:most]]


def _of_kind(items: list[PlanItem], kind: str) -> list[PlanItem]:
    return [item for item in items if item.kind == kind]


def _action(item: PlanItem) -> Iterator[str]:
    wanted = ", ".join(name.removeprefix("medication:").replace("_", " ") for name in item.because)
    yield wrap(f"{item.label} (for: {wanted})" if wanted else item.label, 4, "  * ")
    if item.how:
        yield wrap(item.how[0], 4)
    expected = item.expected_reduction
    if expected:
        yield wrap(
            f"Expect about {expected.percent:.0f} % fewer cramps "
            f"({expected.low:.0f} to {expected.high:.0f}); {expected.basis}.",
            4,
        )
    if item.diary:
        yield wrap(item.diary, 4)
    yield wrap(item.verdict, 4)
    for line in filter(None, (item.trial, item.diary)):
        yield wrap(line, 4)
    for line in item.ask_clinician[:2]:
        yield wrap(line, 6, "    > ")


def _closing(found: Assessment, knowledge: Knowledge) -> Iterator[str]:
    yield from titled("How far to trust this")
    yield wrap(knowledge.statements["natural_course"].text)
    for line in found.assumptions:
        yield wrap(line, 4, "  * ")
    yield wrap("`nightcramp explain ID FILE` shows every piece of evidence and its source.")
