"""What an Apple Health export says: a few lines of it in, nights and facts out."""

from __future__ import annotations

import datetime as dt
import json
import sys
import zipfile
from pathlib import Path

import pytest

from nightcramp.errors import InputError
from nightcramp.intake.apple_health.reader import read_apple_health
from nightcramp.intake.reading import Reading
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.fact import MedicineUse

EXPORTED = '<ExportDate value="2025-06-17 12:00:00 +0200"/>'
WATCH = "Anna's Apple Watch"
PHONE = "Anna's iPhone"
APP = "Pacer"
MONDAY, TUESDAY = dt.date(2025, 6, 9), dt.date(2025, 6, 10)
ASLEEP = "HKCategoryValueSleepAnalysisAsleepCore"
OLD_ASLEEP = "HKCategoryValueSleepAnalysisAsleep"
AWAKE = "HKCategoryValueSleepAnalysisAwake"
IN_BED = "HKCategoryValueSleepAnalysisInBed"


def export(*entries: str, head: str = EXPORTED) -> str:
    """Return an export that holds these entries."""
    body = "\n".join(entries)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<HealthData>\n{head}\n{body}\n</HealthData>\n'


def record(
    kind: str,
    value: object,
    start: str,
    end: str = "",
    unit: str = "count",
    source: str = WATCH,
    device: str = "",
    zone: str = "",
    offset: str = "+0200",
) -> str:
    """Return one record; times are `YYYY-MM-DD HH:MM` on the clock of the offset."""
    prefix = "Category" if str(value).startswith("HK") or not unit else "Quantity"
    inside = f'<MetadataEntry key="HKTimeZone" value="{zone}"/>' if zone else ""
    of_device = f' device="{device}"' if device else ""
    of_unit = f' unit="{unit}"' if unit else ""
    return (
        f'<Record type="HK{prefix}TypeIdentifier{kind}" sourceName="{source}"{of_device}{of_unit} '
        f'startDate="{start}:00 {offset}" endDate="{end or start}:00 {offset}" '
        f'value="{value}">{inside}</Record>'
    )


def steps(value: int, start: str, end: str, source: str = WATCH, device: str = "") -> str:
    """Return steps of 9 June 2025 between two times of day."""
    day = "2025-06-09 "
    return record("StepCount", value, day + start, day + end, source=source, device=device)


def sleep(value: str, start: str, end: str, **more: str) -> str:
    """Return a stretch of sleep."""
    return record("SleepAnalysis", value, start, end, unit="", **more)


def symptom(kind: str, value: str, day: str) -> str:
    """Return a category record of one moment."""
    return record(kind, "HKCategoryValue" + value, f"{day} 10:00", unit="", source="Health")


@pytest.fixture
def read(tmp_path: Path):
    """Return a function that reads entries as one export."""

    def reading(*entries: str, head: str = EXPORTED) -> Reading:
        path = tmp_path / "export.xml"
        path.write_text(export(*entries, head=head), encoding="utf-8")
        return read_apple_health(path, knowledge())

    return reading


def values(reading: Reading, measure: str) -> dict[dt.date, float]:
    """Return one measure by evening."""
    return {n.evening: n.values[measure] for n in reading.nights if measure in n.values}


def answers(reading: Reading) -> dict[str, object]:
    """Return the facts as id and value."""
    return {fact.id: fact.value for fact in reading.facts}


# --- one source after the other: the same steps are counted once ---


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([steps(300, "10:00", "10:10")], 300, id="one source"),
        pytest.param(
            [steps(300, "10:00", "10:10"), steps(200, "10:20", "10:25")],
            500,
            id="one source adds up",
        ),
        pytest.param(
            [steps(1000, "10:00", "10:10"), steps(950, "10:00", "10:10", PHONE)],
            1000,
            id="watch and phone counted the same walk",
        ),
        pytest.param(
            [steps(950, "10:00", "10:10", PHONE), steps(1000, "10:00", "10:10")],
            1000,
            id="whichever stands first in the file",
        ),
        pytest.param(
            [steps(1000, "10:00", "10:10"), steps(800, "15:00", "15:10", PHONE)],
            1800,
            id="watch on the charger in the afternoon",
        ),
        pytest.param(
            [
                steps(900, "10:00", "10:10"),
                steps(700, "12:00", "12:10"),
                steps(650, "12:00", "12:10", PHONE),
            ],
            1600,
            id="phone only part of the day",
        ),
        pytest.param(
            [
                steps(1000, "10:00", "10:10", PHONE),
                steps(1000, "10:00", "10:10", APP),
                steps(1000, "10:00", "10:10", "Another app"),
            ],
            1000,
            id="apps that copy the phone",
        ),
        pytest.param(
            [steps(10, "10:00", "10:01"), steps(1000, "10:02", "10:12", PHONE)],
            1000,
            id="watch put on at the end of the walk",
        ),
        pytest.param(
            [steps(9000, "00:00", "23:59", APP), steps(1000, "10:00", "10:10", PHONE)],
            9000,
            id="an app that writes one total a day, phone left at home",
        ),
        pytest.param(
            [steps(1000, "00:00", "23:59", APP), steps(1000, "10:00", "10:10", PHONE)],
            1000,
            id="an app that writes the phone's total a second time",
        ),
        pytest.param(
            [steps(600, "10:00", "11:00"), steps(600, "10:00", "11:00", PHONE)],
            600,
            id="over several quarters of an hour",
        ),
    ],
)
def test_steps_of_several_sources(read, entries: list[str], expected: float) -> None:
    assert values(read(*entries), "steps") == {MONDAY: pytest.approx(expected)}


def test_one_phone_with_73_device_texts_is_one_source(read) -> None:
    walked = [
        steps(
            100,
            f"{8 + n // 6:02}:{n % 6 * 10:02}",
            f"{8 + n // 6:02}:{n % 6 * 10 + 9:02}",
            PHONE,
            f"&lt;&lt;HKDevice: 0x{n:x}&gt;, name:iPhone, hardware:iPhone14,{n}&gt;",
        )
        for n in range(73)
    ]
    found = read(*walked)
    assert values(found, "steps") == {MONDAY: pytest.approx(7300)}
    assert found.account.used["StepCount"] == 73


def test_a_watch_is_known_by_its_device_when_its_name_is_anything(read) -> None:
    watch = "&lt;&lt;HKDevice: 0x1&gt;, name:Apple Watch, model:Watch&gt;"
    found = read(
        steps(1200, "10:00", "10:10", "Bob", "name:iPhone"),
        steps(1000, "10:00", "10:10", "B", watch),
    )
    assert values(found, "steps") == {MONDAY: 1000}


def test_records_another_source_outdid_are_accounted_for(read) -> None:
    found = read(steps(1000, "10:00", "10:10"), steps(950, "10:00", "10:10", PHONE))
    assert found.account.used["StepCount"] == 1
    assert found.account.unused["StepCount"] == {"another source counted the same time": 1}


def test_the_order_of_types_and_sources_does_not_matter(read) -> None:
    """The Health app sorts by type; whoever sorted by date gets the same nights."""
    walks = [
        (steps(1000, "10:00", "10:10"), record("FlightsClimbed", 2, "2025-06-09 10:05")),
        (steps(800, "15:00", "15:10", PHONE), record("FlightsClimbed", 1, "2025-06-09 15:05")),
        (steps(900, "10:00", "10:10", PHONE), record("FlightsClimbed", 3, "2025-06-10 15:05")),
    ]
    by_date = read(*(entry for walk in walks for entry in walk))
    by_type = read(*(walk[0] for walk in walks), *(walk[1] for walk in walks))
    assert values(by_date, "steps") == {MONDAY: 1800}
    assert by_date == by_type


def test_a_useless_record_of_a_type_that_was_over_loses_nothing(read) -> None:
    flights = record("FlightsClimbed", 2, "2025-06-09 10:05")
    useless = record("StepCount", "many", "2025-06-09 10:05")
    found = read(steps(1000, "10:00", "10:10"), flights, useless, flights)
    assert values(found, "steps") == {MONDAY: 1000}


def test_the_sources_of_a_night_are_named(read) -> None:
    found = read(steps(1000, "10:00", "10:10"), steps(950, "12:00", "12:10", PHONE))
    assert found.nights[0].provenance[0].note == f"{WATCH}, {PHONE}"


# --- days, nights, units ---


@pytest.mark.parametrize(
    ("kind", "value", "unit", "measure", "expected"),
    [
        ("StepCount", 200, "count", "steps", 200),
        ("DistanceWalkingRunning", 2, "km", "distance", 2000),
        ("DistanceWalkingRunning", 1, "mi", "distance", 1609.344),
        ("FlightsClimbed", 3, "count", "flights", 3),
        ("ActiveEnergyBurned", 50, "Cal", "active_energy", 50),
        ("ActiveEnergyBurned", 50, "kcal", "active_energy", 50),
        ("ActiveEnergyBurned", 418.4, "kJ", "active_energy", 100),
        ("AppleExerciseTime", 10, "min", "exercise_minutes", 10),
        ("AppleStandTime", 5, "min", "stand_minutes", 5),
        ("DietaryWater", 250, "mL", "water", 0.25),
        ("DietaryWater", 0.5, "L", "water", 0.5),
        ("DietaryWater", 8, "fl_oz_us", "water", 0.2366),
        ("DietaryCaffeine", 80, "mg", "caffeine", 80),
        ("DietaryCaffeine", 0.08, "g", "caffeine", 80),
        ("NumberOfAlcoholicBeverages", 2, "count", "alcohol", 2),
        ("DietaryMagnesium", 300, "mg", "magnesium_eaten", 300),
        ("DietaryPotassium", 3, "g", "potassium_eaten", 3000),
        ("DietaryCalcium", 900, "mg", "calcium_eaten", 900),
        ("DietarySodium", 2000, "mg", "sodium_eaten", 2000),
        ("InhalerUsage", 2, "count", "inhaler_puffs", 2),
        ("BodyMass", 154, "lb", "weight", 69.8532),
        ("BodyMass", 70, "kg", "weight", 70),
        ("RestingHeartRate", 52, "count/min", "resting_heart_rate", 52),
    ],
)
def test_what_a_day_holds(
    read, kind: str, value: float, unit: str, measure: str, expected: float
) -> None:
    found = read(record(kind, value, "2025-06-09 14:00", "2025-06-09 14:05", unit))
    assert values(found, measure) == {MONDAY: pytest.approx(expected, abs=1e-3)}


@pytest.mark.parametrize(
    ("kind", "value", "unit", "measure", "expected"),
    [
        ("HeartRate", 55, "count/min", "heart_rate_night", 55),
        ("HeartRate", 55, "count/min", "heart_rate_night_most", 55),
        ("HeartRateVariabilitySDNN", 40, "ms", "hrv", 40),
        ("OxygenSaturation", 0.97, "%", "spo2", 97),
        ("OxygenSaturation", 97, "%", "spo2", 97),
        ("AppleSleepingBreathingDisturbances", 4, "count", "breathing_disturbances", 4),
    ],
)
def test_what_a_night_holds(
    read, kind: str, value: float, unit: str, measure: str, expected: float
) -> None:
    """Three in the morning of Tuesday belongs to the evening of Monday."""
    found = read(record(kind, value, "2025-06-10 03:00", unit=unit))
    assert values(found, measure) == {MONDAY: pytest.approx(expected)}


def test_the_heart_rate_of_a_night_is_mean_and_highest_from_midnight_to_six(read) -> None:
    beats = [("2025-06-09 15:00", 160), ("2025-06-10 00:10", 50), ("2025-06-10 05:50", 70)]
    found = read(*(record("HeartRate", rate, at, unit="count/min") for at, rate in beats))
    assert values(found, "heart_rate_night") == {MONDAY: 60}
    assert values(found, "heart_rate_night_most") == {MONDAY: 70}
    assert found.account.unused["HeartRate"] == {"by day: only the night's heart rate is used": 1}


def test_the_last_weight_of_a_day_counts(read) -> None:
    found = read(
        record("BodyMass", 71, "2025-06-09 21:00", unit="kg", source=APP),
        record("BodyMass", 70, "2025-06-09 07:00", unit="kg", source=WATCH),
    )
    assert values(found, "weight") == {MONDAY: 71}


def test_a_walk_over_midnight_belongs_to_both_days(read) -> None:
    found = read(record("StepCount", 600, "2025-06-09 23:40", "2025-06-10 00:10"))
    assert values(found, "steps") == {MONDAY: pytest.approx(400), TUESDAY: pytest.approx(200)}


def test_the_day_of_the_export_is_marked_as_incomplete(read) -> None:
    found = read(record("StepCount", 600, "2025-06-17 09:00"))
    assert "not complete" in found.nights[0].note


def test_nights_after_the_export_are_left_out(read) -> None:
    found = read(record("StepCount", 600, "2025-06-19 09:00"))
    assert found.nights == []
    assert found.account.unused["night"] == {"after the date of the export": 1}


def test_workouts_count_minutes_and_energy(read) -> None:
    span = 'startDate="2025-06-09 18:00:00 +0200" endDate="2025-06-09 19:00:00 +0200"'
    found = read(
        f'<Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="55" '
        f'durationUnit="min" sourceName="{WATCH}" {span}>'
        f'<WorkoutStatistics type="HKQuantityTypeIdentifierActiveEnergyBurned" {span} '
        f'sum="400" unit="kcal"/></Workout>',
        f'<Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="54" '
        f'durationUnit="min" totalEnergyBurned="380" totalEnergyBurnedUnit="Cal" '
        f'sourceName="Strava" {span}/>',
    )
    assert values(found, "workout_minutes") == {MONDAY: pytest.approx(55)}
    assert values(found, "workout_energy") == {MONDAY: pytest.approx(400)}


def test_apples_own_day_sums_stand_in_where_there_are_no_records(read) -> None:
    def summary(day: str) -> str:
        return (
            f'<ActivitySummary dateComponents="{day}" activeEnergyBurned="500" '
            'activeEnergyBurnedUnit="kcal" appleExerciseTime="40"/>'
        )

    walked = record("ActiveEnergyBurned", 420, "2025-06-09 14:00", unit="kcal")
    found = read(walked, summary("2025-06-09"), summary("2025-06-10"))
    assert values(found, "active_energy") == {MONDAY: 420, TUESDAY: 500}
    assert values(found, "exercise_minutes") == {MONDAY: 40, TUESDAY: 40}


# --- sleep ---


@pytest.mark.parametrize("asleep", [ASLEEP, OLD_ASLEEP, OLD_ASLEEP + "Unspecified"])
def test_sleep_of_old_and_new_categories(read, asleep: str) -> None:
    found = read(sleep(asleep, "2025-06-09 23:00", "2025-06-10 06:30"))
    assert values(found, "sleep_hours") == {MONDAY: 7.5}
    assert values(found, "bedtime") == {MONDAY: 11 * 60}
    assert values(found, "wake_time") == {MONDAY: 18 * 60 + 30}


def test_stages_add_up_and_repeats_count_once(read) -> None:
    night = [
        sleep(ASLEEP, "2025-06-09 23:00", "2025-06-10 01:00"),
        sleep(AWAKE, "2025-06-10 01:00", "2025-06-10 01:20"),
        sleep(ASLEEP, "2025-06-10 01:20", "2025-06-10 05:00"),
    ]
    found = read(*night, *night)
    assert values(found, "sleep_hours") == {MONDAY: pytest.approx(5 + 40 / 60, abs=1e-3)}
    assert values(found, "awake_minutes") == {MONDAY: 20}


def test_in_bed_is_not_sleep(read) -> None:
    found = read(sleep(IN_BED, "2025-06-09 23:00", "2025-06-10 06:30", source=PHONE))
    assert values(found, "sleep_hours") == {}
    assert values(found, "bedtime") == {MONDAY: 660}


def test_in_bed_less_asleep_is_awake(read) -> None:
    found = read(
        sleep(IN_BED, "2025-06-09 22:45", "2025-06-10 06:30", source=APP),
        sleep(ASLEEP, "2025-06-09 23:00", "2025-06-10 06:00", source=APP),
    )
    assert values(found, "awake_minutes") == {MONDAY: 45}


def test_the_watch_knows_sleep_better_than_an_app(read) -> None:
    found = read(
        sleep(ASLEEP, "2025-06-09 22:00", "2025-06-10 08:00", source="SleepApp"),
        sleep(ASLEEP, "2025-06-09 23:00", "2025-06-10 06:00"),
    )
    assert values(found, "sleep_hours") == {MONDAY: 7}


def test_unless_its_battery_was_empty(read) -> None:
    found = read(
        sleep(ASLEEP, "2025-06-09 22:00", "2025-06-10 06:00", source="SleepApp"),
        sleep(ASLEEP, "2025-06-09 23:00", "2025-06-10 00:30"),
    )
    assert values(found, "sleep_hours") == {MONDAY: 8}


def test_a_nap_is_sleep_and_not_the_bedtime(read) -> None:
    found = read(
        sleep(ASLEEP, "2025-06-09 15:00", "2025-06-09 15:30"),
        sleep(ASLEEP, "2025-06-09 23:00", "2025-06-10 06:00"),
    )
    assert values(found, "sleep_hours") == {MONDAY: 7.5}
    assert values(found, "bedtime") == {MONDAY: 660}


def test_sleep_over_noon_is_split_there(read) -> None:
    found = read(sleep(ASLEEP, "2025-06-10 09:00", "2025-06-10 13:00"))
    assert values(found, "sleep_hours") == {MONDAY: 3, TUESDAY: 1}


@pytest.mark.parametrize(
    ("bed", "rise", "evening", "hours"),
    [
        pytest.param(
            "2025-03-29 23:00:00 +0100",
            "2025-03-30 07:00:00 +0200",
            dt.date(2025, 3, 29),
            7,
            id="clocks go forward",
        ),
        pytest.param(
            "2024-10-26 23:00:00 +0200",
            "2024-10-27 07:00:00 +0100",
            dt.date(2024, 10, 26),
            9,
            id="clocks go back",
        ),
    ],
)
def test_nights_of_23_and_25_hours(
    read, bed: str, rise: str, evening: dt.date, hours: float
) -> None:
    found = read(
        f'<Record type="HKCategoryTypeIdentifierSleepAnalysis" sourceName="{WATCH}" '
        f'startDate="{bed}" endDate="{rise}" value="{ASLEEP}"/>'
    )
    assert values(found, "sleep_hours") == {evening: hours}
    assert values(found, "bedtime") == {evening: 11 * 60}
    assert values(found, "wake_time") == {evening: 19 * 60}


def test_the_hour_that_comes_twice_is_slept_twice(read) -> None:
    found = read(
        sleep(ASLEEP, "2024-10-27 02:10", "2024-10-27 02:50", offset="+0200"),
        sleep(ASLEEP, "2024-10-27 02:10", "2024-10-27 02:50", offset="+0100"),
    )
    assert values(found, "sleep_hours") == {dt.date(2024, 10, 26): pytest.approx(80 / 60, abs=1e-3)}


def test_on_a_journey_the_zone_of_the_record_decides(read) -> None:
    """Slept in Tokyo from 23:00 to 06:00 and exported in Zurich, seven hours behind."""
    span = ("2025-06-09 16:00", "2025-06-09 23:00")
    away = read(sleep(ASLEEP, *span, zone="Asia/Tokyo"))
    assert values(away, "bedtime") == {MONDAY: 11 * 60}
    assert values(away, "wake_time") == {MONDAY: 18 * 60}
    untold = read(sleep(ASLEEP, *span))
    assert values(untold, "bedtime") == {MONDAY: 4 * 60}


def test_a_zone_can_move_a_record_to_another_day(read) -> None:
    walk = record("StepCount", 500, "2025-06-09 20:00", "2025-06-09 20:10", zone="Asia/Tokyo")
    assert values(read(walk), "steps") == {TUESDAY: 500}


def test_an_unknown_zone_leaves_the_written_clock(read) -> None:
    walk = record("StepCount", 500, "2025-06-09 20:00", zone="Mars/../../etc/passwd")
    assert values(read(walk), "steps") == {MONDAY: 500}


def test_a_phone_that_writes_twelve_hours(read) -> None:
    head = '<ExportDate value="2025-06-17 12:00:00 PM +0200"/><Me/>'
    span = 'startDate="2025-06-09 {}:00 {} +0200" endDate="2025-06-10 {}:00 {} +0200"'
    found = read(
        f'<Record type="HKCategoryTypeIdentifierSleepAnalysis" sourceName="{WATCH}" '
        f'value="{ASLEEP}" {span.format("10:30", "PM", "6:00", "AM")}/>',
        f'<Record type="HKQuantityTypeIdentifierHeartRate" unit="count/min" sourceName="{WATCH}" '
        f'value="60" {span.format("12:10", "AM", "12:10", "AM")}/>',
        head=head,
    )
    assert values(found, "bedtime") == {MONDAY: 630}
    assert values(found, "sleep_hours") == {MONDAY: 7.5}
    assert values(found, "heart_rate_night") == {dt.date(2025, 6, 8): 60}


# --- the person ---

ME = (
    EXPORTED
    + '<Me HKCharacteristicTypeIdentifierDateOfBirth="1961-07-09" '
    + 'HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSexFemale"/>'
)


def test_age_and_sex(read) -> None:
    assert answers(read(head=ME)) == {"age": 63.0, "sex": "female"}


def test_what_is_not_set_stays_unknown(read) -> None:
    unset = (
        '<Me HKCharacteristicTypeIdentifierDateOfBirth="" '
        'HKCharacteristicTypeIdentifierBiologicalSex="HKBiologicalSexNotSet"/>'
    )
    assert answers(read(head=unset)) == {}


def test_weight_and_height_give_the_body_mass_index(read) -> None:
    found = read(
        record("BodyMass", 81, "2025-06-09 07:00", unit="kg"),
        record("Height", 180, "2021-01-01 07:00", unit="cm"),
    )
    assert answers(found) == {"body_mass_index": 25.0}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param(
            [
                record(
                    "Pregnancy",
                    "HKCategoryValueNotApplicable",
                    "2025-02-01 00:00",
                    "4001-01-01 00:00",
                    unit="",
                )
            ],
            True,
            id="still going on",
        ),
        pytest.param(
            [
                record(
                    "Pregnancy",
                    "HKCategoryValueNotApplicable",
                    "2024-02-01 00:00",
                    "2024-11-01 00:00",
                    unit="",
                )
            ],
            None,
            id="over",
        ),
        pytest.param(
            [
                record(
                    "Pregnancy",
                    "HKCategoryValueNotApplicable",
                    "2021-02-01 00:00",
                    "4001-01-01 00:00",
                    unit="",
                )
            ],
            None,
            id="never closed",
        ),
        pytest.param(
            [symptom("PregnancyTestResult", "PregnancyTestResultPositive", "2025-05-20")],
            True,
            id="positive test",
        ),
        pytest.param(
            [
                symptom("PregnancyTestResult", "PregnancyTestResultPositive", "2025-03-20"),
                symptom("PregnancyTestResult", "PregnancyTestResultNegative", "2025-05-20"),
            ],
            None,
            id="a later test was negative",
        ),
        pytest.param(
            [
                symptom("PregnancyTestResult", "PregnancyTestResultPositive", "2025-03-20"),
                symptom("MenstrualFlow", "VaginalBleedingMedium", "2025-05-20"),
            ],
            None,
            id="a period came later",
        ),
        pytest.param(
            [symptom("PregnancyTestResult", "PregnancyTestResultNegative", "2025-06-10")],
            None,
            id="one negative test is not a no",
        ),
    ],
)
def test_pregnancy(read, entries: list[str], expected: bool | None) -> None:
    assert answers(read(*entries)).get("pregnancy") is expected


def test_a_birth_is_known_from_pregnancy_and_breastfeeding(read) -> None:
    none = "HKCategoryValueNotApplicable"
    fed = record("Lactation", none, "2025-05-08 00:00", "2025-06-16 00:00", unit="")
    found = read(record("Pregnancy", none, "2024-08-01 00:00", "2025-05-06 00:00", unit=""), fed)
    assert answers(found)["postpartum_weeks"] == 6.0
    alone = read(fed)
    assert "postpartum_weeks" not in answers(alone)
    assert alone.account.to_ask == ["Breastfeeding is recorded: when did you give birth?"]


def test_a_contraceptive_is_a_medicine_with_dates(read) -> None:
    pill = record(
        "Contraceptive",
        "HKCategoryValueContraceptiveOral",
        "2025-01-01 00:00",
        "4001-01-01 00:00",
        unit="",
    )
    fact = read(pill).facts[0]
    assert (fact.kind, fact.id) == ("medicine", "hormonal_contraceptive")
    assert isinstance(fact.value, MedicineUse)
    assert (fact.value.taking, fact.value.since_days) == (True, 167.0)


@pytest.mark.parametrize(
    ("kind", "value", "day", "expected"),
    [
        ("Diarrhea", "SeverityModerate", "2025-06-15", {"diarrhoea": True}),
        ("Vomiting", "SeverityUnspecified", "2025-06-15", {"vomiting": True}),
        ("NightSweats", "SeverityMild", "2025-06-04", {"hot_flushes": True}),
        ("HotFlashes", "SeverityMild", "2025-06-04", {"hot_flushes": True}),
        ("Diarrhea", "SeverityNotPresent", "2025-06-15", {"diarrhoea": False}),
        ("Diarrhea", "SeverityModerate", "2025-05-15", {}),
        ("SleepApneaEvent", "NotApplicable", "2025-03-15", {"breathing_pauses": True}),
        ("ChestTightnessOrPain", "SeverityMild", "2025-06-15", {}),
        ("AbdominalCramps", "SeveritySevere", "2025-06-15", {}),
    ],
)
def test_symptoms_of_the_last_days(
    read, kind: str, value: str, day: str, expected: dict[str, bool]
) -> None:
    assert answers(read(symptom(kind, value, day))) == expected


def test_urgent_symptoms_are_asked_about(read) -> None:
    found = read(symptom("ChestTightnessOrPain", "SeverityMild", "2025-06-15"))
    assert found.account.to_ask == ["You recorded chest pain on 2025-06-15: do you have it now?"]


def test_cramps_of_the_belly_are_no_leg_cramps(read) -> None:
    found = read(symptom("AbdominalCramps", "SeveritySevere", "2025-06-15"))
    assert found.facts == []
    assert found.nights == []
    assert found.account.unused == {
        "AbdominalCramps": {"cramps of the belly are not leg cramps": 1}
    }


def test_a_fact_names_its_line(read) -> None:
    fact = read(symptom("Diarrhea", "SeverityMild", "2025-06-15")).facts[0]
    assert fact.provenance.at == "line 4"


# --- the account ---


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        pytest.param(
            record("StepCount", 10, "20205-06-09 10:00"), "not from 2000 to 2099", id="year 20205"
        ),
        pytest.param(record("StepCount", 10, "1999-06-09 10:00"), "not from 2000", id="year 1999"),
        pytest.param(record("StepCount", 10, "2025-02-30 10:00"), "no date", id="30 February"),
        pytest.param(record("StepCount", "many", "2025-06-09 10:00"), "no amount", id="words"),
        pytest.param(record("StepCount", "nan", "2025-06-09 10:00"), "no amount", id="nan"),
        pytest.param(record("StepCount", "-5", "2025-06-09 10:00"), "no amount", id="negative"),
        pytest.param(record("StepCount", 5, "2025-06-09 10:00", unit="furlong"), "unit", id="unit"),
        pytest.param(record("BodyMass", 70, "2025-06-09 10:00", unit="px"), "unit", id="px"),
        pytest.param(record("BodyMass", 70, "20205-06-09 10:00", unit="kg"), "2099", id="weight"),
        pytest.param(
            sleep("HKOther", "2025-06-09 22:00", "2025-06-10 06:00"), "category", id="nap"
        ),
        pytest.param(sleep(ASLEEP, "2025-06-09 22:00", "2025-06-09 22:00"), "length", id="none"),
        pytest.param(record("BloodGlucose", 5, "2025-06-09 10:00"), "not used", id="not used"),
        pytest.param('<Record startDate="2025"/>', "not used", id="no type"),
    ],
)
def test_what_is_not_used_is_told_with_a_reason(read, entry: str, reason: str) -> None:
    account = read(entry).account
    told = [text for reasons in account.unused.values() for text in reasons]
    assert any(reason in text for text in told), told
    assert sum(account.used.values()) == 0


def test_a_number_nobody_can_walk_is_left_out_of_the_night(read) -> None:
    found = read(steps(900000, "10:00", "10:10"))
    assert values(found, "steps") == {}
    assert found.account.unused["StepCount"] == {"impossible for one night: left out of it": 1}


def test_records_in_a_correlation_count_once(read) -> None:
    water = record("DietaryWater", 250, "2025-06-09 10:00", unit="mL", source=APP)
    food = f'<Correlation type="HKCorrelationTypeIdentifierFood">{water}</Correlation>'
    found = read(food, water)
    assert values(found, "water") == {MONDAY: 0.25}
    assert found.account.read["DietaryWater"] == 1


def test_without_an_export_date_the_newest_record_is_the_date(read) -> None:
    assert read(record("StepCount", 600, "2025-05-19 09:00"), head="").as_of == dt.date(2025, 5, 19)


def test_an_export_date_that_is_none_is_told(read) -> None:
    found = read(head='<ExportDate value="20205-06-17 12:00:00 +0200"/>')
    assert "ExportDate" in found.account.unused


# --- the file ---


def zipped(path: Path, name: str, text: str, **others: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, text)
        for other, content in others.items():
            archive.writestr(other.replace("__", "/").replace("_json", ".json"), content)
    return path


@pytest.mark.parametrize(
    "name", ["apple_health_export/export.xml", "apple_health_export/Exportieren.xml", "导出.xml"]
)
def test_the_export_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "e.zip", name, export(steps(5, "10:00", "10:01")))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("apple_health_export/export_cda.xml", "<ClinicalDocument/>")
    assert values(read_apple_health(path, knowledge()), "steps") == {MONDAY: 5}


def test_an_unpacked_folder_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "export_cda.xml").write_text("<ClinicalDocument/>")
    (tmp_path / "exportar.xml").write_text(export(steps(5, "10:00", "10:01")))
    assert values(read_apple_health(tmp_path, knowledge()), "steps") == {MONDAY: 5}


def test_the_broken_document_type_of_ios_16_is_read_past(tmp_path: Path) -> None:
    text = export(steps(5, "10:00", "10:01")).replace(
        "<HealthData>",
        "<!DOCTYPE HealthData [\n<!ATTLIST Record\n device CDATA\n<!ELEMENT X\n]>\n<HealthData>",
    )
    path = tmp_path / "export.xml"
    path.write_text(text)
    assert values(read_apple_health(path, knowledge()), "steps") == {MONDAY: 5}


def test_control_characters_of_other_apps_are_read_past(read) -> None:
    noted = steps(5, "10:00", "10:01", "App\x0bwith notes")
    assert values(read(noted), "steps") == {MONDAY: 5}


def test_clinical_records_are_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[object] = []

    class FakeReader:
        @staticmethod
        def read_fhir_resources(resources, known, *, as_of, file, places):
            handed.extend(resources)
            return Reading(file=file, format="fhir", as_of=as_of)

    monkeypatch.setitem(sys.modules, "nightcramp.intake.fhir.reader", FakeReader)
    path = zipped(
        tmp_path / "e.zip",
        "apple_health_export/export.xml",
        export(),
        **{
            "apple_health_export__clinical-records__Observation-1_json": json.dumps({"id": "1"}),
            "apple_health_export__clinical-records__Observation-2_json": "{broken",
        },
    )
    found = read_apple_health(path, knowledge())
    assert handed == [{"id": "1"}]
    assert found.account.used["ClinicalRecord"] == 1
    assert found.account.unused["ClinicalRecord"] == {"not valid JSON": 1}


def test_clinical_records_without_their_files_are_told(read) -> None:
    named = '<ClinicalRecord type="x" resourceFilePath="/clinical-records/../../a.json"/>'
    assert read(named).account.unused == {
        "ClinicalRecord": {"its file is not beside export.xml; give export.zip": 1}
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "not an Apple Health export", id="empty"),
        pytest.param("name,date\n", "not an Apple Health export", id="a table"),
        pytest.param("<ClinicalDocument/>", "clinical document", id="the other file"),
        pytest.param(export()[:-16], "stops in the middle", id="cut off"),
        pytest.param(export("<Record"), "damaged", id="damaged"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "export.xml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_apple_health(path, knowledge())
    assert caught.value.hint


def test_the_place_of_the_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_text(export("<Record type='a'/>", "<Record type=>"))
    with pytest.raises(InputError, match=r"export\.xml: line 5, column 14"):
        read_apple_health(path, knowledge())


def test_progress_is_told(tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_text(export(steps(5, "10:00", "10:01")))
    told: list[tuple[int, int]] = []
    read_apple_health(path, knowledge(), progress=lambda done, size: told.append((done, size)))
    assert told[-1] == (path.stat().st_size, path.stat().st_size)
