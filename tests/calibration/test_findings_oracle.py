"""The fast findings against a slow exact sampler of the same model, kept as reference results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]

import diaries  # noqa: E402
from nightcramp.diary.analysis import analyse  # noqa: E402
from nightcramp.knowledge.loader import knowledge  # noqa: E402

CASES: dict[str, Any] = json.loads(
    (ROOT / "tests" / "fixtures" / "oracle" / "findings.json").read_text(encoding="utf-8")
)
CLOSE_PROBABILITY, CLOSE_MEAN, CLOSE_SD = 0.02, 0.1, 0.1


def apart(case: dict[str, Any], **changes: object) -> list[tuple[float, float, float]]:
    """Return how far probability, mean (in standard deviations) and sd are off, by exposure."""
    model = msgspec.structs.replace(knowledge().diary_model, **changes)
    found = analyse(diaries.from_plain(case["history"]), model).exposures
    return [
        (
            abs(mine.probability - exact["probability"]),
            abs(mine.mean - exact["mean"]) / exact["sd"],
            abs(mine.sd / exact["sd"] - 1),
        )
        for mine, exact in zip(found, case["reference"]["exposures"], strict=True)
    ]


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_is_said_is_what_an_exact_sampler_says(name: str) -> None:
    """Probabilities within 0.02, means within a tenth of a standard deviation, spreads alike."""
    assert CASES[name]["reference"]["r_hat"] < 1.01
    for probability, mean, sd in apart(CASES[name]):
        assert probability < CLOSE_PROBABILITY
        assert mean < CLOSE_MEAN
        assert sd < CLOSE_SD


def test_another_model_is_noticed() -> None:
    """Leaving out the drift between nights fails the same comparison."""
    off = [apart(case, drift_sd=0.02, overdispersion_sd=0.02) for case in CASES.values()]
    worst = [max(column) for column in zip(*(row for case in off for row in case), strict=True)]
    assert worst[0] > CLOSE_PROBABILITY
    assert worst[1] > CLOSE_MEAN
    assert worst[2] > CLOSE_SD
