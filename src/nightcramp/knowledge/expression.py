"""The small language in which content files say when something holds.

An expression is written like Python: names of questions and conditions, `and`, `or`,
`not`, comparisons, and the functions listed in `FUNCTIONS`. It is evaluated in
three-valued logic: a name nobody has answered is unknown, `unknown and no` is no,
`unknown or yes` is yes, and everything else with an unknown stays unknown.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

Truth = bool | None
"""True (yes), False (no) or None (unknown)."""


class Scope(Protocol):
    """Where the names of an expression get their values."""

    def value(self, name: str) -> Any:
        """Return the value of a question or condition; None when unknown."""

    def call(self, function: str, arguments: tuple[Any, ...]) -> Any:
        """Return the value of a function such as `lab('potassium')`."""


FUNCTIONS: dict[str, str] = {
    "med": "takes now: an ingredient or class id",
    "med_since_days": "days since the newest of these medicines was started",
    "lab": "newest result in the canonical unit",
    "low": "newest result is below its range",
    "high": "newest result is above its range",
    "normal": "newest result is inside its range",
    "times_upper": "newest result divided by the upper limit of its range",
    "score": "score of an instrument, when it could be completed",
    "score_min": "points an instrument has reached so far, unanswered items left out",
    "flagged": "an urgent red flag points to this syndrome or factor",
    "began_after_medicine": "began or got worse after some medicine was started or raised",
    "at_least": "at_least(n, a, b, ...): n or more of these hold",
    "known": "whether a name or lab has been answered at all",
}
"""The functions an expression may call, and what each returns."""


class ExpressionError(ValueError):
    """An expression that is not in the language."""


@dataclass(frozen=True)
class Expression:
    """A compiled condition: what it needs, and how to decide it."""

    text: str
    names: frozenset[str]
    calls: frozenset[tuple[str, str]]
    _decide: Callable[[Scope], Any] = field(repr=False, compare=False)

    def truth(self, scope: Scope) -> Truth:
        """Decide the expression as yes, no or unknown."""
        return as_truth(self._decide(scope))

    def number(self, scope: Scope) -> float | None:
        """Return the expression's numeric value, or None when unknown."""
        value = self._decide(scope)
        if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return float(value)


def as_truth(value: Any) -> Truth:
    """Read a value as yes, no or unknown; a count of zero or an empty list is no."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (frozenset, list, tuple)):
        return len(value) > 0
    if isinstance(value, (int, float)):
        return True
    return None


def compile_expression(text: str) -> Expression:
    """Compile `text`; raises ExpressionError naming what is not allowed."""
    try:
        tree = ast.parse(text.strip() or "True", mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"cannot read the condition {text!r}: {error.msg}") from None
    compiler = _Compiler()
    decide = compiler.compile(tree)
    return Expression(text, frozenset(compiler.names), frozenset(compiler.calls), decide)


_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


class _Compiler:
    """Turns a syntax tree into closures, collecting the names it needs."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.calls: set[tuple[str, str]] = set()

    def compile(self, node: ast.expr) -> Callable[[Scope], Any]:
        handler = getattr(self, f"_{type(node).__name__.lower()}", None)
        if handler is None:
            raise ExpressionError(f"{ast.unparse(node)!r} is not allowed in a condition")
        result: Callable[[Scope], Any] = handler(node)
        return result

    def _constant(self, node: ast.Constant) -> Callable[[Scope], Any]:
        value = node.value
        if not isinstance(value, (bool, int, float, str)):
            raise ExpressionError(f"{value!r} is not allowed in a condition")
        return lambda scope: value

    def _name(self, node: ast.Name) -> Callable[[Scope], Any]:
        name = node.id
        self.names.add(name)
        return lambda scope: scope.value(name)

    def _boolop(self, node: ast.BoolOp) -> Callable[[Scope], Any]:
        parts = [self.compile(value) for value in node.values]
        deciding = isinstance(node.op, ast.Or)

        def decide(scope: Scope) -> Truth:
            unknown = False
            for part in parts:
                truth = as_truth(part(scope))
                if truth is deciding:
                    return deciding
                unknown = unknown or truth is None
            return None if unknown else not deciding

        return decide

    def _unaryop(self, node: ast.UnaryOp) -> Callable[[Scope], Any]:
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            value = node.operand.value
            if isinstance(value, (int, float)):
                return lambda scope: -value
        if not isinstance(node.op, ast.Not):
            raise ExpressionError(f"{ast.unparse(node)!r} is not allowed in a condition")
        part = self.compile(node.operand)

        def decide(scope: Scope) -> Truth:
            truth = as_truth(part(scope))
            return None if truth is None else not truth

        return decide

    def _compare(self, node: ast.Compare) -> Callable[[Scope], Any]:
        sides = [self.compile(side) for side in (node.left, *node.comparators)]
        operators = [_COMPARE[type(op)] for op in node.ops if type(op) in _COMPARE]
        if len(operators) != len(node.ops):
            raise ExpressionError(f"{ast.unparse(node)!r} is not allowed in a condition")

        def decide(scope: Scope) -> Truth:
            values = [side(scope) for side in sides]
            if any(value is None for value in values):
                return None
            pairs = itertools.pairwise(values)
            return all(op(a, b) for op, (a, b) in zip(operators, pairs, strict=True))

        return decide

    def _call(self, node: ast.Call) -> Callable[[Scope], Any]:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS or node.keywords:
            known = ", ".join(sorted(FUNCTIONS))
            raise ExpressionError(f"{ast.unparse(node.func)!r} is not one of {known}")
        if name == "at_least":
            return self._at_least(node)
        if name == "known":
            return self._known(node)
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        if len(texts) != len(node.args) or not all(isinstance(t, str) for t in texts):
            raise ExpressionError(f"{name}() takes quoted ids, as in {name}('potassium')")
        arguments = tuple(str(text) for text in texts)
        self.calls.update((name, argument) for argument in arguments or ("",))
        return lambda scope: scope.call(name, arguments)

    def _at_least(self, node: ast.Call) -> Callable[[Scope], Any]:
        first, *rest = node.args
        if not isinstance(first, ast.Constant) or not isinstance(first.value, int):
            raise ExpressionError("at_least() starts with a whole number")
        needed = first.value
        parts = [self.compile(part) for part in rest]

        def decide(scope: Scope) -> Truth:
            truths = [as_truth(part(scope)) for part in parts]
            if truths.count(True) >= needed:
                return True
            possible = truths.count(True) + truths.count(None)
            return None if possible >= needed else False

        return decide

    def _known(self, node: ast.Call) -> Callable[[Scope], Any]:
        (argument,) = node.args
        part = self.compile(argument)
        return lambda scope: part(scope) is not None
