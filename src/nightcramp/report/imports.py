"""Says what an import read, what it understood, what it left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from nightcramp.intake.importing import Imported
from nightcramp.intake.reading import Account
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.report.words import wrap
from nightcramp.store.imports import Import

OUTCOMES = {
    "kept": noted("kept as import {number}"),
    "tried": noted("tried only, nothing kept"),
    "already there": noted("already there as import {number}, nothing changed"),
}
FORMATS = {
    "story": noted("story"),
    "fhir": noted("fhir"),
    "apple_health": noted("apple health"),
    "spreadsheet": noted("spreadsheet"),
    "diary": noted("diary"),
}
KINDS = (
    noted("answer"),
    noted("condition"),
    noted("medicine"),
    noted("lab"),
    noted("unrecognised"),
    noted("not understood"),
)
"""Kinds of facts, and the reason that a story gives; other kinds are noted where they are read."""
MOST_NAMES = 20


def import_text(results: Sequence[Imported]) -> str:
    """Return the account of all files as text."""
    return "\n".join(line for result in results for line in _one(result)) + "\n"


def _one(result: Imported) -> Iterator[str]:
    outcome = _(OUTCOMES[result.outcome]).format(number=result.number)
    yield f"{result.file} ({format_in_words(result.format)}): {outcome}"
    yield "  " + _("{facts} facts and {nights} nights, as of {date}").format(
        facts=result.facts, nights=result.nights, date=result.as_of
    )
    if result.entries:
        yield "  " + _("{count} entries of a diary, each kept once; undo leaves them").format(
            count=result.entries
        )
    if result.mapping:
        yield from (f"  {line}" for line in result.mapping.splitlines())
    yield from _kinds(result.account)
    yield from _left_out(result.account)
    yield from _names(_("Medicines not known here"), result.account.unknown_medicines)
    for question in result.account.to_ask:
        yield wrap(question, 4, "  ? ")
    yield ""


def _kinds(account: Account) -> Iterator[str]:
    if account.read:
        yield "  {:>9} {:>9}".format(_("read"), _("used"))
    for kind, count, used in kinds_in_words(account):
        yield f"  {count:9} {used:9}  {kind}"


def kinds_in_words(account: Account) -> Iterator[tuple[str, int, int]]:
    """Yield (kind, how many were read, how many used)."""
    for kind, count in sorted(account.read.items()):
        yield _(kind), count, account.used.get(kind, 0)


def _left_out(account: Account) -> Iterator[str]:
    if account.unused:
        yield "  " + _("Left out, and why")
    for count, kind, reason in reasons_in_words(account):
        yield wrap(f"{count} {kind}: {reason}", 6, "    ")


def reasons_in_words(account: Account) -> Iterator[tuple[int, str, str]]:
    """Yield (how many records, their kind, why they were left out)."""
    for kind, reasons in sorted(account.unused.items()):
        for reason, count in reasons.most_common():
            yield count, _(kind), _(reason)


def _names(title: str, names: Counter[str]) -> Iterator[str]:
    if not names:
        return
    shown = [f"{name} ({count})" for name, count in names.most_common(MOST_NAMES)]
    more = len(names) - len(shown)
    shown += [_("and {count} more").format(count=more)] if more > 0 else []
    yield wrap(f"{title}: {', '.join(shown)}", 4, "  ")


def list_text(imports: Sequence[Import]) -> str:
    """Return the imports that stand, one a line."""
    if not imports:
        return _("Nothing has been imported.") + "\n"
    lines = [
        f"{item.id:4}  {item.imported_at[:10]}  {format_in_words(item.format):<12} "
        f"{_counts(item)}  {item.file}"
        for item in imports
    ]
    return "\n".join(lines) + "\n"


def _counts(item: Import) -> str:
    return _("{facts} facts {nights} nights").format(
        facts=f"{item.facts:5}", nights=f"{item.nights:5}"
    )


def format_in_words(name: str) -> str:
    """Return what kind of file it is."""
    return _(FORMATS.get(name, name.replace("_", " ")))
