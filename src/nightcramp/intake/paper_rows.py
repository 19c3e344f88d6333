"""A whole sheet that was typed in: its lines become rows, its rows become entries of the diary."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from nightcramp.diary.corrections import Chains
from nightcramp.diary.entry import Entry, Told
from nightcramp.diary.sheet import Sheet
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import PersonClock, check_over
from nightcramp.intake.paper import told_from_line
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import ngettext

PAPER: Literal["paper"] = "paper"
NAMESPACE = uuid.UUID("8c2f5f0e-6f0b-5d0c-9a53-2f5d3a8b1c47")
"""What the ids of entries typed from paper are derived from; never to be changed."""
DAY = dt.timedelta(days=1)
_DATED = re.compile(r"\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?=[\s;]|$)")


class Row(Struct, frozen=True):
    """One row of the sheet as it was typed; `told` None is a row left empty: not logged."""

    evening: dt.date
    told: Told | None


def rows_of(
    text: str, sheet: Sheet, knowledge: Knowledge, clock: PersonClock, where: str
) -> list[Row]:
    """Return the rows of a typed text, a line a night, in the order of the lines.

    A line may begin with its evening (`2026-11-24 2 p7`); without one it is the night after the
    line before, and the first line is the sheet's first night. `#` begins a remark. Raises one
    InputError that names every faulty line.
    """
    reader = _TextReader(sheet, knowledge, clock)
    for number, line in enumerate(text.splitlines(), 1):
        reader.read(number, line)
    if reader.faults:
        count = len(reader.faults)
        raise InputError(
            ngettext(
                "{count} line cannot be read; nothing was stored",
                "{count} lines cannot be read; nothing was stored",
                count,
            ).format(count=count),
            where=where,
            hint="\n  ".join(reader.faults),
        )
    if not reader.rows:
        raise InputError(
            _("holds no line"), where=where, hint=_("For instance: 2026-11-24 2 p7 e8")
        )
    return list(reader.rows.values())


class _TextReader:
    """Reads line after line, knowing which night comes next."""

    def __init__(self, sheet: Sheet, knowledge: Knowledge, clock: PersonClock) -> None:
        self.sheet = sheet
        self.knowledge = knowledge
        self.clock = clock
        self.next = sheet.first
        self.begun = False
        self.gap = 0
        self.rows: dict[dt.date, Row] = {}
        self.faults: list[str] = []

    def read(self, number: int, line: str) -> None:
        """Take in one line, or keep what is wrong with it."""
        if line.lstrip().startswith("#"):
            return
        if not line.strip():
            self.gap = self.gap or number
            return
        try:
            self._row(line)
        except InputError as error:
            place = error.where or _("character {place}").format(place=1)
            hint = f" {error.hint}" if error.hint else ""
            where = _("line {line}, {place}").format(line=number, place=place)
            self.faults.append(f"{where}: {error.message}.{hint}")

    def _row(self, line: str) -> None:
        dated = _DATED.match(line)
        gap = self.gap if self.begun else 0
        self.gap, self.begun = 0, True
        evening = _date(dated[1]) if dated else self.next
        self.next = min(evening, dt.date.max - DAY) + DAY
        rest = " " * dated.end() + line[dated.end() :] if dated else line
        if gap and not dated:
            raise InputError(
                _("the empty line {line} before it can be a night or not").format(line=gap),
                hint=_("Write - for a night not logged, or the date in this line."),
            )
        if evening in self.rows:
            raise InputError(_("the night of {evening} stands twice").format(evening=evening))
        self.rows[evening] = row_of(rest, evening, self.sheet, self.knowledge, self.clock)


def row_of(
    line: str, evening: dt.date, sheet: Sheet, knowledge: Knowledge, clock: PersonClock
) -> Row:
    """Return the row of one line; raises InputError, also for what has not been yet."""
    if evening > clock.today:
        raise InputError(_("the night of {evening} has not come yet").format(evening=evening))
    told = told_from_line(line, evening, sheet, knowledge)
    if told is not None:
        check_over(told, clock, knowledge.measures)
    return Row(evening, told)


class Before(Struct, frozen=True):
    """What was typed of a night: the entry typed last, and the one that now stands for it."""

    typed: Entry
    last: Entry


def typed_before(entries: Iterable[Entry]) -> dict[dt.date, Before]:
    """Return by evening what was typed from paper, also where it was corrected or taken back."""
    known = Chains(entries).known
    replaced = {entry.replaces for entry in known.values()}
    found = {}
    for last in known.values():
        typed = [entry for entry in _back_from(last, known) if entry.origin == PAPER]
        for entry in typed if last.id not in replaced else ():
            if isinstance(entry.body, Told):
                found[entry.body.evening] = Before(typed[0], last)
    return found


def _back_from(entry: Entry | None, known: Mapping[str, Entry]) -> Iterator[Entry]:
    """Yield an entry, what it replaced, and so on back to what was first told."""
    seen: set[str] = set()
    while entry is not None and entry.id not in seen:
        seen.add(entry.id)
        yield entry
        entry = known.get(entry.replaces)


def entry_of(row: Row, before: Before | None, clock: PersonClock) -> Entry | None:
    """Return the entry that brings the diary in line with a typed row, or None if it is.

    A row typed before and now differently replaces what stands for it; one that is now empty
    takes it back. The id is a UUID (version 5) of what the row tells and of what it replaces,
    so the same row typed twice, here or on another machine, is one entry.
    """
    if row.told == (before.typed.body if before else None):
        return None
    replaces = before.last.id if before else ""
    told = msgspec.json.encode(row.told, order="deterministic").decode()
    return Entry(
        id=uuid.uuid5(NAMESPACE, f"{replaces} {told}").hex,
        made_at=clock.now,
        zone=clock.name,
        origin=PAPER,
        replaces=replaces,
        body=row.told,
    )


def entries_of(rows: Iterable[Row], entries: Iterable[Entry], clock: PersonClock) -> list[Entry]:
    """Return the entries that a typed sheet adds to those of a person."""
    before = typed_before(entries)
    made = (entry_of(row, before.get(row.evening), clock) for row in rows)
    return [entry for entry in made if entry is not None]


def first_evening(text: str, where: str) -> dt.date:
    """Return the evening with which a typed text begins; raises InputError where there is none."""
    lines = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#"]
    dated = _DATED.match(lines[0]) if lines else None
    if dated is None:
        raise InputError(
            _("the first line does not say its evening"),
            where=where,
            hint=_("Begin it with the date, 2026-11-24 2 p7, or give --from."),
        )
    return _date(dated[1])


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputError(
            _("{text} is no date").format(text=text), hint=_("Write it like 2026-11-24.")
        ) from None
