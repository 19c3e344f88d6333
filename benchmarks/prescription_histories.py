"""Made-up prescription histories in which it is known what a medicine does to cramps.

Everybody is observed for a while. Medicines and the marker (a first cramp treatment) come at rates
that change with the calendar, the season and age; whoever has more of one also has more of the
other, by nature (a trait that never changes). For so many days after its start a medicine
multiplies the marker's rate by its ratio. Some took the medicine or the marker all along, so that
their first record is not a start. All days are drawn by thinning.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from nightcramp.cohort.sequence.histories import Histories, Spells, from_arrays, in_order

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

ORIGIN = 10957
"""2000-01-01, in days since 1970-01-01."""
YEAR = 365.25
MARKER = "medicine:quinine"


@dataclass(frozen=True)
class Drug:
    """A medicine: what it does, how often it is begun, and how that changes.

    `ratio`: how many times likelier the marker is for `lasting` days after the start. `rate`:
    starts a year. `trend`: of its logarithm, a year. `season`: size of its yearly wave, which
    peaks on day `peak` of the year. `prevalent`: part of the people who took it all along.
    `stops`: mean days until it is stopped. `fleeing`: part of those with a marker while they take
    it who then stop it. `called`: part of those with a marker who begin it within a month.
    """

    name: str
    ratio: float = 1.0
    rate: float = 0.02
    trend: float = 0.0
    season: float = 0.0
    peak: float = 196.0
    lasting: int = 365
    prevalent: float = 0.0
    stops: float = 400.0
    fleeing: float = 0.0
    called: float = 0.0

    @property
    def id(self) -> str:
        """Return what its records are called."""
        return f"medicine:{self.name}"


@dataclass(frozen=True)
class World:
    """A population; of the marker: starts a year, trends, and a wave that peaks in mid-July.

    `trait`: standard deviation of the log rate that medicines and the marker share. `ageing`: of
    the log rate, a year of age. `prevalent`: part who took the marker medicine all along, with
    mean `refill` days between supplies. `recurring`: further markers come at the same rate.
    """

    people: int = 20_000
    years: float = 10.0
    drugs: tuple[Drug, ...] = (Drug("furosemide"),)
    rate: float = 0.02
    trend: float = 0.0
    ageing: float = 0.0
    season: float = 1 / 3
    trait: float = 0.6
    prevalent: float = 0.0
    refill: float = 60.0
    turnover: float = 0.05
    recurring: bool = False


TRENDING = World(trend=0.15, ageing=0.03)
"""The marker rises by 15 % a year, and by 3 % with every year of age."""


@dataclass
class _Made:
    world: World
    rng: np.random.Generator
    entry: Whole
    exit: Whole
    born: Whole
    female: Whole
    trait: Floats
    records: dict[str, Spells] = field(default_factory=dict)


def simulate(world: World, seed: int) -> Histories:
    """Return the histories of a made-up population."""
    rng = np.random.default_rng(seed)
    made = _population(world, rng)
    starts = {drug.name: _starts(made, drug) for drug in world.drugs}
    marked, days = _markers(made, starts)
    for drug in world.drugs:
        _take(made, drug, starts[drug.name], marked, days)
    _mark(made, marked, days)
    return from_arrays(
        person=np.arange(world.people),
        entry=made.entry,
        exit=made.exit,
        born=made.born,
        female=made.female,
        records=made.records,
    )


def _population(world: World, rng: np.random.Generator) -> _Made:
    """People who enter at the beginning or later, and leave at the end or before."""
    size, span = world.people, int(world.years * YEAR)
    late = rng.random(size) < 1 / 3
    entry = ORIGIN + np.where(late, rng.integers(0, max(span // 2, 1), size), 0)
    stay = np.ceil(rng.exponential(YEAR / max(world.turnover, 1e-9), size)).astype(np.int64)
    leave = np.minimum(entry + stay, ORIGIN + span)
    age = rng.uniform(50, 85, size)
    return _Made(
        world=world,
        rng=rng,
        entry=entry,
        exit=leave,
        born=entry - np.round(age * YEAR).astype(np.int64),
        female=rng.integers(0, 2, size),
        trait=np.exp(world.trait * rng.standard_normal(size) - world.trait**2 / 2),
    )


def _wave(days: Whole, size: float, peak: float) -> Floats:
    return 1 + size * np.cos(2 * np.pi * ((days - ORIGIN) - peak) / YEAR)


def _growth(days: Whole, trend: float, years: float) -> Floats:
    """Return how a rate has changed by these days, 1 in the middle of the time."""
    return np.exp(trend * ((days - ORIGIN) / YEAR - years / 2))


def _candidates(made: _Made, yearly: Floats) -> tuple[Whole, Whole]:
    """Return people and days drawn at rates that never change, sorted."""
    long = (made.exit - made.entry + 1).astype(np.float64)
    count = made.rng.poisson(yearly * long / YEAR)
    who = np.repeat(np.arange(len(long)), count)
    days = made.entry[who] + np.floor(made.rng.random(len(who)) * long[who]).astype(np.int64)
    order = np.lexsort((days, who))
    return who[order], days[order]


def _first(size: int, who: Whole, days: Whole) -> Whole:
    """Return each person's first day, the farthest possible where there is none."""
    first = np.full(size, np.iinfo(np.int32).max, np.int64)
    np.minimum.at(first, who, days)
    return first


def _starts(made: _Made, drug: Drug) -> Whole:
    """Return when everybody begins a medicine; long before entry for those who always took it."""
    world = made.world
    most = np.exp(abs(drug.trend) * world.years / 2) * (1 + drug.season)
    who, days = _candidates(made, drug.rate * made.trait * most)
    chance = _growth(days, drug.trend, world.years) * _wave(days, drug.season, drug.peak) / most
    kept = made.rng.random(len(who)) < chance
    first = _first(world.people, who[kept], days[kept])
    always = made.rng.random(world.people) < drug.prevalent * made.trait
    return np.where(always, made.entry - 10_000, first)


def _markers(made: _Made, starts: dict[str, Whole]) -> tuple[Whole, Whole]:
    """Return whose cramps are treated anew on which days."""
    world = made.world
    ratios = [max(drug.ratio, 1.0) for drug in world.drugs]
    age = (made.entry - made.born) / YEAR - 67.5
    oldest = age + (made.exit - made.entry) / YEAR
    ageing = np.exp(np.maximum(world.ageing * age, world.ageing * oldest))
    most = np.exp(abs(world.trend) * world.years / 2) * (1 + world.season) * ageing
    for drug, ratio in zip(world.drugs, ratios, strict=True):
        most = most * np.where(starts[drug.name] < made.exit, ratio, 1.0)
    who, days = _candidates(made, world.rate * made.trait * most)
    years_old = (days - made.born[who]) / YEAR - 67.5
    chance = _growth(days, world.trend, world.years) * _wave(days, world.season, 196.0)
    chance = chance * np.exp(world.ageing * years_old)
    for drug in world.drugs:
        since = days - starts[drug.name][who]
        chance = chance * np.where((since > 0) & (since <= drug.lasting), drug.ratio, 1.0)
    kept = made.rng.random(len(who)) < chance / most[who]
    return who[kept], days[kept]


def _take(made: _Made, drug: Drug, start: Whole, marked: Whole, days: Whole) -> None:
    """Record a medicine: one spell from its start, as far as it is observed."""
    rng, world = made.rng, made.world
    marker = _first(world.people, marked, days)
    called = (rng.random(world.people) < drug.called) & (marker < start)
    start = np.where(called, marker + rng.integers(1, 31, world.people), start)
    always = start < made.entry
    seen = np.where(always, made.entry + rng.integers(0, 90, world.people), start)
    stop = seen + np.ceil(rng.exponential(drug.stops, world.people)).astype(np.int64)
    flees = rng.random(world.people) < drug.fleeing
    stop = np.where(flees & (marker >= seen) & (marker < stop), marker, stop)
    who = np.flatnonzero(seen <= made.exit)
    made.records[drug.id] = in_order(who, seen[who], np.minimum(stop, made.exit)[who])


def _mark(made: _Made, marked: Whole, days: Whole) -> None:
    """Record the marker: the first of each person, or all; and who took it all along."""
    world, rng = made.world, made.rng
    if not world.recurring:
        first = np.ones(len(marked), np.bool_)
        first[1:] = marked[1:] != marked[:-1]
        marked, days = marked[first], days[first]
    always = np.flatnonzero(rng.random(world.people) < world.prevalent * made.trait)
    refill = made.entry[always] + rng.exponential(world.refill, len(always)).astype(np.int64)
    who, day = np.concatenate([marked, always]), np.concatenate([days, refill])
    observed = day <= made.exit[who]
    made.records[MARKER] = in_order(who[observed], day[observed], day[observed])


def with_ratio(world: World, ratio: float) -> World:
    """Return a world whose first medicine does something else."""
    first, *others = world.drugs
    return replace(world, drugs=(replace(first, ratio=ratio), *others))
