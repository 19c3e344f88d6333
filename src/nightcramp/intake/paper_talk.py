"""Typing in a paper sheet at the terminal: one line a night, told back in words, stored at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import click

from nightcramp.diary.entry import Told
from nightcramp.diary.sheet import Sheet, night_name
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.intake.paper import row_in_words
from nightcramp.intake.paper_rows import Row, row_of
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import ngettext, noted
from nightcramp.report.words import wrap

INTRO = noted(
    "One line a night, with the letters of the columns, as in `2 p7 e8u f5 c2@15 x .`: the cramps "
    "first, 0 if none; a dot at the end where N is ringed in all the rest. Enter alone: nothing "
    "to type. `-`: the row is empty. `b` goes one back, `q` stops. Each night is told back in "
    "words and stored at once."
)

Keep = Callable[[Row], None]


class SheetTalk:
    """Asks row after row; a line that cannot be read is told and asked again.

    `before`: what stands for each night from paper already. `keep` stores a row.
    """

    def __init__(
        self,
        sheet: Sheet,
        knowledge: Knowledge,
        clock: PersonClock,
        before: Mapping[dt.date, Told],
        keep: Keep,
    ) -> None:
        self.sheet = sheet
        self.knowledge = knowledge
        self.clock = clock
        self.evenings = [evening for evening in sheet.evenings if evening <= clock.tonight]
        self.before: dict[dt.date, Told | None] = dict(before)
        self.keep = keep
        self.stored: set[dt.date] = set()

    def run(self) -> None:
        """Ask until the last row, `q`, or the end of what is typed."""
        click.echo(wrap(_(INTRO), 0))
        at = 0
        while at < len(self.evenings) and (text := self._asked(self.evenings[at])) is not None:
            if text.lower() == "b":
                at = max(at - 1, 0)
            elif not text or self._read(text, self.evenings[at]):
                at += 1
        self._sum_up()

    def _asked(self, evening: dt.date) -> str | None:
        """Return what was typed for a row, or None to stop."""
        if told := self.before.get(evening):
            row = row_in_words(told, self.sheet, self.knowledge)
            click.echo(wrap(_("typed before: {row}").format(row=row)))
        try:
            asked = click.prompt(night_name(evening), default="", show_default=False)
        except click.Abort:
            click.echo("")
            return None
        text = str(asked).strip()
        return None if text.lower() == "q" else text

    def _read(self, text: str, evening: dt.date) -> bool:
        """Tell one line back in words and store it, or tell what is wrong with it."""
        try:
            row = row_of(text, evening, self.sheet, self.knowledge, self.clock)
        except InputError as error:
            place = f"{error.where}: " if error.where else ""
            click.echo(wrap(f"{place}{error.message}. {error.hint}".rstrip()))
            return False
        click.echo(wrap(row_in_words(row.told, self.sheet, self.knowledge)))
        self.keep(row)
        self.before[evening] = row.told
        (self.stored.add if row.told else self.stored.discard)(evening)
        return True

    def _sum_up(self) -> None:
        count = len(self.stored)
        stored = ngettext("{count} night stored.", "{count} nights stored.", count)
        click.echo(stored.format(count=count))
        if len(self.evenings) < self.sheet.nights:
            click.echo(_("The other rows of the sheet have not come yet."))
