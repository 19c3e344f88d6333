"""Checks the content files against each other; every fault names its file and key."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from itertools import chain

from nightcramp.errors import KnowledgeError
from nightcramp.knowledge import schema
from nightcramp.knowledge.expression import ExpressionError
from nightcramp.knowledge.loader import Knowledge, conditions_in

MOST_ASSUMED_RATIO = 3.0
MOST_ASSUMED_PROBABILITY = 0.5
LEAST_ESTABLISHED_SPREAD = 9.0
TOLERANCE = 1e-9

NO_RECORDS = frozenset(
    {"model", "diary_model", "trial_model", "sources", "credibility", "paths", "ordinary_words"}
)
MEDICINE_NAMES = frozenset(
    {
        "onset_days",
        "start_to_onset_days",
        "dose_raised_to_onset_days",
        "began_after",
        "after_start",
        "predates",
        "better_when_stopped",
        "back_when_restarted",
        "better_with_less",
        "after_each_dose",
        "reported_before",
        "other_causes",
        "intermittent",
        "takes_now",
        "same_reaction_before",
        "unsuitable_timing",
    }
)
"""Names that exist only while one medicine is looked at."""


def validate(knowledge: Knowledge) -> None:
    """Raise KnowledgeError listing every fault found."""
    faults = list(_faults(knowledge))
    if faults:
        raise KnowledgeError(f"{len(faults)} fault(s) in the content:\n" + "\n".join(faults))


def _faults(knowledge: Knowledge) -> Iterator[str]:
    for record in _records(knowledge):
        where = _where(knowledge, record)
        yield from (f"{where}: {fault}" for fault in _record_faults(knowledge, record))
    yield from _reference_faults(knowledge)


def _where(knowledge: Knowledge, record: schema.Content) -> str:
    path = knowledge.path_of(record) or "medicine_timing.toml"
    identifier = getattr(record, "id", "")
    return f"{path} {identifier}".strip()


def _records(knowledge: Knowledge) -> Iterator[schema.Content]:
    for name in knowledge.__struct_fields__:
        value = getattr(knowledge, name)
        if name in NO_RECORDS:
            continue
        yield from value.values() if isinstance(value, dict) else value


def _record_faults(knowledge: Knowledge, record: schema.Content) -> Iterator[str]:
    for key, text in conditions_in(record):
        yield from (f"{key}: {fault}" for fault in _condition_faults(knowledge, text))
    for key, part in _parts(record):
        yield from (f"{key}: {fault}" for fault in _part_faults(knowledge, part))


def _parts(record: schema.Content, at: str = "") -> Iterator[tuple[str, schema.Content]]:
    yield at or "record", record
    for name in record.__struct_fields__:
        value = getattr(record, name)
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            if isinstance(item, schema.Content):
                yield from _parts(item, f"{at}.{name}[{index}]".strip("."))


def _part_faults(knowledge: Knowledge, part: schema.Content) -> Iterator[str]:
    status = getattr(part, "status", None)
    sources: list[str] = getattr(part, "source", [])
    if status is not None and status not in {"assumed", "definition"} and not sources:
        yield f"status {status!r} needs a source"
    for key in sources:
        if key not in knowledge.sources:
            yield f"unknown source {key!r}{_nearest(key, knowledge.sources)}"
    if isinstance(part, schema.Effect):
        yield from _effect_faults(knowledge, part)
    if isinstance(part, schema.Clue):
        yield from _clue_faults(part)
    if isinstance(part, schema.Presence):
        yield from _presence_faults(part)
    if isinstance(part, schema.Reduction) and not part.low <= part.percent <= part.high:
        yield "the interval does not hold the point"


def _effect_faults(knowledge: Knowledge, effect: schema.Effect) -> Iterator[str]:
    if not 0 < effect.low <= effect.ratio <= effect.high:
        yield f"the interval {effect.low} to {effect.high} does not hold {effect.ratio}"
    if effect.grade not in knowledge.credibility:
        yield f"grade {effect.grade!r} is not in credibility.toml"
    if effect.status == "established":
        spread = min(effect.ratio / effect.low, effect.high / effect.ratio)
        if spread < LEAST_ESTABLISHED_SPREAD**0.5 - TOLERANCE:
            yield "established, size assumed: the interval must be threefold each way"
    if effect.status == "assumed" and effect.ratio > MOST_ASSUMED_RATIO:
        yield "an assumed ratio may be 3 at most"
    if effect.low == effect.high:
        yield "an effect needs an interval"


def _clue_faults(clue: schema.Clue) -> Iterator[str]:
    if clue.ratio < 0 or clue.ratio_if_no < 0:
        yield "a ratio cannot be negative"
    limit = MOST_ASSUMED_RATIO + TOLERANCE
    ratios = (clue.ratio, clue.ratio_if_no)
    if clue.status == "assumed" and any(not 1 / limit - 1e-2 <= r <= limit for r in ratios):
        yield "an assumed likelihood ratio may be 3 either way at most"


def _presence_faults(presence: schema.Presence) -> Iterator[str]:
    if not 0 <= presence.probability <= 1:
        yield f"{presence.probability} is not a probability"
    if presence.status == "definition" and presence.probability not in (0, 1):
        yield "a definition is 0 or 1"
    if presence.status == "assumed" and presence.probability > MOST_ASSUMED_PROBABILITY:
        yield "an assumed probability may be 0.5 at most"
    low, high = presence.low, presence.high
    if low is not None and high is not None and not low <= presence.probability <= high:
        yield "the interval does not hold the point"


def _condition_faults(knowledge: Knowledge, text: str) -> Iterator[str]:
    try:
        expression = knowledge.condition_of(text)
    except ExpressionError as error:
        yield str(error)
        return
    names = dict.fromkeys(chain(knowledge.questions, knowledge.conditions, MEDICINE_NAMES))
    for name in sorted(expression.names - names.keys()):
        yield f"unknown name {name!r} in {text!r}{_nearest(name, names)}"
    for function, argument in sorted(expression.calls):
        known = _known_arguments(knowledge, function)
        if argument not in known:
            yield f"unknown id {argument!r} in {function}(){_nearest(argument, known)}"


def _known_arguments(knowledge: Knowledge, function: str) -> dict[str, object]:
    if function == "flagged":
        return {**knowledge.mimics, **knowledge.factors}
    if function == "began_after_medicine":
        return {"": None}
    if function in {"med", "med_since_days"}:
        return {**knowledge.medicines, **knowledge.medicine_classes}
    if function in {"score", "score_min"}:
        return dict(knowledge.instruments)
    return dict(knowledge.labs)


def _reference_faults(knowledge: Knowledge) -> Iterator[str]:
    yield from _overlaps(knowledge)
    answerable = {**knowledge.conditions, **knowledge.questions}
    syndromes_and_factors = {**knowledge.mimics, **knowledge.factors}
    for mimic in knowledge.mimics.values():
        yield from _unknown(mimic.id, "attributed_to", mimic.attributed_to, knowledge.factors)
        if not mimic.prior or mimic.prior[-1].when:
            yield f"mimics/{mimic.id}: the last prior must be without `when`"
    for factor in knowledge.factors.values():
        if not factor.presence or factor.presence[-1].when:
            yield f"factors/{factor.id}: the last presence must be without `when`"
        if not factor.effect or factor.effect[-1].when:
            yield f"factors/{factor.id}: the last effect must be without `when`"
    for flag in knowledge.red_flags.values():
        yield from _unknown(flag.id, "points_to", flag.points_to, syndromes_and_factors)
    for action in knowledge.actions.values():
        allowed = {**knowledge.factors, **knowledge.mimics, "medication": None}
        yield from _unknown(action.id, "factors", action.factors, allowed)
    for rule in knowledge.safety.values():
        yield from _unknown(rule.id, "blocks", rule.blocks, knowledge.actions)
    for medicine in knowledge.medicines.values():
        yield from _unknown(medicine.id, "classes", medicine.classes, knowledge.medicine_classes)
        yield from _unknown(medicine.id, "contains", medicine.contains, knowledge.medicines)
    for group in knowledge.medicine_classes.values():
        yield from _unknown(group.id, "parents", group.parents, knowledge.medicine_classes)
    for condition in knowledge.conditions.values():
        yield from _unknown(condition.id, "implies", condition.implies, answerable)
    for question in knowledge.questions.values():
        yield from _unknown(question.id, "implies", list(question.implies), answerable)
    for measure in knowledge.measures.values():
        yield from _unknown(measure.id, "factors", measure.factors, knowledge.factors)
        yield from _unknown(measure.id, "actions", measure.actions, knowledge.actions)
        reduced = {name: action for name, action in knowledge.actions.items() if action.reduction}
        believed = {**knowledge.factors, **reduced, "": None}
        yield from _unknown(measure.id, "belief", [measure.belief], believed)
    yield from _trial_faults(knowledge)


def _trial_faults(knowledge: Knowledge) -> Iterator[str]:
    """Yield what does not fit in the tests: every action has one, and it can be carried out."""
    for name in knowledge.actions.keys() - knowledge.trials.keys():
        yield f'trials: the action {name!r} has no [[trial]]; `who` may be "nobody"'
    for trial in knowledge.trials.values():
        yield from _unknown(trial.id, "id", [trial.id], knowledge.actions)
        yield from (f"trials/{trial.id}: {fault}" for fault in _template_faults(trial))
        if trial.effort not in knowledge.trial_model.ease:
            yield f"trials/{trial.id}: effort {trial.effort!r} has no ease in trial_model.toml"
    for remedy in knowledge.remedies.values():
        yield from _unknown(remedy.id, "like", remedy.like, knowledge.actions)
    yield from (f"trial_model: own: {f}" for f in _template_faults(knowledge.trial_model.own))
    words, baseline = knowledge.trial_model.words, knowledge.trial_model.baseline
    classes = {**knowledge.medicine_classes, **knowledge.medicines}
    yield from _unknown("trial_model", "is_action", list(words.is_action), classes)
    yield from _unknown("trial_model", "is_action", [*words.is_action.values()], knowledge.actions)
    yield from _unknown("trial_model", "baseline", baseline.source, knowledge.sources)
    if min(baseline.rate, baseline.kappa, baseline.sigma) <= 0 or not 0 <= baseline.rho < 1:
        yield "trial_model: baseline: rate, kappa and sigma are above 0, rho from 0 to below 1"


def _template_faults(trial: schema.TrialTemplate) -> Iterator[str]:
    if trial.who == "nobody":
        if not trial.why:
            yield "a test for nobody needs its reason in `why`"
        return
    if trial.do is None or trial.leave is None or not trial.burden:
        yield "`do`, `leave` and `burden` are needed"
    if trial.who == "prescriber" and not trial.why:
        yield "the prescriber is asked for a reason: `why`"
    if not 0 <= trial.washout < trial.block_nights:
        yield "washout must leave nights of the block that count"
    if not 0 < trial.smallest_effect < 1:
        yield "smallest_effect is a ratio between 0 and 1"


def _overlaps(knowledge: Knowledge) -> Iterator[str]:
    for name in sorted(knowledge.questions.keys() & knowledge.conditions.keys()):
        yield f"{name!r} is both a question and a condition"
    for name in sorted(knowledge.factors.keys() & knowledge.mimics.keys()):
        yield f"{name!r} is both a factor and a mimic"


def _unknown(owner: str, key: str, ids: list[str], known: Mapping[str, object]) -> Iterator[str]:
    for identifier in ids:
        if identifier not in known:
            yield f"{owner}: {key}: unknown id {identifier!r}{_nearest(identifier, known)}"


def _nearest(name: str, known: object) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)  # type: ignore[call-overload]
    return f" (did you mean {close[0]!r}?)" if close else ""
