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
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.language import called, noted
from nightcramp.language import gettext as _

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
    "date": noted("the date"),
    "time": noted("the time of day"),
    "cramps": noted("how many cramps"),
    "cramp": noted("whether there was a cramp (yes counts as one)"),
    "severity": noted("how bad it was (kept in the note)"),
    "duration": noted("how long it lasted (kept in the note)"),
    "site": noted("where it was (kept in the note)"),
    "note": noted("a note"),
    "medicine": noted("medicine taken"),
    "measure": noted("a measure"),
    "unused": noted("not used"),
}
ROWS_WORDS = {
    "": noted("It is not clear whether a row is a night or a cramp."),
    "night": noted("One row is one night."),
    "part": noted("Several rows may tell of one night; their cramps are added up."),
    "cramp": noted("One row is one cramp; the rows of a night are counted."),
}
DATES_WORDS = {
    "evening": noted("A date without a time names the night that begins that evening."),
    "morning": noted("A date without a time names the night that ended that morning."),
}
TIMES_WORDS = {
    "calendar": noted(
        "A time before noon belongs to the night that began the evening before its date."
    ),
    "night": noted("A time belongs to the night that the date names, before midnight or after it."),
}
DASH_WORDS = {
    "none": noted("A dash under cramps means no cramp."),
    "not_logged": noted("A dash under cramps means not logged."),
}
OTHER_WORDS = {
    "not_logged": noted("A night without a row is not logged."),
    "no_cramp": noted("A night without a row, between the first and the last, had no cramp."),
}
CONFIDENCE_WORDS = {
    "sure": noted("sure"),
    "likely": noted("likely"),
    "guess": noted("guess"),
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
    said = "  " + _('"{column}" is {meaning}')
    lines = [said.format(column=c.column, meaning=_meaning(c)) + _why(c) for c in used]
    if unused:
        lines.append("  " + _("not used: {columns}").format(columns=", ".join(unused)))
    lines.append(_(ROWS_WORDS[mapping.rows]))
    if mapping.named("date"):
        order = ORDER_WORDS.get(mapping.date_order)
        if order:
            lines.append(_("Dates in figures stand as {order}.").format(order=_(order)))
        lines.append(_chosen(DATES_WORDS, "dates_name", mapping.dates_name))
        lines.append(_chosen(TIMES_WORDS, "times", mapping.times))
    if mapping.named("cramps", "cramp"):
        empty = _("An empty cell is not logged.")
        lines.append(f"{empty} {_chosen(DASH_WORDS, 'dash', mapping.dash)}")
    lines.append(_chosen(OTHER_WORDS, "other_nights", mapping.other_nights))
    if mapping.decimal:
        comma = mapping.decimal == ","
        lines.append(_("Decimals follow a comma.") if comma else _("Decimals follow a point."))
    return "\n".join([_("Columns:"), *lines])


def _chosen(words: dict[str, str], name: str, value: str) -> str:
    """Return what an entry of the mapping means, with the entry itself."""
    return f'{_(words[value])} ({name} = "{value}")'


def write_mapping(mapping: Mapping, path: Path) -> None:
    """Write the mapping as TOML, or as JSON where the name ends in .json; raises InputError."""
    if path.suffix.lower() == ".json":
        text = msgspec.json.format(msgspec.json.encode(mapping), indent=2).decode() + "\n"
    else:
        text = _toml(mapping)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fault = _("cannot be written: {fault}").format(fault=error.strerror)
        raise InputError(fault, where=str(path)) from None


def read_mapping(path: Path) -> Mapping:
    """Return the mapping in a TOML or JSON file; raises InputError naming the entry."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(_("is too large for a mapping"), where=str(path))
        text = path.read_text(encoding="utf-8-sig")
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        fault = _("cannot be read: {fault}").format(fault=error.strerror)
        raise InputError(fault, where=str(path)) from None
    except (ValueError, RecursionError) as error:
        fault = _("is not a mapping in TOML or JSON ({fault})")
        raise InputError(fault.format(fault=one_line(error, 120)), where=str(path)) from None
    return _fitted(data, path)


def _fitted(data: Any, path: Path) -> Mapping:
    try:
        mapping = msgspec.convert(data, Mapping)
    except msgspec.ValidationError as error:
        raise InputError(
            _("is not a mapping: {fault}").format(fault=error),
            where=str(path),
            hint=_(
                "Each [[columns]] entry has `column` (its heading) and `means`: {meanings}."
            ).format(meanings=", ".join(MEANS_WORDS)),
        ) from None
    names = [column.column for column in mapping.columns]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        fault = _('the column "{column}" stands twice').format(column=twice)
        raise InputError(fault, where=str(path))
    if len(mapping.named("date")) > 1 or len(mapping.named("time")) > 1:
        raise InputError(_("only one column can be the date, and one the time"), where=str(path))
    return mapping


def _quoted(name: str) -> str:
    return f'"{name}"'


def _meaning(column: Column) -> str:
    words = _(MEANS_WORDS[column.means])
    if column.means == "measure":
        measure = knowledge().measures.get(column.measure)
        label = measure.label if measure else column.measure
        words = called(column.measure.replace("_", " "), label)
    if column.medicine:
        words = f"{words} ({name_of_medicine(column.medicine)})"
    if not column.unit:
        return words
    return _("{what}, in {unit}").format(what=words, unit=_(column.unit))


def _why(column: Column) -> str:
    if column.confidence == "told":
        return ""
    sure = _(CONFIDENCE_WORDS[column.confidence])
    return f" ({sure}: {_(column.reason)})" if column.reason else f" ({sure})"


def _toml(mapping: Mapping) -> str:
    table = msgspec.to_builtins(mapping)
    columns = table.pop("columns")
    lines = [_("# What the columns of the diary mean. Correct `means` where it is wrong."), ""]
    lines += [f"{key} = {_toml_text(value)}" for key, value in table.items()]
    for column in columns:
        lines += ["", "[[columns]]"]
        lines += [f"{key} = {_toml_text(value)}" for key, value in column.items()]
    if not columns:
        lines.append("columns = []")
    return "\n".join(lines) + "\n"


def _toml_text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
