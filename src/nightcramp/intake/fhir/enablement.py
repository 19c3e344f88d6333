"""When a question is asked, in FHIR: by `enableWhen`, or by FHIRPath where that says too little.

A question is asked where its condition holds; not where it does not, nor where nobody knows. What
asks for more than answers of the form (a medicine, a score, an examination) cannot be said in FHIR:
such a question is always there.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Answer = bool | float | str
Operator = Literal["exists", "=", "!=", ">", "<", ">=", "<="]
PATH = "%resource.repeat(item).where(linkId='{question}').answer"


class Clause(Struct, frozen=True):
    """One comparison of the answer to a question."""

    question: str
    operator: Operator
    answer: Answer


class Enabled(Struct, frozen=True, kw_only=True):
    """When a question is asked; `text` is its condition, `kind` how FHIR says it.

    `always`: no condition. `when`: `clauses` joined by `behavior`. `expression`: FHIRPath.
    `unsaid`: there is a condition that FHIR cannot say.
    """

    kind: Literal["always", "when", "expression", "unsaid"]
    text: str = ""
    clauses: tuple[Clause, ...] = ()
    behavior: Literal["all", "any"] = "all"
    expression: str = ""


class _All(Struct, frozen=True):
    parts: tuple[_Term, ...]


class _Any(Struct, frozen=True):
    parts: tuple[_Term, ...]


class _Never(Struct, frozen=True):
    """What no answer of the form can make true."""


class _UnsaidError(Exception):
    """What FHIR cannot say."""


_Term = Clause | _All | _Any | _Never
_COMPARE: dict[type[ast.cmpop], Operator] = {
    ast.Eq: "=",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def enabled_by(text: str, kinds: Mapping[str, str]) -> Enabled:
    """Return how FHIR says a condition; `kinds` are those of the form's questions by id."""
    if not text:
        return Enabled(kind="always")
    try:
        term = _Reader(kinds).term(ast.parse(text.strip(), mode="eval").body)
    except _UnsaidError:
        return Enabled(kind="unsaid", text=text)
    if isinstance(term, _Never):
        return Enabled(kind="unsaid", text=text)
    if isinstance(term, Clause):
        return Enabled(kind="when", text=text, clauses=(term,))
    if flat := _flat(term):
        behavior: Literal["all", "any"] = "all" if isinstance(term, _All) else "any"
        return Enabled(kind="when", text=text, clauses=flat, behavior=behavior)
    return Enabled(kind="expression", text=text, expression=_path(term))


def _flat(term: _All | _Any) -> tuple[Clause, ...]:
    """Return the clauses of a term that holds nothing else; () where it does."""
    parts = [part for part in term.parts if isinstance(part, Clause)]
    return tuple(parts) if len(parts) == len(term.parts) else ()


class _Reader:
    """Turns a condition into terms over the form's own questions."""

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self.kinds = kinds

    def term(self, node: ast.expr) -> _Term:
        if isinstance(node, ast.BoolOp):
            parts = [self.term(part) for part in node.values]
            return _any(parts) if isinstance(node.op, ast.Or) else _all(parts)
        if isinstance(node, ast.Name):
            return self._is(node.id, True)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self._not(node.operand)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compared(node.left, node.ops[0], node.comparators[0])
        if (name := _known(node)) is not None:
            return self._clause(name, "exists", True)
        raise _UnsaidError

    def _not(self, node: ast.expr) -> _Term:
        if isinstance(node, ast.Name):
            return self._is(node.id, False)
        if (name := _known(node)) is not None and name in self.kinds:
            return Clause(name, "exists", False)
        raise _UnsaidError

    def _is(self, name: str, value: bool) -> _Term:
        if self.kinds.get(name, "yes_no") != "yes_no":
            raise _UnsaidError
        return self._clause(name, "=", value)

    def _compared(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> _Term:
        operator = _COMPARE.get(type(op))
        if not (isinstance(left, ast.Name) and isinstance(right, ast.Constant) and operator):
            raise _UnsaidError
        value = right.value
        if not isinstance(value, (bool, int, float, str)):
            raise _UnsaidError
        clause = self._clause(left.id, operator, value)
        if operator != "!=" or isinstance(clause, _Never):
            return clause
        return _all([self._clause(left.id, "exists", True), clause])

    def _clause(self, name: str, operator: Operator, value: Answer) -> Clause | _Never:
        return Clause(name, operator, value) if name in self.kinds else _Never()


def _known(node: ast.expr) -> str | None:
    """Return the name asked about by `known(name)`, else None."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "known":
        (argument,) = node.args
        return argument.id if isinstance(argument, ast.Name) else None
    return None


def _any(parts: list[_Term]) -> _Term:
    possible = [part for part in parts if not isinstance(part, _Never)]
    flat = [p for part in possible for p in (part.parts if isinstance(part, _Any) else (part,))]
    return _one_of(flat, _Any)


def _all(parts: list[_Term]) -> _Term:
    if any(isinstance(part, _Never) for part in parts):
        return _Never()
    flat = [p for part in parts for p in (part.parts if isinstance(part, _All) else (part,))]
    return _one_of(flat, _All)


def _one_of(parts: list[_Term], kind: type[_All] | type[_Any]) -> _Term:
    if not parts:
        return _Never()
    return parts[0] if len(parts) == 1 else kind(tuple(parts))


def _path(term: _Term) -> str:
    """Return a term in FHIRPath; it is always true or false, also where nothing is answered."""
    if isinstance(term, Clause):
        return _path_of_clause(term)
    assert isinstance(term, _All | _Any)
    word = " and " if isinstance(term, _All) else " or "
    return f"({word.join(_path(part) for part in term.parts)})"


def _path_of_clause(clause: Clause) -> str:
    answer = PATH.format(question=clause.question)
    if clause.operator == "exists":
        return f"{answer}.exists()" if clause.answer else f"{answer}.exists().not()"
    if isinstance(clause.answer, bool):
        test = f"value {clause.operator} {str(clause.answer).lower()}"
    elif isinstance(clause.answer, str):
        test = f"value.code {clause.operator} '{clause.answer}'"
    else:
        test = f"value {clause.operator} {clause.answer:g}"
    return f"{answer}.where({test}).exists()"
