"""A picture of nights and what went with them, as SVG; it works in grey and has its table.

Two months a band: on top the nights (five signs that differ by shape), below a row for each
exposure, the height of a bar saying how much. What was found stands first.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.language.dates import short_month
from nightcramp.person.finding import Finding, Findings
from nightcramp.person.night import Night
from nightcramp.report.document import Picture
from nightcramp.report.findings import table, times

MOST_ROWS = 6
MOSTLY = 0.97
"""A bar of full height is what this part of the days stays below: one feast hides no other day."""
GROUND, INK, SOFT, ACCENT = "#fbf7f0", "#211d1a", "#6b625a", "#c0390b"
DAY = dt.timedelta(days=1)
HIGH, ROOM = 16, 100
"""The height of a full bar, and what the date of a band's first night takes of its width."""
TABLE = ("findings-table", noted("what was looked at"))


@dataclass(frozen=True)
class Sheet:
    """What a picture is drawn on: nights a band and bands at most, sizes, and colours.

    `label`: room for names beside their rows; 0 puts them above. `bands`: the latest are drawn.
    """

    nights: int
    bands: int
    cell: float
    row: float
    label: float
    margin: float
    head: float
    letters: int
    ink: str = INK
    soft: str = SOFT
    accent: str = ACCENT

    @property
    def left(self) -> float:
        """Return where the first night stands."""
        return self.label + self.margin

    @property
    def nights_at(self) -> float:
        """Return where the row of nights stands below the top of its band."""
        return self.row * 2 - 6 if self.label else self.row + 8

    @property
    def width(self) -> float:
        """Return the width of the whole."""
        return self.label + 2 * self.margin + self.nights * self.cell


FILE = Sheet(61, 100, 13, 26, 190, 20, 84, 28)
PAGE = Sheet(30, 6, 11.8, 44, 0, 3, 6, 46, "var(--ink)", "var(--soft)", "var(--accent)")
"""A file of its own, and a page as wide as a phone, in the colours of the page."""


def findings_svg(found: Findings, nights: Sequence[Night]) -> str:
    """Return the picture of a diary and its findings."""
    if found.first is None or found.last is None:
        return _svg(FILE.head + FILE.margin, _("No night is logged yet"), "", [])
    height, parts = _drawn(FILE, found, nights)
    return _svg(height, title_of(found), _description(found), parts)


def findings_picture(found: Findings, nights: Sequence[Night]) -> Picture | None:
    """Return the picture for a page, the latest half year of it; None where nothing is logged."""
    if found.first is None or found.last is None:
        return None
    height, parts = _drawn(PAGE, found, nights)
    return Picture(
        id="findings",
        title=f"{title_of(found)}.",
        description=_description(found),
        width=PAGE.width,
        height=height,
        body=f'<g font-size="12" fill="{PAGE.ink}">{"".join(parts)}</g>',
        table=(TABLE[0], _(TABLE[1])),
    )


def left_out(found: Findings) -> str:
    """Return that a picture for a page shows the latest nights alone, "" where it shows all."""
    most = PAGE.nights * PAGE.bands
    if found.nights <= most:
        return ""
    return _("The picture shows the latest half year. The table is of all nights.")


def _drawn(sheet: Sheet, found: Findings, nights: Sequence[Night]) -> tuple[float, list[str]]:
    """Return (height, parts of the drawing), bands of nights from the top."""
    assert found.first is not None
    by_evening = {night.evening: night for night in nights}
    shown = _shown(found.findings)
    starts = range(0, found.nights, sheet.nights)[-sheet.bands :]
    band = sheet.nights_at + sheet.row * len(shown) + 24
    parts: list[str] = []
    for number, start in enumerate(starts):
        evenings = [
            found.first + DAY * day for day in range(start, min(start + sheet.nights, found.nights))
        ]
        parts += _band(sheet, sheet.head + number * band, evenings, by_evening, shown)
    legend = sheet.head + len(starts) * band
    parts += _legend(sheet, legend)
    return legend + (40 if sheet.label else 62), parts


def title_of(found: Findings) -> str:
    """Return the sentence that the picture shows."""
    seen = [finding for finding in found.findings if finding.state == "found"]
    if not seen or seen[0].effect is None:
        return _("Nothing written down goes with your cramps beyond chance")
    best = seen[0]
    assert best.effect is not None
    return f"{best.label[:1].upper() + best.label[1:]}: {times(best.effect)}"


def _shown(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.effect is not None][:MOST_ROWS]


def _description(found: Findings) -> str:
    rows = [", ".join(row) for row in table(found.findings)]
    logged = _("{logged} of {nights} nights logged, {with_cramps} with cramps.").format(
        logged=found.logged, nights=found.nights, with_cramps=found.with_cramps
    )
    return " ".join([logged, *(f"{row}." for row in rows[1:])])


def _band(
    sheet: Sheet,
    top: float,
    evenings: list[dt.date],
    by_evening: dict[dt.date, Night],
    shown: list[Finding],
) -> Iterator[str]:
    yield from _months(sheet, top, evenings)
    bottom = top + sheet.nights_at
    yield _name(sheet, bottom - 2, _("cramps that night"))
    for place, evening in enumerate(evenings):
        night = by_evening.get(evening)
        x = round(sheet.left + (place + 0.5) * sheet.cell, 1)
        yield night_mark(sheet, x, bottom - 7, None if night is None else night.cramps)
    for row, finding in enumerate(shown):
        y = bottom + sheet.row * (row + 1)
        found = finding.state == "found"
        yield _name(sheet, y - 2, finding.label[: sheet.letters], bold=found)
        color = sheet.accent if found else sheet.soft
        yield from _bars(sheet, y, evenings, by_evening, finding.id, color)


def _name(sheet: Sheet, y: float, words: str, *, bold: bool = False) -> str:
    """Return the name of a row, beside it or above."""
    if sheet.label:
        return _text(sheet.margin + sheet.label - 10, y, words, "end", bold=bold)
    return _text(sheet.margin, y - 21, words, "start", bold=bold)


def _months(sheet: Sheet, top: float, evenings: list[dt.date]) -> Iterator[str]:
    for place, evening in enumerate(evenings):
        if place == 0 or (evening.day == 1 and place * sheet.cell > ROOM):
            x = round(sheet.left + place * sheet.cell, 1)
            yield _text(x, top + 12, f"{evening.day} {short_month(evening)} {evening:%Y}", "start")


def night_mark(sheet: Sheet, x: float, y: float, cramps: int | None) -> str:
    """Return the sign of a night: not logged, none, 1, 2, or 3 and more, by shape."""
    ink, soft = sheet.ink, sheet.soft
    if cramps is None:
        return f'<path d="M{x - 1.5} {y}h3" stroke="{soft}" stroke-width="1"/>'
    if cramps == 0:
        return f'<circle cx="{x}" cy="{y}" r="3.5" fill="none" stroke="{soft}"/>'
    if cramps == 1:
        return f'<circle cx="{x}" cy="{y}" r="4.5" fill="{ink}"/>'
    if cramps == 2:
        return f'<path d="M{x - 4.5} {y - 7}h9v5h-9zM{x - 4.5} {y + 1}h9v5h-9z" fill="{ink}"/>'
    return f'<path d="M{x} {y - 9}l5.5 16h-11z" fill="{ink}"/>'


def _bars(
    sheet: Sheet,
    bottom: float,
    evenings: list[dt.date],
    by_evening: dict[dt.date, Night],
    name: str,
    color: str,
) -> Iterator[str]:
    """Yield a bar a day; a day not recorded is left empty, nothing (no, 0) is a thin line."""
    values = sorted(night.values[name] for night in by_evening.values() if name in night.values)
    low, high = min([0.0, *values]), values[int(MOSTLY * (len(values) - 1))] if values else 1.0
    bars = []
    for place, evening in enumerate(evenings):
        night = by_evening.get(evening)
        if night is None or name not in night.values:
            continue
        part = min((night.values[name] - low) / max(high - low, 1e-9), 1.0)
        height = max(1.0, round(part * HIGH, 1))
        x, wide = round(sheet.left + place * sheet.cell + 2, 1), round(sheet.cell - 4, 1)
        bars.append(f"M{x} {bottom}v{-height}h{wide}v{height}z")
    if bars:
        yield f'<path d="{"".join(bars)}" fill="{color}"/>'


def _legend(sheet: Sheet, top: float) -> Iterator[str]:
    words = {
        0: _("no cramp"),
        1: _("one"),
        2: _("two"),
        3: _("three or more"),
        None: _("not logged"),
    }
    x = sheet.left
    for cramps, word in words.items():
        need = 40 + 8 * len(word)
        if x > sheet.left and x + need - 22 > sheet.width:
            x, top = sheet.left, top + 22
        yield night_mark(sheet, x + 6, top + 12, cramps)
        yield _text(x + 18, top + 16, word, "start")
        x += need


def _text(x: float, y: float, words: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{weight}>{html.escape(words)}</text>'


def _svg(height: float, title: str, description: str, parts: list[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {FILE.width} {height}" role="img" '
        f'aria-labelledby="title description">\n<title id="title">{html.escape(title)}</title>\n'
        f'<desc id="description">{html.escape(description)}</desc>\n'
        f'<rect width="100%" height="100%" fill="{GROUND}"/>\n'
        f'<g font-family="Noto Sans, DejaVu Sans, Arial, sans-serif" font-size="13" '
        f'fill="{INK}">\n<text x="{FILE.margin}" y="44" font-size="20" font-weight="bold">'
        f"{html.escape(title)}</text>\n{body}\n</g>\n</svg>\n"
    )
