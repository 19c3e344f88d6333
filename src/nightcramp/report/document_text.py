"""A document as plain text for the terminal; pictures are left out, their tables are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nightcramp.report.document import (
    TIED,
    AnyBlock,
    Bullets,
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
from nightcramp.report.words import printable, wrap

FIRST_SIGN = {"warning": "  ! ", "lead": "  "}


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
