"""A document as plain text for the terminal; pictures are left out, their tables are not."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Container, Iterable, Iterator, Sequence

from nightcramp.language import gettext as _
from nightcramp.report.document import (
    TIED,
    AnyBlock,
    Bullets,
    Document,
    Facts,
    Files,
    Panels,
    Para,
    Picture,
    Section,
    Subhead,
    Table,
)
from nightcramp.report.terminal import titled
from nightcramp.report.words import WIDTH, printable, wrap

FIRST_SIGN = {"warning": "  ! ", "lead": "  "}
BESIDE, BETWEEN = 2, 2
"""Signs to the left of a table, and between its columns."""
NARROWEST = 20
"""So many signs the first column of a table has at least, if it is that wide."""


def text_of(sections: Iterable[Section]) -> str:
    """Return sections as text, one after the other."""
    lines = [line for section in sections for line in _section(section)]
    return printable("\n".join(lines).replace(TIED, " ").strip() + "\n")


def _section(section: Section) -> Iterator[str]:
    yield from titled(section.title)
    for block in section.blocks:
        yield from _block(block)


def _block(block: AnyBlock) -> Iterator[str]:
    match block:
        case Para():
            yield wrap(block.text, 4 if block.tone == "warning" else 2, FIRST_SIGN.get(block.tone))
        case Subhead():
            yield from ("", f"  {block.text}")
        case Bullets():
            yield from (wrap(item, 4, "  * ") for item in block.items)
        case Facts():
            yield from (wrap(f"{name}: {said}", 4, "  ") for name, said in block.pairs)
        case Panels():
            for panel in block.panels:
                yield from ("", f"  {panel.title}")
                yield from (wrap(line, 4) for line in panel.lines)
        case Table():
            yield from (wrap(": ".join(row), 4, "  * ") for row in block.rows)
        case Picture() | Files():
            return


# --- tables in columns ---


def page_text(
    document: Document, only: Container[str] | None = None, most: int | None = None
) -> str:
    """Return a document for the terminal, tables in columns; no line is wider than the page.

    `only`: ids of the sections that are shown. `most`: so many rows of a table.
    """
    lines = [*textwrap.wrap(document.title, WIDTH), *textwrap.wrap(document.about, WIDTH)]
    for section in document.sections:
        if only is None or section.id in only:
            lines += _in_columns(section, most)
    return printable("\n".join(lines).replace(TIED, " ").rstrip() + "\n")


def _in_columns(section: Section, most: int | None) -> Iterator[str]:
    yield from titled(section.title)
    for place, block in enumerate(section.blocks):
        if isinstance(block, Table):
            yield from ([""] if place else [])
            yield from aligned(block, most)
        else:
            yield from _block(block)


def aligned(table: Table, most: int | None = None) -> Iterator[str]:
    """Yield a table in columns, the first to the left, numbers to the right.

    Where they do not fit, heads go on two lines; columns that still find no room beside the
    others stand below them, the first column repeated.
    """
    rows = [table.head, *table.rows[:most]]
    widths = _widths(rows)
    if len(list(_parts(widths))) > 1:
        widths = _widths(rows, narrow=True)
    yield wrap(table.caption, BESIDE)
    for place, part in enumerate(_parts(widths)):
        yield from ([""] if place else [])
        columns = [0, *part]
        told = [[row[column] for column in columns] for row in rows]
        yield from _rows(told, [widths[column] for column in columns])
    more = len(table.rows) - len(rows) + 1
    if more:
        yield "  " + _("and {count} more in the report").format(count=more)


def _widths(rows: Sequence[Sequence[str]], *, narrow: bool = False) -> list[int]:
    """Return how wide the columns want to be; none leaves less than the least to the first.

    `narrow`: heads go on two lines.
    """
    most = WIDTH - BESIDE - BETWEEN - NARROWEST
    first, *rest = zip(*rows, strict=True)
    return [_widest(first), *(min(_widest(column, narrow=narrow), most) for column in rest)]


def _widest(column: Sequence[str], *, narrow: bool = False) -> int:
    head, *cells = map(len, column)
    return max([_on_two_lines(column[0]) if narrow else head, *cells])


def _on_two_lines(words: str) -> int:
    """Return the least width at which words need no more than two lines."""
    widths = range(max(map(len, words.split()), default=1), len(words))
    return next((w for w in widths if len(textwrap.wrap(words, w)) <= 2), len(words))


def _parts(widths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the columns that find room beside the first."""
    part: list[int] = []
    used = least = min(widths[0], NARROWEST)
    for column, width in enumerate(widths[1:], start=1):
        if part and used + BETWEEN + width > WIDTH - BESIDE:
            yield part
            part, used = [], least
        part.append(column)
        used += BETWEEN + width
    yield part


def _rows(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    """Yield rows whose columns find room; what is too long for its column goes on below."""
    rest = widths[1:]
    first = max(1, min(widths[0], WIDTH - BESIDE - sum(BETWEEN + width for width in rest)))
    for name, *cells in rows:
        names = textwrap.wrap(name, first, subsequent_indent="  ")
        others = [
            textwrap.wrap(cell, max(width, 1)) for cell, width in zip(cells, rest, strict=True)
        ]
        for head, *told in itertools.zip_longest(names, *others, fillvalue=""):
            right = "".join(
                " " * BETWEEN + cell.rjust(width) for cell, width in zip(told, rest, strict=True)
            )
            yield f"{' ' * BESIDE}{head.ljust(first)}{right}".rstrip()
