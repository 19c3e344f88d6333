"""A made-up survey with the names, codes and design of the real one, and planted cramps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightcramp.knowledge.loader import knowledge
from nightcramp.validation.mapping import SHIPPED, Mapping, choices, read_mapping

STRATA, CLUSTERS, PEOPLE = 8, 2, 25
RARE = ("DIQ010", "MCQ160A", "MCQ160B", "MCQ160G", "MCQ010", "MCQ160L", "KIQ022", "BPQ020")
LINES = {
    "HYDROCHLOROTHIAZIDE; TRIAMTERENE": 0.1,
    "SALMETEROL": 0.05,
    "ATORVASTATIN": 0.1,
    "UNHEARDOFINE": 0.02,
}
Columns = dict[str, NDArray[Any]]


def shipped() -> Mapping:
    return read_mapping(SHIPPED, knowledge())


def people_of(wave: int = 4, seed: int = 1) -> Columns:
    """Return the columns of people whose cramps follow age, sex, arthritis and heart failure."""
    random = np.random.default_rng(seed)
    count = STRATA * CLUSTERS * PEOPLE
    names = [n for entry in shipped().entries(wave) for one in choices(entry) for n in one]
    columns: Columns = {name: np.full(count, np.nan) for name in names}
    place = np.arange(count)
    columns |= {
        "SEQN": place + 1.0,
        "SDDSRVYR": np.full(count, float(wave)),
        "SDMVSTRA": 44.0 + place // (CLUSTERS * PEOPLE),
        "SDMVPSU": 1.0 + place // PEOPLE % CLUSTERS,
        "WTMEC2YR": random.uniform(5_000, 90_000, count).round(2),
        "RIDAGEYR": random.integers(16, 86, count).astype(float),
        "RIAGENDR": random.integers(1, 3, count).astype(float),
        "BMXBMI": random.normal(28, 5, count).round(1).clip(16, 60),
        "LBXSKSI": random.normal(4.0, 0.3, count).round(1),
    }
    for name in RARE:
        columns[name] = random.choice([1.0, 2.0, 9.0], count, p=[0.25, 0.72, 0.03])
    return columns | {"SLQ160": _cramps(columns, random)}


def _cramps(columns: Columns, random: np.random.Generator) -> NDArray[Any]:
    odds = (
        -3.2
        + 0.02 * (columns["RIDAGEYR"] - 50)
        + 0.5 * (columns["RIAGENDR"] == 2)
        + 1.2 * (columns["MCQ160A"] == 1)
        + 1.4 * (columns["MCQ160B"] == 1)
    )
    cuts = np.stack([1 / (1 + np.exp(-(odds + more))) for more in (2.0, 1.2, 0.0, -1.0)])
    return (random.random(len(odds)) < cuts).sum(axis=0).astype(float)


def medicines_of(columns: Columns, seed: int = 2) -> dict[str, list[Any]]:
    """Return the lines of medicines of these people, with some who did not answer."""
    random = np.random.default_rng(seed)
    lines: dict[str, list[Any]] = {"SEQN": [], "RXDUSE": [], "RXDDRUG": [], "RXDDAYS": []}
    for person in columns["SEQN"]:
        taken = [name for name, part in LINES.items() if random.random() < part]
        code = 1 if taken else random.choice([2, 2, 2, 9])
        for name in taken or [None]:
            days = float(random.choice([30, 365, 99999])) if name else None
            for key, value in zip(lines, (int(person), int(code), name, days), strict=True):
                lines[key].append(value)
    return lines


def write_survey(folder: Path, columns: Columns, lines: dict[str, list[Any]] | None = None) -> Path:
    """Write the two tables of a survey into a folder, and return the folder."""
    folder.mkdir(exist_ok=True)
    write_table(folder / "tidy_made-up.parquet", columns)
    write_table(folder / "rx_long_made-up.parquet", lines or medicines_of(columns))
    return folder


def write_table(path: Path, columns: dict[str, Any]) -> None:
    """Write columns as a Parquet file; a column of text stays text."""
    import duckdb

    with duckdb.connect() as engine:
        kinds = ", ".join(f'"{name}" {_kind(values)}' for name, values in columns.items())
        engine.execute(f"CREATE TABLE made ({kinds})")
        rows = list(zip(*(map(_cell, values) for values in columns.values()), strict=True))
        marks = ", ".join("?" * len(columns))
        if rows:
            engine.execute("BEGIN")
            engine.executemany(f"INSERT INTO made VALUES ({marks})", rows)
            engine.execute("COMMIT")
        engine.execute(f"COPY made TO '{path}' (FORMAT parquet)")


def _kind(values: Any) -> str:
    return "VARCHAR" if any(isinstance(value, str) for value in values) else "DOUBLE"


def _cell(value: Any) -> Any:
    return (
        None
        if value is None or value != value
        else value
        if isinstance(value, str)
        else float(value)
    )
