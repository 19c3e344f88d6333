"""Records: a file is read, what was understood is shown, and the person keeps it or not."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from nightcramp.app.asked import Asked, Upload
from nightcramp.app.background import BACKGROUND, Work
from nightcramp.app.problem import Problem, problem_of
from nightcramp.app.routes import Act, Done, Nothing, Route, View
from nightcramp.errors import InputError, NightcrampError, UnknownIdError
from nightcramp.intake.importing import Imported, Tried, keep_tried, try_file, under_name
from nightcramp.language import gettext as _
from nightcramp.report.imports import format_in_words, kinds_in_words, reasons_in_words
from nightcramp.store.imports import Import, list_imports, undo_import

KIND = "reading"
MOST_NAMES = 20


class Kept(Struct, frozen=True, kw_only=True):
    """One file that was imported and stands."""

    number: int
    file: str
    format: str
    date: str
    facts: int
    nights: int


class RecordsPage(Struct, frozen=True, kw_only=True):
    """What was imported, and whether a file is being read now."""

    imports: list[Kept]
    reading: str
    """The id of the file that is read or waits to be accepted, "" for none."""


class Count(Struct, frozen=True, kw_only=True):
    """How many records of a kind were read, and how many of them used."""

    kind: str
    read: int
    used: int


class LeftOut(Struct, frozen=True, kw_only=True):
    """How many records were left out, and why."""

    count: int
    kind: str
    reason: str


class ReadingPage(Struct, frozen=True, kw_only=True):
    """A file that is read, or was: what was understood of it and what was left out."""

    id: str
    state: Literal["working", "done", "failed"]
    percent: int | None
    file: str = ""
    format: str = ""
    facts: int = 0
    nights: int = 0
    counts: list[Count] = []
    left_out: list[LeftOut] = []
    unknown_medicines: list[str] = []
    to_ask: list[str] = []
    mapping: list[str] = []
    there_already: bool = False
    problem: Problem | None = None


class FileForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a file is to be read, where it leaves that open."""

    date_order: Literal["", "dmy", "mdy", "ymd"] = ""
    patient: Annotated[str, Meta(max_length=200)] = ""


@dataclass(eq=False)
class Sent:
    """A file that was sent, and how much of it is read: from 0 to 1, None for unknown."""

    file: Path
    part: float | None = None

    def progress(self, done: int, total: int) -> None:
        """Note how much is read."""
        self.part = min(done / total, 1.0) if total else None

    def clear(self) -> None:
        """Remove the file."""
        shutil.rmtree(self.file.parent, ignore_errors=True)


def records(asked: Asked) -> RecordsPage:
    """Return what was imported."""
    with asked.opened() as store:
        found = list_imports(store)
    work = BACKGROUND.latest(asked, KIND)
    return RecordsPage(imports=[_kept(one) for one in found], reading=work.token if work else "")


def reading(asked: Asked) -> ReadingPage:
    """Return how far a file was read, and in the end what was understood."""
    work = _work(asked)
    part = work.about.part
    page = ReadingPage(
        id=work.token,
        state=work.state,
        percent=None if part is None else round(100 * part),
        problem=problem_of(work.error) if work.error else None,
    )
    return _told(page, work.result.imported) if work.state == "done" else page


def read(asked: Asked, form: FileForm) -> Done:
    """Begin to read a file; nothing of it is kept before it is accepted."""
    sent = Sent(_out_of_the_way(asked.upload("file")))

    def do() -> Tried:
        order, patient = form.date_order or None, form.patient.strip()
        try:
            tried = try_file(sent.file, date_order=order, patient=patient, progress=sent.progress)
        except NightcrampError as error:
            error.where = error.where.replace(f"{sent.file.parent}{os.sep}", "")
            raise
        return under_name(tried, sent.file.name)

    try:
        work = BACKGROUND.start(asked, KIND, do, sent, sent.clear)
    except InputError:
        sent.clear()
        raise
    work.wait()
    return Done(goto=f"/records/reading/{work.token}")


def accept(asked: Asked, form: Nothing) -> Done:
    """Keep what was read of a file."""
    work = _work(asked)
    if work.state != "done":
        raise UnknownIdError(_("this file was not read to its end"))
    with asked.opened() as store:
        kept = keep_tried(store, work.result, asked.clock.now)
    BACKGROUND.forget(asked, KIND)
    said = _("It is there already; nothing was changed.")
    if kept.outcome == "kept":
        said = _("Kept. You can take it back here at any time.")
    return Done(goto="/records", said=said)


def drop(asked: Asked, form: Nothing) -> Done:
    """Keep nothing of a file."""
    _work(asked)
    BACKGROUND.forget(asked, KIND)
    return Done(goto="/records", said=_("Nothing was kept."))


def _work(asked: Asked) -> Work:
    """Return the reading that the path names; raises UnknownIdError for anybody else's."""
    work = BACKGROUND.latest(asked, KIND)
    if work is None or work.token != asked.params["id"]:
        raise UnknownIdError(
            _("this is not there any more"), hint=_("Do it again from the beginning.")
        )
    return work


def undo(asked: Asked, form: Nothing) -> Done:
    """Take an import back with everything it brought."""
    text = asked.params["number"]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    with asked.opened() as store:
        done = undo_import(store, number)
    if not done:
        raise UnknownIdError(_("this is not there any more"))
    return Done(goto="/records", said=_("It is taken back, with everything it brought."))


def _out_of_the_way(upload: Upload) -> Path:
    """Move a file to a folder that stays when the request is answered."""
    folder = Path(tempfile.mkdtemp(prefix="nightcramp-"))
    return Path(shutil.move(upload.path, folder / upload.name))


def _kept(one: Import) -> Kept:
    return Kept(
        number=one.id,
        file=Path(one.file).name,
        format=format_in_words(one.format),
        date=one.imported_at[:10],
        facts=one.facts,
        nights=one.nights,
    )


def _told(page: ReadingPage, found: Imported) -> ReadingPage:
    account = found.account
    return replace(
        page,
        percent=100,
        file=Path(found.file).name,
        format=format_in_words(found.format),
        facts=found.facts,
        nights=found.nights,
        counts=[Count(kind=k, read=r, used=u) for k, r, u in kinds_in_words(account)],
        left_out=[LeftOut(count=n, kind=k, reason=r) for n, k, r in reasons_in_words(account)],
        unknown_medicines=[name for name, _n in account.unknown_medicines.most_common(MOST_NAMES)],
        to_ask=account.to_ask,
        mapping=found.mapping.splitlines(),
        there_already=found.outcome == "already there",
    )


ROUTES: tuple[Route, ...] = (
    View("/records", records, "records.html", "The records that were imported."),
    Act("/records", read, FileForm, "Read a record file.", again="/records", files=("file",)),
    View("/records/reading/{id}", reading, "reading.html", "What was understood of a file."),
    Act("/records/reading/{id}/accept", accept, Nothing, "Keep what was read of a file."),
    Act("/records/reading/{id}/drop", drop, Nothing, "Keep nothing of a file."),
    Act("/records/{number}/undo", undo, Nothing, "Take an import back."),
)
