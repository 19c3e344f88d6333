"""Fits one answer to its question, or says what would fit."""

from __future__ import annotations

import datetime as dt
import difflib
import math
from typing import Any

from nightcramp.errors import InputError, UnknownIdError
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Question
from nightcramp.person.duration import days_in
from nightcramp.person.fact import Value

YES = {"yes", "y", "true", "ja", "present"}
NO = {"no", "n", "false", "nein", "absent"}
UNKNOWN = {"unknown", "don't know", "dont know", "not sure", "?", "na", "n/a", "", "none given"}
MOST_DAYS = 130 * 365.25


def fit_answer(knowledge: Knowledge, name: str, value: Any, as_of: dt.date) -> Value:
    """Return the value of an answer; None when unknown. Raises InputError."""
    question = knowledge.questions.get(name)
    if question is None and name not in knowledge.conditions:
        raise UnknownIdError(
            f"there is no question {name!r}", hint=suggestion(name, answerable(knowledge))
        )
    if value is None or (isinstance(value, str) and value.strip().lower() in UNKNOWN):
        return None
    if question is None or question.kind == "yes_no":
        return _yes_no(name, value)
    if question.kind == "choice":
        return _option(question, value)
    if question.kind == "many":
        items = value if isinstance(value, list) else [value]
        return [_option(question, item) for item in items]
    if question.kind == "duration":
        return _duration(name, value, as_of)
    return _number(question, value)


def answerable(knowledge: Knowledge) -> list[str]:
    """Return every id that may stand under `answers`."""
    return [*knowledge.questions, *knowledge.conditions]


def suggestion(name: str, known: list[str]) -> str:
    """Return a hint naming the nearest known id."""
    near = difflib.get_close_matches(str(name).lower(), known, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else "`nightcramp knowledge` lists them."


def _yes_no(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if isinstance(value, str) and word in YES | NO:
        return word in YES
    raise InputError(f"{name}: {_shown(value)} is not yes, no or unknown")


def _option(question: Question, value: Any) -> str:
    known = [option.id for option in question.options]
    word = str(value).strip().lower().replace(" ", "_")
    if isinstance(value, str) and word in known:
        return word
    for option in question.options:
        if isinstance(value, str) and value.strip().lower() == option.label.lower():
            return option.id
    raise InputError(
        f"{question.id}: {_shown(value)} is not one of the answers",
        hint=f"Answers: {', '.join(known)}, or unknown.",
    )


def _duration(name: str, value: Any, as_of: dt.date) -> float:
    days: float | None = None
    if isinstance(value, bool):
        days = None
    elif isinstance(value, (int, float)):
        days = float(value)
    elif isinstance(value, dt.date):
        days = float((as_of - _plain_date(value)).days)
    elif isinstance(value, str):
        days = days_in(value, as_of)
    if days is None or not math.isfinite(days):
        raise InputError(
            f"{name}: {_shown(value)} is not a length of time",
            hint="Write for instance `3 weeks`, a number of days, or a date (2026-03-01).",
        )
    if not 0 <= days <= MOST_DAYS:
        raise InputError(f"{name}: {_shown(value)} is in the future or too long ago")
    return days


def _plain_date(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _number(question: Question, value: Any) -> float:
    try:
        number = float(str(value).strip()) if not isinstance(value, bool) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(
            f"{question.id}: {_shown(value)} is not a number",
            hint=f"Write a number of {question.unit or 'units'}, or unknown.",
        )
    if question.maximum > question.minimum and not (question.minimum <= number <= question.maximum):
        raise InputError(
            f"{question.id}: {number:g} {question.unit} is not possible",
            hint=f"It lies between {question.minimum:g} and {question.maximum:g}.",
        )
    return number


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
