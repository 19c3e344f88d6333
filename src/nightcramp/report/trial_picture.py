"""Two pictures of a trial: a row of nights for each arm under one scale, and the size.

Both are parts of an SVG whose colours come from classes, so that they follow the page into the
dark, and work in grey. A night is told by its shape, never by colour alone.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nightcramp.report.document import Picture, plain
from nightcramp.report.trial_course import COMPARED, LETTERS, BlockSeen, Course, NightSeen
from nightcramp.report.trial_size import KINDS, Size, number, usual
from nightcramp.trial.nights import SLEEP_UNIT
from nightcramp.trial.protocol import Outcome

PAGE, PAPER = 360, 600
"""Widths to draw at: a page that also fits a telephone, and a sheet of paper."""
GUTTER, TYPE, LETTER = 40, 12, 6.3
"""Room for the scale; the size of type, and about how wide one of its letters is."""
CELLS = (12, 10, 8, 6.5, 5)
MOST_BANDS = 3
WIDEST_CELL = 16.0
HIGH, ROW, BAND = 44, 60, 22
"""Heights of a full bar, of a row, and of a band beside its rows."""
LABEL_LINES = 2
LEAST_PIECE = 4
"""How high a piece of a bar must be to be seen."""
PIECES: dict[Outcome, str] = {
    "cramps": "a cramp",
    "nights_with_cramp": "a night with cramp",
    "pain": "a point of pain",
    "sleep_lost": f"{SLEEP_UNIT:g} minutes of sleep lost",
}
WIDE = frozenset("WMwm@%—")
AVERAGE = 'class="line" stroke-width="1.5"'
GOAL = 'class="goal" stroke-width="2" stroke-dasharray="5 3"'
TABLE = ("blocks", "block by block")
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
        table=TABLE,
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
        parts.append(_text(0, y + TYPE, LETTERS[arm], bold=True))
        for line in _lines(course.label(arm), width - 18):
            y += TYPE + 3
            parts.append(_text(18, y, line, bold=True))
        y += TYPE + 3
        parts.append(_text(18, y, _average(course, arm), kind="soft"))
        y += 7
    return parts, y + 4


def _average(course: Course, arm: int) -> str:
    """Return what stands under an arm's name: its average, or why there is none."""
    beside = "" if arm in COMPARED else "; not part of the comparison"
    if course.verdict.outcome == "withheld":
        return f"average withheld{beside}"
    said = usual(course.rate(arm), course.protocol.outcome)
    return f"average {said}{beside}" if course.rate(arm) is not None else f"{said}{beside}"


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
    yield _text(0, base - HIGH / 2 + 5, LETTERS[arm], bold=True)
    for value in (0.0, grid.most):
        y = base - grid.high(value)
        yield f'<path class="grid" d="M{GUTTER} {_n(y)}H{_n(right)}"/>'
        yield _text(GUTTER - 5, y + 4, f"{value * factor:g}", kind="soft", anchor="end")


def _block_names(grid: Grid, band: int) -> Iterator[str]:
    """Yield the numbers of the blocks of a band, as many as there is room for."""
    wide = grid.cell * grid.course.protocol.block_nights
    y = grid.base(band, 0) - HIGH - 9
    step = max(1, math.ceil(2.6 * LETTER / wide))
    first = band * grid.a_band
    yield _text(0, y, "block", kind="soft")
    for block in range(first, min(first + grid.a_band, grid.course.protocol.blocks), step):
        yield _text(grid.left(block) + wide / 2, y, f"{block + 1}", kind="soft", anchor="middle")


def _block(grid: Grid, block: BlockSeen) -> Iterator[str]:
    """Yield the nights of a block in the row of its arm; shaded where they count."""
    base = grid.base(block.number // grid.a_band, block.arm)
    left = grid.left(block.number)
    counting = sum(night.counts for night in block.nights)
    x = left + grid.cell * (len(block.nights) - counting)
    kind = "tint" if block.over else "hollow"
    dashes = "" if block.over else ' stroke-dasharray="2 2"'
    yield (
        f'<rect class="{kind}" x="{_n(x + 0.75)}" y="{_n(base - HIGH)}" '
        f'width="{_n(grid.cell * counting - 1.5)}" height="{HIGH}"{dashes}/>'
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
    d = f"M{_n(x - r)} {_n(y - r)}l{_n(2 * r)} {_n(2 * r)}m0 {_n(-2 * r)}l{_n(-2 * r)} {_n(2 * r)}"
    return f'<path class="cross" d="{d}"/>'


def ring(x: float, y: float, r: float, counts: bool) -> str:
    """Return the sign of a night with nothing to count."""
    kind = "none" if counts else "hollow"
    return f'<circle class="{kind}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"/>'


def bar(x: float, base: float, high: float, wide: float, piece: float, counts: bool) -> str:
    """Return a bar; cut into its pieces where they can be seen one by one."""
    cut = piece if piece >= LEAST_PIECE else high
    pieces = max(1, round(high / cut))
    left, gap = x - wide / 2, 1.2 if pieces > 1 else 0.0
    inset = 0 if counts else 0.5
    each = high / pieces
    boxes = "".join(
        f"M{_n(left + inset)} {_n(base - i * each - inset)}"
        f"h{_n(wide - 2 * inset)}v{_n(-(each - gap - 2 * inset))}h{_n(-(wide - 2 * inset))}z"
        for i in range(pieces)
    )
    return f'<path class="{"ink" if counts else "hollow"}" d="{boxes}"/>'


def _lines_across(grid: Grid, band: int) -> Iterator[str]:
    """Yield what the first arm's average must be to matter."""
    goal = goal_of(grid.course)
    if goal is not None:
        y = grid.base(band, COMPARED[0]) - grid.high(goal)
        yield f'<path {GOAL} d="M{GUTTER} {_n(y)}H{_n(grid.right(band))}"/>'


def _average_line(grid: Grid, block: BlockSeen) -> Iterator[str]:
    """Yield the arm's average across a block that enters it."""
    rate = grid.course.rate(block.arm)
    if block.over and rate is not None and grid.course.verdict.outcome != "withheld":
        y = grid.base(block.number // grid.a_band, block.arm) - grid.high(rate)
        left, wide = grid.left(block.number), grid.cell * len(block.nights)
        yield f'<path {AVERAGE} d="M{_n(left + 0.75)} {_n(y)}h{_n(wide - 1.5)}"/>'


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
        lines = _lines(words, grid.width - wide - 6)
        parts.append(draw(x, y))
        for place, line in enumerate(lines):
            parts.append(_text(x + wide + 6, y + 19 * place, line))
        y += 19 * (len(lines) - 1)
        x += need + 16
    return parts, y + 8


def _signs(grid: Grid) -> Iterator[tuple[Draw, float, str]]:
    outcome = grid.course.protocol.outcome
    said = PIECES[outcome] if grid.high(1) >= LEAST_PIECE else KINDS[outcome].noun
    yield lambda x, y: bar(x + 4, y + 1, 10, 7, 10, True), 9, said
    yield lambda x, y: ring(x + 4, y - 4, 3, True), 9, "none"
    yield lambda x, y: cross(x + 4, y - 4, 3), 9, "not logged"
    yield lambda x, y: bar(x + 4, y + 1, 10, 7, 10, False), 9, "does not count, or not yet"
    if grid.course.verdict.rate_second is None or grid.course.verdict.outcome == "withheld":
        return
    yield _stroke(AVERAGE), 22, "average of the arm"
    if goal_of(grid.course) is not None:
        yield _stroke(GOAL), 22, "A's average must be down here to matter to you"


def _stroke(look: str) -> Draw:
    return lambda x, y: f'<path {look} d="M{_n(x)} {_n(y - 4)}h20"/>'


def _in_words(course: Course) -> str:
    """Return the picture for those who do not see it."""
    rows = [_row_in_words(course, arm) for arm in range(len(course.protocol.arms))]
    goal = goal_of(course)
    line = f" A dashed line across row A marks {usual(goal, course.protocol.outcome)}."
    many = f"{len(rows)} rows of nights under one scale, block by block."
    return " ".join([many, *rows]) + (line if goal is not None else "")


def _row_in_words(course: Course, arm: int) -> str:
    blocks = course.of_arm(arm)
    logged = sum(len(block.used) for block in blocks)
    missing = sum(block.missing for block in blocks)
    over = sum(block.over for block in blocks)
    return (
        f"Row {LETTERS[arm]}, {course.label(arm)}: {over} blocks over, {logged} nights that count, "
        f"{missing} not logged, {_average(course, arm)}."
    )


# --- the size ---

BARRIER = 0.12
"""Room beside the scale of the size, as a part of it."""


def size_picture(course: Course, size: Size, width: float, title: str) -> Picture:
    """Return what the first arm had, with its interval, beside the second and what matters."""
    left, right = 8.0, width - 8.0
    most = min(max(size.high, size.second), 3 * size.second) * (1 + BARRIER)

    def at(value: float) -> float:
        return left + (right - left) * min(value / most, 1.0)

    y = 62.0
    body = [
        f'<g font-size="{TYPE}">',
        *_standing(at(size.second), 22, width, "ink", f"B: {size.about(size.second)}"),
        *_standing(at(size.goal), 40, width, "goal-text", _goal_name(size)),
        f'<path class="line" stroke-width="2" d="M{_n(at(size.low))} {y}H{_n(at(size.high))}"/>',
        f'<circle class="ink" cx="{_n(at(size.first))}" cy="{y}" r="6"/>',
        _inside(at(size.first), 84, width, "ink", f"A: {size.about(size.first)}"),
        f'<path class="grid" d="M{left} 92H{right}"/>',
        *(_tick(at(value), value) for value in _ticks(most)),
        _text(left, 126, _kept(f"{size.unit}, A with its interval", width), kind="soft"),
        "</g>",
    ]
    return Picture(
        id="size",
        title=title,
        description=_size_in_words(size),
        width=width,
        height=132,
        body="".join(body),
        table=("weighed", "three ways to weigh it"),
    )


def _standing(x: float, top: float, width: float, kind: str, words: str) -> Iterator[str]:
    """Yield an upright line with its words above."""
    look = AVERAGE if kind == "ink" else GOAL
    yield f'<path {look} d="M{_n(x)} {_n(top)}V92"/>'
    yield _inside(x, top - 5, width, kind, words)


def _inside(x: float, y: float, width: float, kind: str, words: str) -> str:
    """Return words about a place, kept inside the picture."""
    half = LETTER * len(words) / 2
    middle = min(max(x, half), width - half)
    return "".join(_text(middle, y, words, kind=one, anchor="middle") for one in ("halo", kind))


def _ticks(most: float) -> list[float]:
    """Return round values from nothing to the most, four to eight of them."""
    step = 10 ** math.floor(math.log10(most / 4))
    step = next(step * times for times in (1, 2, 5, 10) if most / (step * times) <= 8)
    return [step * place for place in range(int(most / step) + 1)]


def _tick(x: float, value: float) -> str:
    return f'<path class="grid" d="M{_n(x)} 92v4"/>' + _text(
        x, 108, f"{value:g}", kind="soft", anchor="middle"
    )


def _goal_name(size: Size) -> str:
    return f"matters from {_digits(size, size.goal)}"


def _digits(size: Size, value: float) -> str:
    return number(value, max(size.kind.digits, 1 if value < 10 else 0)).removesuffix(".0")


def _size_in_words(size: Size) -> str:
    return (
        f"A: {size.about(size.first)} {size.unit}, it could be {size.span}. "
        f"B: {size.about(size.second)}. It matters from {_digits(size, size.goal)} down."
    )


# --- words and numbers ---


def _lines(words: str, width: float) -> list[str]:
    """Return words on as many lines as there may be; what is left out is marked."""
    letters = max(8, int(width / LETTER / _wideness(words)))
    return textwrap.wrap(plain(words), letters, max_lines=LABEL_LINES, placeholder=" …") or [""]


def _wideness(words: str) -> float:
    """Return how wide the letters are beside usual ones."""
    wide = {True: 1.3, False: 1.0}
    each = [1.9 if sign in WIDE else wide[sign.isupper()] for sign in words]
    return sum(each) / len(each) if each else 1.0


def _kept(words: str, width: float) -> str:
    return words if len(words) * LETTER < width else words[: int(width / LETTER) - 1] + "…"


def _text(
    x: float, y: float, words: str, *, kind: str = "ink", anchor: str = "", bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    side = f' text-anchor="{anchor}"' if anchor else ""
    return (
        f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}"{side}{weight}>'
        f"{html.escape(plain(words))}</text>"
    )


def _n(value: float) -> str:
    """Return a coordinate, a tenth exact."""
    return f"{value:.1f}".removesuffix(".0")
