"""Which answer would change the picture most? Red flags first, then information.

The value of a question is the mutual information between its answer and the explanation,
H(mean of the pictures) - mean of H(picture), over the pictures its answers would give,
weighted by how often each answer is expected. It is never negative, and zero when no answer
changes anything. In bits.
"""

from __future__ import annotations

import math

from msgspec import Struct

from nightcramp.assess.known import Known
from nightcramp.assess.picture import picture
from nightcramp.assess.triage import LEVELS, URGENT, undecided
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.knowledge.schema import Condition, Question, RedFlag
from nightcramp.language import gettext as _
from nightcramp.person.fact import Value


class NextQuestion(Struct, frozen=True, kw_only=True):
    """A question worth asking next, why, and how much its answer is expected to tell."""

    id: str
    ask: str
    why: str
    bits: float
    red_flag: bool
    changes: str = ""


def next_questions(
    known: Known, cautious: Known, count: int = 5, *, clinician: bool = False
) -> list[NextQuestion]:
    """Return up to `count` warning signs worth asking now, then `count` telling questions."""
    if count <= 0:
        return []
    urgent = red_flag_questions(known, cautious, clinician=clinician)[:count]
    telling = informative(known, cautious, clinician=clinician, leave_out={q.id for q in urgent})
    return [*urgent, *telling[:count]]


def red_flag_questions(
    known: Known, cautious: Known, *, clinician: bool = False
) -> list[NextQuestion]:
    """Return questions that would complete a red flag of which a part already holds."""
    found: dict[str, tuple[tuple[int, float], NextQuestion]] = {}
    reached = LEVELS.index(_level_now(cautious))
    for flag in undecided(cautious):
        rank = LEVELS.index(flag.level)
        missing = _missing(flag, cautious)
        if rank >= reached or flag.level not in URGENT or not missing:
            continue
        for name in missing:
            question = _asked_as(known, name)
            if question and (clinician or not getattr(question, "clinician", False)):
                key = rank, -question.expected
                if name not in found or key < found[name][0]:
                    found[name] = key, _flag_question(question, flag)
    ordered = sorted(found.items(), key=lambda item: (item[1][0], item[0]))
    return [question for _, (_, question) in ordered]


def _level_now(cautious: Known) -> str:
    from nightcramp.assess.triage import triage

    return triage(cautious).level


def _missing(flag: RedFlag, known: Known) -> list[str]:
    """Return the unanswered names that alone would make a flag fire."""
    names = sorted(known.knowledge.needs(flag))
    return [
        name
        for name in names
        if known.value(name) is None
        and not known.facts.asked(name)
        and _is_yes_no(known, name)
        and known.supposing(name, True).truth(flag.when)
    ]


def _is_yes_no(known: Known, name: str) -> bool:
    question = known.knowledge.questions.get(name)
    return question is None or question.kind == "yes_no"


def _flag_question(question: Question | Condition, flag: RedFlag) -> NextQuestion:
    return NextQuestion(
        id=question.id,
        ask=question.ask,
        why=question.why if isinstance(question, Question) else flag.say,
        bits=0.0,
        red_flag=True,
        changes=_("a yes would mean: {do}").format(do=flag.do),
    )


def _asked_as(known: Known, name: str) -> Question | Condition | None:
    record = known.knowledge.questions.get(name) or known.knowledge.conditions.get(name)
    return record if record and record.ask and known.truth(record.ask_if) else None


def informative(
    known: Known, cautious: Known, *, clinician: bool, leave_out: set[str]
) -> list[NextQuestion]:
    """Return the unanswered questions by expected information, most telling first."""
    now = picture(known, cautious).weights
    scored = []
    for question in open_questions(known, clinician=clinician):
        if question.id in leave_out:
            continue
        bits, name = _information(question, known, cautious, now)
        if bits > 1e-4:
            scored.append(_telling(question, bits, name, known))
    return sorted(scored, key=lambda q: (-q.bits, q.id))


def open_questions(known: Known, *, clinician: bool) -> list[Question | Condition]:
    """Return what may be asked of this person now."""
    asked: list[Question | Condition] = []
    for question in known.knowledge.questions.values():
        if known.facts.asked(question.id) or known.value(question.id) is not None:
            continue
        if question.clinician and not clinician:
            continue
        if known.truth(question.ask_if):
            asked.append(question)
    for condition in known.knowledge.conditions.values():
        unanswered = known.value(condition.id) is None and not known.facts.asked(condition.id)
        if condition.ask and unanswered and known.truth(condition.ask_if):
            asked.append(condition)
    return asked


def _information(
    question: Question | Condition, known: Known, cautious: Known, now: dict[str, float]
) -> tuple[float, str]:
    """Return (bits, the explanation that moves most)."""
    outcomes = possible_answers(question)
    if not outcomes:
        return 0.0, ""
    pictures = []
    for probability, value in outcomes:
        told = known.supposing(question.id, value)
        told_cautious = cautious.supposing(question.id, value)
        pictures.append((probability, picture(told, told_cautious).weights))
    names = sorted({name for _, weights in pictures for name in weights})
    mixture = {n: sum(p * w.get(n, 0.0) for p, w in pictures) for n in names}
    gain = _entropy(mixture) - sum(p * _entropy(w) for p, w in pictures)
    moved = max(
        names, key=lambda n: sum(p * abs(w.get(n, 0.0) - now.get(n, 0.0)) for p, w in pictures)
    )
    return max(0.0, gain), moved


def possible_answers(question: Question | Condition) -> list[tuple[float, Value]]:
    """Return (how often it is expected, answer) for the answers worth supposing."""
    if isinstance(question, Condition) or question.kind == "yes_no":
        return [(question.expected, True), (1 - question.expected, False)]
    values: list[Value] = list(question.probes)
    if question.kind == "choice":
        values = [option.id for option in question.options]
    if question.kind == "many":
        values = [[option.id] for option in question.options]
    return [(1 / len(values), value) for value in values]


def _entropy(weights: dict[str, float]) -> float:
    return -sum(w * math.log2(w) for w in weights.values() if w > 0)


def _telling(question: Question | Condition, bits: float, moved: str, known: Known) -> NextQuestion:
    why = question.why if isinstance(question, Question) else _condition_why(moved, known)
    return NextQuestion(
        id=question.id,
        ask=question.ask,
        why=why,
        bits=round(bits, 4),
        red_flag=False,
        changes=_("it bears most on: {label}").format(label=label_of(moved, known)),
    )


def _condition_why(moved: str, known: Known) -> str:
    return _("It bears on {label}.").format(label=label_of(moved, known).lower())


def label_of(identifier: str, known: Known) -> str:
    """Return the plain words for an explanation id."""
    knowledge = known.knowledge
    record = knowledge.factors.get(identifier) or knowledge.mimics.get(identifier)
    if record:
        return record.label
    if identifier == "idiopathic":
        return _("No cause found (ordinary night cramps)")
    return name_of_medicine(identifier)
