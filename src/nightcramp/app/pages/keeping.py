"""Everything that is kept: taken away as files, brought back, or deleted."""

from __future__ import annotations

import io
import zipfile
from typing import Annotated

from msgspec import Meta, Struct

from nightcramp.app.access.passphrases import has_passphrase
from nightcramp.app.access.people import people_here, remove_with_access
from nightcramp.app.asked import Asked
from nightcramp.app.pages.security import refuse_example
from nightcramp.app.problem import RefusedError
from nightcramp.app.routes import Act, Done, Download, File, Route, View
from nightcramp.errors import InputError
from nightcramp.language import gettext as _
from nightcramp.store.archive import archive_name, write_archive
from nightcramp.store.csv_tables import tables_of
from nightcramp.store.imports import list_imports
from nightcramp.store.reading import everything
from nightcramp.store.restore import restore
from nightcramp.store.trials import kept_trials

PAGE = "/settings/data"
ZIP = "application/zip"


class KeptPage(Struct, frozen=True, kw_only=True):
    """How much is kept of a person, and where; `may_restore`: a file may take its place.

    `where`: the folder or server, on this machine alone. `aside`: files of before that still
    hold what was kept then.
    """

    name: str
    nights: int
    imports: int
    trials: int
    where: str
    aside: list[str]
    example: bool
    may_restore: bool


class RemoveForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The person's name, typed to be sure."""

    name: Annotated[str, Meta(max_length=200)] = ""


class RestoreForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether it is understood that all there is makes room."""

    sure: bool = False


def kept(asked: Asked) -> KeptPage:
    """Return how much is kept."""
    with asked.opened() as store:
        imports, trials = len(list_imports(store)), len(kept_trials(store))
        place = store.journal.place
    local = asked.door.local
    return KeptPage(
        name=asked.viewer.name,
        nights=len(asked.record.nights),
        imports=imports,
        trials=trials,
        where=place.shown if local else "",
        aside=place.moved_aside() if local else [],
        example=asked.viewer.example,
        may_restore=_may_restore(asked),
    )


def archive(asked: Asked) -> File:
    """Return everything of a person in one open file."""
    content = io.BytesIO()
    with asked.opened() as store:
        write_archive(content, everything(store.connection, store.person))
    name = archive_name(asked.viewer.name, asked.clock.today)
    return File(name, ZIP, content.getvalue())


def tables(asked: Asked) -> File:
    """Return nights, cramps and trials as tables for spreadsheets."""
    content = io.BytesIO()
    with asked.opened() as store, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, table in tables_of(store).items():
            packed.writestr(name, table)
    name = archive_name(asked.viewer.name, asked.clock.today, "-tables.zip")
    return File(name, ZIP, content.getvalue())


def remove_all(asked: Asked, form: RemoveForm) -> Done:
    """Delete everything of a person, from the backups here too, and what they sign in with."""
    refuse_example(asked)
    _check_name(form.name, asked.viewer.name)
    aside = remove_with_access(asked.viewer.name)
    said = [_("Everything of “{name}” is deleted here.").format(name=asked.viewer.name)]
    said.append(_("Files you exported stay where you put them."))
    if aside and asked.door.local:
        said.append(_("Older stores may still hold it: {files}.").format(files=", ".join(aside)))
    return Done(goto="/", said=" ".join(said))


def restore_all(asked: Asked, form: RestoreForm) -> Done:
    """Let an archive take the place of all there is, which is moved aside."""
    refuse_example(asked)
    if not _may_restore(asked):
        raise RefusedError(
            403,
            _("a file may take the place of a diary only where one person alone uses it"),
            hint=_("`nightcramp restore FILE --replace` does it in a terminal."),
        )
    if not form.sure:
        raise InputError(_("tick the box to say that all there is may make room"))
    guarded = has_passphrase(asked.viewer.key)
    restored = restore(asked.upload("archive").path, replace=True)
    said = [
        _("Brought back. Entries: {entries}; files brought in: {imports}.").format(
            entries=restored.entries, imports=restored.imports
        )
    ]
    if restored.aside:
        said.append(_("What was there before is now {file}.").format(file=restored.aside))
    said += restored.notes
    if guarded and asked.viewer.key not in people_here():
        said.append(_("The passphrase was of the diary before: set one again."))
    return Done(goto="/", said=" ".join(said))


def _check_name(typed: str, name: str) -> None:
    if typed.strip() != name:
        raise InputError(_("that is another name, so nothing was removed"))


def _may_restore(asked: Asked) -> bool:
    """Return whether somebody alone uses this machine's diary."""
    return asked.door.local and not asked.viewer.example and len(people_here()) == 1


ROUTES: tuple[Route, ...] = (
    View(PAGE, kept, "keeping.html", "How much is kept of a person, and where."),
    Download(f"{PAGE}/archive.zip", archive, "Everything of a person, in one open file.", ZIP),
    Download(f"{PAGE}/tables.zip", tables, "Nights, cramps and trials as CSV tables.", ZIP),
    Act(f"{PAGE}/remove", remove_all, RemoveForm, "Delete everything of a person.", again=PAGE),
    Act(
        f"{PAGE}/restore",
        restore_all,
        RestoreForm,
        "Let an archive take the place of all there is.",
        again=PAGE,
        files=("archive",),
    ),
)
