"""Makes the example person of the app, as everybody makes theirs: import, diary, findings, trial.

    python docs/example_person.py            writes src/nightcramp/app/example.zip
    python docs/example_person.py --search 60   what other made-up Margarets show

Margaret does not exist. Her nights are simulated (benchmarks/trial_people.py), with two truths
put in: days of unusual effort bring more cramps, and stretching before bed brings fewer. What her
pages say of them is what the same code says to anybody with such nights. She was chosen: of the
first 59 Margarets 23 show both that the effort matters and that the stretching works, and the
nights of the others say less, or "cannot tell" (docs/findings.md, docs/trials.md). That is how
luck enters an example, and nothing else of her was touched.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import random
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

import msgspec
import numpy as np

from diaries import persistent
from nightcramp.app.example import EXAMPLE_NAME, FIRST, MORNING, PACKAGED, ZONE
from nightcramp.assess.known import Known
from nightcramp.diary.clock import moment_at
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.diary.findings import findings_of
from nightcramp.diary.history import Array
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.intake.formats import read_any
from nightcramp.intake.interview import MOST_STEPS, Interview
from nightcramp.intake.merge import merged
from nightcramp.intake.own_record import own_record
from nightcramp.intake.reading import Reading
from nightcramp.intake.told import ToldStory, keep_told
from nightcramp.intake.trial_plan import Wanted, design_of, planned
from nightcramp.intake.trial_run import look_at
from nightcramp.knowledge.loader import knowledge
from nightcramp.store.archive import write_archive
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries
from nightcramp.store.findings import keep_findings
from nightcramp.store.imports import add_import, digest_of
from nightcramp.store.place import placed_at
from nightcramp.store.reading import everything
from nightcramp.store.records import PersonRecord
from nightcramp.store.restore import restore
from nightcramp.store.sqlite import SqlitePlace
from nightcramp.store.trials import keep_lock, keep_look
from nightcramp.trial.gate import unanswered_signs
from nightcramp.trial.lock import Lock, lock, protocol_of
from nightcramp.trial.nights import adherence_key
from nightcramp.trial.protocol import Protocol
from trial_people import Scenario, person

DAY = dt.timedelta(days=1)
NIGHTS = 120
LAST_CRAMP = dt.time(3, 12)
"""When she pressed the button in the night that is only just over."""
LOCKED_AT = dt.datetime(2026, 8, 21, 20, 12)
TRIAL_FIRST = dt.date(2026, 8, 22)
TRIAL_NIGHTS = 84
LOOKED = (42, 63, 84)
"""How many nights of the trial were over on the mornings of her looks."""
SCENARIO = Scenario("margaret", rate=1.8, kappa=0.15, sigma=0.2, rho=0.5, ratio=0.4)
EFFORT = 0.9
"""What a day of unusual effort adds to the log rate of its night."""
NUMBER = 22
"""Which of the made-up Margarets she is; the order of her trial is drawn with it, too."""
TRIAL = "stretch_before_bed-1"
ANSWERS: dict[str, Any] = {
    "age": 72,
    "sex": "female",
    "called_cramp": True,
    "cramp_hard_knot": True,
    "sudden_onset": True,
    "site": ["calf"],
    "side": "either",
    "episode_minutes": 4,
    "at_night": True,
    "wakes_from_sleep": True,
    "relief_stretch": True,
    "sore_afterwards": True,
    "onset": "13 weeks",
    "nights_per_month": 24,
    "cramps_per_night": 2,
    "alcohol_frequency": "two_to_four_a_month",
    "visible_varicose_veins": True,
    "cramps_after_exertion_days": True,
    "muscle_ache_all_over": False,
    "proximal_weakness": False,
    "new_or_hard_exercise": False,
    "polyneuropathy": False,
    "copd": False,
    "smoker": False,
    "sleep_apnoea": False,
    "cirrhosis": False,
}
LINES: dict[str, list[Any]] = {
    "medicines": [
        {"name": "indapamide 1.5 mg", "since": "2026-05-11", "cramps_began_after": True},
        {"name": "simvastatin 40 mg", "since": "2018"},
    ],
    "conditions": ["osteoarthritis of the knees", "no diabetes"],
}


def told_on(day: dt.date, imported: list[Reading]) -> ToldStory:
    """Return what she told in the interview that day: of her cramps, and no warning sign."""
    talk = Interview(knowledge(), ToldStory(), day, imported)
    while (step := talk.next_step(MOST_STEPS)) is not None:
        if step.kind in ("medicines", "conditions"):
            for line in LINES[step.kind]:
                talk.told.add_line(step.kind, line, day)
        else:
            usual = "no" if step.kind == "signs" else "unknown"
            talk.answer({name: ANSWERS.get(name, usual) for name in step.ids})
        talk.done(step)
    for name, value in ANSWERS.items():
        talk.told.answer(name, value, day)
    known = Known(merged([*talk.told.readings(knowledge()), *imported], day), cautious=True)
    for name in list(unanswered_signs(known)):
        talk.told.answer(name, False, day)
    return talk.told


def record() -> dict[str, Any]:
    """Return her record as a practice gives it away: a FHIR bundle."""
    subject = {"reference": "urn:uuid:margaret"}
    coded = "http://snomed.info/sct"
    active = {"coding": [{"code": "active"}]}
    resources: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": "margaret", "gender": "female", "birthDate": "1954-03-02"}
    ]
    for code, text, onset in (
        ("38341003", "Hypertensive disorder", "2015-04-20"),
        ("128060009", "Venous varices", "2009-09-01"),
    ):
        resources.append(
            {
                "resourceType": "Condition",
                "clinicalStatus": active,
                "code": {"coding": [{"system": coded, "code": code}], "text": text},
                "subject": subject,
                "onsetDateTime": onset,
            }
        )
    for text, since in (
        ("Indapamide 1.5 mg modified-release tablets", "2026-05-11"),
        ("Simvastatin 40 mg tablets", "2018-02-05"),
    ):
        resources.append(
            {
                "resourceType": "MedicationStatement",
                "status": "active",
                "medicationCodeableConcept": {"text": text},
                "subject": subject,
                "effectivePeriod": {"start": since},
            }
        )
    for loinc, text, value, unit, low, high in (
        ("2823-3", "Potassium", 3.7, "mmol/L", 3.5, 5.3),
        ("2951-2", "Sodium", 139, "mmol/L", 133, 146),
        ("2160-0", "Creatinine", 78, "umol/L", 49, 90),
        ("19123-9", "Magnesium", 0.84, "mmol/L", 0.7, 1.0),
        ("3016-3", "TSH", 2.1, "mIU/L", 0.3, 4.2),
    ):
        resources.append(
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": loinc}], "text": text},
                "subject": subject,
                "effectiveDateTime": "2026-07-14",
                "valueQuantity": {"value": value, "unit": unit},
                "referenceRange": [{"low": {"value": low}, "high": {"value": high}}],
            }
        )
    entries = [{"resource": resource} for resource in resources]
    entries[0] = {"fullUrl": "urn:uuid:margaret", **entries[0]}
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def clock_at(wall: dt.datetime) -> PersonClock:
    """Return her clock when it showed this."""
    zone = ZoneInfo(ZONE)
    return PersonClock(moment_at(wall, zone), zone, ZONE)


def new_id(dice: random.Random) -> str:
    """Return the id of an entry, the same each time."""
    return uuid.UUID(int=dice.getrandbits(128)).hex


# --- her nights ---


@dataclass(frozen=True)
class Days:
    """What each day held, shape (T,), and whether the night was logged."""

    effort: Array
    coffee: Array
    alcohol: Array
    water: Array
    sleep: Array
    chocolate: Array
    logged: Array


def days_of(number: int) -> Days:
    """Return the days of the Margaret with this number; none of it but the effort acts."""
    dice = np.random.default_rng([number, 20261117])
    weekend = np.array([(FIRST + t * DAY).weekday() >= 5 for t in range(NIGHTS)])
    spell = persistent(dice, NIGHTS, 0.3)
    return Days(
        effort=(spell > 0.75).astype(float),
        coffee=dice.integers(1, 4, NIGHTS).astype(float),
        alcohol=np.where(
            dice.random(NIGHTS) < 0.25 + 0.3 * weekend, dice.integers(1, 3, NIGHTS), 0
        ).astype(float),
        water=np.round(1.4 + 0.3 * dice.standard_normal(NIGHTS), 1).clip(0.6, 2.4),
        sleep=np.round(2 * (6.6 + 0.7 * dice.standard_normal(NIGHTS))).clip(8, 17) / 2,
        chocolate=(dice.random(NIGHTS) < 0.35).astype(float),
        logged=dice.random(NIGHTS) > 0.04,
    )


def followed(number: int) -> Array:
    """Return whether each night went as the trial said, shape (T,)."""
    return np.random.default_rng([number, 8]).random(NIGHTS) > 0.05


def cramps_of(number: int, days: Days, protocol: Protocol | None) -> Array:
    """Return the cramps of each night, given what she did of the trial; shape (T,)."""
    on = np.zeros(NIGHTS)
    done = followed(number)
    for place in range(NIGHTS):
        evening = FIRST + place * DAY
        arm = protocol.arm_of(evening) if protocol else None
        if arm is not None:
            on[place] = (arm.kind == "action") == bool(done[place])
        elif protocol and evening > protocol.last_evening:
            on[place] = 1.0
    made = person(SCENARIO, NIGHTS, number)
    level = made.level + EFFORT * (days.effort - days.effort.mean())
    return replace(made, level=level).lived(on)


# --- told as she would tell it ---


def told_nights(
    number: int, days: Days, cramps: Array, first: int, last: int, protocol: Protocol | None
) -> Iterator[Entry]:
    """Yield the entries of the nights from `first` to before `last`, in the order told."""
    done = followed(number)
    for place in range(first, last):
        if not days.logged[place]:
            continue
        evening, count = FIRST + place * DAY, int(cramps[place])
        dice = random.Random(f"{number} {evening}")
        yield _of_day(evening, place, days, dice)
        yield from _of_cramps(evening, count, dice)
        key = adherence_key(protocol) if protocol and protocol.arm_of(evening) else ""
        values = {key: float(done[place])} if key else {}
        yield _of_morning(evening, count, days.sleep[place], values, dice)


def _of_day(evening: dt.date, place: int, days: Days, dice: random.Random) -> Entry:
    values = {
        "effort_unusual": float(days.effort[place]),
        "caffeine_cups": float(days.coffee[place]),
        "alcohol": float(days.alcohol[place]),
        "water": float(days.water[place]),
        "own:chocolate": float(days.chocolate[place]),
    }
    wall = dt.datetime.combine(evening, dt.time(21, dice.randrange(60)))
    return _entry(wall, Told(evening=evening, values=values), dice)


def _of_cramps(evening: dt.date, count: int, dice: random.Random) -> Iterator[Entry]:
    minutes = sorted(dice.randrange(0, 5 * 60 + 40) for _ in range(count))
    for minute in minutes:
        wall = dt.datetime.combine(evening + DAY, dt.time()) + dt.timedelta(minutes=minute)
        at = clock_at(wall).now
        cramp = Cramp(
            at=at,
            leg=dice.choice(["left", "left", "right"]),
            muscles=(dice.choice(["calf", "calf", "calf", "foot"]),),
            pain=dice.randint(4, 8),
            minutes=float(dice.randint(1, 6)),
            woke=True,
            relief=dice.choice([("stretch",), ("stretch", "stand"), ("stand", "walk")]),
        )
        yield _entry(wall, cramp, dice)


def _of_morning(
    evening: dt.date, count: int, sleep: float, values: dict[str, float], dice: random.Random
) -> Entry:
    wall = dt.datetime.combine(evening + DAY, dt.time(7, dice.randrange(5, 35)))
    body = Told(evening=evening, cramps=count, values={"sleep_hours": float(sleep), **values})
    return _entry(wall, body, dice)


def last_night() -> Iterator[Entry]:
    """Yield what she told of the night just past: one cramp, at the time it came."""
    wall = dt.datetime.combine(MORNING.date(), LAST_CRAMP)
    yield _entry(wall, Cramp(at=clock_at(wall).now), random.Random(f"{wall}"))


def _entry(wall: dt.datetime, body: Cramp | Told, dice: random.Random) -> Entry:
    made = clock_at(wall).now
    return Entry(id=new_id(dice), made_at=made, zone=ZONE, origin="app", body=body)


# --- her year, told to a store ---


def live(number: int, folder: Path) -> None:
    """Let the Margaret with this number live in the current place, up to this morning."""
    _move_in(folder)
    _tell_first(folder)
    days, before = days_of(number), (TRIAL_FIRST - FIRST).days
    cramps = cramps_of(number, days, None)
    _tell(told_nights(number, days, cramps, 0, before, None))
    locked = _locked(f"margaret-{number}")
    cramps = cramps_of(number, days, locked.protocol)
    done = before
    for over in LOOKED:
        _tell(told_nights(number, days, cramps, done, before + over, locked.protocol))
        _look(locked.protocol.first_evening + over * DAY)
        done = before + over
    _tell(told_nights(number, days, cramps, done, NIGHTS, locked.protocol))
    _tell(last_night())
    with opened() as store:
        kept = own_record(store)
        found = findings_of(kept.nights, Known(merged(kept.readings)))
        body = msgspec.json.encode(found).decode()
        now = clock_at(MORNING - dt.timedelta(minutes=5)).now
        keep_findings(store, kept.digest(), now, body)


def _move_in(folder: Path) -> None:
    """Let nobody but her live in the current place."""
    key = uuid.uuid5(uuid.NAMESPACE_URL, "https://nightcramp.invalid/example").hex
    made_at = dt.datetime.combine(FIRST, dt.time(12), dt.UTC)
    path = folder / "nobody.zip"
    with path.open("wb") as handle:
        write_archive(handle, [PersonRecord(key=key, name=EXAMPLE_NAME, made_at=made_at)])
    restore(path, replace=True)


def _tell_first(folder: Path) -> None:
    """Import her record and keep what she told, on the day she began with both."""
    now = clock_at(dt.datetime(2026, 8, 20, 17, 30)).now
    path = Path("practice-record.json")
    with contextlib.chdir(folder), opened() as store:
        path.write_text(json.dumps(record(), indent=1), encoding="utf-8")
        reading = read_any(knowledge(), path, as_of=now.date())
        add_import(store, reading, digest_of(path), now)
        keep_told(store, told_on(now.date(), [reading]), now)


def _tell(entries: Iterator[Entry]) -> None:
    with opened() as store:
        add_entries(store, list(entries))


def _locked(seed: str) -> Lock:
    """Plan and lock her trial, with the order that this seed draws."""
    with opened() as store:
        kept = own_record(store)
    facts = kept.facts(LOCKED_AT.date())
    wanted = Wanted(what="stretch_before_bed", smallest=0.5, longest=TRIAL_NIGHTS)
    design = design_of(planned(wanted, kept, facts))
    locked = lock(protocol_of(design, TRIAL, TRIAL_FIRST, seed), clock_at(LOCKED_AT).now)
    with opened() as store:
        keep_lock(store, locked)
    return locked


def _look(morning: dt.date) -> None:
    """Look at the verdict as she does at breakfast, and keep the look."""
    clock = clock_at(dt.datetime.combine(morning, dt.time(7, 45)))
    with opened() as store:
        kept = own_record(store)
        look = look_at(kept.trials[TRIAL], kept.nights, clock)
        keep_look(store, TRIAL, look)


def write(path: Path, number: int = NUMBER) -> None:
    """Write the archive of her, the same bytes each time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with placed_at(SqlitePlace(folder / "store")):
            live(number, folder)
            with opened() as store, path.open("wb") as handle:
                write_archive(handle, everything(store.connection, store.person))


def shown_by(number: int) -> tuple[str, str]:
    """Return what the nights of a Margaret say of the effort, and her trial of the stretching."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with placed_at(SqlitePlace(folder / "store")):
            live(number, folder)
            with opened() as store:
                kept = own_record(store)
    assert kept.kept is not None
    states = {finding.id: finding.state for finding in kept.kept[1].findings}
    return states["effort_unusual"], kept.trials[TRIAL].looks[-1].verdict.outcome


def main() -> None:
    """Write her, or count what others like her would show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--search", type=int, default=0, metavar="UP_TO")
    wanted = parser.parse_args().search
    for number in range(1, wanted):
        print(number, *shown_by(number), flush=True)
    if not wanted:
        write(PACKAGED)
        print(f"{PACKAGED}: {PACKAGED.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
