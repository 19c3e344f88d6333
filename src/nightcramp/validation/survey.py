"""Reads the files of a survey: columns as numbers, medicines by person, or what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nightcramp.errors import InputError
from nightcramp.language import gettext as _
from nightcramp.store.files import literal
from nightcramp.validation.mapping import Mapping, Wave, choices

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Array = NDArray[np.float64]
TEXT = "VARCHAR"


@dataclass(frozen=True)
class MedicineLine:
    """One medicine of one person, as the survey writes it; days taken, None where unknown."""

    name: str
    days: float | None


@dataclass(frozen=True)
class Survey:
    """One round of a survey.

    `columns`: by name, one number a person, NaN where empty. `medicines`: of those who answered
    about medicines, their lines, by row. `absent`: ids of facts that the file has no column for.
    """

    file: str
    wave: Wave
    columns: dict[str, Array]
    medicines: dict[int, list[MedicineLine]]
    absent: list[str]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def read_survey(path: Path, mapping: Mapping) -> Survey:
    """Read a survey's folder, or its table of people; raises InputError for what is missing."""
    people, medicines = _files(path, mapping)
    with _engine() as engine:
        wave = _wave(engine, people, mapping)
        wanted, absent = _wanted(engine, people, mapping, wave)
        columns = _numbers(engine, people, wanted)
        _check_people(columns, people, mapping)
        rows = {int(one): row for row, one in enumerate(columns[mapping.survey.person])}
        lines = _medicines(engine, medicines, mapping, rows)
    return Survey(people.name, wave, columns, lines, absent)


def _files(path: Path, mapping: Mapping) -> tuple[Path, Path]:
    """Return the table of people and that of medicines, which stands beside it."""
    people = _one(path, mapping.survey.people) if path.is_dir() else path
    if not people.exists():
        raise InputError(_("there is no such file"), where=str(people))
    before, _star, _after = mapping.survey.people.partition("*")
    tail = people.name.removeprefix(before)
    medicines = people.with_name(mapping.survey.medicines.partition("*")[0] + tail)
    if not medicines.exists():
        raise InputError(
            _("the table of medicines is missing; it belongs beside {name}").format(
                name=people.name
            ),
            where=str(medicines),
        )
    return people, medicines


def _one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise InputError(
            _("holds no file {pattern}").format(pattern=pattern),
            where=str(folder),
            hint=_("Give the folder of the survey, or its table of people."),
        )
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise InputError(
            _("holds several rounds of the survey: {names}").format(names=names),
            where=str(folder),
            hint=_("Give one of these files."),
        )
    return found[0]


def _engine() -> DuckDBPyConnection:
    try:
        import duckdb
    except ImportError:
        raise InputError(
            _("the reader of survey files is not installed"),
            hint=_("`pip install 'nightcramp[validate]'` adds it."),
        ) from None
    return duckdb.connect()


def _query(engine: DuckDBPyConnection, what: str, path: Path) -> DuckDBPyConnection:
    import duckdb

    try:
        return engine.execute(f"{what} FROM read_parquet(?)", [literal(path)])
    except duckdb.Error as error:
        first = str(error).splitlines()[0][:200]
        unread = _("cannot be read as a Parquet file: {reason}").format(reason=first)
        raise InputError(unread, where=str(path)) from None


def _kinds(engine: DuckDBPyConnection, path: Path) -> dict[str, str]:
    described = _query(engine, "DESCRIBE SELECT *", path).fetchall()
    return {name: kind for name, kind, *_rest in described}


def _wave(engine: DuckDBPyConnection, people: Path, mapping: Mapping) -> Wave:
    name = mapping.survey.wave
    _refuse_absent([name], _kinds(engine, people), people, "[survey]")
    found = sorted(set(_numbers(engine, people, [name])[name].tolist()))
    if not found:
        raise InputError(_("holds nobody"), where=str(people))
    wave = mapping.wave(int(found[0])) if len(found) == 1 and found[0] == found[0] else None
    if wave is None:
        known = ", ".join(f"{one.code} ({one.name})" for one in mapping.survey.waves)
        raise InputError(
            _("round {found} of the survey is not in the mapping ({column})").format(
                found=", ".join(f"{one:g}" for one in found[:4]), column=name
            ),
            where=str(people),
            hint=_("The mapping describes: {known}.").format(known=known),
        )
    return wave


def _wanted(
    engine: DuckDBPyConnection, people: Path, mapping: Mapping, wave: Wave
) -> tuple[list[str], list[str]]:
    """Return the columns to read, and the facts without any."""
    kinds = _kinds(engine, people)
    _refuse_absent([*mapping.survey.columns, mapping.outcome.column], kinds, people, "[survey]")
    wanted = dict.fromkeys([*mapping.survey.columns, mapping.outcome.column])
    absent = []
    for entry in mapping.entries(wave.code):
        for names in choices(entry):
            here = [name for name in names if name in kinds][:1]
            if not here and wave.checked:
                _refuse_absent(names, kinds, people, entry.id)
            absent += [] if here else [f"{entry.id} ({' / '.join(names)})"]
            wanted.update(dict.fromkeys(here))
    return list(wanted), absent


def _refuse_absent(names: list[str], kinds: dict[str, str], path: Path, of: str) -> None:
    absent = [name for name in names if name not in kinds]
    if absent:
        raise InputError(
            _("has no column {names} (the mapping reads it for {of})").format(
                names=", ".join(absent), of=of
            ),
            where=str(path),
            hint=_("Another round of the survey has other names; `--mapping` takes your own."),
        )


def _numbers(engine: DuckDBPyConnection, path: Path, names: list[str]) -> dict[str, Array]:
    kinds = _kinds(engine, path)
    for name in names:
        if TEXT in kinds[name].upper() or "STRING" in kinds[name].upper():
            raise InputError(
                _("column {name} holds text where numbers belong").format(name=name),
                where=str(path),
            )
    read = ", ".join(f'CAST("{name}" AS DOUBLE) AS "{name}"' for name in names)
    table = _query(engine, f"SELECT {read}", path).fetchnumpy()
    return {name: _filled(table[name]) for name in names}


def _filled(values: Any) -> Array:
    return np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)


def _check_people(columns: dict[str, Array], path: Path, mapping: Mapping) -> None:
    survey = mapping.survey
    for name in survey.columns:
        empty = int(np.isnan(columns[name]).sum())
        if empty:
            raise InputError(
                _("column {name} is empty for {count} people").format(name=name, count=empty),
                where=str(path),
            )
    if len(np.unique(columns[survey.person])) != len(columns[survey.person]):
        raise InputError(
            _("some people stand in it more than once ({name})").format(name=survey.person),
            where=str(path),
        )
    if (columns[survey.weight] < 0).any():
        raise InputError(
            _("column {name} holds weights below 0").format(name=survey.weight), where=str(path)
        )


def _medicines(
    engine: DuckDBPyConnection, path: Path, mapping: Mapping, rows: dict[int, int]
) -> dict[int, list[MedicineLine]]:
    table = mapping.medicines
    kinds = _kinds(engine, path)
    _refuse_absent(table.columns, kinds, path, "[medicines]")
    numbers = _numbers(engine, path, [table.person, table.taken, table.days])
    names = _query(engine, f'SELECT CAST("{table.name}" AS VARCHAR) AS name', path).fetchnumpy()[
        "name"
    ]
    lines: dict[int, list[MedicineLine]] = {}
    for person, taken, name, days in _lines(numbers, np.ma.asarray(names), mapping):
        row = rows.get(person)
        if row is None or taken not in (*table.yes, *table.no):
            continue
        mine = lines.setdefault(row, [])
        if taken in table.yes and name:
            mine.append(MedicineLine(name, days))
    return lines


def _lines(
    numbers: dict[str, Array], names: Any, mapping: Mapping
) -> Iterator[tuple[int, float, str, float | None]]:
    table = mapping.medicines
    told = np.ma.filled(names, "")
    columns = (numbers[table.person], numbers[table.taken], told, numbers[table.days])
    for person, taken, name, days in zip(*columns, strict=True):
        known = days == days and days not in table.days_unknown
        yield int(person), float(taken), str(name or ""), float(days) if known else None
