"""The questions asked of a result folder, each answered by DuckDB out of core in a few rows.

Amounts are added as whole billionths, so that the order in which threads add changes nothing,
and quartiles are read off thousandths.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from nightcramp.cohort.source.address import Limits, not_installed
from nightcramp.errors import InputError, one_line
from nightcramp.language import gettext as _

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = ("people", "factors", "medicines")
AGES = ((0, 17), (18, 34), (35, 49), (50, 64), (65, 79), (80, 199))
"""Bands of age in whole years; few, so that few people stand alone."""
CERTAINTY = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Where the bands of a probability begin and end."""
BILLION, THOUSAND = 10**9, 1000


class Quartiles(Struct, frozen=True, kw_only=True):
    """What a quarter, half and three quarters of people stay at or below."""

    first: float
    middle: float
    third: float


class Held(Struct, frozen=True, kw_only=True):
    """People who have a factor, and the sums of its shares: of all people, and of theirs."""

    people: int
    whole: float
    theirs: float


@dataclass(frozen=True)
class Counting:
    """A result folder to ask. `present`: from this presence on somebody has a factor."""

    engine: DuckDBPyConnection
    present: float

    def _rows(self, question: str) -> list[tuple[Any, ...]]:
        return self.engine.execute(question).fetchall()

    def people(self) -> tuple[int, int, float | None]:
        """Return (people, of these with a medicine to review, the mean unexplained part)."""
        people, review, unexplained = self._rows(
            "SELECT count(*), count(*) FILTER (len(review) > 0),"
            f" {_parts('unexplained')} / {BILLION}.0 / count(unexplained) FROM people"
        )[0]
        return people, review, unexplained

    def groups(self) -> dict[tuple[int | None, str, str], int]:
        """Return people by (least age of the band or None, sex, level)."""
        bands = " ".join(f"WHEN age <= {high} THEN {low}" for low, high in AGES)
        rows = self._rows(
            f"SELECT CASE WHEN age < 0 THEN NULL {bands} END AS low, coalesce(sex, '') AS sex,"
            " level, count(*) FROM people GROUP BY ALL ORDER BY ALL"
        )
        return {(low, sex, level): count for low, sex, level, count in rows}

    def listed(self, column: str) -> dict[str, int]:
        """Return in how many people's list of a column each id stands, most first."""
        rows = self._rows(
            f"SELECT id, count(*) AS found FROM (SELECT unnest(list_distinct({column})) AS id"
            " FROM people) GROUP BY id ORDER BY found DESC, id"
        )
        return dict(rows)

    def together(self) -> dict[int, int]:
        """Return people by how many factors are present."""
        rows = self._rows(
            "SELECT factors_present::INTEGER AS number, count(*) FROM people"
            " GROUP BY number ORDER BY number"
        )
        return dict(rows)

    def night_cramp(self) -> dict[float | None, int]:
        """Return people by where the band of their probability of night cramps begins."""
        starts = reversed(CERTAINTY[:-1])
        bands = " ".join(f"WHEN night_cramp >= {start} THEN {start}" for start in starts)
        rows = self._rows(
            f"SELECT CASE {bands} END AS low, count(*) FROM people GROUP BY low ORDER BY low"
        )
        return {None if low is None else float(low): count for low, count in rows}

    def factors(self) -> dict[str, Held]:
        """Return what there is of each factor."""
        rows = self._rows(
            "SELECT factor, coalesce(sum(people) FILTER (has), 0)::BIGINT, sum(parts),"
            " coalesce(sum(parts) FILTER (has), 0) FROM heaps GROUP BY factor ORDER BY factor"
        )
        return {
            name: Held(
                people=people, whole=float(whole or 0) / BILLION, theirs=float(theirs) / BILLION
            )
            for name, people, whole, theirs in rows
        }

    def medicines(self) -> dict[str, tuple[int, int]]:
        """Return (people who take it, of these worth a review) of each medicine.

        One stopped lately that is worth a review counts as taken: it still explains cramps.
        """
        rows = self._rows(
            "SELECT medicine, count(*) FILTER (taking OR review), count(*) FILTER (review)"
            " FROM medicines GROUP BY medicine ORDER BY medicine"
        )
        return {name: (taking, review) for name, taking, review in rows}

    def sets(self, names: Sequence[str]) -> dict[int, int]:
        """Return people by which of some factors they have, a bit for each."""
        if not names:
            return {}
        bits = [(_quoted(name), 1 << place) for place, name in enumerate(names)]
        numbers = " ".join(f"WHEN {name} THEN {bit}" for name, bit in bits)
        rows = self._rows(
            f"SELECT have, count(*) FROM (SELECT bit_or(CASE factor {numbers} END) AS have"
            f" FROM factors WHERE presence >= {self.present}"
            f" AND factor IN ({', '.join(name for name, _bit in bits)}) GROUP BY person_id)"
            " GROUP BY have"
        )
        return dict(rows)

    def unexplained_quartiles(self) -> Quartiles | None:
        """Return the quartiles of the unexplained part."""
        place = _place("unexplained")
        heaps = f"SELECT '' AS id, {place} AS place, count(*) AS people FROM people GROUP BY ALL"
        return self._quartiles(heaps).get("")

    def factor_quartiles(self) -> dict[str, Quartiles]:
        """Return the quartiles of each factor's share among people who have it."""
        return self._quartiles("SELECT factor AS id, place, people FROM heaps WHERE has")

    def _quartiles(self, heaps: str) -> dict[str, Quartiles]:
        rows = self._rows(
            f"WITH chosen AS ({heaps}), climb AS ("
            " SELECT id, place, sum(people) OVER (PARTITION BY id ORDER BY place) AS upto,"
            " sum(people) OVER (PARTITION BY id) AS everyone FROM chosen WHERE place IS NOT NULL)"
            f" SELECT id, {_reached(1)}, {_reached(2)}, {_reached(3)} FROM climb GROUP BY id"
        )
        return {
            name: Quartiles(first=_middle(first), middle=_middle(middle), third=_middle(third))
            for name, first, middle, third in rows
        }


def _heaped(engine: DuckDBPyConnection, present: float) -> None:
    """Read the factors once: people and their shares by factor, having it, and thousandth."""
    engine.execute(
        f"CREATE TABLE heaps AS SELECT factor, presence >= {present} AS has,"
        f" {_place('share')} AS place, count(*) AS people, {_parts('share')} AS parts"
        " FROM factors GROUP BY ALL"
    )


def _place(column: str) -> str:
    return f"least(floor({column} * {THOUSAND}), {THOUSAND - 1})::INTEGER"


def _parts(column: str) -> str:
    return f"sum(round({column} * {BILLION})::BIGINT)"


def _reached(quarters: int) -> str:
    """Return the first thousandth that so many quarters of people stay at or below."""
    return f"min(place) FILTER (upto * 4 >= everyone * {quarters})"


def _middle(place: int) -> float:
    return (place + 0.5) / THOUSAND


def bands() -> Iterable[tuple[float, float]]:
    """Return the bands of a probability, each (from, to)."""
    return itertools.pairwise(CERTAINTY)


@contextmanager
def counting(folder: Path, present: float, limits: Limits) -> Iterator[Counting]:
    """Open a result folder to ask; raises InputError for what is not the result of a screening."""
    duckdb = _duckdb()
    with tempfile.TemporaryDirectory() as scratch:
        engine = duckdb.connect()
        try:
            _bounded(engine, limits, scratch)
            for name in TABLES:
                engine.execute(f"CREATE VIEW {name} AS SELECT * FROM {_parquet(folder, name)}")
            _heaped(engine, present)
            yield Counting(engine, present)
        except duckdb.Error as error:
            raise unreadable(folder, one_line(error, 200)) from None
        finally:
            engine.close()


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise not_installed() from None
    return duckdb


def _bounded(engine: DuckDBPyConnection, limits: Limits, scratch: str) -> None:
    engine.execute("SET preserve_insertion_order = false")
    engine.execute(f"SET temp_directory = {_quoted(str(limits.scratch or scratch))}")
    if limits.memory:
        engine.execute(f"SET memory_limit = {_quoted(limits.memory)}")
    if limits.threads:
        engine.execute(f"SET threads = {int(limits.threads)}")


def _parquet(folder: Path, name: str) -> str:
    path = folder / f"{name}.parquet"
    pattern = path / "*.parquet" if path.is_dir() else path
    return f"read_parquet({_quoted(str(pattern))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def unreadable(path: Path, reason: str) -> InputError:
    """Return the error for people about a file or folder that no screening wrote."""
    return InputError(
        _("cannot be read as the result of a screening: {reason}").format(reason=reason),
        where=str(path),
        hint=_("Give the folder that `nightcramp cohort screen` wrote, or screen again."),
    )
