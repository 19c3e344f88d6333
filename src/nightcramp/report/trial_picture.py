"""The picture of a trial: a row of nights for each arm under one scale.

It is parts of an SVG whose colours come from classes, so that they follow the page into the
dark, and it works in grey. A night is told by its shape, never by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.report.document import Picture
from nightcramp.report.drawing import AVERAGE, GOAL, LETTER, TYPE, lines_of, n, text
from nightcramp.report.trial_course import COMPARED, LETTERS, BlockSeen, Course, NightSeen
from nightcramp.report.trial_size import KINDS, usual
from nightcramp.trial.nights import SLEEP_UNIT
from nightcramp.trial.protocol import Outcome

PAGE, PAPER = 360, 600
"""Widths to draw at: a page that also fits a telephone, and a sheet of paper."""
GUTTER = 40
"""Room for the scale."""
CELLS = (12, 10, 8, 6.5, 5)
MOST_BANDS = 3
WIDEST_CELL = 16.0
HIGH, ROW, BAND = 44, 60, 22
"""Heights of a full bar, of a row, and of a band beside its rows."""
LEAST_PIECE = 4
"""How high a piece of a bar must be to be seen."""
PIECES: dict[Outcome, str] = {
    "cramps": noted("a cramp"),
    "nights_with_cramp": noted("a night with cramp"),
    "pain": noted("a point of pain"),
    "sleep_lost": noted("{minutes} minutes of sleep lost"),
}
TABLE = ("blocks", noted("block by block"))
Draw = Callable[[float, float], str]
"""A way to draw a sign of the legend, its foot at a place."""


@dataclass(frozen=True)
class Grid:
    """Where nights stand: so many blocks a band, each night so wide."""

    course: Course
    width: float
    a_band: int
    cell: float
    top: float
    most: float

    @property
    def bands(self) -> int:
        """Return how many bands there are."""
        return math.ceil(self.course.protocol.blocks / self.a_band)

    @property
    def band_height(self) -> float:
        """Return the height of a band, a row for each arm."""
        return BAND + ROW * len(self.course.protocol.arms)

    @property
    def bottom(self) -> float:
        """Return where the last band ends."""
        return self.top + self.bands * self.band_height

    def left(self, block: int) -> float:
        """Return where a block begins."""
        return GUTTER + (block % self.a_band) * self.cell * self.course.protocol.block_nights

    def right(self, band: int) -> float:
        """Return where the blocks of a band end."""
        last = min((band + 1) * self.a_band, self.course.protocol.blocks) - 1
        return self.left(last) + self.cell * self.course.protocol.block_nights

    def base(self, band: int, arm: int) -> float:
        """Return the line that the nights of an arm stand on."""
        return self.top + band * self.band_height + 22 + ROW * arm + HIGH

    def high(self, value: float) -> float:
        """Return how high a value stands above its line."""
        return HIGH * value / self.most


def nights_picture(course: Course, width: float, title: str) -> Picture:
    """Return the nights of all arms under one scale."""
    head, top = _names(course, width)
    grid = _grid(course, width, top)
    parts = [*head, *_bands(grid)]
    legend, height = _legend(grid)
    return Picture(
        id="nights",
        title=title,
        description=_in_words(course),
        width=width,
        height=height,
        body="".join([f'<g font-size="{TYPE}">', *parts, *legend, "</g>"]),
        table=(TABLE[0], _(TABLE[1])),
    )


def _grid(course: Course, width: float, top: float) -> Grid:
    """Return the widest nights that fit into few bands, else the narrowest that can be seen."""
    protocol, room = course.protocol, width - GUTTER - 4
    fits = [max(1, int(room // (cell * protocol.block_nights))) for cell in CELLS]
    bands = [math.ceil(protocol.blocks / fit) for fit in fits]
    many = next((count for count in bands if count <= MOST_BANDS), bands[-1])
    a_band = math.ceil(protocol.blocks / many)
    cell = min(WIDEST_CELL, room / (a_band * protocol.block_nights))
    values = [n.value for block in course.known for n in block.nights if n.value is not None]
    return Grid(course, width, a_band, cell, top, max([1.0, *values]))


def _names(course: Course, width: float) -> tuple[list[str], float]:
    """Return the arms' letters, names and averages, and where they end."""
    parts, y = [], 4.0
    for arm in range(len(course.protocol.arms)):
        parts.append(text(0, y + TYPE, LETTERS[arm], bold=True))
        for line in lines_of(course.label(arm), width - 18):
            y += TYPE + 3
            parts.append(text(18, y, line, bold=True))
        y += TYPE + 3
        parts.append(text(18, y, _average(course, arm), kind="soft"))
        y += 7
    return parts, y + 4


def _average(course: Course, arm: int) -> str:
    """Return what stands under an arm's name: its average, or why there is none."""
    said = usual(course.rate(arm), course.protocol.outcome)
    if course.verdict.outcome == "withheld":
        said = _("average withheld")
    elif course.rate(arm) is not None:
        said = _("average {average}").format(average=said)
    return (
        said if arm in COMPARED else _("{average}; not part of the comparison").format(average=said)
    )


def _bands(grid: Grid) -> Iterator[str]:
    for band in range(grid.bands):
        for arm in range(len(grid.course.protocol.arms)):
            yield from _scale(grid, band, arm)
        yield from _block_names(grid, band)
    for block in grid.course.known:
        yield from _block(grid, block)
    for band in range(grid.bands):
        yield from _lines_across(grid, band)


def _scale(grid: Grid, band: int, arm: int) -> Iterator[str]:
    """Yield an arm's letter, its base line and its top line, both with their numbers."""
    base, right = grid.base(band, arm), grid.right(band)
    factor = KINDS[grid.course.protocol.outcome].factor
    yield text(0, base - HIGH / 2 + 5, LETTERS[arm], bold=True)
    for value in (0.0, grid.most):
        y = base - grid.high(value)
        yield f'<path class="grid" d="M{GUTTER} {n(y)}H{n(right)}"/>'
        yield text(GUTTER - 5, y + 4, number(value * factor), kind="soft", anchor="end")


def _block_names(grid: Grid, band: int) -> Iterator[str]:
    """Yield the numbers of the blocks of a band, as many as there is room for."""
    wide = grid.cell * grid.course.protocol.block_nights
    y = grid.base(band, 0) - HIGH - 9
    step = max(1, math.ceil(2.6 * LETTER / wide))
    first = band * grid.a_band
    yield text(0, y, _("block"), kind="soft")
    for block in range(first, min(first + grid.a_band, grid.course.protocol.blocks), step):
        yield text(grid.left(block) + wide / 2, y, f"{block + 1}", kind="soft", anchor="middle")


def _block(grid: Grid, block: BlockSeen) -> Iterator[str]:
    """Yield the nights of a block in the row of its arm; shaded where they count."""
    base = grid.base(block.number // grid.a_band, block.arm)
    left = grid.left(block.number)
    counting = sum(night.counts for night in block.nights)
    x = left + grid.cell * (len(block.nights) - counting)
    kind = "tint" if block.over else "hollow"
    dashes = "" if block.over else ' stroke-dasharray="2 2"'
    yield (
        f'<rect class="{kind}" x="{n(x + 0.75)}" y="{n(base - HIGH)}" '
        f'width="{n(grid.cell * counting - 1.5)}" height="{HIGH}"{dashes}/>'
    )
    for place, night in enumerate(block.nights):
        if night.lived:
            middle = left + (place + 0.5) * grid.cell
            yield _mark(grid, middle, base, night, block.over and night.counts)
    yield from _average_line(grid, block)


def _mark(grid: Grid, x: float, base: float, night: NightSeen, counts: bool) -> str:
    """Return the sign of a night: a cross, a ring, or a bar; hollow where it does not count."""
    if night.value is None:
        return cross(x, base - 4, min(grid.cell / 2 - 0.7, 3))
    if night.value == 0:
        return ring(x, base - 4, min(grid.cell / 2 - 0.7, 3), counts)
    return bar(x, base, grid.high(night.value), min(grid.cell - 1.6, 8), grid.high(1), counts)


def cross(x: float, y: float, r: float) -> str:
    """Return the sign of a night that was not logged."""
    d = f"M{n(x - r)} {n(y - r)}l{n(2 * r)} {n(2 * r)}m0 {n(-2 * r)}l{n(-2 * r)} {n(2 * r)}"
    return f'<path class="cross" d="{d}"/>'


def ring(x: float, y: float, r: float, counts: bool) -> str:
    """Return the sign of a night with nothing to count."""
    kind = "none" if counts else "hollow"
    return f'<circle class="{kind}" cx="{n(x)}" cy="{n(y)}" r="{n(r)}"/>'


def bar(x: float, base: float, high: float, wide: float, piece: float, counts: bool) -> str:
    """Return a bar; cut into its pieces where they can be seen one by one."""
    cut = piece if piece >= LEAST_PIECE else high
    pieces = max(1, round(high / cut))
    left, gap = x - wide / 2, 1.2 if pieces > 1 else 0.0
    inset = 0 if counts else 0.5
    each = high / pieces
    boxes = "".join(
        f"M{n(left + inset)} {n(base - i * each - inset)}"
        f"h{n(wide - 2 * inset)}v{n(-(each - gap - 2 * inset))}h{n(-(wide - 2 * inset))}z"
        for i in range(pieces)
    )
    return f'<path class="{"ink" if counts else "hollow"}" d="{boxes}"/>'


def _lines_across(grid: Grid, band: int) -> Iterator[str]:
    """Yield what the first arm's average must be to matter."""
    goal = goal_of(grid.course)
    if goal is not None:
        y = grid.base(band, COMPARED[0]) - grid.high(goal)
        yield f'<path {GOAL} d="M{GUTTER} {n(y)}H{n(grid.right(band))}"/>'


def _average_line(grid: Grid, block: BlockSeen) -> Iterator[str]:
    """Yield the arm's average across a block that enters it."""
    rate = grid.course.rate(block.arm)
    if block.over and rate is not None and grid.course.verdict.outcome != "withheld":
        y = grid.base(block.number // grid.a_band, block.arm) - grid.high(rate)
        left, wide = grid.left(block.number), grid.cell * len(block.nights)
        yield f'<path {AVERAGE} d="M{n(left + 0.75)} {n(y)}h{n(wide - 1.5)}"/>'


def goal_of(course: Course) -> float | None:
    """Return the average from which downwards the first arm helps enough, None if not known."""
    rate = course.verdict.rate_second
    if not rate or course.verdict.outcome == "withheld":
        return None
    return rate * course.verdict.smallest_effect


def _legend(grid: Grid) -> tuple[list[str], float]:
    """Return the signs and what they mean, and where they end."""
    x, y, parts = 0.0, grid.bottom + 16, []
    for draw, wide, words in _signs(grid):
        need = wide + 6 + LETTER * len(words)
        if x and x + need > grid.width:
            x, y = 0.0, y + 19
        lines = lines_of(words, grid.width - wide - 6)
        parts.append(draw(x, y))
        for place, line in enumerate(lines):
            parts.append(text(x + wide + 6, y + 19 * place, line))
        y += 19 * (len(lines) - 1)
        x += need + 16
    return parts, y + 8


def _signs(grid: Grid) -> Iterator[tuple[Draw, float, str]]:
    outcome = grid.course.protocol.outcome
    piece = _(PIECES[outcome]).format(minutes=number(SLEEP_UNIT))
    said = piece if grid.high(1) >= LEAST_PIECE else _(KINDS[outcome].noun)
    yield lambda x, y: bar(x + 4, y + 1, 10, 7, 10, True), 9, said
    yield lambda x, y: ring(x + 4, y - 4, 3, True), 9, _("none")
    yield lambda x, y: cross(x + 4, y - 4, 3), 9, _("not logged")
    yield lambda x, y: bar(x + 4, y + 1, 10, 7, 10, False), 9, _("does not count, or not yet")
    if grid.course.verdict.rate_second is None or grid.course.verdict.outcome == "withheld":
        return
    yield _stroke(AVERAGE), 22, _("average of the arm")
    if goal_of(grid.course) is not None:
        yield _stroke(GOAL), 22, _("A's average must be down here to matter to you")


def _stroke(look: str) -> Draw:
    return lambda x, y: f'<path {look} d="M{n(x)} {n(y - 4)}h20"/>'


def _in_words(course: Course) -> str:
    """Return the picture for those who do not see it."""
    rows = [_row_in_words(course, arm) for arm in range(len(course.protocol.arms))]
    goal = goal_of(course)
    many = _("{count} rows of nights under one scale, block by block.").format(count=len(rows))
    line = _("A dashed line across row A marks {average}.").format(
        average=usual(goal, course.protocol.outcome)
    )
    return " ".join([many, *rows, *([line] if goal is not None else [])])


def _row_in_words(course: Course, arm: int) -> str:
    blocks = course.of_arm(arm)
    logged = sum(len(block.used) for block in blocks)
    missing = sum(block.missing for block in blocks)
    over = sum(block.over for block in blocks)
    return _(
        "Row {letter}, {arm}: {over} blocks over, {logged} nights that count, {missing} not "
        "logged, {average}."
    ).format(
        letter=LETTERS[arm],
        arm=course.label(arm),
        over=over,
        logged=logged,
        missing=missing,
        average=_average(course, arm),
    )
