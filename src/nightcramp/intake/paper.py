"""Reads one line typed from the paper diary, `2 p7 e8u f5 c2@15 x`, as what it tells of a night."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from msgspec import Struct

from nightcramp.diary.entry import Told
from nightcramp.diary.sheet import Column, Part, Sheet
from nightcramp.diary.wording import cramps_in_words, value_in_words
from nightcramp.errors import InputError
from nightcramp.intake.diary_words import own_name, told_from_words
from nightcramp.intake.spreadsheet.cells import factor_of
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import number

NOT_LOGGED = {"", "-", "–", "—"}
REST = "."
HALF_DAY = 12
_PIECE = re.compile(
    r"@\s?(?P<clock>[0-9]{1,2}(?:[:.][0-9]{2})?(?:\s?[ap]m)?)"
    r"|(?P<codes>[a-z]+|@)(?P<value>[0-9]+(?:[.,][0-9]+)?)?"
    r"|(?P<count>[0-9]+)",
    re.I | re.A,
)
_CLOCK = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))?\s?([ap]m)?", re.I | re.A)
_SPACES = re.compile(r"\s*")
LONGEST, _SHOWN = 2500, 20


class _Said(Struct, frozen=True, kw_only=True):
    """One code of a line with what was typed for it, and the character it begins at."""

    part: Part
    value: str
    at: int


def told_from_line(line: str, evening: dt.date, sheet: Sheet, knowledge: Knowledge) -> Told | None:
    """Return what one line tells of a night, or None for `-` and an empty line: not logged.

    `line`: the number of cramps first, then letters of the sheet with their values, with or
    without spaces; a number belongs to the letter right before it, a letter without one is a
    yes, a dot at the end makes all other letters to ring a no, a note follows after `;`. Where
    one letter of a column is told, the column's other letters to ring are a no. Raises
    InputError with the column and the character.
    """
    _check_text(line)
    typed, _, note = line.partition(";")
    if typed.strip() in NOT_LOGGED and not note.strip():
        return None
    reader = _LineReader(evening, sheet, knowledge)
    boxes = typed.rstrip()
    for said in _pieces(boxes.removesuffix(REST), sheet):
        reader.read(said)
    if note.strip():
        reader.note(note, len(typed) + 1)
    return reader.told(rest=boxes.endswith(REST))


def row_in_words(told: Told | None, sheet: Sheet, knowledge: Knowledge) -> str:
    """Return what was understood of a row, in the order and the units of its columns."""
    if told is None:
        return _("not logged")
    parts = [part for column in sheet.columns for part in column.parts]
    said = [_value_in_words(part, told, knowledge) for part in parts]
    return "; ".join(filter(None, [*said, told.note and f'"{told.note}"']))


def check_own(sheet: Sheet, knowledge: Knowledge) -> None:
    """Raise InputError for something of one's own that the diary has already, or twice."""
    keys = [own_name(name) for name in sheet.own]
    for name, key in zip(sheet.own, keys, strict=True):
        try:
            told_from_words([f"+{name}"], sheet.first, knowledge)
        except InputError as error:
            refused = _("{name!r} cannot head a column").format(name=name)
            raise InputError(refused, hint=error.message) from None
        if keys.count(key) > 1:
            raise InputError(
                _("{name!r} is named twice").format(name=name), hint=_("Name each thing once.")
            )


class _LineReader:
    """Gathers what the codes of one line tell."""

    def __init__(self, evening: dt.date, sheet: Sheet, knowledge: Knowledge) -> None:
        self.evening = evening
        self.sheet = sheet
        self.knowledge = knowledge
        self.cramps: int | None = None
        self.values: dict[str, float] = {}
        self.notes = ""
        self.seen: set[str] = set()

    def read(self, said: _Said) -> None:
        """Take in one code with its value; raises InputError."""
        if said.part.code in self.seen:
            raise self._fault(said, _("stands twice"))
        self.seen.add(said.part.code)
        word, label = self._word(said), said.part.label(self.knowledge)
        try:
            self._keep(word)
        except InputError as error:
            reason = error.message.removeprefix(f"{word}: ").removeprefix(f"{label}: ")
            raise self._fault(said, reason) from None

    def note(self, text: str, at: int) -> None:
        """Take in the note that begins at a character; raises InputError for one too long."""
        try:
            self.notes = told_from_words([f"note={text}"], self.evening, self.knowledge).note
        except InputError as error:
            hint = _("A note follows after `;`.")
            raise _fault(_("note"), at, error.message, hint) from None

    def told(self, *, rest: bool) -> Told:
        """Return what the line tells; `rest`: N is ringed in the columns nothing was typed for."""
        for column in self.sheet.columns:
            ringed = all(part.is_yes_no(self.knowledge) for part in column.parts)
            if self.seen & {part.code for part in column.parts} or (rest and ringed):
                self._deny(column)
        return Told(evening=self.evening, cramps=self.cramps, values=self.values, note=self.notes)

    def _deny(self, column: Column) -> None:
        for part in column.parts:
            if part.code not in self.seen and part.is_yes_no(self.knowledge):
                self.values[part.measure] = 0.0

    def _keep(self, word: str) -> None:
        told = told_from_words([word], self.evening, self.knowledge)
        self.cramps = told.cramps if told.cramps is not None else self.cramps
        self.values.update(told.values)

    def _word(self, said: _Said) -> str:
        """Return one code as a word of the diary, `stand_minutes=5h`."""
        part = said.part
        if part.own:
            return f"+{part.measure}={said.value or 'yes'}"
        if part.is_yes_no(self.knowledge):
            return f"{part.measure}={self._yes_or_no(said)}"
        if not said.value:
            raise self._fault(said, _("nothing stands with it"))
        if part.kind(self.knowledge) == "clock":
            clock = _clock(said.value)
            if clock is None:
                unclear = _("{value} can be morning or evening, or no time")
                raise self._fault(said, unclear.format(value=said.value))
            return f"{part.measure}={clock}"
        return f"{part.measure}={said.value}{part.unit}"

    def _yes_or_no(self, said: _Said) -> str:
        if said.value not in {"", "0", "1"}:
            neither = _("{value} is neither yes nor no")
            raise self._fault(said, neither.format(value=said.value))
        return "no" if said.value == "0" else "yes"

    def _fault(self, said: _Said, reason: str) -> InputError:
        part = said.part
        fits = {
            "clock": _("Type it like @15, @08 or @3pm."),
            "yes_no": _("Type it like {code}, or {code}0 for no."),
        }.get(part.kind(self.knowledge), _("Type it like {code}2."))
        if part.unit:
            fits = _("Type it like {code}2 for 2 {unit}.")
        column = _("column {code} ({label})").format(
            code=part.code, label=part.label(self.knowledge)
        )
        return _fault(column, said.at, reason, fits.format(code=part.code, unit=part.unit))


def _pieces(typed: str, sheet: Sheet) -> Iterator[_Said]:
    """Yield every code of a line with its value; raises InputError for what is none."""
    parts = {code: part for c in sheet.columns for part in c.parts for code in part.codes}
    first = at = _past_spaces(typed, 0)
    while at < len(typed):
        found = _PIECE.match(typed, at)
        if found is None or (found["count"] and at != first):
            shown = typed[at:].split()[0][:_SHOWN]
            stray = _("{text!r} belongs to no column").format(text=shown)
            raise _fault("", at, stray, _known(sheet))
        yield from _read(found, parts, sheet)
        at = _past_spaces(typed, found.end())


def _check_text(line: str) -> None:
    if len(line) > LONGEST:
        most = _("It holds {most} characters at most.").format(most=LONGEST)
        raise _fault("", LONGEST, _("the line is too long"), most)
    try:
        line.encode()
    except UnicodeEncodeError as error:
        anew = _("Type it anew.")
        raise _fault("", error.start, _("no letter stands here"), anew) from None


def _past_spaces(typed: str, at: int) -> int:
    found = _SPACES.match(typed, at)
    return found.end() if found else at


def _read(found: re.Match[str], parts: dict[str, Part], sheet: Sheet) -> Iterator[_Said]:
    at = found.start()
    if found["count"]:
        yield _Said(part=parts["n"], value=found["count"], at=at)
        return
    if found["clock"]:
        yield _Said(part=parts["@"], value=found["clock"], at=at)
        return
    *bare, last = _codes(found["codes"].lower(), at, parts, sheet)
    for code in bare:
        yield _Said(part=parts[code], value="", at=at)
        at += len(code)
    yield _Said(part=parts[last], value=found["value"] or "", at=at)


def _codes(run: str, at: int, parts: dict[str, Part], sheet: Sheet) -> list[str]:
    """Return the codes that letters typed in one go stand for, longer codes first."""
    codes: list[str] = []
    while run:
        code = next((run[:size] for size in (2, 1) if run[:size] in parts), "")
        if not code:
            unknown = _("{letter!r} is no letter of the sheet").format(letter=run[0])
            raise _fault("", at, unknown, _known(sheet))
        codes.append(code)
        run, at = run[len(code) :], at + len(code)
    return codes


def _clock(text: str) -> str | None:
    """Return a time as the 24-hour clock shows it, or None where it is no time or unclear.

    Hours 1 to 9 are morning on one clock and evening on another, unless written 08 or 8am.
    """
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hour, half = int(match[1]), (match[3] or "").lower()
    if half and not 1 <= hour <= HALF_DAY:
        return None
    if not half and len(match[1]) == 1 and hour:
        return None
    if half:
        hour = hour % HALF_DAY + (HALF_DAY if half == "pm" else 0)
    return f"{hour:02}:{match[2] or '00'}"


def _fault(column: str, at: int, reason: str, hint: str) -> InputError:
    place = _("{column}, character {place}") if column else _("character {place}")
    return InputError(reason, where=place.format(column=column, place=at + 1), hint=hint)


def _known(sheet: Sheet) -> str:
    codes = " ".join(part.code for column in sheet.columns for part in column.parts)
    return _(
        "The letters of this sheet are: {codes}. A dot ends the line, a note follows `;`."
    ).format(codes=codes)


def _value_in_words(part: Part, told: Told, knowledge: Knowledge) -> str:
    """Return one value as it stands on paper, or nothing where it was not told."""
    if part.is_count:
        return cramps_in_words(told.cramps) if told.cramps is not None else ""
    key = own_name(part.measure) if part.own else part.measure
    if key not in told.values:
        return ""
    value, measure = told.values[key], knowledge.measures.get(key)
    name = part.label(knowledge).split(",")[0]
    factor = factor_of(measure, part.unit) if measure and part.unit else None
    if factor:
        return f"{name} {number(value / factor[0], '.3g')} {_(part.unit)}"
    said = value_in_words(key, value, knowledge.measures)
    unit = _(measure.unit) if measure else ""
    return f"{name} {said.removesuffix(unit) if unit in name else said}".rstrip()
