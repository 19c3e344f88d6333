"""Reads a diary kept in a spreadsheet: its nights, with an account of what was not read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec

from nightcramp.errors import InputError
from nightcramp.intake.answers import suggestion
from nightcramp.intake.reading import Account, Reading
from nightcramp.intake.spreadsheet import words
from nightcramp.intake.spreadsheet.cells import Faults, spoken, unit_known
from nightcramp.intake.spreadsheet.dates import (
    ORDERS,
    Decision,
    Order,
    clock_in,
    decide,
    taken_apart,
)
from nightcramp.intake.spreadsheet.guess import (
    dates_have_times,
    decimal_in,
    guess_mapping,
    rows_of,
)
from nightcramp.intake.spreadsheet.mapping import Column, Mapping, describe_mapping
from nightcramp.intake.spreadsheet.nights import Rules, entries_of, nights_of
from nightcramp.intake.spreadsheet.table import Table, read_table
from nightcramp.intake.spreadsheet.taken import medicine_facts
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import noted

MOST_NAMED = 10
NOT_USED = noted("not understood, or not used")
WHOLE_NIGHT = range(9, 13)


def read_spreadsheet(
    path: Path,
    knowledge: Knowledge,
    *,
    mapping: Mapping | None = None,
    as_of: dt.date | None = None,
    date_order: str | None = None,
) -> Reading:
    """Return the nights of a CSV, TSV or XLSX diary, and the medicines in it as facts.

    Without `mapping` the columns are guessed. `date_order` is dmy, mdy or ymd; without it the
    whole column decides, and where it cannot there are no nights but a question in
    `account.to_ask`. `as_of` is today when not given; later dates are left out. Raises
    InputError for a file that is no table, a mapping that does not fit it, and dates that
    stand in several orders.
    """
    table = read_table(path, mapping.sheet if mapping else "")
    today = as_of or dt.date.today()
    chosen = _completed(table, mapping, knowledge, _order(date_order, path))
    decision = _decision(table, chosen, today)
    if chosen.named("date") and not chosen.date_order:
        chosen = msgspec.structs.replace(chosen, date_order=decision.order)
    reading = Reading(
        file=str(path), format=table.format, as_of=today, mapping=describe_mapping(chosen)
    )
    _read_into(reading, table, chosen, decision, knowledge)
    return reading


def mapping_of(path: Path, knowledge: Knowledge, sheet: str = "") -> Mapping:
    """Return the guessed mapping of a diary, to be shown, written and corrected."""
    return guess_mapping(read_table(path, sheet), knowledge)


def _order(given: str | None, path: Path) -> Order:
    if not given:
        return ""
    for order in ORDERS:
        if given.strip().lower() == order:
            return order
    raise InputError(
        _("{given} is not an order of dates").format(given=repr(given[:20])),
        where=str(path),
        hint=_("One of {orders}.").format(orders=ORDERS),
    )


def _completed(table: Table, given: Mapping | None, knowledge: Knowledge, order: Order) -> Mapping:
    """Return the mapping to read by, with what it leaves open taken from the file."""
    mapping = given or guess_mapping(table, knowledge)
    if given:
        _check(table, given, knowledge)
    return msgspec.structs.replace(
        mapping,
        rows=mapping.rows or rows_of(mapping.columns, table),
        decimal=mapping.decimal or decimal_in(table, mapping.columns),
        date_order=order or mapping.date_order,
    )


def _check(table: Table, mapping: Mapping, knowledge: Knowledge) -> None:
    """Refuse a mapping of columns, measures or medicines that are not there."""
    for column in mapping.columns:
        where = _place(table, column)
        if column.column not in table.header:
            raise InputError(
                _("the mapping names a column that the table does not have"),
                where=where,
                hint=_("Its columns: {columns}.").format(columns=", ".join(table.header[:20])),
            )
        if column.means == "measure" and column.measure not in knowledge.measures:
            raise InputError(
                _("there is no measure {name}").format(name=repr(column.measure)),
                where=where,
                hint=suggestion(column.measure, list(knowledge.measures)),
            )
        known = {**knowledge.medicines, **knowledge.medicine_classes}
        if column.medicine and column.medicine not in known:
            raise InputError(
                _("there is no medicine {name}").format(name=repr(column.medicine)),
                where=where,
                hint=suggestion(column.medicine, list(known)),
            )


def _place(table: Table, column: Column) -> str:
    return _('{file}, column "{column}"').format(file=table.file, column=column.column)


def _decision(table: Table, mapping: Mapping, today: dt.date) -> Decision:
    """Return what the date column shows; raises InputError where its lines clash."""
    dates = mapping.named("date")
    if not dates or mapping.date_order:
        return Decision(order=mapping.date_order)
    decision = decide(table.column(dates[0].column), today, typed=table.typed)
    if decision.clash:
        raise InputError(
            _("the dates stand in different orders: {clash}").format(clash=decision.clash),
            where=_place(table, dates[0]),
            hint=_("Mend the dates, or name the order of most of them; the others are left out."),
        )
    return decision


def _read_into(
    reading: Reading,
    table: Table,
    mapping: Mapping,
    decision: Decision,
    knowledge: Knowledge,
) -> None:
    """Fill a reading with nights, facts and its account."""
    account, faults = reading.account, Faults()
    for reason, count in table.skipped.items():
        account.unused.setdefault("line", type(account.read)())[reason] = count
    usable = _usable_columns(table, mapping, account, knowledge)
    refusal = _refusal(mapping, decision)
    if refusal:
        why, question = refusal
        account.read["row"] = len(table.rows)
        account.unused.setdefault("row", type(account.read)())[why] = len(table.rows)
        account.to_ask.insert(0, question)
        return
    rules = Rules(
        mapping=usable,
        order=mapping.date_order or decision.order,
        decimal=mapping.decimal,
        as_of=reading.as_of,
        measures=knowledge.measures,
        midnight=table.typed and dates_have_times(mapping.columns, table),
    )
    entries = entries_of(table, rules, account, faults)
    reading.nights = nights_of(reading.file, entries, rules, faults)
    account.used["night"] = len(reading.nights)
    reading.facts = medicine_facts(reading.file, entries, rules, knowledge, account)
    faults.settle(account)
    account.to_ask.extend(_questions(table, usable, len(reading.nights)))


def _refusal(mapping: Mapping, decision: Decision) -> tuple[str, str] | None:
    """Return (why no row can be read, the question that would change it), if so."""
    if not mapping.named("date"):
        return noted("no column of dates"), _("Which column holds the dates? None looks like it.")
    if decision.question:
        return noted("the order of the dates is not known"), decision.question
    return None


def _usable_columns(
    table: Table, mapping: Mapping, account: Account, knowledge: Knowledge
) -> Mapping:
    """Return the mapping without columns that cannot be read; each is counted, with a question."""
    account.read["column"] = len(table.header)
    kept = []
    for column in mapping.columns:
        measure = knowledge.measures.get(column.measure)
        if measure and column.unit and not unit_known(measure, column.unit):
            said = _('"{column}": its unit is not known')
            account.leave_out("column", said.format(column=column.column))
            asked = _('Column "{column}": what unit is it in? {measure} is kept in {unit}.')
            account.to_ask.append(
                asked.format(column=column.column, measure=measure.label, unit=_(measure.unit))
            )
        else:
            kept.append(column)
    used = [column for column in kept if column.means != "unused"]
    account.used["column"] = len(used)
    left = [name for name in table.header if name not in {c.column for c in mapping.columns}]
    left += [column.column for column in kept if column.means == "unused"]
    if left:
        account.unused.setdefault("column", type(account.read)())[NOT_USED] = len(left)
        asked = _("These columns are not used: {columns}. Does one matter?")
        account.to_ask.append(asked.format(columns=_listed(left)))
    return msgspec.structs.replace(mapping, columns=tuple(kept))


def _listed(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:MOST_NAMED])
    if len(names) <= MOST_NAMED:
        return shown
    return _("{names} and {more} more").format(names=shown, more=len(names) - MOST_NAMED)


def _questions(table: Table, mapping: Mapping, nights: int) -> list[str]:
    """Return what only the person can tell about a diary that was read."""
    asked = [*_about_counts(table, mapping), *_about_clocks(table, mapping)]
    if table.overlong:
        asked.append(
            _(
                "There are more cells than headings on {lines}: is a decimal comma, or a comma in "
                "a note, taken for the end of a cell? They are left out."
            ).format(lines=spoken(list(table.overlong)))
        )
    if mapping.rows == "cramp" and nights and mapping.other_nights == "not_logged":
        asked.append(
            _(
                "Nights without a row are taken as not logged. Had they no cramp? Then set "
                'other_nights = "no_cramp" in the mapping.'
            )
        )
    return asked


def _about_counts(table: Table, mapping: Mapping) -> list[str]:
    if not mapping.named("cramps", "cramp") and mapping.rows != "cramp":
        return [_("Which column tells of the cramps? None looks like it.")]
    asked = []
    for column in mapping.named("cramp"):
        asked.append(
            _(
                'Column "{column}" says yes or no: a yes is counted as one cramp, though there may '
                "have been more. Is the number of cramps kept elsewhere?"
            ).format(column=column.column)
        )
    for column in mapping.named("cramps"):
        cells = [cell for _line, cell in table.column(column.column)]
        asked.extend(_about_one_count(column, cells))
    return asked


def _about_one_count(column: Column, cells: list[str]) -> list[str]:
    filled = {cell for cell in cells if not words.is_blank(cell)}
    asked = []
    if filled == {"0", "1"}:
        asked.append(
            _(
                'Column "{column}" holds only 0 and 1: is 1 one cramp, or yes for one or more?'
            ).format(column=column.column)
        )
    if filled & words.DASHES and len(filled - words.DASHES) and any(map(words.is_no, filled)):
        asked.append(
            _(
                'Column "{column}" has dashes beside noughts: a dash is read as no cramp. Does it '
                'mean not logged? Then set dash = "not_logged" in the mapping.'
            ).format(column=column.column)
        )
    return asked


def _about_clocks(table: Table, mapping: Mapping) -> list[str]:
    """Ask about times that look like a twelve-hour clock, and about universal time."""
    written = [
        (line, cell)
        for column in mapping.named("time", "date")
        for line, cell in table.column(column.column)
        if _clock(cell, column) is not None
    ]
    asked = []
    zulu = [line for line, cell in written if cell.strip().upper().endswith(("Z", "UTC", "GMT"))]
    if zulu:
        said = _("Times on {lines} are universal time; they are read as local time.")
        asked.append(said.format(lines=spoken(zulu)))
    hours = {clock.hour for line, cell in written for clock in [_clock(cell)] if clock}
    halved = any(cell.lower().rstrip(". ").endswith("m") for _line, cell in written)
    if hours and not halved and min(hours) >= 1 and max(hours) in WHOLE_NIGHT:
        asked.append(
            _(
                "No time is later than 12:59 and none says am or pm: times are read on the 24-hour "
                "clock, so that 11:30 is in the morning. Is that right?"
            )
        )
    return asked


def _clock(cell: str, column: Column | None = None) -> dt.time | None:
    if column is None or column.means == "date":
        written = taken_apart(cell)
        if written or column:
            return written.clock if written else None
    return clock_in(cell)
