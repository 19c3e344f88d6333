"""One person's assessment, whole: every field of `nightcramp assess --json`."""

from __future__ import annotations

import numpy as np
from msgspec import Struct, field

from nightcramp.assess.factors import Weighed, weigh_factor
from nightcramp.assess.instruments import Score, score_of
from nightcramp.assess.known import Known
from nightcramp.assess.ledger import Evidence, sides
from nightcramp.assess.medicines import PREFIX, medicine_scope, medicines_taken
from nightcramp.assess.next_question import NextQuestion, label_of, next_questions
from nightcramp.assess.picture import Kind, Picture, kind_of, picture
from nightcramp.assess.shares import draw_inverses, interval, shapley, unexplained
from nightcramp.assess.syndromes import TARGET, Syndrome, prior_of
from nightcramp.assess.triage import Triage
from nightcramp.knowledge.schema import Effect
from nightcramp.language import called
from nightcramp.language import gettext as _
from nightcramp.person.fact import Fact
from nightcramp.person.facts import Facts
from nightcramp.person.verdict import Verdict
from nightcramp.plan.plan import PlanItem, in_a_sentence, make_plan

DIGITS = 6


class SyndromeView(Struct, frozen=True, kw_only=True):
    """A syndrome and its probability."""

    id: str
    label: str
    probability: float


class Explanation(Struct, frozen=True, kw_only=True):
    """One possible explanation, how much it weighs, and why."""

    id: str
    kind: Kind
    label: str
    clinical: str
    aliases: list[str]
    weight: float
    flagged: bool
    ladder: str
    tell: str
    start: Evidence
    supports: list[Evidence] = field(name="for")
    against: list[Evidence]
    unknown: list[Evidence]
    scores: list[Score]


class EffectView(Struct, frozen=True, kw_only=True):
    """The published (or assumed) effect behind a share."""

    ratio: float
    low: float
    high: float
    measure: str
    population: str
    grade: str
    credibility: float
    status: str
    source: list[str]
    note: str


class Share(Struct, frozen=True, kw_only=True):
    """The part of this person's cramps that would go away without a factor."""

    id: str
    label: str
    share: float
    low: float
    high: float
    ladder: str
    presence: float
    pattern: float
    effects: list[EffectView]


class Unexplained(Struct, frozen=True, kw_only=True):
    """The part no factor explains."""

    share: float
    low: float
    high: float


class Conflict(Struct, frozen=True, kw_only=True):
    """Answers that contradict each other, and what was done about it."""

    id: str
    say: str
    facts: list[Fact]


class Assessment(Struct, frozen=True, kw_only=True):
    """What is behind one person's night-time leg cramps."""

    version: str
    triage: Triage
    syndromes: list[SyndromeView]
    explanations: list[Explanation]
    shares: list[Share]
    unexplained: Unexplained
    next_questions: list[NextQuestion]
    plan: list[PlanItem]
    instruments: list[Score]
    contradictions: list[Conflict]
    unrecognised: list[Fact]
    facts: list[Fact]
    assumptions: list[str]
    verdicts: list[Verdict] = []
    """Of the person's own trials, those that tell, oldest first."""


def assess(facts: Facts, *, questions: int = 5, clinician: bool = False) -> Assessment:
    """Return the assessment of one person's facts; the same facts give the same bytes."""
    from nightcramp import __version__

    known, cautious = Known(facts), Known(facts, cautious=True)
    found = picture(known, cautious)
    shares, left = _shares(found, known)
    return Assessment(
        version=__version__,
        triage=found.triage,
        syndromes=[
            SyndromeView(
                id=s.id,
                label=known.knowledge.mimics[s.id].label,
                probability=round(s.probability, DIGITS),
            )
            for s in found.syndromes
        ],
        explanations=[_explanation(name, found, known) for name in found.ranked()],
        shares=shares,
        unexplained=left,
        next_questions=next_questions(known, cautious, questions, clinician=clinician),
        plan=make_plan(found, shares_by_id(shares), known, cautious),
        instruments=_instruments(known),
        contradictions=_conflicts(facts, known),
        unrecognised=facts.unrecognised(),
        facts=facts.all,
        assumptions=_assumptions(found, known),
        verdicts=list(facts.verdicts),
    )


def shares_by_id(shares: list[Share]) -> dict[str, tuple[float, float, float]]:
    """Return (share, low, high) by factor id."""
    return {item.id: (item.share, item.low, item.high) for item in shares}


def _shares(found: Picture, known: Known) -> tuple[list[Share], Unexplained]:
    model = known.knowledge.model
    inverses = draw_inverses([f.multiplier for f in found.factors], model.draws, model.seed)
    low, high = interval(shapley(inverses), model.interval)
    left_low, left_high = interval(unexplained(inverses), model.interval)
    shares = [
        _share(item, found.shares[item.factor.id], float(low[i]), float(high[i]))
        for i, item in enumerate(found.factors)
    ]
    shares.sort(key=lambda share: (-share.share, share.id))
    left = Unexplained(
        share=round(found.unexplained, DIGITS),
        low=round(float(np.asarray(left_low)), DIGITS),
        high=round(float(np.asarray(left_high)), DIGITS),
    )
    return shares, left


def _share(item: Weighed, share: float, low: float, high: float) -> Share:
    return Share(
        id=item.factor.id,
        label=item.factor.label,
        share=round(share, DIGITS),
        low=round(low, DIGITS),
        high=round(high, DIGITS),
        ladder=item.ladder,
        presence=round(item.presence.probability, DIGITS),
        pattern=round(item.pattern, DIGITS),
        effects=[effect_view(item.effect, item.credibility)],
    )


def effect_view(effect: Effect, credibility: float) -> EffectView:
    """Return an effect as it is shown, with the credibility of its grade."""
    return EffectView(
        ratio=effect.ratio,
        low=effect.low,
        high=effect.high,
        measure=effect.measure,
        population=effect.population,
        grade=effect.grade,
        credibility=credibility,
        status=effect.status,
        source=effect.source,
        note=effect.note,
    )


def _explanation(name: str, found: Picture, known: Known) -> Explanation:
    kind = kind_of(known, name)
    start, lines, clinical, tell, ladder = _ledger(name, kind, found, known)
    supports, against, unknown = sides(lines)
    return Explanation(
        id=name,
        kind=kind,
        label=label_of(name, known),
        clinical=clinical,
        aliases=_aliases(name, known),
        weight=round(found.weights[name], DIGITS),
        flagged=name in found.flagged,
        ladder=ladder,
        tell=tell,
        start=start,
        supports=supports,
        against=against,
        unknown=unknown,
        scores=medicine_scores(name, known),
    )


def medicine_scores(name: str, known: Known) -> list[Score]:
    """Return the causality scores (Naranjo, Liverpool) of a medicine taken, else nothing."""
    uses = medicines_taken(known)
    identifier = name.removeprefix(PREFIX)
    if not name.startswith(PREFIX) or identifier not in uses:
        return []
    scope = known.about_medicine(medicine_scope(known, uses[identifier], len(uses) - 1))
    tools = known.knowledge.instruments.values()
    return [score_of(tool, scope) for tool in tools if tool.for_medicine]


def _aliases(name: str, known: Known) -> list[str]:
    record = known.knowledge.factors.get(name) or known.knowledge.mimics.get(name)
    return record.aliases if record else []


def _ledger(
    name: str, kind: Kind, found: Picture, known: Known
) -> tuple[Evidence, list[Evidence], str, str, str]:
    """Return (where it starts, what moved it, clinical name, how to tell it apart, ladder)."""
    if kind == "idiopathic":
        target = next(s for s in found.syndromes if s.id == TARGET)
        mimic = known.knowledge.mimics[TARGET]
        name_of_it = _("idiopathic nocturnal leg cramps")
        return _started(target, known), target.evidence, name_of_it, mimic.tell_apart, "possible"
    if kind == "factor":
        item = next((f for f in found.factors if f.factor.id == name), None)
        item = item or weigh_factor(known.knowledge.factors[name], known)
        lines = [*factor_lines(item), *_meaning(name, found, known)]
        start = presence_line(item)
        return start, lines, item.factor.clinical, item.factor.honest, item.ladder
    syndrome = next(s for s in found.syndromes if s.id == name)
    mimic = known.knowledge.mimics[name]
    likely = syndrome.probability >= known.knowledge.model.present_probability
    suspected = syndrome.flagged or likely
    start = _started(syndrome, known)
    return start, syndrome.evidence, mimic.clinical, mimic.tell_apart, _word(suspected)


def _started(syndrome: Syndrome, known: Known) -> Evidence:
    """Return the starting probability of a syndrome and what it is anchored on."""
    prior = prior_of(known.knowledge.mimics[syndrome.id], known)
    flagged = _("a warning sign points here, so it starts at even odds; {anchor}")
    return Evidence(
        says=flagged.format(anchor=prior.anchor) if syndrome.flagged else prior.anchor,
        ratio=syndrome.prior,
        group="start",
        status=prior.status,
        source=prior.source,
    )


def _meaning(name: str, found: Picture, known: Known) -> list[Evidence]:
    """Return the ledger of the syndromes that mean this factor, if they weigh anything."""
    mimics = known.knowledge.mimics
    return [
        line
        for syndrome in found.syndromes
        if name in mimics[syndrome.id].attributed_to and syndrome.probability >= 0.01
        for line in syndrome.evidence
    ]


def _word(suspected: bool) -> str:
    return "suspected" if suspected else "possible"


def factor_lines(item: Weighed) -> list[Evidence]:
    """Return the ledger of a factor: what speaks for its presence, and for its pattern."""
    clues = [] if item.presence.settled else item.presence.evidence
    return [*clues, *item.pattern_evidence]


def presence_line(item: Weighed) -> Evidence:
    """Return how likely the factor was taken to be there before its clues."""
    base = item.presence.base
    return Evidence(
        says=base.says,
        ratio=base.probability,
        group="start",
        status=base.status,
        source=base.source,
        note=base.population,
    )


def _instruments(known: Known) -> list[Score]:
    scores = [
        score_of(instrument, known)
        for instrument in known.knowledge.instruments.values()
        if not instrument.for_medicine
    ]
    return [score for score in scores if score.answered or score.score is not None]


def _conflicts(facts: Facts, known: Known) -> list[Conflict]:
    conflicts = [
        Conflict(
            id=name,
            say=_(
                "{name}: the answers differ; it counts as unknown, and for warning signs as yes"
            ).format(name=name),
            facts=facts.origins(name),
        )
        for name in facts.conflicts()
    ]
    for rule in known.knowledge.contradictions.values():
        if known.truth(rule.when):
            names = known.knowledge.condition_of(rule.when).names
            origins = [fact for name in sorted(names) for fact in facts.origins(name)]
            conflicts.append(Conflict(id=rule.id, say=rule.say, facts=origins))
    return conflicts


def _assumptions(found: Picture, known: Known) -> list[str]:
    weights = found.weights
    assumed = sorted(
        called(item.factor.id, in_a_sentence(item.factor.label))
        for item in found.factors
        if item.effect.status in {"assumed", "established"}
        and weights[item.factor.id] >= known.knowledge.model.shown_weight
    )
    notes = [
        _(
            "How often a published association is causal, and how far wide intervals are pulled "
            "in, are choices (credibility.toml, model.toml), not measurements."
        ),
        _(
            "Odds ratios and sequence ratios are read as rate ratios; published ratios are "
            "confounded, so shares are rather too high than too low."
        ),
        _(
            "The starting weights of the syndromes are anchored on population frequencies; no "
            "study has counted what is behind night-time leg trouble."
        ),
    ]
    if assumed:
        sized = _("The size of the effect is assumed for: {names}.")
        notes.append(sized.format(names=", ".join(assumed)))
    return notes
