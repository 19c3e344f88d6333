"""One person's diary as CSV tables for spreadsheets: nights, cramps, and nights of trials."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nightcramp.diary.corrections import standing
from nightcramp.diary.entry import Cramp, Entry
from nightcramp.diary.nights import nights_of
from nightcramp.errors import InputError
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.person.night import Night, evening_of
from nightcramp.store.database import Store
from nightcramp.store.entries import all_entries
from nightcramp.store.files import private_folder, written_whole
from nightcramp.store.imports import stored_readings
from nightcramp.store.trials import KeptTrial, kept_trials
from nightcramp.trial.nights import trial_nights

NIGHTS, CRAMPS = "nights.csv", "cramps.csv"
TRIALS, EVENTS = "trials.csv", "trial_events.csv"
CRAMP_COLUMNS = (
    "evening",
    "at",
    "leg",
    "muscles",
    "pain",
    "minutes",
    "woke",
    "relief",
    "sore_next_day",
    "note",
)
TRIAL_COLUMNS = ("trial", "evening", "block", "arm", "counts", "outcome", "followed")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_tables(store: Store, folder: Path) -> list[Path]:
    """Write the tables into a folder; raises InputError where one of them is already."""
    tables = tables_of(store)
    paths = [folder / name for name in tables]
    for path in paths:
        refuse_existing(path)
    private_folder(folder)
    for path, content in zip(paths, tables.values(), strict=True):
        with written_whole(path) as handle:
            handle.write(content)
    return paths


def tables_of(store: Store) -> dict[str, bytes]:
    """Return the tables of the store's person by file name, in UTF-8 with its mark."""
    entries = all_entries(store)
    imported = [reading.nights for reading in stored_readings(store)]
    nights = nights_of(entries, imported, knowledge().measures)
    tables = {NIGHTS: night_table(nights), CRAMPS: cramp_table(entries)}
    if trials := kept_trials(store):
        tables[TRIALS] = trial_table(trials.values(), nights, dt.date.today())
        tables[EVENTS] = event_table(trials)
    return {name: text.encode("utf-8-sig") for name, text in tables.items()}


def refuse_existing(path: Path) -> None:
    """Raise InputError if something is there: an export overwrites nothing."""
    if path.exists():
        there = _("this file is there already")
        raise InputError(there, where=str(path), hint=_("Name another."))


def night_table(nights: Sequence[Night]) -> str:
    """Return a row for every night: cramps, then each measure that any night has."""
    measures = sorted({name for night in nights for name in night.values})
    rows: list[list[object]] = [["evening", "cramps", *measures, "note", "conflicts"]]
    for night in nights:
        values = [night.values.get(name) for name in measures]
        conflicts = " ".join(night.conflicts)
        rows.append([night.evening, night.cramps, *values, night.note, conflicts])
    return _csv(rows)


def cramp_table(entries: Iterable[Entry]) -> str:
    """Return a row for every cramp that was logged and still holds, earliest first."""
    cramps = [entry.body for entry in standing(entries) if isinstance(entry.body, Cramp)]
    rows: list[list[object]] = [list(CRAMP_COLUMNS)]
    for cramp in sorted(cramps, key=lambda cramp: cramp.at.isoformat()):
        told = [getattr(cramp, name) for name in CRAMP_COLUMNS[2:]]
        rows.append([evening_of(cramp.at), cramp.at.isoformat(), *told])
    return _csv(rows)


def trial_table(trials: Iterable[KeptTrial], nights: Sequence[Night], today: dt.date) -> str:
    """Return a row for every night of every trial that is over by now.

    In a blind trial that goes on, the arm is the number of the pack.
    """
    rows: list[list[object]] = [list(TRIAL_COLUMNS)]
    for trial in trials:
        protocol, told = trial.protocol, trial_nights(trial.protocol, nights)
        lived = (min(today, trial.stopped or today) - protocol.first_evening).days
        for place in range(min(lived, protocol.nights)):
            evening = protocol.first_evening + dt.timedelta(days=place)
            block, done = int(told.block[place]), told.done[place]
            arm = _arm(trial, block, trial.order_open(today))
            values = [bool(told.counted[place]), _known(told.outcome[place]), _known(done)]
            rows.append([protocol.id, evening, block + 1, arm, *values])
    return _csv(rows)


def _arm(trial: KeptTrial, block: int, is_open: bool) -> str:
    if block < 0:
        return ""
    arm = trial.protocol.arms[trial.protocol.schedule[block]]
    return arm.label if is_open else f"pack {block + 1}"


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def event_table(trials: Mapping[str, KeptTrial]) -> str:
    """Return a row for everything that happened in trials, in the order it was told."""
    rows: list[list[object]] = [["trial", "kind", "told", "evening", "other", "note"]]
    for name, trial in trials.items():
        for one in trial.events:
            told = [one.kind, one.at.isoformat(), one.evening, one.other, one.note]
            rows.append([name, *told])
    return _csv(rows)


def _csv(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """Return a value as a cell; text that a spreadsheet would calculate stays text."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
