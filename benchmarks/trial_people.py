"""Made-up people on trial, whose truth is known: every night as it would be under either arm.

A night's count is read off one uniform number, so the same person under another schedule differs
only where the arms differ. `SCENARIOS` holds situations in which the arms make no difference, and
each of them again with an effect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from diaries import persistent
from nightcramp.diary.history import Array

MOST_CRAMPS = 60


@dataclass(frozen=True)
class Scenario:
    """A situation: how the nights are, what the first arm does, what is not logged.

    `ratio`: cramps under the first arm against the second. `trend`: log rate at the end less
    that at the start. `season`: height of the year's wave. `never`: part of nights without any
    cramp whatever the rate. `fades`: part of the effect that is left each night after the arm
    was left. `excites`: what a cramp adds to the log rate of the next night. `forgets`: part of
    nights not logged, for each cramp in them. `washout`: nights of a block that do not count.
    """

    name: str
    rate: float = 1.0
    kappa: float = 0.3
    sigma: float = 0.3
    rho: float = 0.5
    trend: float = 0.0
    season: float = 0.0
    never: float = 0.0
    excites: float = 0.0
    fades: float = 0.0
    forgets: float = 0.0
    ratio: float = 1.0
    washout: int = 0

    @property
    def null(self) -> bool:
        """Return whether the arms make no difference."""
        return self.ratio == 1.0


EFFECT = 0.45
NULL = (
    Scenario("identical-nights", kappa=0.0, sigma=0.0),
    Scenario("ar1-0.8", sigma=0.8, rho=0.8),
    Scenario("trend", trend=-1.2),
    Scenario("season", season=0.5, rho=0.9),
    Scenario("zero-heavy", never=0.6, rate=2.0),
    Scenario("overdispersed", kappa=1.5),
    Scenario("nights-carry-over", excites=0.25, rate=0.7),
    Scenario("forgets-bad-nights", forgets=0.12, sigma=0.5, rho=0.7),
    Scenario("rare", rate=0.3, sigma=0.5, rho=0.7),
    Scenario("everything", sigma=0.6, rho=0.8, trend=-0.7, season=0.3, kappa=0.7, forgets=0.08),
    Scenario("many-a-night", rate=6.0, kappa=0.05, sigma=0.1),
)
ACTING = (
    *(replace(s, name=f"{s.name}-acting", ratio=EFFECT) for s in NULL[:-1]),
    replace(NULL[-1], name="many-a-night-acting", ratio=0.75),
    Scenario("wears-off-acting", fades=0.5, ratio=EFFECT, washout=1),
    Scenario("harms-acting", rate=0.6, ratio=1 / EFFECT),
)
SCENARIOS = {scenario.name: scenario for scenario in (*NULL, *ACTING)}


@dataclass(frozen=True)
class Person:
    """A person's nights before any arm: log rates, gamma wobble, and a uniform number a night."""

    scenario: Scenario
    level: Array
    wobble: Array
    uniform: Array
    asleep: Array
    kept: Array

    def lived(self, on: Array) -> Array:
        """Return the counts if the first arm is on in these nights (1 or 0), NaN not logged."""
        counts, before, effect = np.zeros(len(on)), 0.0, 0.0
        scenario = self.scenario
        for night, arm in enumerate(on):
            effect = 1.0 if arm else effect * scenario.fades
            level = self.level[night] + effect * math.log(scenario.ratio)
            level += scenario.excites * min(before, 4.0)
            mean = math.exp(level) * self.wobble[night]
            before = 0.0 if self.asleep[night] else poisson(self.uniform[night], mean)
            counts[night] = before
        gone = self.kept < 1 - (1 - scenario.forgets) ** counts
        return np.where(gone, np.nan, counts)


def poisson(uniform: float, mean: float) -> float:
    """Return the Poisson count whose cumulative probability first exceeds a number."""
    count, part = 0, math.exp(-mean)
    total = part
    while total < uniform and count < MOST_CRAMPS:
        count += 1
        part *= mean / count
        total += part
    return float(count)


def person(scenario: Scenario, nights: int, number: int) -> Person:
    """Return the person with this number in a scenario; an acting one is its null's twin."""
    key = [ord(letter) for letter in scenario.name.removesuffix("-acting")]
    random = np.random.default_rng([number, nights, *key])
    drift = scenario.sigma * persistent(random, nights, scenario.rho)
    place = np.linspace(-0.5, 0.5, nights)
    wave = scenario.season * np.sin(2 * np.pi * (np.arange(nights) + random.integers(365)) / 365.25)
    start, kappa = math.log(scenario.rate) - scenario.sigma**2 / 2, scenario.kappa
    return Person(
        scenario=scenario,
        level=start + drift + scenario.trend * place + wave,
        wobble=random.gamma(1 / kappa, kappa, nights) if kappa else np.ones(nights),
        uniform=random.random(nights),
        asleep=random.random(nights) < scenario.never,
        kept=random.random(nights),
    )
