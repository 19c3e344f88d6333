"""The paper diary as a PDF: two weeks of rows to fill in by pencil, and how to fill them in."""

from __future__ import annotations

import datetime as dt
import shlex
from typing import Any, Literal

from msgspec import Struct

from nightcramp.diary.sheet import COUNT, MOST_NIGHTS, Column, Sheet, night_name
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import language, noted
from nightcramp.language.dates import short_month, weekday
from nightcramp.report.pdf import compile_pdf
from nightcramp.report.words import LEVEL_TITLES

PAPERS = {"a4": "a4", "letter": "us-letter"}
"""Sizes of paper, and what typst calls them."""
UNITS = {"min": noted("minutes"), "h": noted("hours")}
GROUPS = {
    "night": noted("In the night"),
    "day": noted("On the day before that night"),
    "own": noted("Yours"),
}
WIDTHS = {"": 1.0, "U": 1.35, "YN": 1.15}
MOST_WIDTH = 1.55
"""How wide a column is beside others, by the letters printed in its boxes."""
WRITE = {
    COUNT: noted("how many; 0 if none"),
    "pain_worst": noted("0 none, 10 the worst there is"),
    "sleep_lost": noted("minutes awake; 0 if none"),
    "effort": noted("0 rest, 10 all you can; ring U if it was unusual for you"),
    "stand_minutes": noted("hours standing and walking"),
    "drinks": noted("glasses and cups, coffee too"),
    "alcohol": noted("glasses of beer, wine, spirits"),
    "caffeine_cups": noted("coffee, tea, cola"),
    "caffeine_last": noted("like 15:00 or 3 pm"),
    "stretching": noted("ring Y or N"),
    "heat": noted("ring H, S or both, or N"),
    "diarrhoea": noted("ring D, V or both, or N"),
    "medicine_missed": noted("ring Y or N"),
}
SCALE = noted("0 to 10")
OWN_WRITE = noted("how many, or Y or N")
KEY = noted(
    "One row each morning. No cramp: write 0. Do not know: leave it empty. "
    "Letters: ring what is so; N is no."
)
STEPS = (
    noted("Fill in one row each morning, with a pencil. It takes a minute."),
    noted(
        "A row is one night, with the day before it: {row} is {first} and the night that follows. "
        "A cramp after midnight belongs to the same row."
    ),
    noted(
        "Write 0 when there was no cramp. Nights without cramps tell as much as nights with them."
    ),
    noted("Leave empty what you do not know. Empty is never read as no."),
)
WORDS = {
    "row": noted("night"),
    "span": noted("evening → morning"),
    "name": noted("Name or initials, if you like:"),
    "how": noted("How to fill it in"),
    "code": noted("letter"),
    "column": noted("column"),
    "write": noted("what to write"),
    "full": noted("When the sheet is full"),
    "typing": noted(
        "Take it to your clinician, or have it typed in: one line a night, with the small "
        "letters below the heads. A dot at the end: all the rest is N."
    ),
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
        text=noted("chest pain, fainting, or short of breath at rest"),
        flags=("pe_leg", "pe_any"),
    ),
    Urgent(
        level="emergency",
        text=noted("a leg suddenly cold, pale, blue, numb or weak"),
        flags=("ali",),
    ),
    Urgent(
        level="emergency",
        text=noted("new weakness within hours or days"),
        flags=("weak_acute",),
    ),
    Urgent(
        level="emergency",
        text=noted("numb between the legs, or new trouble with bladder or bowel"),
        flags=("ces",),
    ),
    Urgent(
        level="same_day",
        text=noted("one leg swollen, warm or changed in colour (do not rub or stretch it)"),
        flags=("dvt_sus",),
    ),
    Urgent(level="same_day", text=noted("weakness or numbness")),
    Urgent(
        level="same_day",
        text=noted("a pain that stays, or a cramp that no stretching or moving eases"),
        flags=("lasting_one_leg", "cramp10"),
    ),
    Urgent(level="same_day", text=noted("dark urine, like cola"), flags=("dark_urine_alone",)),
)


def paper_pdf(sheet: Sheet, size: str, knowledge: Knowledge, *, now: dt.datetime) -> bytes:
    """Return the sheet as a two-page PDF/UA; the same sheet, size and time give the same bytes."""
    return compile_pdf("paper", sheet_data(sheet, size, knowledge), now=now)


def sheet_data(sheet: Sheet, size: str, knowledge: Knowledge) -> dict[str, Any]:
    """Return everything the template prints, in words and numbers."""
    first, last = sheet.evenings[0], sheet.evenings[-1] + dt.timedelta(days=1)
    return {
        "paper": PAPERS[size],
        "language": language(),
        "title": _("Night cramps, {span}").format(span=_span(first, last)),
        "key": _(KEY),
        "groups": _groups(sheet),
        "columns": [_column(column, knowledge) for column in sheet.columns],
        "nights": [night_name(evening) for evening in sheet.evenings],
        "words": {name: _(text) for name, text in WORDS.items()},
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
        return _(" or ").join(part.label(knowledge) for part in column.parts)
    unit = _(UNITS.get(part.unit, ""))
    head = part.label(knowledge) + (f", {unit}" if unit else "")
    scale = _(SCALE)
    return head.replace(scale, scale.replace(" ", "\N{NO-BREAK SPACE}"))


def _groups(sheet: Sheet) -> list[dict[str, Any]]:
    spans = {name: sum(c.group == name for c in sheet.columns) for name in GROUPS}
    return [{"name": _(GROUPS[name]), "span": span} for name, span in spans.items() if span]


def _column(column: Column, knowledge: Knowledge) -> dict[str, Any]:
    first = column.parts[0]
    letters = _letters(column, knowledge)
    return {
        "head": head_of(column, knowledge),
        "code": " ".join(part.code for part in column.parts),
        "letters": letters,
        "room": not first.is_yes_no(knowledge),
        "width": _width(letters),
        "write": _(OWN_WRITE if first.own else WRITE[first.measure]),
    }


def _width(letters: list[str]) -> float:
    printed = "YN" if letters == [_("Y"), _("N")] else "".join(letters)
    return WIDTHS.get(printed, MOST_WIDTH)


def _letters(column: Column, knowledge: Knowledge) -> list[str]:
    """Return the letters printed in each box of a column, to be ringed."""
    told = [part.code.upper() for part in column.parts if part.is_yes_no(knowledge)]
    if len(told) < len(column.parts):
        return told
    return [*(told if len(told) > 1 else [_("Y")]), _("N")]


def _step(text: str, first: dt.date) -> str:
    return _(text).format(row=f"“{night_name(first)}”", first=weekday(first))


def _warnings() -> list[dict[str, Any]]:
    levels = dict.fromkeys(warning.level for warning in WARNINGS)
    return [
        {
            "title": _(LEVEL_TITLES[level]),
            "lines": [_(w.text) for w in WARNINGS if w.level == level],
        }
        for level in levels
    ]


def _span(first: dt.date, last: dt.date) -> str:
    """Return two dates in words: "24 Nov to 8 Dec 2026"."""
    year = f" {first.year}" if first.year != last.year else ""
    return _("{first} to {last}").format(
        first=f"{first.day} {short_month(first)}{year}",
        last=f"{last.day} {short_month(last)} {last:%Y}",
    )
