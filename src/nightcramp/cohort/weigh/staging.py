"""Events laid out on disk by people: more than fit in memory, and work for several processes.

The engine writes each event once, into the folder of its people; what is in one folder is small
enough to be sorted and weighed by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightcramp.cohort.source.arrays import Events, batches
from nightcramp.cohort.source.database import Source
from nightcramp.cohort.source.events import ORDER
from nightcramp.store.files import literal

if TYPE_CHECKING:
    import ibis.expr.types as ir

MOST_PARTS = 500
UNEVEN = 4
"""People are told apart by ranges of their ids while no range has so many times the usual."""


class _ByPart(str):
    """The column that decides on the folder: ibis writes options down as Python would."""

    def __repr__(self) -> str:
        """Return it as SQL."""
        return "(part)"


def staged(source: Source, events: ir.Table, folder: Path, parts: int) -> list[Path]:
    """Write events (in any order) into about so many folders of whole people; returns these.

    Only for engines that are DuckDB. In the order of ids where these are spread evenly.
    """
    import ibis

    parts = min(parts, MOST_PARTS)
    least, width = _ranges(source.people(), parts)
    if width:
        part = ibis.greatest(ibis.least((events.person - least) // width, parts), -1)
    else:
        part = events.person.hash() % parts
    where = folder / "parts"
    source.database.backend.to_parquet(
        events.mutate(part=part.cast("int64")),
        str(where),
        partition_by=_ByPart(),
        compression="snappy",
    )
    found = [(int(path.name.partition("=")[2]), path) for path in where.glob("part=*")]
    return [path for _number, path in sorted(found)]


def _ranges(people: ir.Table, parts: int) -> tuple[int, int]:
    """Return the least id and the width of a range; no width where ids are spread unevenly."""
    ends = people.aggregate(least=people.person.min(), most=people.person.max())
    least, most = (column[0].as_py() for column in ends.to_pyarrow().columns)
    if least is None:
        return 0, 0
    width = max(1, -(-(most - least + 1) // parts))
    ranges = people.select(part=(people.person - least) // width)
    sizes = ranges.group_by("part").aggregate(people=ranges.count()).to_pyarrow()["people"]
    counts = sizes.to_pylist()
    return least, width if max(counts) <= UNEVEN * sum(counts) / parts + 1 else 0


def events_in(part: Path, rows: int) -> Iterator[Events]:
    """Yield the events of a folder in their order, about so many rows at a time."""
    import duckdb

    order = ", ".join(f'"{name}" ASC NULLS LAST' for name in ORDER)
    with duckdb.connect(config={"threads": 1}) as engine:
        asked = f"SELECT * FROM read_parquet(?) ORDER BY {order}"
        stream: Any = engine.execute(asked, [f"{literal(part)}/*.parquet"]).to_arrow_reader(1 << 18)
        yield from batches(stream, rows)
