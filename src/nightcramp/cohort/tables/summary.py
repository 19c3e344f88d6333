"""A screened population in numbers that may be printed, from the files of its folder."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from nightcramp.cohort.source.address import UNLIMITED, Limits
from nightcramp.cohort.tables.counting import Counting, Held, Quartiles, bands, counting, unreadable
from nightcramp.cohort.tables.disclosure import (
    OFF,
    PER_QUARTER,
    WITHHELD,
    Amounts,
    Key,
    Shown,
    TwoWay,
    amounts_hidden,
    any_of,
    both,
    checked,
    each_of,
    few,
    of_total,
    parts_of,
    steps_shown,
    sum_and_parts,
    two_way,
    within,
)
from nightcramp.cohort.tables.population import (
    MARKED,
    Band,
    CohortSummary,
    Counted,
    FactorRow,
    GroupShare,
    MedicineRow,
    NoticeShown,
    Pair,
    People,
    StepShown,
    UseShown,
)
from nightcramp.errors import one_line
from nightcramp.knowledge.loader import Knowledge, knowledge

if TYPE_CHECKING:
    from nightcramp.cohort.screen import Run

RUN = "run.json"
SEXES = ("female", "male", "")
LEVELS = ("emergency", "same_day", "soon", "routine", "self_care")
MOST_FACTORS = 5
"""People with so many factors or more are counted together."""
PAIRED, MOST_PAIRS = 12, 15
"""So many of the commonest explanations are paired, and so many pairs shown."""
MISSION = {
    "muscle": "muscles",
    "fluid": "dehydration",
    "circulation": "circulation",
    "minerals": "minerals",
    "nerves": "nerves",
    "pregnancy": "pregnancy",
}
"""Groups of causes by the groups of factors; all other groups are `beyond`."""
MEDICINES, BEYOND, MEDICATION = "medicines", "beyond", "medication:"
GROUPS = (*MISSION.values(), MEDICINES, BEYOND)
UNEXPLAINED, SMALL = "unexplained", "small"
PARTS = 1_000_000
"""Mean shares are protected as whole millionths."""


def summarise(
    folder: Path, smallest_cell: int | None = None, limits: Limits = UNLIMITED
) -> CohortSummary:
    """Return the summary of a result folder, small counts hidden; raises InputError.

    `smallest_cell`: counts of people from 1 to below it are hidden; 0 hides none, and without
    it the run's own is taken.
    """
    run = read_run(folder / RUN)
    smallest = checked(run.smallest_cell if smallest_cell is None else smallest_cell)
    known = knowledge()
    with counting(folder, known.model.present_probability, limits) as asked:
        return _summary(run, asked, known, smallest)


def read_run(path: Path) -> Run:
    """Return what a run tells of itself; raises InputError."""
    from nightcramp.cohort.screen import Run

    try:
        return msgspec.json.decode(path.read_bytes(), type=Run)
    except OSError as error:
        raise unreadable(path, str(error.strerror)) from None
    except msgspec.DecodeError as error:
        raise unreadable(path, one_line(error, 200)) from None


def _summary(run: Run, asked: Counting, known: Knowledge, smallest: int) -> CohortSummary:
    total, review, unexplained = asked.people()
    told = _told(run, total, smallest)
    if not total or (smallest > OFF and few(total, smallest)):
        people = Shown(below=smallest) if total else Shown(count=0)
        return CohortSummary(**told, people=people, review=people)
    whole = _Whole(asked, known, total, smallest)
    shares = _Shares(whole, unexplained or 0.0)
    parts: dict[str, Any] = {"together": whole.together, "night_cramp": whole.night_cramp}
    left_out = [name for name, part in {"groups": whole.table, **parts}.items() if part is None]
    return CohortSummary(
        **told | {"withheld": [*told["withheld"], *left_out]},
        **{name: part for name, part in parts.items() if part is not None},
        people=Shown(count=total),
        groups=whole.groups(),
        levels=whole.levels,
        flags=whole.flags(),
        markers=whole.markers(run.who == MARKED),
        shares=shares.of_groups(),
        unexplained=unexplained,
        unexplained_quartiles=asked.unexplained_quartiles() if whole.spread(total) else None,
        factors=shares.factors(),
        medicines=shares.medicines(),
        review=shares.review(review),
        pairs=whole.pairs(shares.held, shares.shown),
    )


# --- what the run told ---


def _told(run: Run, total: int, smallest: int) -> dict[str, Any]:
    """Return what the summary says of the run itself."""
    steps = _steps(run, total, smallest)
    return {
        "version": run.version,
        "made_on": run.made_on,
        "source": run.source,
        "who": run.who,
        "as_of": run.as_of,
        "smallest_cell": smallest,
        "attrition": steps or [],
        "vocabulary": list(_uses(run, smallest)),
        "notices": list(_notices(run, smallest)),
        "withheld": ["attrition"] if steps is None else [],
    }


def _steps(run: Run, total: int, smallest: int) -> list[StepShown] | None:
    steps = [(step.id, step.says, step.people) for step in run.attrition]
    if not steps or steps[-1][-1] != total:
        steps.append(("screened", "", total))
    found = steps_shown([people for _id, _says, people in steps], smallest)
    if found is None:
        return None
    return [
        StepShown(id=name, says=says, left=left, out=out)
        for (name, says, _people), left, out in zip(steps, *found, strict=True)
    ]


def _uses(run: Run, smallest: int) -> Iterator[UseShown]:
    """Yield how tables were understood; one that cannot be made safe is all hidden."""
    for one in run.vocabulary:
        found = sum_and_parts(one.by, smallest)
        rows, by = found or (WITHHELD, dict.fromkeys(one.by, WITHHELD))
        yield UseShown(table=one.table, concepts=one.concepts, rows=rows, by=by)


def _notices(run: Run, smallest: int) -> Iterator[NoticeShown]:
    """Yield what is odd; the rows of few people are hidden with them."""
    for one in run.notices:
        hide = smallest > OFF and few(one.people, smallest)
        rows = WITHHELD if hide and not few(one.rows, smallest) else _few(one.rows, smallest)
        people = _few(one.people, smallest)
        yield NoticeShown(
            id=one.id,
            says=one.says,
            rows=rows if one.rows else None,
            people=people if one.people else None,
        )


def _few(count: int, smallest: int) -> Shown:
    hide = smallest > OFF and few(count, smallest)
    return Shown(below=smallest) if hide else Shown(count=count)


# --- what the tables of people tell ---


@dataclass(frozen=True)
class _Whole:
    """The people of a result, to be told in tables that are safe."""

    asked: Counting
    known: Knowledge
    total: int
    smallest: int

    def of_total(self, count: int) -> Shown:
        """Return how many of all people."""
        return of_total(count, self.total, self.smallest)

    def spread(self, people: int) -> bool:
        """Return whether there are people enough for quartiles."""
        return people >= PER_QUARTER * max(self.smallest, OFF)

    @functools.cached_property
    def counts(self) -> dict[tuple[tuple[int | None, str], str], int]:
        """Return people by group and level."""
        return {
            ((low, sex), level): count for (low, sex, level), count in self.asked.groups().items()
        }

    @functools.cached_property
    def table(self) -> TwoWay[tuple[int | None, str]] | None:
        """Return people by group and level, with what no group has of a level as 0."""
        groups = dict.fromkeys(group for group, _level in self.counts)
        full = {(group, level): 0 for group in groups for level in LEVELS}
        return two_way(full | self.counts, self.smallest)

    def groups(self) -> list[People]:
        """Return people by group, youngest first, women first; without levels if need be."""
        if self.table is None:
            alone = self._sums(group for group, _level in self.counts) or {}
            return [_group(group, alone[group], {}) for group in sorted(alone, key=_by_age)]
        cells = self.table.cells
        return [
            _group(group, self.table.rows[group], {one: cells[group, one] for one in LEVELS})
            for group in sorted(self.table.rows, key=_by_age)
        ]

    @functools.cached_property
    def levels(self) -> dict[str, Shown]:
        """Return how many people are at each level, as the table has it."""
        if self.table is not None:
            return {level: self.table.columns[level] for level in LEVELS}
        none = dict.fromkeys(LEVELS, Shown(count=0))
        alone = self._sums(level for _group, level in self.counts)
        return dict.fromkeys(LEVELS, WITHHELD) if alone is None else none | alone

    def _sums(self, names: Iterable[Key]) -> dict[Key, Shown] | None:
        """Return people by one side of the table alone."""
        sums: dict[Key, int] = {}
        for name, count in zip(names, self.counts.values(), strict=True):
            sums[name] = sums.get(name, 0) + count
        return parts_of(sums, self.smallest)

    def flags(self) -> list[Counted]:
        """Return red flags, most urgent first; no flag tells a level that is hidden."""
        found = []
        for name, people in self._each("red_flags", whole=False).items():
            rule = self.known.red_flags.get(name)
            level = "" if rule is None else rule.level
            tells = level in self.levels and self.levels[level] == WITHHELD
            shown = WITHHELD if tells and people.count else people
            found.append(Counted(id=name, people=shown, level=level))
        return sorted(found, key=lambda one: (*LEVELS, "").index(one.level))

    def markers(self, marked: bool) -> list[Counted]:
        """Return signs of cramps; `marked`: everybody has one."""
        each = self._each("markers", whole=marked)
        return [Counted(id=name, people=people) for name, people in each.items()]

    def _each(self, column: str, *, whole: bool) -> dict[str, Shown]:
        return each_of(self.asked.listed(column), self.total, self.smallest, whole=whole)

    @functools.cached_property
    def together(self) -> dict[int, Shown] | None:
        """Return people by how many factors are present, the last "so many or more".

        The last holds two numbers at least: else the people of all factors would sum to a number
        that tells the one that is hidden.
        """
        exact = self.asked.together()
        last = max(1, min(MOST_FACTORS, max(exact) - 1))
        counts: dict[int, int] = {}
        for number, people in exact.items():
            counts[min(number, last)] = counts.get(min(number, last), 0) + people
        return parts_of(counts, self.smallest)

    @functools.cached_property
    def night_cramp(self) -> list[Band] | None:
        """Return people by the probability that it is ordinary night cramps."""
        counts = self.asked.night_cramp()
        found = parts_of(counts, self.smallest)
        if found is None:
            return None
        rows = [*bands(), *([(None, None)] if None in counts else [])]
        none = Shown(count=0)
        return [Band(low=low, high=high, people=found.get(low, none)) for low, high in rows]

    def pairs(self, held: Mapping[str, Held], shown: Mapping[str, Shown]) -> list[Pair]:
        """Return the commonest pairs of what is common and shown, most people first."""
        usable = [name for name, people in shown.items() if people.count and name in held]
        names = sorted(usable, key=lambda name: (-held[name].people, name))[:PAIRED]
        sets = self.asked.sets(names)
        bits = [(1 << b, 1 << a) for a in range(len(names)) for b in range(a)]
        bits.sort(key=lambda two: -_having(sets, two[0] | two[1]))
        pairs = [self._pair(names, sets, *two) for two in bits]
        return [pair for pair in pairs if pair.people.count][:MOST_PAIRS]

    def _pair(self, names: list[str], sets: Mapping[int, int], one: int, other: int) -> Pair:
        return Pair(
            first=names[one.bit_length() - 1],
            second=names[other.bit_length() - 1],
            people=both(
                _having(sets, one),
                _having(sets, other),
                _having(sets, one | other),
                self.total,
                self.smallest,
            ),
        )


def _group(group: tuple[int | None, str], people: Shown, levels: dict[str, Shown]) -> People:
    low, sex = group
    return People(low=low, sex=sex, people=people, levels=levels)


def _by_age(group: tuple[int | None, str]) -> tuple[float, int]:
    """Return where a group stands: youngest first, unknown ages last, women first."""
    low, sex = group
    return math.inf if low is None else low, SEXES.index(sex) if sex in SEXES else len(SEXES)


def _having(sets: Mapping[int, int], wanted: int) -> int:
    """Return how many people have all of some things, a bit each."""
    return sum(count for bits, count in sets.items() if bits & wanted == wanted)


@dataclass(frozen=True)
class _Shares:
    """What share of cramps goes with each factor and medicine, without telling of few people."""

    whole: _Whole
    unexplained: float

    @functools.cached_property
    def held(self) -> dict[str, Held]:
        """Return what there is of each explanation."""
        return self.whole.asked.factors()

    @functools.cached_property
    def quartiles(self) -> dict[str, Quartiles]:
        """Return the quartiles of each explanation's share."""
        return self.whole.asked.factor_quartiles()

    @functools.cached_property
    def taken(self) -> dict[str, tuple[int, int]]:
        """Return how many take each medicine, and in how many of these it is worth a review."""
        plain = {name.removeprefix(MEDICATION): one for name, one in self.held.items()}
        others = {name: (one.people, 0) for name, one in plain.items() if self._is_medicine(name)}
        return others | self.whole.asked.medicines()

    def review(self, people: int) -> Shown:
        """Return in how many people any medicine is worth a review."""
        some = [name for name, (_taking, review) in self.taken.items() if review]
        if len(some) == 1:
            return self.taking[some[0]][1]
        counts = [self.taken[name][1] for name in some]
        return any_of(counts, people, self.whole.total, self.whole.smallest)

    def _is_medicine(self, name: str) -> bool:
        return MEDICATION + name in self.held

    @functools.cached_property
    def taking(self) -> dict[str, tuple[Shown, Shown]]:
        """Return the same as it may be read."""
        total, smallest = self.whole.total, self.whole.smallest
        return {name: within(t, r, total, smallest) for name, (t, r) in self.taken.items()}

    @functools.cached_property
    def shown(self) -> dict[str, Shown]:
        """Return how many people have each explanation, as it may be read."""
        medicines = {MEDICATION + name: taking for name, (taking, _r) in self.taking.items()}
        factors = {
            name: self.whole.of_total(one.people)
            for name, one in self.held.items()
            if not name.startswith(MEDICATION)
        }
        return factors | medicines

    def group(self, name: str) -> str:
        """Return the group of causes of an explanation."""
        if name.startswith(MEDICATION):
            return MEDICINES
        factor = self.whole.known.factors.get(name)
        return MISSION.get(factor.group, BEYOND) if factor else BEYOND

    def mean(self, name: str) -> float:
        """Return the mean share of an explanation over all people."""
        held = self.held.get(name)
        return held.whole / self.whole.total if held else 0.0

    @functools.cached_property
    def means(self) -> dict[str, dict[str, float]]:
        """Return the mean share of every explanation by group."""
        found: dict[str, dict[str, float]] = {group: {} for group in GROUPS}
        for name in self.held:
            found[self.group(name)][name] = self.mean(name)
        return found

    @functools.cached_property
    def small(self) -> float:
        """Return what no explanation of the files has and the unexplained part has not either."""
        known = sum(sum(members.values()) for members in self.means.values())
        return max(0.0, 1.0 - self.unexplained - known)

    @functools.cached_property
    def hidden(self) -> Amounts:
        """Return which means must not be shown."""
        groups = {
            group: {name: round(mean * PARTS) for name, mean in members.items()}
            for group, members in self.means.items()
        }
        kept = {UNEXPLAINED: round(self.unexplained * PARTS), SMALL: round(self.small * PARTS)}
        return amounts_hidden(groups, (n for n, one in self.shown.items() if one.hidden), kept)

    def of_groups(self) -> list[GroupShare]:
        """Return the mean share of each group, largest first, then what is in none."""
        found = [
            GroupShare(
                id=group, mean=None if group in self.hidden.groups else sum(members.values())
            )
            for group, members in self.means.items()
        ]
        found.sort(key=lambda one: -(one.mean or 0.0))
        return [*found, GroupShare(id=SMALL, mean=self.small)]

    def factors(self) -> list[FactorRow]:
        """Return the factors, the largest mean share first."""
        rows = [
            FactorRow(id=name, group=self.group(name), people=self.shown[name], **self._sizes(name))
            for name in self.held
            if not name.startswith(MEDICATION) and self.mean(name)
        ]
        return sorted(rows, key=lambda row: (-(row.mean or 0.0), row.id))

    def medicines(self) -> list[MedicineRow]:
        """Return the medicines that are taken, most people worth a review first."""
        rows = [
            MedicineRow(id=name, taking=taking, review=review, **self._sizes(MEDICATION + name))
            for name, (taking, review) in self.taking.items()
            if taking.count != 0
        ]
        return sorted(rows, key=lambda row: (-_rank(row.review), -_rank(row.taking), row.id))

    def _sizes(self, name: str) -> dict[str, Any]:
        """Return the amounts of an explanation that may be read."""
        held = self.held.get(name)
        if held is None or name in self.hidden.members or self.shown[name].hidden:
            return {"mean": None, "mean_with": None, "quartiles": None}
        enough = self.whole.spread(held.people)
        return {
            "mean": self.mean(name),
            "mean_with": held.theirs / held.people if held.people else None,
            "quartiles": self.quartiles.get(name) if enough else None,
        }


def _rank(people: Shown) -> float:
    """Return where a count stands in an order that tells no hidden one."""
    if people.count is not None:
        return people.count
    if people.above is not None:
        return people.above
    return 0.0 if people.below is None else 0.5
