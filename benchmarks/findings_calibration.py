"""How far findings can be trusted: false findings, power, coverage, ranks, and broken models.

    python benchmarks/findings_calibration.py [--histories 400] [--only NAME] [--rivals]
    python benchmarks/findings_calibration.py --ranks 1000
    python benchmarks/findings_calibration.py --broken --only null-hard

Simulated diaries (benchmarks/diaries.py) go through the same rules as a person's own. A false
finding is anything found in a history in which nothing acts. Deliberately broken models
must fail the same checks.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import diaries
from nightcramp.diary.analysis import Analysis, analyse
from nightcramp.diary.diagnostics import logs_only_bad_nights
from nightcramp.diary.exposures import lacking_of
from nightcramp.diary.findings import state_of
from nightcramp.diary.history import History
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.schema import DiaryModel

SEED = 4
BINS, LIMIT = 20, 43.8
"""Bins of the ranks, and what chi-square exceeds once in a thousand with 19 degrees of freedom."""
Breaking = Callable[[DiaryModel], DiaryModel]
BROKEN: dict[str, Breaking] = {
    "no drift": lambda model: replaced(model, drift_sd=0.02),
    "no drift, no spread": lambda model: replaced(model, drift_sd=0.02, overdispersion_sd=0.02),
}


def replaced(model: DiaryModel, **changes: object) -> DiaryModel:
    """Return the model's choices with some changed."""
    import msgspec

    return msgspec.structs.replace(model, **changes)


@dataclass(frozen=True)
class Judged:
    """One history through the rules: what was found, and whether anything was looked at."""

    found: frozenset[str]
    probability_only: frozenset[str]
    withheld: bool
    covered: int
    intervals: int
    acting: int
    acting_found: int
    rivals: dict[str, frozenset[str]]
    seconds: float


def lookable(history: History, model: DiaryModel) -> History | None:
    """Return the history as the findings would look at it; None where they say nothing yet."""
    logged = ~np.isnan(history.cramps)
    if logged.sum() < model.least_nights or (history.cramps > 0).sum() < model.least_cramp_nights:
        return None
    kept = tuple(
        exposure
        for exposure in history.exposures
        if not lacking_of(exposure.values, history.cramps, exposure.yes_no, model)
    )
    return replace(history, exposures=kept) if kept else None


def judge(scenario: diaries.Scenario, number: int, model: DiaryModel, rivals: bool) -> Judged:
    """Return what becomes of one simulated diary."""
    random = np.random.default_rng([SEED, number, hash_of(scenario.name)])
    history, truth = diaries.simulate(scenario, random)
    acting = {e.id: b for e, b in zip(history.exposures, truth.betas, strict=True) if b}
    beside = _rivals(history, random) if rivals else {}
    looked = lookable(history, model)
    start = time.perf_counter()
    if looked is None or logs_only_bad_nights(history.cramps, model):
        return Judged(frozenset(), frozenset(), True, 0, 0, len(acting), 0, beside, 0.0)
    analysis = analyse(looked, model)
    seconds = time.perf_counter() - start
    states = {w.id: state_of(w, model) for w in analysis.exposures}
    found = frozenset(i for i, s in states.items() if s == "found" and not analysis.strange)
    likely = frozenset(w.id for w in analysis.exposures if w.probability >= model.found_probability)
    covered = [w.low <= acting[w.id] <= w.high for w in analysis.exposures if w.id in acting]
    return Judged(
        found,
        likely,
        bool(analysis.strange),
        sum(covered),
        len(covered),
        len(acting),
        len(found & set(acting)),
        beside,
        seconds,
    )


def hash_of(name: str) -> int:
    """Return a number for a name that is the same in every run."""
    return int.from_bytes(name.encode()[-6:], "big") + 31 * len(name)


def _rivals(history: History, random: np.random.Generator) -> dict[str, frozenset[str]]:
    from rivals import RIVALS

    return {
        name: frozenset(i for i, found in rival(history, random).items() if found)
        for name, rival in RIVALS.items()
    }


def _one(task: tuple[diaries.Scenario, int, DiaryModel, bool]) -> Judged:
    return judge(*task)


def run(
    scenario: diaries.Scenario,
    count: int,
    model: DiaryModel,
    pool: ProcessPoolExecutor,
    rivals: bool,
) -> list[Judged]:
    """Return the judged histories of one scenario."""
    tasks = [(scenario, number, model, rivals) for number in range(count)]
    return list(pool.map(_one, tasks, chunksize=4))


def line(scenario: diaries.Scenario, judged: list[Judged]) -> Iterator[str]:
    """Yield the figures of one scenario."""
    count = len(judged)
    acting = {f"x{i}_{k.id}" for i, k in enumerate(scenario.kinds) if _acts(scenario, i)}
    false = sum(bool(j.found - acting) for j in judged) / count
    likely = sum(bool(j.probability_only - acting) for j in judged) / count
    cells = [f"{scenario.name:<42}", f"false {100 * false:5.1f} ± {error(false, count):.1f} %"]
    cells.append(f"(probability alone {100 * likely:4.1f} %)")
    cells.append(f"withheld {100 * sum(j.withheld for j in judged) / count:4.1f} %")
    if acting:
        power = sum(j.acting_found for j in judged) / sum(j.acting for j in judged)
        intervals = max(sum(j.intervals for j in judged), 1)
        cells.append(f"power {100 * power:5.1f} %")
        cells.append(f"coverage {100 * sum(j.covered for j in judged) / intervals:5.1f} %")
    cells.append(f"{1000 * sum(j.seconds for j in judged) / count:6.0f} ms")
    yield "  ".join(cells)
    for name in judged[0].rivals:
        wrong = sum(bool(j.rivals[name] - acting) for j in judged) / count
        text = f"    {name:<38}  false {100 * wrong:5.1f} %"
        if acting:
            right = sum(len(j.rivals[name] & acting) for j in judged) / (count * len(acting))
            text += f"  power {100 * right:5.1f} %"
        yield text


def _acts(scenario: diaries.Scenario, place: int) -> bool:
    return place < len(scenario.effects) and bool(scenario.effects[place])


def error(part: float, count: int) -> float:
    """Return the standard error of a share, in per cent."""
    return 100 * math.sqrt(max(part * (1 - part), 1 / count) / count)


@dataclass(frozen=True)
class Drawn:
    """One history drawn from the model's own priors: ranks, and how many intervals held."""

    ranks: list[float]
    held: int
    intervals: int


def drawn(number: int, model: DiaryModel, nights: int = 90, exposures: int = 3) -> Drawn:
    """Return the ranks of the true coefficients of a history drawn from the priors."""
    random = np.random.default_rng([SEED, number])
    history, truth = diaries.from_prior(random, nights, exposures)
    looked = lookable(history, model)
    if looked is None:
        return Drawn([], 0, 0)
    analysis = analyse(looked, model)
    betas = {e.id: b for e, b in zip(history.exposures, truth.betas, strict=True)}
    acting = [w for w in analysis.exposures if betas[w.id]]
    return Drawn(
        [
            rank(analysis, place, betas[weighing.id], random)
            for place, weighing in enumerate(analysis.exposures)
        ],
        sum(w.low <= betas[w.id] <= w.high for w in acting),
        len(acting),
    )


def _drawn(task: tuple[int, DiaryModel]) -> Drawn:
    return drawn(*task)


def rank(analysis: Analysis, place: int, truth: float, random: np.random.Generator) -> float:
    """Return where the true coefficient lies in its posterior, a tie at zero broken by chance."""
    weighing = analysis.exposures[place]
    at_zero = 1.0 - weighing.probability
    below_zero = weighing.probability * _below(analysis, place, 0.0)
    if truth == 0.0:
        return below_zero + random.random() * at_zero
    below = weighing.probability * _below(analysis, place, truth)
    return below + (at_zero if truth > 0 else 0.0)


def _below(analysis: Analysis, place: int, value: float) -> float:
    mixture = analysis.mixture
    used = mixture.chosen[:, place] > 0
    columns = np.array(analysis.design.choices[place])
    at = columns[mixture.chosen[used, place] - 1]
    weight = mixture.weight[used] / mixture.weight[used].sum()
    z = (value - mixture.mean[used, at]) / mixture.sd[used, at]
    return float(
        sum(w * 0.5 * math.erfc(-x / math.sqrt(2)) for w, x in zip(weight, z, strict=True))
    )


def misfit(ranks: list[float]) -> float:
    """Return the chi-square of ranks in 20 equal bins against uniform."""
    counts, _ = np.histogram(ranks, bins=BINS, range=(0, 1))
    expected = len(ranks) / BINS
    return float(((counts - expected) ** 2 / expected).sum())


def rank_line(name: str, found: list[Drawn]) -> str:
    """Return the figures of histories drawn from the priors."""
    ranks = [rank for item in found for rank in item.ranks]
    held, intervals = sum(d.held for d in found), sum(d.intervals for d in found)
    return (
        f"{name:<24} {len(ranks)} ranks in {BINS} bins: chi-square {misfit(ranks):6.1f} "
        f"(at most {LIMIT}); 95 % intervals hold {100 * held / intervals:.1f} % of {intervals}"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=400)
    parser.add_argument("--only", default="")
    parser.add_argument("--rivals", action="store_true")
    parser.add_argument("--ranks", type=int, default=0, help="Histories drawn from the priors.")
    parser.add_argument("--broken", action="store_true", help="Show that broken models fail.")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    models = {"the model": knowledge().diary_model}
    if arguments.broken:
        models = {name: breaking(models["the model"]) for name, breaking in BROKEN.items()}
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for name, model in models.items():
            print(f"# {name}", flush=True)
            if arguments.ranks:
                tasks = [(number, model) for number in range(arguments.ranks)]
                print(rank_line(name, list(pool.map(_drawn, tasks, chunksize=4))), flush=True)
                continue
            for scenario in diaries.SCENARIOS.values():
                if arguments.only in scenario.name:
                    judged = run(scenario, arguments.histories, model, pool, arguments.rivals)
                    print(*line(scenario, judged), sep="\n", flush=True)


if __name__ == "__main__":
    main()
