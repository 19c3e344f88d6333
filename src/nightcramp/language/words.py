"""The words of time, dose, denial and yes and no by which a language tells facts.

They are data: `words.toml` of each language. Whoever reads in another language still writes
English words between; so the words of both are understood.
"""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from nightcramp.errors import KnowledgeError
from nightcramp.language import ENGLISH, FOLDER, language

_ACCENTED = range(0xC0, 0x250)


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table of words."""


class TimeWords(Table, frozen=True, kw_only=True):
    """Units (with the English name of each), numbers, months, moments, and patterns of them.

    `not_apart`: short English units that mean something else where they stand alone.
    """

    units: dict[str, str]
    short: dict[str, str]
    numbers: dict[str, float]
    months: dict[str, int]
    moments: dict[str, float]
    ahead: list[str]
    amounts: list[str]
    vague: list[str]
    month_year: list[str]
    year: list[str]
    month: list[str]
    clock: list[str]
    frequency: list[str]
    not_apart: list[str] = []


class MedicineWords(Table, frozen=True, kw_only=True):
    """How a medicine is taken, stopped and changed."""

    dose_units: list[str]
    stopped: list[str]
    raised: list[str]
    lowered: list[str]
    not_taken: list[str]
    not_daily: list[str]
    nothing: list[str]
    clause: list[str]
    apart: list[str]


class ConditionWords(Table, frozen=True, kw_only=True):
    """Denials, relatives, and how far along a pregnancy is."""

    clause: list[str]
    denied: list[str]
    denied_after: list[str]
    relatives: list[str]
    weeks: list[str]
    trimesters: list[str]
    trimester: str
    nothing: list[str]
    not_relatives: list[str] = []


class DeniedWords(Table, frozen=True, kw_only=True):
    """What says that a result is not low, not high, not normal."""

    low: str
    high: str
    normal: str


class LabWords(Table, frozen=True, kw_only=True):
    """Results in words, and tests of other fluids than blood."""

    low: list[str]
    high: list[str]
    normal: list[str]
    denied: DeniedWords
    other_fluids: list[str]
    limit: str


class AnswerWords(Table, frozen=True, kw_only=True):
    """Yes, no, and that one does not know."""

    yes: list[str]
    no: list[str]
    unknown: list[str]
    decimal_comma: bool


class TrialWords(Table, frozen=True, kw_only=True):
    """Words that tell of changing a medicine, and words that mean nothing by themselves.

    Those of English stand in `trial_model.toml`.
    """

    changes: list[str] = []
    fillers: list[str] = []


class Words(Table, frozen=True, kw_only=True):
    """All words of one language; `words.toml`."""

    time: TimeWords
    medicines: MedicineWords
    conditions: ConditionWords
    labs: LabWords
    answers: AnswerWords
    trials: TrialWords = TrialWords()


def plain(text: str) -> str:
    """Return a text in small letters without accents, each letter in its place."""
    return text.lower().translate(_accents())


def spoken() -> tuple[Words, ...]:
    """Return the words that are understood: the English ones, and the reader's own after them."""
    return tuple(words_of(code) for code in dict.fromkeys((ENGLISH, language())))


def one_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern that any of some whole words fit."""
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b")


@functools.lru_cache(maxsize=8)
def words_of(code: str) -> Words:
    """Read the words of a language; raises KnowledgeError for a file that does not fit."""
    path = FOLDER / code / "words.toml"
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Words)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise KnowledgeError(str(error), where=str(path)) from None


@functools.cache
def _accents() -> dict[int, str]:
    letters = ((code, unicodedata.normalize("NFD", chr(code))[0]) for code in _ACCENTED)
    return {code: letter for code, letter in letters if "a" <= letter <= "z"}
