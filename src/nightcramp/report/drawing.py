"""Words, lines and numbers of a drawing; its colours come from classes of the page around it."""

from __future__ import annotations

import html
import textwrap

from nightcramp.report.document import plain

TYPE, LETTER = 12, 6.3
"""The size of type, and about how wide one of its letters is."""
WIDE = frozenset("WMwm@%—")
MOST_LINES = 2
AVERAGE = 'class="line" stroke-width="1.5"'
GOAL = 'class="goal" stroke-width="2" stroke-dasharray="5 3"'


def lines_of(words: str, width: float) -> list[str]:
    """Return words on as many lines as there may be; what is left out is marked."""
    letters = max(8, int(width / LETTER / _wideness(words)))
    return textwrap.wrap(plain(words), letters, max_lines=MOST_LINES, placeholder=" …") or [""]


def _wideness(words: str) -> float:
    """Return how wide the letters are beside usual ones."""
    wide = {True: 1.3, False: 1.0}
    each = [1.9 if sign in WIDE else wide[sign.isupper()] for sign in words]
    return sum(each) / len(each) if each else 1.0


def kept(words: str, width: float) -> str:
    """Return words cut to a width."""
    return words if len(words) * LETTER < width else words[: int(width / LETTER) - 1] + "…"


def text(
    x: float, y: float, words: str, *, kind: str = "ink", anchor: str = "", bold: bool = False
) -> str:
    """Return words at a place, in the colour of a class."""
    weight = ' font-weight="bold"' if bold else ""
    side = f' text-anchor="{anchor}"' if anchor else ""
    return (
        f'<text class="{kind}" x="{n(x)}" y="{n(y)}"{side}{weight}>'
        f"{html.escape(plain(words))}</text>"
    )


def n(value: float) -> str:
    """Return a coordinate, a tenth exact."""
    return f"{value:.1f}".removesuffix(".0")
