"""The assessment as plain text for a tired reader: what matters first, short lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nightcramp.assess.assessment import Assessment, SyndromeView
from nightcramp.assess.next_question import NextQuestion
from nightcramp.assess.triage import URGENT, Reason
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Model
from nightcramp.language import called
from nightcramp.language import gettext as _
from nightcramp.plan.plan import PlanItem, in_a_sentence, showed
from nightcramp.report.share_picture import note_of, share_rows
from nightcramp.report.words import (
    BE_SEEN_NOTE,
    LADDER_MARKS,
    LEVEL_TITLES,
    SELF_CARE_NOTE,
    TWELVE,
    WIDTH,
    counted,
    dots,
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
    yield from titled(_("Everything else can wait"))
    yield wrap(_("Get help first. `--json` and `nightcramp explain` show the rest."))


def titled(text: str) -> list[str]:
    """Return a section's title, underlined, after an empty line."""
    return ["", text, "-" * min(len(text), WIDTH)]


def _triage(found: Assessment) -> Iterator[str]:
    yield from titled(_(LEVEL_TITLES[found.triage.level]))[1:]
    reasons = found.triage.reasons
    if not reasons:
        yield wrap(f"{_(SELF_CARE_NOTE)} {_(BE_SEEN_NOTE)}")
    for reason in reasons[:MOST_SHOWN]:
        yield from _reason(reason)
    if len(reasons) > MOST_SHOWN:
        more = _("and {count} more reasons (see --json)")
        yield wrap(more.format(count=len(reasons) - MOST_SHOWN))


def _reason(reason: Reason) -> Iterator[str]:
    yield wrap(reason.say, 4, "  * ")
    yield wrap(reason.do, 4)


def _what_it_is(found: Assessment, knowledge: Knowledge) -> Iterator[str]:
    """Yield what must be ruled out, then the likely syndromes; emergencies never as a number.

    While an emergency must be ruled out nothing else gets a number either: a large one would
    make the emergency sound unlikely.
    """
    yield from titled(_("What this looks like"))
    first = [item for item in found.explanations if item.flagged]
    for item in first:
        yield wrap(_("{label}: must be ruled out first.").format(label=item.label), 4, "  ! ")
    likely = likely_syndromes(found, knowledge)
    urgent = ruled_out_first(found)
    for syndrome in likely:
        if urgent:
            signs = _("It also has signs of: {label}.").format(label=syndrome.label.lower())
            yield wrap(signs, 4, "    ")
        else:
            yield f"  {in_ten(syndrome.probability):<17} {syndrome.label}"


def ruled_out_first(found: Assessment) -> bool:
    """Return whether an emergency must be ruled out, so that nothing gets a number."""
    flagged = any(item.flagged and item.kind == "emergency" for item in found.explanations)
    return flagged or found.triage.level == "emergency"


def likely_syndromes(found: Assessment, knowledge: Knowledge) -> list[SyndromeView]:
    """Return what this may well be, emergencies left out."""
    emergencies = {m.id for m in knowledge.mimics.values() if m.kind == "emergency"}
    likely = [s for s in found.syndromes if s.probability >= 0.05 and s.id not in emergencies]
    return likely[:4]


def in_ten(probability: float) -> str:
    """Return a probability as a number in ten."""
    count = round(probability * 10)
    if count == 0:
        return _("less than 1 in 10")
    if probability >= 0.95:
        return _("nearly certain")
    return _("about {count} in 10").format(count=count)


def _behind(found: Assessment, model: Model) -> Iterator[str]:
    cramp = next(s for s in found.syndromes if s.id == "night_cramp")
    if cramp.probability < 0.1:
        return
    title = _("What is behind them: {twelve} of your cramps, a dot each").format(twelve=TWELVE)
    yield from titled(title)
    for row in share_rows(found, model):
        yield f"  {dots(row.count)}  {counted(row.count)}: {row.label}"
        yield f"  {'':{TWELVE}}  {note_of(row)}"


def _trials(found: Assessment) -> Iterator[str]:
    if found.verdicts:
        yield from titled(_("What your own trials showed"))
    for verdict in found.verdicts:
        mark = LADDER_MARKS["confirmed" if verdict.outcome == "works" else "refuted"]
        yield wrap(f"{verdict.title}: {showed(verdict)}", 6, f"  {mark} ")


def _doubts(found: Assessment) -> Iterator[str]:
    if found.contradictions:
        yield from titled(_("This does not fit together"))
        for conflict in found.contradictions:
            yield wrap(conflict.say, 4, "  * ")
            for fact in conflict.facts[:4]:
                origin = fact.provenance
                yield wrap(f"{origin.file}: {origin.at} {origin.written or origin.note}", 6)
    if found.unrecognised:
        yield from titled(_("Not understood, so it played no part"))
        for fact in found.unrecognised:
            yield wrap(f"{fact.value} ({fact.provenance.at})", 4, "  * ")


def _questions(questions: list[NextQuestion]) -> Iterator[str]:
    signs = [question for question in questions if question.red_flag]
    if signs:
        yield from titled(_("First: is any of these so? Then be seen sooner"))
    for question in signs:
        yield wrap(f"{question.ask} [{question.id}]", 4, "  ! ")
    if len(questions) > len(signs):
        yield from titled(_("Worth answering next"))
    for question in questions[len(signs) :]:
        yield wrap(question.ask, 4, "  * ")
        why = _("Why: {why}").format(why=question.why)
        yield wrap(f"{why} [{question.id}]", 4)


def _plan(found: Assessment) -> Iterator[str]:
    yield from titled(_("What you can do"))
    if found.triage.level in URGENT:
        yield wrap(_("Be seen first. Until then, only what is listed here."))
    advised = [item for item in found.plan if item.advised]
    labels = {item.id: item.label for item in found.explanations}
    for item in chosen(advised):
        yield from _action(item, labels)
    warnings = [item for item in found.plan if item.safety and item.kind != "care"]
    if warnings:
        yield from titled(_("Not for you, or ask first"))
    for item in warnings[:MOST_ACTIONS]:
        yield wrap(f"{item.label}: {item.safety[0].say}", 4, "  x ")


def chosen(items: list[PlanItem]) -> list[PlanItem]:
    """Return care first, then relief, then prevention, within the page's room."""
    room = {"care": 3, "relieve": 2, "prevent": 3}
    return [item for kind, most in room.items() for item in _of_kind(items, kind)[:most]]


def _of_kind(items: list[PlanItem], kind: str) -> list[PlanItem]:
    return [item for item in items if item.kind == kind]


def _action(item: PlanItem, labels: Mapping[str, str]) -> Iterator[str]:
    wanted = ", ".join(named(name, labels) for name in item.because)
    aimed = _("{label} (for: {causes})").format(label=item.label, causes=wanted)
    yield wrap(aimed if wanted else item.label, 4, "  * ")
    if item.how:
        yield wrap(item.how[0], 4)
    expected = item.expected_reduction
    if expected:
        fewer = _("Expect about {percent} % fewer cramps ({low} to {high}); {basis}.").format(
            percent=f"{expected.percent:.0f}",
            low=f"{expected.low:.0f}",
            high=f"{expected.high:.0f}",
            basis=expected.basis,
        )
        yield wrap(fewer, 4)
    yield wrap(item.verdict, 4)
    for line in filter(None, (item.trial, item.diary)):
        yield wrap(line, 4)
    for line in item.ask_clinician[:2]:
        yield wrap(line, 6, "    > ")


def named(name: str, labels: Mapping[str, str]) -> str:
    """Return the name of a cause: its id in words, or its label in other languages."""
    words = name.removeprefix("medication:").replace("_", " ")
    return called(words, in_a_sentence(labels.get(name, words)))


def _closing(found: Assessment, knowledge: Knowledge) -> Iterator[str]:
    yield from titled(_("How far to trust this"))
    yield wrap(knowledge.statements["natural_course"].text)
    for line in found.assumptions:
        yield wrap(line, 4, "  * ")
    yield wrap(_("`nightcramp explain ID FILE` shows every piece of evidence and its source."))
