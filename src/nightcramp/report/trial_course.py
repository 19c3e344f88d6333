"""The course of a trial as its report shows it: blocks, their nights, and how far it has come."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from nightcramp.diary.history import Array
from nightcramp.person.verdict import Verdict
from nightcramp.trial.events import Kind, TrialEvent, stopped_on
from nightcramp.trial.nights import TrialNights
from nightcramp.trial.protocol import Protocol

DAY = dt.timedelta(days=1)
COMPARED = (0, 1)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Phase = Literal["to_come", "running", "over", "stopped"]


class TrialReport(Struct, frozen=True, kw_only=True, eq=False):
    """Everything the report of a trial is made of.

    `fingerprint`: of the protocol as it was locked. `locked_at`: None where that is not known.
    `notes`: those of the verdict, in the language of whoever reads the report.
    """

    protocol: Protocol
    verdict: Verdict
    nights: TrialNights
    events: tuple[TrialEvent, ...] = ()
    fingerprint: str
    locked_at: dt.datetime | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NightSeen:
    """One night. `value`: None where not logged; `counts`: past the washout of its block."""

    evening: dt.date
    value: float | None
    lived: bool
    counts: bool
    done: float | None


@dataclass(frozen=True)
class BlockSeen:
    """One block, counted from 0, and its nights; `over`: its nights enter the verdict."""

    number: int
    arm: int
    nights: tuple[NightSeen, ...]
    over: bool

    @property
    def used(self) -> list[float]:
        """Return the outcomes that enter the verdict."""
        values = [night.value for night in self.nights if night.counts and self.over]
        return [value for value in values if value is not None]

    @property
    def missing(self) -> int:
        """Return how many nights would enter the verdict but were not logged."""
        return sum(night.counts and night.value is None for night in self.nights) * self.over

    @property
    def begun(self) -> bool:
        """Return whether its first night has passed."""
        return self.nights[0].lived


@dataclass(frozen=True)
class Course:
    """A trial from its first night on, the nights to come included."""

    report: TrialReport

    @property
    def protocol(self) -> Protocol:
        """Return the protocol."""
        return self.report.protocol

    @property
    def verdict(self) -> Verdict:
        """Return the verdict."""
        return self.report.verdict

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what must be said beside the verdict, a sentence each."""
        return self.report.notes or self.verdict.notes

    @functools.cached_property
    def told_until(self) -> dt.date:
        """Return the last evening whose night is over and part of the trial."""
        stop = stopped_on(self.report.events)
        return min(self.verdict.made_on, stop or self.verdict.made_on) - DAY

    @functools.cached_property
    def run_in(self) -> tuple[NightSeen, ...]:
        """Return the nights before the first block."""
        return tuple(self._night(place) for place in range(self.protocol.run_in))

    @functools.cached_property
    def blocks(self) -> tuple[BlockSeen, ...]:
        """Return all blocks, those to come too."""
        return tuple(self._block(number) for number in range(self.protocol.blocks))

    @property
    def known(self) -> tuple[BlockSeen, ...]:
        """Return the blocks whose arm may be shown: all, or none while a blind trial goes on."""
        return self.blocks if self.order_open else ()

    @property
    def phase(self) -> Phase:
        """Return how far the trial has come."""
        if self.report.nights.blocks_over >= self.protocol.blocks:
            return "over"
        if self.events("stopped"):
            return "stopped"
        return "running" if self.told_until >= self.protocol.first_evening else "to_come"

    @property
    def order_open(self) -> bool:
        """Return whether the order may be shown without spoiling a blind trial."""
        ended = self.phase in ("over", "stopped")
        return ended or not self.blind or bool(self.events("unblinded"))

    @property
    def blind(self) -> bool:
        """Return whether the person is not to know which arm it is: one of them is a dummy."""
        return any(arm.kind == "dummy" for arm in self.protocol.arms)

    def events(self, *kinds: Kind) -> list[TrialEvent]:
        """Return what happened, of these kinds."""
        return [event for event in self.report.events if event.kind in kinds]

    def of_arm(self, arm: int) -> list[BlockSeen]:
        """Return the blocks of an arm that may be shown."""
        return [block for block in self.known if block.arm == arm]

    def rate(self, arm: int) -> float | None:
        """Return the average outcome of the nights of an arm that enter the verdict."""
        if arm in COMPARED:
            return (self.verdict.rate_first, self.verdict.rate_second)[arm]
        return mean(value for block in self.of_arm(arm) for value in block.used)

    def label(self, arm: int) -> str:
        """Return an arm's own name."""
        return self.protocol.arms[arm].label

    def named(self, arm: int) -> str:
        """Return an arm with its letter and name: `A (Stretching before bed)`."""
        return f"{LETTERS[arm]} ({self.label(arm)})"

    def _block(self, number: int) -> BlockSeen:
        first = self.protocol.run_in + number * self.protocol.block_nights
        return BlockSeen(
            number=number,
            arm=self.protocol.schedule[number],
            nights=tuple(self._night(first + day) for day in range(self.protocol.block_nights)),
            over=number < self.report.nights.blocks_over,
        )

    def _night(self, place: int) -> NightSeen:
        told, evening = self.report.nights, self.protocol.first_evening + place * DAY
        return NightSeen(
            evening=evening,
            value=_at(told.outcome, place),
            lived=evening <= self.told_until,
            counts=self.protocol.counts(evening),
            done=_at(told.done, place),
        )


def _at(values: Array, place: int) -> float | None:
    """Return a night's value, None where it is not known."""
    if place >= len(values) or math.isnan(values[place]):
        return None
    return float(values[place])


def mean(values: Iterable[float]) -> float | None:
    """Return the average, None of nothing."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else None
