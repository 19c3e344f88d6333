"""Checks a protocol file against itself, the SHA-256 that was noted, and the person's own store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nightcramp.errors import InputError
from nightcramp.intake.files import text_of
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.store.trials import KeptTrial
from nightcramp.trial.lock import Lock, TamperedError, read_lock

NOTED = noted("It is the SHA-256 that you gave.")
IN_STORE = noted("Your own store holds the same protocol.")
NOWHERE = noted(
    "Nothing here can tell whether it is the one of that day: compare the SHA-256 with the one "
    "that was noted then, with --sha256."
)


def verified(path: Path, given: str, trials: Mapping[str, KeptTrial]) -> tuple[Lock, str]:
    """Return the lock of a file and what it was compared with, in words.

    Raises InputError for no lock, TamperedError where it does not fit together, or is not the
    one that was noted or is in the store.
    """
    locked = read_lock(text_of(path, "protocol").encode(), str(path))
    wanted = "".join(given.split()).casefold()
    if wanted and wanted != locked.sha256:
        why = _("its SHA-256 is {found}, not the one that was noted").format(found=locked.sha256)
        raise _another(why, path)
    kept = trials.get(locked.protocol.id)
    if kept is not None and kept.lock.sha256 != locked.sha256:
        why = _("your store holds another protocol as {name}").format(name=locked.protocol.id)
        raise _another(why, path)
    if kept is not None and kept.lock.locked_at != locked.locked_at:
        raise _another(_("your store says that it was locked at another time"), path)
    said = [_(NOTED)] * bool(wanted) + [_(IN_STORE)] * (kept is not None)
    return locked, " ".join(said) or _(NOWHERE)


def _another(why: str, path: Path) -> InputError:
    return TamperedError(
        _("this is not the protocol that was locked: {why}").format(why=why), where=str(path)
    )
