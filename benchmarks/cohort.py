"""How fast a population is screened, and by how much more than the least that has to be done.

    cohort.py [--people 100000] [--folder FOLDER] [--memory 4GB] [--only screen,alone,spark,shares]

Made-up OMOP data (omop_generator.py) of that many people are made in the folder unless they are
there. In one run: the floor (cohort_floor.py: a bare scan and group-by in DuckDB), the screening
of everyone with its tables and report, the code that assesses one person in a loop over some of
them, the same screening by Spark on this machine, and the shares of 20 factors. Memory is the
most that a process and all its children held at one time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import cohort_floor
import omop_generator

ALONE = 400
PARTS = ("screen", "alone", "spark", "shares")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Took:
    """Seconds, and the most memory in MB."""

    seconds: float
    megabytes: float


def screened(address: str, memory: str, out: Path, *more: str) -> Took:
    """Return what a screening of everyone takes, as a command of its own."""
    command = [sys.executable, "-m", "nightcramp.cli.main", "cohort", "screen"]
    command += ["--cdm", address, "--out", str(out), "--everyone", "--memory", memory, *more]
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        most = [0.0]
        watching = threading.Thread(target=_watch, args=(process, most), daemon=True)
        watching.start()
        code = process.wait()
    if code:
        raise SystemExit(f"the screening ended with {code}")
    return Took(time.perf_counter() - begun, most[0])


def _watch(process: subprocess.Popen[bytes], most: list[float]) -> None:
    while process.poll() is None:
        held = sum(_held(one) for one in (process.pid, *_children(process.pid)))
        most[0] = max(most[0], held / 1e6)
        time.sleep(0.1)


def _held(process: int) -> int:
    """Return the bytes a process holds for itself: what it shares with others is left out."""
    try:
        _size, resident, shared, *_rest = Path(f"/proc/{process}/statm").read_text().split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * PAGE


def _children(process: int) -> Iterator[int]:
    try:
        tasks = Path(f"/proc/{process}/task").iterdir()
        found = {int(c) for task in tasks for c in (task / "children").read_text().split()}
    except OSError:
        return
    for child in found:
        yield child
        yield from _children(child)


def alone(folder: Path, count: int) -> float:
    """Return the seconds that the code for one person takes for one of them."""
    from nightcramp.assess.known import Known
    from nightcramp.assess.picture import picture
    from nightcramp.cohort.people.one import listed
    from nightcramp.cohort.people.person import seen
    from nightcramp.cohort.source.address import opened
    from nightcramp.cohort.source.arrays import arrays
    from nightcramp.cohort.source.database import read_source
    from nightcramp.cohort.weigh.reading import wanted_by
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.person.facts import Facts

    with opened(str(folder)) as database:
        source = read_source(database, knowledge())
        events = source.ordered(wanted_by(knowledge()))
        events = events.filter(events.person <= count)
        rows = arrays(events.to_pyarrow().combine_chunks())
    begins = np.flatnonzero(np.append(True, rows.person[1:] != rows.person[:-1]))
    begun = time.perf_counter()
    people = 0
    for begin, end in zip(begins, np.append(begins[1:], len(rows)), strict=True):
        one = seen(listed(rows.where(slice(begin, end)), source.tokens), knowledge())
        if one:
            facts = Facts(knowledge(), one.facts)
            picture(Known(facts), Known(facts, cautious=True))
            people += 1
    return (time.perf_counter() - begun) / max(people, 1)


def shares(factors: int = 20, people: int = 200_000) -> float:
    """Return how many people a second the shares of so many factors are worked out for."""
    from nightcramp.cohort.weigh.weighing import shares_of

    inverse = np.random.default_rng(1).uniform(0.3, 1.0, people * factors)
    who = np.repeat(np.arange(people), factors)
    shares_of(who, inverse)
    begun = time.perf_counter()
    shares_of(who, inverse)
    return people / (time.perf_counter() - begun)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--only", default=",".join(PARTS))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder and asked.folder.parent) as scratch:
        folder = asked.folder or Path(scratch) / "cdm"
        if not folder.exists():
            omop_generator.generate(asked.people, folder)
        _measure(folder, asked.only.split(","), asked.memory, Path(scratch))


def _measure(folder: Path, only: list[str], memory: str, scratch: Path) -> None:
    least = cohort_floor.measured(folder, memory)
    people = least.people
    _say("floor", Took(least.total, least.megabytes), people, least.total)
    if "screen" in only:
        for name, more in (("rows only", ("--no-report",)), ("with report", ())):
            _say(name, screened(str(folder), memory, scratch / "out", *more), people, least.total)
            shutil.rmtree(scratch / "out")
    if "alone" in only:
        each = alone(folder, min(people, ALONE))
        print(f"{'one by one':12} {1 / each:12,.0f} people/s, {each * people:,.0f} s for all")
    if "spark" in only:
        address = f"spark:{folder}"
        took = screened(address, memory, scratch / "out", "--no-report")
        _say("Spark", took, people, least.total)
    if "shares" in only:
        print(f"{'shares':12} {shares():12,.0f} people/s for 20 factors")


def _say(name: str, took: Took, people: int, least: float) -> None:
    speed = people / took.seconds
    print(
        f"{name:12} {speed:12,.0f} people/s {took.seconds:8.1f} s "
        f"{took.seconds / least:6.1f} times the floor {took.megabytes:8,.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
