"""The design system's own page: colours with their contrast, type, spaces, parts and marks."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from nightcramp.app.asked import Asked
from nightcramp.app.design import MODES, Mode, pairs, palettes
from nightcramp.app.pages.nights import Sign, signs
from nightcramp.app.routes import Route, View
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.report.words import LADDER_MARKS, LADDER_WORDS

PAGE = "/design"
TITLES: dict[Mode, str] = {"day": noted("Day"), "dark": noted("Dark"), "night": noted("Night")}
REASONS: dict[Mode, str] = {
    "day": noted("Warm paper, near-black ink, one colour for what needs doing."),
    "dark": noted("The same on charcoal, when the phone asks for dark."),
    "night": noted("Red on black for three in the morning: it leaves the eyes asleep."),
}
SPACES = ("space-1", "space-2", "space-3", "space-4", "space-5")
SIZES = ("size-small", "size", "size-lead", "size-title", "size-now")


class Swatch(Struct, frozen=True, kw_only=True):
    """A colour by its name."""

    name: str
    colour: str


class PairLine(Struct, frozen=True, kw_only=True):
    """A colour on a ground, the contrast between them, what it needs, and whether it has that."""

    colour: str
    ground: str
    contrast: float
    needed: float
    holds: bool


class Palette(Struct, frozen=True, kw_only=True):
    """The colours of one mode."""

    mode: Literal["day", "dark", "night"]
    title: str
    reason: str
    ground: str
    ink: str
    accent: str
    on_accent: str
    swatches: list[Swatch]
    pairs: list[PairLine]


class Mark(Struct, frozen=True, kw_only=True):
    """How sure we are: the mark, the word, and the style of the mark."""

    sign: str
    words: str
    ladder: str


class DesignPage(Struct, frozen=True, kw_only=True):
    """The design system as its style sheet holds it; `night`: its parts are shown at night."""

    night: bool
    palettes: list[Palette]
    sizes: list[str]
    spaces: list[str]
    marks: list[Mark]
    signs: list[Sign]


def design(asked: Asked) -> DesignPage:
    """Return the design system."""
    return DesignPage(
        night=asked.query.get("mode") == "night",
        palettes=[_palette(mode) for mode in MODES],
        sizes=list(SIZES),
        spaces=list(SPACES),
        marks=[
            Mark(sign=mark.strip("() "), words=_(LADDER_WORDS[name]), ladder=name)
            for name, mark in LADDER_MARKS.items()
        ],
        signs=signs(),
    )


def _palette(mode: Mode) -> Palette:
    colours = palettes()[mode]
    return Palette(
        mode=mode,
        title=_(TITLES[mode]),
        reason=_(REASONS[mode]),
        ground=colours["ground"],
        ink=colours["ink"],
        accent=colours["accent"],
        on_accent=colours["on-accent"],
        swatches=[Swatch(name=name, colour=colour) for name, colour in colours.items()],
        pairs=[
            PairLine(
                colour=one.colour,
                ground=one.ground,
                contrast=round(one.contrast, 2),
                needed=one.needed,
                holds=one.holds,
            )
            for one in pairs(mode)
        ],
    )


ROUTES: tuple[Route, ...] = (View(PAGE, design, "design.html", "The design system."),)
