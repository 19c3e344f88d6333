"""Sequence ratios and case series on made-up histories: do they find what was planted?

    python benchmarks/cohort_sequence.py [--histories 1000] [--jobs 2] [--only NAME]
    python benchmarks/cohort_sequence.py --time

For ratios of 1, 1.16, 1.47 and 2.42 planted in prescription histories
(benchmarks/prescription_histories.py) it prints how often the 95 % interval holds the ratio, how
far off the estimate is on average, and how often something is found. Ways that leave out what is
needed stand beside the right ones, on a quarter of the populations, and must fail. `--time`:
seconds for so many people and cases.
"""

from __future__ import annotations

import argparse
import functools
import math
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np

from nightcramp.cohort.sequence.case_series import case_series
from nightcramp.cohort.sequence.controls import calibrated, systematic_error
from nightcramp.cohort.sequence.ratio import proportion_interval, sequence_ratio
from nightcramp.cohort.sequence.settings import Settings, settings
from prescription_histories import MARKER, Drug, World, simulate, with_ratio

RATIOS = (1.0, 1.16, 1.47, 2.42)
LOWEST, HIGHEST = 0.93, 0.97
"""Between these lies the part of 95 % intervals that hold the truth, if they are right."""

FALLING = World(
    people=50_000,
    rate=0.008,
    trend=-0.35,
    ageing=0.03,
    prevalent=0.01,
    drugs=(Drug("furosemide", rate=0.04, trend=0.15, prevalent=0.1),),
)
"""The marker is prescribed less every year, the medicine more; some took either all along."""

RARE = replace(FALLING, people=100_000, rate=0.004, prevalent=0.005)
"""The same with a marker as rare as new quinine: a case series of first markers needs that."""

AGAIN = replace(FALLING, people=20_000, rate=0.02, recurring=True, prevalent=0.0)
"""Markers that are common and come again, each counted."""

SEASONAL = World(
    people=100_000,
    rate=0.008,
    trend=-0.1,
    ageing=0.03,
    season=0.6,
    drugs=(Drug("furosemide", rate=0.06, season=0.9, peak=181.0, lasting=60),),
)
"""The medicine, which acts for two months, is begun in early summer, and cramps peak in July."""

FLEEING = World(
    people=60_000,
    rate=0.004,
    trend=-0.1,
    ageing=0.03,
    drugs=(Drug("furosemide", rate=0.04, fleeing=0.9, stops=300.0),),
)
"""Nearly everybody who gets cramps stops the medicine."""

CALLED = World(people=50_000, rate=0.008, drugs=(Drug("furosemide", rate=0.04, called=0.02),))
"""Some get the medicine because of the cramps, within a month of them."""

ERRORS = tuple(
    Drug(name, rate=0.03, trend=trend)
    for name, trend in (
        *(("atenolol", -0.1), ("metoprolol", 0.1), ("propranolol", 0.0), ("nebivolol", 0.2)),
        *(("tiotropium", 0.1), ("ipratropium", -0.1), ("umeclidinium", 0.2), ("sotalol", 0.0)),
    )
)
ERROR_MEAN, ERROR_SPREAD = 0.15, 0.15

Method = Literal["sequence", "series"]


@dataclass(frozen=True)
class Way:
    """A way of looking at a world; a `broken` one leaves out what is needed there."""

    name: str
    world: World
    method: Method
    chosen: Settings
    broken: bool = False


def ways() -> list[Way]:
    """Return the ways that are tried, the right ones first."""
    right, brief = settings(profile_below=0), settings(profile_below=0, risk=60, before=30)
    taken = replace_settings(right, risk_window="while_taken")
    return [
        Way("order of starts", FALLING, "sequence", right),
        Way(
            "order, exact interval", FALLING, "sequence", replace_settings(right, interval="exact")
        ),
        Way(
            "order, expected by counts",
            FALLING,
            "sequence",
            replace_settings(right, trend="counts"),
        ),
        Way("order, crude", FALLING, "sequence", replace_settings(right, trend="none"), True),
        Way("order, no run-in", FALLING, "sequence", replace_settings(right, run_in=0), True),
        Way("case series", RARE, "series", right),
        Way(
            "series, all markers",
            AGAIN,
            "series",
            settings(profile_below=0, all_markers=True, apart=0),
        ),
        Way("series, season", SEASONAL, "series", brief),
        Way(
            "series, profile interval",
            replace(RARE, people=30_000),
            "series",
            settings(profile_below=10_000),
        ),
        Way("series, cramps end use", FLEEING, "series", right),
        Way("series, time left out", RARE, "series", _timeless(right), True),
        Way("series, no run-in", RARE, "series", replace_settings(right, run_in=0), True),
        Way(
            "series, season left out",
            SEASONAL,
            "series",
            replace_settings(brief, harmonics=0),
            True,
        ),
        Way("series while taken, ends use", FLEEING, "series", taken, True),
    ]


def replace_settings(chosen: Settings, **changes: object) -> Settings:
    """Return settings with some changed."""
    import msgspec

    return msgspec.structs.replace(chosen, **changes)


def _timeless(chosen: Settings) -> Settings:
    return replace_settings(chosen, calendar=False, ages=False)


@dataclass(frozen=True)
class Found:
    """The log of one ratio found over the one planted; whether its interval holds it, or 1."""

    off: float
    se: float
    holds: bool
    above: bool
    below: bool
    warned: bool


def found(way: Way, ratio: float, seed: int) -> Found | None:
    """Return what a way makes of one made-up population, None where it withholds a ratio."""
    world = with_ratio(way.world, ratio)
    histories = simulate(world, seed)
    medicine, run_in = world.drugs[0].id, way.chosen.run_in or 0
    if way.method == "sequence":
        first, marker = histories.first([medicine]), histories.first([MARKER])
        seen = sequence_ratio(histories, first, marker, way.chosen, run_in)
        warned = False
    else:
        seen = case_series(histories, [medicine], [MARKER], way.chosen, run_in)
        warned = "event_first" in seen.notices
    if seen.ratio is None or seen.log_se is None:
        return None
    return Found(
        off=math.log(seen.ratio.value / ratio),
        se=seen.log_se,
        holds=seen.ratio.low <= ratio <= seen.ratio.high,
        above=seen.ratio.low > 1,
        below=seen.ratio.high < 1,
        warned=warned,
    )


def many(way: Way, ratio: float, seeds: Iterable[int]) -> list[Found]:
    """Return what a way makes of many populations."""
    return [one for seed in seeds if (one := found(way, ratio, seed))]


def covered(results: list[Found]) -> float:
    """Return the part of intervals that hold the planted ratio."""
    return sum(one.holds for one in results) / len(results)


@dataclass(frozen=True)
class Freed:
    """Whether intervals hold the ratio planted, before and after the error was taken off."""

    raw: bool
    freed: bool


def freed(ratio: float, seed: int) -> Freed | None:
    """Return how a ratio fares where all medicines share a systematic error, of known controls."""
    rng = np.random.default_rng(seed)
    wrong = np.exp(rng.normal(ERROR_MEAN, ERROR_SPREAD, len(ERRORS) + 1))
    drugs = [Drug("furosemide", ratio=ratio * wrong[0], rate=0.04)]
    drugs += [replace(one, ratio=off) for one, off in zip(ERRORS, wrong[1:], strict=True)]
    world = World(people=60_000, trend=-0.1, ageing=0.03, drugs=tuple(drugs))
    histories, chosen = simulate(world, seed), settings()
    marker = histories.first([MARKER])
    seen = [
        sequence_ratio(histories, histories.first([one.id]), marker, chosen, 365) for one in drugs
    ]
    target, *controls = [one for one in seen if one.ratio and one.log_se]
    if seen[0] is not target:
        return None
    error = systematic_error(
        [math.log(one.ratio.value) for one in controls if one.ratio],
        [one.log_se for one in controls if one.log_se],
        chosen.most_spread,
    )
    better = calibrated(math.log(target.ratio.value), target.log_se, error, chosen.confidence)
    return Freed(
        target.ratio.low <= ratio <= target.ratio.high,
        better.ratio.low <= ratio <= better.ratio.high,
    )


def exact_coverage(total: int, share: float, kind: Literal["score", "exact"]) -> float:
    """Return how often the interval of a proportion holds it, summed over all outcomes."""
    held = 0.0
    for count in range(total + 1):
        low, high = proportion_interval(count, total, 0.95, kind)
        if low <= share <= high:
            ways_ = math.lgamma(total + 1) - math.lgamma(count + 1) - math.lgamma(total - count + 1)
            held += math.exp(ways_ + count * math.log(share) + (total - count) * math.log1p(-share))
    return held


def _row(way: Way, ratio: str, results: list[Found], asked: int) -> str:
    off = np.array([one.off for one in results])
    spread, part = off.std(ddof=1), covered(results)
    shown = "within" if LOWEST <= part <= HIGHEST else "outside"
    kind = "broken" if way.broken else ""
    return (
        f"  {way.name:<30}{kind:<8}{ratio:<6}{100 * part:6.1f} % {shown:<8}"
        f"{off.mean():+8.3f} {1.96 * spread / math.sqrt(len(off)):.3f}{spread:8.3f}"
        f"{np.mean([one.se for one in results]):8.3f}"
        f"{100 * np.mean([one.above for one in results]):7.1f} %"
        f"{100 * np.mean([one.below for one in results]):6.1f} %"
        f"{100 * np.mean([one.warned for one in results]):6.1f} %{asked - len(results):6d}"
    )


def _coverage(histories: int, jobs: int, only: str) -> None:
    print(
        f"{histories} populations each. holds: intervals with the planted ratio in them; off: mean "
        "log error and its 95 % half width; above, below: interval beyond 1\n"
        f"  {'way':<30}{'':<8}{'ratio':<6}{'holds':>8} {'':<8}{'off':>8} {'':>5}{'sd':>8}{'se':>8}"
        f"{'above':>9}{'below':>8}{'warned':>8}{'none':>6}"
    )
    with ProcessPoolExecutor(jobs) as pool:
        for way in ways():
            if only not in way.name:
                continue
            number = max(histories // 4, 40) if way.broken else histories
            every: list[Found] = []
            for ratio in RATIOS:
                tried = pool.map(functools.partial(found, way, ratio), range(number), chunksize=5)
                seen = [one for one in tried if one]
                every += seen
                print(_row(way, f"{ratio:g}", seen, number), flush=True)
            print(_row(way, "all", every, number * len(RATIOS)), flush=True)


def _called(histories: int, jobs: int) -> None:
    way = Way("cramps call for it", CALLED, "series", settings(profile_below=0), True)
    with ProcessPoolExecutor(jobs) as pool:
        seen = [
            one for one in pool.map(functools.partial(found, way, 1.0), range(histories)) if one
        ]
    part = np.mean([one.warned for one in seen])
    print(f"\nMedicine begun because of cramps: {100 * part:.1f} % of case series warn of it")


def _controls(histories: int, jobs: int) -> None:
    print(
        f"\nSystematic error: log ratios of all medicines off by Normal({ERROR_MEAN}, "
        f"{ERROR_SPREAD}^2); {len(ERRORS)} controls"
    )
    with ProcessPoolExecutor(jobs) as pool:
        for ratio in (1.0, 2.42):
            seen = [
                one for one in pool.map(functools.partial(freed, ratio), range(histories)) if one
            ]
            raw, after = np.mean([s.raw for s in seen]), np.mean([s.freed for s in seen])
            print(f"  ratio {ratio:<6g} held by {100 * raw:.1f} %, freed {100 * after:.1f} %")


def _intervals() -> None:
    print(
        "\nIntervals of a proportion, all outcomes: worst and mean coverage over shares 0.3 to 0.8"
    )
    for total in (20, 50, 200):
        for kind in ("score", "exact"):
            held = [exact_coverage(total, share, kind) for share in np.linspace(0.3, 0.8, 51)]
            worst, mean = 100 * min(held), 100 * np.mean(held)
            print(f"  {total:>4} pairs, {kind:<6} {worst:5.1f} % {mean:5.1f} %")


def _seconds() -> Iterator[str]:
    """Yield how long both take, as populations grow."""
    for people in (20_000, 100_000, 500_000):
        histories = simulate(replace(FALLING, people=people), 1)
        first, marker = histories.first([FALLING.drugs[0].id]), histories.first([MARKER])
        begun = time.perf_counter()
        sequence_ratio(histories, first, marker, settings(), 365)
        middle = time.perf_counter()
        seen = case_series(
            histories, [FALLING.drugs[0].id], [MARKER], settings(profile_below=0), 365
        )
        end = time.perf_counter()
        yield (
            f"  {people:>8} people, {seen.cases:>7} cases: sequence {middle - begun:6.2f} s, "
            f"case series {end - middle:6.2f} s"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="ways whose name holds this")
    parser.add_argument("--time", action="store_true")
    asked = parser.parse_args()
    if asked.time:
        print("\n".join(_seconds()))
        return
    _coverage(asked.histories, asked.jobs, asked.only)
    if not asked.only:
        _called(asked.histories, asked.jobs)
        _controls(asked.histories, asked.jobs)
        _intervals()


if __name__ == "__main__":
    main()
