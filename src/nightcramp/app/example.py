"""The example person: somebody made up, restored into a folder of their own when first looked at.

She is kept in the package as an archive that `docs/example_person.py` writes. What is done in
the example stays there, and is thrown away when it is left. The clock of the example begins on
the morning after her last night, whatever day it is.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import os
import shutil
import tempfile
import threading
from pathlib import Path

from nightcramp.diary.clock import moment_at, zone_named
from nightcramp.intake.diary_clock import PersonClock, utc_now
from nightcramp.store.files import not_written, private_folder
from nightcramp.store.place import home, placed_at
from nightcramp.store.restore import restore
from nightcramp.store.sqlite import SqlitePlace

EXAMPLE_NAME = "Margaret (example)"
PACKAGED = Path(__file__).with_name("example.zip")
FIRST = dt.date(2026, 7, 20)
"""The evening of her first night."""
MORNING = dt.datetime(2026, 11, 18, 7, 40)
"""When her clock begins: after 120 nights, and a last one of which only a cramp is told."""
ZONE = "Europe/London"
SINCE = "since"
"""An empty file beside the example's store: it is as old as the example is."""
SLOWER = 60
"""Her clock goes so much slower than others, so that it stays the same morning for a week."""

_BUILDING = threading.Lock()


def example_place() -> SqlitePlace:
    """Return where the example lives, restored at its first use; raises StoreError.

    Requests that come at once see one whole store; of processes that come at once each builds
    its own, and the first to be ready is taken.
    """
    folder = _folder()
    with _BUILDING:
        if not folder.exists():
            _build(folder)
            _forget_others(folder)
    return SqlitePlace(folder)


def example_clock(zone: str = ZONE) -> PersonClock:
    """Return the clock of the example: that morning, by the wall of a zone, and slowly on."""
    name = zone or ZONE
    info = zone_named(name)
    return PersonClock(moment_at(MORNING, info) + _elapsed() / SLOWER, info, name)


def leave_example() -> None:
    """Throw the example away, with everything that was done in it; the next visit is fresh."""
    _forget_others(None)


def _folder() -> Path:
    return home() / "example" / _fingerprint()


@functools.cache
def _fingerprint() -> str:
    """Return a name that changes when the packaged example does."""
    return hashlib.sha256(PACKAGED.read_bytes()).hexdigest()[:16]


def _build(folder: Path) -> None:
    """Restore the example beside its folder, then put it there unless another was faster."""
    private_folder(folder.parent)
    try:
        built = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    except OSError as error:
        raise not_written(folder, error) from None
    try:
        with placed_at(SqlitePlace(built)):
            restore(PACKAGED, replace=True)
        (built / SINCE).touch()
        os.rename(built, folder)
    except OSError as error:
        if not folder.exists():
            raise not_written(folder, error) from None
    finally:
        shutil.rmtree(built, ignore_errors=True)


def _forget_others(kept: Path | None) -> None:
    """Remove the examples of before; what is being built stays.

    A folder is taken out of the way in one step before it is emptied.
    """
    for folder in (home() / "example").glob("[!.]*"):
        if folder != kept:
            _remove(folder)


def _remove(folder: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix=".old-", dir=folder.parent))
    try:
        os.rename(folder, aside / folder.name)
    except FileNotFoundError:
        pass
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _elapsed() -> dt.timedelta:
    """Return how long the example has been there, nothing where it is not."""
    try:
        since = (_folder() / SINCE).stat().st_mtime
    except OSError:
        return dt.timedelta()
    began = dt.datetime.fromtimestamp(since, dt.UTC)
    return max(dt.timedelta(), utc_now() - began)
