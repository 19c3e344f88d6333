"""Reads numbers as written with a decimal point or comma, and refuses to guess which."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from nightcramp.intake.spreadsheet.words import NUMBERS, plain
from nightcramp.language import noted

Decimal = Literal["", ".", ","]
"""The mark before the decimals; empty while a file does not show it."""

MOST_DIGITS = 15
_SPACES = "\u00a0\u202f\u2009 '’"
_PLAIN = re.compile(r"[+-]?\d+")
_FIRST_NUMBER = re.compile(r"([+-]?[\d.,\u00a0\u202f\u2009'’ ]*\d)\s*(.*)", re.S)
_COMMA_DECIMAL = re.compile(r"[+-]?(?:0,\d+|\d+,(?:\d{1,2}|\d{4,})|\d{1,3}(?:\.\d{3})+,\d+)")
_POINT_DECIMAL = re.compile(r"[+-]?(?:0\.\d+|\d+\.(?:\d{1,2}|\d{4,})|\d{1,3}(?:,\d{3})+\.\d+)")
_COMMA_GROUPS = re.compile(r"[+-]?\d{1,3}(?:,\d{3}){2,}")
_POINT_GROUPS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){2,}")
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_TIMES = ("x", "×", "time", "times", "mal", "fois", "veces", "cramp", "cramps", "krampf", "krampfe")
_COUNT = re.compile(rf"(\d{{1,9}})(?:[.,]0{{1,2}})?\s*(?:{'|'.join(_TIMES)})?")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")
_LENGTH = re.compile(
    r"(?:(\d{1,3})\s*(?:h|hrs?|hours?|std|stunden?)\.?)?\s*"
    r"(?:(\d{1,4})\s*(?:m|mins?|minutes?|minuten?)\.?)?",
    re.I,
)


def is_number(text: str) -> bool:
    """Tell whether a text is a number in some notation."""
    bare = _bare(text)
    return bool(_PLAIN.fullmatch(bare)) or any(
        shape.fullmatch(bare)
        for shape in (_COMMA_DECIMAL, _POINT_DECIMAL, _COMMA_GROUPS, _POINT_GROUPS, _EITHER)
    )


def decimal_of(texts: Iterable[str]) -> Decimal:
    """Return the decimal mark that the numbers show; empty when none or both are shown."""
    marks: set[Decimal] = set()
    for text in texts:
        found = _FIRST_NUMBER.fullmatch(text)
        bare = _bare(found[1]) if found else ""
        if _COMMA_DECIMAL.fullmatch(bare) or _POINT_GROUPS.fullmatch(bare):
            marks.add(",")
        elif _POINT_DECIMAL.fullmatch(bare) or _COMMA_GROUPS.fullmatch(bare):
            marks.add(".")
    return marks.pop() if len(marks) == 1 else ""


def number_in(text: str, decimal: Decimal) -> tuple[float | None, str, str]:
    """Return (number, the unit written behind it, why there is no number)."""
    found = _FIRST_NUMBER.fullmatch(text.strip())
    if found is None:
        return None, "", noted("not a number")
    bare, unit = _bare(found[1]), found[2].strip()
    if unit and not re.fullmatch(r"[^\W\d_][\w./%µ°² ]{0,20}|%", unit):
        return None, "", noted("not one number")
    if not decimal and _EITHER.fullmatch(bare):
        return None, "", noted("a comma or point that may mean thousands or decimals")
    value = _value(bare, decimal)
    return (value, unit, "") if value is not None else (None, "", noted("not one number"))


def count_in(text: str) -> int | None:
    """Return the whole number a cell says ("2", "2x", "two", "2 cramps"), or None."""
    word = plain(text)
    first, _, rest = word.partition(" ")
    if first in NUMBERS and (not rest or rest in _TIMES):
        return NUMBERS[first]
    found = _COUNT.fullmatch(word)
    return int(found[1]) if found else None


def minutes_in(text: str) -> float | None:
    """Return the minutes in "7:30", "7 h 30 min" or "45 min", or None."""
    clock = _CLOCK.fullmatch(text.strip())
    if clock:
        return int(clock[1]) * 60 + int(clock[2]) + int(clock[3] or 0) / 60
    length = _LENGTH.fullmatch(text.strip())
    if length and (length[1] or length[2]):
        return int(length[1] or 0) * 60 + float(length[2] or 0)
    return None


def _bare(text: str) -> str:
    return text.strip().translate({ord(c): None for c in _SPACES}).replace("−", "-")


def _value(bare: str, decimal: Decimal) -> float | None:
    if sum(c.isdigit() for c in bare) > MOST_DIGITS + 3:
        return None
    if _PLAIN.fullmatch(bare):
        return float(bare)
    comma = decimal == "," or (not decimal and bool(_COMMA_DECIMAL.fullmatch(bare)))
    groups, mark = (".", ",") if comma else (",", ".")
    shape = rf"[+-]?(?:\d{{1,3}}(?:\{groups}\d{{3}})+|\d+)(?:\{mark}\d+)?"
    if not re.fullmatch(shape, bare):
        return None
    return float(bare.replace(groups, "").replace(mark, "."))
