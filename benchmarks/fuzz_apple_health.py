"""Feeds broken exports to the reader: anything but a reading or an InputError is a fault.

    python benchmarks/fuzz_apple_health.py 1000000            # own mutations, any machine
    python benchmarks/fuzz_apple_health.py 1000000 --atheris  # guided by coverage

Most inputs are XML in which bytes, attributes and whole entries of a small export are changed,
copied and swapped; each twentieth is a zip changed the same way. A fault is kept in a file beside
the count at which it came.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from make_apple_export import Writer, days_before
from nightcramp.errors import InputError
from nightcramp.intake.apple_health.reader import read_apple_health
from nightcramp.knowledge.loader import knowledge

MEMORY = Path("/dev/shm")
PIECES = [
    *(
        b"<",
        b">",
        b"/>",
        b'"',
        b"&",
        b"&lt;",
        b"&#0;",
        b"&#x10FFFF;",
        b"\0",
        b"\x0b",
        b"\xff",
        b"]]>",
    ),
    *(
        b"<Record ",
        b"</Record>",
        b"<Workout ",
        b"<Correlation>",
        b"</Correlation>",
        b"<!--",
        b"-->",
    ),
    *(b"<!ENTITY a 'b'>", b"<!DOCTYPE HealthData [", b"<![CDATA[", b"<?x ?>", b"</HealthData>"),
    *(b"20205-01-01", b"4001-01-01", b"0000-00-00", b"1e999", b"-1", b"nan", b"+9999", b"9" * 400),
    *(b"HKTimeZone", b"Asia/Tokyo", b"../../etc", b"HKCategoryValueSleepAnalysisAsleep", b"mL"),
    *(b"HKCategoryTypeIdentifierPregnancy", b"HKCategoryTypeIdentifierContraceptive", b"kg"),
]


def small_export() -> bytes:
    """Return every kind of entry of a made-up day, a few of each."""
    out = io.StringIO()
    Writer(out, days_before(2, dt.date(2025, 3, 30)), 1).write(["a.json"])
    root = ElementTree.fromstring(out.getvalue())
    seen = Counter[str]()
    for entry in list(root):
        kind = f"{entry.tag} {entry.get('type')} {entry.get('sourceName')}"
        seen[kind] += 1
        for child in list(entry)[1:]:
            for grandchild in list(child)[1:]:
                child.remove(grandchild)
        if seen[kind] > 1:
            root.remove(entry)
    doctype = out.getvalue().split("<HealthData")[0]
    return doctype.encode() + ElementTree.tostring(root)


def changed(data: bytes, rng: random.Random) -> bytes:
    """Return the data with some pieces changed, copied, swapped or cut off."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        at, size = rng.randrange(len(found) + 1), rng.choice((0, 1, 4, 20, 200))
        match rng.randrange(6):
            case 0:
                found[at : at + size] = rng.choice(PIECES)
            case 1:
                found[at : at + 1] = bytes([rng.randrange(256)])
            case 2:
                found[at:at] = found[at : at + size * 3] * rng.choice((1, 2, 30))
            case 3:
                other = rng.randrange(len(found) + 1)
                found[at : at + size] = found[other : other + size]
            case 4:
                del found[at : at + size]
            case _:
                if rng.random() < 0.1:
                    del found[at:]
                else:
                    found[at:at] = rng.choice(PIECES)
    return bytes(found)


def zipped(data: bytes) -> bytes:
    """Return a small zip that holds an export and a clinical record."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("apple_health_export/clinical-records/a.json", '{"resourceType": "X"}')
        archive.writestr("apple_health_export/export.xml", data)
    return out.getvalue()


def outcome(data: bytes, path: Path) -> str:
    """Return what reading these bytes comes to; other exceptions pass through."""
    path.write_bytes(data)
    try:
        read_apple_health(path, knowledge())
    except InputError as error:
        return error.message[:50]
    return "read"


def run(count: int, seed: int) -> None:
    """Read that many broken exports and print what they came to."""
    rng, seen, start = random.Random(seed), Counter[str](), time.perf_counter()
    whole = small_export()
    packed = zipped(whole)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.exists() else None) as folder:
        path = Path(folder) / "export.xml"
        for number in range(count):
            data = changed(packed if number % 20 == 0 else whole, rng)
            try:
                seen[outcome(data, path)] += 1
            except Exception:
                kept = Path(tempfile.gettempdir()) / f"apple-fault-{number}"
                kept.write_bytes(data)
                print(f"input {number} is a fault, kept in {kept}", file=sys.stderr)
                raise
            if number % 10_000 == 9_999:
                rate = (number + 1) / (time.perf_counter() - start)
                print(f"{number + 1:,} inputs, {rate:.0f}/s, {seen['read']:,} read", flush=True)
    for message, times in seen.most_common():
        print(f"{times:9,}  {message}")


def run_guided(count: int) -> None:
    """Let atheris look for inputs that reach new code."""
    import atheris

    folder = tempfile.mkdtemp(dir=MEMORY if MEMORY.exists() else None)
    path, corpus = Path(folder) / "export.xml", Path(folder) / "corpus"
    corpus.mkdir()
    (corpus / "whole").write_bytes(small_export())
    (corpus / "zip").write_bytes(zipped(small_export()))
    print(f"faults are kept in {folder}")
    atheris.instrument_all()
    atheris.Setup(
        [
            sys.argv[0],
            f"-runs={count}",
            "-max_len=30000",
            f"-artifact_prefix={folder}/",
            str(corpus),
        ],
        lambda data: outcome(data, path),
    )
    atheris.Fuzz()


def main() -> None:
    """Fuzz as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--atheris", action="store_true")
    given = parser.parse_args()
    if given.atheris:
        run_guided(given.count)
    else:
        run(given.count, given.seed)


if __name__ == "__main__":
    main()
