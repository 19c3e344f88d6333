"""The commands of the diary: `log`, `night` and `diary`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightcramp.cli.output import json_text

if TYPE_CHECKING:
    from nightcramp.diary.entry import Entry, Told
    from nightcramp.intake.diary_book import Book
    from nightcramp.intake.diary_clock import PersonClock

ZONE = click.option(
    "--zone", default="", help="Time zone you are in (Europe/Berlin, +02:00); else this machine's."
)
WORDS = click.argument("words", nargs=-1)
AT = click.option("--at", default="", help='When: 03:10, "yesterday 23:30", "20 min ago".')
PDF = click.Path(path_type=Path, dir_okay=False)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@click.group(invoke_without_command=True)
@ZONE
@click.pass_context
def log(context: click.Context, zone: str) -> None:
    """Tell the diary something; alone: a cramp now, and what to do against it.

    \b
    nightcramp log                          a cramp now
    nightcramp log details left calf pain=7 more about the last cramp
    nightcramp log none                     no cramp last night
    nightcramp log day water=1.5L heat      what the day held
    """
    if context.invoked_subcommand is None:
        _log_cramp(context, zone, "", ())


@log.command()
@WORDS
@AT
@ZONE
@click.pass_context
def cramp(context: click.Context, words: tuple[str, ...], at: str, zone: str) -> None:
    """Log a cramp, now or --at a time, with what you know of it.

    WORDS: left, right, both; calf, foot, toes, shin, thigh; pain=7 (0 to 10); minutes=4; woke;
    sore; what helped: stretch, stand, walk, massage, heat, cold, medicine, nothing; note="...".
    """
    _log_cramp(context, zone, at, words)


@log.command()
@click.option("--night", "night_words", default="", help="Which night: last, monday, 2026-11-24.")
@ZONE
@click.pass_context
def none(context: click.Context, night_words: str, zone: str) -> None:
    """Log that a night had no cramp: the night just past, or another --night."""
    from nightcramp.diary.entry import Told
    from nightcramp.intake.diary_clock import evening_in, night_just_past

    clock = _clock(context, zone)
    evening = evening_in(night_words, clock) if night_words else night_just_past(clock)
    _tell(context, clock, Told(evening=evening, cramps=0))


@log.command()
@WORDS
@click.option("--date", "date_words", default="", help="Which day: today, yesterday, 2026-11-24.")
@ZONE
@click.pass_context
def day(context: click.Context, words: tuple[str, ...], date_words: str, zone: str) -> None:
    """Log what a day held and how you slept after it; before noon, the day before.

    WORDS: effort=7, effort_minutes=40, unusual, standing=5h, water=1.5L, drinks=6, coffee=3,
    last_caffeine=16:00, alcohol=2, stretching (or no-stretching), heat, sweating, diarrhoea,
    vomiting, bed=22:30, wake=6:45, sleep=7h, took=indapamide, missed=simvastatin, cramps=2,
    +chocolate for anything of your own, note="...".
    """
    from nightcramp.intake.diary_clock import date_in
    from nightcramp.intake.diary_words import told_from_words
    from nightcramp.knowledge.loader import knowledge

    clock = _clock(context, zone)
    evening = date_in(date_words, clock) if date_words else clock.tonight
    _tell(context, clock, told_from_words(words, evening, knowledge()))


@log.command()
@WORDS
@AT
@ZONE
@click.pass_context
def details(context: click.Context, words: tuple[str, ...], at: str, zone: str) -> None:
    """Add to a cramp what you know of it: [ID|last] and WORDS as for `log cramp`.

    \b
    nightcramp log details left calf pain=7       the last cramp
    nightcramp log details 3f2a9c1d sore          another one, by its id
    """
    from nightcramp.intake.diary_clock import moment_in
    from nightcramp.intake.diary_words import detailed, named_first
    from nightcramp.knowledge.loader import knowledge

    clock = _clock(context, zone)
    name, rest = named_first(words)
    moment = moment_in(at, clock) if at else None

    def corrected(book: Book) -> list[Entry]:
        before, told = book.cramp(name)
        more = detailed(told, rest, moment, knowledge())
        return [clock.entry(more, replaces=before.id)]

    for entry in _correct(context, corrected):
        _show(context, clock, entry)


@log.command()
@click.argument("identifier", metavar="ID")
@ZONE
@click.pass_context
def remove(context: click.Context, identifier: str, zone: str) -> None:
    """Take back the entry with this ID (or `last`); it stays in the history."""
    from nightcramp.report.diary import removed_text

    clock = _clock(context, zone)
    gone: list[Entry] = []

    def taken_back(book: Book) -> list[Entry]:
        gone.extend(book.to_take_back(identifier))
        return [clock.entry(None, replaces=entry.id) for entry in gone]

    _correct(context, taken_back)
    click.echo(removed_text(gone, clock.today), nl=False)


@click.command()
@click.argument("night_words", nargs=-1, metavar="[DATE|last]")
@click.option("--history", is_flag=True, help="Also what was replaced or taken back.")
@AS_JSON
@ZONE
@click.pass_context
def night(
    context: click.Context, night_words: tuple[str, ...], history: bool, as_json: bool, zone: str
) -> None:
    """Show one night whole: the last, or the one that began on the evening of DATE."""
    from nightcramp.intake.diary_clock import evening_in
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.diary import night_json, night_text

    clock = _clock(context, zone)
    evening = evening_in(" ".join(night_words) or "last", clock)
    book = stored_book(context.obj)
    if as_json:
        click.echo(json_text(night_json(evening, book, history)))
        return
    click.echo(night_text(evening, book, clock, knowledge().measures, history), nl=False)


@click.command()
@click.option("--from", "first_words", default="", help="First evening; else twelve weeks back.")
@click.option("--to", "last_words", default="", help="Last evening; else the night just past.")
@click.option("--list", "as_list", is_flag=True, help="A plain line a night (screen readers).")
@AS_JSON
@click.option("--paper", type=PDF, help="Write a sheet to fill in by pencil (PDF) instead.")
@click.option("--nights", default=14, show_default=True, help="With --paper: how many rows.")
@click.option("--own", multiple=True, help="With --paper: something of your own, up to three.")
@click.option("--size", default="a4", type=click.Choice(["a4", "letter"]), help="With --paper.")
@ZONE
@click.pass_context
def diary(
    context: click.Context,
    first_words: str,
    last_words: str,
    as_list: bool,
    as_json: bool,
    paper: Path | None,
    nights: int,
    own: tuple[str, ...],
    size: str,
    zone: str,
) -> None:
    """Show your nights as a calendar of small marks, with how many you logged.

    With --paper: two weeks as a sheet of paper, from today or --from another evening on.
    `nightcramp type` types in what was written on it.
    """
    from nightcramp.intake.diary_clock import span_in
    from nightcramp.report.diary_calendar import diary_json, diary_text, list_text

    clock = _clock(context, zone)
    if paper is not None:
        from nightcramp.cli.paper import write_sheet

        write_sheet(paper, first_words, nights, own, size, clock)
        return
    book = stored_book(context.obj)
    first, last = span_in(first_words, last_words, book.logged, clock)
    if as_json:
        click.echo(json_text(diary_json(book, first, last)))
        return
    text = list_text if as_list else diary_text
    click.echo(text(book, first, last, clock.today), nl=False)


def _clock(context: click.Context, zone: str) -> PersonClock:
    """Return the clock of the zone given with the command, or with `log` before it."""
    from nightcramp.intake.diary_clock import person_clock

    above = context.parent.params.get("zone") if context.parent else ""
    return person_clock(zone or above or "")


def _log_cramp(context: click.Context, zone: str, at: str, words: tuple[str, ...]) -> None:
    """Keep a cramp at once, then show it; what helps is shown where it is happening."""
    from nightcramp.intake.diary_clock import moment_in
    from nightcramp.intake.diary_words import cramp_from_words
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.diary import be_seen_text, relief_text

    clock = _clock(context, zone)
    moment = moment_in(at or "now", clock).replace(microsecond=0)
    told = cramp_from_words(words, moment, knowledge())
    _keep(context, clock, clock.entry(told))
    if not at:
        click.echo("\n" + relief_text(knowledge().actions["relief_stretch_now"]), nl=False)
    click.echo("\n" + be_seen_text(), nl=False)


def _tell(context: click.Context, clock: PersonClock, told: Told) -> None:
    from nightcramp.intake.diary_clock import check_over
    from nightcramp.knowledge.loader import knowledge

    check_over(told, clock, knowledge().measures)
    _keep(context, clock, clock.entry(told))


def _keep(context: click.Context, clock: PersonClock, entry: Entry) -> None:
    """Keep an entry before anything else is read, so that nothing stands in its way; show it."""
    from nightcramp.store.database import opened
    from nightcramp.store.entries import add_entries

    with opened(context.obj) as store:
        add_entries(store, [entry])
    _show(context, clock, entry)


def _correct(context: click.Context, make: Callable[[Book], Sequence[Entry]]) -> Sequence[Entry]:
    """Keep the entries made from the entries as they stand, with no other writer between."""
    from nightcramp.intake.diary_book import Book
    from nightcramp.store.database import opened
    from nightcramp.store.entries import add_entries, all_entries

    with opened(context.obj) as store:
        entries = make(Book(all_entries(store), [], {}))
        add_entries(store, entries)
    return entries


def _show(context: click.Context, clock: PersonClock, entry: Entry) -> None:
    """Say what was kept first: it is kept, whatever else cannot be read."""
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.diary import logged_text, night_now_text

    click.echo(logged_text(entry, knowledge().measures, clock.today), nl=False)
    click.echo(night_now_text(entry, stored_book(context.obj)), nl=False)


def stored_book(person: str | None = None) -> Book:
    """Return the diary of a person as the store holds it."""
    from nightcramp.intake.diary_book import Book
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.store.database import opened
    from nightcramp.store.entries import all_entries
    from nightcramp.store.imports import stored_readings

    with opened(person) as store:
        return Book(all_entries(store), stored_readings(store), knowledge().measures)
