"""A document as one HTML file: no script, nothing loaded from elsewhere, light, dark and paper."""

from __future__ import annotations

import base64
import functools
import html
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import assert_never

from nightcramp.language import gettext as _
from nightcramp.report.document import (
    SAME,
    AnyBlock,
    Bullets,
    Document,
    Facts,
    File,
    Files,
    Panel,
    Panels,
    Para,
    Picture,
    Section,
    Subhead,
    Table,
    plain,
)

STYLE = Path(__file__).parent / "templates" / "document.css"
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
TAGS = {"plain": "p", "lead": "p", "note": "p", "warning": "div", "code": "code"}


def html_of(document: Document) -> str:
    """Return the document as a page that stands alone."""
    title = _text(document.title)
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{html.escape(document.language)}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="referrer" content="no-referrer">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{title}</title>",
            f"<style>\n{_style()}</style>",
            "</head>",
            "<body>",
            f"<header><h1>{title}</h1>",
            f"<p>{_text(document.about)}</p></header>",
            "<main>",
            *_main(document.sections),
            "</main>",
            "</body>",
            "</html>\n",
        ]
    )


def blocks_html(blocks: Iterable[AnyBlock], name: str) -> str:
    """Return blocks as HTML to stand inside another page, under an id of their section."""
    named = ((f"{name}-{place}", block) for place, block in enumerate(blocks))
    return "".join(part for one, block in named for part in _block(block, one))


@functools.cache
def _style() -> str:
    return STYLE.read_text(encoding="utf-8")


def _main(sections: tuple[Section, ...]) -> Iterator[str]:
    """Yield the sections; after the first two, the answer and its picture, a list of the rest."""
    for place, section in enumerate(sections):
        yield f'<section id="{section.id}" aria-labelledby="{section.id}-title">'
        yield f'<h2 id="{section.id}-title">{_text(section.title)}</h2>'
        for number, block in enumerate(section.blocks):
            yield from _block(block, f"{section.id}-{number}")
        yield "</section>"
        if place == 1:
            yield from _contents(sections[2:])


def _contents(sections: tuple[Section, ...]) -> Iterator[str]:
    title = _text(_("Also in this report"))
    yield f'<nav aria-labelledby="contents"><h2 id="contents">{title}</h2><ul>'
    for section in sections:
        yield f'<li><a href="#{section.id}">{_text(section.title)}</a></li>'
    yield "</ul></nav>"


def _block(block: AnyBlock, name: str) -> Iterator[str]:
    match block:
        case Para():
            yield _para(block)
        case Subhead():
            yield f"<h3>{_text(block.text)}</h3>"
        case Bullets():
            yield f"<ul>{_each('li', block.items)}</ul>"
        case Facts():
            yield from _facts(block)
        case Table():
            yield from _table(block, name)
        case Panels():
            yield f'<div class="panels">{"".join(_panel(panel) for panel in block.panels)}</div>'
        case Picture():
            yield from _picture(block)
        case Files():
            yield f"<ul>{''.join(_file(file) for file in block.files)}</ul>"
        case _:
            assert_never(block)


def _para(block: Para) -> str:
    tag = TAGS[block.tone]
    kind = "" if block.tone == "plain" else f' class="{block.tone}"'
    return f"<{tag}{kind}>{_text(block.text)}</{tag}>"


def _facts(block: Facts) -> Iterator[str]:
    yield "<dl>"
    for term, said in block.pairs:
        yield f"<div><dt>{_text(term)}</dt><dd>{_text(said)}</dd></div>"
    yield "</dl>"


def _table(block: Table, name: str) -> Iterator[str]:
    """Yield a table in a frame that can be moved sideways, by keyboard too."""
    caption = f"{name}-caption"
    yield f'<div class="wide" role="region" tabindex="0" aria-labelledby="{caption}"><table>'
    yield f'<caption id="{caption}">{_text(block.caption)}</caption>'
    heads = "".join(f'<th scope="col">{_text(head)}</th>' for head in block.head)
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    for first, *rest in block.rows:
        yield f'<tr><th scope="row">{_text(first)}</th>{_each("td", rest)}</tr>'
    yield "</tbody></table></div>"


def _panel(panel: Panel) -> str:
    return f'<div class="panel"><h3>{_text(panel.title)}</h3>{_each("p", panel.lines)}</div>'


def _picture(block: Picture) -> Iterator[str]:
    section, table = block.table
    yield f'<figure><svg viewBox="0 0 {block.width:g} {block.height:g}" role="img" '
    yield f'aria-labelledby="{block.id}-title {block.id}-words">'
    yield f'<title id="{block.id}-title">{_text(block.title)}</title>'
    yield f'<desc id="{block.id}-words">{_text(block.description)}</desc>{block.body}</svg>'
    link = f'<a href="#{section}">{_text(table)}</a>'
    same = _text(_(SAME)).format(table=link)
    yield f"<figcaption><b>{_text(block.title)}</b> {same}</figcaption>"
    yield "</figure>"


def _file(file: File) -> str:
    data = base64.b64encode(file.text.encode()).decode()
    link = f'<a download="{file.name}" href="data:{file.media};base64,{data}">{file.name}</a>'
    return f"<li>{link}: {_text(file.says)}</li>"


def _each(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{_text(text)}</{tag}>" for text in texts)


def _text(text: str) -> str:
    return html.escape(plain(text))
