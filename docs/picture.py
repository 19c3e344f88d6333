"""Draws the pictures of the README: an example person's page, and an example diary's findings."""

from __future__ import annotations

import html
from pathlib import Path

from nightcramp.assess.assessment import assess
from nightcramp.assess.known import Known
from nightcramp.diary.findings import findings_of
from nightcramp.intake.formats import read_any
from nightcramp.intake.merge import merged, read_facts
from nightcramp.knowledge.loader import knowledge
from nightcramp.report.findings_picture import findings_svg
from nightcramp.report.terminal import assessment_text

ROOT = Path(__file__).parent.parent
LINE, LETTER, MARGIN, LINES = 19, 8.45, 22, 48
INK, GROUND, ACCENT = "#e8e2d6", "#1d1b19", "#ff8a65"


def picture(text: str) -> str:
    """Return an SVG of the first lines of a page of text."""
    lines = text.splitlines()[:LINES]
    width = MARGIN * 2 + round(78 * LETTER)
    height = MARGIN * 2 + LINE * len(lines)
    rows = "\n".join(_row(i, line, lines) for i, line in enumerate(lines))
    label = "The page that nightcramp prints for the example person; its text is in the README."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{label}">\n<rect width="100%" height="100%" rx="10" fill="{GROUND}"/>\n'
        f'<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">\n'
        f"{rows}\n</g>\n</svg>\n"
    )


def _row(index: int, line: str, lines: list[str]) -> str:
    following = lines[index + 1] if index + 1 < len(lines) else ""
    title = bool(line) and following.startswith("---")
    color = ACCENT if title else INK
    weight = ' font-weight="bold"' if title else ""
    y = MARGIN + LINE * (index + 1) - 5
    return (
        f'<text x="{MARGIN}" y="{y}" fill="{color}"{weight} xml:space="preserve">'
        f"{html.escape(line)}</text>"
    )


def findings_picture(diary: Path) -> str:
    """Return the picture of what an example diary shows."""
    reading = read_any(knowledge(), diary)
    found = findings_of(reading.nights, Known(merged([reading])))
    return findings_svg(found, reading.nights)


if __name__ == "__main__":
    found = assess(read_facts([ROOT / "examples" / "margaret.yaml"]))
    page = assessment_text(found, knowledge())
    (ROOT / "docs" / "assessment.svg").write_text(picture(page), encoding="utf-8")
    nights = findings_picture(ROOT / "examples" / "nights.csv")
    (ROOT / "docs" / "findings.svg").write_text(nights, encoding="utf-8")
