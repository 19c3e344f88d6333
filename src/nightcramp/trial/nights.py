"""The nights of a trial as numbers: outcomes, blocks, arms, and what was really done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nightcramp.diary.history import Array
from nightcramp.diary.wording import TRIAL
from nightcramp.person.night import Night
from nightcramp.trial.protocol import Outcome, Protocol

SLEEP_UNIT = 10.0
"""Minutes of sleep lost are counted in tens."""


@dataclass(frozen=True)
class TrialNights:
    """Every night of the trial, those to come too, so that no look changes an earlier one.

    `outcome`: shape (T,), a count, NaN where not logged or to come. `block`: (T,), -1 in the
    run-in.
    `counted`: (T,), whether the night counts (in a block and past the washout). `done`: (T,),
    1 as told, 0 not, NaN not known. `blocks_over`: how many blocks have ended.
    """

    first: dt.date
    outcome: Array
    block: Array
    counted: Array
    done: Array
    blocks_over: int

    @property
    def used(self) -> Array:
        """Return the outcomes that count, NaN elsewhere, shape (T,)."""
        return np.where(self.counted > 0, self.outcome, np.nan)


def adherence_key(protocol: Protocol) -> str:
    """Return the name under which a diary night tells whether the arm was followed."""
    return f"{TRIAL}{protocol.id}"


def trial_nights(
    protocol: Protocol, nights: Sequence[Night], until: dt.date | None = None
) -> TrialNights:
    """Return the nights of a trial, told up to `until` (by default its last evening)."""
    last = min(until or protocol.last_evening, protocol.last_evening)
    evenings = [protocol.first_evening + dt.timedelta(days=day) for day in range(protocol.nights)]
    by_evening = {night.evening: night for night in nights if night.evening <= last}
    key = adherence_key(protocol)
    lived = (last - protocol.first_evening).days + 1
    over = (lived - protocol.run_in) // protocol.block_nights
    return TrialNights(
        first=protocol.first_evening,
        outcome=np.array([outcome_of(by_evening.get(e), protocol.outcome) for e in evenings]),
        block=np.array([protocol.block_of(e) for e in evenings], dtype=float),
        counted=np.array([protocol.counts(e) for e in evenings], dtype=float),
        done=np.array([_value(by_evening, e, key) for e in evenings]),
        blocks_over=max(0, min(over, protocol.blocks)),
    )


def _value(by_evening: Mapping[dt.date, Night], evening: dt.date, name: str) -> float:
    night = by_evening.get(evening)
    return night.values.get(name, np.nan) if night else np.nan


def outcome_of(night: Night | None, outcome: Outcome) -> float:
    """Return a night's outcome as a count, NaN where it was not logged."""
    if night is None:
        return np.nan
    if outcome == "pain" or outcome == "sleep_lost":
        name, unit = ("pain_worst", 1.0) if outcome == "pain" else ("sleep_lost", SLEEP_UNIT)
        if night.cramps == 0:
            return 0.0
        return float(np.round(night.values[name] / unit)) if name in night.values else np.nan
    if night.cramps is None:
        return np.nan
    return float(night.cramps if outcome == "cramps" else min(night.cramps, 1))
