"""Rows of people grouped: where groups start, the first and the newest of each."""

from __future__ import annotations

import numpy as np

from nightcramp.cohort.people.batch import Told
from nightcramp.cohort.source.arrays import Ints


def run_starts(key: Ints) -> Ints:
    """Return where each run of equal keys starts."""
    if not len(key):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.append(True, key[1:] != key[:-1]))


def first_of_each(told: Told, kinds: int) -> Told:
    """Return one row a person and thing, with the earliest day."""
    order = np.lexsort((told.since, told.what, told.who))
    who, what, since = told.who[order], told.what[order], told.since[order]
    first = run_starts(who * kinds + what)
    return Told(who[first], what[first], since[first])


def newest(who: Ints, what: Ints, day: Ints, kinds: int) -> Ints:
    """Return the places of the newest row of each person and thing; of one day the last."""
    order = np.lexsort((np.arange(len(who)), day, what, who))
    key = who[order] * kinds + what[order]
    ends = np.append(run_starts(key)[1:], len(key)) - 1 if len(key) else np.empty(0, np.int64)
    found: Ints = order[ends]
    return found


def with_rows(told: Told, rows: list[tuple[int, int]], what: int) -> Told:
    """Return rows with (person, day) of one more thing, in order."""
    who = np.append(told.who, [person for person, _ in rows]).astype(np.int64)
    kind = np.append(told.what, [what] * len(rows)).astype(np.int64)
    since = np.append(told.since, [day for _, day in rows]).astype(np.int64)
    order = np.lexsort((kind, who))
    return Told(who[order], kind[order], since[order])
