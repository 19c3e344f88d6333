"""Makes a realistic Apple Health export of any size, the same one for the same seed.

    python benchmarks/make_apple_export.py /tmp/export.xml --megabytes 1000
    python benchmarks/make_apple_export.py /tmp/export.zip --days 30 --clinical 20

One made-up woman with a watch, a phone and a step app that copies the phone. What she truly did
is drawn first (`Day`), then each source writes the part it saw, so the truth about every day is
known: the watch misses the hour on the charger, the phone what is done without it, and the app
counts the phone's steps once more.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

LAST_DAY = dt.date(2025, 6, 16)
OFFSETS = ("+0100", "+0200")
BYTES_A_DAY = 566_400
WATCH = (
    'sourceName="Anna’s Apple Watch" sourceVersion="11.2" device="&lt;&lt;HKDevice: '
    "0x30{:07x}&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch, "
    'hardware:Watch6,2, software:11.2, creation date:2024-05-01 08:00:00 +0000&gt;"'
)
PHONE = (
    'sourceName="Anna’s iPhone" sourceVersion="18.5" device="&lt;&lt;HKDevice: '
    "0x30{:07x}&gt;, name:iPhone, manufacturer:Apple Inc., model:iPhone, "
    'hardware:iPhone14,5, software:18.5&gt;"'
)
APP = 'sourceName="StepCopy" sourceVersion="412"'
DRINKS = 'sourceName="DrinkLog" sourceVersion="77"'
QUANTITY = "HKQuantityTypeIdentifier"
CATEGORY = "HKCategoryTypeIdentifier"
STAGES = ("AsleepCore", "AsleepDeep", "AsleepCore", "AsleepREM")
DTD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!-- HealthKit Export Version: 14 -->
<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout|ActivitySummary|ClinicalRecord)*)>
<!ATTLIST HealthData
  locale CDATA #REQUIRED
>
<!ELEMENT ExportDate EMPTY>
<!ATTLIST ExportDate
  value CDATA #REQUIRED
>
<!ELEMENT Me EMPTY>
<!ATTLIST Me
  HKCharacteristicTypeIdentifierDateOfBirth   CDATA #REQUIRED
  HKCharacteristicTypeIdentifierBiologicalSex CDATA #REQUIRED
>
<!ELEMENT Record ((MetadataEntry|HeartRateVariabilityMetadataList)*)>
<!ATTLIST Record
  type          CDATA #REQUIRED
  unit          CDATA #IMPLIED
  value         CDATA #IMPLIED
  sourceName    CDATA #REQUIRED
  sourceVersion CDATA #IMPLIED
  device        CDATA #IMPLIED
  creationDate  CDATA #IMPLIED
  startDate     CDATA #REQUIRED
  endDate       CDATA #REQUIRED
>
<!ELEMENT MetadataEntry EMPTY>
<!ATTLIST MetadataEntry
  key   CDATA #REQUIRED
  value CDATA #REQUIRED
>
]>
"""


@dataclass(frozen=True)
class Bout:
    """Some minutes of walking, and which devices were there."""

    minute: int
    length: int
    pace: int
    watch: bool
    phone: bool


@dataclass
class Day:
    """What truly happened on one day and in the night that follows."""

    date: dt.date
    bouts: list[Bout] = field(default_factory=list)
    bed: int = 0
    stages: list[tuple[str, int]] = field(default_factory=list)
    worked_out: bool = False
    drinks: tuple[int, int, int] = (0, 0, 0)

    @property
    def steps(self) -> int:
        """Return the steps that at least one device saw."""
        return sum(b.length * b.pace for b in self.bouts if b.watch or b.phone)

    @property
    def asleep(self) -> int:
        """Return the minutes asleep in the night after this day."""
        return sum(minutes for stage, minutes in self.stages if stage != "Awake")


def day_of(seed: int, date: dt.date) -> Day:
    """Return what happened on a date, always the same for one seed."""
    rng = random.Random(seed * 1_000_003 + date.toordinal())
    day = Day(date)
    charging = rng.randrange(7, 21) * 60
    minute = 6 * 60 + rng.randrange(90)
    while minute < 22 * 60:
        length = rng.choice((3, 5, 8, 10, 20, 30))
        watch = not charging - length < minute < charging + 60
        bout = Bout(minute, length, rng.randrange(40, 115), watch, rng.random() < 0.6)
        day.bouts.append(bout)
        minute += length + rng.choice((7, 15, 26, 41))
    day.bed = 22 * 60 + 20 + rng.randrange(90)
    for number in range(rng.randrange(18, 26)):
        day.stages.append((STAGES[number % 4], rng.randrange(9, 27)))
        if rng.random() < 0.15:
            day.stages.append(("Awake", rng.randrange(1, 9)))
    while day.stages[-1][0] == "Awake":
        day.stages.pop()
    day.worked_out = rng.random() < 0.5
    day.drinks = (rng.randrange(3, 9), rng.randrange(4), rng.randrange(3))
    return day


class Writer:
    """Writes the records of many days, type after type as Apple does."""

    def __init__(self, out: IO[str], days: list[dt.date], seed: int) -> None:
        self.out = out
        self.days = days
        self.seed = seed

    def write(self, clinical: list[str]) -> None:
        """Write the whole file."""
        last = self.days[-1] + dt.timedelta(days=1)
        self.out.write(DTD)
        self.out.write('<HealthData locale="de_CH">\n')
        self.out.write(f' <ExportDate value="{last} 12:00:00 +0200"/>\n')
        self.out.write(
            ' <Me HKCharacteristicTypeIdentifierDateOfBirth="1961-03-09"'
            ' HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSexFemale"/>\n'
        )
        for part in (
            *(self._body, self._heart, self._steps, self._distance, self._energy, self._minutes),
            *(self._water, self._sleep, self._variability, self._workouts, self._summaries),
        ):
            for line in part():
                self.out.write(line)
        for path in clinical:
            self.out.write(
                f' <ClinicalRecord type="HKClinicalTypeIdentifierLabResultRecord" '
                f'identifier="{path}" sourceName="Clinic" sourceURL="https://example.org" '
                f'fhirVersion="4.0.1" receivedDate="{last} 10:00:00 +0200" '
                f'resourceFilePath="/clinical-records/{path}"/>\n'
            )
        self.out.write("</HealthData>\n")

    def _each(self, salt: int) -> Iterator[tuple[Day, random.Random, str]]:
        for date in self.days:
            rng = random.Random(self.seed * 7919 + date.toordinal() * 31 + salt)
            yield day_of(self.seed, date), rng, OFFSETS[3 < date.month < 11]

    def _body(self) -> Iterator[str]:
        for day, rng, zone in self._each(1):
            if day.date.weekday() == 0:
                at = _at(day.date, 420, rng.randrange(60), zone)
                yield _record(
                    QUANTITY + "BodyMass", DRINKS, "kg", at, at, f"{rng.gauss(71, 1):.1f}"
                )
        at = _at(self.days[0], 600, 0, OFFSETS[1])
        yield _record(QUANTITY + "Height", DRINKS, "cm", at, at, "168")

    def _heart(self) -> Iterator[str]:
        for day, rng, zone in self._each(2):
            for minute in range(0, 1440, 4):
                at = _at(day.date, minute, rng.randrange(60), zone)
                night = minute < 400
                yield _record(
                    QUANTITY + "HeartRate",
                    WATCH.format(rng.randrange(40)),
                    "count/min",
                    at,
                    at,
                    str(rng.randrange(50, 64) if night else rng.randrange(62, 120)),
                    "HKMetadataKeyHeartRateMotionContext",
                )
            at = _at(day.date, 0, 0, zone)
            yield _record(
                QUANTITY + "RestingHeartRate",
                WATCH.format(7),
                "count/min",
                at,
                _at(day.date, 1439, 0, zone),
                str(rng.randrange(52, 62)),
            )

    def _bouts(self, salt: int, seen: str) -> Iterator[tuple[int, int, int, str, str, int]]:
        """Yield (piece, pace, device, start, end, date) of every stretch a device saw."""
        for day, rng, zone in self._each(salt):
            for bout in day.bouts:
                if not getattr(bout, seen):
                    continue
                for start in range(bout.minute, bout.minute + bout.length, 10):
                    end = min(start + 10, bout.minute + bout.length)
                    yield (
                        end - start,
                        bout.pace,
                        rng.randrange(73),
                        _at(day.date, start, 0, zone),
                        _at(day.date, end, 0, zone),
                        0,
                    )

    def _steps(self) -> Iterator[str]:
        for source, seen in ((PHONE, "phone"), (WATCH, "watch"), (APP, "phone")):
            for piece, pace, device, start, end, _ in self._bouts(3, seen):
                yield _record(
                    QUANTITY + "StepCount",
                    source.format(device),
                    "count",
                    start,
                    end,
                    f"{piece * pace}",
                )

    def _distance(self) -> Iterator[str]:
        for source, seen in ((PHONE, "phone"), (WATCH, "watch")):
            for piece, pace, device, start, end, _ in self._bouts(4, seen):
                length = f"{piece * pace * 0.0007:.5f}"
                kind = QUANTITY + "DistanceWalkingRunning"
                yield _record(kind, source.format(device), "km", start, end, length)

    def _energy(self) -> Iterator[str]:
        for kind, every, most in (("ActiveEnergyBurned", 3, 2.4), ("BasalEnergyBurned", 10, 12.0)):
            for day, rng, zone in self._each(5):
                for minute in range(360, 1380, every):
                    start = _at(day.date, minute, rng.randrange(60), zone)
                    end = _at(day.date, minute + every, rng.randrange(60), zone)
                    value = f"{rng.random() * most:.3f}"
                    device = WATCH.format(rng.randrange(40))
                    yield _record(QUANTITY + kind, device, "kcal", start, end, value)

    def _minutes(self) -> Iterator[str]:
        for day, _, zone in self._each(6):
            for bout in day.bouts:
                if bout.pace > 90 and bout.watch:
                    for minute in range(bout.minute, bout.minute + bout.length):
                        yield _record(
                            QUANTITY + "AppleExerciseTime",
                            WATCH.format(3),
                            "min",
                            _at(day.date, minute, 0, zone),
                            _at(day.date, minute + 1, 0, zone),
                            "1",
                        )
        for day, rng, zone in self._each(7):
            for minute in range(420, 1320, 5):
                if rng.random() < 0.7:
                    yield _record(
                        QUANTITY + "AppleStandTime",
                        WATCH.format(4),
                        "min",
                        _at(day.date, minute, 0, zone),
                        _at(day.date, minute + 5, 0, zone),
                        str(rng.randrange(1, 6)),
                    )

    def _water(self) -> Iterator[str]:
        kinds = (("DietaryWater", "mL", 250), ("DietaryCaffeine", "mg", 80))
        for (kind, unit, size), place in zip(
            (*kinds, ("NumberOfAlcoholicBeverages", "count", 1)), range(3), strict=True
        ):
            for day, _, zone in self._each(8):
                for number in range(day.drinks[place]):
                    at = _at(day.date, 450 + 95 * number, 0, zone)
                    yield _record(QUANTITY + kind, DRINKS, unit, at, at, str(size))

    def _sleep(self) -> Iterator[str]:
        kind, value = CATEGORY + "SleepAnalysis", "HKCategoryValueSleepAnalysis"
        for day, _, zone in self._each(9):
            start, end = day.bed - 10, day.bed + sum(m for _, m in day.stages) + 10
            at, until = _at(day.date, start, 0, zone), _at(day.date, end, 0, zone)
            yield _record(kind, PHONE.format(1), "", at, until, value + "InBed")
        for day, _, zone in self._each(9):
            minute = day.bed
            for stage, length in day.stages:
                at, until = (
                    _at(day.date, minute, 0, zone),
                    _at(day.date, minute + length, 0, zone),
                )
                minute += length
                yield _record(
                    kind,
                    WATCH.format(5),
                    "",
                    at,
                    until,
                    value + stage,
                    "HKTimeZone",
                    "Europe/Zurich",
                )

    def _variability(self) -> Iterator[str]:
        for day, rng, zone in self._each(10):
            for minute in (61, 182, 303, 700, 1100):
                at = _at(day.date, minute, 0, zone)
                head = _record(
                    QUANTITY + "HeartRateVariabilitySDNN",
                    WATCH.format(6),
                    "ms",
                    at,
                    _at(day.date, minute + 1, 0, zone),
                    f"{rng.gauss(44, 9):.3f}",
                )
                beats = "".join(
                    f'   <InstantaneousBeatsPerMinute bpm="{rng.randrange(52, 90)}" '
                    f'time="{minute // 60}:{minute % 60:02}:{second:02}.12"/>\n'
                    for second in range(40)
                )
                listed = "HeartRateVariabilityMetadataList"
                yield f"{head[:-3]}>\n  <{listed}>\n{beats}  </{listed}>\n </Record>\n"
        for day, rng, zone in self._each(11):
            for minute in range(30, 1400, 90):
                at = _at(day.date, minute, 0, zone)
                value = f"0.{rng.randrange(93, 100)}"
                yield _record(QUANTITY + "OxygenSaturation", WATCH.format(6), "%", at, at, value)

    def _workouts(self) -> Iterator[str]:
        for day, rng, zone in self._each(12):
            if not day.worked_out:
                continue
            minutes = rng.randrange(20, 70)
            start, end = _at(day.date, 1080, 0, zone), _at(day.date, 1080 + minutes, 0, zone)
            span = f'startDate="{start}" endDate="{end}"'
            yield (
                f' <Workout workoutActivityType="HKWorkoutActivityTypeWalking" '
                f'duration="{minutes}" durationUnit="min" {WATCH.format(8)} '
                f'creationDate="{end}" {span}>\n'
                f'  <MetadataEntry key="HKTimeZone" value="Europe/Zurich"/>\n'
                f'  <WorkoutEvent type="HKWorkoutEventTypePause" date="{start}"/>\n'
                f'  <WorkoutStatistics type="{QUANTITY}ActiveEnergyBurned" {span} '
                f'sum="{minutes * 5}" unit="kcal"/>\n'
                f'  <WorkoutRoute sourceName="x" startDate="{start}" endDate="{end}">\n'
                f'   <FileReference path="/workout-routes/route_{day.date}.gpx"/>\n'
                f"  </WorkoutRoute>\n </Workout>\n"
            )

    def _summaries(self) -> Iterator[str]:
        for day, rng, _ in self._each(13):
            yield (
                f' <ActivitySummary dateComponents="{day.date}" '
                f'activeEnergyBurned="{rng.randrange(300, 600)}" activeEnergyBurnedGoal="450" '
                f'activeEnergyBurnedUnit="kcal" appleExerciseTime="{rng.randrange(90)}" '
                f'appleExerciseTimeGoal="30" appleStandHours="11" appleStandHoursGoal="12"/>\n'
            )


def _at(date: dt.date, minute: int, second: int, zone: str) -> str:
    if minute >= 1440:
        date += dt.timedelta(days=minute // 1440)
        minute %= 1440
    return f"{date} {minute // 60:02}:{minute % 60:02}:{second:02} {zone}"


def _record(
    kind: str,
    source: str,
    unit: str,
    start: str,
    end: str,
    value: str,
    key: str = "",
    said: str = "0",
) -> str:
    """Return one record as Apple writes it, with at most one metadata entry."""
    of_unit = f' unit="{unit}"' if unit else ""
    head = (
        f' <Record type="{kind}" {source}{of_unit} creationDate="{end}" '
        f'startDate="{start}" endDate="{end}" value="{value}"'
    )
    if not key:
        return head + "/>\n"
    return f'{head}>\n  <MetadataEntry key="{key}" value="{said}"/>\n </Record>\n'


def days_before(count: int, last: dt.date = LAST_DAY) -> list[dt.date]:
    """Return that many dates, the last one last."""
    return [last - dt.timedelta(days=count - 1 - number) for number in range(count)]


def clinical_files(count: int, last: dt.date) -> dict[str, str]:
    """Return FHIR R4 potassium results by file name."""
    return {
        f"Observation-{number:04}.json": json.dumps(
            {
                "resourceType": "Observation",
                "id": f"o{number}",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
                "effectiveDateTime": str(last - dt.timedelta(days=number)),
                "valueQuantity": {
                    "value": 3.4 + number % 9 / 10,
                    "unit": "mmol/L",
                    "system": "http://unitsofmeasure.org",
                    "code": "mmol/L",
                },
            }
        )
        for number in range(count)
    }


def make_export(path: Path, days: list[dt.date], seed: int = 1, clinical: int = 0) -> None:
    """Write the export of these days to `path` (.xml, or .zip as the phone shares it)."""
    records = clinical_files(clinical, days[-1])
    if path.suffix != ".zip":
        with path.open("w", encoding="utf-8") as out:
            Writer(out, days, seed).write(list(records))
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        folder = "apple_health_export"
        for name, text in records.items():
            archive.writestr(f"{folder}/clinical-records/{name}", text)
        archive.writestr(f"{folder}/export_cda.xml", "<?xml version='1.0'?><ClinicalDocument/>")
        with (
            archive.open(f"{folder}/export.xml", "w", force_zip64=True) as raw,
            io.TextIOWrapper(raw, encoding="utf-8") as out,
        ):
            Writer(out, days, seed).write(list(records))


def main() -> None:
    """Write one export as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", type=Path)
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--megabytes", type=float)
    size.add_argument("--days", type=int)
    parser.add_argument("--clinical", type=int, default=0, help="clinical records in the zip")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    days = given.days or max(1, round(given.megabytes * 1e6 / BYTES_A_DAY))
    make_export(given.path, days_before(days), given.seed, given.clinical)


if __name__ == "__main__":
    main()
