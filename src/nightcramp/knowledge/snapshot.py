"""Keeps the checked knowledge in one binary file, so that starting is quick.

Parsing and checking some hundred text files takes a third of a second; the snapshot, keyed by
name, size and time of every content file, takes a few hundredths. It is a cache like Python's
own: lost or unwritable, it is done without.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec

from nightcramp.knowledge.loader import Knowledge

FOLDER = "__pycache__"


def read_snapshot(root: Path) -> Knowledge | None:
    """Return the snapshot of the content below `root`, or None when there is none."""
    try:
        return msgspec.msgpack.decode(_path(root).read_bytes(), type=Knowledge)
    except (OSError, msgspec.DecodeError):
        return None


def write_snapshot(root: Path, knowledge: Knowledge) -> None:
    """Write the snapshot whole or not at all, and remove older ones."""
    path = _path(root)
    part = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        part.write_bytes(msgspec.msgpack.encode(knowledge))
        for old in path.parent.glob("knowledge-*.msgpack"):
            old.unlink()
        part.replace(path)


def _path(root: Path) -> Path:
    return root / FOLDER / f"knowledge-{_fingerprint(root)}.msgpack"


def _fingerprint(root: Path) -> str:
    """Return a digest that changes when any content file or the shape of records does."""
    digest = hashlib.sha256()
    shapes = sorted((root.parent).glob("*.py"))
    for path in [*shapes, *sorted(root.rglob("*.toml"))]:
        stat = path.stat()
        digest.update(f"{path}:{stat.st_size}:{stat.st_mtime_ns};".encode())
    return digest.hexdigest()[:16]
