"""How many more nights would probably settle whether an exposure matters."""

from __future__ import annotations

import math
from statistics import NormalDist

from nightcramp.diary.analysis import Chance, Weighing
from nightcramp.diary.history import Exposure
from nightcramp.knowledge.schema import DiaryModel


def reference_of(exposure: Exposure, model: DiaryModel) -> float:
    """Return the size to look for: the published log ratio, or the reference if that is small."""
    if abs(exposure.mean) >= math.log(model.worth_seeing):
        return exposure.mean
    return math.log(model.reference_ratio)


def more_nights(
    weighing: Weighing, exposure: Exposure, logged: int, chance: Chance, model: DiaryModel
) -> int | None:
    """Return how many more logged nights would show an effect of the reference size.

    Information grows with nights as it has so far; the evidence then expected must pass both
    limits of a finding with the chance `seen_with`. 0: such an effect would have shown by now.
    None: more nights than anybody should wait for.
    """
    size = abs(reference_of(exposure, model))
    needed = max(
        chance.strong, _logit(model.found_probability) - _logit(min(exposure.inclusion, 0.999))
    )
    margin = NormalDist().inv_cdf(model.seen_with)

    def enough(nights: int) -> bool:
        information = weighing.information * (logged + nights) / logged
        z = size * math.sqrt(information) - margin
        spread = 0.5 * math.log1p(information * exposure.sd**2)
        return z > 0 and 0.5 * z * z - spread >= needed

    if not enough(model.most_more_nights):
        return None
    low, high = -1, model.most_more_nights
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))
