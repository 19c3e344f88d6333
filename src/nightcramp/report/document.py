"""A document as plain blocks, so that a page and a PDF say the same."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from nightcramp.language import noted
from nightcramp.report.words import printable

TIED = "\N{NO-BREAK SPACE}"
SPACES = re.compile(rf"[^\S{TIED}]+")
SAME = noted("The same as a table: {table}.")
Tone = Literal["plain", "lead", "note", "warning", "code"]


class Block(Struct, frozen=True, kw_only=True, tag_field="kind", tag=str.lower):
    """One part of a document."""


class Para(Block, frozen=True, kw_only=True):
    """A paragraph; `lead` is the answer, `warning` must not be missed, `code` is never broken."""

    text: str
    tone: Tone = "plain"


class Subhead(Block, frozen=True, kw_only=True):
    """A heading inside a section."""

    text: str


class Bullets(Block, frozen=True, kw_only=True):
    """A list of sentences."""

    items: tuple[str, ...]


class Facts(Block, frozen=True, kw_only=True):
    """Terms, each with what is said of it."""

    pairs: tuple[tuple[str, str], ...]


class Table(Block, frozen=True, kw_only=True):
    """Rows under heads; the first cell of a row heads it. `widths`: of the columns, relative."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]


class Panel(Struct, frozen=True, kw_only=True):
    """A titled column of sentences; the first is what came out."""

    title: str
    lines: tuple[str, ...]


class Panels(Block, frozen=True, kw_only=True):
    """Columns that stand side by side where there is room."""

    panels: tuple[Panel, ...]


class Picture(Block, frozen=True, kw_only=True):
    """A drawing (`body`: parts of an SVG), the finding it shows, and what it looks like in words.

    `table`: the section and the name of the table that holds the same.
    """

    id: str
    title: str
    description: str
    width: float
    height: float
    body: str
    table: tuple[str, str]


class File(Struct, frozen=True, kw_only=True):
    """A file that comes with the document."""

    name: str
    media: str
    text: str
    says: str


class Files(Block, frozen=True, kw_only=True):
    """Files to take out of the document."""

    files: tuple[File, ...]


AnyBlock = Para | Subhead | Bullets | Facts | Table | Panels | Picture | Files


class Section(Struct, frozen=True, kw_only=True):
    """A headed part of a document."""

    id: str
    title: str
    blocks: tuple[AnyBlock, ...]


class Document(Struct, frozen=True, kw_only=True):
    """A whole document; `about` stands under its title."""

    language: str
    title: str
    about: str
    sections: tuple[Section, ...]


def plain(text: str) -> str:
    """Return text on one line without signs that a page would obey, such as a turn of direction."""
    spaced = SPACES.sub(" ", text).strip()
    return TIED.join(printable(part) for part in spaced.split(TIED))
