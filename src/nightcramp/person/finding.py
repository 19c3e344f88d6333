"""What a person's own nights say of something that may act on their cramps."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct

State = Literal["found", "undecided", "unlikely", "too_little", "withheld"]
"""`found`: the diary shows it. `undecided`: more nights would tell. `unlikely`: the nights speak
against it. `too_little`: not recorded enough to be looked at. `withheld`: a check failed."""


class Ratio(Struct, frozen=True, kw_only=True):
    """A rate ratio of cramps with its 95 % interval."""

    ratio: float
    low: float
    high: float


class Finding(Struct, frozen=True, kw_only=True):
    """What the nights say of one exposure.

    `probability`: that it matters, `before` as believed without the diary. `effect`: cramps
    with against without, if it matters; `published` what was believed. `lag`: 0 when the day
    acts on the night that follows it, 1 on the night after that. `chance`: in what part of
    histories in which nothing matters something looks as strong. `over_nights`: cramps in all
    against what they would be with every day at `without`. `more_nights`: so many more nights
    like these would probably settle it; None where no diary would.
    """

    id: str
    label: str
    state: State
    why: str
    recorded: int = 0
    days_with: int | None = None
    contrast: str = ""
    probability: float | None = None
    before: float | None = None
    effect: Ratio | None = None
    published: Ratio | None = None
    basis: str = ""
    lag: int = 0
    chance: float | None = None
    over_nights: Ratio | None = None
    more_nights: int | None = None
    factors: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


class Findings(Struct, frozen=True, kw_only=True):
    """What a diary shows, and how far it can be trusted.

    `null_histories` and `null_with_finding`: of so many made-up histories like this one in
    which nothing matters, in so many the same analysis would have found something.
    """

    version: str
    first: dt.date | None
    last: dt.date | None
    nights: int
    logged: int
    with_cramps: int
    cramps: int
    findings: tuple[Finding, ...]
    withheld: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    null_histories: int = 0
    null_with_finding: int = 0
    assumptions: tuple[str, ...] = ()
