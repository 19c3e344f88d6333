"""What a person tells the diary, as it was told: entries are added, never changed.

A correction is a new entry that names the one it replaces; taking an entry back is a new entry
that replaces it with nothing. So the history stays, and the same entry may arrive twice.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct

Leg = Literal["left", "right", "both"]
Muscle = Literal[
    "calf", "foot", "toes", "shin", "thigh", "buttock", "hand", "arm", "trunk", "other"
]
Relief = Literal[
    "stretch", "stand", "walk", "massage", "heat", "cold", "medicine", "drink", "nothing", "other"
]


class Cramp(Struct, frozen=True, kw_only=True, tag_field="is", tag="cramp"):
    """One cramp. `at` carries the offset of the person's clock at that moment."""

    at: dt.datetime
    leg: Leg | None = None
    muscles: tuple[Muscle, ...] = ()
    pain: int | None = None
    """0 (none) to 10 (worst imaginable)."""
    minutes: float | None = None
    woke: bool | None = None
    relief: tuple[Relief, ...] = ()
    sore_next_day: bool | None = None
    note: str = ""


class Medicine(Struct, frozen=True, kw_only=True):
    """A medicine taken or missed on one day; `name` is an ingredient's id, or as written."""

    name: str
    taken: bool
    dose: str = ""


class Told(Struct, frozen=True, kw_only=True, tag_field="is", tag="night"):
    """What was told of a whole night and the day before it, together or bit by bit.

    `cramps`: how many that night, 0 for "no cramp", None for "nothing said". `values`: by
    measure id, in the measure's unit, yes as 1 and no as 0; `own:<name>` is what the person
    named.
    """

    evening: dt.date
    cramps: int | None = None
    values: dict[str, float] = {}
    medicines: tuple[Medicine, ...] = ()
    note: str = ""


class Entry(Struct, frozen=True, kw_only=True):
    """One thing told, when and where; `body` None takes back what `replaces` names."""

    id: str
    """32 hexadecimal digits, made where the entry was made."""
    made_at: dt.datetime
    zone: str
    """Name of the time zone in the tz database, or an offset such as +02:00."""
    origin: Literal["terminal", "app", "paper", "program"] = "terminal"
    replaces: str = ""
    body: Cramp | Told | None = None
