"""Takes a picture of every page of the app as a phone shows it, into a folder to look through.

    python docs/screenshots.py [--out build/screenshots] [--only new,example,...]

Each page stands as it comes in light and dark; where something on it opens, once more in light
with everything opened. The pages of the night look alike in both. `index.html` shows them all.
"""

from __future__ import annotations

import argparse
import html
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from playwright.sync_api import sync_playwright

from apps import CHROMIUM, FLAGS, serving
from visits import SCENES, Scene, Visit, scenes

ROOT = Path(__file__).parent.parent
HIGHEST = 12_000
"""A page longer than this is cut off: what follows looks the same."""
STILL = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".tabs { position: static !important; }");
  document.adoptedStyleSheets = [sheet];
}"""
OPEN = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
CLOSED = "document.querySelectorAll('main details:not([open])').length"
STYLE = """
body { margin: 1rem; font: 1rem/1.5 sans-serif; background: #ddd; }
nav { position: sticky; top: 0; background: #ddd; padding: 0.5rem 0; }
section { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
figure { margin: 0; } figure div { display: flex; gap: 0.5rem; align-items: flex-start; }
figcaption { font-weight: bold; } img { width: 15rem; display: block; }
"""


def main() -> None:
    """Take the pictures."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--out", type=Path, default=ROOT / "build" / "screenshots")
    told.add_argument("--only", default="", help=f"some scenes: {', '.join(SCENES)}")
    asked = told.parse_args()
    shutil.rmtree(asked.out, ignore_errors=True)
    asked.out.mkdir(parents=True)
    only = [name for name in asked.only.split(",") if name]
    taken = list(pictures(asked.out, only))
    (asked.out / "index.html").write_text(index(taken), encoding="utf-8")
    count = sum(len(files) for _scene, _name, files in taken)
    print(f"{count} pictures of {len(taken)} pages are in {asked.out}; open index.html there")


def pictures(out: Path, only: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (scene, page, names of files) of all pages, each once it is taken."""
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home)) as served,
        sync_playwright() as runner,
    ):
        browser = runner.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for scene in scenes(browser, served.address, only):
            page = scene.context.new_page()
            for number, visit in enumerate(scene.visits, 1):
                yield scene.name, visit.name, list(_taken(page, scene, number, visit, out))
        browser.close()


def _taken(page: Any, scene: Scene, number: int, visit: Visit, out: Path) -> Iterator[str]:
    visit.go(page)
    page.evaluate(STILL)
    name = f"{scene.name}-{number:02}-{visit.name}"
    is_night = page.evaluate("document.documentElement.classList.contains('night')")
    for scheme in ["light"] if is_night else ["light", "dark"]:
        page.emulate_media(color_scheme=scheme)
        yield _shot(page, out, f"{name}-{'night' if is_night else scheme}.png")
    page.emulate_media(color_scheme="light")
    if page.evaluate(CLOSED):
        page.evaluate(OPEN)
        yield _shot(page, out, f"{name}-open.png")


def _shot(page: Any, out: Path, name: str) -> str:
    height = page.evaluate("document.documentElement.scrollHeight")
    whole = {"x": 0, "y": 0, "width": 390, "height": min(height, HIGHEST)}
    page.screenshot(path=out / name, full_page=True, clip=whole, animations="disabled")
    return name


def index(taken: list[tuple[str, str, list[str]]]) -> str:
    """Return a page that shows all pictures, by scenes."""
    parts = []
    for scene in dict.fromkeys(scene for scene, _name, _files in taken):
        parts.append(f'<h2 id="{scene}">{scene}</h2><section>')
        parts += [_figure(name, files) for of, name, files in taken if of == scene]
        parts.append("</section>")
    links = " · ".join(f'<a href="#{name}">{name}</a>' for name in SCENES)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>All pages</title>'
        f"<style>{STYLE}</style><nav>{links}</nav>{''.join(parts)}</html>\n"
    )


def _figure(name: str, files: list[str]) -> str:
    shown = "".join(
        f'<a href="{file}"><img loading="lazy" src="{file}" alt="{html.escape(file)}"></a>'
        for file in files
    )
    return f"<figure><figcaption>{html.escape(name)}</figcaption><div>{shown}</div></figure>"


if __name__ == "__main__":
    main()
