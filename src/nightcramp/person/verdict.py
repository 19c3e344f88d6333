"""What a person's own randomised trial showed."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct

from nightcramp.person.finding import Ratio

Outcome = Literal["works", "does_not_matter", "harms", "cannot_tell", "withheld"]


Measured = Literal["cramps", "nights_with_cramp", "pain", "sleep_lost"]
"""What a trial counted: cramps a night; nights with any; the worst pain; minutes of sleep lost."""


class Check(Struct, frozen=True, kw_only=True):
    """One thing that must hold before a verdict is given, and whether it does."""

    id: str
    says: str
    holds: bool


class Verdict(Struct, frozen=True, kw_only=True):
    """The verdict of a trial, from three computations that are all shown.

    `p`, `schedules`, `exact`: the randomisation test (None before the last block has ended).
    `stake`, `most_stake`: the bet on the arms, now and at its highest. `effect`: rate ratio of
    the first arm to the second with its 95 % interval, by assignment; `sequence`: the interval
    that may be looked at any time; `by_adherence`: the ratio on nights by what was really done.
    `large_enough`: how likely the effect is at least the smallest that matters. `more_nights`:
    so many more nights of this kind would probably tell; None where none would. `notes`: what
    happened on the way and must be said beside, a sentence each.
    """

    trial: str
    title: str
    fingerprint: str
    made_on: dt.date
    outcome: Outcome
    why: str
    blocks_over: int
    blocks: int
    nights_counted: int
    nights_missing: int
    first_arm: str
    second_arm: str
    rate_first: float | None
    rate_second: float | None
    smallest_effect: float
    error: float
    p: float | None = None
    schedules: int = 0
    exact: bool = True
    stake: float = 1.0
    most_stake: float = 1.0
    effect: Ratio | None = None
    sequence: Ratio | None = None
    by_adherence: Ratio | None = None
    followed: float | None = None
    large_enough: float | None = None
    more_nights: int | None = None
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    action: str = ""
    factors: tuple[str, ...] = ()
    measured: Measured = "cramps"

    @property
    def tells(self) -> bool:
        """Return whether it says something: `cannot_tell` and `withheld` change nothing."""
        return self.outcome in ("works", "does_not_matter", "harms") and self.effect is not None

    @property
    def of_cramps(self) -> bool:
        """Return whether its ratio is one of cramps, and not of how bad they are."""
        return self.measured in ("cramps", "nights_with_cramp")
