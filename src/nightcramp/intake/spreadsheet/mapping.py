"""What the columns of a diary mean: a small record that is shown, written and corrected."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from nightcramp.errors import InputError, one_line
from nightcramp.intake.spreadsheet.dates import ORDER_WORDS, Order
from nightcramp.intake.spreadsheet.numbers import Decimal

Means = Literal[
    "date",
    "time",
    "cramps",
    "cramp",
    "severity",
    "duration",
    "site",
    "note",
    "medicine",
    "measure",
    "unused",
]
"""`cramps`: how many. `cramp`: whether there was one. `unused`: left out."""

Confidence = Literal["sure", "likely", "guess", "told"]

Rows = Literal["", "night", "part", "cramp"]
"""One row a night; several rows a night that add up; one row a cramp; empty: not known."""

MEANS_WORDS = {
    "date": "the date",
    "time": "the time of day",
    "cramps": "how many cramps",
    "cramp": "whether there was a cramp (yes counts as one)",
    "severity": "how bad it was (kept in the note)",
    "duration": "how long it lasted (kept in the note)",
    "site": "where it was (kept in the note)",
    "note": "a note",
    "medicine": "medicine taken",
    "measure": "a measure",
    "unused": "not used",
}
ROWS_WORDS = {
    "": "It is not clear whether a row is a night or a cramp.",
    "night": "One row is one night.",
    "part": "Several rows may tell of one night; their cramps are added up.",
    "cramp": "One row is one cramp; the rows of a night are counted.",
}
DATES_WORDS = {
    "evening": "A date without a time names the night that begins that evening.",
    "morning": "A date without a time names the night that ended that morning.",
}
TIMES_WORDS = {
    "calendar": "A time before noon belongs to the night that began the evening before its date.",
    "night": "A time belongs to the night that the date names, before midnight or after it.",
}
DASH_WORDS = {
    "none": "A dash under cramps means no cramp.",
    "not_logged": "A dash under cramps means not logged.",
}
OTHER_WORDS = {
    "not_logged": "A night without a row is not logged.",
    "no_cramp": "A night without a row, between the first and the last, had no cramp.",
}
MOST_BYTES = 1_000_000


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one column means, and why that is thought."""

    column: str
    means: Means
    measure: str = ""
    unit: str = ""
    medicine: str = ""
    confidence: Confidence = "told"
    reason: str = ""


class Mapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a table's columns and rows mean. Empty order, rows or decimal: seen from the file."""

    columns: tuple[Column, ...]
    rows: Rows = ""
    date_order: Order = ""
    dates_name: Literal["evening", "morning"] = "evening"
    times: Literal["calendar", "night"] = "calendar"
    decimal: Decimal = ""
    dash: Literal["none", "not_logged"] = "none"
    other_nights: Literal["not_logged", "no_cramp"] = "not_logged"
    sheet: str = ""

    def named(self, *means: Means) -> list[Column]:
        """Return the columns with one of these meanings, in the order of the mapping."""
        return [column for column in self.columns if column.means in means]


def describe_mapping(mapping: Mapping) -> str:
    """Return the mapping in plain words, one line for each column and each choice."""
    used = [column for column in mapping.columns if column.means != "unused"]
    unused = [_quoted(column.column) for column in mapping.named("unused")]
    lines = [f"  {_quoted(c.column)} is {_meaning(c)}{_why(c)}" for c in used]
    if unused:
        lines.append(f"  not used: {', '.join(unused)}")
    lines.append(ROWS_WORDS[mapping.rows])
    if mapping.named("date"):
        order = ORDER_WORDS.get(mapping.date_order)
        if order:
            lines.append(f"Dates in figures stand as {order}.")
        lines.append(f'{DATES_WORDS[mapping.dates_name]} (dates_name = "{mapping.dates_name}")')
        lines.append(f'{TIMES_WORDS[mapping.times]} (times = "{mapping.times}")')
    if mapping.named("cramps", "cramp"):
        lines.append(
            f'An empty cell is not logged. {DASH_WORDS[mapping.dash]} (dash = "{mapping.dash}")'
        )
    lines.append(f'{OTHER_WORDS[mapping.other_nights]} (other_nights = "{mapping.other_nights}")')
    if mapping.decimal:
        lines.append(f"Decimals follow a {'comma' if mapping.decimal == ',' else 'point'}.")
    return "\n".join(["Columns:", *lines])


def write_mapping(mapping: Mapping, path: Path) -> None:
    """Write the mapping as TOML, or as JSON where the name ends in .json; raises InputError."""
    if path.suffix.lower() == ".json":
        text = msgspec.json.format(msgspec.json.encode(mapping), indent=2).decode() + "\n"
    else:
        text = _toml(mapping)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None


def read_mapping(path: Path) -> Mapping:
    """Return the mapping in a TOML or JSON file; raises InputError naming the entry."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError("is too large for a mapping", where=str(path))
        text = path.read_text(encoding="utf-8-sig")
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"is not a mapping in TOML or JSON ({one_line(error, 120)})", where=str(path)
        ) from None
    return _fitted(data, path)


def _fitted(data: Any, path: Path) -> Mapping:
    try:
        mapping = msgspec.convert(data, Mapping)
    except msgspec.ValidationError as error:
        raise InputError(
            f"is not a mapping: {error}",
            where=str(path),
            hint="Each [[columns]] entry has `column` (its heading) and `means`: "
            f"{', '.join(MEANS_WORDS)}.",
        ) from None
    names = [column.column for column in mapping.columns]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise InputError(f"the column {_quoted(twice)} stands twice", where=str(path))
    if len(mapping.named("date")) > 1 or len(mapping.named("time")) > 1:
        raise InputError("only one column can be the date, and one the time", where=str(path))
    return mapping


def _quoted(name: str) -> str:
    return f'"{name}"'


def _meaning(column: Column) -> str:
    words = MEANS_WORDS[column.means]
    if column.means == "measure":
        words = column.measure.replace("_", " ")
    if column.medicine:
        words = f"{words} ({column.medicine.replace('_', ' ')})"
    return f"{words}, in {column.unit}" if column.unit else words


def _why(column: Column) -> str:
    if column.confidence == "told":
        return ""
    return (
        f" ({column.confidence}: {column.reason})" if column.reason else f" ({column.confidence})"
    )


def _toml(mapping: Mapping) -> str:
    table = msgspec.to_builtins(mapping)
    columns = table.pop("columns")
    lines = ["# What the columns of the diary mean. Correct `means` where it is wrong.", ""]
    lines += [f"{key} = {_toml_text(value)}" for key, value in table.items()]
    for column in columns:
        lines += ["", "[[columns]]"]
        lines += [f"{key} = {_toml_text(value)}" for key, value in column.items()]
    if not columns:
        lines.append("columns = []")
    return "\n".join(lines) + "\n"


def _toml_text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
