"""Events as arrays of NumPy, cut between people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EPOCH = dt.date(1970, 1, 1)
"""The day from which days are counted."""
MOST_SUPPLY = 3660
"""No supply of a medicine is taken to last longer, in days."""
NEVER = int(np.iinfo(np.int32).min)
"""Stands for no day."""
COLUMNS = ("person", "token", "start", "end", "value", "low", "high")
ROWS_AT_ONCE = 1_000_000
"""So many events are read together: more take more memory, fewer repeat more work."""


@dataclass(frozen=True)
class Events:
    """Rows of events of whole people, ordered by person, token, day and row.

    `person`, `row`: ids. `token`: numbers of tokens. `start`, `end`: days since 1970-01-01,
    `NEVER` where empty. `value`, `low`, `high`: NaN where empty. All of shape (events,).
    """

    person: Ints
    token: Ints
    start: Ints
    end: Ints
    value: Floats
    low: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.person)

    def where(self, keep: Any) -> Events:
        """Return some of the rows."""
        return Events(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))


def stretches(begin: Ints, size: Ints) -> Ints:
    """Return begin, begin + 1, ... of each stretch, one stretch after the other."""
    within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    places: Ints = np.repeat(begin, size) + within
    return places


def birth_days(year: Ints, rest: Ints) -> Ints:
    """Return days of birth from the year and month * 100 + day (0 where unknown); NEVER if none.

    The middle of a month or a year left open, as for dates of records.
    """
    known = (year >= 1850) & (year <= 9000)
    month, day = rest // 100, rest % 100
    whole = (month >= 1) & (month <= 12)
    month, day = np.where(whole, month, 7), np.where(whole, np.where(day, day, 15), 1)
    months = (np.where(known, year, 1970) - 1970) * 12 + month - 1
    first = months.astype("datetime64[M]")
    size = ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.int64)
    day = np.where(day <= size, day, 15)
    days: Ints = first.astype("datetime64[D]").astype(np.int64) + day - 1
    return np.where(known, days, NEVER)


def batches(events: Iterator[pa.RecordBatch], rows: int = ROWS_AT_ONCE) -> Iterator[Events]:
    """Yield events in their order, cut between people, about so many rows at a time."""
    waiting: list[Events] = []
    count = 0
    for batch in events:
        waiting.append(arrays(batch))
        count += batch.num_rows
        if count >= rows:
            whole_people, rest = _cut(_joined(waiting))
            waiting, count = [rest], len(rest)
            if len(whole_people):
                yield whole_people
    if waiting and count:
        yield _joined(waiting)


def arrays(batch: Any) -> Events:
    """Return a batch of Arrow, or a table of it, as arrays of NumPy."""

    def ints(name: str) -> Any:
        column = batch.column(name)
        column = column.fill_null(NEVER) if column.null_count else column
        return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.int64)

    def floats(name: str) -> Any:
        column = batch.column(name).to_numpy(zero_copy_only=False)
        return np.asarray(column, np.float64)

    return Events(*(ints(name) for name in COLUMNS[:4]), *(floats(name) for name in COLUMNS[4:]))


def _joined(parts: list[Events]) -> Events:
    if len(parts) == 1:
        return parts[0]
    return Events(*(np.concatenate([getattr(p, name) for p in parts]) for name in COLUMNS))


def _cut(events: Events) -> tuple[Events, Events]:
    """Return the events of all people but the last, and those of the last."""
    at = int(np.searchsorted(events.person, events.person[-1])) if len(events) else 0
    return events.where(slice(0, at)), events.where(slice(at, None))
