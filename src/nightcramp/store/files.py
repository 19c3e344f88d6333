"""Files of the person's own: readable by nobody else, whole or not there, and on the disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from nightcramp.language import gettext as _
from nightcramp.store.trouble import StoreError

PART = ".part"


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner can look into; raises StoreError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise not_written(folder, error) from None


def literal(path: Path) -> str:
    """Return a path whose signs are not read as a pattern."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears, on the disk, only when all of it is there."""
    part = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    try:
        with open(part, "wb", opener=_private) as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(part, path)
        sync_folder(path.parent)
    except OSError as error:
        raise not_written(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def append(path: Path, text: str) -> None:
    """Add a text to a file and wait until it is on the disk; raises OSError."""
    new = not path.exists()
    with open(path, "ab", opener=_private) as handle:
        handle.write(text.encode())
        handle.flush()
        os.fsync(handle.fileno())
    if new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def not_written(path: Path, error: OSError) -> StoreError:
    """Return the error for people when a file or folder cannot be written."""
    return StoreError(
        _("cannot be written: {why}").format(why=error.strerror or error),
        where=str(path),
        hint=_("Make room or choose another place; what was kept before is all there."),
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
