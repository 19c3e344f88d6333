"""The assessment as a RiskAssessment: how urgent it is, and what may be behind the cramps."""

from __future__ import annotations

from nightcramp import __version__
from nightcramp.assess.assessment import Assessment, Explanation
from nightcramp.assess.medicines import PREFIX
from nightcramp.intake.fhir import canonical as ours
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.report.fhir.conditions import codes_of_condition
from nightcramp.report.fhir.elements import (
    Json,
    clean,
    coding,
    concept,
    filled,
    meta,
    narrative,
    note,
    reference,
    resource,
)
from nightcramp.report.fhir.scope import Writing
from nightcramp.report.words import LADDER_WORDS, LEVEL_TITLES, of_twelve, twelve_range

METHOD = noted("Published effects and the person's own nights, weighed by nightcramp {version}")
LIMITS = (
    noted(
        "Each number says in per cent how much of the cramps an explanation accounts for. It is no "
        "chance of a disease and no diagnosis."
    ),
    noted(
        "What is not in the list is not ruled out. A warning sign has no number: it needs a "
        "clinician, whatever the numbers say."
    ),
    noted("It rests on what the person told and on the records they gave."),
)
FLAGGED = noted("a warning sign points to it")
MOST_REASONS = 3
PER_CENT_DIGITS = 4


def risk_assessment(writing: Writing, found: Assessment, basis: list[Json]) -> Json:
    """Return the assessment; `basis`: what it rests on."""
    as_of = writing.exported.as_of.isoformat()
    level = _(LEVEL_TITLES[found.triage.level])
    what_to_do = " ".join(dict.fromkeys(reason.do for reason in found.triage.reasons))
    return resource(
        "RiskAssessment",
        writing.names.of("assessment", as_of),
        meta=meta("result"),
        text=narrative(level),
        status="final",
        method=concept(text=_(METHOD).format(version=__version__)),
        subject=writing.subject,
        occurrenceDateTime=as_of,
        basis=[reference(item) for item in basis],
        prediction=[_triage(found), *_predictions(writing, found)],
        mitigation=clean(what_to_do),
        note=note(*(_(text) for text in LIMITS), *found.assumptions),
    )


def _triage(found: Assessment) -> Json:
    level = found.triage.level
    says = " ".join(dict.fromkeys(reason.say for reason in found.triage.reasons))
    outcome = coding(ours.TRIAGE, level, _(LEVEL_TITLES[level]))
    return filled(outcome=concept(outcome, text=_(LEVEL_TITLES[level])), rationale=clean(says))


def _predictions(writing: Writing, found: Assessment) -> list[Json]:
    """Return a prediction for each explanation of some weight, and each that a flag points to."""
    least = writing.knowledge.model.shown_weight
    shares = {share.id: share for share in found.shares}
    shown = [
        item
        for item in found.explanations
        if item.flagged or (item.weight >= least and item.kind != "emergency")
    ]
    predictions = []
    for item in shown:
        share = shares.get(item.id)
        size = (
            _("{count} of 12 cramps (it could be {range}).").format(
                count=of_twelve(share.share), range=twelve_range(share.low, share.high)
            )
            if share and not item.flagged
            else ""
        )
        predictions.append(_prediction(writing, item, size))
    return predictions


def _prediction(writing: Writing, item: Explanation, size: str) -> Json:
    outcome = concept(*_codes(writing, item), text=item.label)
    reasons = [line.says for line in item.supports[:MOST_REASONS]]
    rationale = clean(" ".join(filter(None, (_ladder(item), size, "; ".join(reasons)))))
    if item.flagged or item.kind == "emergency":
        flagged = concept(coding(ours.TRIAGE, "flagged", _(FLAGGED)), text=_(FLAGGED))
        return filled(outcome=outcome, qualitativeRisk=flagged, rationale=rationale)
    percent = round(100 * item.weight, PER_CENT_DIGITS)
    return {**filled(outcome=outcome, rationale=rationale), "probabilityDecimal": percent}


def _ladder(item: Explanation) -> str:
    return "" if item.flagged else _(LADDER_WORDS[item.ladder]) + "."


def _codes(writing: Writing, item: Explanation) -> list[Json]:
    """Return our code of an explanation, and those of the illness of the same name."""
    codes = [coding(ours.EXPLANATION, item.id, item.label)]
    record = writing.knowledge.conditions.get(item.id)
    if record and not item.id.startswith(PREFIX):
        codes += codes_of_condition(record)[1:]
    return codes
