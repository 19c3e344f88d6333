"""Errors that people read: what happened, where, and what to do next."""

from __future__ import annotations


class NightcrampError(Exception):
    """An error shown to the person without a traceback; carries its exit code."""

    exit_code = 10

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"\n  {self.hint}" if self.hint else ""
        return f"{place}{self.message}{advice}"


class KnowledgeError(NightcrampError):
    """The content files contradict the schema or each other."""

    exit_code = 11


class InputError(NightcrampError):
    """A file or answer given by the person cannot be used."""

    exit_code = 12


class UnknownIdError(InputError):
    """An id that nothing in the knowledge carries."""

    exit_code = 13


def one_line(error: BaseException, most: int) -> str:
    """Return what a library's error says on one line of at most `most` characters."""
    return " ".join(str(error).split())[:most] or type(error).__name__
