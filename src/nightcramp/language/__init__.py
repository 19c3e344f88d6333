"""The language a person reads: every text is written in English and looked up here.

`_("...")` looks a text up in the language of whoever is being answered; what is not translated
stays English. Fill a text after it was looked up: `_("{count} nights").format(count=3)`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from nightcramp.errors import InputError
from nightcramp.language.catalogue import Catalogue, read_catalogue

ENGLISH = "en"
FOLDER = Path(__file__).parent
NAMES = {"en": "English", "es": "Español"}
"""The languages there are, each by its own name."""

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def language() -> str:
    """Return the code of the language of whoever is being answered."""
    return _language.get()


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Answer in a language in between; raises InputError for one that is not here."""
    if code not in NAMES:
        raise InputError(
            f"there is no language {code[:20]!r}", hint=f"Here are: {', '.join(NAMES)}."
        )
    token = _language.set(code)
    try:
        yield
    finally:
        _language.reset(token)


def gettext(text: str) -> str:
    """Return a text in the language of whoever is being answered."""
    return catalogue().get(text) if text else text


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form of a text that goes with a count."""
    return catalogue().counted(one, many, count)


def noted(text: str) -> str:
    """Return a text as it is: it is looked up where it is shown (gettext's `N_`)."""
    return text


def number(value: float, form: str = "g") -> str:
    """Return a number by a format specification, with a decimal comma where that is written."""
    written = format(value, form)
    return written if language() == ENGLISH else written.replace(".", ",")


def called(english: str, otherwise: str) -> str:
    """Return a name made of an id, which holds English words, or what is said in its place."""
    return english if language() == ENGLISH else otherwise


def catalogue() -> Catalogue:
    """Return the translations of the language of whoever is being answered."""
    return _catalogue(language())


@functools.lru_cache(maxsize=8)
def _catalogue(code: str) -> Catalogue:
    return Catalogue({}) if code == ENGLISH else read_catalogue(FOLDER / code)
