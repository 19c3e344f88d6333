"""What a phone keeps to open without a connection: pages that know nobody, and the worker's script.

The pages are made without a request, so no name and no health fact can be in them.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable

import msgspec
from msgspec import Struct

from nightcramp.app.pages.morning import MorningPage
from nightcramp.app.pages.tonight import TonightPage, relief_page
from nightcramp.app.templating import STATIC, Frame, render, static
from nightcramp.language import speaking

PATHS = {
    "tonight": "/tonight",
    "relief": "/tonight/relief",
    "morning": "/morning",
    "offline": "",
}
ASSETS = ("nightcramp.css", "nightcramp.js", "icons.svg", "icon.svg")


def shell(name: str, code: str) -> str:
    """Return a page as everybody's phone keeps it, in a language; raises KeyError for another."""
    pages: dict[str, Callable[[], Struct]]
    pages = {"tonight": TonightPage, "relief": relief_page, "morning": MorningPage}
    with speaking(code):
        page = pages[name]() if name in pages else None
        return render(f"{name}.html", page, Frame(path=PATHS[name]))


@functools.lru_cache(maxsize=8)
def worker(code: str) -> str:
    """Return the script of the service worker: the queue of the pages, and what to keep.

    It changes whenever anything that it keeps does, so that phones take the new one.
    """
    shells = {path: f"/shell/{code}/{name}" for name, path in PATHS.items()}
    made = "".join(shell(name, code) for name in PATHS)
    script = (STATIC / "nightcramp.js").read_text() + (STATIC / "sw.js").read_text()
    assets = [static(name) for name in ASSETS]
    digest = hashlib.sha256(f"{made}{script}{assets}".encode()).hexdigest()[:12]
    kept = {"cache": f"nightcramp-{code}-{digest}", "shells": shells, "assets": assets}
    return f"const KEPT = {msgspec.json.encode(kept).decode()};\n{script}"
