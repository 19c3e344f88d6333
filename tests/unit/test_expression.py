"""The condition language: three-valued, and nothing but conditions."""

from __future__ import annotations

from typing import Any

import pytest

from nightcramp.knowledge.expression import ExpressionError, compile_expression


class Answers:
    """A scope over a plain dict."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def value(self, name: str) -> Any:
        return self.values.get(name)

    def call(self, function: str, arguments: tuple[Any, ...]) -> Any:
        return self.values.get(f"{function}:{arguments[0]}")


YES, NO, UNKNOWN = True, False, None


@pytest.mark.parametrize(
    ("a", "b", "both", "either"),
    [
        (YES, YES, YES, YES),
        (YES, NO, NO, YES),
        (YES, UNKNOWN, UNKNOWN, YES),
        (NO, NO, NO, NO),
        (NO, UNKNOWN, NO, UNKNOWN),
        (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_unknown_is_not_no(a: Any, b: Any, both: Any, either: Any) -> None:
    """`and` and `or` follow Kleene's tables, in both orders."""
    for left, right in ((a, b), (b, a)):
        scope = Answers(a=left, b=right)
        assert compile_expression("a and b").truth(scope) is both
        assert compile_expression("a or b").truth(scope) is either


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("not a", {"a": None}, None),
        ("not a", {"a": False}, True),
        ("age >= 60", {"age": 72.0}, True),
        ("age >= 60", {}, None),
        ("60 <= age < 70", {"age": 72.0}, False),
        ("side == 'one_side'", {"side": "either"}, False),
        ("'calf' in site", {"site": ["calf", "foot"]}, True),
        ("'hand' in site", {"site": None}, None),
        ("lab('potassium') < 3.0", {"lab:potassium": 2.9}, True),
        ("onset", {"onset": 0.0}, True),
        ("known(onset)", {}, False),
        ("at_least(2, a, b, c)", {"a": True, "b": True}, True),
        ("at_least(2, a, b, c)", {"a": True, "b": False}, None),
        ("at_least(2, a, b, c)", {"a": True, "b": False, "c": False}, False),
        ("", {}, True),
    ],
)
def test_what_a_condition_means(text: str, values: dict[str, Any], expected: Any) -> None:
    """Numbers, choices, places, labs and counts read as the guide says."""
    assert compile_expression(text).truth(Answers(**values)) is expected


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.b",
        "a[0]",
        "lambda: 1",
        "[x for x in a]",
        "lab(a)",
        "lab('x', k=1)",
        "a +",
        "1 if a else 2",
        "f'{a}'",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """Content files cannot hold code."""
    with pytest.raises(ExpressionError):
        compile_expression(text)


def test_an_expression_tells_what_it_needs() -> None:
    """Names and function arguments can be checked against the knowledge."""
    expression = compile_expression("age > 60 and (med('statin') or low('potassium'))")
    assert expression.names == {"age"}
    assert expression.calls == {("med", "statin"), ("low", "potassium")}
