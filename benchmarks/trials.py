"""How far a verdict can be trusted: false positives with a look every morning, and power.

    python benchmarks/trials.py [--trials 4000] [--only NAME] [--null] [--no-rivals] [--jobs 2]
    python benchmarks/trials.py --every-look --trials 50

Made-up people (benchmarks/trial_people.py) go through the rule that judges a person's own trial,
looked at every morning: nothing moves within a block, so that is a look whenever one ends. Looks
that cannot have given a verdict (the stake below its limit, far too little information to rule
out an effect) are not computed in full; `--every-look` computes all of them. Beside it, on the
same people, what others would conclude (benchmarks/trial_rivals.py).
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np

import trial_rivals as rivals
from findings_calibration import error
from nightcramp.diary.history import Array
from nightcramp.knowledge.loader import knowledge
from nightcramp.trial.analysis import CONTRAST, NODES, decide, weigh
from nightcramp.trial.betting import limit_of
from nightcramp.trial.effect import problem_of
from nightcramp.trial.nights import TrialNights
from nightcramp.trial.protocol import Arm, Protocol
from nightcramp.trial.schedule import Space
from nightcramp.trial.score import BlockScores, looks_of, randomisation_test
from trial_people import NULL, SCENARIOS, Person, Scenario, person

MODEL = knowledge().diary_model
LONGEST_RUN = 3
SMALLEST_EFFECT = 0.75
ERROR = knowledge().trial_model.error
PROMISED = 0.05
FIRST = dt.date(2026, 3, 2)
LEAST_INFORMATION = 80.0
"""With less the interval for all looks cannot lie within a quarter either way."""
ARMS = tuple(
    Arm(id=name, label=name, instruction=name, kind=kind)
    for name, kind in (("do", "action"), ("leave", "leave"))
)


@dataclass(frozen=True)
class Design:
    """How many blocks of how many nights."""

    blocks: int
    nights: int


DESIGN = Design(20, 4)


@dataclass(frozen=True)
class Judged:
    """One trial: every verdict that any morning gave, the last one, and what others say."""

    ever: frozenset[str]
    last: str
    rivals: dict[str, bool]
    seconds: float


def protocol_of(scenario: Scenario, number: int, design: Design = DESIGN) -> Protocol:
    """Return the protocol under which this person is on trial."""
    seed = f"{scenario.name} {number}"
    return Protocol(
        id="simulated",
        title="simulated",
        question="",
        arms=ARMS,
        first_evening=FIRST,
        run_in=0,
        block_nights=design.nights,
        blocks=design.blocks,
        washout=scenario.washout,
        longest_run=LONGEST_RUN,
        outcome="cramps",
        smallest_effect=SMALLEST_EFFECT,
        error=ERROR,
        seed=seed,
        schedule=Space(len(ARMS), design.blocks, LONGEST_RUN).draw(seed),
    )


def on_nights(protocol: Protocol) -> Array:
    """Return 1 for nights of the first arm, 0 for others, shape (T,)."""
    arms = np.repeat(protocol.schedule, protocol.block_nights)
    return (arms == CONTRAST[0]).astype(float)


def nights_of(protocol: Protocol, counts: Array, over: int) -> TrialNights:
    """Return the nights as they stand when so many blocks have ended."""
    place = np.arange(len(counts))
    block = (place // protocol.block_nights).astype(float)
    return TrialNights(
        first=protocol.first_evening,
        outcome=np.where(block < over, counts, np.nan),
        block=block,
        counted=(place % protocol.block_nights >= protocol.washout).astype(float),
        done=np.full(len(counts), np.nan),
        blocks_over=over,
    )


def verdict_at(protocol: Protocol, counts: Array, over: int) -> str:
    """Return the verdict of the morning on which so many blocks have ended."""
    return decide(protocol, weigh(protocol, nights_of(protocol, counts, over), MODEL))[0]


def judge(
    scenario: Scenario,
    number: int,
    beside: bool,
    every_look: bool = False,
    design: Design = DESIGN,
) -> Judged:
    """Return what becomes of one made-up trial."""
    protocol = protocol_of(scenario, number, design)
    made = person(scenario, protocol.nights, number)
    counts = made.lived(on_nights(protocol))
    start = time.perf_counter()
    found = weigh(protocol, nights_of(protocol, counts, protocol.blocks), MODEL)
    last = decide(protocol, found)[0]
    early: Iterable[int] = range(2, protocol.blocks)
    if not every_look:
        early = worth_a_look(found.bets.stakes, found.scores)
    ever = {last, *(verdict_at(protocol, counts, over) for over in early)}
    seconds = time.perf_counter() - start
    said = others(made, protocol, counts, number) if beside else {}
    return Judged(frozenset(ever), last, said, seconds)


def worth_a_look(stakes: Array, scores: BlockScores | None) -> Iterable[int]:
    """Return after how many blocks a verdict other than cannot tell was possible at all."""
    if scores is not None and scores.information.trace() / 4 > LEAST_INFORMATION:
        return range(2, len(stakes))
    reached = np.flatnonzero(stakes[:-1] >= limit_of(ERROR))
    return range(int(reached[0]) + 1, len(stakes)) if len(reached) else ()


def others(made: Person, protocol: Protocol, counts: Array, number: int) -> dict[str, bool]:
    """Return what others conclude from the same person's nights."""
    random = np.random.default_rng([number, 7])
    differences = rivals.pairs_of_blocks(
        counts, protocol.schedule, protocol.block_nights, protocol.washout
    )
    return {
        "lab rule, pairs of nights": rivals.lab_trial(made, 1, random),
        "lab rule, pairs of our blocks": rivals.lab_trial(made, protocol.block_nights, random),
        "paired t, one look": rivals.t_at_end(differences),
        "paired t, every pair": rivals.t_with_peeking(differences),
        "before and after": rivals.before_and_after(made),
        "two-line least squares": rivals.two_lines(counts, on_nights(protocol)),
    }


def fixed_test_every_morning(scenario: Scenario, number: int, design: Design = DESIGN) -> bool:
    """Return whether the test for the end, taken on every morning, ever finds something.

    This is a broken rule: its many looks are not paid for.
    """
    protocol = protocol_of(scenario, number, design)
    made = person(scenario, protocol.nights, number)
    nights = nights_of(protocol, made.lived(on_nights(protocol)), protocol.blocks)
    looks = looks_of(problem_of(nights, MODEL), NODES, nights.block, protocol.blocks)
    for over in range(4, protocol.blocks + 1):
        weight = np.exp(looks.evidence[over - 1] - looks.evidence[over - 1].max())
        weight /= weight.sum()
        scores = BlockScores(
            np.tensordot(weight, looks.score[over - 1], 1)[:over],
            np.tensordot(weight, looks.information[over - 1], 1)[:over, :over],
        )
        test = randomisation_test(scores, protocol.space, protocol.schedule, CONTRAST, 1)
        if test.p <= PROMISED:
            return True
    return False


def _one(task: tuple[Scenario, int, bool, bool]) -> Judged:
    return judge(*task)


def lines(scenario: Scenario, judged: list[Judged]) -> Iterator[str]:
    """Yield the figures of one scenario."""
    count = len(judged)
    ever = Counter(verdict for item in judged for verdict in item.ever)
    last = Counter(item.last for item in judged)

    def share(part: int) -> str:
        return f"{100 * part / count:5.1f}"

    if scenario.null:
        false = sum(bool(item.ever & {"works", "harms"}) for item in judged)
        cells = [f"false {share(false)} ± {error(false / count, count):.1f} %"]
        cells.append(f"(works {share(ever['works'])}, harms {share(ever['harms'])})")
        cells.append(f"does not matter {share(last['does_not_matter'])}")
    else:
        right = "works" if scenario.ratio < 1 else "harms"
        wrong = "harms" if right == "works" else "works"
        cells = [f"power {share(ever[right])} ± {error(ever[right] / count, count):.1f} %"]
        cells.append(f"(wrong way {share(ever[wrong])})")
        cells.append(f"wrong does not matter {share(ever['does_not_matter'])}")
    cells.append(f"withheld {share(last['withheld'])}")
    cells.append(f"cannot tell {share(last['cannot_tell'])}")
    cells.append(f"{sum(item.seconds for item in judged) / count:.2f} s")
    yield f"{scenario.name:<28}" + "  ".join(cells)
    for name in judged[0].rivals:
        told = sum(item.rivals[name] for item in judged)
        word = "false" if scenario.null else "power"
        yield f"    {name:<34} {word} {share(told)} %"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--only", default="")
    parser.add_argument("--null", action="store_true", help="Only situations without effect.")
    parser.add_argument("--no-rivals", action="store_true")
    parser.add_argument("--every-look", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    print(f"# {DESIGN}, {arguments.trials} trials each", flush=True)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for scenario in NULL if arguments.null else SCENARIOS.values():
            if arguments.only in scenario.name:
                tasks = [
                    (scenario, number, not arguments.no_rivals, arguments.every_look)
                    for number in range(arguments.trials)
                ]
                judged = list(pool.map(_one, tasks, chunksize=4))
                print(*lines(scenario, judged), sep="\n", flush=True)


if __name__ == "__main__":
    main()
