"""Time and size of the page for a visit: typst beside WeasyPrint with the same content.

    visit_pdf.py [--runs 10]

Each run sets another page, since typst remembers what it has set. WeasyPrint sets the web page of
the same person with its print style sheet; it is skipped where it
is not installed (`pip install weasyprint`, and Debian's libpango-1.0-0 and libpangoft2-1.0-0).
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import count

from msgspec import Struct
from msgspec.structs import replace

NOW = dt.datetime(2026, 11, 18, 9, tzinfo=dt.UTC)


def example_page() -> tuple[Struct, str]:
    """Return the page of the example person, as its contract and as HTML."""
    import msgspec
    from starlette.testclient import TestClient

    from nightcramp.app.server import create_app
    from nightcramp.report.visit import DoctorPage

    client = TestClient(create_app(), base_url="http://localhost")
    client.post("/example")
    page = msgspec.json.decode(client.get("/api/doctor").content, type=DoctorPage)
    return page, client.get("/doctor").text


def timed(name: str, make: Callable[[], bytes], runs: int) -> float:
    """Print the first and the middle time, and the size; return the middle time."""
    took = []
    content = b""
    for _ in range(runs + 1):
        begun = time.perf_counter()
        content = make()
        took.append(time.perf_counter() - begun)
    middle = statistics.median(took[1:])
    print(f"{name:12} first {took[0]:.2f} s   then {middle:.3f} s   {len(content) / 1000:.0f} kB")
    return middle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        os.environ["NIGHTCRAMP_HOME"] = home
        page, html = example_page()
    from nightcramp.report.visit_pdf import visit_pdf

    people = count(30)

    def ours_of_another() -> bytes:
        return visit_pdf(replace(page, who=f"{next(people)} years"), NOW)

    ours = timed("typst", ours_of_another, runs)
    try:
        import weasyprint
    except (ImportError, OSError):
        print("WeasyPrint is not installed, so there is nothing to compare with")
        return
    from nightcramp.app.templating import STATIC

    style = weasyprint.CSS(filename=str(STATIC / "nightcramp.css"))

    def theirs() -> bytes:
        made = weasyprint.HTML(string=html).write_pdf(stylesheets=[style], pdf_variant="pdf/ua-1")
        return bytes(made or b"")

    other = timed("WeasyPrint", theirs, runs)
    print(f"typst takes {ours / other:.3f} of the time of WeasyPrint")


if __name__ == "__main__":
    main()
