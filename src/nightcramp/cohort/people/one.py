"""One person of a database as a record of their own."""

from __future__ import annotations

import datetime as dt

from nightcramp.cohort.people.person import Event, seen
from nightcramp.cohort.source.address import opened
from nightcramp.cohort.source.arrays import EPOCH, NEVER, Events, arrays
from nightcramp.cohort.source.database import read_source
from nightcramp.cohort.source.tokens import Token
from nightcramp.errors import InputError
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.person.facts import Facts


def facts_of_person(
    address: str, person: int, knowledge: Knowledge, day: dt.date | None = None
) -> Facts:
    """Return the facts of one person of a database; raises InputError where there is none."""
    with opened(address) as database:
        source = read_source(database, knowledge)
        everything = source.ordered(lambda token: True)
        mine = everything.filter(everything.person == person).to_pyarrow()
    events = arrays(mine.combine_chunks())
    if not len(events):
        raise InputError(_("holds no person {number}").format(number=person), where=database.shown)
    number = (day - EPOCH).days if day else None
    found = seen(listed(events, source.tokens), knowledge, day=number, file=database.shown)
    if found is None:
        raise InputError(
            _("person {number} is not observed then, or has no day of birth").format(number=person),
            where=database.shown,
            hint=_("`--as-of` takes a day on which the person is observed."),
        )
    return Facts(knowledge, found.facts)


def listed(events: Events, tokens: list[Token]) -> list[Event]:
    """Return rows of events as single events."""
    return [
        Event(
            token=tokens[events.token[row]],
            start=_day(events.start[row]),
            end=_day(events.end[row]),
            value=_number(events.value[row]),
            low=_number(events.low[row]),
            high=_number(events.high[row]),
        )
        for row in range(len(events))
    ]


def _day(value: int) -> int | None:
    return None if value == NEVER else int(value)


def _number(value: float) -> float | None:
    return None if value != value else float(value)
