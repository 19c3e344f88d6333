"""How large a difference is, in numbers of cramps, nights, points or minutes that people know."""

from __future__ import annotations

from dataclasses import dataclass

from nightcramp.person.finding import Ratio
from nightcramp.person.verdict import Verdict
from nightcramp.trial.nights import SLEEP_UNIT
from nightcramp.trial.protocol import Outcome

PERIODS = ((7, "a week"), (28, "in four weeks"), (84, "in twelve weeks"))
ENOUGH = 3
"""A period is long enough when so many are counted in it."""
NIGHTLY = ((1, "a night"),)


@dataclass(frozen=True)
class Kind:
    """How an outcome is spoken of; `factor` turns a night's count into its unit."""

    noun: str
    factor: float
    digits: int
    periods: tuple[tuple[int, str], ...]


KINDS: dict[Outcome, Kind] = {
    "cramps": Kind("cramps", 1, 0, PERIODS),
    "nights_with_cramp": Kind("nights with cramp", 1, 0, PERIODS),
    "pain": Kind("points of pain (of 10)", 1, 1, NIGHTLY),
    "sleep_lost": Kind("minutes of sleep lost", SLEEP_UNIT, 0, NIGHTLY),
}


@dataclass(frozen=True)
class Size:
    """The same stretch of time under either arm: `first` (from `low` to `high`), `second`."""

    first: float
    low: float
    high: float
    second: float
    goal: float
    kind: Kind
    period: str

    @property
    def unit(self) -> str:
        """Return what is counted, and in what time."""
        return f"{self.kind.noun} {self.period}"

    def about(self, value: float) -> str:
        """Return an amount as people say it, never as nothing."""
        least = 10**-self.kind.digits
        said = number(value, self.kind.digits)
        return f"less than {least:g}" if float(said) == 0 else f"about {said}"

    @property
    def span(self) -> str:
        """Return the interval of the first arm."""
        low, high = (number(value, self.kind.digits) for value in (self.low, self.high))
        return f"{low} to {high}"


def number(value: float, digits: int) -> str:
    """Return a number with so many digits after the point."""
    return f"{value:.{digits}f}"


def size_of(verdict: Verdict, outcome: Outcome, ratio: Ratio | None) -> Size | None:
    """Return a ratio as amounts beside what the second arm had, None where that is nothing."""
    if ratio is None or not verdict.rate_second:
        return None
    kind = KINDS[outcome]
    sizes = [
        _over(nights * kind.factor * verdict.rate_second, verdict, ratio, kind, period)
        for nights, period in kind.periods
    ]
    apart = verdict.outcome in ("works", "harms")
    return next((size for size in sizes if _is_told(size, apart)), sizes[-1])


def _over(second: float, verdict: Verdict, ratio: Ratio, kind: Kind, period: str) -> Size:
    return Size(
        first=second * ratio.ratio,
        low=second * ratio.low,
        high=second * ratio.high,
        second=second,
        goal=second * verdict.smallest_effect,
        kind=kind,
        period=period,
    )


def _is_told(size: Size, apart: bool) -> bool:
    """Return whether enough is counted; `apart`: the arms must not sound alike.

    An end of the interval that does not reach what matters must not sound as if it did.
    """
    goal, *ends = (size.about(value) for value in (size.goal, size.low, size.high))
    beyond = [
        end for end, value in zip(ends, (size.low, size.high), strict=True) if value > size.goal
    ]
    alike = apart and size.about(size.first) == size.about(size.second)
    return size.second >= ENOUGH and goal not in beyond and not alike


def usual(rate: float | None, outcome: Outcome) -> str:
    """Return an average as it was counted: `0.52 a night`."""
    if rate is None:
        return "no night yet"
    kind = KINDS[outcome]
    return f"{rate * kind.factor:.2f} a night"


def fewer(ratio: float) -> str:
    """Return the smallest effect that matters in words: `25 fewer of every 100`."""
    return f"{round(100 * (1 - ratio))} fewer of every 100"


def in_times(ratio: Ratio | None) -> str:
    """Return a ratio with its interval, in digits."""
    if ratio is None:
        return "not known"
    return f"{ratio.ratio:.2f} (from {ratio.low:.2f} to {ratio.high:.2f})"
