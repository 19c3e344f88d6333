"""When a person wants to be reminded, and by which addresses; what was sent, and what failed.

The addresses may hold secrets: they lie in `app.db`, its owner's only, and are never logged.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Row, select, update
from sqlalchemy.dialects.sqlite import insert

from nightcramp.app.access.database import access, reminder

Part = Literal["evening", "morning"]
PARTS: tuple[Part, ...] = ("evening", "morning")


class Reminders(Struct, frozen=True, kw_only=True):
    """What one person wants to be reminded of, by the clock of their zone, "" for never.

    `sent`: the days on which the last ones were sent. `fault`: the day since which an address
    could not be reached, "" where all is well.
    """

    evening: str = "21:00"
    morning: str = "08:00"
    addresses: tuple[str, ...] = ()
    evening_sent: str = ""
    morning_sent: str = ""
    fault: str = ""

    def at(self, part: Part) -> dt.time | None:
        """Return when a part of the day is to be thought of."""
        told = self.evening if part == "evening" else self.morning
        return dt.time.fromisoformat(told) if told else None

    def sent(self, part: Part) -> str:
        """Return the day on which it was last sent, "" for never."""
        return self.evening_sent if part == "evening" else self.morning_sent


def reminders_of(person: str) -> Reminders:
    """Return what a person wants, by their key."""
    with access() as connection:
        row = connection.execute(select(reminder).where(reminder.c.person == person)).first()
    return Reminders() if row is None else _reminders(row)


def all_reminders() -> dict[str, Reminders]:
    """Return what everybody wants who gave an address, by their key."""
    with access() as connection:
        rows = connection.execute(select(reminder).where(reminder.c.addresses != "[]"))
        return {row.person: _reminders(row) for row in rows}


def keep_reminders(person: str, wanted: Reminders) -> None:
    """Keep what a person wants."""
    values = {name: getattr(wanted, name) for name in Reminders.__struct_fields__}
    values["addresses"] = msgspec.json.encode(wanted.addresses).decode()
    with access(writing=True) as connection:
        statement = insert(reminder).values(person=person, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["person"], set_=values))


def note_sent(person: str, part: Part, day: str) -> bool:
    """Note that one is being sent on a day; return whether nobody else had noted it before."""
    column = reminder.c[f"{part}_sent"]
    with access(writing=True) as connection:
        mine = update(reminder).where(reminder.c.person == person, column != day)
        return connection.execute(mine.values({column.name: day})).rowcount == 1


def note_fault(person: str, day: str) -> None:
    """Note that an address could not be reached on a day, or with "" that all is well."""
    with access(writing=True) as connection:
        mine = update(reminder).where(reminder.c.person == person)
        connection.execute(mine.values(fault=day))


def _reminders(row: Row[Any]) -> Reminders:
    values = {name: getattr(row, name) for name in Reminders.__struct_fields__}
    values["addresses"] = msgspec.json.decode(row.addresses, type=tuple[str, ...])
    return Reminders(**values)
