"""What the pages of the app weigh and how soon they are there, measured as Lighthouse does.

    app_pages.py [--runs 5] [--slow-network] [--lighthouse]

On Debian's Chromium, a phone's screen, with an empty cache each time and the CPU slowed four
times: bytes on the wire, largest contentful paint, layout shift; for the button of the night, how
long a tap waits until something is done about it, and how soon what helps is painted. Beside each
time, in the same run, that of a bare page of one sentence from the same kind of server.
`--slow-network` adds what Lighthouse takes for a slow phone line: 150 ms and 1.6 Mbit/s.
`--lighthouse` asks Lighthouse itself through `npx` (it is fetched from npm at the first time).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from playwright.sync_api import sync_playwright

from apps import CHROMIUM, FLAGS, PHONE, serving
from nightcramp.app.shells import ASSETS, PATHS

MOST_FIRST = 60_000
"""Bytes the first page may take, all in."""
SLOWER = 4
SLOW_LINE = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_638_400 / 8,
    "uploadThroughput": 768_000 / 8,
}
PAGES = (
    *("/", "/tonight", "/tonight/relief", "/morning", "/interview", "/records", "/nights"),
    *("/findings", "/trial", "/trial/1", "/result", "/result/others", "/doctor", "/evidence"),
    *("/settings", "/more"),
)
BARE = textwrap.dedent(
    """
    import socket, uvicorn
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse
    from starlette.routing import Route

    async def page(request):
        return HTMLResponse("<!doctype html><title>Bare</title><h1>A page of one sentence.</h1>")

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    print("bare is at http://127.0.0.1:%d/" % listener.getsockname()[1], flush=True)
    app = Starlette(routes=[Route("/", page)])
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run([listener])
    """
)
WATCH = """
window.seen = { lcp: 0, cls: 0 };
const watch = (type, note, durationThreshold = 16) => {
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(note));
  observer.observe({ type, buffered: true, durationThreshold });
};
watch("largest-contentful-paint", (one) => { window.seen.lcp = one.startTime; });
watch("layout-shift", (one) => { if (!one.hadRecentInput) window.seen.cls += one.value; });
const tell = (name, value) => sessionStorage.setItem(name, value);
watch("first-input", (one) => tell("delay", one.processingStart - one.startTime));
watch("event", (one) => {
  const before = +sessionStorage.getItem("lasted");
  if (/^(pointer|click)/.test(one.name)) tell("lasted", Math.max(one.duration, before));
});
const now = () => performance.timeOrigin + performance.now();
addEventListener("pointerup", () => tell("pressed", now()), true);
"""
PAINTED = """() => {
  const first = performance.getEntriesByName("first-contentful-paint")[0];
  return first ? performance.timeOrigin + first.startTime : null;
}"""


@dataclass
class Load:
    """One load of a page: bytes by address, and what the browser saw."""

    wire: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    lcp: float = 0.0
    cls: float = 0.0

    @property
    def bytes(self) -> int:
        """Return all bytes on the wire, with headers."""
        return sum(self.wire.values())

    @property
    def html(self) -> int:
        """Return the bytes of the page itself."""
        pages = [body for address, body in self.bodies.items() if "/static/" not in address]
        return len(pages[0]) if pages else 0

    @property
    def saved(self) -> int:
        """Return how many bytes gzip would spare."""
        return sum(len(body) - len(gzip.compress(body, 6)) for body in self.bodies.values())


def main() -> None:
    """Measure and print."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--runs", type=int, default=5)
    told.add_argument("--slow-network", action="store_true")
    told.add_argument("--lighthouse", action="store_true")
    told.add_argument("--only", choices=["pages", "taps"], help="leave the rest out")
    asked = told.parse_args()
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home)) as served,
        bare() as plain,
        sync_playwright() as runner,
    ):
        browser = runner.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        print(f"{browser.version=} cpus={os.cpu_count()} load={os.getloadavg()[0]:.1f}")
        line = SLOW_LINE if asked.slow_network else None
        if asked.only != "taps":
            show(list(measured(browser, served.address, plain, line, asked.runs)))
            print(f"\nkept by the service worker, once: {kept(served.address, browser):,} bytes")
        if asked.only != "pages":
            tell_presses([press(browser, served.address, line) for _run in range(asked.runs)])
        browser.close()
        if asked.lighthouse:
            lighthouse(served.address)


Row = tuple[str, list[Load], list[Load]]


def measured(browser: Any, address: str, plain: str, line: Any, runs: int) -> Iterator[Row]:
    """Yield (page, its loads, those of the bare page between them), the first page first."""
    for path in ("", *PAGES):
        loads, beside = [], []
        for _run in range(runs):
            beside.append(load(browser, plain, "/", line))
            loads.append(load(browser, address, path or "/", line, example=bool(path)))
        yield path or "first page, nothing told yet", loads, beside


@contextmanager
def bare() -> Iterator[str]:
    """Serve a page of one sentence; yield its address."""
    command = [sys.executable, "-c", BARE]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split(" is at ")[1].strip().rstrip("/")
    finally:
        process.terminate()
        process.communicate(timeout=10)


@contextmanager
def visitor(browser: Any, address: str, line: Any, *, example: bool, worker: bool) -> Iterator[Any]:
    """Yield a page of a new browser with an empty cache on a slow phone."""
    workers = "allow" if worker else "block"
    context = browser.new_context(base_url=address, service_workers=workers, **PHONE)
    if example:
        context.request.post("/example")
    page = context.new_page()
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    if line:
        session.send("Network.emulateNetworkConditions", line)
    page.session = session
    yield page
    context.close()


def load(browser: Any, address: str, path: str, line: Any, *, example: bool = False) -> Load:
    """Load a page once with an empty cache."""
    found, names = Load(), {}
    with visitor(browser, address, line, example=example, worker=False) as page:
        page.session.on(
            "Network.responseReceived",
            lambda told: names.update({told["requestId"]: told["response"]["url"]}),
        )
        page.session.on(
            "Network.loadingFinished",
            lambda told: found.wire.update({told["requestId"]: int(told["encodedDataLength"])}),
        )
        page.goto(path, wait_until="networkidle")
        page.wait_for_timeout(300)
        seen = page.evaluate("window.seen")
        found.lcp, found.cls = seen["lcp"], seen["cls"]
        for request in list(found.wire):
            found.bodies[names[request]] = _body(page.session, request)
    return found


def _body(session: Any, request: str) -> bytes:
    import base64

    told = session.send("Network.getResponseBody", {"requestId": request})
    body = told["body"]
    return base64.b64decode(body) if told["base64Encoded"] else body.encode()


def press(browser: Any, address: str, line: Any) -> dict[str, float]:
    """Tap the button of the night; return what the tap waited, and when what helps was painted."""
    with visitor(browser, address, line, example=False, worker=True) as page:
        page.goto("/tonight", wait_until="networkidle")
        page.get_by_role("button", name="Cramp now").tap()
        page.wait_for_url("**/tonight/relief")
        painted = None
        while painted is None:
            page.wait_for_timeout(50)
            painted = page.evaluate(PAINTED)
        told = page.evaluate("({ ...sessionStorage })")
    return {
        "delay": float(told.get("delay", "nan")),
        "lasted": float(told.get("lasted", 0)),
        "helped": painted - float(told["pressed"]),
    }


def kept(address: str, browser: Any) -> int:
    """Return how many bytes the service worker fetches to work without a connection."""
    from nightcramp.app.templating import static

    context = browser.new_context(base_url=address)
    paths = [f"/shell/en/{name}" for name in PATHS] + [static(name) for name in ASSETS]
    size = sum(len(context.request.get(path).body()) for path in [*paths, "/sw.js?lang=en"])
    context.close()
    return size


def show(rows: list[Row]) -> None:
    """Print the table of pages."""
    print(
        f"\n{'page':30} {'bytes':>8} {'html':>8} {'gzip':>8} {'LCP ms':>7} {'bare':>6} ratio  CLS"
    )
    for name, loads, beside in rows:
        one = loads[0]
        lcp = statistics.median(found.lcp for found in loads)
        plain = statistics.median(found.lcp for found in beside)
        print(
            f"{name:30} {one.bytes:8,} {one.html:8,} {one.bytes - one.saved:8,} {lcp:7.0f} "
            f"{plain:6.0f} {lcp / plain:5.1f}  {max(found.cls for found in loads):.3f}"
        )
    first = rows[0][1][0]
    for address, body in first.bodies.items():
        print(f"   {address.rpartition('/')[2][:40]:40} {len(body):7,}")
    verdict = "holds" if first.bytes <= MOST_FIRST else "is broken"
    print(f"first page: {first.bytes:,} of {MOST_FIRST:,} bytes; the limit {verdict}")


def tell_presses(presses: list[dict[str, float]]) -> None:
    """Print what came of the taps."""
    middle = {name: statistics.median(one[name] for one in presses) for name in presses[0]}
    worst = {name: max(one[name] for one in presses) for name in presses[0]}
    print(f"“Cramp now”, {len(presses)} taps, median (worst), ms:")
    print(f"   a tap waits until something is done: {middle['delay']:.1f} ({worst['delay']:.1f})")
    print(f"   until the screen answers: {middle['lasted']:.0f} ({worst['lasted']:.0f})")
    print(f"   until what helps is painted: {middle['helped']:.0f} ({worst['helped']:.0f})")


def lighthouse(address: str) -> None:
    """Print what Lighthouse says of the first page and the night's."""
    for path in ("/", "/tonight"):
        command = ["npx", "--yes", "lighthouse", f"{address}{path}", "--quiet", "--output=json"]
        flags = "--headless=new " + " ".join(FLAGS)
        chrome = {**os.environ, "CHROME_PATH": CHROMIUM}
        done = subprocess.run(
            [*command, f"--chrome-flags={flags}"], capture_output=True, text=True, env=chrome
        )
        if done.returncode:
            print(f"Lighthouse did not run: {done.stderr.strip()[-400:]}")
            return
        found = json.loads(done.stdout)
        scores = {name: one["score"] for name, one in found["categories"].items()}
        audits = ("largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")
        values = {name: found["audits"][name]["displayValue"] for name in audits}
        bad = [name for name, one in found["audits"].items() if one["score"] == 0]
        print(f"Lighthouse {found['lighthouseVersion']} {path}: {scores} {values} not met: {bad}")


if __name__ == "__main__":
    main()
