"""Resources a second of reading FHIR, as ratios inside one run on the same files.

`python benchmarks/fhir.py [FOLDER]`: every bundle in the folder (default: the shared ones) is
read by us (open to facts), by `json.loads` alone, and by fhir.resources (R4B) where installed.
Then one bulk export of a single person, 100 times as large, shows time and memory as it grows.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nightcramp.intake.fhir.reader import read_fhir
from nightcramp.knowledge.loader import knowledge

sys.path.pop(0)  # this folder holds a fhir.py, which would hide the package `fhir`

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data" / "fhir"
FIXTURE = ROOT / "tests" / "fixtures" / "fhir"
TIMES = 7
GROWN = (1, 10, 100)
MEASURE = """
import resource, sys, time
from pathlib import Path
from nightcramp.intake.fhir.reader import read_fhir
from nightcramp.knowledge.loader import knowledge
knowledge(); start = time.perf_counter()
reading = read_fhir(Path(sys.argv[1]), knowledge())
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def best(run: Callable[[], Any], times: int = TIMES) -> float:
    """Return the shortest time of several runs, in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def compare(files: list[Path]) -> None:
    """Print the resources a second of each way of reading the files."""
    count = sum(len(json.loads(path.read_bytes())["entry"]) for path in files)
    size = sum(path.stat().st_size for path in files) / 1e6
    ours = best(lambda: [read_fhir(path, knowledge()) for path in files])
    plain = best(lambda: [json.loads(path.read_bytes()) for path in files])
    print(f"{len(files)} bundles, {count} resources, {size:.1f} MB")
    print(f"nightcramp, file to facts   {count / ours:10,.0f} resources/s")
    print(
        f"json.loads alone            {count / plain:10,.0f}   ours / json.loads {ours / plain:.2f}"
    )
    if importlib.util.find_spec("fhir") is None:
        print("fhir.resources is not installed")
        return
    from fhir.resources.R4B.bundle import Bundle

    small = min(files, key=lambda path: path.stat().st_size)
    part = len(json.loads(small.read_bytes())["entry"])
    Bundle.model_validate_json(small.read_bytes())
    theirs = best(lambda: Bundle.model_validate_json(small.read_bytes()), 3) / part
    mine = best(lambda: read_fhir(small, knowledge())) / part
    print(f"fhir.resources R4B          {1 / theirs:10,.0f}   {theirs / mine:.0f} times slower")


def grow(path: Path) -> None:
    """Print time and memory for one person's record repeated 1, 10 and 100 times."""
    entries = json.loads(path.read_bytes())["entry"]
    with tempfile.TemporaryDirectory() as folder:
        for times in GROWN:
            large = Path(folder) / "export.ndjson"
            with large.open("w", encoding="utf-8") as out:
                for turn in range(times):
                    for entry in entries:
                        resource = dict(entry["resource"])
                        if resource["resourceType"] != "Patient":
                            resource["id"] += f"-{turn}"
                        elif turn:
                            continue
                        resource.pop("subject", None)
                        out.write(json.dumps(resource) + "\n")
            command = [sys.executable, "-c", MEASURE, str(large)]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            seconds, memory = map(float, told.split())
            size = large.stat().st_size / 1e6
            speed = f"{size / seconds:5.0f} MB/s"
            print(f"NDJSON {size:7.1f} MB: {speed}, {memory / 1024:5.0f} MB of memory")


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED
    chosen = sorted((given if given.is_dir() else FIXTURE).glob("*.json"))
    compare(chosen)
    grow(max(chosen, key=lambda path: path.stat().st_size))
