"""Weighs everybody by the code that weighs one person, once for each difference that counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightcramp.assess.effects import Multiplier
from nightcramp.assess.factors import Weighed, weigh_factor, weigh_if_spoken_of
from nightcramp.assess.known import Known, lineage
from nightcramp.assess.medicines import PREFIX, medicine_factors, medicine_scope
from nightcramp.assess.shares import draw_inverses, interval, shapley, unexplained
from nightcramp.assess.syndromes import TARGET, posterior, weigh_mimic
from nightcramp.assess.triage import LEVELS, URGENT
from nightcramp.cohort.people.batch import Batch
from nightcramp.cohort.source.arrays import Flags, Floats, Ints
from nightcramp.cohort.weigh.profile import Atoms, Keyed, Profiles, profiles_of
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Factor, Mimic, RedFlag
from nightcramp.person.facts import Facts

AT_ONCE = 15_000
"""So many shares are worked out at a time: what they need then fits the processor's cache."""
MOST_KEPT = 2_000_000
"""So many answers of records are kept from batch to batch; then they are asked anew."""


@dataclass(frozen=True)
class Weight:
    """What one factor came to; nothing of the person's that is not in its key."""

    presence: float
    pattern: float
    ladder: str
    inverse: float
    multiplier: Multiplier


_Found = tuple[Ints, int, list[Weight | None], Ints]
"""Of one factor: the profiles, the place of its name, the different weights, which is whose."""


@dataclass(frozen=True)
class Factors:
    """The factors of the profiles that facts speak about, a row each, ordered by profile."""

    who: Ints
    names: list[str]
    what: Ints
    weight: Ints
    weights: list[Weight | None]
    share: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Weighings:
    """What came out for the profiles of a batch; arrays of shape (profiles,) or with columns.

    `flags`: (profiles, red flags), whether each fired. `syndromes`: (profiles, mimics).
    """

    profiles: Profiles
    factors: Factors
    unexplained: Floats
    unexplained_low: Floats
    unexplained_high: Floats
    level: Ints
    flags: Flags
    syndromes: Floats


class Weigher:
    """Weighs batches; keeps what records said of keys met before."""

    def __init__(self, knowledge: Knowledge, *, intervals: bool = False) -> None:
        self.knowledge = knowledge
        self.intervals = intervals
        self.atoms = Atoms(knowledge)
        self.names = [*knowledge.factors, *(PREFIX + m for m in sorted(self.atoms.reads.medicines))]
        self.places = {name: i for i, name in enumerate(self.names)}
        self.mimics = list(knowledge.mimics)
        self.red_flags = list(knowledge.red_flags.values())
        self._kept: dict[tuple[str, str], dict[int, Any]] = {}
        self._size = 0

    def weigh(self, batch: Batch) -> Weighings:
        """Return what comes out for the people of a batch."""
        profiles = profiles_of(batch, self.atoms)
        people = _People(self.knowledge, batch, profiles)
        keyed = Keyed(profiles, self.atoms)
        flags = self._flags(keyed, people)
        factors = self._shared(self._factors(keyed, people))
        left, low, high = self._left(factors, len(profiles))
        return Weighings(
            profiles=profiles,
            factors=factors,
            unexplained=left,
            unexplained_low=low,
            unexplained_high=high,
            level=self._levels(flags),
            flags=flags,
            syndromes=self._syndromes(keyed, people, flags),
        )

    def _asked(
        self,
        record: tuple[str, str],
        told_apart: tuple[NDArray[np.uint64], Ints, Ints],
        ask: Callable[[int], Any],
    ) -> tuple[list[Any], Ints]:
        """Return the different answers of a record, and which is whose.

        `ask(example)`: the answer for an example of people with the same key, asked once.
        """
        different, example, inverse = told_apart
        kept = self._kept.setdefault(record, {})
        answers = []
        for key, place in zip(different.tolist(), example.tolist(), strict=True):
            if key not in kept:
                kept[key] = ask(place)
                self._size += 1
            answers.append(kept[key])
        if self._size > MOST_KEPT:
            self._kept.clear()
            self._size = 0
        return answers, inverse

    # Red flags and syndromes

    def _flags(self, keyed: Keyed, people: _People) -> Flags:
        fired = np.zeros((len(keyed.profiles), len(self.red_flags)), bool, order="F")
        for column, flag in enumerate(self.red_flags):
            record = "red_flags", flag.id
            apart = keyed.told_apart(self.atoms.reads.records[record])
            answers, whose = self._asked(record, apart, partial(_fired, flag, people))
            fired[:, column] = np.array(answers, bool)[whose]
        return fired

    def _levels(self, fired: Flags) -> Ints:
        """Return the most urgent level of the flags, by its place in `LEVELS`."""
        found = np.full(len(fired), LEVELS.index("self_care"))
        for level in reversed(LEVELS):
            mine = [place for place, flag in enumerate(self.red_flags) if flag.level == level]
            found[fired[:, mine].any(axis=1)] = LEVELS.index(level)
        return found

    def _pointed_to(self, fired: Flags) -> Flags:
        """Return (profiles, mimics): whether an urgent flag points to each."""
        points = np.zeros((len(self.red_flags), len(self.mimics)), bool)
        for row, flag in enumerate(self.red_flags):
            if flag.level in URGENT:
                points[row] = [name in flag.points_to for name in self.mimics]
        return (fired.astype(np.float32) @ points.astype(np.float32)) > 0

    def _syndromes(self, keyed: Keyed, people: _People, fired: Flags) -> Floats:
        shape = len(keyed.profiles), len(self.mimics)
        prior, ratio = np.empty(shape, order="F"), np.empty(shape, order="F")
        for column, name in enumerate(self.mimics):
            record = "mimics", name
            mimic = self.knowledge.mimics[name]
            apart = keyed.told_apart(self.atoms.reads.records[record])
            answers, whose = self._asked(record, apart, partial(_mimic, mimic, people))
            told = np.array(answers, np.float64).reshape(-1, 2)[whose]
            prior[:, column], ratio[:, column] = told[:, 0], told[:, 1]
        lifted = self._pointed_to(fired)
        return posterior(prior, ratio, lifted, self.knowledge.model.flagged_probability)

    # Factors and their shares

    def _factors(self, keyed: Keyed, people: _People) -> list[_Found]:
        """Return (profiles, place of the name, weights, which is whose) of every factor."""
        found = []
        for name, factor in self.knowledge.factors.items():
            record = "factors", name
            apart = keyed.told_apart(self.atoms.reads.records[record])
            answers, whose = self._asked(record, apart, partial(_factor, factor, people))
            spoken = np.array([one is not None for one in answers])[whose]
            mine = np.flatnonzero(spoken)
            found.append((mine, self.places[name], answers, whose[mine]))
        return [*found, *self._medicines(keyed, people)]

    def _medicines(self, keyed: Keyed, people: _People) -> list[_Found]:
        taken = {name: keyed.having(f"use:{name}") for name in self.atoms.reads.medicines}
        taken = {name: people.counted(name, mine, keyed) for name, mine in taken.items()}
        count = np.zeros(len(keyed.profiles), np.int64)
        for mine in taken.values():
            count[mine] += 1
        found = []
        for name, mine in taken.items():
            if not len(mine):
                continue
            reads = self.atoms.reads.medicines[name] | {f"use:{name}"}
            keys = keyed.keys(reads)[mine] + (count[mine] > 1).astype(np.uint64)
            ask = partial(_medicine, name, people, mine)
            apart = np.unique(keys, return_index=True, return_inverse=True)
            answers, whose = self._asked(("medicines", name), apart, ask)
            found.append((mine, self.places[PREFIX + name], answers, whose))
        return found

    def _shared(self, found: list[_Found]) -> Factors:
        """Return all factors in one table with their shares."""
        weights: list[Weight | None] = []
        rows, kinds, places = [], [], []
        for mine, name, answers, whose in found:
            rows.append(mine)
            kinds.append(np.full(len(mine), name))
            places.append(whose + len(weights))
            weights += answers
        who, what, weight = (
            np.concatenate(part) if part else np.empty(0, np.int64)
            for part in (rows, kinds, places)
        )
        order = np.lexsort((what, who))
        who, what, weight = who[order], what[order], weight[order]
        inverse = _inverses(weights)
        share = shares_of(who, inverse[weight] if len(weight) else np.empty(0))
        low, high = np.full(len(who), np.nan), np.full(len(who), np.nan)
        return Factors(who, self.names, what, weight, weights, share, low, high)

    def _left(self, factors: Factors, count: int) -> tuple[Floats, Floats, Floats]:
        """Return the unexplained part with its interval; fills in the shares' where asked."""
        inverse = _inverses(factors.weights)
        left = np.ones(count)
        np.multiply.at(left, factors.who, inverse[factors.weight])
        low, high = np.full(count, np.nan), np.full(count, np.nan)
        if self.intervals:
            self._draw(factors, count, low, high)
        return left, low, high

    def _draw(self, factors: Factors, count: int, low: Floats, high: Floats) -> None:
        model = self.knowledge.model
        begins = np.searchsorted(factors.who, np.arange(count + 1))
        for profile in range(count):
            rows = slice(begins[profile], begins[profile + 1])
            weights = (factors.weights[i] for i in factors.weight[rows].tolist())
            parts = [weight.multiplier for weight in weights if weight]
            draws = draw_inverses(parts, model.draws, model.seed)
            factors.low[rows], factors.high[rows] = interval(shapley(draws), model.interval)
            low[profile], high[profile] = interval(unexplained(draws), model.interval)


class _People:
    """The examples of the profiles as one-person records, made when asked for."""

    def __init__(self, knowledge: Knowledge, batch: Batch, profiles: Profiles) -> None:
        self.knowledge = knowledge
        self.batch = batch
        self.profiles = profiles
        self._known: dict[int, Known] = {}
        self._cautious: dict[int, Known] = {}

    def known(self, profile: int) -> Known:
        """Return what is known of a profile's example."""
        if profile not in self._known:
            facts = self.batch.facts(int(self.profiles.example[profile]))
            self._known[profile] = Known(Facts(self.knowledge, facts))
        return self._known[profile]

    def cautious(self, profile: int) -> Known:
        """Return the same, with contradictions read as yes."""
        if profile not in self._cautious:
            self._cautious[profile] = Known(self.known(profile).facts, cautious=True)
        return self._cautious[profile]

    def counted(self, name: str, mine: Ints, keyed: Keyed) -> Ints:
        """Return those of some profiles in whom a medicine counts as a factor of its own.

        One that stopped too long ago does not; nor a class where a member of it is taken.
        """
        if not len(mine):
            return mine
        keys = keyed.keys([f"use:{name}", *self._members(name)])[mine]
        _keys, example, whose = np.unique(keys, return_index=True, return_inverse=True)
        counts = [self._counts(name, int(mine[i])) for i in example.tolist()]
        kept: Ints = mine[np.array(counts, bool)[whose]]
        return kept

    def _counts(self, name: str, profile: int) -> bool:
        return PREFIX + name in medicine_factors(self.known(profile))

    def _members(self, name: str) -> list[str]:
        if name not in self.knowledge.medicine_classes:
            return []
        named = (*self.knowledge.medicines, *self.knowledge.medicine_classes)
        return [f"use:{one}" for one in named if name in lineage(self.knowledge, one)]


def _fired(flag: RedFlag, people: _People, profile: int) -> bool:
    return people.cautious(profile).truth(flag.when) is True


def _mimic(mimic: Mimic, people: _People, profile: int) -> tuple[float, float]:
    return weigh_mimic(mimic, people.known(profile))[:2]


def _factor(factor: Factor, people: _People, profile: int) -> Weight | None:
    return _weight(weigh_if_spoken_of(factor, people.known(profile)))


def _medicine(name: str, people: _People, mine: Ints, place: int) -> Weight | None:
    known = people.known(int(mine[place]))
    medicines = medicine_factors(known)
    factor, use = medicines[PREFIX + name]
    scope = medicine_scope(known, use, len(medicines) - 1)
    return _weight(weigh_factor(factor, known.about_medicine(scope)))


def _weight(item: Weighed | None) -> Weight | None:
    if item is None:
        return None
    return Weight(
        presence=item.presence.probability,
        pattern=item.pattern,
        ladder=item.ladder,
        inverse=item.multiplier.expected_inverse,
        multiplier=item.multiplier,
    )


def _inverses(weights: list[Weight | None]) -> Floats:
    """Return 1/theta of each weight; 1 for a factor that nothing was told of, which is no row."""
    return np.array([1.0 if one is None else one.inverse for one in weights] or [1.0])


def shares_of(who: Ints, inverse: Floats) -> Floats:
    """Return the share of every factor; `who`: whose it is, in order, `inverse`: its 1/theta.

    Both and the result of shape (factors,). People with as many factors are worked out
    together, by the same closed form as one person.
    """
    share = np.zeros(len(who))
    if not len(who):
        return share
    begins = np.flatnonzero(np.append(True, who[1:] != who[:-1]))
    sizes = np.diff(np.append(begins, len(who)))
    for size in np.unique(sizes).tolist():
        rows = begins[sizes == size][:, None] + np.arange(size)
        for part in np.array_split(rows, max(1, rows.size // AT_ONCE)):
            share[part] = shapley(inverse[part])
    return share


def target(weigher: Weigher, found: Weighings) -> Floats:
    """Return how likely each profile's trouble is ordinary night cramps."""
    column: Floats = found.syndromes[:, weigher.mimics.index(TARGET)]
    return column
