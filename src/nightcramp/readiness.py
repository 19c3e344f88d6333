"""What a server does before threads answer: everything that is made once is made by one thread.

msgspec works out the shape of a struct at its first use, and crashes the process when two threads
do so at once (0.22). So every struct is used once before there is a second thread.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator

import msgspec

from nightcramp.knowledge.loader import knowledge

READ_LATER = (
    "nightcramp.intake.apple_health.reader",
    "nightcramp.intake.fhir.reader",
    "nightcramp.intake.spreadsheet.reader",
    "nightcramp.language.names",
    "nightcramp.language.words",
    "nightcramp.trial.lock",
)
"""Modules that are imported only where they are used, and hold structs."""


@functools.cache
def make_ready() -> None:
    """Load the knowledge, and use every struct once."""
    for name in READ_LATER:
        importlib.import_module(name)
    knowledge()
    for kind in _structs(msgspec.Struct):
        _use(kind)


def _structs(kind: type) -> Iterator[type]:
    below: type
    for below in kind.__subclasses__():
        yield below
        yield from _structs(below)


def _use(kind: type) -> None:
    try:
        msgspec.json.Decoder(kind)
    except (TypeError, NameError):
        return
