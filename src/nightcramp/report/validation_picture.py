"""Calibration curves: in each tenth of the population what was observed beside what was predicted.

Parts of an SVG, a panel a model under one scale, whose colours come from classes; what a mark
means is told by its shape, so they work in grey.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.report.document import Picture
from nightcramp.report.drawing import AVERAGE, TYPE, lines_of, n, text
from nightcramp.validation.result import Point

LEFT, RIGHT, HIGH = 30.0, 8.0, 170.0
"""Room for the scale and beside it, and how high a panel is."""
LINE, GAP = 16.0, 20.0
"""Heights of a line of words, and of the room below a panel."""
RADIUS = 4.5
MOST_TICKS = 6
SAME = 'class="hollow" stroke-width="1.2" stroke-dasharray="5 4"'
SIGNS: dict[bool | None, str] = {
    True: noted("its interval holds what was predicted"),
    False: noted("its interval does not"),
    None: noted("no interval, as nobody or everybody had cramps"),
}
ALIKE = noted("observed as predicted")


@dataclass(frozen=True)
class Curve:
    """A model's name, what is said beside it, and its tenths, lowest first."""

    model: str
    said: str
    points: Sequence[Point]

    @property
    def name(self) -> str:
        """Return the model's name as it begins a sentence."""
        return self.model[:1].upper() + self.model[1:]


@dataclass(frozen=True)
class Scale:
    """Proportions from nothing to the most, across and up."""

    width: float
    most: float

    def across(self, value: float) -> float:
        """Return how far to the right a proportion is."""
        return LEFT + (self.width - LEFT - RIGHT) * value / self.most

    def up(self, value: float, foot: float) -> float:
        """Return how far down a proportion is that stands on `foot`."""
        return foot - HIGH * value / self.most


def curve_picture(
    curves: Sequence[Curve], name: str, width: float, title: str, table: tuple[str, str]
) -> Picture:
    """Return a panel for each model, each tenth a mark with its interval."""
    scale = Scale(width, _most(curves))
    parts: list[str] = []
    y = 0.0
    for curve in curves:
        y = _panel(curve, scale, y, parts) + GAP
    y = _legend(curves, width, y, parts)
    return Picture(
        id=f"picture-{name}",
        title=title,
        description=" ".join(_in_words(curve) for curve in curves),
        width=width,
        height=y,
        body=f'<g font-size="{TYPE}">{"".join(parts)}</g>',
        table=table,
    )


def _most(curves: Sequence[Curve]) -> float:
    """Return the highest proportion that is drawn, with a little room above."""
    points = [point for curve in curves for point in curve.points]
    ends = [point.observed.high or point.observed.value or 0.0 for point in points]
    return min(1.05 * max([0.01, *ends, *(point.predicted for point in points)]), 1.0)


def _panel(curve: Curve, scale: Scale, y: float, parts: list[str]) -> float:
    """Add a panel; return where it ends."""
    for words, kind in ((curve.name, "ink"), (curve.said, "soft")):
        for line in lines_of(words, scale.width):
            y += LINE
            parts.append(text(0, y - 4, line, kind=kind, bold=kind == "ink"))
    foot = y + HIGH + 6
    parts += _frame(scale, foot)
    for point in curve.points:
        parts += _point(point, scale, foot)
    return foot + LINE


def _frame(scale: Scale, foot: float) -> Iterator[str]:
    """Yield the scales with their names, and the line on which both are the same."""
    right = scale.width - RIGHT
    for value, words in _ticks(scale.most):
        x, y = scale.across(value), scale.up(value, foot)
        lines = f"M{n(LEFT)} {n(y)}H{n(right)}M{n(x)} {n(foot)}V{n(foot - HIGH)}"
        yield f'<path class="grid" d="{lines}"/>'
        yield text(LEFT - 5, y + 4, words, kind="soft", anchor="end")
        yield text(x, foot + 14, words, kind="soft", anchor="middle")
    end = f"L{n(right)} {n(foot - HIGH)}"
    yield f'<path {SAME} d="M{n(LEFT)} {n(foot)}{end}"/>'
    yield from _haloed(LEFT + 6, foot - HIGH + 14, _("observed, of 100 people"), "")
    yield from _haloed(right - 4, foot - 7, _("predicted, of 100 people"), "end")


def _haloed(x: float, y: float, words: str, anchor: str) -> Iterator[str]:
    for kind in ("halo", "soft"):
        yield text(x, y, words, kind=kind, anchor=anchor)


def _ticks(most: float) -> Iterator[tuple[float, str]]:
    """Yield round proportions from nothing to the most, and how they are written, of 100."""
    wanted = 100 * most / MOST_TICKS
    power = 10 ** math.floor(math.log10(wanted))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= wanted)
    for place in range(int(100 * most / step) + 1):
        yield step * place / 100, number(step * place)


def _point(point: Point, scale: Scale, foot: float) -> Iterator[str]:
    seen = point.observed
    if seen.value is None:
        return
    x = scale.across(point.predicted)
    if seen.low is not None and seen.high is not None:
        low, high = scale.up(seen.low, foot), scale.up(min(seen.high, scale.most), foot)
        yield f'<path {AVERAGE} d="M{n(x)} {n(low)}V{n(high)}"/>'
    yield _sign(point.holds, x, scale.up(seen.value, foot))


def _sign(holds: bool | None, x: float, y: float) -> str:
    """Return a dot where the interval holds the predicted, a ring where not, else a cross."""
    if holds is None:
        return f'<path {AVERAGE} d="M{n(x - 4)} {n(y - 4)}l8 8m0-8l-8 8"/>'
    place = f'cx="{n(x)}" cy="{n(y)}"'
    if holds:
        return f'<circle class="ink" {place} r="{RADIUS}"/>'
    return (
        f'<circle class="halo" {place} r="2"/>'
        f'<circle class="none" stroke-width="2" {place} r="{RADIUS}"/>'
    )


def _legend(curves: Sequence[Curve], width: float, y: float, parts: list[str]) -> float:
    """Add what the marks that are there mean; return where it ends."""
    there = {point.holds for curve in curves for point in curve.points}
    middle = TYPE - 4
    signs = [(f'<path {SAME} d="M0 {middle}h22"/>', ALIKE)]
    signs += [(_sign(holds, 11, middle), says) for holds, says in SIGNS.items() if holds in there]
    for sign, says in signs:
        parts.append(f'<g transform="translate(0 {n(y)})">{sign}</g>')
        for line in lines_of(_(says), width - 30):
            parts.append(text(30, y + TYPE, line))
            y += LINE
        y += 3
    return y


def _in_words(curve: Curve) -> str:
    first, last = curve.points[0], curve.points[-1]
    return _(
        "{model}: in the lowest tenth {low} of 100 were predicted and {low_seen} observed, in the "
        "highest {high} and {high_seen}."
    ).format(
        model=curve.name,
        low=_of_hundred(first.predicted),
        low_seen=_of_hundred(first.observed.value),
        high=_of_hundred(last.predicted),
        high_seen=_of_hundred(last.observed.value),
    )


def _of_hundred(value: float | None) -> str:
    return "–" if value is None else number(100 * value, ".1f")
