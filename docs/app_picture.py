"""Draws the picture of the README: three pages of the example person, side by side.

python docs/app_picture.py
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent.parent / name) for name in ("tests", "benchmarks")]

from playwright.sync_api import sync_playwright

from apps import CHROMIUM, FLAGS, serving

OUT = Path(__file__).parent / "app.png"
SIZE = {"width": 390, "height": 844}
PAGES = {"/tonight": "", "/result": "figure", "/nights": ""}
"""Each page, and what of it is scrolled to."""
FRAME = """
body { margin: 0; padding: 24px; display: flex; gap: 24px; background: #fff; width: max-content; }
img { width: 300px; border-radius: 20px; border: 1px solid #ddd4c6; }
"""


def main() -> None:
    """Draw it."""
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home)) as served,
        sync_playwright() as runner,
    ):
        browser = runner.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(
            base_url=served.address, viewport=SIZE, device_scale_factor=2, has_touch=True
        )
        page = context.new_page()
        page.request.post(f"{served.address}/example")
        shown = [picture_of(page, path, part) for path, part in PAGES.items()]
        images = "".join(f'<img src="data:image/png;base64,{one}">' for one in shown)
        sheet = browser.new_page(viewport={"width": 1020, "height": 700})
        sheet.set_content(f"<style>{FRAME}</style>{images}")
        sheet.locator("body").screenshot(path=OUT)
        browser.close()
    print(f"{OUT} is drawn")


def picture_of(page: Any, path: str, part: str) -> str:
    page.goto(path)
    if part:
        page.locator(part).first.evaluate("one => one.scrollIntoView({ block: 'start' })")
    return base64.b64encode(page.screenshot()).decode()


if __name__ == "__main__":
    main()
