"""The picture of a size: what the first arm had, beside the second and what matters."""

from __future__ import annotations

import math
from collections.abc import Iterator

from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.report.document import Picture
from nightcramp.report.drawing import AVERAGE, GOAL, LETTER, TYPE, kept, n, text
from nightcramp.report.trial_size import Size, amount

TABLE = ("picture-2-caption", noted("the size in numbers"))
"""Where the table of the size is found: the third block of the section of pictures."""
BESIDE = 0.12
"""Room beside the scale, as a part of it."""
MOST_TIMES = 3
"""The scale ends at so many times what the second arm had."""


def size_picture(size: Size, width: float, title: str) -> Picture:
    """Return what the first arm had, with its interval, beside the second and what matters."""
    left, right = 8.0, width - 8.0
    most = min(max(size.high, size.second), MOST_TIMES * size.second) * (1 + BESIDE)

    def at(value: float) -> float:
        return left + (right - left) * min(value / most, 1.0)

    y = 62.0
    body = [
        f'<g font-size="{TYPE}">',
        *_standing(at(size.second), 22, width, "ink", f"B: {size.about(size.second)}"),
        *_standing(at(size.goal), 40, width, "goal-text", _goal_name(size)),
        f'<path class="line" stroke-width="2" d="M{n(at(size.low))} {y}H{n(at(size.high))}"/>',
        *_beyond(size.high > most, right, y),
        f'<circle class="ink" cx="{n(at(size.first))}" cy="{y}" r="6"/>',
        _inside(at(size.first), 84, width, "ink", f"A: {size.about(size.first)}"),
        f'<path class="grid" d="M{left} 92H{right}"/>',
        *(_tick(at(value), value) for value in _ticks(most)),
        text(left, 126, kept(_unit(size), width), kind="soft"),
        "</g>",
    ]
    return Picture(
        id="size",
        title=title,
        description=_size_in_words(size),
        width=width,
        height=132,
        body="".join(body),
        table=(TABLE[0], _(TABLE[1])),
    )


def _unit(size: Size) -> str:
    return _("{unit}, A with its interval").format(unit=size.unit)


def _beyond(there: bool, x: float, y: float) -> Iterator[str]:
    """Yield the head of an arrow where the interval goes on beyond the picture."""
    if there:
        yield f'<path class="line" stroke-width="2" d="M{n(x - 6)} {y - 5}l6 5l-6 5"/>'


def _standing(x: float, top: float, width: float, kind: str, words: str) -> Iterator[str]:
    """Yield an upright line with its words above."""
    look = AVERAGE if kind == "ink" else GOAL
    yield f'<path {look} d="M{n(x)} {n(top)}V92"/>'
    yield _inside(x, top - 5, width, kind, words)


def _inside(x: float, y: float, width: float, kind: str, words: str) -> str:
    """Return words about a place, kept inside the picture."""
    half = LETTER * len(words) / 2
    middle = min(max(x, half), width - half)
    return "".join(text(middle, y, words, kind=one, anchor="middle") for one in ("halo", kind))


def _ticks(most: float) -> list[float]:
    """Return round values from nothing to the most, four to eight of them."""
    step = 10 ** math.floor(math.log10(most / 4))
    step = next(step * times for times in (1, 2, 5, 10) if most / (step * times) <= 8)
    return [step * place for place in range(int(most / step) + 1)]


def _tick(x: float, value: float) -> str:
    return f'<path class="grid" d="M{n(x)} 92v4"/>' + text(
        x, 108, number(value), kind="soft", anchor="middle"
    )


def _goal_name(size: Size) -> str:
    return _("matters from {goal}").format(goal=_digits(size, size.goal))


def _digits(size: Size, value: float) -> str:
    digits = max(size.kind.digits, 1 if value < 10 else 0)
    return amount(value, 0 if digits == 1 and round(value, 1).is_integer() else digits)


def _size_in_words(size: Size) -> str:
    return _(
        "A: {first} {unit}, it could be {span}. B: {second}. It matters from {goal} down."
    ).format(
        first=size.about(size.first),
        unit=size.unit,
        span=size.span,
        second=size.about(size.second),
        goal=_digits(size, size.goal),
    )
