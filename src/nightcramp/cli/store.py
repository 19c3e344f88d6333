"""Commands that keep the store: export, backup, restore, and the people in it."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from nightcramp.store.restore import Restored

PERSON = "NIGHTCRAMP_PERSON"


@contextmanager
def speaking_of(person: str | None) -> Iterator[None]:
    """Let every command in between be about this person."""
    before = os.environ.get(PERSON)
    if person:
        os.environ[PERSON] = person
    try:
        yield
    finally:
        if person:
            os.environ.pop(PERSON, None)
            os.environ.update({PERSON: before} if before is not None else {})


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--csv", "as_csv", is_flag=True, help="Two tables for spreadsheets, in a folder.")
@click.option("--all", "everyone", is_flag=True, help="Of all people in the store.")
def export(file: Path | None, as_csv: bool, everyone: bool) -> None:
    """Write everything of yours to one open FILE: a zip of JSON Lines with their schema.

    `nightcramp restore` brings it back. `--csv` writes nights and cramps as tables into a folder.
    """
    from nightcramp.store.archive import archive_name, write_archive
    from nightcramp.store.csv_tables import refuse_existing, write_tables
    from nightcramp.store.database import opened
    from nightcramp.store.files import written_whole
    from nightcramp.store.reading import everything

    if as_csv and everyone:
        raise click.UsageError("tables are of one person; leave out --all or --csv")
    with opened(everyone=everyone) as store:
        whose, ending = "all" if everyone else store.who.name, "" if as_csv else ".zip"
        path = file or Path(archive_name(whose, dt.date.today(), ending))
        if as_csv:
            written = write_tables(store, path)
        else:
            refuse_existing(path)
            with written_whole(path) as handle:
                write_archive(
                    handle, everything(store.connection, None if everyone else store.person)
                )
            written = [path]
    for one in written:
        click.echo(f"Written to {one}")


@click.command()
def backup() -> None:
    """Back up the whole store now; it is read back before it counts.

    A store in a file does so by itself before the first change of a day.
    """
    from nightcramp.store.database import opened
    from nightcramp.store.journal import back_up

    with opened(everyone=True) as store:
        store.journal.begin(store.connection)
        made = back_up(store.connection, store.journal.place)
    click.echo(f"Backed up, and read back, to {made.path}")


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Also where a good store is; it is moved aside.")
def restore(file: Path | None, replace: bool) -> None:
    """Bring the store back from an archive FILE, which takes the place of all that is there.

    Without FILE: from the newest good backup and the journal of all that came after it. What
    was there is moved aside, never overwritten.
    """
    from nightcramp.store.restore import restore as restore_store

    restored = restore_store(file, replace=replace)
    click.echo(_restored_text(restored), nl=False)


def _restored_text(restored: Restored) -> str:
    counts = f"{restored.people} people, {restored.entries} entries and {restored.imports} imports"
    lines = [f"Restored {counts} from {restored.source}."]
    lines += [f"What was there before is now {restored.aside}."] if restored.aside else []
    lines += [f"Missing: {note}" for note in restored.notes]
    return "\n".join(lines) + "\n"


@click.group(invoke_without_command=True)
@click.pass_context
def people(context: click.Context) -> None:
    """List the people whose diaries are here; `--person NAME` says whose turn it is."""
    if context.invoked_subcommand:
        return
    from nightcramp.store.database import opened
    from nightcramp.store.people import list_people

    with opened(everyone=True) as store:
        for one in list_people(store):
            click.echo(f"{one.name}: {one.entries} entries, {one.imports} imports")


@people.command(name="add")
@click.argument("name")
def add(name: str) -> None:
    """Add somebody called NAME."""
    from nightcramp.store.database import opened
    from nightcramp.store.people import add_person

    with opened(everyone=True) as store:
        add_person(store, name)
    click.echo(f"{name} is added.")


@people.command(name="rename")
@click.argument("name")
@click.argument("new")
def rename(name: str, new: str) -> None:
    """Call the person called NAME by a NEW name."""
    from nightcramp.store.database import opened
    from nightcramp.store.people import rename_person

    with opened(everyone=True) as store:
        rename_person(store, name, new)
    click.echo(f"{name} is now called {new}.")


@people.command(name="remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Remove the person called NAME with all of theirs, from the backups here too."""
    from nightcramp.app.access.people import remove_with_access
    from nightcramp.errors import InputError
    from nightcramp.store.database import opened
    from nightcramp.store.people import list_people

    if not yes:
        with opened(everyone=True) as store:
            found = next((one for one in list_people(store) if one.name == name), None)
        if found:
            click.echo(f"{found.entries} entries and {found.imports} imports will be gone.")
        if click.prompt("Type the name again to remove all of it") != name:
            raise InputError("that is another name, so nothing was removed")
    aside = remove_with_access(name)
    click.echo(f"{name} is removed, from the backups here too. Your own exports stay.")
    if aside:
        click.echo(f"Older stores may still hold {name}: {', '.join(aside)}.")
