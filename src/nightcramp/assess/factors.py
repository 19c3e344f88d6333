"""Weighs every factor for one person: presence, effect, own pattern, multiplier."""

from __future__ import annotations

from dataclasses import dataclass

from nightcramp.assess.effects import Multiplier, effect_of, multiplier, units_of
from nightcramp.assess.known import Known
from nightcramp.assess.ledger import Evidence, weigh
from nightcramp.assess.medicines import medicine_factors, medicine_scope
from nightcramp.assess.presence import Presenced, presence
from nightcramp.knowledge.schema import Effect, Factor, Model, Presence
from nightcramp.language import gettext as _
from nightcramp.language import number
from nightcramp.person.finding import Finding
from nightcramp.person.verdict import Verdict


@dataclass(frozen=True)
class Weighed:
    """One factor with everything that was weighed for it."""

    factor: Factor
    presence: Presenced
    effect: Effect
    credibility: float
    pattern: float
    pattern_evidence: list[Evidence]
    multiplier: Multiplier
    ladder: str


MEDICINE_READS = frozenset({"onset", "recent_flare"})
"""The answers that the timing of medicines depends on."""

POPULATION = frozenset({"age", "sex"})
"""Facts that tell how common a factor is, not whether this person has it."""


def weigh_factors(known: Known) -> list[Weighed]:
    """Return the factors this person's facts speak about, and all medicines taken, weighed.

    A factor of which nothing is known beyond age and sex explains nothing of this person: it
    is part of the unexplained until somebody asks.
    """
    weighed = known.each("factors", weigh_if_spoken_of)
    spoken_of = [item for item in weighed.values() if item]
    return [*spoken_of, *known.recall("medicines", MEDICINE_READS, _weigh_medicines)]


def _weigh_medicines(known: Known) -> list[Weighed]:
    medicines = medicine_factors(known)
    return [
        weigh_factor(factor, known.about_medicine(medicine_scope(known, use, len(medicines) - 1)))
        for factor, use in medicines.values()
    ]


def weigh_if_spoken_of(factor: Factor, known: Known) -> Weighed | None:
    """Return a factor weighed, None where nothing is known of it beyond age and sex."""
    item = weigh_factor(factor, known)
    own = known.facts.finding_about(factor.id) or known.facts.verdict_about(factor.id)
    return item if own or _spoken_of(item.presence, known) else None


def _spoken_of(there: Presenced, known: Known) -> bool:
    if any(line.counted for line in there.evidence) and not there.settled:
        return True
    if not there.base.when:
        return False
    condition = known.knowledge.condition_of(there.base.when)
    return bool(condition.calls) or not condition.names <= POPULATION


def weigh_factor(factor: Factor, known: Known) -> Weighed:
    """Return one factor weighed for this person."""
    verdict = known.facts.verdict_about(factor.id)
    if verdict is not None:
        return weigh_tried(factor, verdict, known)
    finding = known.facts.finding_about(factor.id)
    if finding is not None:
        return weigh_found(factor, finding, known)
    there = presence(factor.presence, factor.presence_clue, known)
    effect = effect_of(factor.effect, known)
    pattern, evidence = weigh(factor.attribution_clue, known)
    credibility = known.knowledge.credibility[effect.grade].probability
    return Weighed(
        factor=factor,
        presence=there,
        effect=effect,
        credibility=credibility,
        pattern=pattern,
        pattern_evidence=evidence,
        multiplier=multiplier(
            effect,
            presence=there.probability,
            credibility=credibility,
            pattern=pattern,
            model=known.knowledge.model,
            units=units_of(effect, known),
        ),
        ladder=_ladder(there, pattern, known.knowledge.model),
    )


def weigh_found(factor: Factor, finding: Finding, known: Known) -> Weighed:
    """Return a factor that the diary shows: the person's own ratio replaces the published one.

    It is present because its days are in the diary. How the person describes their pattern is
    the same evidence told once more, so it does not count beside the diary. The ratio is that
    of all nights against all nights without it, so it holds how often those days come.
    """
    effect = effect_from(finding)
    ladder = "supported" if effect.ratio > 1 else "possible"
    line = _diary_line(finding, effect)
    return _own(factor, effect, shown(finding), finding.probability or 0.0, line, ladder, known)


def weigh_tried(factor: Factor, verdict: Verdict, known: Known) -> Weighed:
    """Return a factor that the person's own trial left out in some blocks, drawn by chance.

    Its ratio replaces the published one and the diary's: nights as usual against nights without
    the factor.
    """
    effect = effect_from_trial(verdict)
    base = Presence(
        probability=1.0,
        says=_("your trial had nights with it: {title}").format(title=verdict.title),
        status="own",
    )
    there = Presenced(probability=1.0, base=base, evidence=[], settled=True)
    ladder = "confirmed" if verdict.outcome == "works" else "refuted"
    line = _trial_line(verdict, effect)
    return _own(factor, effect, there, there.probability, line, ladder, known)


def _own(
    factor: Factor,
    effect: Effect,
    there: Presenced,
    probability: float,
    line: Evidence,
    ladder: str,
    known: Known,
) -> Weighed:
    """Return a factor whose ratio is the person's own."""
    credibility = known.knowledge.credibility[effect.grade].probability
    return Weighed(
        factor=factor,
        presence=there,
        effect=effect,
        credibility=credibility,
        pattern=1.0,
        pattern_evidence=[line],
        multiplier=multiplier(
            effect,
            presence=probability,
            credibility=credibility,
            pattern=1.0,
            model=known.knowledge.model,
        ),
        ladder=ladder,
    )


def effect_from_trial(verdict: Verdict) -> Effect:
    """Return the effect of a factor that the first arm of a trial left out."""
    without = verdict.effect
    assert without is not None
    return Effect(
        ratio=1 / without.ratio,
        low=1 / without.high,
        high=1 / without.low,
        measure=_("nights of: {second_arm}; against nights of: {first_arm}").format(
            second_arm=verdict.second_arm, first_arm=verdict.first_arm
        ),
        population=_("you: {nights} nights in an order drawn by chance").format(
            nights=verdict.nights_counted
        ),
        grade="T",
        status="own",
        note=f"{verdict.title}: {verdict.why}",
    )


def _trial_line(verdict: Verdict, effect: Effect) -> Evidence:
    return Evidence(
        says=_("your own trial: {ratio} times the cramps with it as without").format(
            ratio=number(effect.ratio, ".2g")
        ),
        ratio=effect.ratio,
        group="trial",
        status=effect.status,
        source=[],
        note=verdict.why,
    )


def effect_from(finding: Finding) -> Effect:
    """Return the effect that a finding stands for."""
    over = finding.over_nights
    assert over is not None
    return Effect(
        ratio=over.ratio,
        low=over.low,
        high=over.high,
        measure=_("cramps in all your nights against the same nights without it"),
        population=_("you: {days} days recorded").format(days=finding.recorded),
        grade="S",
        status="own",
        note=f"{finding.label}, {finding.contrast}; {finding.why}",
    )


def shown(finding: Finding) -> Presenced:
    """Return the presence of a factor whose days stand in the diary."""
    base = Presence(
        probability=1.0,
        says=_("your diary has days of it: {label}").format(label=finding.label),
        status="own",
    )
    return Presenced(probability=1.0, base=base, evidence=[], settled=True)


def _diary_line(finding: Finding, effect: Effect) -> Evidence:
    assert finding.effect is not None
    return Evidence(
        says=_("your diary: {ratio} times the cramps ({contrast})").format(
            ratio=number(finding.effect.ratio, ".2g"), contrast=finding.contrast
        ),
        ratio=finding.effect.ratio,
        group="diary",
        status=effect.status,
        source=[],
        note=finding.why,
    )


def _ladder(there: Presenced, pattern: float, model: Model) -> str:
    """Return how sure we are that a factor matters for this person."""
    if there.probability < model.present_probability:
        return "possible"
    found = not there.settled and there.probability > there.base.probability
    return "suspected" if found or pattern >= model.suspected_ratio else "possible"
