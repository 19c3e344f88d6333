"""Turns the medicines of a diary into facts: taken now, taken once, or to be asked."""

from __future__ import annotations

import datetime as dt
import functools

from msgspec import Struct, field

from nightcramp.intake.medicines import medicine_ids
from nightcramp.intake.reading import Account
from nightcramp.intake.spreadsheet import words
from nightcramp.intake.spreadsheet.nights import Entry, Rules
from nightcramp.intake.spreadsheet.numbers import number_in
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.fact import Fact, MedicineUse, Provenance

MOST_NAME = 60


class _Taken(Struct):
    """The nights on which one medicine stands, and its first line."""

    column: str
    line: int
    near: str = ""
    evenings: set[dt.date] = field(default_factory=set)


def medicine_facts(
    file: str, entries: list[Entry], rules: Rules, knowledge: Knowledge, account: Account
) -> list[Fact]:
    """Return a fact for each medicine of the diary that is still taken, or was stopped in it."""
    taken: dict[str, _Taken] = {}
    for entry in entries:
        for column, cell in entry.medicines:
            account.read["medicine"] += 1
            found = _ids(knowledge, column.medicine, cell)
            if found is None:
                continue
            if not found:
                account.unknown_medicines[cell[:MOST_NAME]] += 1
                account.leave_out("medicine", noted("name not known"))
                continue
            account.used["medicine"] += 1
            for identifier, near in found:
                use = taken.setdefault(identifier, _Taken(column.column, entry.line, near))
                use.evenings.add(entry.evening)
    logged = {entry.evening for entry in entries}
    facts = [
        _fact(file, name, use, logged, rules, knowledge, account) for name, use in taken.items()
    ]
    return [fact for fact in facts if fact is not None]


def _ids(knowledge: Knowledge, named: str, cell: str) -> list[tuple[str, str]] | None:
    """Return (id, near match) of what was taken; nothing where unknown, None where not taken."""
    if words.is_no(cell) or cell in words.DASHES or cell == "0":
        return None
    if named:
        return [(named, "")]
    if words.is_yes(cell) or number_in(cell, ".")[0] is not None:
        return []
    return list(_found(knowledge, cell))


@functools.lru_cache(maxsize=2048)
def _found(knowledge: Knowledge, cell: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        dict.fromkeys((item.id, item.near) for item in medicine_ids(knowledge, cell[:500]))
    )


def _fact(
    file: str,
    name: str,
    use: _Taken,
    logged: set[dt.date],
    rules: Rules,
    knowledge: Knowledge,
    account: Account,
) -> Fact | None:
    """Return the fact; None, with a question, where the diary ends too long ago to tell."""
    last, kept_until = max(use.evenings), max(logged)
    lately = dt.timedelta(days=knowledge.model.stopped_days)
    since_last = rules.as_of - last
    if since_last > lately and kept_until - last <= lately:
        account.leave_out(
            "medicine", noted("the diary ends too long ago to tell whether it is taken now")
        )
        asked = _("Is {medicine} still taken? The diary ends before.")
        account.to_ask.append(asked.format(medicine=name_of_medicine(name)))
        return None
    now = since_last <= lately
    note = _("on {taken} of {nights} nights").format(taken=len(use.evenings), nights=len(logged))
    if use.near:
        note = _("read as {name}; {note}").format(name=use.near, note=note)
    return Fact(
        kind="medicine",
        id=name,
        value=MedicineUse(
            taking=now,
            stopped_days=None if now else float(since_last.days),
            intermittent=True if len(use.evenings) < len(logged) else None,
        ),
        provenance=Provenance(
            file=file,
            at=_('column "{column}", from line {line}').format(column=use.column, line=use.line),
            note=note,
        ),
    )
