"""A night: noon to noon in the person's local time, named by the evening's date."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from nightcramp.person.fact import Provenance


class Night(Struct, frozen=True, kw_only=True):
    """What is known of one night and the day before it.

    `cramps`: how many, 0 for "no cramp", None for "not logged". `values`: by measure id (see
    `measures.toml`), in the measure's unit; a measure that is absent was not recorded.
    """

    evening: dt.date
    cramps: int | None = None
    values: dict[str, float] = {}
    note: str = ""
    provenance: tuple[Provenance, ...] = ()
    origins: dict[str, str] = {}
    """By measure id, and "cramps": where it was told; "" is the person's own word."""
    conflicts: tuple[str, ...] = ()
    """What does not fit together in this night, a sentence each; everything told is kept."""


def evening_of(moment: dt.datetime) -> dt.date:
    """Return the evening a local moment belongs to: 03:10 belongs to the evening before."""
    return (moment - dt.timedelta(hours=12)).date()
