"""What must hold for any page that a person sees: each check lists the faults of the page as it is.

The rules are those of WCAG 2.2 AA (by axe-core) and the project's own: large targets, red nights.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules of axe-core that depend on light and dark; all others see the same page."""
DAY, NIGHT = 48, 56
PHONE = {"width": 390, "height": 844}
ZOOMED = {"width": 320, "height": 256}
"""What 1280 by 1024 px come to at 400 %."""
AXE = Axe().axe_script
LOOK = (Path(__file__).parent / "page_checks.js").read_text(encoding="utf-8").strip()
NAMELESS = re.compile(
    r"""^\s*-\s'?(?:button|link|checkbox|radio|textbox|searchbox|combobox|listbox|spinbutton|slider
    |switch|img|progressbar|meter|region|table|alertdialog|dialog)(?!\s"|\s/)(?=[:\s'\[]|$).*""",
    re.VERBOSE | re.MULTILINE,
)
READ_PIXELS = """async (data) => {
  const picture = await createImageBitmap(await (await fetch(data)).blob());
  const { width, height } = picture, canvas = new OffscreenCanvas(width, height);
  const brush = canvas.getContext("2d");
  brush.drawImage(picture, 0, 0);
  const found = [0, 0, 0];
  const { data: parts } = brush.getImageData(0, 0, width, height);
  for (let place = 0; place < parts.length; place += 1) {
    if (place % 4 < 3 && parts[place] > found[place % 4]) found[place % 4] = parts[place];
  }
  return found;
}"""


def look(page: Any, check: str, *told: Any) -> list[str]:
    """Return the faults that one check finds."""
    found: list[str] = page.evaluate(f"(told) => {LOOK}.{check}(...told)", list(told))
    return [f"{check}: {fault}" for fault in found]


def axe(page: Any, rules: list[str] | None = None, without: list[str] | None = None) -> list[str]:
    """Return the violations that axe-core finds, of all rules of WCAG 2.2 AA or of some.

    What stays at the edge of the screen stands still meanwhile: it covers nothing for good.
    """
    look(page, "still", True)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    off = {name: {"enabled": False} for name in without or ()}
    options = {"runOnly": only, "rules": off, "resultTypes": ["violations"], "preload": False}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("(how) => axe.run(how).then((found) => found.violations)", options)
    look(page, "still", False)
    return [
        f"axe {one['id']}: {node['html'][:100]} {node.get('failureSummary', '')[:200]}"
        for one in found
        for node in one["nodes"]
    ]


def nameless(page: Any) -> list[str]:
    """Return the controls and pictures of which a screen reader can say nothing."""
    heard = page.locator("body").aria_snapshot()
    return [f"no name: {found.group().strip()}" for found in NAMELESS.finditer(heard)]


def is_night(page: Any) -> bool:
    """Return whether this is a page for the night."""
    return bool(page.evaluate("document.documentElement.classList.contains('night')"))


def faults(page: Any, language: str = "en", *, seen_before: bool = False) -> list[str]:
    """Return all that is wrong with the page, as it comes and with everything on it opened.

    `seen_before`: its colours were looked at by axe-core in another state. The page is left as
    wide as a phone, in light. Contrast is seen twice: by axe-core, which cannot tell of words in
    pictures, and by the check beside it.
    """
    found = look(page, "headings")
    if not seen_before:
        found += axe(page)
        page.emulate_media(color_scheme="dark")
        found += axe(page, OF_COLOURS)
        page.emulate_media(color_scheme="light")
    look(page, "open")
    found += axe(page, without=["color-contrast"])
    found += of_project(page, language)
    return list(dict.fromkeys(found))


def of_project(page: Any, language: str = "en") -> list[str]:
    """Return the faults that the project's own checks find on a page with everything opened."""
    dark_of_night = is_night(page)
    found = look(page, "targets", NIGHT if dark_of_night else DAY)
    for check in ("order", "names", "headings", "pictures", "contrast", "spread"):
        found += look(page, check)
    found += look(page, "landmarks", language)
    found += nameless(page)
    page.keyboard.press("Tab")
    found += look(page, "focus")
    if dark_of_night:
        found += look(page, "night")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += look(page, "contrast")
    found += look(page, "motion")
    page.set_viewport_size(ZOOMED)
    found += look(page, "sideways")
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return found


def brightest(blank: Any, picture: bytes) -> tuple[int, int, int]:
    """Return the most red, green and blue in a picture, read by an empty page of the browser."""
    import base64

    data = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    red, green, blue = blank.evaluate(READ_PIXELS, data)
    return red, green, blue
