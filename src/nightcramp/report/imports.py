"""Says what an import read, what it understood, what it left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from nightcramp.intake.importing import Imported
from nightcramp.intake.reading import Account
from nightcramp.report.words import wrap
from nightcramp.store.imports import Import

OUTCOMES = {
    "kept": "kept as import {number}",
    "tried": "tried only, nothing kept",
    "already there": "already there as import {number}, nothing changed",
}
MOST_NAMES = 20


def import_text(results: Sequence[Imported]) -> str:
    """Return the account of all files as text."""
    return "\n".join(line for result in results for line in _one(result)) + "\n"


def _one(result: Imported) -> Iterator[str]:
    outcome = OUTCOMES[result.outcome].format(number=result.number)
    yield f"{result.file} ({result.format.replace('_', ' ')}): {outcome}"
    yield f"  {result.facts} facts and {result.nights} nights, as of {result.as_of}"
    if result.mapping:
        yield from (f"  {line}" for line in result.mapping.splitlines())
    yield from _kinds(result.account)
    yield from _left_out(result.account)
    yield from _names("Medicines not known here", result.account.unknown_medicines)
    for question in result.account.to_ask:
        yield wrap(question, 4, "  ? ")
    yield ""


def _kinds(account: Account) -> Iterator[str]:
    if account.read:
        yield f"  {'read':>9} {'used':>9}"
    for kind, count in sorted(account.read.items()):
        yield f"  {count:9} {account.used.get(kind, 0):9}  {kind}"


def _left_out(account: Account) -> Iterator[str]:
    if account.unused:
        yield "  Left out, and why"
    for kind, reasons in sorted(account.unused.items()):
        for reason, count in reasons.most_common():
            yield wrap(f"{count} {kind}: {reason}", 6, "    ")


def _names(title: str, names: Counter[str]) -> Iterator[str]:
    if not names:
        return
    shown = [f"{name} ({count})" for name, count in names.most_common(MOST_NAMES)]
    more = len(names) - len(shown)
    shown += [f"and {more} more"] if more > 0 else []
    yield wrap(f"{title}: {', '.join(shown)}", 4, "  ")


def list_text(imports: Sequence[Import]) -> str:
    """Return the imports that stand, one a line."""
    if not imports:
        return "Nothing has been imported.\n"
    lines = [
        f"{item.id:4}  {item.imported_at[:10]}  {item.format.replace('_', ' '):<12} "
        f"{item.facts:5} facts {item.nights:5} nights  {item.file}"
        for item in imports
    ]
    return "\n".join(lines) + "\n"
