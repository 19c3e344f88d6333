"""Writes FHIR resources as a bulk export, and reads one back as events."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightcramp.cohort.people.one import listed
from nightcramp.cohort.people.person import Event
from nightcramp.cohort.source.address import opened
from nightcramp.cohort.source.arrays import Events, arrays
from nightcramp.cohort.source.bulk_files import KINDS
from nightcramp.cohort.source.database import Source, read_source
from nightcramp.knowledge.loader import knowledge

Resource = Mapping[str, Any]


def written(folder: Path, resources: Iterable[Resource], *, packed: bool = False) -> Path:
    """Write resources as `KIND.000.ndjson` files of a folder, or packed; returns the folder."""
    lines: dict[str, list[str]] = {}
    for resource in resources:
        lines.setdefault(resource["resourceType"], []).append(json.dumps(resource))
    folder.mkdir(exist_ok=True)
    for kind, found in lines.items():
        data = ("\n".join(found) + "\n").encode()
        name = f"{kind}.000.ndjson"
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (folder / name).write_bytes(data)
    return folder


def of_bundles(paths: Iterable[Path]) -> Iterator[Resource]:
    """Yield the resources of bundles that an export is read for."""
    for path in paths:
        for entry in json.loads(path.read_text(encoding="utf-8"))["entry"]:
            if entry["resource"]["resourceType"] in KINDS:
                yield entry["resource"]


@dataclass(frozen=True)
class Export:
    """What was read of an export: all events, and those of each patient by id."""

    source: Source
    events: Events
    numbers: dict[str, int]

    def of(self, patient: str) -> list[Event]:
        """Return one patient's events, in their order."""
        mine = self.events.where(self.events.person == self.numbers[patient])
        return listed(mine, self.source.tokens)

    def left_out(self, name: str) -> int:
        """Return how many records were left out for one kind of trouble."""
        return self.source.mapping.trouble()[name]


@contextmanager
def read(folder: Path) -> Iterator[Export]:
    """Open an export and read every event of it."""
    with opened(str(folder)) as database:
        source = read_source(database, knowledge())
        events = arrays(source.ordered(lambda token: True).to_pyarrow().combine_chunks())
        people = database.tables["people"].to_pyarrow().to_pylist()
        yield Export(source, events, {row["patient"]: row["person"] for row in people})
