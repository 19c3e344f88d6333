"""Small cells: what of a table of counts may be printed so that nobody can work out the rest.

A count of 1 to `smallest - 1` people is not printed, and neither is what it could be computed
from: other cells and margins of the same table are withheld until every hidden count could have
another value. Zero is printed. A table that cannot be made safe is left out whole.

A table is taken as a network: each count flows from one sum to another, so that what enters a
sum leaves it. A hidden count can have another value exactly if it lies on a cycle of hidden
counts along which one person can be moved without leaving what a reader knows of each: "<5" is 1
to 4, a withheld count is at least 5, what is not printed at all is at least 0. The cycle that
costs least people withheld is a shortest path.

Not protected: what a reader knows from elsewhere, the difference between two reports (another
day, other filters), three or more tables put together where none of them repeats a margin of
another, and that the cell withheld beside a small one tends to be the next smallest.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from msgspec import Struct

from nightcramp.errors import InputError
from nightcramp.language import gettext as _

PER_QUARTER = 4
"""Quartiles are shown from so many times the smallest cell on: that many people a quarter."""
OFF = 1
"""With this smallest cell, or less, nothing is hidden."""

Key = TypeVar("Key", bound=Hashable)


class Shown(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A count as it may be read: itself, or that it lies below or above, or nothing of it."""

    count: int | None = None
    below: int | None = None
    above: int | None = None

    @property
    def hidden(self) -> bool:
        """Return whether the count itself is not shown."""
        return self.count is None

    def text(self, withheld: str) -> str:
        """Return it as text; `withheld` stands for a count of which nothing is told."""
        if self.count is not None:
            return str(self.count)
        if self.below is not None:
            return f"<{self.below}"
        return withheld if self.above is None else f">{self.above}"


WITHHELD = Shown()


@dataclass(frozen=True)
class Flow:
    """A cell as a flow between two sums.

    `least`, `most`: what a reader knows of it while it is hidden. `sensitive`: it must not be
    known. `printed`: a reader sees it unless it is hidden. `kept`: it is never hidden.
    """

    name: Hashable
    source: Hashable
    target: Hashable
    value: int
    least: int = 0
    most: int | None = None
    sensitive: bool = False
    printed: bool = True
    kept: bool = False

    def can_rise(self) -> bool:
        """Return whether it could be one more, for all a reader knows."""
        return self.most is None or self.value < self.most

    def can_fall(self) -> bool:
        """Return whether it could be one less, for all a reader knows."""
        return self.value > self.least


def checked(smallest: int) -> int:
    """Return a smallest cell; raises InputError for one that hides a count that it gives away."""
    if smallest == OFF + 1:
        raise InputError(
            _("a smallest cell of 2 hides only 1, and so tells it"),
            hint=_("Take 3 or more (5 is usual), or 0 to show every count."),
        )
    return smallest


def few(count: int, smallest: int) -> bool:
    """Return whether a count is too small to be shown."""
    return 0 < count < smallest


def cell(name: Hashable, source: Hashable, target: Hashable, value: int, smallest: int) -> Flow:
    """Return a printed count of people."""
    small = few(value, smallest)
    least, most = (1, smallest - 1) if small else (smallest, None)
    return Flow(name, source, target, value, least, most, sensitive=small)


def beside(name: Hashable, source: Hashable, target: Hashable, value: int, smallest: int) -> Flow:
    """Return a count that is not printed and that a reader could compute."""
    small = few(value, smallest)
    return Flow(name, source, target, value, sensitive=small, printed=False)


def fixed(name: Hashable, source: Hashable, target: Hashable, value: int) -> Flow:
    """Return a count that is printed whatever happens."""
    return Flow(name, source, target, value, kept=True)


def hidden_of(flows: Sequence[Flow]) -> set[Hashable] | None:
    """Return the names of the printed cells to hide; None where nothing makes the table safe."""
    hidden = {flow.name for flow in flows if flow.sensitive or not flow.printed}
    for flow in flows:
        if flow.sensitive:
            cycle = _cheapest_cycle(flow, flows, hidden)
            if cycle is None:
                return None
            hidden |= cycle
    return hidden & {flow.name for flow in flows if flow.printed}


def _cheapest_cycle(
    flow: Flow, flows: Sequence[Flow], hidden: set[Hashable]
) -> set[Hashable] | None:
    """Return what to hide so that a cell could be one more or one less; None if nothing does."""
    others = [one for one in flows if one.name != flow.name]
    ways = []
    if flow.can_rise():
        ways.append(_cheapest_path(flow.target, flow.source, others, hidden))
    if flow.can_fall():
        ways.append(_cheapest_path(flow.source, flow.target, others, hidden))
    found = [way for way in ways if way is not None]
    return min(found, key=lambda way: way[0])[1] if found else None


def _cheapest_path(
    start: Hashable, end: Hashable, flows: Sequence[Flow], hidden: set[Hashable]
) -> tuple[int, set[Hashable]] | None:
    """Return (people withheld, names to hide) of the cheapest way for one person to move."""
    steps = _steps(flows, hidden)
    queue: list[tuple[int, int, Hashable, frozenset[Hashable]]] = [(0, 0, start, frozenset())]
    done: set[Hashable] = set()
    turn = 0
    while queue:
        cost, _turn, place, names = heapq.heappop(queue)
        if place == end:
            return cost, set(names)
        if place in done:
            continue
        done.add(place)
        for to, price, name in steps.get(place, ()):
            turn += 1
            heapq.heappush(queue, (cost + price, turn, to, names | {name}))
    return None


def _steps(
    flows: Sequence[Flow], hidden: set[Hashable]
) -> dict[Hashable, list[tuple[Hashable, int, Hashable]]]:
    """Return where one person can move from each sum: (to, people withheld for it, cell)."""
    steps: dict[Hashable, list[tuple[Hashable, int, Hashable]]] = {}
    for flow in flows:
        free = flow.name in hidden
        if not free and (flow.kept or not flow.value):
            continue
        price = 0 if free else flow.value
        if flow.can_rise():
            steps.setdefault(flow.source, []).append((flow.target, price, flow.name))
        if flow.can_fall():
            steps.setdefault(flow.target, []).append((flow.source, price, flow.name))
    return steps


def shown(count: int, hidden: bool, smallest: int) -> Shown:
    """Return a count as it may be read."""
    if not hidden:
        return Shown(count=count)
    return Shown(below=smallest) if few(count, smallest) else WITHHELD


def _all_shown(flows: Iterable[Flow], smallest: int) -> dict[Hashable, Shown] | None:
    listed = list(flows)
    hidden = hidden_of(listed) if smallest > OFF else set()
    if hidden is None:
        return None
    return {one.name: shown(one.value, one.name in hidden, smallest) for one in listed}


# --- tables ---


@dataclass(frozen=True)
class TwoWay(Generic[Key]):
    """A table with its margins, as it may be read: cells by (row, column), sums by name."""

    cells: dict[tuple[Key, str], Shown]
    rows: dict[Key, Shown]
    columns: dict[str, Shown]
    total: int


def two_way(counts: Mapping[tuple[Key, str], int], smallest: int) -> TwoWay[Key] | None:
    """Return a table of people, each in one cell, with both margins; its total is shown.

    A column's sum is hidden only if it is small itself, and a row's where withholding cells does
    not do. None where the table cannot be made safe so.
    """
    rows = _sums((row, count) for (row, _column), count in counts.items())
    columns = _sums((column, count) for (_row, column), count in counts.items())
    for kept in ({"row", "column"}, {"column"}):
        flows = _two_way_flows(counts, rows, columns, smallest)
        found = _all_shown((_kept(flow, kept) for flow in flows), smallest)
        if found is not None:
            return TwoWay(
                cells={name: found["cell", name] for name in counts},
                rows={name: found["row", name] for name in rows},
                columns={name: found["column", name] for name in columns},
                total=sum(rows.values()),
            )
    return None


def _kept(flow: Flow, kinds: set[str]) -> Flow:
    """Return a cell that stays shown if it is of some kinds and large enough."""
    kind = flow.name[0] if isinstance(flow.name, tuple) else ""
    return flow if flow.sensitive or kind not in kinds else replace(flow, kept=True)


def _sums(parts: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    for name, count in parts:
        found[name] = found.get(name, 0) + count
    return found


def _two_way_flows(
    counts: Mapping[tuple[Key, str], int],
    rows: Mapping[Key, int],
    columns: Mapping[str, int],
    smallest: int,
) -> Iterator[Flow]:
    for name, count in counts.items():
        yield cell(("cell", name), ("row", name[0]), ("column", name[1]), count, smallest)
    for row, count in rows.items():
        yield cell(("row", row), "rows", ("row", row), count, smallest)
    for column, count in columns.items():
        yield cell(("column", column), ("column", column), "columns", count, smallest)
    yield fixed("total", "columns", "rows", sum(rows.values()))


def parts_of(counts: Mapping[Key, int], smallest: int) -> dict[Key, Shown] | None:
    """Return parts of a total that is shown, each person in one; None if it cannot be safe."""
    flows = [cell(("part", name), "all", "end", count, smallest) for name, count in counts.items()]
    flows.append(fixed("total", "end", "all", sum(counts.values())))
    found = _all_shown(flows, smallest)
    return None if found is None else {name: found["part", name] for name in counts}


def sum_and_parts(
    counts: Mapping[str, int], smallest: int
) -> tuple[Shown, dict[str, Shown]] | None:
    """Return a total that may be hidden too, and its parts; None if they cannot be safe."""
    total = sum(counts.values())
    flows = [cell(("part", name), "all", "end", count, smallest) for name, count in counts.items()]
    flows.append(cell("total", "start", "all", total, smallest))
    flows.append(beside("elsewhere", "end", "start", total, 0))
    found = _all_shown(flows, smallest)
    if found is None:
        return None
    return found["total"], {name: found["part", name] for name in counts}


def of_total(count: int, total: int, smallest: int) -> Shown:
    """Return how many of a total that is shown have something, so that few or nearly all hide."""
    if smallest <= OFF or count in (0, total):
        return Shown(count=count)
    if total < 2 * smallest:
        return WITHHELD
    if few(count, smallest):
        return Shown(below=smallest)
    if few(total - count, smallest):
        return Shown(above=total - smallest)
    return Shown(count=count)


def within(some: int, inner: int, total: int, smallest: int) -> tuple[Shown, Shown]:
    """Return how many of a total have something, and how many of these something more."""
    flows = [
        cell("some", "all", "some", some, smallest),
        beside("none", "all", "end", total - some, smallest),
        cell("inner", "some", "end", inner, smallest),
        beside("outer", "some", "end", some - inner, smallest),
        fixed("total", "end", "all", total),
    ]
    found = _all_shown(flows, smallest)
    if found is None:
        return WITHHELD, WITHHELD
    return found["some"], found["inner"]


def both(first: int, second: int, together: int, total: int, smallest: int) -> Shown:
    """Return how many have two things; how many have each, and the total, are shown elsewhere.

    It is shown only where nobody is told by it, by the rest of either or by those with neither. A
    hidden one is not to be listed: that it is at least so many can tell it.
    """
    neither = total - first - second + together
    parts = (together, first - together, second - together, neither)
    if smallest > OFF and any(few(part, smallest) for part in parts):
        return WITHHELD
    return Shown(count=together)


def any_of(counts: Iterable[int], together: int, total: int, smallest: int) -> Shown:
    """Return how many have any of some things, when how many have each is shown elsewhere.

    Of two things, the number with either tells the number with both.
    """
    some = [count for count in counts if count]
    if smallest > OFF and len(some) == 2:
        overlap = sum(some) - together
        alone = [count - overlap for count in some]
        if any(few(part, smallest) for part in (overlap, *alone)):
            return WITHHELD
    return of_total(together, total, smallest)


def steps_shown(counts: Sequence[int], smallest: int) -> tuple[list[Shown], list[Shown]] | None:
    """Return people left after each step and people left out by it.

    The last is shown, and so is the first if anything else does: the size of a database is
    often known. None where they cannot be made safe.
    """
    if not counts:
        return [], []
    last = len(counts) - 1
    for kept in ({0, last}, {last}):
        found = _all_shown(_step_flows(counts, kept, smallest), smallest)
        if found is not None:
            left = [found["left", place] for place in range(last + 1)]
            return left, [Shown(count=0), *(found["out", place] for place in range(last))]
    return None


def _step_flows(counts: Sequence[int], kept: set[int], smallest: int) -> Iterator[Flow]:
    for place, count in enumerate(counts):
        flow = cell(("left", place), place, place + 1, count, smallest)
        yield replace(flow, kept=place in kept and not flow.sensitive)
    for place, (before, after) in enumerate(itertools.pairwise(counts)):
        yield cell(("out", place), place + 1, "end", max(0, before - after), smallest)
    yield beside("rest", len(counts), "end", counts[-1], 0)
    yield beside("elsewhere", "end", 0, counts[0], 0)


def each_of(
    counts: Mapping[str, int], total: int, smallest: int, *, whole: bool
) -> dict[str, Shown]:
    """Return how many of a total have each of some things, several at once or none.

    `whole`: a reader knows that everybody has one of them, so that of two things the numbers with
    each tell the number with both.
    """
    found = {name: of_total(count, total, smallest) for name, count in counts.items()}
    if whole and any_of(counts.values(), total, total, smallest).hidden:
        found |= {name: WITHHELD for name, one in found.items() if one.count}
    return found


class Amounts(Struct, frozen=True, kw_only=True):
    """Which amounts of groups and of their members may not be shown."""

    groups: set[str]
    members: set[str]


def amounts_hidden(
    groups: Mapping[str, Mapping[str, int]],
    sensitive: Iterable[str],
    kept: Mapping[str, int],
) -> Amounts:
    """Return which amounts to hide, of groups and their members, so that no sum tells one.

    `groups`: whole amounts of each member by group. `sensitive`: members that must not be known.
    `kept`: further parts of the whole that are shown whatever happens. Where nothing makes them
    safe, all members and groups are hidden.
    """
    flows = list(_amount_flows(groups, set(sensitive), kept))
    hidden = hidden_of(flows)
    if hidden is None:
        hidden = {one.name for one in flows if not one.kept}
    return Amounts(
        groups={name for name in groups if ("group", name) in hidden},
        members={
            name for members in groups.values() for name in members if ("member", name) in hidden
        },
    )


def _amount_flows(
    groups: Mapping[str, Mapping[str, int]], sensitive: set[str], kept: Mapping[str, int]
) -> Iterator[Flow]:
    total = sum(kept.values())
    for group, members in groups.items():
        whole = sum(members.values())
        total += whole
        yield Flow(("group", group), "all", ("sum", group), whole)
        for name, amount in members.items():
            hide = name in sensitive and amount > 0
            yield Flow(("member", name), ("sum", group), "end", amount, sensitive=hide)
    for name, amount in kept.items():
        yield fixed(("kept", name), "all", "end", amount)
    yield fixed("total", "end", "all", total)
