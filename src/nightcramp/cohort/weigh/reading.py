"""What each record of the knowledge reads of a person, down to single facts.

An atom is a name (`diabetes`, `age`) or a call (`med:statin`, `since:statin`, `lab:potassium`:
between which cuts a result lies, `value:hba1c`: the result itself).
Two people who agree in all atoms that a record reads get the same from that record.
"""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from nightcramp.assess.known import lineage
from nightcramp.cohort.content import CohortContent, cohort_content
from nightcramp.cohort.source.tokens import Token
from nightcramp.knowledge.loader import Knowledge, conditions_in
from nightcramp.knowledge.schema import Content, Effect

UNTOLD = frozenset({"onset", "recent_flare"})
"""When the cramps began stands in no record, so what is compared with it decides nothing."""

LAB_CALLS = frozenset({"lab", "low", "high", "normal", "times_upper"})
COLLECTIONS = ("factors", "mimics", "red_flags")

Atoms = frozenset[str]


@dataclass(frozen=True)
class Cuts:
    """Where a number decides something; `exact`: somewhere it counts as it is."""

    at: tuple[float, ...]
    exact: bool = False


@dataclass(frozen=True)
class Reads:
    """The atoms read by each record, by collection and id, and where numbers are cut."""

    records: dict[tuple[str, str], Atoms]
    medicines: dict[str, Atoms]
    cuts: dict[str, Cuts]
    spans: dict[str, tuple[tuple[float, float], ...]]
    """Of `value:` atoms, from where to where the value counts: for each effect that is per unit."""

    @functools.cached_property
    def all(self) -> Atoms:
        """Return every atom that any record reads."""
        return frozenset().union(*self.records.values(), *self.medicines.values())


@functools.lru_cache(maxsize=2)
def reads_of(knowledge: Knowledge) -> Reads:
    """Return what the factors, mimics, red flags and medicines of a knowledge read."""
    records = {
        (collection, name): _atoms(knowledge, record)
        for collection in COLLECTIONS
        for name, record in getattr(knowledge, collection).items()
    }
    clues = frozenset().union(*(_atoms(knowledge, clue) for clue in knowledge.medicine_clues))
    effects = _effects(knowledge)
    medicines = {
        name: clues.union(*(_atoms(knowledge, row) for row in rows))
        for name, rows in effects.items()
    }
    return Reads(records, medicines, _cuts(knowledge), _spans(knowledge))


def wanted_by(knowledge: Knowledge) -> Callable[[Token], bool]:
    """Return which tokens matter: what any record of the knowledge reads, and every marker."""
    reads, content = reads_of(knowledge), cohort_content(knowledge)
    return lambda token: _matters(token, knowledge, reads, content)


def _matters(token: Token, knowledge: Knowledge, reads: Reads, content: CohortContent) -> bool:
    """Return whether anything of the knowledge, or a marker, reads what a token says."""
    if token.kind == "medicine":
        names = lineage(knowledge, token.id)
        marks = any(not names.isdisjoint(marker.medicines) for marker in content.markers)
        read = any(f"{of}:{name}" in reads.all for name in names for of in ("med", "since"))
        return marks or read or token.id in reads.medicines
    if token.kind == "lab":
        return f"lab:{token.id}" in reads.all
    if token.kind in {"born", "observed", "died"}:
        return True
    marks = any(token.id in marker.conditions for marker in content.markers)
    return marks or not _names(token.id, knowledge).isdisjoint(reads.all)


def _names(name: str, knowledge: Knowledge) -> set[str]:
    """Return a name with all that follows from it, and what it becomes when it is over."""
    from nightcramp.intake.fhir.codes import codes_of

    found: set[str] = set()
    queue = [name]
    while queue:
        one = queue.pop()
        if one and one not in found:
            found.add(one)
            queue += knowledge.follows(one, True)
            queue.append(codes_of(knowledge).content.resolved_becomes.get(one, ""))
    return found


def _effects(knowledge: Knowledge) -> dict[str, list[Effect]]:
    from nightcramp.assess.known import Known
    from nightcramp.assess.medicines import effects_of
    from nightcramp.person.facts import Facts

    nobody = Known(Facts(knowledge, []))
    names = [*knowledge.medicines, *knowledge.medicine_classes]
    return {name: rows for name in names if (rows := effects_of(nobody, name))}


def _atoms(knowledge: Knowledge, record: Content) -> Atoms:
    found: set[str] = set()
    for key, text in conditions_in(record):
        read = _atoms_in(knowledge, text)
        found |= read
        if key.endswith("per"):
            found |= {name.replace("lab:", "value:", 1) for name in read}
    return frozenset(found)


@functools.lru_cache(maxsize=8192)
def _atoms_in(knowledge: Knowledge, text: str) -> Atoms:
    expression = knowledge.condition_of(text)
    found = set(expression.names)
    for function, argument in expression.calls:
        found |= _called(knowledge, function, argument)
    return frozenset(found)


def _called(knowledge: Knowledge, function: str, argument: str) -> Atoms:
    if function == "med":
        return frozenset({f"med:{argument}"})
    if function == "med_since_days":
        return frozenset({f"since:{argument}"})
    if function == "lab":
        return frozenset({f"lab:{argument}"})
    if function in LAB_CALLS:
        ranges = knowledge.labs[argument].ranges
        limits = frozenset().union(*(_atoms_in(knowledge, r.when) for r in ranges if r.when))
        return limits | {f"lab:{argument}"}
    if function in {"score", "score_min"}:
        return _atoms(knowledge, knowledge.instruments[argument])
    if function == "flagged":
        return frozenset().union(*(_atoms(knowledge, f) for f in knowledge.red_flags.values()))
    return frozenset({"onset", "recent_flare"})


def _cuts(knowledge: Knowledge) -> dict[str, Cuts]:
    cuts: dict[str, set[float]] = defaultdict(set)
    exact: set[str] = set()
    for text in _texts(knowledge):
        _cut_by(ast.parse(text.strip() or "True", mode="eval").body, cuts, exact)
    for lab in knowledge.labs.values():
        limits = [end for row in lab.ranges for end in (row.low, row.high) if end is not None]
        cuts[f"lab:{lab.id}"].update(limits)
    names = cuts.keys() | exact
    return {name: Cuts(tuple(sorted(cuts[name])), name in exact) for name in names}


def _spans(knowledge: Knowledge) -> dict[str, tuple[tuple[float, float], ...]]:
    rows = [row for factor in knowledge.factors.values() for row in factor.effect if row.per]
    rows += [row for rows_of in _effects(knowledge).values() for row in rows_of if row.per]
    spans: dict[str, set[tuple[float, float]]] = defaultdict(set)
    for row in rows:
        for atom in _atoms_in(knowledge, row.per):
            most = row.above + row.most_units if row.most_units else float("inf")
            spans[atom.replace("lab:", "value:", 1)].add((row.above, most))
    return {atom: tuple(sorted(found)) for atom, found in spans.items()}


def _texts(knowledge: Knowledge) -> set[str]:
    records: list[Content] = [*knowledge.medicine_clues]
    for collection in (*COLLECTIONS, "medicines", "medicine_classes", "instruments", "labs"):
        records += getattr(knowledge, collection).values()
    return {text for record in records for _key, text in conditions_in(record)}


def _cut_by(node: ast.AST, cuts: dict[str, set[float]], exact: set[str]) -> None:
    """Collect the numbers a condition compares with; what is compared otherwise is exact."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        numbers = [number for side in sides if (number := _number(side)) is not None]
        untold = sum(_atom(side) in UNTOLD for side in sides)
        for side in sides:
            if name := _atom(side):
                cuts[name].update(numbers)
                if len(numbers) + untold != len(sides) - 1 and name not in UNTOLD:
                    exact.add(name)
    for child in ast.iter_child_nodes(node):
        _cut_by(child, cuts, exact)


def _atom(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        function, argument = _name(node.func), str(node.args[0].value)
        if function == "times_upper":
            return f"times:{argument}"
        if function in LAB_CALLS:
            return f"lab:{argument}"
        return f"since:{argument}" if function == "med_since_days" else None
    return None


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _number(node: ast.AST) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    return None
