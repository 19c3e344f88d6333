"""What one event of a database says, in the words of the knowledge."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal[
    "born",
    "observed",
    "died",
    "condition",
    "operation",
    "treatment",
    "medicine",
    "lab",
    "number",
    "answer",
]


class Token(Struct, frozen=True, kw_only=True):
    """What an event is: of a condition, a medicine, a lab in a unit, an answer with its value."""

    kind: Kind
    id: str = ""
    unit: str = ""
    value: bool | str | None = None


BORN = Token(kind="born")
OBSERVED = Token(kind="observed")
DIED = Token(kind="died")


class Tokens:
    """All tokens of a run, numbered in the order of their first use."""

    def __init__(self) -> None:
        self.all: list[Token] = []
        self._numbers: dict[Token, int] = {}
        for token in (BORN, OBSERVED, DIED):
            self.number(token)

    def number(self, token: Token) -> int:
        """Return the number of a token, a new one for a new token."""
        if token not in self._numbers:
            self._numbers[token] = len(self.all)
            self.all.append(token)
        return self._numbers[token]

    def __len__(self) -> int:
        return len(self.all)
