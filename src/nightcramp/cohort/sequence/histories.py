"""Who was observed from when to when, and what was recorded of them: arrays for a whole population.

A history is one observation period of one person. Somebody with several has several histories;
what began before one of them, recorded or known from an earlier period, is not new in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nightcramp.cohort.source.arrays import MOST_SUPPLY, birth_days, stretches
from nightcramp.cohort.source.arrays import NEVER as NO_DAY
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

if TYPE_CHECKING:
    import pyarrow as pa

    from nightcramp.cohort.source.tokens import Token

Days = NDArray[np.int32]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEVER = int(np.iinfo(np.int32).max)
"""A day that does not come: not recorded, not known, without an end."""
BEFORE = int(np.iinfo(np.int32).min)
"""A day before somebody's observation began; which one does not matter."""
RECORDED = ("condition", "operation", "treatment", "medicine")
COLUMNS = ("person", "token", "start", "end", "value")


@dataclass(frozen=True)
class Spells:
    """Stretches of days, first and last included, sorted by owner and start (all of one length).

    `who`: place of the owner; `end`: NEVER where none is recorded.
    """

    who: Whole
    start: Days
    end: Days

    def __len__(self) -> int:
        return len(self.who)


NOTHING = Spells(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))


@dataclass(frozen=True)
class Histories:
    """Observation periods, sorted by person; all arrays but `records` are of one length.

    `person`: ids. `owner`: place of the person, counted from 0. `entry`, `exit`: first and last
    day of observation. `born`: NEVER where unknown. `female`: 1, 0, or -1 where unknown. Days
    since 1970-01-01. `records`: by `kind:id`, spells whose `who` is an owner.
    """

    person: Whole
    owner: Whole
    entry: Days
    exit: Days
    born: Days
    female: NDArray[np.int8]
    records: Mapping[str, Spells]

    def __len__(self) -> int:
        return len(self.person)

    @property
    def people(self) -> int:
        """Return how many people there are."""
        return int(self.owner[-1]) + 1 if len(self) else 0

    def first(self, ids: Iterable[str]) -> Days:
        """Return the day of a person's very first record of any of these, for each history.

        BEFORE where it came before the history, NEVER where it came after it or not at all.
        """
        earliest = np.full(self.people, NEVER, np.int32)
        for spells in self._recorded(ids):
            np.minimum.at(earliest, spells.who, spells.start)
        day = earliest[self.owner]
        known = np.where(day > self.exit, np.int32(NEVER), day)
        return np.where(day < self.entry, np.int32(BEFORE), known)

    def spells(self, ids: Iterable[str], *, gap: int = -1, lasts: int = 1) -> Spells:
        """Return the spells of any of these, `who` the place of a history.

        Those with at most `gap` days between them are one (below 0: none are joined). One without
        an end lasts `lasts` days.
        """
        parts = list(self._recorded(ids))
        if not parts:
            return NOTHING
        who = np.concatenate([one.who for one in parts])
        start = np.concatenate([one.start for one in parts])
        end = np.concatenate([one.end for one in parts])
        end = np.where(end == NEVER, start + max(lasts, 1) - 1, end).astype(np.int32)
        return joined(self._by_history(who, start, np.maximum(end, start)), gap)

    def _recorded(self, ids: Iterable[str]) -> Iterable[Spells]:
        return (self.records[name] for name in dict.fromkeys(ids) if name in self.records)

    def _by_history(self, who: Whole, start: Days, end: Days) -> Spells:
        """Return spells of owners as spells of each of their histories."""
        first = np.searchsorted(self.owner, who)
        count = np.searchsorted(self.owner, who, side="right") - first
        return in_order(stretches(first, count), np.repeat(start, count), np.repeat(end, count))


def in_order(who: ArrayLike, start: ArrayLike, end: ArrayLike) -> Spells:
    """Return spells sorted by owner and start."""
    owners = np.asarray(who, np.int64)
    starts, ends = np.asarray(start, np.int32), np.asarray(end, np.int32)
    order = np.lexsort((starts, owners))
    return Spells(owners[order], starts[order], ends[order])


def joined(spells: Spells, gap: int) -> Spells:
    """Return sorted spells, one for those of an owner with at most `gap` days between them."""
    if gap < 0 or not len(spells):
        return spells
    latest = _latest_so_far(spells)
    new = np.ones(len(spells), np.bool_)
    new[1:] = (spells.who[1:] != spells.who[:-1]) | (
        spells.start[1:].astype(np.int64) > latest[:-1] + gap + 1
    )
    heads = np.flatnonzero(new)
    tails = np.append(heads[1:], len(spells)) - 1
    return Spells(spells.who[heads], spells.start[heads], latest[tails].astype(np.int32))


def _latest_so_far(spells: Spells) -> Whole:
    """Return, for each spell, the last day of it and those before it of the same owner."""
    span = np.int64(2) ** 33
    keyed = spells.who * span + spells.end.astype(np.int64)
    latest: Whole = np.maximum.accumulate(keyed) - spells.who * span
    return latest


def from_arrays(
    *,
    person: ArrayLike,
    entry: ArrayLike,
    exit: ArrayLike,  # noqa: A002
    born: ArrayLike | None = None,
    female: ArrayLike | None = None,
    records: Mapping[str, Spells] | None = None,
) -> Histories:
    """Return histories from arrays of one length, sorted by person; periods must not overlap.

    `records`: spells by `kind:id`, their `who` counting people in the order of `person`.
    """
    people = np.asarray(person, np.int64)
    size = len(people)
    return Histories(
        person=people,
        owner=np.cumsum(np.diff(people, prepend=people[:1]) != 0),
        entry=np.asarray(entry, np.int32),
        exit=np.asarray(exit, np.int32),
        born=np.full(size, NEVER, np.int32) if born is None else np.asarray(born, np.int32),
        female=np.full(size, -1, np.int8) if female is None else np.asarray(female, np.int8),
        records=dict(records or {}),
    )


def from_events(events: pa.Table, tokens: Sequence[Token]) -> Histories:
    """Return the histories in a table of events (see `events.py`), sorted by person.

    Periods of observation that overlap or touch are one, and end with death. A birth is told by
    its year (`start`) and month * 100 + day (`end`); whose births differ has none. What is dated
    before it is left out, and so are people without observation. Raises InputError where a column
    is missing.
    """
    column = {name: _column(events, name) for name in COLUMNS}
    people, who = np.unique(column["person"], return_inverse=True)
    kinds = np.array([token.kind for token in tokens])[column["token"]]
    start, end, value = column["start"], column["end"], column["value"]
    born, female = _births(len(people), who, start, end, value, kinds == "born")
    periods = _periods(len(people), who, start, end, kinds)
    seen, owner = np.unique(periods.who, return_inverse=True)
    place = np.full(len(people), -1, np.int64)
    place[seen] = np.arange(len(seen))
    kept = (place[who] >= 0) & (start != NEVER) & ((born[who] == NEVER) | (start >= born[who]))
    kept &= np.isin(kinds, RECORDED)
    until = _until(start, end, value, kinds)
    return Histories(
        person=people[periods.who].astype(np.int64),
        owner=owner.astype(np.int64),
        entry=periods.start,
        exit=periods.end,
        born=born[periods.who],
        female=female[periods.who],
        records=_records(place[who], column["token"], start, until, np.flatnonzero(kept), tokens),
    )


def _periods(size: int, who: Whole, start: Days, end: Days, kinds: NDArray[Any]) -> Spells:
    """Return the periods in which people were observed and alive, apart from each other."""
    observed, died = (kinds == "observed") & (start != NEVER), kinds == "died"
    until = np.where(end == NEVER, start, np.maximum(start, end))
    periods = joined(in_order(who[observed], start[observed], until[observed]), 0)
    death = np.full(size, NEVER, np.int32)
    np.minimum.at(death, who[died], start[died])
    last = np.minimum(periods.end, death[periods.who])
    alive = last >= periods.start
    return Spells(periods.who[alive], periods.start[alive], last[alive])


def _until(start: Days, end: Days, value: NDArray[np.float64], kinds: NDArray[Any]) -> Days:
    """Return last days: as recorded, else by the days a medicine was supplied for (`value`)."""
    there = (end != NEVER) & (end >= start)
    supplied = (kinds == "medicine") & (value >= 1) & (start != NEVER)
    days = np.where(supplied, np.minimum(value, MOST_SUPPLY), 1).astype(np.int32)
    known = np.where(supplied, np.where(supplied, start, 0) + days - 1, NEVER)
    return np.where(there, end, known).astype(np.int32)


def _column(events: pa.Table, name: str) -> NDArray[Any]:
    """Return a column without gaps: days that are missing never come, values are no number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name not in events.column_names:
        raise InputError(
            _("has no column {name!r}").format(name=name),
            where=_("events"),
            hint=_("It needs: {names}.").format(names=", ".join(COLUMNS)),
        )
    kind = {"person": pa.int64(), "value": pa.float64()}.get(name, pa.int32())
    empty = float("nan") if name == "value" else NEVER
    return np.asarray(pc.fill_null(events[name].cast(kind), empty).to_numpy())


def _births(
    size: int, who: Whole, year: Days, rest: Days, value: NDArray[np.float64], told: Flags
) -> tuple[Days, NDArray[np.int8]]:
    """Return each person's day of birth and sex, as far as they are known and not told apart."""
    days = birth_days(year[told].astype(np.int64), np.where(rest[told] == NEVER, 0, rest[told]))
    days = np.where(days == NO_DAY, NEVER, days)
    first, last = np.full(size, NEVER, np.int32), np.full(size, BEFORE, np.int32)
    np.minimum.at(first, who[told], days)
    np.maximum.at(last, who[told], days)
    female = np.full(size, -1, np.int8)
    sexed = told & ~np.isnan(value)
    female[who[sexed]] = value[sexed].astype(np.int8)
    return np.where(first == last, first, NEVER).astype(np.int32), female


def _records(
    owner: Whole, number: Days, start: Days, end: Days, kept: Whole, tokens: Sequence[Token]
) -> dict[str, Spells]:
    """Return what was recorded in the kept rows, by `kind:id`."""
    kept = kept[np.argsort(number[kept], kind="stable")]
    found: dict[str, list[Whole]] = {}
    for rows in np.split(kept, np.flatnonzero(np.diff(number[kept])) + 1) if len(kept) else []:
        token = tokens[int(number[rows[0]])]
        found.setdefault(f"{token.kind}:{token.id}", []).append(rows)
    return {
        name: in_order(owner[rows], start[rows], end[rows])
        for name, rows in ((name, np.concatenate(parts)) for name, parts in found.items())
    }
