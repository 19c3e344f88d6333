"""Checks the files of one trial and computes its randomisation test again: `recompute.py [FOLDER]`.

Stands alone: Python 3.11 and NumPy, nothing else. It reads protocol.json, lock.json, nights.csv
and analysis.json from the folder, and compares what it finds with verdict.json.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import hashlib
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Order = tuple[int, ...]
Protocol = dict[str, Any]
YEAR, STEPS, TIE, SAME = 365.25, 60, 1e-9, 1e-6


# --- the orders that could have been drawn ---


@functools.cache
def ways(left: Order, last: int, run: int, longest: int) -> int:
    """Return in how many orders the blocks left of each arm can follow."""
    if not any(left):
        return 1
    total = 0
    for arm, count in enumerate(left):
        if count and not (arm == last and run >= longest):
            rest = (*left[:arm], count - 1, *left[arm + 1 :])
            total += ways(rest, arm, run + 1 if arm == last else 1, longest)
    return total


def order_at(number: int, arms: int, blocks: int, longest: int) -> Order:
    """Return the order with this number, from 0, in alphabetical order."""
    left, last, run = [blocks // arms] * arms, -1, 0
    chosen: list[int] = []
    while len(chosen) < blocks:
        for arm in range(arms):
            after = run + 1 if arm == last else 1
            if not left[arm] or after > longest:
                continue
            rest = tuple(count - (arm == place) for place, count in enumerate(left))
            following = ways(rest, arm, after, longest)
            if number < following:
                left, last, run = list(rest), arm, after
                chosen.append(arm)
                break
            number -= following
    return tuple(chosen)


def count_of(protocol: Protocol) -> int:
    """Return how many orders there are."""
    arms = len(protocol["arms"])
    return ways((protocol["blocks"] // arms,) * arms, -1, 0, protocol["longest_run"])


def every(protocol: Protocol, begun: Order = ()) -> Iterator[Order]:
    """Yield every order that begins so, in alphabetical order."""
    arms, blocks = len(protocol["arms"]), protocol["blocks"]
    if len(begun) == blocks:
        yield begun
        return
    for arm in range(arms):
        longer = (*begun, arm)
        run = longer[-protocol["longest_run"] - 1 :]
        too_long = len(run) > protocol["longest_run"] and len(set(run)) == 1
        if longer.count(arm) <= blocks // arms and not too_long:
            yield from every(protocol, longer)


def numbered(protocol: Protocol, number: int) -> Order:
    """Return one of the orders of a protocol."""
    sizes = (len(protocol["arms"]), protocol["blocks"], protocol["longest_run"])
    return order_at(number, *sizes)


def drawn(protocol: Protocol) -> Order:
    """Return the order that the seed of a protocol draws."""
    count = count_of(protocol)
    width = (count.bit_length() + 7) // 8 + 8
    limit = (1 << (8 * width)) // count * count
    counter = 0
    while True:
        parts = [f"{protocol['seed']}/{counter}/{part}" for part in range(-(-width // 32))]
        stream = b"".join(hashlib.sha256(part.encode()).digest() for part in parts)
        number = int.from_bytes(stream[:width], "big")
        if number < limit:
            return numbered(protocol, number % count)
        counter += 1


# --- what each block adds to the score, from a fit that knows no arms ---


def columns_of(evenings: list[dt.date]) -> Array:
    """Return what every night has: a level, a trend, the year's wave, the weekday."""
    count = len(evenings)
    place = np.arange(count)
    trend = 2.0 * (place - (count - 1) / 2) / max(count - 1, 1)
    angle = 2 * np.pi * np.array([day.timetuple().tm_yday for day in evenings]) / YEAR
    weekday = np.eye(7)[[day.weekday() for day in evenings]]
    return np.column_stack([np.ones(count), trend, np.sin(angle), np.cos(angle), weekday])


def slopes(counts: Array, eta: Array, kappa: float) -> tuple[Array, Array]:
    """Return the first and minus the second derivative of the log likelihood of each night."""
    seen = ~np.isnan(counts)
    told, mu = np.where(seen, counts, 0.0), np.exp(np.clip(eta, -25, 8))
    over = 1 + kappa * mu
    return seen * (told - mu) / over, seen * (1 + kappa * told) * mu / over**2


def likelihood(counts: Array, eta: Array, kappa: float) -> float:
    """Return the log likelihood of negative binomial counts, but for the counts' factorials."""
    total = 0.0
    for count, level in zip(counts, eta, strict=True):
        if not np.isnan(count):
            rising = np.log1p(kappa * np.arange(int(count))).sum()
            spread = (count + 1 / kappa) * np.log1p(kappa * np.exp(level))
            total += float(count * level - spread + rising)
    return total


def mode(counts: Array, mean: Array, cover: Array, kappa: float) -> tuple[Array, float]:
    """Return the most likely log rates, by Newton steps, and the log evidence."""
    eta = np.full(len(counts), np.log((np.nansum(counts) + 0.5) / (np.sum(~np.isnan(counts)) + 1)))
    for _ in range(STEPS):
        gradient, weight = slopes(counts, eta, kappa)
        root = np.sqrt(weight)
        inner = np.eye(len(eta)) + root[:, None] * cover * root
        right = weight * (eta - mean) + gradient
        pull = right - root * np.linalg.solve(inner, root * (cover @ right))
        change = mean + cover @ pull - eta
        eta = eta + change * min(1.0, 3.0 / max(float(np.abs(change).max()), 3.0))
    gradient, weight = slopes(counts, eta, kappa)
    root = np.sqrt(weight)
    inner = np.eye(len(eta)) + root[:, None] * cover * root
    penalty = float(gradient @ (eta - mean))
    volume = float(np.linalg.slogdet(inner)[1])
    return eta, likelihood(counts, eta, kappa) - 0.5 * (penalty + volume)


def scores_of(
    counts: Array, evenings: list[dt.date], member: Array, choices: dict[str, Any]
) -> tuple[Array, Array]:
    """Return the score of each block, and the information of blocks together."""
    columns, apart = columns_of(evenings), np.abs(np.subtract.outer(*[np.arange(len(counts))] * 2))
    mean, sd = np.array(choices["mean"]), np.array(choices["sd"])
    found = []
    for sigma, rho, kappa in zip(choices["sigma"], choices["rho"], choices["kappa"], strict=True):
        cover = sigma**2 * rho**apart + (columns * sd**2) @ columns.T
        eta, evidence = mode(counts, columns @ mean, cover, kappa)
        gradient, weight = slopes(counts, eta, kappa)
        root = np.sqrt(weight)
        inner = np.eye(len(eta)) + root[:, None] * cover * root
        reached = root[:, None] * member
        found.append((evidence, gradient @ member, reached.T @ np.linalg.solve(inner, reached)))
    share = np.exp(np.array([one[0] for one in found]) - max(one[0] for one in found))
    share /= share.sum()
    score = sum(part * one[1] for part, one in zip(share, found, strict=True))
    information = sum(part * one[2] for part, one in zip(share, found, strict=True))
    return np.asarray(score), np.asarray(information)


# --- the test ---


def sizes(orders: Array, score: Array, information: Array) -> Array:
    """Return how far the first arm is from the second under each order."""
    z = 0.5 * (orders == 0) - 0.5 * (orders == 1)
    spread = np.einsum("sb,bc,sc->s", z, information, z, optimize=True)
    return np.asarray(np.abs(z @ score) / np.sqrt(np.maximum(spread, 1e-12)))


def others(protocol: Protocol, choices: dict[str, Any], seed: int) -> tuple[Array, bool]:
    """Return the orders to compare with, and whether they are all there are.

    With a third arm its blocks stay where they are.
    """
    count, own = count_of(protocol), protocol["schedule"]
    if count <= choices["most_listed"]:
        listed = np.array(list(every(protocol)), float)
        third = np.array([arm > 1 for arm in own])
        return np.asarray(listed[((listed > 1) == third).all(axis=1)]), True
    if len(protocol["arms"]) == 2 and count < choices["most_counted"]:
        source = np.random.Generator(np.random.PCG64(seed))
        numbers = source.integers(0, count, choices["drawn"])
        orders = [numbered(protocol, int(number)) for number in numbers]
        return np.asarray(orders, dtype=float), False
    shuffles = shuffled(protocol, choices["drawn"], random.Random(seed))
    return np.array(list(shuffles), float), False


def shuffled(protocol: Protocol, wanted: int, source: random.Random) -> Iterator[list[int]]:
    """Yield orders in which the blocks of the two arms changed places."""
    own, made = list(protocol["schedule"]), 0
    places = [place for place, arm in enumerate(own) if arm < 2]
    while made < wanted:
        other = list(own)
        arms = source.sample([own[place] for place in places], len(places))
        for place, arm in zip(places, arms, strict=True):
            other[place] = arm
        if longest_of(other) <= protocol["longest_run"]:
            made += 1
            yield other


def longest_of(order: list[int]) -> int:
    """Return how many blocks of one arm follow each other at most."""
    longest = run = 0
    for place, arm in enumerate(order):
        run = run + 1 if place and order[place - 1] == arm else 1
        longest = max(longest, run)
    return longest


# --- the files ---


def faults(folder: Path, protocol: Protocol, rows: list[dict[str, str]]) -> Iterator[str]:
    """Yield what does not fit together in the files."""
    lock = json.loads((folder / "lock.json").read_text(encoding="utf-8"))
    found = hashlib.sha256((folder / "protocol.json").read_bytes()).hexdigest()
    if found != lock["sha256"]:
        yield "protocol.json is not the one that was locked: its SHA-256 is another"
    if lock["locked_at"][:10] > protocol["first_evening"]:
        yield "the protocol was locked only after the first evening"
    if list(drawn(protocol)) != protocol["schedule"]:
        yield "the order is not the one that the seed draws"
    for number, row in enumerate(rows):
        if fault := fault_of(row, number, protocol):
            yield f"the night of {row['evening']} {fault}"


def fault_of(row: dict[str, str], number: int, protocol: Protocol) -> str:
    """Return what is wrong with the place of a night, "" for nothing."""
    first = dt.date.fromisoformat(protocol["first_evening"])
    night = number - protocol["run_in"]
    block = -1 if night < 0 else night // protocol["block_nights"]
    if row["evening"] != (first + dt.timedelta(days=number)).isoformat():
        return "is out of turn"
    if int(row["block"]) != block:
        return "is in another block than the protocol says"
    if block >= 0 and int(row["arm"]) != protocol["schedule"][block]:
        return "is in another arm than the protocol says"
    early = block >= 0 and night % protocol["block_nights"] < protocol["washout"]
    return "counts, but should not" if early and row["counts"] == "1" else ""


def tested(
    protocol: Protocol, rows: list[dict[str, str]], choices: dict[str, Any], seed: int
) -> tuple[float, int, bool]:
    """Return (p, how many orders, whether these are all)."""
    evenings = [dt.date.fromisoformat(row["evening"]) for row in rows]
    used = [row["outcome"] if row["counts"] == "1" and row["outcome"] else "nan" for row in rows]
    counts = np.array(used, dtype=float)
    block = np.array([int(row["block"]) for row in rows])
    member = (block[:, None] == np.arange(protocol["blocks"])).astype(float)
    score, information = scores_of(counts, evenings, member, choices)
    orders, complete = others(protocol, choices, seed)
    own = sizes(np.array([protocol["schedule"]], float), score, information)[0]
    extreme = int((sizes(orders, score, information) >= own - TIE).sum())
    p = extreme / len(orders) if complete else (1 + extreme) / (1 + len(orders))
    return p, len(orders), complete


def main(folder: Path) -> int:
    """Print what was found; return 0 where all of it fits, else 1."""
    protocol = json.loads((folder / "protocol.json").read_text(encoding="utf-8"))
    choices = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    with (folder / "nights.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    wrong = list(faults(folder, protocol, rows))
    for fault in wrong:
        print(f"WRONG: {fault}.")
    if not wrong:
        print("Protocol, order and nights fit together.")
    if verdict["p"] is None:
        print("The test of the order is made once the last block has ended.")
        return int(bool(wrong))
    sha256 = hashlib.sha256((folder / "protocol.json").read_bytes()).hexdigest()
    p, count, complete = tested(protocol, rows, choices, int(sha256[:12], 16))
    same = abs(p - verdict["p"]) < SAME
    print(f"p = {p:.6f}, of {'all' if complete else 'drawn'} {count:,} orders; ", end="")
    print(f"verdict.json says {verdict['p']:.6f}: {'the same' if same else 'NOT THE SAME'}.")
    return int(bool(wrong) or not same)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
