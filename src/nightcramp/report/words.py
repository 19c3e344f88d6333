"""The fixed words: levels, marks of the ladder, parts of twelve; lines as wide as the page."""

from __future__ import annotations

import textwrap

WIDTH = 76

LEVEL_TITLES = {
    "emergency": "GET HELP NOW: call your emergency number (999, 112, 911)",
    "same_day": "BE SEEN TODAY",
    "soon": "See a clinician within days, two weeks at most",
    "routine": "Worth an ordinary appointment",
    "self_care": "Nothing you told us needs a clinician now",
}
BE_SEEN_NOTE = (
    "Swelling, warmth or colour in one leg, weakness, numbness, or a pain that stays: be seen the "
    "same day."
)
SELF_CARE_NOTE = f"This rests on what you told us only. {BE_SEEN_NOTE}"
LADDER_MARKS = {
    "possible": "( )",
    "suspected": "(?)",
    "supported": "(+)",
    "confirmed": "(!)",
    "refuted": "(x)",
}
STATUS_WORDS = {
    "published": "published",
    "second_hand": "published, read second-hand",
    "derived": "computed from published counts",
    "established": "established, size assumed",
    "assumed": "assumed",
    "definition": "settled by the fact itself",
    "own": "computed from your own nights",
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
    return f"about {count}" if count else "fewer than 1"


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
    return f"{round(max(low, 0) * TWELVE)} to {round(high * TWELVE)}"


def dots(count: int) -> str:
    """Return twelve dots, as many filled as there are cramps."""
    return "●" * count + "·" * (TWELVE - count)
