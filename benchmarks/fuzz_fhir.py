"""A long run of hostile FHIR: `python benchmarks/fuzz_fhir.py 1000000 [seed]`, or with atheris.

Every input must give a Reading whose counts add up, or an InputError; anything else stops the
run and writes the input to `fuzz_fhir_failure.json`. With `--atheris COUNT` the bytes come from
atheris (coverage-guided), else from damaging a good record in many places at random.
"""

from __future__ import annotations

import collections
import json
import random
import sys
import time
import types
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from hostile_fhir import FIXTURE, KINDS, ODD, mutated, places
from nightcramp.errors import InputError
from nightcramp.intake.fhir.reader import read_fhir_resources
from nightcramp.knowledge.loader import knowledge

FAILURE = Path("fuzz_fhir_failure.json")


def read(data: bytes) -> str:
    """Return what became of an input; raises for anything but a reading or a refusal."""
    try:
        reading = read_fhir_resources([data], knowledge(), file="fuzz", one_person=False)
    except InputError as error:
        if not str(error).startswith("fuzz"):
            raise
        return "refused"
    account = reading.account
    for kind, count in account.read.items():
        assert count == account.used[kind] + sum(account.unused.get(kind, {}).values()), kind
    return "read"


def slices() -> list[dict[str, object]]:
    """Return the good record in small bundles, so that a run is many inputs."""
    record = json.loads(FIXTURE.read_text(encoding="utf-8"))
    entries = record["entry"]
    return [{**record, "entry": entries[i : i + 4]} for i in range(0, len(entries), 2)]


def damaged(chance: random.Random, parts: list[dict[str, object]]) -> bytes:
    """Return one hostile input."""
    part = chance.choice(parts)
    where = places(part)
    ways = ["put", "drop", "copy", "wrap", "circle", "kind"]
    mutations = [
        (
            chance.choice(where),
            chance.choice(ways),
            chance.randrange(len(ODD)),
            chance.randrange(len(KINDS)),
        )
        for _ in range(chance.choice([0, 1, 1, 2, 3, 5, 8]))
    ]
    data = json.dumps(mutated(mutations, part)).encode()
    shape = chance.random()
    if shape < 0.1:
        return data[: chance.randrange(len(data))]
    if shape < 0.25:
        raw = bytearray(data)
        for _ in range(chance.choice([1, 2, 8])):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        return bytes(raw)
    if shape < 0.26:
        depth = chance.choice([100, 2000, 50_000])
        return data.replace(b'"active"', b"[" * depth + b"]" * depth, 1)
    return data


def run(count: int, seed: int) -> None:
    """Read `count` hostile inputs and print what became of them."""
    chance = random.Random(seed)
    parts = slices()
    outcome: collections.Counter[str] = collections.Counter()
    start = time.perf_counter()
    slowest = 0.0
    for _ in range(count):
        data = damaged(chance, parts)
        began = time.perf_counter()
        try:
            outcome[read(data)] += 1
        except BaseException:
            FAILURE.write_bytes(data)
            raise
        slowest = max(slowest, time.perf_counter() - began)
    seconds = time.perf_counter() - start
    print(f"{count} inputs, seed {seed}: {dict(outcome)}, no failure, {seconds:.0f} s")
    print(f"slowest input {slowest * 1000:.0f} ms")


class Guided(random.Random):
    """Choices made by the bytes that atheris gives."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        import atheris

        self.bytes = atheris.FuzzedDataProvider(data)

    def random(self) -> float:
        return self.bytes.ConsumeIntInRange(0, 999) / 1000  # type: ignore[no-any-return]

    def randrange(self, stop: int) -> int:  # type: ignore[override]
        return self.bytes.ConsumeIntInRange(0, stop - 1)  # type: ignore[no-any-return]

    def choice(self, of: Any) -> Any:
        return of[self.randrange(len(of))]


def guided(count: int) -> None:
    """Let atheris choose where a good record is damaged."""
    import atheris

    knowledge()
    parts = slices()
    for name in [name for name in sys.modules if name.startswith("nightcramp.intake.fhir.")]:
        module = sys.modules[name]
        for item in list(vars(module).values()):
            if isinstance(item, types.FunctionType) and item.__module__ == name:
                atheris.instrument_func(item)
    options = [sys.argv[0], f"-runs={count}", "-max_len=512", "-len_control=0"]

    def one(data: bytes) -> None:
        made = damaged(Guided(data), parts)
        try:
            read(made)
        except BaseException:
            FAILURE.write_bytes(made)
            raise

    atheris.Setup(options, one)
    atheris.Fuzz()


if __name__ == "__main__":
    if "--atheris" in sys.argv:
        guided(int(sys.argv[-1]))
    else:
        numbers = [int(word) for word in sys.argv[1:]]
        run(numbers[0] if numbers else 10_000, numbers[1] if len(numbers) > 1 else 1)
