"""The tables of a screened population as CSV, for other programs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from msgspec import Struct

from nightcramp.cohort.tables.counting import Quartiles
from nightcramp.cohort.tables.disclosure import Shown
from nightcramp.cohort.tables.population import CohortSummary, People, UseShown
from nightcramp.store.files import private_folder, written_whole

SPREAD = Quartiles.__struct_fields__
FOLDER = "tables"
HIDDEN = "hidden"


def write_tables(summary: CohortSummary, folder: Path) -> list[Path]:
    """Write the tables as CSV into `tables` of a folder, in UTF-8; return their files.

    A hidden count is `<5`, `>95` or `hidden`; an amount that is not shown is empty.
    """
    private_folder(folder / FOLDER)
    written = []
    for name, rows in tables_of(summary).items():
        path = folder / FOLDER / f"{name}.csv"
        with written_whole(path) as handle:
            handle.write(_csv(rows).encode("utf-8"))
        written.append(path)
    return written


def tables_of(summary: CohortSummary) -> dict[str, list[list[object]]]:
    """Return the tables by name, each with a row of heads; what is empty is left out."""
    found = {
        "attrition": [_row(one) for one in summary.attrition],
        "people": [_people_row(one) for one in summary.groups],
        "levels": [{"level": name, "people": one} for name, one in summary.levels.items()],
        "red_flags": [_row(one) for one in summary.flags],
        "markers": [_row(one) for one in summary.markers],
        "groups": [_row(one) for one in summary.shares],
        "factors": [_row(one) for one in summary.factors],
        "medicines": [_row(one) for one in summary.medicines],
        "pairs": [_row(one) for one in summary.pairs],
        "together": [{"factors": n, "people": one} for n, one in summary.together.items()],
        "night_cramp": [_row(one) for one in summary.night_cramp],
        "vocabulary": [_use_row(one) for one in summary.vocabulary],
        "notices": [_row(one) for one in summary.notices],
    }
    return {name: _with_heads(rows) for name, rows in found.items() if rows}


def _row(value: Struct) -> dict[str, object]:
    """Return the fields of a value as the cells of a row, each quartile in its own."""
    row = {name: getattr(value, name) for name in value.__struct_fields__}
    if "quartiles" in row:
        spread = row.pop("quartiles")
        row |= {f"quartile_{name}": getattr(spread, name, None) for name in SPREAD}
    return row


def _people_row(group: People) -> dict[str, object]:
    return {"age_from": group.low, "sex": group.sex, "people": group.people, **group.levels}


def _use_row(one: UseShown) -> dict[str, object]:
    return {"table": one.table, "concepts": one.concepts, "rows": one.rows, **one.by}


def _with_heads(rows: list[dict[str, object]]) -> list[list[object]]:
    heads = list(dict.fromkeys(name for row in rows for name in row))
    return [list(heads), *([_cell(row.get(name)) for name in heads] for row in rows)]


def _cell(value: object) -> object:
    if isinstance(value, Shown):
        return value.text(HIDDEN)
    return f"{value:.4f}" if isinstance(value, float) else value


def _csv(rows: list[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
