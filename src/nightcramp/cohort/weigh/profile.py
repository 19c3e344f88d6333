"""People who cannot be told apart by what the knowledge reads, so that each is weighed once.

A person is a set of atoms with values. Every (atom, value) has a random 64-bit number; the sum
of those that a record reads is the key under which what the record says is kept. Two different
sets have the same key with a probability of 2**-64.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightcramp.assess.known import lineage
from nightcramp.cohort.people.batch import Batch, Measured
from nightcramp.cohort.source.arrays import Flags, Floats, Ints, stretches
from nightcramp.cohort.weigh.reading import Cuts, reads_of
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Lab

Keys = NDArray[np.uint64]

NO_CUTS = Cuts(())
EVERYBODYS = frozenset({"age", "sex"})
"""What nearly everybody has."""


@dataclass(frozen=True)
class Profiles:
    """The different people of a batch.

    `of`: of each person, the number of their profile. `example`: of each profile, a person.
    `who`, `atom`: the atoms of the profiles by the numbers of `Atoms`, ordered by atom.
    """

    of: Ints
    example: Ints
    who: Ints
    atom: Ints

    def __len__(self) -> int:
        return len(self.example)


class Atoms:
    """The numbers of all (atom, value) met so far, and what they hash to."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.reads = reads_of(knowledge)
        self.named: list[str] = []
        self._numbers: dict[tuple[str, Any], int] = {}
        self._hashes: list[int] = []

    @property
    def hashes(self) -> Keys:
        """Return the random number of each (atom, value), shape (numbers,)."""
        return np.array(self._hashes, np.uint64)

    def number(self, atom: str, value: Any) -> int:
        """Return the number of an atom with a value."""
        key = atom, value
        if key not in self._numbers:
            self._numbers[key] = len(self.named)
            self.named.append(atom)
            written = f"{atom}={value!r}".encode()
            digest = hashlib.blake2b(written, digest_size=8).digest()
            self._hashes.append(int.from_bytes(digest, "big"))
        return self._numbers[key]

    def told(self, name: str, value: Any) -> list[int]:
        """Return the atoms of an answer or a condition, with all that follows from it."""
        found: list[int] = []
        queue, seen = [(name, value)], {(name, value)}
        while queue:
            one, said = queue.pop()
            if one in self.reads.all:
                found.append(self.number(one, self.cell(one, said)))
            for following in self.knowledge.follows(one, said).items():
                if following not in seen:
                    seen.add(following)
                    queue.append(following)
        return found

    def taken(self, medicine: str, taking: bool, lately: bool, since: float) -> list[int]:
        """Return the atoms of a medicine; `lately`: it is taken, or was not long ago."""
        found = []
        for name in lineage(self.knowledge, medicine):
            if f"med:{name}" in self.reads.all:
                found.append(self.number(f"med:{name}", taking))
            if (atom := f"since:{name}") in self.reads.all:
                found.append(self.number(atom, self.cell(atom, since)))
        if medicine in self.reads.medicines:
            found.append(self.number(f"use:{medicine}", (taking, lately)))
        return found

    def cell(self, atom: str, value: Any) -> Any:
        """Return between which cuts a number lies, or the value itself where that counts."""
        cuts = self.reads.cuts.get(atom, NO_CUTS)
        if isinstance(value, bool | str) or cuts.exact or not isinstance(value, int | float):
            return value
        below = sum(cut < value for cut in cuts.at)
        return below, value in cuts.at


def profiles_of(batch: Batch, atoms: Atoms) -> Profiles:
    """Return the different people of a batch."""
    who, atom = _all_rows(batch, atoms)
    order = np.argsort(who * len(atoms.named) + atom, kind="stable")
    who, atom = who[order], atom[order]
    fresh = np.ones(len(who), bool)
    fresh[1:] = (who[1:] != who[:-1]) | (atom[1:] != atom[:-1])
    who, atom = who[fresh], atom[fresh]
    key = np.zeros(len(batch), np.uint64)
    np.add.at(key, who, atoms.hashes[atom])
    _keys, example, of = np.unique(key, return_index=True, return_inverse=True)
    place = np.full(len(batch), -1)
    place[example] = np.arange(len(example))
    mine = place[who]
    who, atom = mine[mine >= 0], atom[mine >= 0]
    by_atom = np.argsort(atom, kind="stable")
    return Profiles(of, example, who[by_atom], atom[by_atom])


def _all_rows(batch: Batch, atoms: Atoms) -> tuple[Ints, Ints]:
    """Return (person, atom) of everything told of a batch; some rows may repeat."""
    pairs = list(_tables(batch, atoms))
    who = [one for one, _ in pairs] or [np.empty(0, np.int64)]
    atom = [one for _, one in pairs] or [np.empty(0, np.int64)]
    return np.concatenate(who), np.concatenate(atom)


def _tables(batch: Batch, atoms: Atoms) -> Iterator[tuple[Ints, Ints]]:
    reader = batch.reader
    everybody = np.arange(len(batch))
    aged, sexed = batch.age >= 0, batch.female >= 0
    yield _spread(everybody[aged], batch.age[aged], lambda age: atoms.told("age", float(age)))
    yield _spread(
        everybody[sexed],
        batch.female[sexed],
        lambda one: atoms.told("sex", "female" if one else "male"),
    )
    for told, value in ((batch.conditions, True), (batch.denied, False)):
        yield _spread(
            told.who, told.what, lambda what, v=value: atoms.told(reader.conditions[what], v)
        )
    tokens = reader.tokens
    yield _spread(
        batch.answers.who,
        batch.answers.what,
        lambda what: atoms.told(tokens[what].id, tokens[what].value),
    )
    yield from _number_rows(batch, atoms)
    yield from _taken_rows(batch, atoms)
    yield from _lab_rows(batch, atoms)


def _number_rows(batch: Batch, atoms: Atoms) -> Iterator[tuple[Ints, Ints]]:
    numbers, values = batch.numbers
    for what in np.unique(numbers.what).tolist():
        mine, name = numbers.what == what, batch.reader.tokens[what].id
        yield _spread(numbers.who[mine], values[mine], partial(atoms.told, name))


def _lab_rows(batch: Batch, atoms: Atoms) -> Iterator[tuple[Ints, Ints]]:
    labs = batch.labs
    for what in np.unique(labs.what).tolist():
        mine = labs.what == what
        lab = batch.reader.labs[what]
        one = Measured(*(getattr(labs, name)[mine] for name in labs.__dataclass_fields__))
        if f"lab:{lab}" in atoms.reads.all:
            yield _spread(one.who, _between(lab, one, atoms), partial(atoms.number, f"lab:{lab}"))
        for least, most in atoms.reads.spans.get(f"value:{lab}", ()):
            counting = np.clip(one.value, least, most)
            yield _spread(one.who, counting, partial(atoms.number, f"value:{lab}"))


def _between(lab: str, one: Measured, atoms: Atoms) -> Ints:
    """Return a number for where each result lies: among all cuts, and by its own limits."""
    cell = _cells(one.value, atoms.reads.cuts.get(f"lab:{lab}", NO_CUTS).at)
    for limit in (one.low, one.high):
        above = (one.value > limit).astype(np.int64) - (one.value < limit)
        cell = cell * 4 + np.where(np.isnan(limit), 3, above + 1)
    times = atoms.reads.cuts.get(f"times:{lab}")
    if times is not None:
        for ratio in _times_upper(one, atoms.knowledge.labs[lab]):
            cell = cell * (2 * len(times.at) + 2) + _cells(ratio, times.at)
    return cell


def _times_upper(one: Measured, lab: Lab) -> Iterator[Floats]:
    """Yield how many times the upper limit results are, for each limit that may be meant."""
    uppers = [one.high, *(np.full(len(one.who), row.high) for row in lab.ranges if row.high)]
    for upper in uppers:
        known = np.nan_to_num(upper) != 0
        yield np.divide(one.value, upper, out=np.zeros(len(one.who)), where=known)


def _cells(value: Floats, cuts: tuple[float, ...]) -> Ints:
    """Return between which cuts values lie; a value on a cut has a place of its own."""
    at = np.array(cuts)
    return 2 * np.searchsorted(at, value) + np.isin(value, at)


def _taken_rows(batch: Batch, atoms: Atoms) -> Iterator[tuple[Ints, Ints]]:
    taken = batch.medicines
    days = batch.as_of[taken.who] - taken.since
    of_starts = (v.at for k, v in atoms.reads.cuts.items() if k.startswith("since:"))
    cuts = tuple(sorted({cut for at in of_starts for cut in at}))
    cell = _cells(days.astype(np.float64), cuts)
    kinds = 2 * len(cuts) + 2
    _cells_there, example = np.unique(cell, return_index=True)
    day_of = dict(zip(_cells_there.tolist(), days[example].tolist(), strict=True))
    medicines = batch.reader.medicines

    def atoms_of(code: int) -> list[int]:
        use, at = divmod(code, kinds)
        what, how = divmod(use, 4)
        taking, lately = bool(how & 1), bool(how & 2)
        return atoms.taken(medicines[what], taking, lately, float(day_of[at]))

    how = taken.taking + 2 * batch.lately
    yield _spread(taken.who, (taken.what * 4 + how) * kinds + cell, atoms_of)


def _spread(who: Ints, what: Any, atoms_of: Any) -> tuple[Ints, Ints]:
    """Return (who, atom) for what was told; asked once for each different thing."""
    different, inverse = np.unique(what, return_inverse=True)
    found = [atoms_of(one) for one in different.tolist()]
    return _repeated(who, inverse, [[one] if isinstance(one, int) else one for one in found])


def _repeated(who: Ints, inverse: Ints, found: list[list[int]]) -> tuple[Ints, Ints]:
    sizes = np.array([len(one) for one in found], np.int64)
    flat = np.array([atom for one in found for atom in one], np.int64)
    begins = np.cumsum(sizes) - sizes
    size = sizes[inverse]
    return np.repeat(who, size), flat[stretches(begins[inverse], size)]


class Keyed:
    """The keys of all profiles for what one record reads.

    Most people have nothing that a record reads but an age and a sex, of which there are few
    kinds; only the others are told apart one by one.
    """

    def __init__(self, profiles: Profiles, atoms: Atoms) -> None:
        self.profiles = profiles
        self.atoms = atoms
        self._hash = atoms.hashes
        numbers = np.arange(len(atoms.named) + 1)
        self._begins = np.searchsorted(profiles.atom, numbers)
        self._by_name: dict[str, list[int]] = {}
        for number in np.flatnonzero(np.diff(self._begins)).tolist():
            self._by_name.setdefault(atoms.named[number], []).append(number)
        self._kinds = {name: self.keys([name]) for name in EVERYBODYS}
        together = self.keys(EVERYBODYS)
        _keys, self._example, self._kind = np.unique(
            together, return_index=True, return_inverse=True
        )

    def __len__(self) -> int:
        return len(self.profiles)

    def _rows(self, name: str) -> Iterator[tuple[int, Ints]]:
        for number in self._by_name.get(name, ()):
            yield number, self.profiles.who[self._begins[number] : self._begins[number + 1]]

    def keys(self, reads: Iterable[str]) -> Keys:
        """Return the key of every profile, shape (profiles,)."""
        key = np.zeros(len(self.profiles), np.uint64)
        for name in reads:
            for number, rows in self._rows(name):
                key[rows] += self._hash[number]
        return key

    def told_apart(self, reads: frozenset[str]) -> tuple[Keys, Ints, Ints]:
        """Return the different keys, an example of each, and which is whose (profiles,)."""
        own = [(number, rows) for name in reads - EVERYBODYS for number, rows in self._rows(name)]
        touched = np.zeros(len(self.profiles), bool)
        for _number, rows in own:
            touched[rows] = True
        base = np.zeros(len(self._example), np.uint64)
        for name in reads & EVERYBODYS:
            base += self._kinds[name][self._example]
        mine = np.flatnonzero(touched)
        key = np.zeros(len(self.profiles), np.uint64)
        for number, rows in own:
            key[rows] += self._hash[number]
        keys, example, inverse = np.unique(
            key[mine] + base[self._kind[mine]], return_index=True, return_inverse=True
        )
        plain, plain_example, kinds = self._plain(touched, base)
        whose = kinds[self._kind] + len(keys)
        whose[mine] = inverse
        return np.append(keys, plain), np.append(mine[example], plain_example), whose

    def _plain(self, touched: Flags, base: Keys) -> tuple[Keys, Ints, Ints]:
        """Return keys and examples of those who have nothing else, and each kind's place."""
        rest = np.flatnonzero(~touched)[::-1]
        first = np.full(len(base), -1)
        first[self._kind[rest]] = rest
        there = np.flatnonzero(first >= 0)
        keys, example, inverse = np.unique(base[there], return_index=True, return_inverse=True)
        places = np.zeros(len(base), np.int64)
        places[there] = inverse
        return keys, first[there[example]], places

    def having(self, name: str) -> Ints:
        """Return the profiles that have an atom, whatever its value, in order."""
        rows = [rows for _number, rows in self._rows(name)]
        return np.unique(np.concatenate(rows)) if rows else np.empty(0, np.int64)
