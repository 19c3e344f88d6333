"""A picture of nights and what went with them, as SVG; it works in grey and has its table.

Two months a band: on top the nights (five signs that differ by shape), below a row for each
exposure, the height of a bar saying how much. What was found stands first.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterator, Sequence

from nightcramp.person.finding import Finding, Findings
from nightcramp.person.night import Night
from nightcramp.report.findings import table, times

NIGHTS_A_BAND = 61
CELL, ROW, LABEL, MARGIN, HEAD = 13, 26, 190, 20, 84
MOST_ROWS = 6
MOSTLY = 0.97
"""A bar of full height is what this part of the days stays below: one feast hides no other day."""
GROUND, INK, SOFT, ACCENT = "#fbf7f0", "#211d1a", "#6b625a", "#c0390b"
DAY = dt.timedelta(days=1)


def findings_svg(found: Findings, nights: Sequence[Night]) -> str:
    """Return the picture of a diary and its findings."""
    if found.first is None or found.last is None:
        return _svg(HEAD + MARGIN, "No night is logged yet", "", [])
    by_evening = {night.evening: night for night in nights}
    shown = _shown(found.findings)
    starts = range(0, found.nights, NIGHTS_A_BAND)
    band = ROW * (len(shown) + 2) + 18
    parts: list[str] = []
    for number, start in enumerate(starts):
        evenings = [
            found.first + DAY * day
            for day in range(start, min(start + NIGHTS_A_BAND, found.nights))
        ]
        parts += _band(HEAD + number * band, evenings, by_evening, shown)
    legend = HEAD + len(starts) * band
    parts += _legend(legend)
    return _svg(legend + 40, title_of(found), _description(found), parts)


def title_of(found: Findings) -> str:
    """Return the sentence that the picture shows."""
    seen = [finding for finding in found.findings if finding.state == "found"]
    if not seen or seen[0].effect is None:
        return "Nothing written down goes with your cramps beyond chance"
    best = seen[0]
    assert best.effect is not None
    return f"{best.label[:1].upper() + best.label[1:]}: {times(best.effect)}"


def _shown(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.effect is not None][:MOST_ROWS]


def _description(found: Findings) -> str:
    rows = [", ".join(row) for row in table(found.findings)]
    logged = f"{found.logged} of {found.nights} nights logged, {found.with_cramps} with cramps."
    return " ".join([logged, *(f"{row}." for row in rows[1:])])


def _band(
    top: int, evenings: list[dt.date], by_evening: dict[dt.date, Night], shown: list[Finding]
) -> Iterator[str]:
    yield from _months(top, evenings)
    yield _text(MARGIN, top + ROW * 2 - 8, "cramps that night", "end", LABEL - 10)
    for place, evening in enumerate(evenings):
        night = by_evening.get(evening)
        x = LABEL + MARGIN + place * CELL + CELL / 2
        yield night_mark(x, top + ROW * 2 - 13, None if night is None else night.cramps)
    for row, finding in enumerate(shown):
        y = top + ROW * (row + 3) - 6
        found = finding.state == "found"
        yield _text(MARGIN, y - 2, finding.label[:28], "end", LABEL - 10, bold=found)
        color = ACCENT if found else SOFT
        yield from _bars(y, evenings, by_evening, finding.id, color)


def _months(top: int, evenings: list[dt.date]) -> Iterator[str]:
    for place, evening in enumerate(evenings):
        if evening.day == 1 or place == 0:
            x = LABEL + MARGIN + place * CELL
            yield _text(x, top + 12, f"{evening:%-d %b %Y}", "start")


def night_mark(x: float, y: float, cramps: int | None) -> str:
    """Return the sign of a night: not logged, none, 1, 2, or 3 and more, by shape."""
    if cramps is None:
        return f'<path d="M{x - 1.5} {y}h3" stroke="{SOFT}" stroke-width="1"/>'
    if cramps == 0:
        return f'<circle cx="{x}" cy="{y}" r="3.5" fill="none" stroke="{SOFT}"/>'
    if cramps == 1:
        return f'<circle cx="{x}" cy="{y}" r="4.5" fill="{INK}"/>'
    if cramps == 2:
        return f'<path d="M{x - 4.5} {y - 7}h9v5h-9zM{x - 4.5} {y + 1}h9v5h-9z" fill="{INK}"/>'
    return f'<path d="M{x} {y - 9}l5.5 16h-11z" fill="{INK}"/>'


def _bars(
    bottom: float,
    evenings: list[dt.date],
    by_evening: dict[dt.date, Night],
    name: str,
    color: str,
) -> Iterator[str]:
    """Yield a bar a day; a day not recorded is left empty, nothing (no, 0) is a thin line."""
    values = sorted(night.values[name] for night in by_evening.values() if name in night.values)
    low, high = min([0.0, *values]), values[int(MOSTLY * (len(values) - 1))] if values else 1.0
    for place, evening in enumerate(evenings):
        night = by_evening.get(evening)
        if night is None or name not in night.values:
            continue
        part = min((night.values[name] - low) / max(high - low, 1e-9), 1.0)
        height = max(1.0, round(part * (ROW - 10), 1))
        x = LABEL + MARGIN + place * CELL + 2
        yield (
            f'<rect x="{x}" y="{bottom - height}" width="{CELL - 4}" height="{height}" '
            f'fill="{color}"/>'
        )


def _legend(top: float) -> Iterator[str]:
    words = {0: "no cramp", 1: "one", 2: "two", 3: "three or more", None: "not logged"}
    x = float(LABEL + MARGIN)
    for cramps, word in words.items():
        yield night_mark(x + 6, top + 12, cramps)
        yield _text(x + 18, top + 16, word, "start")
        x += 40 + 8 * len(word)


def _text(
    x: float, y: float, words: str, anchor: str, width: float = 0, *, bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x + width}" y="{y}" text-anchor="{anchor}"{weight}>{html.escape(words)}</text>'
    )


def _svg(height: float, title: str, description: str, parts: list[str]) -> str:
    width = LABEL + 2 * MARGIN + NIGHTS_A_BAND * CELL
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="title description">\n<title id="title">{html.escape(title)}</title>\n'
        f'<desc id="description">{html.escape(description)}</desc>\n'
        f'<rect width="100%" height="100%" fill="{GROUND}"/>\n'
        f'<g font-family="Noto Sans, DejaVu Sans, Arial, sans-serif" font-size="13" '
        f'fill="{INK}">\n<text x="{MARGIN}" y="44" font-size="20" font-weight="bold">'
        f"{html.escape(title)}</text>\n{body}\n</g>\n</svg>\n"
    )
