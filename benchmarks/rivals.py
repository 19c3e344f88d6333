"""What others would find in the same diaries, each by its usual rule.

Every rival answers for each exposure: a finding, none, or None when it cannot say. Exposures
that may act after one of several days are tried at each, and one that is found is enough. Run
as a program it prints how often each finds something where nothing is, and what is there.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from scipy import stats

from diaries import SCENARIOS, baseline, simulate
from nightcramp.diary.history import Array, Exposure, History

LEVEL = 0.05
PERMUTATIONS = 999
SHOWN_DIFFERENCE = 0.2
BLOCK, BLOCK_LEVEL, BLOCK_NIGHTS, BLOCK_COVERAGE = 14, 0.10, 84, 0.5
ROWS_A_COLUMN = 4

Verdicts = dict[str, bool | None]
Pair = tuple[str, Array]
Rival = Callable[[History, np.random.Generator], Verdicts]


def three_and_three(history: History, rng: np.random.Generator) -> Verdicts:
    """Show a difference of means from three days with and three without (Bearable's manual).

    The manual gives no size below which nothing is shown; read here as a fifth of the mean
    without. An amount counts as "with" above its median.
    """
    return _by_exposure((name, _differs(x, history.cramps)) for name, x in _pairs(history))


def _differs(x: Array, cramps: Array) -> bool | None:
    known = ~np.isnan(x) & ~np.isnan(cramps)
    with_it = x[known] > np.median(x[known]) if _is_amount(x) else x[known] > 0
    if min(with_it.sum(), (~with_it).sum()) < 3:
        return None
    mean_with, without = cramps[known][with_it].mean(), cramps[known][~with_it].mean()
    return bool(abs(mean_with - without) > SHOWN_DIFFERENCE * without)


def _is_amount(x: Array) -> bool:
    return len(np.unique(x[~np.isnan(x)])) > 2


def pearson(history: History, rng: np.random.Generator) -> Verdicts:
    """Call a Pearson correlation at p < 0.05 a finding, as most trackers' graphs do."""
    return _by_exposure((name, _correlated(x, history.cramps)) for name, x in _pairs(history))


def _correlated(x: Array, cramps: Array) -> bool | None:
    known = ~np.isnan(x) & ~np.isnan(cramps)
    if known.sum() < 3 or np.ptp(x[known]) == 0 or np.ptp(cramps[known]) == 0:
        return None
    return bool(stats.pearsonr(x[known], cramps[known]).pvalue < LEVEL)


def day_shuffle(history: History, rng: np.random.Generator) -> Verdicts:
    """Compare the correlation with those after shuffling single nights, p < 0.05.

    Nights without the exposure or the count are dropped first, as one would.
    """
    return _by_exposure((name, _shuffled(x, history.cramps, rng)) for name, x in _pairs(history))


def _shuffled(x: Array, cramps: Array, rng: np.random.Generator) -> bool | None:
    known = ~np.isnan(x) & ~np.isnan(cramps)
    if known.sum() < 3:
        return None
    order = np.argsort(rng.random((PERMUTATIONS, known.sum())), axis=1)
    chance = _permuted(x[known], cramps[known], order)
    return None if np.isnan(chance) else bool(chance < LEVEL)


def block_permutation(history: History, rng: np.random.Generator) -> Verdicts:
    """Permute blocks of 14 nights, Benjamini-Hochberg over all pairs (OpenStrap's scan).

    As there: ranks with the median of each weekday taken off, at least 84 nights with both and
    half of the days recorded, a false discovery rate of 10 %. Left out is its least size of
    effect, a quarter of the outcome's interquartile range of medians: cramp counts, mostly 0,
    would hardly ever pass it.
    """
    nights = len(history.cramps)
    order = np.array([_blocks(nights, rng) for _ in range(PERMUTATIONS)])
    weekday = baseline(history.first, nights)[:, 4:].argmax(axis=1)
    cramps = _ranked(history.cramps, weekday)
    names, chances = [], []
    for name, x in _pairs(history):
        both = ~np.isnan(x) & ~np.isnan(history.cramps)
        enough = both.sum() >= BLOCK_NIGHTS and np.mean(~np.isnan(x)) >= BLOCK_COVERAGE
        names.append(name)
        chances.append(_permuted(_ranked(x, weekday), cramps, order) if enough else np.nan)
    return _by_exposure(zip(names, _discoveries(np.array(chances)), strict=True))


def _blocks(nights: int, rng: np.random.Generator) -> np.ndarray:
    """Return the nights with their blocks in random order."""
    starts = rng.permutation(np.arange(0, nights, BLOCK))
    return np.concatenate([np.arange(s, min(s + BLOCK, nights)) for s in starts])


def _ranked(values: Array, weekday: np.ndarray) -> Array:
    """Return the ranks of the values less the median of their weekday, NaN kept."""
    left = values.copy()
    for day in range(7):
        own = values[(weekday == day) & ~np.isnan(values)]
        if len(own) >= 3:
            left[weekday == day] -= np.median(own)
        elif not np.isnan(values).all():
            left[weekday == day] -= np.nanmedian(values)
    ranks: Array = stats.rankdata(left, nan_policy="omit")
    return ranks


def _permuted(x: Array, y: Array, order: np.ndarray) -> float:
    """Return the p-value of the correlation of x and y among those of y reordered."""
    observed = _masked(x, y[None, :])[0]
    if np.isnan(observed):
        return float("nan")
    as_far = np.abs(_masked(x, y[order])) >= abs(observed) - 1e-12
    return float((1 + as_far.sum()) / (1 + len(order)))


def _masked(x: Array, ys: Array) -> Array:
    """Return the correlation of x with each row of ys over what both have, NaN if none."""
    here, there = (~np.isnan(x)).astype(float), (~np.isnan(ys)).astype(float)
    x, ys = np.nan_to_num(x - np.nanmean(x)), np.nan_to_num(ys - np.nanmean(ys))
    n = np.maximum(there @ here, 1.0)
    mean_x, mean_y = there @ x / n, ys @ here / n
    across = ys @ x / n - mean_x * mean_y
    spread = (there @ x**2 / n - mean_x**2) * (ys**2 @ here / n - mean_y**2)
    result: Array = np.where(spread > 1e-12, across / np.sqrt(np.maximum(spread, 1e-12)), np.nan)
    return result


def _discoveries(chances: Array) -> list[bool | None]:
    """Return which p-values Benjamini-Hochberg keeps; None for those that are NaN."""
    tested = ~np.isnan(chances)
    found = np.zeros(len(chances), dtype=bool)
    if tested.any():
        found[tested] = stats.false_discovery_control(chances[tested]) <= BLOCK_LEVEL
    return [bool(f) if t else None for f, t in zip(found, tested, strict=True)]


def robust_regression(history: History, rng: np.random.Generator) -> Verdicts:
    """Regress the counts (statsmodels negative binomial, Newey-West errors), p < 0.05.

    All exposures and the trend at once; one exposure at a time when there are too few nights
    on which everything was recorded. The errors reach back 4 (n/100)^(2/9) nights, as usual.
    """
    return _by_exposure((n, None if np.isnan(p) else bool(p < LEVEL)) for n, p in _waldo(history))


def robust_bonferroni(history: History, rng: np.random.Generator) -> Verdicts:
    """Do the same regression with the level shared out among all its tests (Bonferroni)."""
    chances = list(_waldo(history))
    level = LEVEL / max(1, len(chances))
    return _by_exposure((n, None if np.isnan(p) else bool(p < level)) for n, p in chances)


def _waldo(history: History) -> Iterator[tuple[str, float]]:
    """Yield the p-value of each exposure at each lag, NaN where there is none."""
    pairs = list(_pairs(history))
    columns = np.column_stack([x for _, x in pairs])
    known = ~np.isnan(history.cramps) & ~np.isnan(columns).any(axis=1)
    if known.sum() >= ROWS_A_COLUMN * (columns.shape[1] + 2):
        chances = _regressed(history, columns)
    else:
        chances = np.concatenate([_regressed(history, x[:, None]) for _, x in pairs])
    yield from ((name, float(p)) for (name, _), p in zip(pairs, chances, strict=True))


def _regressed(history: History, columns: Array) -> Array:
    """Return the p-values of the columns in one regression, NaN if it cannot be done."""
    known = ~np.isnan(history.cramps) & ~np.isnan(columns).any(axis=1)
    none = np.full(columns.shape[1], np.nan)
    rows = np.column_stack([baseline(history.first, len(known))[:, :2], columns])[known]
    cramps = history.cramps[known]
    if known.sum() < 10 or np.linalg.matrix_rank(rows) < rows.shape[1] or not cramps.any():
        return none
    reach = int(4 * (len(rows) / 100) ** (2 / 9))
    return _fitted(cramps, rows, reach)[2:]


def _fitted(cramps: Array, rows: Array, reach: int) -> Array:
    """Return p-values; Poisson with the same errors where the negative binomial fails."""
    import statsmodels.api as sm

    options = {"cov_type": "HAC", "cov_kwds": {"maxlags": reach}}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            fit = sm.NegativeBinomial(cramps, rows).fit(disp=0, maxiter=200, **options)
            chances = np.asarray(fit.pvalues)[: rows.shape[1]]
            if fit.mle_retvals["converged"] and not np.isnan(chances).any():
                return chances
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            pass
        try:
            fit = sm.GLM(cramps, rows, family=sm.families.Poisson()).fit(**options)
            return np.asarray(fit.pvalues)
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return np.full(rows.shape[1], np.nan)


def _pairs(history: History) -> Iterator[Pair]:
    """Yield each exposure at each of its lags, as it stood before each night."""
    for exposure in history.exposures:
        for lag in exposure.lags:
            yield exposure.id, _before(exposure, lag)


def _before(exposure: Exposure, lag: int) -> Array:
    values = exposure.values
    return np.concatenate([np.full(lag, np.nan), values[: len(values) - lag]])


def _by_exposure(verdicts: Iterator[tuple[str, bool | None]]) -> Verdicts:
    """Return the verdict of each exposure: found if at any lag, None if none could be told."""
    told: Verdicts = {}
    for name, found in verdicts:
        before = told.get(name)
        told[name] = found if before is None else before or bool(found)
    return told


RIVALS: dict[str, Rival] = {
    "three with, three without": three_and_three,
    "Pearson": pearson,
    "day-wise shuffle": day_shuffle,
    "14-day blocks, BH": block_permutation,
    "regression, HAC": robust_regression,
    "regression, HAC, Bonferroni": robust_bonferroni,
}


def main() -> int:
    """Print the share of histories with a false finding, and the share of effects found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", help="all when none is named")
    parser.add_argument("--histories", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    for name in told.scenarios or SCENARIOS:
        print(name)
        rng = np.random.default_rng(told.seed)
        made = [simulate(SCENARIOS[name], rng) for _ in range(told.histories)]
        for title, rival in RIVALS.items():
            false, power, silent = rates([(rival(h, rng), t.betas) for h, t in made])
            print(f"  {title:28} false {false:6.1%}  found {power:6.1%}  cannot say {silent:6.1%}")
        sys.stdout.flush()
    return 0


def rates(answers: list[tuple[Verdicts, Array]]) -> tuple[float, float, float]:
    """Return the share of histories with any false finding, of effects found, of no answers."""
    false = [any(v and b == 0 for v, b in zip(a.values(), t, strict=True)) for a, t in answers]
    right = [bool(v) for a, t in answers for v, b in zip(a.values(), t, strict=True) if b != 0]
    silent = [v is None for a, _ in answers for v in a.values()]
    power = float(np.mean(right)) if right else float("nan")
    return float(np.mean(false)), power, float(np.mean(silent))


if __name__ == "__main__":
    sys.exit(main())
