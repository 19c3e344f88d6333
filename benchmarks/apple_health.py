"""Speed and memory of reading an Apple Health export, against others on the same file.

    python benchmarks/apple_health.py --megabytes 100 1000 --packages 100

Each reading runs in its own process, so that its peak memory is its own. Bare expat (handlers that
do nothing) and lxml's iterparse (doing nothing, clearing as it goes) read and throw away; the
packages of others import into SQLite or data frames. `--packages`: the largest file they are given
(they take minutes for a gigabyte). Ratios within one run count; absolute speeds move.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from make_apple_export import BYTES_A_DAY, days_before, make_export

REPEATS = 3


def nightcramp(path: Path) -> None:
    """Read everything into nights and facts."""
    from nightcramp.intake.apple_health.reader import read_apple_health
    from nightcramp.knowledge.loader import knowledge

    assert read_apple_health(path, knowledge()).nights


def bare_expat(path: Path) -> None:
    """Parse with start and end handlers that do nothing."""
    from xml.parsers import expat

    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: None
    parser.EndElementHandler = lambda name: None
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 15):
            parser.Parse(chunk, False)
    parser.Parse(b"", True)


def bare_expat_starts(path: Path) -> None:
    """Parse with a start handler alone, that does nothing."""
    from xml.parsers import expat

    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: None
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 15):
            parser.Parse(chunk, False)
    parser.Parse(b"", True)


def lxml_iterparse(path: Path) -> None:
    """Visit every element, clear it and what went before."""
    from lxml import etree

    for _, element in etree.iterparse(str(path), huge_tree=True):
        element.clear(keep_tail=False)
        while element.getprevious() is not None:
            del element.getparent()[0]


def healthkit_to_sqlite(path: Path) -> None:
    """Import into SQLite."""
    from healthkit_to_sqlite.cli import cli

    with tempfile.TemporaryDirectory() as folder:
        cli([str(path), f"{folder}/health.db", "--xml", "--silent"], standalone_mode=False)


def apple_health_parser(path: Path) -> None:
    """Parse every record type into the package's data frames; it takes a zip alone (stored)."""
    from apple_health_parser.utils.parser import Parser

    packed = path.with_suffix(".zip")
    with tempfile.TemporaryDirectory() as folder:
        parser = Parser(export_file=str(packed), output_dir=folder, overwrite=True)
        for flag in parser.flags:
            with contextlib.suppress(AttributeError):  # fails on sleep without a time zone
                parser.get_flag_records(flag=flag)


READERS: dict[str, Callable[[Path], None]] = {
    reader.__name__: reader
    for reader in (
        nightcramp,
        bare_expat,
        bare_expat_starts,
        lxml_iterparse,
        healthkit_to_sqlite,
        apple_health_parser,
    )
}
PACKAGES = ("healthkit_to_sqlite", "apple_health_parser")


def measure(name: str, path: Path) -> dict[str, float]:
    """Return seconds and peak megabytes of one reader in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", name, str(path)], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def one(name: str, path: Path) -> None:
    """Read once, after a day of warming up; print seconds and peak resident megabytes."""
    import resource

    READERS[name](path.with_name("export_of_a_day.xml"))
    start, used = time.perf_counter(), time.process_time()
    READERS[name](path)
    wall, cpu = time.perf_counter() - start, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak}))


def compare(size: float, largest: float, folder: Path, repeats: int) -> None:
    """Print one line a reader for a file of `size` megabytes."""
    path = folder / "export.xml"
    day = folder / "export_of_a_day.xml"
    make_export(day, days_before(1))
    make_export(path, days_before(max(1, round(size * 1e6 / BYTES_A_DAY))))
    megabytes = path.stat().st_size / 1e6
    print(f"\n{megabytes:.0f} MB", flush=True)
    for file in (day, path) if megabytes <= largest * 1.1 else ():
        with zipfile.ZipFile(file.with_suffix(".zip"), "w", zipfile.ZIP_STORED) as archive:
            archive.write(file, f"apple_health_export/{file.name}")
    best: dict[str, dict[str, float]] = {}
    for turn in range(repeats):
        for name in READERS:
            package = name in PACKAGES
            if package and (turn or megabytes > largest * 1.1):
                continue
            try:
                found = measure(name, path)
            except RuntimeError as error:
                print(f"  {name:22} failed: {str(error).splitlines()[-1][:100]}", flush=True)
                continue
            if name not in best or found["cpu"] < best[name]["cpu"]:
                best[name] = found
    base = best["bare_expat"]["cpu"]
    for name, found in best.items():
        print(
            f"  {name:22}{megabytes / found['cpu']:8.1f} MB/s{found['cpu']:9.2f} s"
            f"  x{found['cpu'] / base:6.2f} of bare expat  peak {found['peak']:7.1f} MB"
            f"  (wall {found['wall']:.2f} s)"
        )
    path.unlink()


def main() -> None:
    """Run the comparison, or one reader when called by it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megabytes", type=float, nargs="+", default=[100.0])
    parser.add_argument("--packages", type=float, default=100.0)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one(given.one[0], Path(given.one[1]))
        return
    folder = Path(tempfile.mkdtemp(prefix="apple-benchmark-"))
    os.environ.setdefault("PYTHONHASHSEED", "0")
    try:
        for size in given.megabytes:
            compare(size, given.packages, folder, given.repeats)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
