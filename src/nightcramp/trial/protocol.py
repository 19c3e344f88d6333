"""The protocol of a trial: everything decided before the first night, in one locked file."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Literal

import msgspec
from msgspec import Struct

from nightcramp.errors import InputError
from nightcramp.language import gettext as _
from nightcramp.trial.schedule import Schedule, Space

VERSION = 1
Outcome = Literal["cramps", "nights_with_cramp", "pain", "sleep_lost"]
"""Cramps a night; whether a night had any; the worst pain, 0 to 10; minutes of sleep lost."""

ArmKind = Literal["action", "leave", "dummy", "nothing"]


class Arm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to do (or leave) for whole blocks of nights."""

    id: str
    label: str
    instruction: str
    kind: ArmKind


class Chances(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How likely each verdict was before the start, if the true rate ratio is `ratio`."""

    ratio: float
    works: float
    does_not_matter: float
    harms: float
    cannot_tell: float


class Protocol(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trial as it was decided. The first arm is compared with the second.

    `washout`: the first nights of every block do not count. `smallest_effect`: the rate ratio
    of the first arm to the second from which it matters to the person (0.75: a quarter fewer).
    `error`: how often at most a verdict of works or harms may come by chance. `seed`: what the
    schedule was drawn with; `schedule`: the arm of each block.
    """

    version: int = VERSION
    id: str
    title: str
    question: str
    arms: tuple[Arm, ...]
    first_evening: dt.date
    run_in: int
    block_nights: int
    blocks: int
    washout: int
    longest_run: int
    outcome: Outcome
    smallest_effect: float
    error: float
    seed: str
    schedule: Schedule
    action: str = ""
    factors: tuple[str, ...] = ()
    prescriber: str = ""
    """Who agreed, where the plan needs a prescriber's agreement."""
    chances: tuple[Chances, ...] = ()

    @property
    def space(self) -> Space:
        """Return all schedules this one was drawn from."""
        return Space(len(self.arms), self.blocks, self.longest_run)

    @property
    def nights(self) -> int:
        """Return how many nights the trial lasts, run-in included."""
        return self.run_in + self.blocks * self.block_nights

    @property
    def last_evening(self) -> dt.date:
        """Return the evening of the last night."""
        return self.first_evening + dt.timedelta(days=self.nights - 1)

    def block_of(self, evening: dt.date) -> int | None:
        """Return the block of an evening, -1 for the run-in, None outside the trial."""
        night = (evening - self.first_evening).days
        if not 0 <= night < self.nights:
            return None
        return -1 if night < self.run_in else (night - self.run_in) // self.block_nights

    def arm_of(self, evening: dt.date) -> Arm | None:
        """Return the arm of an evening; None in the run-in and outside the trial."""
        block = self.block_of(evening)
        return None if block is None or block < 0 else self.arms[self.schedule[block]]

    def counts(self, evening: dt.date) -> bool:
        """Return whether a night's outcome counts: in a block and past its washout."""
        block = self.block_of(evening)
        if block is None or block < 0:
            return False
        night = (evening - self.first_evening).days - self.run_in
        return night % self.block_nights >= self.washout


def check(protocol: Protocol) -> None:
    """Raise InputError for a protocol that cannot be carried out or was not drawn by its seed."""
    space = protocol.space
    if protocol.washout >= protocol.block_nights:
        raise InputError(_("every night of a block would be washout; make blocks longer"))
    if not 0 < protocol.smallest_effect < 1:
        raise InputError(_("the smallest effect that matters is a ratio below 1, such as 0.75"))
    if protocol.schedule != space.draw(protocol.seed):
        raise InputError(_("the schedule is not the one its seed draws"))


def canonical(protocol: Protocol) -> bytes:
    """Return the protocol as the bytes that are hashed: JSON, keys in order."""
    return msgspec.json.format(msgspec.json.encode(protocol, order="deterministic"), indent=1)


def fingerprint(protocol: Protocol) -> str:
    """Return the SHA-256 of a protocol, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(protocol)).hexdigest()
