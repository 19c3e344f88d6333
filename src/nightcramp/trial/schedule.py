"""Which arm in which block: all balanced schedules, counted exactly and drawn uniformly."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

Schedule = tuple[int, ...]
"""The arm of each block, counted from 0."""


@dataclass(frozen=True)
class Space:
    """Every schedule that gives each arm equally many blocks, none too often in a row.

    `blocks`: how many, a multiple of `arms`. `longest_run`: at most so many blocks of one arm
    one after the other.
    """

    arms: int
    blocks: int
    longest_run: int

    def __post_init__(self) -> None:
        if self.arms < 2 or self.blocks < self.arms or self.blocks % self.arms:
            raise ValueError("the blocks must be shared equally among at least two arms")
        if self.longest_run < 1:
            raise ValueError("a run is at least one block long")

    @property
    def size(self) -> int:
        """Return how many schedules there are, exactly."""
        return self.completions(())

    def completions(self, begun: Schedule) -> int:
        """Return how many schedules begin so."""
        left = [self.blocks // self.arms] * self.arms
        for arm in begun:
            left[arm] -= 1
        if min(left) < 0 or _longest(begun) > self.longest_run:
            return 0
        last, run = _ending(begun)
        return ways_on(tuple(left), last, run, self.longest_run)

    def at(self, index: int) -> Schedule:
        """Return the schedule with this number, from 0, in alphabetical order."""
        if not 0 <= index < self.size:
            raise IndexError("there is no schedule with this number")
        chosen: Schedule = ()
        while len(chosen) < self.blocks:
            for arm in range(self.arms):
                ways = self.completions((*chosen, arm))
                if index < ways:
                    chosen = (*chosen, arm)
                    break
                index -= ways
        return chosen

    def draw(self, seed: str) -> Schedule:
        """Return the schedule a seed stands for; every schedule is equally likely.

        The seed is hashed, with a counter, until the number falls below the largest multiple
        of `size`, so that no schedule is likelier than another.
        """
        return self.at(_below(seed, self.size))

    def probabilities(self, begun: Schedule) -> list[Fraction]:
        """Return how likely each arm comes next, given how the schedule began."""
        ways = [self.completions((*begun, arm)) for arm in range(self.arms)]
        return [Fraction(way, sum(ways)) for way in ways]

    def __iter__(self) -> Iterator[Schedule]:
        """Yield every schedule in alphabetical order."""
        yield from self._from(())

    def _from(self, begun: Schedule) -> Iterator[Schedule]:
        if len(begun) == self.blocks:
            yield begun
            return
        for arm in range(self.arms):
            if self.completions((*begun, arm)):
                yield from self._from((*begun, arm))


def _ending(begun: Schedule) -> tuple[int, int]:
    """Return the last arm and how often it stands at the end."""
    if not begun:
        return -1, 0
    run = 1
    while run < len(begun) and begun[-1 - run] == begun[-1]:
        run += 1
    return begun[-1], run


def _longest(begun: Schedule) -> int:
    longest = run = 0
    for place, arm in enumerate(begun):
        run = run + 1 if place and begun[place - 1] == arm else 1
        longest = max(longest, run)
    return longest


@functools.lru_cache(maxsize=1 << 16)
def ways_on(left: tuple[int, ...], last: int, run: int, longest: int) -> int:
    """Return in how many orders the blocks left can follow `run` blocks of the last arm."""
    if not any(left):
        return 1
    total = 0
    for arm, count in enumerate(left):
        if count and not (arm == last and run >= longest):
            rest = (*left[:arm], count - 1, *left[arm + 1 :])
            total += ways_on(rest, arm, run + 1 if arm == last else 1, longest)
    return total


def _below(seed: str, size: int) -> int:
    """Return a number below `size` from a seed, without favouring any."""
    width = (size.bit_length() + 7) // 8 + 8
    span = 1 << (8 * width)
    limit = span - span % size
    counter = 0
    while True:
        stream = b"".join(
            hashlib.sha256(f"{seed}/{counter}/{part}".encode()).digest()
            for part in range(-(-width // 32))
        )
        number = int.from_bytes(stream[:width], "big")
        if number < limit:
            return number % size
        counter += 1
