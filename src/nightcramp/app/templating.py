"""Renders the contracts of pages: templates see a page and words, and nothing else."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from msgspec import Struct

from nightcramp.app.forms import Typed
from nightcramp.app.problem import Problem
from nightcramp.language import gettext, language, ngettext
from nightcramp.report.document import Picture, Section
from nightcramp.report.document_html import blocks_html

STATIC = Path(__file__).parent / "static"


class Frame(Struct, frozen=True, kw_only=True):
    """What stands around every page: whose it is, where we are, what was just said."""

    path: str = ""
    who: str = ""
    several: bool = False
    reader: bool = False
    nobody: bool = False
    example: bool = False
    said: str = ""
    secret: str = ""
    problem: Problem | None = None


def render(template: str, page: Struct | None, frame: Frame, typed: Typed | None = None) -> str:
    """Return a page as HTML. `typed` is what a refused form is filled with again."""
    values = {"page": page, "frame": frame, "typed": typed or {}, "lang": language()}
    return _environment().get_template(template).render(values)


@functools.lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nightcramp.app"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(static=static, drawing=drawing)
    environment.filters.update(day=day, clock=clock, number=number, sentence=_sentence, coded=coded)
    environment.filters.update(blocks=blocks, picture=picture)
    return environment


def coded(text: str) -> Markup:
    """Return a text in which what stands between backticks is shown as what is to be typed."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    marked = [
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    ]
    return Markup("").join(marked)


def day(date: dt.date, form: str = "EEEEdMMMM") -> str:
    """Return a date in words of the language: `Tuesday 24 November`."""
    patterns = {"en": "EEEE d MMMM", "es": "EEEE d 'de' MMMM"}
    pattern = patterns.get(language(), "EEEE d MMMM") if form == "EEEEdMMMM" else form
    return format_date(date, pattern, locale=_locale())


def clock(moment: dt.datetime | dt.time) -> str:
    """Return a time of day: `03:10`."""
    return format_time(moment, "HH:mm", locale=_locale())


def number(value: float, pattern: str = "#,##0.##") -> str:
    """Return a number as the language writes it."""
    return format_decimal(value, pattern, locale=_locale())


def static(name: str) -> str:
    """Return the address of a static file, which changes when its content does."""
    return f"/static/{name}?v={fingerprint(name)}"


@functools.lru_cache(maxsize=64)
def fingerprint(name: str) -> str:
    """Return a few digits that change when a static file does."""
    import hashlib

    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


@functools.lru_cache(maxsize=64)
def drawing(name: str) -> Markup:
    """Return a drawing of the project to stand in a page: `static/drawings/NAME.svg`."""
    return Markup((STATIC / "drawings" / f"{name}.svg").read_text(encoding="utf-8"))


def blocks(section: Section) -> Markup:
    """Return the blocks of a report's section as HTML."""
    return Markup(blocks_html(section.blocks, section.id))


def picture(shown: Picture) -> Markup:
    """Return a picture of a report as HTML."""
    return Markup(blocks_html([shown], shown.id))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _locale() -> str:
    return {"en": "en_GB"}.get(language(), language())


__all__: Sequence[Any] = ["Frame", "render"]
