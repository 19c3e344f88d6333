"""A document as a tagged PDF."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import msgspec

from nightcramp.language import gettext as _
from nightcramp.report.document import SAME, Document, plain
from nightcramp.report.pdf import compile_pdf

FONT = "Atkinson Hyperlegible Next"
LIGHT = (
    ".ink{fill:#211d1a}.soft{fill:#6b625a}.tint{fill:#eee5d8}.hollow{fill:none;stroke:#6b625a}"
    ".cross{fill:none;stroke:#6b625a}.none{fill:none;stroke:#211d1a}"
    ".line{fill:none;stroke:#211d1a}.goal{fill:none;stroke:#a8320a}.grid{fill:none;stroke:#cfc4b4}"
    ".goal-text{fill:#a8320a}.halo{fill:#ffffff;stroke:#ffffff;stroke-width:4}"
)
EXACT = frozenset({"body", "id", "name", "media", "svg"})
LONG = re.compile(r"\S{25,}")
PIECE = re.compile(r"(.{12})(?=.)")
BREAK = "\N{ZERO WIDTH SPACE}"


def pdf_of(document: Document, now: dt.datetime) -> bytes:
    """Return the document as PDF/UA-1, its files attached; raises as `compile_pdf` does."""
    data = cleaned(msgspec.to_builtins(document))
    return compile_pdf("document", data | {"same": _(SAME)}, now=now)


def cleaned(value: Any, name: str = "") -> Any:
    """Return the same with every text fit to be set; files and drawings stay as they are."""
    if isinstance(value, dict):
        exact = {"text"} if "media" in value or value.get("tone") == "code" else set()
        fit = {k: v if k in exact else cleaned(v, k) for k, v in value.items()}
        return {**fit, "svg": _svg(value)} if value.get("kind") == "picture" else fit
    if isinstance(value, list | tuple):
        return [cleaned(item, name) for item in value]
    return _breakable(plain(value)) if isinstance(value, str) and name not in EXACT else value


def _breakable(text: str) -> str:
    """Return text in which a word too long for a line may be broken."""
    return LONG.sub(lambda word: PIECE.sub(rf"\1{BREAK}", word.group()), text)


def _svg(picture: dict[str, Any]) -> str:
    width, height = picture["width"], picture["height"]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" font-family="{FONT}, Libertinus Serif">'
        f"<style>{LIGHT}</style>{picture['body']}</svg>"
    )
