"""The findings model sampled exactly, to judge the fast method by.

The No-U-Turn sampler of NumPyro draws every continuous parameter and the latent process; which
exposures act, and after how many days, is summed over inside the log density, all models of it.
The chance that an exposure acts is then averaged over the draws (Rao-Blackwell), so that only
Monte Carlo error is left, and that is reported. findings_evidence.py checks a small case on
another path.

Needs the `oracle` extra. `--save` writes the references of the quick test, `--compare` runs the
fast method beside them, `--again` samples anew in the same run.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from diaries import (
    AMOUNT,
    DRIFT,
    HALF,
    PRIOR,
    RARE,
    SPELLS,
    TWIN_AMOUNT,
    Belief,
    Kind,
    Scenario,
    as_plain,
    baseline,
    column,
    from_plain,
    lag_prior,
    simulate,
)
from nightcramp.diary.history import Array, History

Result = TypeVar("Result")
REFERENCES = Path(__file__).parents[1] / "tests" / "fixtures" / "oracle" / "findings.json"
CHAINS, WARM_UP, DRAWS, ACCEPT, BATCHES = 4, 1000, 6000, 0.95, 20
ASKED_INCLUSION, ASKED_MEAN = 0.02, 0.1
"""How near the fast method has to come: a probability, and a share of the posterior's sd."""

THREE: tuple[Kind, ...] = (RARE, AMOUNT, SPELLS)
FOUR: tuple[Kind, ...] = (RARE, AMOUNT, TWIN_AMOUNT, DRIFT)
BELIEFS = (Belief(0.4, 0.3, 0.4), Belief(0.3, 0.0, 0.5))


def _case(name: str, **choices: Any) -> Scenario:
    return replace(Scenario(name, kinds=THREE, beliefs=BELIEFS, rho=0.0), **choices)


CASES = {
    case.name: case
    for case in (
        _case("one-exposure", nights=60, rate=0.5, kinds=(HALF,), effects=(0.6,)),
        _case("60-null", nights=60, rate=0.3),
        _case("60-acting", nights=60, rate=0.3, rho=0.8, effects=(0.9, 0.0, 0.7)),
        _case("120-rare-null", rate=0.2, rho=0.8),
        _case("120-rare-acting", rate=0.2, effects=(0.9, 0.5)),
        _case("120-null", rate=0.5, rho=0.8),
        _case("120-acting", rate=0.5, rho=0.8, effects=(0.8, 0.0, 0.6)),
        _case("120-often-null", rate=2.0, rho=0.8),
        _case("120-often-acting", rate=2.0, effects=(0.4, 0.3), kinds=FOUR),
        _case("120-missing", rate=2.0, rho=0.8, effects=(0.5, 0.0, 0.4), missing_nights=0.3),
        _case("120-two-lags", rate=1.0, rho=0.5, effects=(0.6, 0.5), lags=(0, 1), acts_after=1),
        _case("365-null", nights=365, rate=0.5, kinds=FOUR),
        _case(
            "365-acting", nights=365, rate=0.5, rho=0.8, effects=(0.5, 0.3, 0.0, 0.0), kinds=FOUR
        ),
    )
}


def history_of(case: Scenario) -> History:
    """Return the diary of the case, always the same; with two lags the first night is missing.

    What the day before the first did is not known, and the judges do not judge how it is guessed.
    """
    history, _ = simulate(case, np.random.default_rng(seed_of(case.name)))
    history.cramps[: max(case.lags)] = np.nan
    return history


def seed_of(name: str) -> int:
    """Return the fixed seed of a case."""
    return zlib.crc32(name.encode())


@dataclass(frozen=True)
class Data:
    """The arrays of the model: counts seen, baseline columns, exposures, and all the models.

    `seen`: the nights written down. `x`: shape (exposures, 1 + lags, nights), state 0 is "does
    not act". `states`: shape (models, exposures). `log_prior`: shape (models,).
    """

    counts: Array
    seen: np.ndarray
    base: Array
    x: Array
    states: np.ndarray
    log_prior: Array
    beta_mean: Array
    beta_sd: Array


def data_of(history: History) -> Data:
    """Return the arrays of the model for this history."""
    exposures, nights = history.exposures, len(history.cramps)
    lags = exposures[0].lags
    chances = [
        np.concatenate([[1 - e.inclusion], e.inclusion * lag_prior(lags)]) for e in exposures
    ]
    states = np.array(list(itertools.product(range(1 + len(lags)), repeat=len(exposures))))
    log_prior = np.sum([np.log(c)[states[:, k]] for k, c in enumerate(chances)], axis=0)
    x = np.array([[np.zeros(nights), *(column(e, lag) for lag in lags)] for e in exposures])
    return Data(
        counts=np.nan_to_num(history.cramps),
        seen=~np.isnan(history.cramps),
        base=baseline(history.first, nights),
        x=x,
        states=states,
        log_prior=log_prior,
        beta_mean=np.array([e.mean for e in exposures]),
        beta_sd=np.array([e.sd for e in exposures]),
    )


def model_of(data: Data) -> Callable[[], None]:
    """Return the model as NumPyro samples it."""
    import jax.numpy as jnp
    import numpyro
    from jax.nn import logsumexp
    from numpyro import distributions as dist

    nights, exposures = len(data.counts), len(data.x)
    places = np.zeros(11)
    places[0] = PRIOR.intercept[0]
    widths = np.array([PRIOR.intercept[1], PRIOR.trend, *[PRIOR.season] * 2, *[PRIOR.weekday] * 7])
    chosen = jnp.asarray(data.x[np.arange(exposures), data.states])
    rising = np.arange(data.counts.max())[:, None] < data.counts[None, :]

    def model() -> None:
        raw = numpyro.sample("raw", dist.Normal(0, 1).expand([len(widths)]).to_event(1))
        weights = numpyro.deterministic("weights", places + widths * raw)
        raw_beta = numpyro.sample("raw_beta", dist.Normal(0, 1).expand([exposures]).to_event(1))
        beta = numpyro.deterministic("beta", data.beta_mean + data.beta_sd * raw_beta)
        sigma = numpyro.sample("sigma", dist.HalfNormal(PRIOR.sigma))
        rho = numpyro.sample("rho", dist.Uniform(0.0, PRIOR.rho))
        kappa = numpyro.sample("kappa", dist.HalfNormal(PRIOR.kappa))
        z = numpyro.sample("z", dist.Normal(0, 1).expand([nights]).to_event(1))
        without = data.base @ weights + sigma * _autoregressive(z, rho)
        eta = without + jnp.einsum("mkt,k->mt", chosen, beta)
        spread = (data.counts + 1 / kappa) * jnp.log1p(kappa * jnp.exp(eta))
        by_model = jnp.where(data.seen, data.counts * eta - spread, 0.0).sum(axis=1)
        steps = jnp.log1p(kappa * jnp.arange(len(rising)))
        shared = (steps[:, None] * rising * data.seen).sum()
        joint = data.log_prior + by_model
        numpyro.factor("likelihood", logsumexp(joint) + shared)
        numpyro.deterministic("chance", jnp.exp(joint - logsumexp(joint)))

    return model


def _autoregressive(z: Any, rho: Any) -> Any:
    """Return the stationary AR(1) of variance 1 made from white noise.

    1 / (1 - rho L) is the product of 1 + (rho L)^(2^k): a few shifts, not a step a night.
    """
    import jax.numpy as jnp

    u = jnp.concatenate([z[:1], jnp.sqrt(1 - rho**2) * z[1:]])
    shift, power = 1, rho
    while shift < len(z):
        u = u + power * jnp.concatenate([jnp.zeros(shift), u[:-shift]])
        shift, power = 2 * shift, power * power
    return u


def sample(data: Data, seed: int, draws: int = DRAWS) -> dict[str, Any]:
    """Return the draws, each of shape (chains, draws, ...), and the seconds they took."""
    import jax
    import numpyro
    from numpyro.infer import MCMC, NUTS

    numpyro.enable_x64()
    kernel = NUTS(model_of(data), target_accept_prob=ACCEPT)
    mcmc = MCMC(
        kernel,
        num_warmup=WARM_UP,
        num_samples=draws,
        num_chains=CHAINS,
        chain_method="sequential",
        progress_bar=False,
    )
    began, began_work = time.perf_counter(), time.process_time()
    mcmc.warmup(jax.random.PRNGKey(seed))
    warm_up = time.process_time() - began_work
    mcmc.run(mcmc.post_warmup_state.rng_key, extra_fields=("diverging", "num_steps"))
    drawn: dict[str, Any] = {
        k: np.asarray(v) for k, v in mcmc.get_samples(group_by_chain=True).items()
    }
    extra = mcmc.get_extra_fields(group_by_chain=True)
    drawn["diverging"] = np.asarray(extra["diverging"])
    drawn["num_steps"] = np.asarray(extra["num_steps"])
    drawn["seconds"] = time.perf_counter() - began
    drawn["work"], drawn["warm_up"] = time.process_time() - began_work, warm_up
    return drawn


def _error(draws: Array) -> float:
    """Return the Monte Carlo standard error of the mean of draws of shape (chains, draws).

    The larger of two estimates: from the autocorrelations, and from the means of batches.
    """
    from numpyro.diagnostics import effective_sample_size

    if np.ptp(draws) == 0:
        return 0.0
    correlated = float(draws.std()) / math.sqrt(float(effective_sample_size(draws)))
    kept = draws[:, : draws.shape[1] // BATCHES * BATCHES]
    means = kept.reshape(len(draws) * BATCHES, -1).mean(axis=1)
    return max(correlated, float(means.std(ddof=1)) / math.sqrt(len(means)))


def _averaged(value: Array, weight: Array) -> tuple[float, float, float]:
    """Return weighted mean and sd of draws, and the Monte Carlo error of the mean."""
    total = float(weight.mean())
    mean = float((weight * value).mean()) / total
    sd = math.sqrt(float((weight * (value - mean) ** 2).mean()) / total)
    return mean, sd, _error(weight * (value - mean) / total)


def summary(history: History, data: Data, drawn: dict[str, Any]) -> dict[str, Any]:
    """Return the reference of one history: exposures, the other parameters, and how sure."""
    from numpyro.diagnostics import split_gelman_rubin

    exposures = [
        {"id": exposure.id} | _of_exposure(data, drawn, k)
        for k, exposure in enumerate(history.exposures)
    ]
    plain = {"intercept": drawn["weights"][:, :, 0], "trend": drawn["weights"][:, :, 1]}
    plain |= {name: drawn[name] for name in ("sigma", "rho", "kappa")}
    watched = [*plain.values(), *np.moveaxis(drawn["chance"], 2, 0)]
    others = {name: _averaged(v, np.ones_like(v)) for name, v in plain.items()}
    return {
        "exposures": exposures,
        "others": {
            k: dict(zip(("mean", "sd", "error"), v, strict=True)) for k, v in others.items()
        },
        "r_hat": max(float(split_gelman_rubin(v)) for v in watched if v.std() > 1e-12),
        "diverging": int(drawn["diverging"].sum()),
        "leapfrogs": float(drawn["num_steps"].mean()),
        "draws": int(drawn["sigma"].size),
        "seconds": drawn["seconds"],
        "work": drawn["work"],
        "warm_up": drawn["warm_up"],
    }


def _of_exposure(data: Data, drawn: dict[str, Any], k: int) -> dict[str, Any]:
    """Return one exposure's probability, its effect if it acts and on average, and its lags."""
    state, beta = data.states[:, k], drawn["beta"][:, :, k]
    acts = drawn["chance"][:, :, state > 0].sum(axis=2)
    mean, sd, error = _averaged(beta, acts)
    average = float((acts * beta).mean())
    by_lag = [float(drawn["chance"][:, :, state == s].sum(axis=2).mean()) for s in sorted({*state})]
    return {
        "probability": float(acts.mean()),
        "probability_error": _error(acts),
        "mean": mean,
        "mean_error": error,
        "sd": sd,
        "average": average,
        "average_sd": math.sqrt(float((acts * beta**2).mean()) - average**2),
        "lags": [share / float(acts.mean()) for share in by_lag[1:]],
    }


def reference(case: Scenario, draws: int = DRAWS) -> dict[str, Any]:
    """Return a case with its diary and what the sampler says of it, ready for the file."""
    history = history_of(case)
    data = data_of(history)
    told = summary(history, data, sample(data, seed_of(case.name), draws))
    return {"history": as_plain(history), "reference": _rounded(told)}


def _rounded(value: Any) -> Any:
    """Return the value with floats cut to six digits, all the way down."""
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def read() -> dict[str, Any]:
    """Return the stored references by name of the case, none when there is no file."""
    stored: dict[str, Any] = json.loads(REFERENCES.read_text()) if REFERENCES.exists() else {}
    return stored


def save(references: dict[str, Any]) -> None:
    """Write the references, one case a line, in the order of the cases."""
    lines = [
        f"{json.dumps(name)}: {json.dumps(references[name], separators=(',', ':'))}"
        for name in CASES
        if name in references
    ]
    REFERENCES.parent.mkdir(parents=True, exist_ok=True)
    REFERENCES.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def tell(name: str, told: dict[str, Any]) -> None:
    """Print one reference."""
    print(
        f"{name}: {told['draws']} draws in {told['seconds']:.0f} s, R-hat {told['r_hat']:.4f}, "
        f"{told['diverging']} diverging, {told['leapfrogs']:.0f} leapfrogs a draw"
    )
    for e in told["exposures"]:
        lags = " ".join(f"{share:.3f}" for share in e["lags"])
        print(
            f"  {e['id']:10} acts {e['probability']:.4f} +- {e['probability_error']:.4f}   "
            f"if so {e['mean']:+.4f} (sd {e['sd']:.4f}) +- {e['mean_error']:.4f}   "
            f"on average {e['average']:+.4f} (sd {e['average_sd']:.4f})   lags {lags}"
        )


@dataclass(frozen=True)
class Distance:
    """How far the fast method is from the sampler at its worst exposure, and what it took.

    `mean`, `average`: in posterior standard deviations. `sd`: ratio, as a logarithm. `alone`:
    seconds of processor time for the posterior. `whole`: with the null histories besides.
    """

    inclusion: float
    mean: float
    average: float
    sd: float
    alone: float
    whole: float

    @property
    def near(self) -> bool:
        """Return whether this is as near as the issue asks."""
        return self.inclusion <= ASKED_INCLUSION and self.mean <= ASKED_MEAN


def compare(record: dict[str, Any]) -> Distance:
    """Run the fast method on the history of a reference and return how far it is off."""
    from nightcramp.diary.analysis import analyse
    from nightcramp.diary.design import design_of
    from nightcramp.diary.posterior import posterior_of
    from nightcramp.knowledge.loader import knowledge

    history, told = from_plain(record["history"]), record["reference"]
    model = knowledge().diary_model
    analysis, whole = _timed(lambda: analyse(history))
    _, alone = _timed(lambda: posterior_of(design_of(history, model), model))
    found = {e.id: e for e in analysis.exposures}
    pairs = [(found[e["id"]], e) for e in told["exposures"]]
    return Distance(
        inclusion=max(abs(f.probability - e["probability"]) for f, e in pairs),
        mean=max(abs(f.mean - e["mean"]) / e["sd"] for f, e in pairs),
        average=max(abs(f.probability * f.mean - e["average"]) / e["average_sd"] for f, e in pairs),
        sd=max(abs(math.log(f.sd / e["sd"])) for f, e in pairs),
        alone=alone,
        whole=whole,
    )


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """Return what the work gives, and the least processor seconds of three runs."""
    spent = []
    for _ in range(3):
        began = time.process_time()
        result = work()
        spent.append(time.process_time() - began)
    return result, min(spent)


def _share_needed(told: dict[str, Any]) -> float:
    """Return the share of its draws the sampler needs to be as near as is asked, 19 in 20."""
    needed: list[float] = [
        max(
            (2 * e["probability_error"] / ASKED_INCLUSION) ** 2,
            (2 * e["mean_error"] / e["sd"] / ASKED_MEAN) ** 2,
        )
        for e in told["exposures"]
    ]
    return min(1.0, max(needed))


def tell_distance(name: str, off: Distance) -> None:
    """Print how far the fast method is off in one case."""
    print(
        f"{name:18} {'near' if off.near else 'FAR '}  inclusion {off.inclusion:.4f}  "
        f"mean {off.mean:.3f} sd  average {off.average:.3f} sd  log sd ratio {off.sd:.3f}  "
        f"{off.alone:.2f} s, {off.whole:.2f} s with its null histories"
    )


def tell_faster(told: dict[str, Any], off: Distance) -> None:
    """Print how many times faster it is than the sampler that ran just before, in one process."""
    least = told["warm_up"] + _share_needed(told) * (told["work"] - told["warm_up"])
    print(
        f"  {told['work'] / off.alone:.0f} times faster than all draws, {least / off.alone:.0f} "
        f"than as many as come as near as is asked ({least / off.whole:.0f} with null histories)"
    )


def main() -> int:
    """Sample, save, compare or check the cases named; 1 if the fast method is too far off."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=f"of {', '.join(CASES)}; all when none is named")
    parser.add_argument("--draws", type=int, default=DRAWS, help="draws of each chain")
    parser.add_argument("--save", action="store_true", help="keep the references for the tests")
    parser.add_argument("--compare", action="store_true", help="run the fast method beside it")
    parser.add_argument("--again", action="store_true", help="compare with newly drawn references")
    told = parser.parse_args()
    os.environ.setdefault(
        "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    )
    stored, near = read(), True
    for name in told.cases or CASES:
        if told.again or not told.compare or name not in stored:
            stored[name] = reference(CASES[name], told.draws)
            tell(name, stored[name]["reference"])
        if told.save:
            save(stored)
        if told.compare:
            off = compare(stored[name])
            tell_distance(name, off)
            if told.again:
                tell_faster(stored[name]["reference"], off)
            near &= off.near
        sys.stdout.flush()
    return 0 if near else 1


if __name__ == "__main__":
    sys.exit(main())
