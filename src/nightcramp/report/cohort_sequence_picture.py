"""Ratios with their intervals on one scale: a line a medicine and way, the published beside."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from nightcramp.cohort.sequence.ratio import Ratio
from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.report.document import Picture
from nightcramp.report.drawing import TYPE, kept, n, text

Mark = Literal["sequence", "series", "published"]
WIDTH = 480.0
LEFT, RIGHT = 12.0, 468.0
TOP, ROW, HEAD, GAP = 6.0, 15.0, 18.0, 6.0
BELOW = 38.0
SIZE = 5.0
TICKS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
NARROWEST = (0.5, 2.0)
NAMES: dict[Mark, str] = {
    "sequence": noted("by order of starts"),
    "series": noted("by case series"),
    "published": noted("published"),
}


class Line(Struct, frozen=True, kw_only=True):
    """A ratio of one medicine, by one way; `mark` says which."""

    mark: Mark
    ratio: Ratio


class Group(Struct, frozen=True, kw_only=True):
    """A medicine with its lines; `control`: nobody takes it to bring cramps."""

    label: str
    lines: tuple[Line, ...]
    control: bool = False


def forest_picture(groups: Sequence[Group], title: str, table: tuple[str, str]) -> Picture:
    """Return the picture of ratios; `table`: where the same stands in numbers."""
    low, high = _ends(groups)
    parts: list[str] = []
    bottom = TOP
    for group in groups:
        bottom = _group(group, bottom, low, high, parts)
    scale = list(_scale(low, high, bottom))
    body = (
        f'<g font-size="{TYPE}">{"".join([*scale, *parts, *_legend(groups, bottom + BELOW)])}</g>'
    )
    return Picture(
        id="forest",
        title=title,
        description=_in_words(groups),
        width=WIDTH,
        height=bottom + BELOW + 10,
        body=body,
        table=table,
    )


def _ends(groups: Sequence[Group]) -> tuple[float, float]:
    """Return the ends of the scale: ticks that hold all intervals, as far as there are any."""
    every = [line.ratio for group in groups for line in group.lines]
    least = min([NARROWEST[0], *(one.low for one in every)])
    most = max([NARROWEST[1], *(one.high for one in every)])
    low = max((tick for tick in TICKS if tick <= least), default=TICKS[0])
    high = min((tick for tick in TICKS if tick >= most), default=TICKS[-1])
    return low, high


def _at(value: float, low: float, high: float) -> float:
    share = math.log(value / low) / math.log(high / low)
    return LEFT + (RIGHT - LEFT) * min(max(share, 0.0), 1.0)


def _group(group: Group, top: float, low: float, high: float, parts: list[str]) -> float:
    label = _("{name} (control)").format(name=group.label) if group.control else group.label
    for kind in ("halo", "ink"):
        parts.append(text(LEFT, top + 12, kept(label, RIGHT - LEFT), kind=kind, bold=True))
    y = top + HEAD + 6
    for line in group.lines:
        parts.extend(_line(line, y, low, high))
        y += ROW
    return y - 6 + GAP


def _line(line: Line, y: float, low: float, high: float) -> Iterator[str]:
    start, end = _at(line.ratio.low, low, high), _at(line.ratio.high, low, high)
    yield f'<path class="line" stroke-width="1.5" d="M{n(start)} {n(y)}H{n(end)}"/>'
    if line.ratio.low < low:
        yield f'<path class="line" stroke-width="1.5" d="M{n(start + 5)} {n(y - 4)}l-5 4l5 4"/>'
    if line.ratio.high > high:
        yield f'<path class="line" stroke-width="1.5" d="M{n(end - 5)} {n(y - 4)}l5 4l-5 4"/>'
    yield _sign(line.mark, _at(line.ratio.value, low, high), y)


def _sign(mark: Mark, x: float, y: float) -> str:
    """Return a dot, a square, or a diamond that is hollow."""
    if mark == "sequence":
        return f'<circle class="ink" cx="{n(x)}" cy="{n(y)}" r="{n(SIZE)}"/>'
    if mark == "series":
        side = 2 * SIZE - 1
        corner = f'x="{n(x - side / 2)}" y="{n(y - side / 2)}"'
        return f'<rect class="ink" {corner} width="{n(side)}" height="{n(side)}"/>'
    around = f"M{n(x)} {n(y - 6)}l6 6l-6 6l-6 -6z"
    return f'<path class="tint" d="{around}"/><path class="line" stroke-width="1.5" d="{around}"/>'


def _scale(low: float, high: float, bottom: float) -> Iterator[str]:
    yield f'<path class="grid" d="M{n(LEFT)} {n(bottom)}H{n(RIGHT)}"/>'
    for tick in (one for one in TICKS if low <= one <= high):
        x = _at(tick, low, high)
        if tick == 1:
            yield f'<path class="goal" stroke-width="2" d="M{n(x)} {n(TOP)}V{n(bottom)}"/>'
        yield f'<path class="grid" d="M{n(x)} {n(bottom)}v4"/>'
        side = "start" if x < LEFT + 8 else "end" if x > RIGHT - 8 else "middle"
        yield text(x, bottom + 17, number(tick), kind="soft", anchor=side)


def _legend(groups: Sequence[Group], y: float) -> Iterator[str]:
    marks = _marks(groups)
    for place, mark in enumerate(marks):
        x = LEFT + (RIGHT - LEFT) * place / len(marks)
        yield _sign(mark, x + 6, y)
        yield text(x + 18, y + 4, _(NAMES[mark]), kind="soft")


def _marks(groups: Sequence[Group]) -> list[Mark]:
    there = {line.mark for group in groups for line in group.lines}
    return [mark for mark in NAMES if mark in there]


def _in_words(groups: Sequence[Group]) -> str:
    said = _("{name}, {way}: {ratio} times ({low} to {high}).")
    return " ".join(
        said.format(
            name=group.label,
            way=_(NAMES[line.mark]),
            ratio=number(line.ratio.value, ".2f"),
            low=number(line.ratio.low, ".2f"),
            high=number(line.ratio.high, ".2f"),
        )
        for group in groups
        for line in group.lines
    )
