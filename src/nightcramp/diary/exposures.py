"""From nights to a history: which exposures were recorded well enough to be looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nightcramp.assess.known import Known
from nightcramp.assess.medicines import PREFIX
from nightcramp.diary.beliefs import MEDICINE, OWN, belief_about
from nightcramp.diary.history import Array, Exposure, History
from nightcramp.diary.wording import TRIAL
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.knowledge.schema import DiaryModel
from nightcramp.language import gettext as _
from nightcramp.person.night import Night

MOST_NIGHTS = 1100


@dataclass(frozen=True)
class Candidate:
    """Something recorded on some days; `lacking` says why it cannot be looked at, or nothing."""

    id: str
    label: str
    unit: str
    yes_no: bool
    clock: bool
    lags: tuple[int, ...]
    values: Array
    factors: tuple[str, ...]
    actions: tuple[str, ...]
    lacking: str


def calendar(nights: Sequence[Night]) -> tuple[dt.date, dict[dt.date, Night]] | None:
    """Return the first evening to look at and the nights by evening; None without counts.

    From the first to the last night with a count, at most the latest three years.
    """
    counted = [night.evening for night in nights if night.cramps is not None]
    if not counted:
        return None
    last = max(counted)
    first = max(min(counted), last - dt.timedelta(days=MOST_NIGHTS - 1))
    return first, {night.evening: night for night in nights if first <= night.evening <= last}


def cramps_of(first: dt.date, by_evening: dict[dt.date, Night]) -> Array:
    """Return the cramps of each night from `first` on, NaN where not logged."""
    days = (max(by_evening) - first).days + 1
    cramps = np.full(days, np.nan)
    for evening, night in by_evening.items():
        if night.cramps is not None:
            cramps[(evening - first).days] = night.cramps
    return cramps


def candidates_of(
    first: dt.date, by_evening: dict[dt.date, Night], cramps: Array, knowledge: Knowledge
) -> list[Candidate]:
    """Return everything recorded that may act on cramps, by id; a trial judges itself."""
    told = {name for night in by_evening.values() for name in night.values}
    names = sorted(name for name in told if not name.startswith(TRIAL))
    found = []
    for name in names:
        values = np.full(len(cramps), np.nan)
        for evening, night in by_evening.items():
            if name in night.values:
                values[(evening - first).days] = night.values[name]
        found += list(_candidate(name, values, cramps, knowledge))
    return list(_without_shadows(found, knowledge.diary_model))


def _candidate(
    name: str, values: Array, cramps: Array, knowledge: Knowledge
) -> Iterator[Candidate]:
    measure = knowledge.measures.get(name)
    if measure is not None and not measure.lags:
        return
    recorded = values[~np.isnan(values)]
    yes_no = measure.kind == "yes_no" if measure else bool(np.isin(recorded, [0, 1]).all())
    yield Candidate(
        id=name,
        label=measure.label if measure else label_of(name, knowledge),
        unit=measure.unit if measure else "",
        yes_no=yes_no,
        clock=measure is not None and measure.kind == "clock",
        lags=tuple(measure.lags) if measure else (0,),
        values=values,
        factors=tuple(measure.factors) if measure else _factors_of(name),
        actions=tuple(measure.actions) if measure else (),
        lacking=lacking_of(values, cramps, yes_no, knowledge.diary_model),
    )


def _factors_of(name: str) -> tuple[str, ...]:
    """Return the factor that a medicine taken speaks for."""
    return (PREFIX + name.removeprefix(MEDICINE),) if name.startswith(MEDICINE) else ()


def label_of(name: str, knowledge: Knowledge) -> str:
    """Return the words for what is no measure: a medicine taken, or the person's own thing."""
    if name.startswith(MEDICINE):
        taken = name_of_medicine(name.removeprefix(MEDICINE))
        return _("{name} taken").format(name=taken)
    return name.removeprefix(OWN).replace("_", " ").replace("-", " ")


def lacking_of(values: Array, cramps: Array, yes_no: bool, model: DiaryModel) -> str:
    """Return what keeps an exposure from being looked at, in words, or nothing."""
    logged = ~np.isnan(cramps)
    recorded = values[logged & ~np.isnan(values)]
    wanted = int(np.ceil(model.least_recorded * logged.sum()))
    if len(recorded) < wanted:
        return _("recorded for {recorded} of {logged} logged nights; {wanted} are needed").format(
            recorded=len(recorded), logged=logged.sum(), wanted=wanted
        )
    if yes_no:
        yes = int((recorded > 0).sum())
        return _too_few(yes, len(recorded) - yes, model.least_days_with)
    commonest = np.unique(recorded, return_counts=True)[1].max()
    if len(recorded) - commonest < model.least_days_with:
        return _("it hardly changes from day to day, so nothing can be compared")
    return ""


def _too_few(days_with: int, days_without: int, least: int) -> str:
    """Return of which nights there are too few to compare them, in words, or nothing."""
    few = ""
    if days_with < least:
        few = _("{count} nights with it; {least} are needed to compare")
    elif days_without < least:
        few = _("{count} nights without it; {least} are needed to compare")
    return few.format(count=min(days_with, days_without), least=least)


def _without_shadows(found: list[Candidate], model: DiaryModel) -> Iterator[Candidate]:
    """Yield candidates; one that always goes with an earlier one is marked as lacking."""
    kept: list[Candidate] = []
    for candidate in found:
        twin = next((k for k in kept if _together(k, candidate) > model.inseparable), None)
        if candidate.lacking or twin is None:
            if not candidate.lacking:
                kept.append(candidate)
            yield candidate
            continue
        words = _("it goes so closely with “{label}” that no diary could tell them apart")
        yield _marked(candidate, words.format(label=twin.label))


def _marked(candidate: Candidate, lacking: str) -> Candidate:
    return replace(candidate, lacking=lacking)


def _together(one: Candidate, other: Candidate) -> float:
    """Return the size of the correlation on days both were recorded."""
    both = ~np.isnan(one.values) & ~np.isnan(other.values)
    x, y = one.values[both], other.values[both]
    if len(x) < 3 or x.std() == 0 or y.std() == 0:
        return 0.0
    return float(abs(np.corrcoef(x, y)[0, 1]))


def exposure_of(candidate: Candidate, known: Known) -> Exposure:
    """Return a candidate with what was believed of it."""
    belief = belief_about(candidate.id, known)
    return Exposure(
        id=candidate.id,
        label=candidate.label,
        values=candidate.values,
        yes_no=candidate.yes_no,
        lags=candidate.lags,
        inclusion=belief.inclusion,
        mean=belief.mean,
        sd=belief.sd,
        unit=candidate.unit,
        basis=belief.basis,
    )


def history_of(
    first: dt.date, cramps: Array, candidates: Sequence[Candidate], known: Known
) -> History:
    """Return the history of the candidates that can be looked at."""
    return History(
        first=first,
        cramps=cramps,
        exposures=tuple(exposure_of(c, known) for c in candidates if not c.lacking),
    )
