"""Is a marker more frequent while a medicine acts than at other times of the same person?

The self-controlled case series (Farrington 1995; Whitaker 2006): only people with the marker, each
compared with themselves, with age, season and calendar year allowed for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from msgspec.structs import replace as changed

from nightcramp.cohort.sequence.histories import (
    NEVER,
    Days,
    Flags,
    Histories,
    Spells,
    Whole,
    joined,
)
from nightcramp.cohort.sequence.marker_rates import YEAR, month_edges
from nightcramp.cohort.sequence.poisson import Fit, Floats, Pieces, fit, profiled, wald
from nightcramp.cohort.sequence.ratio import Ratio, tellable
from nightcramp.cohort.sequence.settings import Settings
from nightcramp.cohort.source.arrays import stretches

REFERENCE, EARLY, ACTING, LATER = range(4)
"""What a piece of time is: neither, shortly before a start, while it may act, after that."""
EXPOSURES = 4
MONTHS = 12
SPAN = np.int64(1) << 20
"""More than any number of days within one history."""

NO_CASE, FEW_EXPOSED, SMALL_CELL = "no_case", "few_exposed", "small_cell"
ONE_SIDED, NOT_SETTLED = "one_sided", "not_settled"
EVENT_FIRST, NO_AGE, COMMON = "event_first", "no_age", "common"


class CaseSeries(Struct, frozen=True, kw_only=True):
    """What people with the marker show, each beside themselves; counts None where too few to tell.

    `cases`: people with a marker. `exposed`: those with time on the medicine and time off it.
    `acting`: markers while it may act. `ratio`: rate then over the rate at other times; by
    `interval` profile or wald. `early`: the same for the days before a start. `later`: for the
    time after it. `withheld`: why there is no ratio. `notices`: what weakens it.
    """

    cases: int | None
    exposed: int | None = None
    acting: int | None = None
    ratio: Ratio | None = None
    log_se: float | None = None
    interval: str = ""
    early: Ratio | None = None
    later: Ratio | None = None
    withheld: str = ""
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Markers:
    """Markers that count: the place of their history, and the day; sorted."""

    who: Whole
    day: Whole


@dataclass(frozen=True)
class Cases:
    """Histories with markers, from the first day that counts to the last; arrays of one length.

    `row`: place in the histories. `since`, `until`: first and last day. `markers`: `who` is the
    place of a case.
    """

    row: Whole
    since: Whole
    until: Whole
    markers: Markers

    def __len__(self) -> int:
        return len(self.row)


def case_series(
    histories: Histories, medicines: list[str], markers: list[str], chosen: Settings, run_in: int
) -> CaseSeries:
    """Return the rate ratio of markers while any of the medicines acts; ids are `kind:id`."""
    cases = cases_of(histories, markers, chosen, run_in)
    notices: tuple[str, ...] = ()
    if chosen.ages and (histories.born[cases.row] == NEVER).any():
        cases, notices = _with_age(histories, cases), (NO_AGE,)
    if not chosen.all_markers and len(cases) > chosen.common * len(histories):
        notices = (*notices, COMMON)
    told = CaseSeries(cases=tellable(len(cases), chosen), notices=notices)
    if not len(cases):
        return changed(told, exposed=0, acting=0, withheld=NO_CASE)
    pieces, exposure = pieces_of(histories, cases, medicines, chosen)
    exposed, inside, outside = _exposed(pieces, exposure)
    told = changed(told, exposed=tellable(exposed, chosen), acting=tellable(inside, chosen))
    if exposed < chosen.least_exposed:
        return changed(told, withheld=FEW_EXPOSED)
    if not inside or not outside:
        return changed(told, withheld=ONE_SIDED)
    if min(inside, outside) < chosen.smallest_cell:
        return changed(told, withheld=SMALL_CELL)
    return _estimated(told, pieces, chosen, exposed)


def _estimated(told: CaseSeries, pieces: Pieces, chosen: Settings, exposed: int) -> CaseSeries:
    """Return the ratios with their intervals, or why there are none."""
    kinds = _columns(pieces)
    found = fit(pieces)
    if not found.settled:
        return changed(told, withheld=NOT_SETTLED)
    place = kinds[ACTING]
    ends = None
    if exposed <= chosen.profile_below:
        ends = profiled(pieces, found, place, chosen.confidence)
    ratio = _ratio(found, place, ends or wald(found, place, chosen.confidence))
    early = _beside(found, kinds.get(EARLY), chosen.alarm)
    warned = early is not None and not early.low <= 1 <= early.high
    return changed(
        told,
        ratio=ratio,
        log_se=math.sqrt(found.covariance[place, place]),
        interval="profile" if ends else "wald",
        early=_beside(found, kinds.get(EARLY), chosen.confidence),
        later=_beside(found, kinds.get(LATER), chosen.confidence),
        notices=(*told.notices, EVENT_FIRST) if warned else told.notices,
    )


def _ratio(found: Fit, place: int, ends: tuple[float, float]) -> Ratio:
    value = float(found.parameters[place])
    return Ratio(value=math.exp(value), low=math.exp(ends[0]), high=math.exp(ends[1]))


def _beside(found: Fit, place: int | None, confidence: float) -> Ratio | None:
    if place is None:
        return None
    return _ratio(found, place, wald(found, place, confidence))


def cases_of(histories: Histories, markers: list[str], chosen: Settings, run_in: int) -> Cases:
    """Return the histories with a marker that counts, looked at after the run-in."""
    since = histories.entry.astype(np.int64) + run_in
    found = counted_markers(histories, markers, since, chosen)
    rows, who = np.unique(found.who, return_inverse=True)
    until = histories.exit[rows].astype(np.int64)
    return Cases(rows, since[rows], until, Markers(who.astype(np.int64), found.day))


def counted_markers(
    histories: Histories, markers: list[str], since: Whole, chosen: Settings
) -> Markers:
    """Return each history's first marker ever, or (`all_markers`) each after so many days without.

    Those before `since` do not count, but the days after them do.
    """
    if not chosen.all_markers:
        first = histories.first(markers)
        there = np.flatnonzero((first >= since) & (first <= histories.exit))
        return Markers(there, first[there].astype(np.int64))
    spells = histories.spells(markers)
    day, who = spells.start.astype(np.int64), spells.who
    last = np.full(len(spells), -SPAN)
    same = np.zeros(len(spells), np.bool_)
    if len(spells):
        ends = _ends_so_far(spells)
        last[1:], same[1:] = ends[:-1], who[1:] == who[:-1]
    new = ~same | (day - last > chosen.apart)
    kept = new & (day >= since[who]) & (day <= histories.exit[who])
    return Markers(who[kept], day[kept])


def _ends_so_far(spells: Spells) -> Whole:
    """Return the last day of any spell up to each one of the same owner."""
    span = np.int64(1) << 33
    keyed = spells.who * span + spells.end.astype(np.int64)
    latest: Whole = np.maximum.accumulate(keyed) - spells.who * span
    return latest


def _with_age(histories: Histories, cases: Cases) -> Cases:
    """Return the cases whose age is known."""
    known = histories.born[cases.row] != NEVER
    place = np.cumsum(known) - 1
    kept = known[cases.markers.who]
    markers = Markers(place[cases.markers.who[kept]], cases.markers.day[kept])
    return Cases(cases.row[known], cases.since[known], cases.until[known], markers)


def pieces_of(
    histories: Histories, cases: Cases, medicines: list[str], chosen: Settings
) -> tuple[Pieces, Whole]:
    """Return the time of cases cut wherever a rate may change, and each piece's exposure."""
    taken = exposures_of(histories, cases, medicines, chosen)
    edges = month_edges(int(cases.since.min()), int(cases.until.max()))
    born = histories.born[cases.row].astype(np.int64)
    cuts = [_month_cuts(cases, edges), *taken.cuts(chosen)]
    if chosen.ages:
        cuts.append(_birthday_cuts(cases, born, chosen.age_band))
    case, day = _cut(cases, cuts)
    last = np.append(day[1:], 0)
    ends = np.append(case[1:] != case[:-1], True)
    days = np.where(ends, cases.until[case] + 1, last) - day
    events = _events(cases, case, day)
    exposure = taken.code(case, day, chosen)
    kept = _heard(exposure, events)
    case, day, days = case[kept], day[kept], days[kept]
    events, exposure = events[kept], exposure[kept]
    return _designed(case, day, days, events, exposure, born, chosen), exposure


def _heard(exposure: Whole, events: Floats) -> Flags:
    """Return which pieces tell something: not the time around a start if no marker came in it.

    Its rate would be nought, whatever the others are: leaving it out is the same, and has an end.
    """
    count = np.bincount(exposure, events, EXPOSURES)
    silent = np.isin(np.arange(EXPOSURES), (EARLY, LATER)) & (count == 0)
    heard: Flags = ~silent[exposure]
    return heard


def _cut(cases: Cases, cuts: list[tuple[Whole, Whole]]) -> tuple[Whole, Whole]:
    """Return the first day of each piece, from cuts (case, day) that lie within observation."""
    who = np.concatenate([np.arange(len(cases)), *(one for one, _day in cuts)])
    day = np.concatenate([cases.since, *(one for _who, one in cuts)])
    inside = (day >= cases.since[who]) & (day <= cases.until[who])
    origin = int(cases.since.min())
    key = np.sort(who[inside] * SPAN + (day[inside] - origin))
    key = key[np.diff(key, prepend=-1) > 0]
    return key // SPAN, key % SPAN + origin


def _month_cuts(cases: Cases, edges: Whole) -> tuple[Whole, Whole]:
    """Return the first days of months within each case."""
    first = np.searchsorted(edges, cases.since, side="right")
    count = np.searchsorted(edges, cases.until, side="right") - first
    who = np.repeat(np.arange(len(cases)), count)
    return who, edges[stretches(first, count)]


def _birthday_cuts(cases: Cases, born: Whole, band: int) -> tuple[Whole, Whole]:
    """Return the days on which cases come into another band of age."""
    first = np.ceil((cases.since - born) / (YEAR * band)).astype(np.int64)
    last = np.floor((cases.until - born) / (YEAR * band)).astype(np.int64)
    count = np.maximum(last - first + 1, 0)
    who = np.repeat(np.arange(len(cases)), count)
    day = born[who] + np.ceil(stretches(first, count) * YEAR * band).astype(np.int64)
    return who, day


def _events(cases: Cases, case: Whole, day: Whole) -> Floats:
    """Return how many markers lie in each piece."""
    origin = int(cases.since.min())
    key = case * SPAN + (day - origin)
    marked = cases.markers.who * SPAN + (cases.markers.day - origin)
    place = np.searchsorted(key, marked, side="right") - 1
    count: Floats = np.bincount(place, minlength=len(key)).astype(np.float64)
    return count


def _designed(
    case: Whole,
    day: Whole,
    days: Whole,
    events: Floats,
    exposure: Whole,
    born: Whole,
    chosen: Settings,
) -> Pieces:
    """Return the pieces with what may change their rate: exposure, season, year, age."""
    codes, designs = [exposure], [_dummies(exposure, EXPOSURES)]
    months = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    if chosen.harmonics or chosen.calendar:
        codes.append(months - months.min())
        designs.append(_calendar(int(months.min()), codes[-1], events, chosen))
    if chosen.ages:
        band = np.floor((day - born[case]) / (YEAR * chosen.age_band)).astype(np.int64)
        codes.append(_bands(band, events, chosen.least_band))
        designs.append(_dummies(codes[-1]))
    offsets = np.cumsum([0, *(len(one) for one in designs)])
    design = np.zeros((offsets[-1], sum(one.shape[1] for one in designs)))
    column = 0
    for place, one in enumerate(designs):
        design[offsets[place] : offsets[place + 1], column : column + one.shape[1]] = one
        column += one.shape[1]
    moved = tuple(code + offsets[place] for place, code in enumerate(codes))
    return Pieces(case, days.astype(np.float64), events, moved, design)


def _dummies(code: Whole, categories: int = 0) -> Floats:
    """Return a parameter for each category that occurs but the first."""
    size = categories or int(code.max()) + 1
    there = np.flatnonzero(np.bincount(code, minlength=size))
    made = np.zeros((size, max(len(there) - 1, 0)))
    made[there[1:], np.arange(made.shape[1])] = 1.0
    return made


def _calendar(first: int, month: Whole, events: Floats, chosen: Settings) -> Floats:
    """Return what each month may do: waves of the year, and a trend that bends once a year."""
    count: Floats = np.bincount(month, events).astype(np.float64)
    parts = [_waves(first + np.arange(len(count)), chosen.harmonics)]
    if chosen.calendar:
        parts.append(_bent(count, chosen.least_band))
    return np.hstack(parts)


def _waves(months: Whole, harmonics: int) -> Floats:
    """Return waves of a year, half of one, and so on, at the middle of each month."""
    turn = 2 * np.pi * (months % MONTHS + 0.5) / MONTHS
    parts = [wave(turn * times) for times in range(1, harmonics + 1) for wave in (np.cos, np.sin)]
    return np.array(parts).reshape(-1, len(months)).T


def _bent(count: Floats, least: int) -> Floats:
    """Return lines between yearly bends, as parts of them, with `least` markers between two.

    Steps from year to year would not do: the days after a start are late in its year.
    """
    bends = [0]
    for month in range(MONTHS, len(count), MONTHS):
        if count[bends[-1] : month].sum() >= least <= count[month:].sum():
            bends.append(month)
    bends.append(len(count))
    middle = np.arange(len(count)) + 0.5
    return np.stack([np.interp(middle, bends, one) for one in np.eye(len(bends))[1:]], axis=1)


def _bands(code: Whole, events: Floats, least: int) -> Whole:
    """Return bands counted from 0, one with fewer than `least` markers joined to the one before."""
    shifted = code - code.min()
    count = np.bincount(shifted, events)
    band, held, name = np.zeros(len(count), np.int64), 0.0, 0
    for place, number in enumerate(count):
        band[place] = name
        held += number
        if held >= least and count[place + 1 :].sum() >= least:
            name, held = name + 1, 0.0
    coded: Whole = band[shifted]
    return coded


@dataclass(frozen=True)
class Exposures:
    """When cases took the medicine: spells whose `who` is a case; `fixed`: by the first start."""

    spells: Spells
    fixed: bool

    def cuts(self, chosen: Settings) -> list[tuple[Whole, Whole]]:
        """Return the days on which the exposure may change."""
        who, start = self.spells.who, self.spells.start.astype(np.int64)
        end = start + chosen.risk if self.fixed else self.spells.end.astype(np.int64)
        return [(who, start - chosen.before), (who, start + 1), (who, end + 1)]

    def code(self, case: Whole, day: Whole, chosen: Settings) -> Whole:
        """Return what each piece is, by its first day; the day of a start counts as before it."""
        who, start = self.spells.who, self.spells.start.astype(np.int64)
        end = start + chosen.risk if self.fixed else self.spells.end.astype(np.int64)
        code = np.full(len(case), REFERENCE)
        if not len(who):
            return code
        last = np.searchsorted(who * _WIDE + start, case * _WIDE + day) - 1
        coming = np.minimum(last + 1, len(who) - 1)
        soon = (who[coming] == case) & (start[coming] >= day)
        code[soon & (start[coming] - chosen.before <= day)] = EARLY
        place = np.maximum(last, 0)
        begun = (last >= 0) & (who[place] == case)
        code[begun & (day <= end[place])] = ACTING
        if self.fixed:
            code[begun & (day > end[place])] = LATER
        return code


_WIDE = np.int64(1) << 34


def exposures_of(
    histories: Histories, cases: Cases, medicines: list[str], chosen: Settings
) -> Exposures:
    """Return when cases took any of the medicines, by the way chosen."""
    if chosen.risk_window == "after_start":
        return Exposures(_first_starts(histories.first(medicines), cases, chosen), fixed=True)
    spells = histories.spells(medicines, gap=chosen.gap, lasts=chosen.lasts)
    place = np.full(len(histories), -1, np.int64)
    place[cases.row] = np.arange(len(cases))
    kept = place[spells.who] >= 0
    acting = Spells(
        place[spells.who[kept]], spells.start[kept], spells.end[kept] + np.int32(chosen.washout)
    )
    return Exposures(joined(acting, 0), fixed=False)


def _first_starts(first: Days, cases: Cases, chosen: Settings) -> Spells:
    """Return the first start of each case that ever began; long before for who always took it."""
    start = first[cases.row].astype(np.int64)
    long_ago = cases.since - chosen.risk - 1
    start = np.where(start < cases.since, long_ago, start)
    who = np.flatnonzero(start != NEVER)
    return Spells(who, start[who].astype(np.int32), start[who].astype(np.int32))


def _columns(pieces: Pieces) -> dict[int, int]:
    """Return which parameter belongs to which exposure, of those that occur."""
    block = pieces.design[:EXPOSURES]
    return {row: int(np.flatnonzero(block[row])[0]) for row in range(EXPOSURES) if block[row].any()}


def _exposed(pieces: Pieces, exposure: Whole) -> tuple[int, int, int]:
    """Return how many cases have time on and off, and their markers in the time on and off."""
    size = int(pieces.case[-1]) + 1
    on: Flags = np.bincount(pieces.case, exposure == ACTING, size) > 0
    off: Flags = np.bincount(pieces.case, exposure == REFERENCE, size) > 0
    both = (on & off)[pieces.case]
    inside = pieces.events[both & (exposure == ACTING)].sum()
    outside = pieces.events[both & (exposure == REFERENCE)].sum()
    return int((on & off).sum()), int(inside), int(outside)
