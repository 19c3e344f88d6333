"""Speed of one assessment, as ratios inside one run.

1. The expected shares and 1,000 draws of them: closed form against visiting all subsets.
2. The same posteriors (syndrome, and every factor's activity and strength): ours against a
   Bayesian-network library (pyAgrum) on the equivalent network, results compared.
3. `nightcramp assess` from a cold start against `python -c "import numpy"`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nightcramp.assess.assessment import assess
from nightcramp.assess.effects import multiplier
from nightcramp.assess.factors import Weighed, weigh_factors
from nightcramp.assess.known import Known
from nightcramp.assess.ledger import weigh
from nightcramp.assess.shares import draw_inverses, shapley
from nightcramp.assess.syndromes import syndromes
from nightcramp.intake.merge import read_facts

EXAMPLE = Path(__file__).parent.parent / "examples" / "margaret.yaml"
COUNT = 12


def best_of(run: Callable[[], Any], times: int = 5) -> float:
    """Return the shortest time of several runs, in seconds."""
    return min(_timed(run) for _ in range(times))


def _timed(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def enumerated(inverse: np.ndarray) -> np.ndarray:
    """Return Shapley values, shape (..., K), by visiting all 2**K subsets in NumPy."""
    count = inverse.shape[-1]
    masks = np.arange(2**count)
    member = (masks[:, None] >> np.arange(count)) & 1 == 1
    left = np.ones((*inverse.shape[:-1], len(masks)))
    for factor in range(count):
        left[..., member[:, factor]] *= inverse[..., factor, None]
    sizes = member.sum(axis=1)
    factorial = np.cumprod([1.0, *range(1, count + 1)])
    shares = np.empty_like(inverse)
    for factor in range(count):
        without = masks[~member[:, factor]]
        size = sizes[without]
        weight = factorial[size] * factorial[count - size - 1] / factorial[count]
        gain = left[..., without] - left[..., without | (1 << factor)]
        shares[..., factor] = gain @ weight
    return shares


def shares_block(known: Known) -> None:
    """Compare the closed form with the enumeration on this person's factors."""
    factors = weigh_factors(known)[:COUNT]
    count = len(factors)
    draws = draw_inverses([f.multiplier for f in factors], 1000, 1)
    difference = np.abs(shapley(draws) - enumerated(draws)).max()
    ours, theirs = best_of(lambda: shapley(draws)), best_of(lambda: enumerated(draws), 2)
    print(f"shares of {count} factors, 1,000 draws: {ours * 1e3:.2f} ms; by enumeration", end=" ")
    print(f"{theirs * 1e3:.0f} ms: {theirs / ours:.0f} times as long")
    print(f"  largest difference {difference:.1e}")


def network(known: Known) -> tuple[Any, dict[str, str], list[Weighed]]:
    """Return the equivalent Bayesian network, its evidence, and the factors in it."""
    import pyagrum as gum

    net, seen = gum.BayesNet("cramps"), {}
    mimics = list(known.knowledge.mimics.values())
    found = {s.id: s for s in syndromes(known, [])}
    net.add(gum.LabelizedVariable("syndrome", "", [m.id for m in mimics]))
    net.cpt("syndrome").fillWith([found[m.id].prior for m in mimics])
    groups = sorted({line.group for s in found.values() for line in s.evidence if line.counted})
    for group in groups:
        name = f"seen_{group}"
        net.add(gum.LabelizedVariable(name, "", ["no", "yes"]))
        net.addArc("syndrome", name)
        ratios = [_group_ratio(m, group, known) for m in mimics]
        top = max(ratios)
        for i, ratio in enumerate(ratios):
            net.cpt(name)[{"syndrome": i}] = [1 - 0.9 * ratio / top, 0.9 * ratio / top]
        seen[name] = "yes"
    factors = weigh_factors(known)
    for item in factors:
        seen |= _add_factor(net, item, known)
    return net, seen, factors


def _group_ratio(mimic: Any, group: str, known: Known) -> float:
    return weigh([clue for clue in mimic.feature if clue.group == group], known)[0]


def _add_factor(net: Any, item: Weighed, known: Known) -> dict[str, str]:
    """Add activity, strength and pattern of one factor."""
    import pyagrum as gum

    name = item.factor.id.replace(":", "_")
    plain = multiplier(
        item.effect,
        presence=item.presence.probability,
        credibility=item.credibility,
        pattern=1.0,
        model=known.knowledge.model,
    )
    net.add(gum.LabelizedVariable(f"active_{name}", "", ["no", "yes"]))
    net.add(gum.RangeVariable(f"strength_{name}", "", 0, len(plain.weight) - 1))
    net.add(gum.LabelizedVariable(f"pattern_{name}", "", ["no", "yes"]))
    net.addArc(f"active_{name}", f"pattern_{name}")
    net.addArc(f"strength_{name}", f"pattern_{name}")
    net.cpt(f"active_{name}").fillWith([1 - plain.active, plain.active])
    net.cpt(f"strength_{name}").fillWith(list(plain.weight))
    base = 0.9 / max(1.0, item.pattern)
    share = 1 - plain.inverse
    for point in range(len(plain.weight)):
        for active in (0, 1):
            seen = base * (1 + active * share[point] * (item.pattern - 1))
            net.cpt(f"pattern_{name}")[{f"active_{name}": active, f"strength_{name}": point}] = [
                1 - seen,
                seen,
            ]
    return {f"pattern_{name}": "yes"}


def network_block(known: Known) -> None:
    """Compare posteriors and time with the Bayesian-network library."""
    try:
        import pyagrum as gum
    except ImportError:
        print("pyagrum is not installed: skipped (make bench installs it)")
        return
    net, seen, factors = network(known)

    def query() -> Any:
        engine = gum.LazyPropagation(net)
        engine.setEvidence(seen)
        engine.makeInference()
        return engine

    engine = query()
    found = {s.id: s.probability for s in syndromes(known, [])}
    posterior = engine.posterior("syndrome")
    worst = max(abs(posterior[i] - found[m]) for i, m in enumerate(known.knowledge.mimics))
    for item in factors:
        name = item.factor.id.replace(":", "_")
        active = engine.posterior(f"active_{name}")[1]
        worst = max(worst, abs(active - item.multiplier.active))
    facts = known.facts
    ours = best_of(lambda: assess(facts, questions=0))
    theirs, built = best_of(query), best_of(lambda: network(known), 2)
    print(f"one whole assessment with 1,000 draws: {ours * 1e3:.1f} ms; the posteriors alone by")
    print(f"  pyAgrum: query {theirs * 1e3:.1f} ms ({theirs / ours:.1f} times), ", end="")
    print(f"building its network {built * 1e3:.0f} ms ({built / ours:.0f} times)")
    print(f"  largest difference of posteriors {worst:.1e}")


def cold_start_block() -> None:
    """Compare a cold start of the command with importing NumPy."""
    command = [str(Path(sys.executable).parent / "nightcramp"), "assess", str(EXAMPLE)]
    bare = [sys.executable, "-c", "import numpy"]
    ours = best_of(lambda: subprocess.run(command, check=True, capture_output=True))
    numpy = best_of(lambda: subprocess.run(bare, check=True, capture_output=True))
    print(f"`nightcramp assess` cold: {ours:.2f} s; `import numpy` {numpy:.2f} s: ", end="")
    print(f"{ours / numpy:.1f} times")


if __name__ == "__main__":
    person = Known(read_facts([EXAMPLE]))
    shares_block(person)
    network_block(person)
    cold_start_block()
