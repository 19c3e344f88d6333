"""What the person's own nights and trials showed, as observations."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.intake.fhir import canonical as ours
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.finding import Finding, Findings, Ratio
from nightcramp.person.verdict import Verdict
from nightcramp.report.fhir.elements import (
    Json,
    clean,
    coding,
    concept,
    filled,
    meta,
    narrative,
    note,
    quantity,
    resource,
)
from nightcramp.report.fhir.scope import Writing

STATES = {
    "found": noted("the diary shows it"),
    "undecided": noted("cannot tell yet"),
    "unlikely": noted("the nights speak against it"),
    "too_little": noted("not recorded enough"),
    "withheld": noted("withheld, a check failed"),
}
OUTCOMES = {
    "works": noted("it works"),
    "does_not_matter": noted("it makes no difference that matters"),
    "harms": noted("it makes it worse"),
    "cannot_tell": noted("cannot tell"),
    "withheld": noted("withheld, a check failed"),
}
FIGURES = {
    "low": noted("lower end of the 95 % interval"),
    "high": noted("upper end of the 95 % interval"),
    "probability": noted("probability that it matters"),
    "more_nights": noted("so many more nights would probably tell"),
    "nights": noted("nights counted"),
    "p": noted("p of the randomisation test"),
    "smallest_effect": noted("smallest ratio that matters"),
}


def finding_resources(writing: Writing, found: Findings) -> Iterator[Json]:
    """Yield what the diary shows of each exposure; a ratio only where it was found."""
    for item in found.findings:
        yield _finding(writing, item, found)


def _finding(writing: Writing, item: Finding, found: Findings) -> Json:
    shown = item.effect if item.state == "found" else None
    state = coding(ours.FINDING, item.state, _(STATES[item.state]))
    figures = {
        **_interval(shown),
        "probability": item.probability if item.state != "withheld" else None,
        "more_nights": item.more_nights,
        "nights": item.recorded,
    }
    return resource(
        "Observation",
        writing.names.of("finding", item.id),
        meta=meta("result"),
        text=narrative(f"{item.label}: {_(STATES[item.state])}"),
        status="final",
        code=concept(coding(ours.MEASURE, item.id), text=_of_cramps(item.label)),
        subject=writing.subject,
        effectivePeriod=filled(
            start=found.first.isoformat() if found.first else "",
            end=found.last.isoformat() if found.last else "",
        ),
        interpretation=[concept(state)],
        component=_components(figures),
        note=note(item.why, item.contrast, *found.assumptions),
    ) | _ratio(shown)


def verdict_resource(writing: Writing, verdict: Verdict) -> Json:
    """Return what a trial showed; a ratio only where its checks hold and it tells."""
    shown = verdict.effect if verdict.tells else None
    outcome = coding(ours.VERDICT, verdict.outcome, _(OUTCOMES[verdict.outcome]))
    figures = {
        **_interval(shown),
        "p": verdict.p if shown else None,
        "smallest_effect": verdict.smallest_effect,
        "nights": verdict.nights_counted,
        "more_nights": verdict.more_nights,
    }
    arms = _("{first} against {second}").format(first=verdict.first_arm, second=verdict.second_arm)
    failed = [check.says for check in verdict.checks if not check.holds]
    return resource(
        "Observation",
        writing.names.of("verdict", verdict.trial),
        meta=meta("result"),
        text=narrative(f"{verdict.title}: {_(OUTCOMES[verdict.outcome])}"),
        status="final",
        code=concept(
            text=_("The person's own randomised trial: {title}").format(title=clean(verdict.title))
        ),
        subject=writing.subject,
        effectiveDateTime=verdict.made_on.isoformat(),
        interpretation=[concept(outcome)],
        component=_components(figures),
        note=note(arms, verdict.why, *failed, *verdict.notes),
    ) | _ratio(shown)


def _of_trial(title: str) -> str:
    return _("The person's own randomised trial: {title}").format(title=clean(title))


def _of_cramps(label: str) -> str:
    return _("cramps with and without: {label}").format(label=clean(label))


def _ratio(shown: Ratio | None) -> Json:
    return {"valueQuantity": quantity(shown.ratio, "1")} if shown else {}


def _interval(shown: Ratio | None) -> dict[str, float | None]:
    return {"low": shown.low if shown else None, "high": shown.high if shown else None}


def _components(figures: dict[str, float | None]) -> list[Json]:
    return [
        {
            "code": concept(coding(ours.FIGURE, name, _(FIGURES[name]))),
            "valueQuantity": quantity(value, "1"),
        }
        for name, value in figures.items()
        if value is not None
    ]
