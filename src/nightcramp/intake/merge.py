"""Merges the facts of several files, or of the person's database, into one person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from nightcramp.intake.formats import read_any
from nightcramp.intake.reading import Reading, moved
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.facts import Facts


def read_facts(files: Iterable[Path], as_of: dt.date | None = None) -> Facts:
    """Return the facts of all files together; raises InputError for the first unusable one."""
    known = knowledge()
    return merged([read_any(known, path, as_of=as_of) for path in files], as_of)


def merged(readings: list[Reading], as_of: dt.date | None = None) -> Facts:
    """Return the facts of readings as one person's, counted back from one date.

    The date is the one given, else the newest among the readings.
    """
    date = as_of or max((reading.as_of for reading in readings), default=dt.date.today())
    return Facts(knowledge(), [fact for reading in readings for fact in moved(reading, date)])
