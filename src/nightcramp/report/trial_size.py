"""How large a difference is, in numbers of cramps, nights, points or minutes that people know."""

from __future__ import annotations

from dataclasses import dataclass

from nightcramp.language import ENGLISH, language, noted, number
from nightcramp.language import gettext as _
from nightcramp.person.finding import Ratio
from nightcramp.person.verdict import Verdict
from nightcramp.report.document import TIED
from nightcramp.trial.nights import SLEEP_UNIT
from nightcramp.trial.protocol import Outcome

WEEK, FOUR_WEEKS, TWELVE_WEEKS = 7, 28, 84
ENOUGH = 3
"""A period is long enough when so many are counted in it."""


@dataclass(frozen=True)
class Kind:
    """How an outcome is spoken of; `factor` turns a night's count into its unit.

    `periods`: so many nights, and what is counted in them. Its words are looked up where shown.
    """

    noun: str
    factor: float
    digits: int
    periods: tuple[tuple[int, str], ...]


KINDS: dict[Outcome, Kind] = {
    "cramps": Kind(
        noted("cramps"),
        1,
        0,
        (
            (WEEK, noted("cramps a week")),
            (FOUR_WEEKS, noted("cramps in four weeks")),
            (TWELVE_WEEKS, noted("cramps in twelve weeks")),
        ),
    ),
    "nights_with_cramp": Kind(
        noted("nights with cramp"),
        1,
        0,
        (
            (WEEK, noted("nights with cramp a week")),
            (FOUR_WEEKS, noted("nights with cramp in four weeks")),
            (TWELVE_WEEKS, noted("nights with cramp in twelve weeks")),
        ),
    ),
    "pain": Kind(
        noted("points of pain (of 10)"), 1, 1, ((1, noted("points of pain (of 10) a night")),)
    ),
    "sleep_lost": Kind(
        noted("minutes of sleep lost"),
        SLEEP_UNIT,
        0,
        ((1, noted("minutes of sleep lost a night")),),
    ),
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
        return _(self.period)

    def about(self, value: float) -> str:
        """Return an amount as people say it, never as nothing."""
        least = 10**-self.kind.digits
        if round(value, self.kind.digits) == 0:
            return _("less than {least}").format(least=number(least))
        return _("about {amount}").format(amount=amount(value, self.kind.digits))

    @property
    def span(self) -> str:
        """Return the interval of the first arm."""
        low, high = (amount(value, self.kind.digits) for value in (self.low, self.high))
        return _("{least} to {most}").format(least=low, most=high)


def amount(value: float, digits: int) -> str:
    """Return a number with so many digits after the point."""
    return number(value, f".{digits}f")


def grouped(count: int) -> str:
    """Return a whole number with its thousands apart."""
    written = f"{count:,}"
    return written if language() == ENGLISH else written.replace(",", TIED)


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
        return _("no night yet")
    kind = KINDS[outcome]
    return _("{average} a night").format(average=amount(rate * kind.factor, 2))


def fewer(ratio: float) -> str:
    """Return the smallest effect that matters in words: `25 fewer of every 100`."""
    return _("{fewer} fewer of every 100").format(fewer=round(100 * (1 - ratio)))


def in_times(ratio: Ratio | None) -> str:
    """Return a ratio with its interval, in digits."""
    if ratio is None:
        return _("not known")
    return _("{ratio} (from {low} to {high})").format(
        ratio=amount(ratio.ratio, 2), low=amount(ratio.low, 2), high=amount(ratio.high, 2)
    )
