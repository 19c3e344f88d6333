"""The colours of the design system as its style sheet holds them, and their contrast (WCAG 2.2)."""

from __future__ import annotations

import functools
import re
from typing import Literal

from msgspec import Struct

from nightcramp.app.templating import STATIC

Mode = Literal["day", "dark", "night"]
MODES: tuple[Mode, ...] = ("day", "dark", "night")
TEXT, PART = 4.5, 3.0
"""The contrast that text needs, and that large text and parts of pages need."""
GROUNDS = ("ground", "raised", "sunken")
TEXTS = ("ink", "soft", "accent", "good")
PARTS = ("line", "focus", "cause-1", "cause-2", "cause-3", "cause-4", "rest")
ORNAMENTS = ("hair",)
"""What carries no meaning: lines that only part what words part already."""
_BLOCK = re.compile(r":root(?P<night>\.night)?\s*\{(?P<inside>[^}]*)\}")
_COLOUR = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})\s*;")


class Pair(Struct, frozen=True, kw_only=True):
    """A colour on a ground, by the names of both, and the contrast between them."""

    colour: str
    ground: str
    contrast: float
    needed: float

    @property
    def holds(self) -> bool:
        """Whether it is enough."""
        return self.contrast >= self.needed


@functools.cache
def palettes() -> dict[Mode, dict[str, str]]:
    """Return the colours of each mode by the names of their custom properties."""
    style = (STATIC / "nightcramp.css").read_text(encoding="utf-8")
    found: list[dict[str, str]] = []
    night: dict[str, str] = {}
    for block in _BLOCK.finditer(style):
        colours = dict(_COLOUR.findall(block["inside"]))
        if block["night"]:
            night |= colours
        elif colours:
            found.append(colours)
    day, dark = found
    return {"day": day, "dark": {**day, **dark}, "night": night}


def pairs(mode: Mode) -> list[Pair]:
    """Return every colour that stands on a ground in a mode, with its contrast."""
    colours = palettes()[mode]
    grounds = [name for name in GROUNDS if name in colours]
    made = [(name, ground, TEXT) for name in TEXTS for ground in grounds]
    made += [(name, ground, PART) for name in PARTS for ground in grounds]
    made.append(("on-accent", "accent", TEXT))
    return [
        Pair(
            colour=name,
            ground=ground,
            contrast=contrast(colours[name], colours[ground]),
            needed=needed,
        )
        for name, ground, needed in made
        if name in colours
    ]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, 0 to 1."""
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
