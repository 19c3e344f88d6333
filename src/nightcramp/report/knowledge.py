"""Prints the knowledge: an overview, or one record with its numbers and sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.lookup import COLLECTIONS, records_named
from nightcramp.knowledge.schema import Content, Source
from nightcramp.report.explain import citation
from nightcramp.report.words import wrap

LISTED = ("factors", "mimics", "red_flags", "actions", "instruments")


def overview_text(knowledge: Knowledge, as_json: bool = False) -> str:
    """Return what there is: counts of everything, ids of what people ask for."""
    if as_json:
        return json.dumps({name: list(getattr(knowledge, name)) for name in COLLECTIONS}, indent=1)
    lines = []
    for name in COLLECTIONS:
        records = getattr(knowledge, name)
        lines.append(f"{name.replace('_', ' ')}: {len(records)}")
        if name in LISTED:
            lines.append(wrap(", ".join(records), 4))
    lines.append("")
    lines.append("`nightcramp knowledge ID` prints one of them, with its sources.")
    return "\n".join(lines)


def record_text(identifier: str, knowledge: Knowledge, as_json: bool = False) -> str:
    """Return every record of that id or alias."""
    found = records_named(identifier, knowledge)
    if as_json:
        built = {name: msgspec.to_builtins(record) for name, record in found}
        return json.dumps(built, indent=1, ensure_ascii=False)
    return "\n\n".join(_record(name, record, knowledge) for name, record in found)


def _record(collection: str, record: Content, knowledge: Knowledge) -> str:
    identifier = getattr(record, "id", "")
    place = knowledge.path_of(record)
    lines = [f"{identifier or collection} ({collection.replace('_', ' ')}; {place})".strip()]
    if isinstance(record, Source):
        return "\n".join([*lines, wrap(citation(record))])
    lines += _fields(record, 2)
    keys = sorted(set(_source_keys(record)))
    if keys:
        lines += ["", "Sources"]
        lines += [wrap(f"{k}: {citation(knowledge.sources[k])}", 4, "  - ") for k in keys]
    return "\n".join(lines)


def _fields(record: Content, indent: int) -> Iterator[str]:
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if value in ("", [], None, {}) or name == "id":
            continue
        yield from _field(name, value, indent)


def _field(name: str, value: Any, indent: int) -> Iterator[str]:
    pad = " " * indent
    if isinstance(value, list) and value and isinstance(value[0], Content):
        for item in value:
            yield f"{pad}{name}"
            yield from _fields(item, indent + 2)
    elif isinstance(value, Content):
        yield f"{pad}{name}"
        yield from _fields(value, indent + 2)
    else:
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield wrap(f"{name}: {shown}", indent + 2, pad)


def _source_keys(record: Any) -> Iterator[str]:
    if isinstance(record, list):
        for item in record:
            yield from _source_keys(item)
    elif isinstance(record, Content):
        yield from getattr(record, "source", [])
        for name in record.__struct_fields__:
            yield from _source_keys(getattr(record, name))
