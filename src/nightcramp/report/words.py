"""The fixed words: levels, marks of the ladder, parts of twelve; lines as wide as the page."""

from __future__ import annotations

import textwrap

from nightcramp.language import gettext as _
from nightcramp.language import noted

WIDTH = 76

LEVEL_TITLES = {
    "emergency": noted("GET HELP NOW: call your emergency number (999, 112, 911)"),
    "same_day": noted("BE SEEN TODAY"),
    "soon": noted("See a clinician within days, two weeks at most"),
    "routine": noted("Worth an ordinary appointment"),
    "self_care": noted("Nothing you told us needs a clinician now"),
}
BE_SEEN_NOTE = noted(
    "Swelling, warmth or colour in one leg, weakness, numbness, or a pain that stays: be seen the "
    "same day."
)
SELF_CARE_NOTE = noted("This rests on what you told us only.")
LADDER_MARKS = {
    "possible": "( )",
    "suspected": "(?)",
    "supported": "(+)",
    "confirmed": "(!)",
    "refuted": "(x)",
}
LADDER_WORDS = {
    "possible": noted("possible"),
    "suspected": noted("suspected"),
    "supported": noted("supported"),
    "confirmed": noted("confirmed"),
    "refuted": noted("refuted"),
}
STATUS_WORDS = {
    "published": noted("published"),
    "second_hand": noted("published, read second-hand"),
    "derived": noted("computed from published counts"),
    "established": noted("established, size assumed"),
    "assumed": noted("assumed"),
    "definition": noted("settled by the fact itself"),
    "own": noted("computed from your own nights"),
}
TWELVE = 12


def wrap(text: str, indent: int = 2, first: str | None = None) -> str:
    """Return text wrapped to the page, indented."""
    lead = " " * indent
    return textwrap.fill(
        text, WIDTH, initial_indent=lead if first is None else first, subsequent_indent=lead
    )


def printable(text: str) -> str:
    """Return text without what a terminal would obey, as names and notes of a file can hold."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)


def of_twelve(share: float) -> str:
    """Return a share as a number of twelve cramps."""
    return counted(round(share * TWELVE))


def counted(count: int) -> str:
    """Return a number of cramps in words."""
    return _("about {count}").format(count=count) if count else _("fewer than 1")


def twelfths(shares: list[float]) -> list[int]:
    """Return whole cramps for shares, together as many as their sum rounds to.

    Largest remainders get the cramps that rounding down leaves over.
    """
    exact = [max(share, 0.0) * TWELVE for share in shares]
    whole = [int(value) for value in exact]
    left = round(sum(exact)) - sum(whole)
    order = sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])
    return [count + (order.index(i) < left) for i, count in enumerate(whole)]


def twelve_range(low: float, high: float) -> str:
    """Return the interval of a share in cramps of twelve."""
    return _("{low} to {high}").format(low=round(max(low, 0) * TWELVE), high=round(high * TWELVE))


def dots(count: int) -> str:
    """Return twelve dots, as many filled as there are cramps."""
    return "●" * count + "·" * (TWELVE - count)
