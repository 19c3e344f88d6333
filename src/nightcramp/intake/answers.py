"""Fits one answer to its question, or says what would fit."""

from __future__ import annotations

import datetime as dt
import difflib
import math
from typing import Any

from nightcramp.errors import InputError, UnknownIdError
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Question
from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.language.words import plain, spoken
from nightcramp.person.duration import days_in
from nightcramp.person.fact import Value

MOST_DAYS = 130 * 365.25


def fit_answer(knowledge: Knowledge, name: str, value: Any, as_of: dt.date) -> Value:
    """Return the value of an answer; None when unknown. Raises InputError."""
    question = knowledge.questions.get(name)
    if question is None and name not in knowledge.conditions:
        raise UnknownIdError(
            _("there is no question {name!r}").format(name=name),
            hint=suggestion(name, answerable(knowledge)),
        )
    if value is None or (isinstance(value, str) and says_unknown(value)):
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


def says_unknown(text: str) -> bool:
    """Return whether a text says that one does not know; nothing written says so too."""
    word = plain(text.strip())
    return any(word in words.answers.unknown for words in spoken())


def yes_or_no(text: str) -> bool | None:
    """Return what a text says: yes, no, or neither."""
    word, understood = plain(text.strip()), [words.answers for words in spoken()]
    if any(word in words.yes for words in understood):
        return True
    return False if any(word in words.no for words in understood) else None


def answerable(knowledge: Knowledge) -> list[str]:
    """Return every id that may stand under `answers`."""
    return [*knowledge.questions, *knowledge.conditions]


def suggestion(name: str, known: list[str]) -> str:
    """Return a hint naming the nearest known id."""
    near = difflib.get_close_matches(str(name).lower(), known, n=3, cutoff=0.5)
    if not near:
        return _("`nightcramp knowledge` lists them.")
    return _("Did you mean {names}?").format(names=_(" or ").join(near))


def _yes_no(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    said = yes_or_no(value) if isinstance(value, str) else None
    if said is not None:
        return said
    raise InputError(
        _("{name}: {value} is not yes, no or unknown").format(name=name, value=_shown(value))
    )


def _option(question: Question, value: Any) -> str:
    known = [option.id for option in question.options]
    word = str(value).strip().lower().replace(" ", "_")
    if isinstance(value, str) and word in known:
        return word
    for option in question.options:
        if isinstance(value, str) and value.strip().lower() == option.label.lower():
            return option.id
    raise InputError(
        _("{name}: {value} is not one of the answers").format(
            name=question.id, value=_shown(value)
        ),
        hint=_("Answers: {answers}, or unknown.").format(answers=", ".join(known)),
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
            _("{name}: {value} is not a length of time").format(name=name, value=_shown(value)),
            hint=_("Write for instance `3 weeks`, a number of days, or a date (2026-03-01)."),
        )
    if not 0 <= days <= MOST_DAYS:
        raise InputError(
            _("{name}: {value} is in the future or too long ago").format(
                name=name, value=_shown(value)
            )
        )
    return days


def _plain_date(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _number(question: Question, value: Any) -> float:
    try:
        found = float(_with_point(str(value))) if not isinstance(value, bool) else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InputError(
            _("{name}: {value} is not a number").format(name=question.id, value=_shown(value)),
            hint=_("Write a number of {unit}, or unknown.").format(
                unit=_(question.unit or noted("units"))
            ),
        )
    if question.maximum > question.minimum and not (question.minimum <= found <= question.maximum):
        raise InputError(
            _("{name}: {value} {unit} is not possible").format(
                name=question.id, value=number(found), unit=_(question.unit)
            ),
            hint=_("It lies between {low} and {high}.").format(
                low=number(question.minimum), high=number(question.maximum)
            ),
        )
    return found


def _with_point(text: str) -> str:
    """Return a number as it was written, its decimal comma a point where one writes so."""
    comma = spoken()[-1].answers.decimal_comma and text.count(",") == 1 and "." not in text
    return text.strip().replace(",", ".") if comma else text.strip()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
