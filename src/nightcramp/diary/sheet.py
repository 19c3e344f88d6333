"""The paper diary: which nights it has, which columns, and the short code of each column."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct

from nightcramp.errors import InputError
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language.dates import short_month, short_weekday

MOST_NIGHTS = 14
MOST_OWN = 3
LONGEST_OWN = 24
COUNT = "cramps"
"""What stands for the number of cramps where other parts name a measure."""
FREE_CODES = "ijkoryz"
"""Letters left for what the person names; `b` and `q` are commands, `st` and `al` other codes."""


class Part(Struct, frozen=True, kw_only=True):
    """One thing told in a column.

    `code`: the letter typed for it; `also`: another that is understood. `measure`: a measure's
    id, `cramps`, or what the person named. `unit`: the unit it is written in on paper.
    """

    code: str
    measure: str
    also: str = ""
    unit: str = ""
    own: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """Return every code that is understood for it."""
        return (self.code, self.also) if self.also else (self.code,)

    @property
    def is_count(self) -> bool:
        """Whether it is the number of cramps."""
        return self.measure == COUNT and not self.own

    def label(self, knowledge: Knowledge) -> str:
        """Return the name of what it tells: the measure's, or the person's own."""
        if self.is_count:
            return _("cramps")
        if self.own:
            return self.measure
        return knowledge.measures[self.measure].label

    def is_yes_no(self, knowledge: Knowledge) -> bool:
        """Whether it is told by a ring around a letter; what the person named may be a number."""
        return not self.own and self.kind(knowledge) == "yes_no"

    def kind(self, knowledge: Knowledge) -> str:
        """Return the kind of its measure; the number of cramps and one's own are amounts."""
        measure = None if self.own else knowledge.measures.get(self.measure)
        return measure.kind if measure else "amount"


class Column(Struct, frozen=True, kw_only=True):
    """A column of the sheet. Where one part of it is told, its other yes-or-no parts are no."""

    parts: tuple[Part, ...]
    group: Literal["night", "day", "own"] = "day"


def _column(*parts: Part, group: Literal["night", "day", "own"] = "day") -> Column:
    return Column(parts=parts, group=group)


COLUMNS = (
    _column(Part(code="n", measure=COUNT), group="night"),
    _column(Part(code="p", measure="pain_worst"), group="night"),
    _column(Part(code="w", measure="sleep_lost", unit="min"), group="night"),
    _column(Part(code="e", measure="effort"), Part(code="u", measure="effort_unusual")),
    _column(Part(code="f", measure="stand_minutes", unit="h", also="st")),
    _column(Part(code="g", measure="drinks")),
    _column(Part(code="a", measure="alcohol", also="al")),
    _column(Part(code="c", measure="caffeine_cups")),
    _column(Part(code="@", measure="caffeine_last")),
    _column(Part(code="x", measure="stretching")),
    _column(Part(code="h", measure="heat"), Part(code="s", measure="sweating")),
    _column(Part(code="d", measure="diarrhoea"), Part(code="v", measure="vomiting")),
    _column(Part(code="m", measure="medicine_missed")),
)
"""The columns of every sheet, from left to right."""


class Sheet(Struct, frozen=True, kw_only=True):
    """A sheet of paper: its first evening, how many nights, and what the person added."""

    first: dt.date
    nights: int = MOST_NIGHTS
    own: tuple[str, ...] = ()

    @property
    def evenings(self) -> tuple[dt.date, ...]:
        """Return the evening of each row."""
        return tuple(self.first + dt.timedelta(days=day) for day in range(self.nights))

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return all columns from left to right, the person's own last."""
        codes = _own_codes(self.own)
        parts = [Part(code=codes[name], measure=name, own=True) for name in self.own]
        return COLUMNS + tuple(_column(part, group="own") for part in parts)


def sheet_of(first: dt.date, nights: int = MOST_NIGHTS, own: tuple[str, ...] = ()) -> Sheet:
    """Return the sheet asked for; raises InputError for what does not fit on it."""
    if not 1 <= nights <= MOST_NIGHTS:
        raise InputError(
            _("{nights} nights do not fit").format(nights=nights),
            hint=_("A sheet has 1 to {most}.").format(most=MOST_NIGHTS),
        )
    if first > dt.date.max - dt.timedelta(days=nights):
        raise InputError(
            _("there is no sheet from {first} on").format(first=first),
            hint=_("Give an earlier date."),
        )
    names = tuple(" ".join(name.split()) for name in own)
    if len(names) > MOST_OWN or len({name.casefold() for name in names}) < len(names):
        raise InputError(
            _("{names}: too many, or one twice").format(names=", ".join(names)),
            hint=_("A sheet has room for {most} different things of your own.").format(
                most=MOST_OWN
            ),
        )
    for name in names:
        _check_own(name)
    return Sheet(first=first, nights=nights, own=names)


def _check_own(name: str) -> None:
    if not 0 < len(name) <= LONGEST_OWN or not name.isprintable() or "=" in name:
        raise InputError(
            _("{name!r} cannot head a column").format(name=name[:LONGEST_OWN]),
            hint=_("Name it in 1 to {most} letters, without `=`.").format(most=LONGEST_OWN),
        )


def _own_codes(own: tuple[str, ...]) -> dict[str, str]:
    """Return a letter for each own thing: one of its own letters where it is free.

    The order in which they are named makes no difference, so typing them needs no order.
    """
    codes: dict[str, str] = {}
    for name in sorted(own, key=str.casefold):
        free = [letter for letter in FREE_CODES if letter not in codes.values()]
        codes[name] = next((letter for letter in name.casefold() if letter in free), free[0])
    return codes


def night_name(evening: dt.date) -> str:
    """Return the name of a night as on the sheet, short and clear: "Tue 24 → Wed 25 Nov"."""
    morning = evening + dt.timedelta(days=1)
    month = "" if morning.month == evening.month else f" {short_month(evening)}"
    first = f"{short_weekday(evening)} {evening.day}{month}"
    return f"{first} → {short_weekday(morning)} {morning.day} {short_month(morning)}"
