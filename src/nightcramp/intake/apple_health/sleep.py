"""Sleep: what each source saw of a night, minute by minute, then the best source alone.

Minutes are bits of three whole numbers a night and source (asleep, awake, in bed), counted on the
UTC line, so that segments of one source that overlap or repeat count once and the night of 23 or
25 hours comes out right. Old (`Asleep`) and new (`AsleepCore`, ...) categories are the same sleep.
A night is taken from one source: the watch before the phone before apps, unless another saw more
than twice as much sleep (the watch's battery was empty).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nightcramp.intake.apple_health.clock import DAY, Clock
from nightcramp.intake.apple_health.sources import Count, Source, Sources, best
from nightcramp.intake.apple_health.stream import ZONE, Attributes
from nightcramp.language import noted

NOON = DAY // 2
LONGEST = 36 * 60
NAP_GAP = 120
_PREFIX = "HKCategoryValueSleepAnalysis"
ASLEEP, AWAKE, IN_BED = 0, 1, 2
_LEAD = 15 * 60
KINDS = {
    "Asleep": ASLEEP,
    "AsleepUnspecified": ASLEEP,
    "AsleepCore": ASLEEP,
    "AsleepDeep": ASLEEP,
    "AsleepREM": ASLEEP,
    "Awake": AWAKE,
    "InBed": IN_BED,
    "0": IN_BED,
    "1": ASLEEP,
    "2": AWAKE,
    "3": ASLEEP,
    "4": ASLEEP,
    "5": ASLEEP,
}


@dataclass(slots=True)
class _Seen:
    """What one source saw of one night: bits of minutes, and the offsets at both ends."""

    minutes: list[int]
    first: int
    first_offset: int
    last: int
    last_offset: int


@dataclass(frozen=True)
class Slept:
    """One night's sleep; minutes, bedtime and wake time after local noon. None: not recorded."""

    evening: int
    source: str
    asleep: int | None
    awake: int | None
    bedtime: int
    wake_time: int
    outdone: int


class Sleep:
    """The sleep of all nights, from all sources, in memory bounded by nights and sources."""

    def __init__(self, clock: Clock, sources: Sources) -> None:
        self._clock = clock
        self._sources = sources
        self._nights: dict[int, dict[Source, _Seen]] = {}

    def read(self, records: list[Attributes], leave_out: Count) -> None:
        """Take in sleep records, in any order."""
        for record in records:
            try:
                reason = self._read(record)
            except (KeyError, ValueError):
                reason = noted("a date that is no date, or no source")
            if reason:
                leave_out(reason, 1)

    def _read(self, record: Attributes) -> str:
        kind = KINDS.get(str(record.get("value", "")).removeprefix(_PREFIX))
        if kind is None:
            return noted("a category of sleep that is not known")
        zone = record.get(ZONE, "")
        written, until = record["startDate"], record["endDate"]
        start, end = self._clock.local(written, zone), self._clock.local(until, zone)
        utc = self._clock.local(written) - self._clock.offset(written)
        utc_end = self._clock.local(until) - self._clock.offset(until)
        if not 0 < utc_end - utc <= LONGEST:
            return noted("no length, or longer than a day and a half")
        source = self._sources[record["sourceName"], record.get("device")]
        while utc < utc_end:
            evening = (start - NOON) // DAY
            left = min(utc_end - utc, (evening + 1) * DAY + NOON - start)
            at_end = end - utc_end if left == utc_end - utc else start - utc
            self._mark(source, evening, kind, (utc, start - utc), (utc + left, at_end))
            utc, start = utc + left, start + left
        return ""

    def _mark(
        self, source: Source, evening: int, kind: int, begin: tuple[int, int], end: tuple[int, int]
    ) -> None:
        """Set the bits from begin to end, both (UTC minute, local offset)."""
        night = self._nights.setdefault(evening, {})
        seen = night.get(source)
        if seen is None:
            seen = night[source] = _Seen([0, 0, 0], begin[0], begin[1], end[0], end[1])
        at = begin[0] - evening * DAY + _LEAD
        if at < 0:
            raise ValueError
        seen.minutes[kind] |= ((1 << (end[0] - begin[0])) - 1) << at
        if begin[0] < seen.first:
            seen.first, seen.first_offset = begin
        if end[0] > seen.last:
            seen.last, seen.last_offset = end

    def nights(self) -> Iterator[Slept]:
        """Yield what is known of each night, evening by evening, and forget it."""
        for evening in sorted(self._nights):
            yield _slept(evening, self._nights.pop(evening))


def _slept(evening: int, night: dict[Source, _Seen]) -> Slept:
    source, seen = _chosen(night)
    asleep, awake, in_bed = seen.minutes
    start, end = _main_stretch(asleep | awake | in_bed, asleep)
    base = evening * DAY - _LEAD
    return Slept(
        evening=evening,
        source=source[1],
        asleep=asleep.bit_count() if asleep else None,
        awake=_awake(asleep, awake, in_bed),
        bedtime=base + start + seen.first_offset - evening * DAY - NOON,
        wake_time=base + end + seen.last_offset - evening * DAY - NOON,
        outdone=len(night) - 1,
    )


def _chosen(night: dict[Source, _Seen]) -> tuple[Source, _Seen]:
    """Return the source whose sleep is taken; without any sleep the longest in bed."""
    order = sorted(night, key=lambda s: (s[0], -night[s].minutes[ASLEEP].bit_count(), s[1]))
    for kind in (ASLEEP, IN_BED, AWAKE):
        amounts = [float(night[source].minutes[kind].bit_count()) for source in order]
        if any(amounts):
            source = order[amounts.index(best(amounts))]
            return source, night[source]
    return order[0], night[order[0]]


def _awake(asleep: int, awake: int, in_bed: int) -> int | None:
    """Return the minutes awake in bed: those recorded, or in bed and not asleep."""
    if awake:
        return (awake & ~asleep).bit_count()
    if in_bed and asleep:
        return (in_bed & ~asleep).bit_count()
    return None


def _main_stretch(present: int, asleep: int) -> tuple[int, int]:
    """Return first and one past the last bit of the longest stretch without a gap of two hours."""
    runs = list(_runs(present))
    joined = [runs[0]]
    for start, end in runs[1:]:
        if start - joined[-1][1] < NAP_GAP:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return max(joined, key=lambda run: (_inside(asleep, run), run[1] - run[0], -run[0]))


def _inside(bits: int, run: tuple[int, int]) -> int:
    return ((bits >> run[0]) & ((1 << (run[1] - run[0])) - 1)).bit_count()


def _runs(bits: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every run of set bits."""
    at = 0
    while bits:
        gap = (bits & -bits).bit_length() - 1
        bits >>= gap
        length = (~bits & (bits + 1)).bit_length() - 1
        yield at + gap, at + gap + length
        bits >>= length
        at += gap + length
