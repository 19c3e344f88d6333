"""What a screening found, as tables of Arrow: people, their factors, their medicines."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nightcramp.assess.medicines import PREFIX
from nightcramp.assess.triage import LEVELS
from nightcramp.cohort.people.batch import Account, Batch, Told
from nightcramp.cohort.source.arrays import NEVER, Flags, Floats, Ints, stretches
from nightcramp.cohort.weigh.weighing import Factors, Weigher, Weighings, target
from nightcramp.knowledge.loader import Knowledge

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = ("people", "factors", "medicines")
SEXES = ("male", "female", "")


@dataclass(frozen=True)
class Found:
    """What a screening found in one batch."""

    tables: dict[str, pa.Table]
    account: Account


class Tabulator:
    """Makes the tables of batches; keeps what does not change from one to the next."""

    def __init__(self, weigher: Weigher) -> None:
        self.weigher = weigher
        self.knowledge: Knowledge = weigher.knowledge

    def tables(self, batch: Batch, found: Weighings) -> Found:
        """Return the tables of a batch."""
        rows = _Rows(found.factors, found.profiles.of)
        share = found.factors.share
        weight = share * target(self.weigher, found)[found.factors.who]
        reviewed = weight >= self.knowledge.model.shown_weight
        reviewed &= np.array([n.startswith(PREFIX) for n in found.factors.names])[
            found.factors.what
        ]
        return Found(
            tables={
                "people": self._people(batch, found, weight, reviewed),
                "factors": self._factors(batch, found, rows),
                "medicines": self._medicines(batch, found, rows, reviewed),
            },
            account=batch.account,
        )

    def _people(self, batch: Batch, found: Weighings, weight: Floats, reviewed: Flags) -> pa.Table:
        import pyarrow as pa

        of = found.profiles.of
        flags = [flag.id for flag in self.weigher.red_flags]
        who, which = np.nonzero(found.flags)
        count = len(found.profiles)
        factors = found.factors
        order = np.lexsort((-weight, factors.who))[reviewed[np.lexsort((-weight, factors.who))]]
        plain = [name.removeprefix(PREFIX) for name in factors.names]
        present = _present(factors, self.knowledge.model.present_probability)
        columns = {
            "person_id": pa.array(batch.ids),
            "as_of": _dates(batch.as_of),
            "age": pa.array(batch.age, pa.int16(), mask=batch.age < 0),
            "sex": _named(SEXES, batch.female),
            "marked_on": _dates(batch.marked_on),
            "markers": self._markers(batch),
            "level": _named(LEVELS, found.level[of]),
            "red_flags": _lists(who, which, flags, count).take(pa.array(of)),
            "night_cramp": pa.array(target(self.weigher, found)[of]),
            "unexplained": pa.array(found.unexplained[of]),
            "factors_present": pa.array(
                np.bincount(factors.who[present], minlength=count)[of], pa.int16()
            ),
            "review": _lists(factors.who[order], factors.what[order], plain, count).take(
                pa.array(of)
            ),
        }
        if self.weigher.intervals:
            columns["unexplained_low"] = pa.array(found.unexplained_low[of])
            columns["unexplained_high"] = pa.array(found.unexplained_high[of])
        return pa.table(columns)

    def _markers(self, batch: Batch) -> Any:
        import pyarrow as pa

        names = batch.reader.marker_ids
        different, inverse = np.unique(batch.markers, return_inverse=True)
        kind, place = np.nonzero(different[:, None] >> np.arange(len(names)) & 1)
        return _lists(kind, place, names, len(different)).take(pa.array(inverse))

    def _factors(self, batch: Batch, found: Weighings, rows: _Rows) -> pa.Table:
        import pyarrow as pa

        factors, of = found.factors, rows.factor
        weights = list(factors.weights)
        per_weight = {
            "presence": np.array([one.presence if one else 0.0 for one in weights] or [0.0]),
            "pattern": np.array([one.pattern if one else 1.0 for one in weights] or [1.0]),
        }
        ladder = [one.ladder if one else "possible" for one in weights] or ["possible"]
        columns = {
            "person_id": pa.array(batch.ids[rows.person]),
            "factor": _named(factors.names, factors.what[of]),
            "share": pa.array(factors.share[of]),
            "presence": pa.array(per_weight["presence"][factors.weight[of]]),
            "pattern": pa.array(per_weight["pattern"][factors.weight[of]]),
            "ladder": _named(ladder, factors.weight[of]),
            "since": _dates(self._since(batch, factors, rows)),
        }
        if self.weigher.intervals:
            columns["low"] = pa.array(factors.low[of])
            columns["high"] = pa.array(factors.high[of])
        return pa.table(columns)

    def _since(self, batch: Batch, factors: Factors, rows: _Rows) -> Ints:
        """Return from which day on each factor stands in the record, `NEVER` where none does."""
        known = [self._starts_of_conditions(batch), self._starts_of_medicines(batch)]
        who = np.concatenate([one.who for one in known])
        what = np.concatenate([one.what for one in known])
        since = np.concatenate([one.since for one in known])
        size = len(factors.names)
        key = who * size + what
        order = np.lexsort((since, key))
        key, since = key[order], since[order]
        wanted = rows.person * size + factors.what[rows.factor]
        at = np.searchsorted(key, wanted)
        at = np.minimum(at, max(len(key) - 1, 0))
        if not len(key):
            return np.full(len(wanted), NEVER, np.int64)
        return np.where(key[at] == wanted, since[at], NEVER)

    def _starts_of_conditions(self, batch: Batch) -> Told:
        told = batch.conditions
        places = self._factors_of_conditions(tuple(batch.reader.conditions))
        sizes = np.array([len(one) for one in places])
        flat = np.array([place for one in places for place in one], np.int64)
        begins = np.cumsum(sizes) - sizes
        size = sizes[told.what]
        what = flat[stretches(begins[told.what], size)]
        return Told(np.repeat(told.who, size), what, np.repeat(told.since, size))

    @functools.lru_cache(maxsize=2)  # noqa: B019 - one tabulator a run
    def _factors_of_conditions(self, conditions: tuple[str, ...]) -> list[list[int]]:
        """Return, of each condition, the factors that it settles are there."""
        settled: dict[str, set[str]] = {}
        for name, factor in self.knowledge.factors.items():
            texts = [row.when for row in factor.presence if row.status == "definition"]
            settled[name] = {one for text in texts for one in self.knowledge.names_in(text)}
        return [
            [
                self.weigher.places[name]
                for name, names in settled.items()
                if not names.isdisjoint(_implied(self.knowledge, condition))
            ]
            for condition in conditions
        ]

    def _starts_of_medicines(self, batch: Batch) -> Told:
        taken = batch.medicines
        names = batch.reader.medicines
        places = np.array([self.weigher.places.get(PREFIX + name, -1) for name in names])
        what = places[taken.what]
        mine = what >= 0
        return Told(taken.who[mine], what[mine], taken.since[mine])

    def _medicines(self, batch: Batch, found: Weighings, rows: _Rows, reviewed: Flags) -> pa.Table:
        import pyarrow as pa

        taken = batch.medicines
        lately = batch.lately
        who, what = taken.who[lately], taken.what[lately]
        names = batch.reader.medicines
        places = np.array([self.weigher.places.get(PREFIX + name, -1) for name in names])
        at = rows.find(who, places[what], len(found.factors.names))
        has = at >= 0
        share = np.where(has, found.factors.share[at], np.nan) if len(at) else np.empty(0)
        review = has & reviewed[at] if len(reviewed) else has
        until = np.where(taken.taking, NEVER, taken.until)[lately]
        return pa.table(
            {
                "person_id": pa.array(batch.ids[who]),
                "medicine": _named(names, what),
                "taking": pa.array(taken.taking[lately]),
                "since": _dates(taken.since[lately]),
                "until": _dates(until),
                "share": pa.array(share, mask=~has),
                "review": pa.array(review),
            }
        )


class _Rows:
    """The factors of profiles spread over people: whose each row is, and which factor row."""

    def __init__(self, factors: Factors, of: Ints) -> None:
        begins = np.searchsorted(factors.who, np.arange(of.max(initial=-1) + 2))
        size = (begins[1:] - begins[:-1])[of]
        self.person: Ints = np.repeat(np.arange(len(of)), size)
        self.factor: Ints = stretches(begins[:-1][of], size)
        self._factors, self._of = factors, of

    def find(self, who: Ints, what: Ints, kinds: int) -> Ints:
        """Return the factor row of people's factors, -1 where there is none."""
        key = self._factors.who * kinds + self._factors.what
        wanted = self._of[who] * kinds + what
        at = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
        if not len(key):
            return np.full(len(who), -1)
        return np.where((what >= 0) & (key[at] == wanted), at, -1)


def _implied(knowledge: Knowledge, name: str) -> set[str]:
    found, queue = {name}, [name]
    while queue:
        one = queue.pop()
        fresh = knowledge.follows(one, True).keys() - found
        found |= fresh
        queue += fresh
    return found


def _present(factors: Factors, least: float) -> Flags:
    presence = np.array([one.presence if one else 0.0 for one in factors.weights] or [0.0])
    there: Flags = presence[factors.weight] >= least
    return there


def _named(names: Any, which: Ints) -> Any:
    """Return names by their places as a dictionary column; the last name for -1."""
    import pyarrow as pa

    places = np.where(which < 0, len(names) - 1, which).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(places), pa.array(list(names), pa.string()))


def _dates(days: Ints) -> Any:
    import pyarrow as pa

    empty = days == NEVER
    whole = np.where(empty, 0, days).astype(np.int32)
    return pa.array(whole, pa.int32(), mask=empty).cast(pa.date32())


def _lists(who: Ints, what: Ints, names: list[str], count: int) -> Any:
    """Return one list of names a profile; `who` in order."""
    import pyarrow as pa

    offsets = np.searchsorted(who, np.arange(count + 1)).astype(np.int32)
    places = pa.array(what.astype(np.int32))
    values = pa.DictionaryArray.from_arrays(places, pa.array(names, pa.string()))
    return pa.ListArray.from_arrays(pa.array(offsets), values)
