"""Joins what was counted into nights, one for each evening something is known of."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable

from nightcramp.intake.apple_health.clock import Clock
from nightcramp.intake.apple_health.sleep import Sleep, Slept
from nightcramp.intake.apple_health.sources import BAD_DATE, Count, Sources, Sums
from nightcramp.intake.apple_health.stream import ENERGY, ZONE, Attributes
from nightcramp.intake.apple_health.values import Values
from nightcramp.intake.reading import Account
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.fact import Provenance
from nightcramp.person.night import Night

LONGEST_WORKOUT = 36 * 60
SLEEP = "HKCategoryTypeIdentifierSleepAnalysis"
OUTDONE = noted("another source counted the same time")
OF_LAST_DAY = noted("the export was made on this day: its sums are not complete")
Read = Callable[[list[Attributes], Count], None]


class Nights:
    """Everything counted, until the file is read to its end."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.clock = Clock()
        self.sources = Sources()
        self._measures = knowledge.measures
        self._sums: dict[str, Sums] = {}
        self._values: dict[str, Values] = {}
        self._sleep = Sleep(self.clock, self.sources)
        self._summaries: dict[int, dict[str, float]] = {}
        self._workouts = [self._sum(m) for m in ("workout_minutes", "workout_energy")]
        self.readers: dict[str, Read] = {SLEEP: self._sleep.read}
        self._add_quantities()

    def _sum(self, measure: str) -> Sums:
        return Sums(self._measures[measure], self.clock, self.sources)

    def _add_quantities(self) -> None:
        """Prepare a reader for every quantity type that a measure names."""
        by_type: dict[str, list[Measure]] = defaultdict(list)
        for measure in self._measures.values():
            for kind in measure.healthkit:
                if kind.startswith("HKQuantityType"):
                    by_type[kind].append(measure)
        for kind, measures in by_type.items():
            if measures[0].joins == "sum":
                self._sums[kind] = self._sum(measures[0].id)
                self.readers[kind] = self._sums[kind].read
            else:
                self._values[kind] = Values(measures, self.clock, self.sources)
                self.readers[kind] = self._values[kind].read

    def pack(self, kind: str) -> None:
        """Make what was read of a type small, when another type begins."""
        if kind in self._sums:
            self._sums[kind].pack()

    def read_workout(self, workout: Attributes) -> str:
        """Take in one workout; return why it cannot be used, or nothing."""
        try:
            zone = workout.get(ZONE, "")
            start = self.clock.local(workout["startDate"], zone)
            end = self.clock.local(workout["endDate"], zone)
            source = self.sources[workout["sourceName"], workout.get("device")]
        except (KeyError, ValueError):
            return noted("a date that is no date, or no source")
        if not 0 <= end - start <= LONGEST_WORKOUT:
            return noted("no length, or longer than a day and a half")
        minutes, energy = self._workouts
        length = _amount(minutes, workout.get("duration"), workout.get("durationUnit"))
        minutes.add(source, start, end, float(end - start) if length is None else length)
        told = workout.get(ENERGY, {})
        burned = _amount(energy, told.get("sum"), told.get("unit"))
        if burned is None:
            burned = _amount(
                energy, workout.get("totalEnergyBurned"), workout.get("totalEnergyBurnedUnit")
            )
        if burned:
            energy.add(source, start, end, burned)
        return ""

    def read_summary(self, summary: Attributes) -> str:
        """Take in the Health app's own sums of a day; they count where there are no records."""
        try:
            day = self.clock.days[summary["dateComponents"][:10]]
        except (KeyError, ValueError):
            return BAD_DATE
        units = {"active_energy": "activeEnergyBurned", "exercise_minutes": "appleExerciseTime"}
        for measure, name in units.items():
            unit = summary.get(f"{name}Unit", self._measures[measure].unit)
            value = _amount(self._sum(measure), summary.get(name), unit)
            if value:
                self._summaries.setdefault(day, {})[measure] = value
        return ""

    def join(
        self, account: Account, file: str, as_of: dt.date | None
    ) -> tuple[dt.date, list[Night]]:
        """Return the date of the record and its nights, evenings ascending."""
        joined = _Joined(self._measures, account)
        for kind, sums in self._sums.items():
            joined.add_sums(kind, sums)
        for sums in self._workouts:
            joined.add_sums("Workout", sums)
        for kind, values in self._values.items():
            for evening, found in values.nights():
                joined.add(evening, kind, found)
        for slept in self._sleep.nights():
            joined.add(slept.evening, SLEEP, _of_sleep(slept), [slept.source])
        for day, totals in self._summaries.items():
            missing = {m: v for m, v in totals.items() if m not in joined.values[day]}
            joined.add(day, "ActivitySummary", list(missing.items()))
        return joined.nights(file, as_of)


def _amount(sums: Sums, value: object, unit: object) -> float | None:
    """Return a value in the unit of a measure, None when it is not written or impossible."""
    factor = sums.factors.get(str(unit))
    try:
        amount = float(str(value)) * factor if factor is not None else -1.0
    except ValueError:
        return None
    return amount if 0.0 <= amount < 1e9 else None


def _of_sleep(slept: Slept) -> list[tuple[str, float]]:
    found = [("bedtime", float(slept.bedtime)), ("wake_time", float(slept.wake_time))]
    if slept.asleep is not None:
        found.append(("sleep_hours", slept.asleep / 60))
    if slept.awake is not None:
        found.append(("awake_minutes", float(slept.awake)))
    return found


class _Joined:
    """The values of each evening while they are put together."""

    def __init__(self, measures: dict[str, Measure], account: Account) -> None:
        self.values: dict[int, dict[str, float]] = defaultdict(dict)
        self._measures = measures
        self._account = account
        self._names: dict[int, frozenset[str]] = {}
        self._shared: dict[frozenset[str], frozenset[str]] = {}

    def add_sums(self, kind: str, sums: Sums) -> None:
        for day, total, names, outdone in sums.days():
            if names:
                self.add(day, kind, [(sums.measure.id, total)], names)
            if outdone and sums.measure.id != "workout_energy":
                self._move_to_unused(kind, outdone)

    def _move_to_unused(self, kind: str, count: int) -> None:
        name = short(kind)
        self._account.used[name] -= count
        self._account.leave_out(name, OUTDONE)
        self._account.unused[name][OUTDONE] += count - 1

    def add(
        self,
        evening: int,
        kind: str,
        found: list[tuple[str, float]],
        names: list[str] | None = None,
    ) -> None:
        """Add values to an evening, but for those that no person can have."""
        for measure, value in found:
            low, high = self._measures[measure].plausible
            if low <= value <= high:
                self.values[evening][measure] = round(value, 4)
                self._name(evening, names or [])
            else:
                self._account.leave_out(
                    short(kind), noted("impossible for one night: left out of it")
                )

    def _name(self, evening: int, names: list[str]) -> None:
        """Add the names of sources; nights with the same ones share one set."""
        known = self._names.get(evening, frozenset())
        if not known.issuperset(names):
            known = known.union(names)
            self._names[evening] = self._shared.setdefault(known, known)

    def nights(self, file: str, as_of: dt.date | None) -> tuple[dt.date, list[Night]]:
        if as_of is None:
            as_of = dt.date.fromordinal(max(self.values, default=dt.date.today().toordinal()))
        last, found = as_of.toordinal(), []
        notes = {names: ", ".join(sorted(names)) for names in self._shared}
        for evening in sorted(self.values):
            values = self.values.pop(evening)
            if evening > last:
                self._account.leave_out(noted("night"), noted("after the date of the export"))
                continue
            date = dt.date.fromordinal(evening)
            note = notes.get(self._names.get(evening, frozenset()), "")
            at = _("records of {date}").format(date=date)
            origin = Provenance(file=file, at=at, note=note)
            found.append(
                Night(
                    evening=date,
                    values=dict(sorted(values.items())),
                    note=_(OF_LAST_DAY) if evening == last else "",
                    provenance=(origin,),
                )
            )
        return as_of, found


def short(kind: str) -> str:
    """Return the name by which people are told of a record type."""
    for prefix in ("HKQuantityTypeIdentifier", "HKCategoryTypeIdentifier", "HKDataType"):
        kind = kind.removeprefix(prefix)
    return kind[:80]
