"""Feeds broken tables and workbooks to the spreadsheet reader: `fuzz_spreadsheet.py [COUNT]`.

Each input must become a Reading or an InputError. The slowest input and the first surprise are
printed; a surprise ends the run with its seed, by which it is made again.
"""

from __future__ import annotations

import datetime as dt
import io
import random
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path

from nightcramp.errors import InputError
from nightcramp.intake.spreadsheet.reader import read_spreadsheet
from nightcramp.knowledge.loader import knowledge

TODAY = dt.date(2026, 11, 23)
SEED = b"""Date;Time;Cramps;Leg;Sleep hours;Steps;Medicine;Note
13.03.2026;23:10;2;left;7,5;1.234;simvastatin;"hot,
very hot"
14.03.2026;03:10;1;right;6,25;900;none;
15.03.2026;;0;-;;;;x
16/3/26;12 am;yes;both;7 h;2-3;Lipitor 40 mg;3 March 2026
Total;;3;;;;;
"""
PIECES = (
    *(b",", b";", b"\t", b"|", b'"', b"\n", b"\r", b"\r\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf"),
    *(b"2026-03-04", b"31.12.9999", b"1/1/1", b"99999999", b"46094.5", b"-", b"=1+1", b"1e400"),
    *(b"\xc3\xa9", b"\x9d", b"cramps", b"date", b"time", b"total", b"#", b" ", b"0", b"1,000"),
)
WORKBOOK_SHARE = 0.02


def main() -> int:
    """Run COUNT inputs (10,000 if not given); return 1 on a surprise."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    read = refused = 0
    slowest = (0.0, 0)
    started = time.perf_counter()
    workbook = _workbook()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "diary.csv"
        for seed in range(first, first + count):
            path.write_bytes(_input(random.Random(seed), workbook))
            began = time.perf_counter()
            try:
                read_spreadsheet(path, knowledge(), as_of=TODAY)
                read += 1
            except InputError:
                refused += 1
            except Exception:
                traceback.print_exc()
                print(f"a surprise: seed {seed}")
                return 1
            slowest = max(slowest, (time.perf_counter() - began, seed))
    seconds = time.perf_counter() - started
    print(f"{count} inputs in {seconds:.0f} s: {read} read, {refused} refused, no surprise")
    print(f"slowest {slowest[0]:.2f} s (seed {slowest[1]})")
    return 0


def _input(dice: random.Random, workbook: dict[str, bytes]) -> bytes:
    if dice.random() < WORKBOOK_SHARE:
        return _broken_workbook(dice, workbook)
    return _mutated(dice, SEED)


def _mutated(dice: random.Random, data: bytes) -> bytes:
    """Return the data with a few bytes changed, cut out, put in or doubled."""
    for _ in range(dice.randint(1, 12)):
        at = dice.randrange(len(data) + 1)
        to = min(len(data), at + dice.randint(0, 30))
        change = dice.randrange(4)
        if change == 0:
            data = data[:at] + dice.choice(PIECES) + data[at:]
        elif change == 1:
            data = data[:at] + data[to:]
        elif change == 2:
            data = data[:to] + data[at:to] + data[to:]
        else:
            data = data[:at] + dice.randbytes(dice.randint(0, 3)) + data[at + 1 :]
    return data


def _workbook() -> dict[str, bytes]:
    """Return the parts of a small workbook."""
    from openpyxl import Workbook

    book = Workbook()
    for row in (["date", "time", "cramps"], [TODAY, dt.time(3, 10), 2], [TODAY, None, "2-3"]):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _broken_workbook(dice: random.Random, parts: dict[str, bytes]) -> bytes:
    """Return a workbook with one part mutated, or with the packed bytes mutated."""
    chosen = dice.choice(sorted(parts))
    inside = dice.random() < 0.8
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, _mutated(dice, data) if inside and name == chosen else data)
    data = buffer.getvalue()
    return data if inside else data[:4] + _mutated(dice, data[4:])


if __name__ == "__main__":
    sys.exit(main())
