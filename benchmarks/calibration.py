"""Are the intervals right? Simulate people from the model, assess them, compare.

For each simulated person the true state (which factors act, how strongly, which patterns are
seen) is drawn from the priors the knowledge gives, and the shares are then inferred from the
patterns alone. If the inference is right, the rank of the true share among its posterior draws
is uniform (simulation-based calibration), and 90 % intervals hold it 90 % of the time. A model
that is broken on purpose must fail the same check.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable

import numpy as np

from nightcramp.assess.effects import Multiplier, multiplier
from nightcramp.assess.shares import draw_inverses, interval, shapley, unexplained
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.schema import Effect, Model

BINS = 10
SEEN_IF_DUE, SEEN_IF_NOT = 0.8, 0.1
Infer = Callable[[Effect, float, float, float, Model], Multiplier]


def infer(
    effect: Effect, presence: float, credibility: float, pattern: float, model: Model
) -> Multiplier:
    """Return the posterior multiplier as the product computes it."""
    return multiplier(
        effect, presence=presence, credibility=credibility, pattern=pattern, model=model
    )


def broken_without_update(
    effect: Effect, presence: float, credibility: float, pattern: float, model: Model
) -> Multiplier:
    """Return a wrong posterior: the pattern does not update whether the factor acts."""
    right = infer(effect, presence, credibility, pattern, model)
    return dataclasses.replace(right, active=presence * credibility)


def broken_overconfident(
    effect: Effect, presence: float, credibility: float, pattern: float, model: Model
) -> Multiplier:
    """Return a wrong posterior: the published interval is taken a quarter as wide."""
    ratio = effect.ratio
    narrow = Effect(
        ratio=ratio,
        low=ratio / (ratio / effect.low) ** 0.25,
        high=ratio * (effect.high / ratio) ** 0.25,
        measure=effect.measure,
        population=effect.population,
        grade=effect.grade,
        status=effect.status,
        source=effect.source,
    )
    return infer(narrow, presence, credibility, pattern, model)


def simulate(people: int, seed: int, method: Infer = infer) -> tuple[np.ndarray, float, float]:
    """Return (ranks in 0..1, coverage of shares, coverage of the unexplained part)."""
    known = knowledge()
    effects = [f.effect[-1] for f in known.factors.values() if f.effect[-1].grade in "ABCE"]
    random = np.random.default_rng(seed)
    ranks, held, left_held = [], [], []
    for _ in range(people):
        chosen = random.choice(len(effects), size=5, replace=False)
        truth, inferred = _person([effects[i] for i in chosen], random, known.model, method)
        draws = draw_inverses(inferred, known.model.draws, int(random.integers(2**32)))
        true_shares, shares = shapley(truth), shapley(draws)
        below = (shares < true_shares - 1e-12).mean(axis=0)
        ties = (np.abs(shares - true_shares) <= 1e-12).mean(axis=0)
        ranks.append(below + random.random(len(below)) * ties)
        low, high = interval(shares, known.model.interval)
        held.append((low - 1e-12 <= true_shares) & (true_shares <= high + 1e-12))
        left_low, left_high = interval(unexplained(draws), known.model.interval)
        left = unexplained(truth)
        left_held.append(left_low - 1e-12 <= left <= left_high + 1e-12)
    return np.concatenate(ranks), float(np.mean(held)), float(np.mean(left_held))


def _person(
    effects: list[Effect], random: np.random.Generator, model: Model, method: Infer
) -> tuple[np.ndarray, list[Multiplier]]:
    """Return the true inverse multipliers of one person, and the inferred posteriors."""
    truth, inferred = [], []
    for effect in effects:
        presence = float(random.uniform(0.3, 1.0))
        credibility = knowledge().credibility[effect.grade].probability
        prior = infer(effect, presence, credibility, 1.0, model)
        acts = random.random() < prior.active
        point = random.choice(len(prior.weight), p=prior.weight)
        share = 1.0 - prior.inverse[point] if acts else 0.0
        seen = random.random() < share * SEEN_IF_DUE + (1 - share) * SEEN_IF_NOT
        pattern = SEEN_IF_DUE / SEEN_IF_NOT if seen else (1 - SEEN_IF_DUE) / (1 - SEEN_IF_NOT)
        due = share * pattern / (1 - share + share * pattern)
        truth.append(1.0 - due)
        inferred.append(method(effect, presence, credibility, pattern, model))
    return np.array(truth), inferred


def chi_square(ranks: np.ndarray) -> float:
    """Return the chi-square statistic of the ranks against uniform, BINS - 1 degrees."""
    counts, _ = np.histogram(ranks, bins=BINS, range=(0.0, 1.0))
    expected = len(ranks) / BINS
    return float(((counts - expected) ** 2 / expected).sum())


CRITICAL = 27.877
"""The 0.1 % point of chi-square with nine degrees of freedom."""


def main() -> int:
    """Print coverage and the uniformity of ranks, right model and broken ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=4000)
    people = parser.parse_args().people
    passed = True
    methods = {
        "as shipped": infer,
        "broken: no update": broken_without_update,
        "broken: overconfident": broken_overconfident,
    }
    for name, method in methods.items():
        ranks, held, left = simulate(people, 7, method)
        statistic = chi_square(ranks)
        uniform = statistic < CRITICAL
        print(f"{name:<22} 90 % intervals hold {held:.1%} of shares, {left:.1%} of the rest;")
        print(f"{'':<22} ranks chi-square {statistic:.1f} (limit {CRITICAL}): ", end="")
        print("uniform" if uniform else "not uniform")
        passed &= uniform == (method is infer)
    print("calibrated; the broken models are found out" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
