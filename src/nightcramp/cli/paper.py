"""The paper diary at the command line: the sheet as a PDF, and `type`, which types it in."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightcramp.cli.diary import ZONE

if TYPE_CHECKING:
    from nightcramp.diary.sheet import Sheet
    from nightcramp.intake.diary_clock import PersonClock
    from nightcramp.intake.paper_rows import Row

STDIN = "-"
FROM = click.option("--from", "first_words", default="", help="First evening of the sheet.")
NIGHTS = click.option("--nights", default=14, show_default=True, help="Rows of the sheet.")
OWN = click.option("--own", multiple=True, help="Something of your own to note, up to three.")


@click.command(name="type")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@FROM
@NIGHTS
@OWN
@ZONE
@click.pass_context
def type_command(
    context: click.Context,
    file: Path | None,
    first_words: str,
    nights: int,
    own: tuple[str, ...],
    zone: str,
) -> None:
    """Type in a paper sheet: night by night, or from a FILE (`-` is the standard input).

    One line a night with the letters of the sheet: 2 p7 e8u f5 c2@15 x. The sheet's second
    page says them, and this command as it fits the sheet. The same sheet twice changes nothing.
    """
    from nightcramp.intake.diary_clock import person_clock

    clock = person_clock(zone)
    if file is None and sys.stdin.isatty():
        words = first_words or click.prompt("First evening on the sheet")
        _talk(context, _sheet(words, nights, own, clock), clock)
    else:
        _type_text(context, file or Path(STDIN), first_words, own, clock)


def write_sheet(
    path: Path,
    first_words: str,
    nights: int,
    own: tuple[str, ...],
    size: str,
    clock: PersonClock,
) -> None:
    """Write the sheet to fill in as a PDF; raises NightcrampError, and then nothing is there."""
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.paper import paper_pdf
    from nightcramp.store.files import written_whole

    sheet = _sheet(first_words or "today", nights, own, clock)
    made = paper_pdf(sheet, size, knowledge(), now=clock.now)
    with written_whole(path) as handle:
        handle.write(made)
    click.echo(f"Written to {path}: {sheet.nights} nights, two pages.")


def _sheet(words: str, nights: int, own: tuple[str, ...], clock: PersonClock) -> Sheet:
    from nightcramp.diary.sheet import sheet_of
    from nightcramp.intake.paper import check_own
    from nightcramp.knowledge.loader import knowledge

    sheet = sheet_of(_evening(words, clock), nights, own)
    check_own(sheet, knowledge())
    return sheet


def _evening(words: str, clock: PersonClock) -> dt.date:
    """Return the first evening of a sheet, which may lie ahead when it is written out."""
    from nightcramp.intake.diary_clock import date_in

    try:
        return dt.date.fromisoformat(words.strip())
    except ValueError:
        return date_in(words, clock)


def _type_text(
    context: click.Context, file: Path, first_words: str, own: tuple[str, ...], clock: PersonClock
) -> None:
    """Store all lines of a text, or none; tell each back in words."""
    from nightcramp.diary.sheet import night_name
    from nightcramp.intake.files import text_of
    from nightcramp.intake.paper import row_in_words
    from nightcramp.intake.paper_rows import first_evening, rows_of
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.words import wrap

    where = "standard input" if str(file) == STDIN else str(file)
    text = _piped() if str(file) == STDIN else text_of(file, "sheet")
    first = first_words or first_evening(text, where).isoformat()
    sheet = _sheet(first, 1, own, clock)
    rows = rows_of(text, sheet, knowledge(), clock, where)
    stored = _keep(context, rows, clock)
    for row in rows:
        words = row_in_words(row.told, sheet, knowledge())
        click.echo(wrap(f"{night_name(row.evening)}: {words}", 2, ""))
    click.echo(f"{stored} of {len(rows)} nights stored; the others were there or are empty.")


def _piped() -> str:
    from nightcramp.errors import InputError

    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not text in UTF-8", where="standard input") from None


def _talk(context: click.Context, sheet: Sheet, clock: PersonClock) -> None:
    from nightcramp.diary.entry import Told
    from nightcramp.intake.paper_rows import typed_before
    from nightcramp.intake.paper_talk import SheetTalk
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.store.database import opened
    from nightcramp.store.entries import all_entries

    with opened(context.obj) as store:
        before = typed_before(all_entries(store))
    told = {day: was.last.body for day, was in before.items() if isinstance(was.last.body, Told)}
    SheetTalk(sheet, knowledge(), clock, told, lambda row: _keep_row(context, row, clock)).run()


def _keep_row(context: click.Context, row: Row, clock: PersonClock) -> None:
    _keep(context, [row], clock)


def _keep(context: click.Context, rows: list[Row], clock: PersonClock) -> int:
    """Store rows, all or none, and return how many changed the diary."""
    from nightcramp.intake.paper_rows import entries_of
    from nightcramp.store.database import opened
    from nightcramp.store.entries import add_entries, all_entries

    with opened(context.obj) as store:
        entries = entries_of(rows, all_entries(store), clock)
        add_entries(store, entries)
    return len(entries)
