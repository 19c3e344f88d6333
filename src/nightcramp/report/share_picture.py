"""Twelve of a person's cramps, a dot each, by what each most likely belongs to; as SVG.

A cause has a shape, a letter and a hue of its own, so it is told apart in grey too. A dot is
half filled where it is in doubt: above the low end of the cause's interval. Below stands each
cause with its interval on one scale. Hues come from the classes `cause-1` to `cause-5`, `rest`
and `unexplained` of the page around it; printed or in a PDF, the `fill` beside them holds.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from nightcramp.assess.assessment import Assessment, Unexplained
from nightcramp.assess.assessment import Share as Part
from nightcramp.knowledge.schema import Model
from nightcramp.language import gettext as _
from nightcramp.plan.plan import in_a_sentence
from nightcramp.report.document import TIED
from nightcramp.report.drawing import TYPE, lines_of, n, text
from nightcramp.report.words import (
    LADDER_MARKS,
    LADDER_WORDS,
    TWELVE,
    counted,
    twelfths,
    twelve_range,
)

Belongs = Literal["cause", "others", "unexplained"]
MOST_SHOWN = 5
WIDTH, SIDE, CELL, RADIUS = 340, 8, 54, 16
LEFT, RIGHT, SIZE, LINE, BOLDER = 40, 324, 15, 20, 1.15
HUES = {
    "cause-1": "#0f5f8c",
    "cause-2": "#8a5a00",
    "cause-3": "#7a3b78",
    "cause-4": "#2d6a4f",
    "cause-5": "#211d1a",
    "rest": "#6b625a",
    "unexplained": "#211d1a",
}
INK, HAIR = "#211d1a", "#8d8379"


class ShareRow(Struct, frozen=True, kw_only=True):
    """What some of twelve cramps belong to. `low`, `high`: the interval in cramps, if there is one.

    `ladder` is "" for what is no single cause.
    """

    id: str
    label: str
    belongs: Belongs
    share: float
    count: int
    low: int | None = None
    high: int | None = None
    spread: str = ""
    ladder: str = ""


class SharePicture(Struct, frozen=True, kw_only=True):
    """The picture with the sentence that it shows and the table behind it."""

    title: str
    svg: str
    head: list[str]
    table: list[list[str]]


def share_rows(found: Assessment, model: Model) -> list[ShareRow]:
    """Return the named causes, largest first, what others come to, and the unexplained part."""
    there = [s for s in found.shares if s.presence >= model.present_probability]
    named = [s for s in there if s.share >= model.shown_weight][:MOST_SHOWN]
    others = sum(s.share for s in found.shares) - sum(s.share for s in named)
    with_others = [others] if others >= model.shown_weight else []
    parts = [*(s.share for s in named), *with_others, found.unexplained.share]
    counts = twelfths(parts)
    rows = [_cause(part, count) for part, count in zip(named, counts, strict=False)]
    if with_others:
        rows.append(_others(others, counts[len(named)]))
    return [*rows, _unexplained(found.unexplained, counts[-1])]


def _cause(part: Part, count: int) -> ShareRow:
    return ShareRow(
        id=part.id,
        label=part.label,
        belongs="cause",
        share=part.share,
        count=count,
        low=_cramps(part.low),
        high=_cramps(part.high),
        spread=twelve_range(part.low, part.high),
        ladder=part.ladder,
    )


def _others(share: float, count: int) -> ShareRow:
    label = _("other possibilities together")
    return ShareRow(id="", label=label, belongs="others", share=share, count=count)


def _unexplained(left: Unexplained, count: int) -> ShareRow:
    return ShareRow(
        id="",
        label=_("not explained by anything we know"),
        belongs="unexplained",
        share=left.share,
        count=count,
        low=_cramps(left.low),
        high=_cramps(left.high),
        spread=twelve_range(left.low, left.high),
    )


def _cramps(share: float) -> int:
    return round(max(share, 0.0) * TWELVE)


def note_of(row: ShareRow) -> str:
    """Return what is said beside the size of a row: how far off it may be, and how sure it is."""
    if row.belongs == "others":
        return _("not known to be there, or small")
    if row.belongs == "unexplained":
        return _("it could be {spread}").format(spread=row.spread)
    sure = f"{_(LADDER_WORDS[row.ladder])} {LADDER_MARKS[row.ladder]}"
    return _("it could be {spread}; {sure}").format(spread=row.spread, sure=sure)


def share_picture(found: Assessment, model: Model) -> SharePicture:
    """Return the picture of an assessment's shares."""
    rows = share_rows(found, model)
    return SharePicture(
        title=title_of(rows),
        svg=shares_svg(rows),
        head=[_("what"), _("of 12 cramps"), _("it could be"), _("how sure")],
        table=[_in_table(row) for row in rows],
    )


def _in_table(row: ShareRow) -> list[str]:
    sure = f"{_(LADDER_WORDS[row.ladder])} {LADDER_MARKS[row.ladder]}" if row.ladder else ""
    return [row.label, counted(row.count), row.spread, sure or note_of(row)]


def title_of(rows: Sequence[ShareRow]) -> str:
    """Return the finding that the picture shows."""
    left = rows[-1]
    unexplained = _(
        "Of 12 of your cramps, {left} are not explained by anything we know (it could be {spread})"
    ).format(left=counted(left.count), spread=left.spread)
    first = rows[0]
    if first.belongs != "cause" or not first.count:
        return unexplained
    return _(
        "Of 12 of your cramps, {count} fit this: {cause} (it could be {spread}). "
        "Not explained: {left} (it could be {rest})"
    ).format(
        count=counted(first.count),
        cause=in_a_sentence(first.label),
        spread=first.spread,
        left=counted(left.count),
        rest=left.spread,
    )


def shares_svg(rows: Sequence[ShareRow]) -> str:
    """Return the picture of twelve cramps as one SVG element."""
    looks = _looks(rows)
    parts: list[str] = [*_cramps_of(rows, looks)]
    bottom = 2 * (CELL + 10) + 12.0
    bottom = _half_filled(bottom, parts)
    for row, look in zip(rows, looks, strict=True):
        bottom = _scaled(row, look, bottom, parts)
    parts += _axis(bottom)
    title, words = html.escape(title_of(rows)), html.escape(_in_words(rows))
    return (
        f'<svg class="shares" viewBox="0 0 {WIDTH} {n(bottom + 44)}" role="img" '
        f'aria-labelledby="shares-title shares-words" font-size="{SIZE}" fill="{INK}">'
        f'<title id="shares-title">{title}</title><desc id="shares-words">{words}</desc>'
        f"{''.join(parts)}</svg>"
    )


class _Look(Struct, frozen=True):
    """How a row's dots look: the class of their hue, their shape, the letter below."""

    hue: str
    shape: str
    letter: str


def _looks(rows: Sequence[ShareRow]) -> list[_Look]:
    shapes = ("circle", "square", "triangle", "diamond", "hexagon")
    looks = []
    for place, row in enumerate(rows):
        if row.belongs == "cause":
            looks.append(_Look(f"cause-{place + 1}", shapes[place], "ABCDE"[place]))
        elif row.belongs == "others":
            looks.append(_Look("rest", "cross", "+"))
        else:
            looks.append(_Look("unexplained", "ring", "?"))
    return looks


def _in_words(rows: Sequence[ShareRow]) -> str:
    return " ".join(f"{row.label}: {counted(row.count)}, {note_of(row)}." for row in rows)


def _cramps_of(rows: Sequence[ShareRow], looks: Sequence[_Look]) -> Iterator[str]:
    """Yield the dots: six a line, each with the letter of what it belongs to."""
    place = 0
    for row, look in zip(rows, looks, strict=True):
        for number in range(row.count):
            x = SIDE + CELL * (place % 6 + 0.5)
            y = SIDE + RADIUS + (place // 6) * (CELL + 10)
            yield dot(look.hue, look.shape, x, y, RADIUS, half=number >= (row.low or 0))
            yield text(x, y + RADIUS + 17, look.letter, anchor="middle")
            place += 1


def _half_filled(top: float, parts: list[str]) -> float:
    """Add what half filled means; return where the next part begins."""
    words = _("Half filled: in doubt, it may belong to something else.")
    parts.append(dot("unexplained", "circle", 20, top + 8, 8, half=True))
    lines = _lines(words)
    parts += [text(LEFT, top + 13 + LINE * i, line, kind="soft") for i, line in enumerate(lines)]
    return top + LINE * len(lines) + 14


def _scaled(row: ShareRow, look: _Look, top: float, parts: list[str]) -> float:
    """Add a row with its interval on the scale; return where the next one begins."""
    parts.append(dot(look.hue, look.shape, 20, top + 10, 8))
    label = _lines(f"{look.letter}  {row.label[:1].upper()}{row.label[1:]}", BOLDER)
    note = _lines(f"{counted(row.count)}: {_tied(note_of(row))}")
    for place, line in enumerate([*label, *note]):
        bold = place < len(label)
        kind = "ink" if bold else "soft"
        parts.append(text(LEFT, top + 15 + LINE * place, line, kind=kind, bold=bold))
    y = top + LINE * (len(label) + len(note)) + 14
    parts.append(f'<path class="hair" stroke="{HAIR}" d="M{LEFT} {n(y)}H{RIGHT}"/>')
    parts += [
        f'<path class="hair" stroke="{HAIR}" d="M{n(_at(tick))} {n(y - 4)}v8"/>'
        for tick in (0, 3, 6, 9, 12)
    ]
    if row.low is not None and row.high is not None:
        width = f"M{n(_at(row.low))} {n(y)}H{n(max(_at(row.high), _at(row.low) + 1))}"
        parts.append(
            f'<path {_hue(look.hue)} stroke-width="5" stroke-linecap="round" d="{width}"/>'
        )
    parts.append(dot(look.hue, look.shape, _at(row.share * TWELVE), y, 7))
    return y + 22


def _axis(top: float) -> Iterator[str]:
    for tick in (0, 6, 12):
        yield text(_at(tick), top + 6, str(tick), kind="soft", anchor="middle")
    yield text(LEFT, top + 6 + LINE, _("of 12 cramps"), kind="soft")


def _at(cramps: float) -> float:
    return LEFT + (RIGHT - LEFT) * cramps / TWELVE


def _lines(words: str, wider: float = 1.0) -> list[str]:
    return lines_of(words, (RIGHT - LEFT + 8) * TYPE / SIZE / wider)


def _tied(note: str) -> str:
    """Return a note whose mark stays beside its word."""
    return note.replace("( )", f"({TIED})").replace(" (", f"{TIED}(")


def _hue(name: str) -> str:
    return f'class="{name}" fill="{HUES[name]}" stroke="{HUES[name]}"'


def dot(hue: str, shape: str, x: float, y: float, r: float, *, half: bool = False) -> str:
    """Return a dot: filled, or its left half where it is in doubt."""
    if shape == "ring":
        return _ring(hue, x, y, r, half=half)
    points = SHAPES[shape]
    whole = _outline([(x + r * a, y + r * b) for a, b in points])
    if not half:
        return f'<path {_hue(hue)} stroke-width="1" d="{whole}"/>'
    left = _outline([(x + r * a, y + r * b) for a, b in _left_of(points)])
    return (
        f'<g {_hue(hue)}><path fill="none" stroke-width="2" d="{whole}"/>'
        f'<path stroke="none" d="{left}"/></g>'
    )


def _ring(hue: str, x: float, y: float, r: float, *, half: bool) -> str:
    """Return a ring around a dot, of which the left half is filled where it is in doubt."""
    inner = r * 0.5
    points = [(x + inner * a, y + inner * b) for a, b in SHAPES["circle"]]
    if half:
        points = [(x + inner * a, y + inner * b) for a, b in _left_of(SHAPES["circle"])]
    return (
        f'<g {_hue(hue)}><circle cx="{n(x)}" cy="{n(y)}" r="{n(r - 1.5)}" fill="none" '
        f'stroke-width="{n(r / 5)}"/><path stroke="none" d="{_outline(points)}"/></g>'
    )


Points = Sequence[tuple[float, float]]


def _left_of(points: Points) -> list[tuple[float, float]]:
    """Return the part of a closed shape that lies left of its middle."""
    kept: list[tuple[float, float]] = []
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        if ax <= 0:
            kept.append((ax, ay))
        if (ax < 0 < bx) or (bx < 0 < ax):
            kept.append((0.0, ay + (by - ay) * ax / (ax - bx)))
    return kept


def _outline(points: Points) -> str:
    return "M" + "L".join(f"{n(x)} {n(y)}" for x, y in points) + "Z"


def _polygon(corners: int, turn: float = 0.0) -> Points:
    angles = [turn + 2 * math.pi * corner / corners for corner in range(corners)]
    return [(math.cos(angle), math.sin(angle)) for angle in angles]


_A, _B = 0.32, 0.95
SHAPES: dict[str, Points] = {
    "circle": _polygon(40),
    "square": [(-0.86, -0.86), (0.86, -0.86), (0.86, 0.86), (-0.86, 0.86)],
    "triangle": [(0, -1.0), (1.05, 0.85), (-1.05, 0.85)],
    "diamond": [(0, -1.15), (1.0, 0), (0, 1.15), (-1.0, 0)],
    "hexagon": _polygon(6),
    "cross": [
        *((-_A, -_B), (_A, -_B), (_A, -_A), (_B, -_A), (_B, _A), (_A, _A)),
        *((_A, _B), (-_A, _B), (-_A, _A), (-_B, _A), (-_B, -_A), (-_A, -_A)),
    ],
}
