"""The paper diary as a PDF: two weeks of rows to fill in by pencil, and how to fill them in."""

from __future__ import annotations

import datetime as dt
import shlex
from typing import Any, Literal

from msgspec import Struct

from nightcramp.diary.sheet import COUNT, MOST_NIGHTS, Column, Sheet, night_name
from nightcramp.knowledge.loader import Knowledge
from nightcramp.report.pdf import compile_pdf
from nightcramp.report.words import LEVEL_TITLES

PAPERS = {"a4": "a4", "letter": "us-letter"}
"""Sizes of paper, and what typst calls them."""
LANGUAGE = "en"
UNITS = {"min": "minutes", "h": "hours"}
GROUPS = {"night": "In the night", "day": "On the day before that night", "own": "Yours"}
WIDTHS = {"": 1.0, "U": 1.35, "YN": 1.15}
MOST_WIDTH = 1.55
"""How wide a column is beside others, by the letters printed in its boxes."""
WRITE = {
    COUNT: "how many; 0 if none",
    "pain_worst": "0 none, 10 the worst there is",
    "sleep_lost": "minutes awake; 0 if none",
    "effort": "0 rest, 10 all you can; ring U if it was unusual for you",
    "stand_minutes": "hours standing and walking",
    "drinks": "glasses and cups, coffee too",
    "alcohol": "glasses of beer, wine, spirits",
    "caffeine_cups": "coffee, tea, cola",
    "caffeine_last": "like 15:00 or 3 pm",
    "stretching": "ring Y or N",
    "heat": "ring H, S or both, or N",
    "diarrhoea": "ring D, V or both, or N",
    "medicine_missed": "ring Y or N",
}
SCALE = "0 to 10"
OWN_WRITE = "how many, or Y or N"
KEY = (
    "One row each morning. No cramp: write 0. Do not know: leave it empty. "
    "Letters: ring what is so; N is no."
)
STEPS = (
    "Fill in one row each morning, with a pencil. It takes a minute.",
    "A row is one night, with the day before it: {row} is {first} and the night that follows. "
    "A cramp after midnight belongs to the same row.",
    "Write 0 when there was no cramp. Nights without cramps tell as much as nights with them.",
    "Leave empty what you do not know. Empty is never read as no.",
)
WORDS = {
    "row": "night",
    "span": "evening → morning",
    "name": "Name or initials, if you like:",
    "how": "How to fill it in",
    "code": "letter",
    "column": "column",
    "write": "what to write",
    "full": "When the sheet is full",
    "typing": "Take it to your clinician, or have it typed in: one line a night, with the small "
    "letters below the heads. A dot at the end: all the rest is N.",
}
EXAMPLE = "2 p7 w20 e8u f5 g6 a1 c2@15 x s ."


class Urgent(Struct, frozen=True, kw_only=True):
    """What a person must not wait with; `flags`: the red flags that it puts in short words."""

    text: str
    level: Literal["emergency", "same_day"]
    flags: tuple[str, ...] = ()


WARNINGS = (
    Urgent(
        level="emergency",
        text="chest pain, fainting, or short of breath at rest",
        flags=("pe_leg", "pe_any"),
    ),
    Urgent(
        level="emergency",
        text="a leg suddenly cold, pale, blue, numb or weak",
        flags=("ali",),
    ),
    Urgent(
        level="emergency",
        text="new weakness within hours or days",
        flags=("weak_acute",),
    ),
    Urgent(
        level="emergency",
        text="numb between the legs, or new trouble with bladder or bowel",
        flags=("ces",),
    ),
    Urgent(
        level="same_day",
        text="one leg swollen, warm or changed in colour (do not rub or stretch it)",
        flags=("dvt_sus",),
    ),
    Urgent(level="same_day", text="weakness or numbness"),
    Urgent(
        level="same_day",
        text="a pain that stays, or a cramp that no stretching or moving eases",
        flags=("lasting_one_leg", "cramp10"),
    ),
    Urgent(level="same_day", text="dark urine, like cola", flags=("dark_urine_alone",)),
)


def paper_pdf(sheet: Sheet, size: str, knowledge: Knowledge, *, now: dt.datetime) -> bytes:
    """Return the sheet as a two-page PDF/UA; the same sheet, size and time give the same bytes."""
    return compile_pdf("paper", sheet_data(sheet, size, knowledge), now=now)


def sheet_data(sheet: Sheet, size: str, knowledge: Knowledge) -> dict[str, Any]:
    """Return everything the template prints, in words and numbers."""
    first, last = sheet.evenings[0], sheet.evenings[-1] + dt.timedelta(days=1)
    return {
        "paper": PAPERS[size],
        "language": LANGUAGE,
        "title": f"Night cramps, {_span(first, last)}",
        "key": KEY,
        "groups": _groups(sheet),
        "columns": [_column(column, knowledge) for column in sheet.columns],
        "nights": [night_name(evening) for evening in sheet.evenings],
        "words": WORDS,
        "steps": [_step(text, first) for text in STEPS],
        "warnings": _warnings(),
        "example": EXAMPLE,
        "command": type_command(sheet),
    }


def type_command(sheet: Sheet) -> list[str]:
    """Return the command that types in this sheet, in parts not to be broken over lines."""
    own = [f"--own {shlex.quote(name)}" for name in sheet.own]
    rows = [] if sheet.nights == MOST_NIGHTS else [f"--nights {sheet.nights}"]
    return ["nightcramp type", f"--from {sheet.first}", *rows, *own]


def head_of(column: Column, knowledge: Knowledge) -> str:
    """Return what stands above a column: what is told, and the unit it is written in."""
    part = column.parts[0]
    if part.is_yes_no(knowledge):
        return " or ".join(part.label(knowledge) for part in column.parts)
    unit = UNITS.get(part.unit, "")
    head = part.label(knowledge) + (f", {unit}" if unit else "")
    return head.replace(SCALE, SCALE.replace(" ", "\N{NO-BREAK SPACE}"))


def _groups(sheet: Sheet) -> list[dict[str, Any]]:
    spans = {name: sum(c.group == name for c in sheet.columns) for name in GROUPS}
    return [{"name": GROUPS[name], "span": span} for name, span in spans.items() if span]


def _column(column: Column, knowledge: Knowledge) -> dict[str, Any]:
    first = column.parts[0]
    letters = _letters(column, knowledge)
    return {
        "head": head_of(column, knowledge),
        "code": " ".join(part.code for part in column.parts),
        "letters": letters,
        "room": not first.is_yes_no(knowledge),
        "width": WIDTHS.get("".join(letters), MOST_WIDTH),
        "write": OWN_WRITE if first.own else WRITE[first.measure],
    }


def _letters(column: Column, knowledge: Knowledge) -> list[str]:
    """Return the letters printed in each box of a column, to be ringed."""
    told = [part.code.upper() for part in column.parts if part.is_yes_no(knowledge)]
    if len(told) < len(column.parts):
        return told
    return [*(told if len(told) > 1 else ["Y"]), "N"]


def _step(text: str, first: dt.date) -> str:
    return text.format(row=f"“{night_name(first)}”", first=f"{first:%A}")


def _warnings() -> list[dict[str, Any]]:
    levels = dict.fromkeys(warning.level for warning in WARNINGS)
    return [
        {"title": LEVEL_TITLES[level], "lines": [w.text for w in WARNINGS if w.level == level]}
        for level in levels
    ]


def _span(first: dt.date, last: dt.date) -> str:
    """Return two dates in words: "24 Nov to 8 Dec 2026"."""
    year = f" {first.year}" if first.year != last.year else ""
    return f"{first.day} {first:%b}{year} to {last.day} {last:%b %Y}"
