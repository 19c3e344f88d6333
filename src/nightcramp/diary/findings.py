"""What a person's nights show: the analysis in words that can be shown, stored and assessed."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence

import numpy as np

from nightcramp.assess.known import Known
from nightcramp.diary.analysis import Analysis, Chance, Weighing, analyse
from nightcramp.diary.diagnostics import logs_only_bad_nights
from nightcramp.diary.exposures import (
    Candidate,
    calendar,
    candidates_of,
    cramps_of,
    history_of,
)
from nightcramp.diary.history import Array, Exposure, History
from nightcramp.diary.outlook import more_nights, reference_of
from nightcramp.knowledge.schema import DiaryModel
from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.person.finding import Finding, Findings, Ratio, State
from nightcramp.person.night import Night

DIGITS = 6
Z = 1.959964
ONLY_BAD = noted(
    "Nights without a cramp seem to be left out: many nights are not logged, and nearly all "
    "logged ones have cramps. Then nothing can be compared. Log the good nights too; “no cramp "
    "last night” takes one word."
)
ASSUMPTIONS = (
    noted(
        "How likely each thing was taken to matter, and how much, before your diary "
        "(diary_model.toml, credibility.toml) are choices of ours."
    ),
    noted(
        "A published ratio, mostly of people who have something against people who do not, is "
        "taken as the ratio of days with against days without it."
    ),
    noted(
        "A diary shows what goes together, not what causes what: something else may lie behind "
        "both. Only a randomised trial of your own can tell."
    ),
)


def findings_of(nights: Sequence[Night], known: Known) -> Findings:
    """Return what the nights show of everything recorded beside them; deterministic."""
    found = calendar(nights)
    if found is None:
        return _empty()
    first, by_evening = found
    cramps = cramps_of(first, by_evening)
    model = known.knowledge.diary_model
    candidates = candidates_of(first, by_evening, cramps, known.knowledge)
    history = history_of(first, cramps, candidates, known)
    missing = tuple(_missing(cramps, history, model))
    if missing:
        return _summary(history, tuple(map(_too_little, candidates)), missing=missing)
    if logs_only_bad_nights(cramps, model):
        listed = tuple(_withheld(candidate, _("see above")) for candidate in candidates)
        return _summary(history, listed, withheld=(_(ONLY_BAD),))
    return _analysed(history, candidates, model)


def _empty() -> Findings:
    from nightcramp import __version__

    return Findings(
        version=__version__,
        first=None,
        last=None,
        nights=0,
        logged=0,
        with_cramps=0,
        cramps=0,
        findings=(),
        missing=(_("No night is logged yet. Log each morning how many cramps there were, 0 too."),),
    )


def _summary(
    history: History,
    findings: tuple[Finding, ...],
    *,
    missing: tuple[str, ...] = (),
    withheld: tuple[str, ...] = (),
    chance: Chance | None = None,
) -> Findings:
    from nightcramp import __version__

    cramps = history.cramps
    return Findings(
        version=__version__,
        first=history.first,
        last=history.first + dt.timedelta(days=len(cramps) - 1),
        nights=len(cramps),
        logged=int((~np.isnan(cramps)).sum()),
        with_cramps=int((cramps > 0).sum()),
        cramps=int(np.nansum(cramps)),
        findings=findings,
        missing=missing,
        withheld=withheld,
        null_histories=chance.histories if chance else 0,
        null_with_finding=chance.with_finding if chance else 0,
        assumptions=tuple(map(_, ASSUMPTIONS)),
    )


def _missing(cramps: Array, history: History, model: DiaryModel) -> Iterator[str]:
    """Yield what must be there before anything is computed."""
    logged, bad = int((~np.isnan(cramps)).sum()), int((cramps > 0).sum())
    if logged < model.least_nights:
        yield _(
            "{logged} nights are logged; {least} are the least to compare anything: {more} more."
        ).format(logged=logged, least=model.least_nights, more=model.least_nights - logged)
    if bad < model.least_cramp_nights:
        yield _(
            "{bad} nights had cramps; at least {least} are needed to see what they go with. Few "
            "cramps are good news too."
        ).format(bad=bad, least=model.least_cramp_nights)
    if not history.exposures:
        yield _(
            "Nothing that could act on cramps is recorded well enough beside the nights. "
            "`nightcramp log day` takes what the day held."
        )


def _too_little(candidate: Candidate) -> Finding:
    return _bare(candidate, "too_little", candidate.lacking or _("the diary is too short"))


def _withheld(candidate: Candidate, why: str) -> Finding:
    if candidate.lacking:
        return _too_little(candidate)
    return _bare(candidate, "withheld", why)


def _bare(candidate: Candidate, state: State, why: str) -> Finding:
    return Finding(
        id=candidate.id,
        label=candidate.label,
        state=state,
        why=why,
        recorded=int((~np.isnan(candidate.values)).sum()),
        factors=candidate.factors,
        actions=candidate.actions,
    )


def _analysed(history: History, candidates: Sequence[Candidate], model: DiaryModel) -> Findings:
    analysis = analyse(history, model, always_count_chance=True)
    chance = analysis.chance
    assert chance is not None
    by_id = {candidate.id: candidate for candidate in candidates}
    if analysis.strange:
        why = _("the counts do not look as the model assumes")
        listed = tuple(_withheld(candidate, why) for candidate in candidates)
        failed = _("A check failed: {words}.")
        withheld = tuple(failed.format(words=words) for words in analysis.strange)
        return _summary(history, listed, withheld=withheld, chance=chance)
    seen = [
        _finding(by_id[exposure.id], exposure, weighing, place, analysis, chance, model)
        for place, (exposure, weighing) in enumerate(
            zip(history.exposures, analysis.exposures, strict=True)
        )
    ]
    seen.sort(key=lambda finding: (-(finding.probability or 0.0), finding.id))
    rest = [_too_little(candidate) for candidate in candidates if candidate.lacking]
    return _summary(history, (*seen, *rest), chance=chance)


def _finding(
    candidate: Candidate,
    exposure: Exposure,
    weighing: Weighing,
    place: int,
    analysis: Analysis,
    chance: Chance,
    model: DiaryModel,
) -> Finding:
    logged = int((~np.isnan(analysis.design.problem.counts)).sum())
    state = state_of(weighing, model)
    more = None
    if state == "undecided":
        more = more_nights(weighing, exposure, logged, chance, model)
    return Finding(
        id=exposure.id,
        label=exposure.label,
        state=state,
        why=_why(state, weighing, exposure, more, model),
        recorded=int((~np.isnan(exposure.values)).sum()),
        days_with=int((exposure.values > 0).sum()) if exposure.yes_no else None,
        contrast=_contrast(candidate, analysis, place),
        probability=round(weighing.probability, DIGITS),
        before=exposure.inclusion,
        effect=_ratio(weighing.mean, weighing.low, weighing.high),
        published=_ratio(
            exposure.mean, exposure.mean - Z * exposure.sd, exposure.mean + Z * exposure.sd
        ),
        basis=exposure.basis,
        lag=weighing.lag,
        chance=round(weighing.chance, DIGITS),
        over_nights=_over_nights(weighing, exposure, analysis, place),
        more_nights=more,
        factors=candidate.factors,
        actions=candidate.actions,
    )


def state_of(weighing: Weighing, model: DiaryModel) -> State:
    """Return what the rule for findings says; both its limits must be passed."""
    if weighing.probability >= model.found_probability and weighing.chance <= model.found_rate:
        return "found"
    return "unlikely" if weighing.log_factor <= math.log(model.against) else "undecided"


def _ratio(middle: float, low: float, high: float) -> Ratio:
    return Ratio(
        ratio=round(math.exp(middle), DIGITS),
        low=round(math.exp(low), DIGITS),
        high=round(math.exp(high), DIGITS),
    )


def _over_nights(weighing: Weighing, exposure: Exposure, analysis: Analysis, place: int) -> Ratio:
    """Return cramps in all nights against all at the low level (no; a little of an amount)."""
    design = analysis.design
    column = design.choices[place][exposure.lags.index(weighing.lag)]
    x = design.problem.columns[:, design.common + column]
    low_level = -design.center[place] if exposure.yes_no else -0.5
    middle, low, high = (
        math.log(float(np.exp(size * (x - low_level)).mean()))
        for size in (weighing.mean, weighing.low, weighing.high)
    )
    return _ratio(middle, min(low, high), max(low, high))


def _contrast(candidate: Candidate, analysis: Analysis, place: int) -> str:
    """Return what is compared with what, in the measure's own unit."""
    if candidate.yes_no:
        return _("with against without")
    center, scale = analysis.design.center[place], analysis.design.scale[place]
    recorded = candidate.values[~np.isnan(candidate.values)]
    high, low = min(center + scale / 2, recorded.max()), max(center - scale / 2, recorded.min())
    if candidate.clock:
        return _("{high} against {low}").format(
            high=_clock(high, candidate), low=_clock(low, candidate)
        )
    unit = f" {_(candidate.unit)}" if candidate.unit else ""
    return _("{high} against {low}").format(high=_rounded(high), low=f"{_rounded(low)}{unit}")


def _rounded(value: float) -> str:
    """Return a number with no more digits than a person would say."""
    return f"{value:.0f}" if abs(value) >= 10 else number(round(value, 1))


def _clock(value: float, candidate: Candidate) -> str:
    start = 12 * 60 if "noon" in candidate.unit else 0
    minutes = round(value) + start
    return f"{minutes // 60 % 24}:{minutes % 60:02}"


def _why(
    state: State, weighing: Weighing, exposure: Exposure, more: int | None, model: DiaryModel
) -> str:
    if state == "found":
        return _(
            "your nights show it: evidence this strong for anything turns up in fewer than "
            "{count} of 100 histories in which nothing matters"
        ).format(count=max(1, math.ceil(100 * weighing.chance)))
    if state == "unlikely":
        return _("your nights speak against it")
    size = number(math.exp(abs(reference_of(exposure, model))), ".2g")
    if more is None:
        return _("even {nights} more nights would hardly show an effect of {size} times").format(
            nights=model.most_more_nights, size=size
        )
    if more == 0:
        return _(
            "an effect as large as {size} times would probably have shown by now; a smaller one not"
        ).format(size=size)
    return _(
        "about {nights} more logged nights would probably show an effect of {size} times"
    ).format(nights=more, size=size)
