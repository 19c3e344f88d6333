"""Does a marker come rather after the start of a medicine than before it? Sequence symmetry.

Hallas 1996: among people who begin both within a window, the number who begin the medicine first
over the number who begin it second. Fixed traits of a person cannot move it. Trends can, so it is
divided by the ratio expected if nothing acts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import msgspec
import numpy as np
from msgspec import Struct

from nightcramp.cohort.sequence.histories import Days, Flags, Histories, Whole
from nightcramp.cohort.sequence.marker_rates import Expected, expected_order, fit_rates, strata_of
from nightcramp.cohort.sequence.settings import Interval, Settings

BISECTIONS = 50
FEW_PAIRS, SMALL_CELL, NO_TREND = "few_pairs", "small_cell", "no_trend"


class Ratio(Struct, frozen=True, kw_only=True):
    """A ratio with its interval."""

    value: float
    low: float
    high: float


class SequenceRatio(Struct, frozen=True, kw_only=True):
    """What the order of starts shows; counts of people, None where there are too few to tell.

    `starters`: began the medicine anew. `after`, `before`: began the marker after, before it.
    `crude`: after over before. `expected`: the same if nothing acts. `ratio`: crude over
    expected. `log_se`: standard error of its logarithm. `withheld`: why there is no ratio.
    """

    run_in: int
    starters: int | None
    after: int | None
    before: int | None
    crude: float | None = None
    expected: float | None = None
    ratio: Ratio | None = None
    log_se: float | None = None
    withheld: str = ""


class Stretch(Struct, frozen=True, kw_only=True):
    """First records in a stretch of days after the beginning of observation.

    `starts`: None where of too few people to tell.
    """

    since: int
    until: int
    starts: int | None
    person_years: float


@dataclass(frozen=True)
class Pairs:
    """First days of medicine and marker for each history, and who counts.

    `since`: the first day on which a start counts as new. `started`: began the medicine anew.
    `after`, `before`: and the marker, within the window.
    """

    medicine: Days
    marker: Days
    since: Whole
    started: Flags
    after: Flags
    before: Flags


def sequence_ratio(
    histories: Histories,
    medicine: Days,
    marker: Days,
    chosen: Settings,
    run_in: int,
) -> SequenceRatio:
    """Return the adjusted sequence ratio of first days, one for each history (`first`)."""
    pairs = pairs_of(histories, medicine, marker, chosen, run_in)
    after, before = int(pairs.after.sum()), int(pairs.before.sum())
    told = SequenceRatio(
        run_in=run_in,
        starters=tellable(int(pairs.started.sum()), chosen),
        after=tellable(after, chosen),
        before=tellable(before, chosen),
    )
    if why := _too_few(after, before, chosen):
        return msgspec.structs.replace(told, withheld=why)
    expected = expected_of(histories, pairs, chosen)
    if expected is None:
        return msgspec.structs.replace(told, withheld=NO_TREND)
    ratio, log_se = adjusted(after, before, expected, chosen)
    return msgspec.structs.replace(
        told, crude=after / before, expected=expected.ratio, ratio=ratio, log_se=log_se
    )


def tellable(count: int, chosen: Settings) -> int | None:
    """Return a count, None where it is of fewer people than may be told."""
    return None if 0 < count < chosen.smallest_cell else count


def _too_few(after: int, before: int, chosen: Settings) -> str:
    if after + before < chosen.least_pairs:
        return FEW_PAIRS
    return SMALL_CELL if min(after, before) < max(chosen.smallest_cell, 1) else ""


def pairs_of(
    histories: Histories, medicine: Days, marker: Days, chosen: Settings, run_in: int
) -> Pairs:
    """Return who began both anew, and in which order."""
    since = histories.entry.astype(np.int64) + run_in
    last = histories.exit.astype(np.int64)
    started = (medicine >= since) & (medicine <= last)
    marked = (marker >= since) & (marker <= last)
    apart = marker.astype(np.int64) - medicine
    near = (np.abs(apart) <= chosen.window) & (np.abs(apart) > chosen.blackout)
    both = started & marked & near
    return Pairs(medicine, marker, since, started, both & (apart > 0), both & (apart < 0))


def expected_of(histories: Histories, pairs: Pairs, chosen: Settings) -> Expected | None:
    """Return the order expected if nothing acts, None where nothing is known of it."""
    if chosen.trend == "none":
        return Expected(1.0, 0.0)
    if chosen.trend == "counts":
        return _expected_by_counts(histories, pairs, chosen)
    return _expected_by_rates(histories, pairs, chosen)


def _expected_by_rates(histories: Histories, pairs: Pairs, chosen: Settings) -> Expected | None:
    """Return it from the marker's rates in people who do not take the medicine while observed.

    With those who do, its effect would be taken for a trend; with their time before it alone,
    they would leave one after the other, the most often ill first, and that for a trend too.
    """
    strata = strata_of(histories, chosen.age_band)
    last = histories.exit.astype(np.int64) + 1
    without = pairs.medicine > histories.exit
    until = np.minimum(last, pairs.marker.astype(np.int64) + 1)
    others = np.flatnonzero(without & (until > pairs.since))
    days = strata.days(others, pairs.since[others], until[others])
    marked = others[pairs.marker[others] < last[others]]
    rates = fit_rates(strata.counts(marked, pairs.marker[marked]), days)
    near = np.flatnonzero(pairs.started & (pairs.marker >= _earliest(pairs, chosen)))
    after, before = _at_risk(pairs, last, near, chosen)
    return expected_order(rates, strata.days(near, *after), strata.days(near, *before))


def _at_risk(
    pairs: Pairs, last: Whole, near: Whole, chosen: Settings
) -> tuple[tuple[Whole, Whole], tuple[Whole, Whole]]:
    """Return first day and the one past the last, after and before starts, without a marker yet.

    Who already has the marker can no more begin it: without this a common marker would seem to
    come too seldom after the start.
    """
    start, open_ = pairs.medicine[near].astype(np.int64), pairs.marker[near].astype(np.int64) + 1
    since, until = start + chosen.blackout + 1, np.minimum(last[near], start + chosen.window + 1)
    after = since, np.minimum(until, open_)
    before = _earliest(pairs, chosen)[near], np.minimum(start - chosen.blackout, open_)
    return after, before


def _earliest(pairs: Pairs, chosen: Settings) -> Whole:
    """Return the first day on which the marker counts as begun before the medicine."""
    return np.maximum(pairs.since, pairs.medicine.astype(np.int64) - chosen.window)


def _expected_by_counts(histories: Histories, pairs: Pairs, chosen: Settings) -> Expected | None:
    """Return it from how many began the marker on the days around each start (Tsiropoulos 2009)."""
    marked = (pairs.marker >= pairs.since) & (pairs.marker <= histories.exit)
    starts = pairs.medicine[pairs.started].astype(np.int64)
    days = np.sort(pairs.marker[marked].astype(np.int64))
    late = _between(days, starts + chosen.blackout + 1, starts + chosen.window)
    early = _between(days, starts - chosen.window, starts - chosen.blackout - 1)
    return Expected(late / early, 0.0) if late and early else None


def _between(days: Whole, low: Whole, high: Whole) -> int:
    """Return how many of the sorted days lie in these stretches, all together."""
    upper = np.searchsorted(days, high, side="right")
    return int((upper - np.searchsorted(days, low)).sum())


def adjusted(after: int, before: int, expected: Expected, chosen: Settings) -> tuple[Ratio, float]:
    """Return the crude ratio over the expected one, with interval and log standard error.

    The interval is that of the share who came after, widened by how uncertain the expected
    ratio is.
    """
    z = NormalDist().inv_cdf((1 + chosen.confidence) / 2)
    low, high = proportion_interval(after, after + before, chosen.confidence, chosen.interval)
    crude = math.log(after / before)
    middle = crude - math.log(expected.ratio)
    extra = z * z * expected.spread
    down = math.hypot(crude - math.log(low / (1 - low)), math.sqrt(extra))
    up = math.hypot(math.log(high / (1 - high)) - crude, math.sqrt(extra))
    ratio = Ratio(value=math.exp(middle), low=math.exp(middle - down), high=math.exp(middle + up))
    return ratio, math.sqrt(1 / after + 1 / before + expected.spread)


def proportion_interval(
    count: int, total: int, confidence: float, kind: Interval
) -> tuple[float, float]:
    """Return the interval of a proportion: `score` is Wilson's, `exact` Clopper and Pearson's."""
    if kind == "exact":
        tail = (1 - confidence) / 2
        return _least_share(count, total, tail), 1 - _least_share(total - count, total, tail)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = count / total
    middle = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (middle - half) / (1 + z * z / total), (middle + half) / (1 + z * z / total)


def _least_share(count: int, total: int, tail: float) -> float:
    """Return the share with which `count` or more of `total` have the chance `tail`."""
    if not count:
        return 0.0
    many = np.arange(count, total + 1)
    ways = np.array([_log_ways(total, int(one)) for one in many])
    low, high = 0.0, 1.0
    for _halving in range(BISECTIONS):
        share = (low + high) / 2
        logs = ways + many * math.log(share) + (total - many) * math.log1p(-share)
        if np.exp(logs).sum() < tail:
            low = share
        else:
            high = share
    return (low + high) / 2


def _log_ways(total: int, count: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(count + 1) - math.lgamma(total - count + 1)


def waiting_times(histories: Histories, first: Days, width: int, until: int) -> list[Stretch]:
    """Return first records by time since the beginning of observation, in stretches of `width`.

    People who took it before turn up early, so the rate falls until only new starts are left.
    """
    return [_after(histories, first, since, since + width) for since in range(0, until, width)]


def suggested_run_in(histories: Histories, first: Days, chosen: Settings) -> int | None:
    """Return the shortest run-in after which new starts are about as frequent as much later.

    None where nothing was observed after the longest of them.
    """
    longest = max(chosen.run_ins)
    farthest = int((histories.exit - histories.entry).max(initial=0)) + 1
    settled = _after(histories, first, longest, max(farthest, longest + 1))
    if not settled.starts:
        return None
    plateau = settled.starts / settled.person_years
    for run_in in sorted(chosen.run_ins):
        stretches = [
            _after(histories, first, since, since + chosen.stretch)
            for since in range(run_in, longest, chosen.stretch)
        ]
        if all(_settled(one, plateau, chosen.tolerance) for one in stretches):
            return run_in
    return longest


def _after(histories: Histories, first: Days, since: int, until: int) -> Stretch:
    """Return the first records from one time of observation to another."""
    entry = histories.entry.astype(np.int64)
    observed = first >= entry
    waited = (np.minimum(first, histories.exit) - entry + 1)[observed]
    day = (first - entry)[observed & (first <= histories.exit)]
    days = int(np.clip(waited - since, 0, until - since).sum())
    starts = int(((day >= since) & (day < until)).sum())
    return Stretch(since=since, until=until, starts=starts, person_years=days / 365.25)


def _settled(one: Stretch, plateau: float, tolerance: float) -> bool:
    """Whether starts are at most so many times as frequent as later, chance allowed for."""
    expected = plateau * one.person_years
    return (one.starts or 0) <= tolerance * expected + 2 * math.sqrt(max(expected, 1.0))
