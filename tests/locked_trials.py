"""Trials for tests: a small protocol, locked, with something that happened and a look."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nightcramp.person.verdict import Verdict
from nightcramp.store.database import Store
from nightcramp.store.trials import add_event, keep_lock, keep_look
from nightcramp.trial.events import TrialEvent
from nightcramp.trial.lock import Design, Lock, lock, protocol_of
from nightcramp.trial.look import Look
from nightcramp.trial.protocol import Arm, Protocol, fingerprint

EVENING = dt.date(2026, 3, 16)
LOCKED_AT = dt.datetime(2026, 3, 15, 20, tzinfo=dt.timezone(dt.timedelta(hours=1)))
STRETCH = Arm(id="do", label="Stretching", instruction="Stretch before bed.", kind="action")
NO_STRETCH = Arm(id="leave", label="No stretching", instruction="Do not stretch.", kind="leave")


def design(**changes: Any) -> Design:
    """Return the design of a small trial of stretching."""
    chosen: dict[str, Any] = {
        "title": "Stretching before bed",
        "question": "Does stretching before bed make a difference?",
        "arms": (STRETCH, NO_STRETCH),
        "run_in": 0,
        "block_nights": 4,
        "blocks": 6,
        "washout": 1,
        "longest_run": 3,
        "outcome": "cramps",
        "smallest_effect": 0.75,
        "error": 0.05,
        "action": "stretch_before_bed",
    }
    return Design(**{**chosen, **changes})


def protocol(identifier: str = "stretching-1", seed: str = "a", **changes: Any) -> Protocol:
    """Return the protocol of a small trial that begins on EVENING."""
    first = changes.pop("first_evening", EVENING)
    return protocol_of(design(**changes), identifier, first, seed)


def locked(identifier: str = "stretching-1", seed: str = "a", **changes: Any) -> Lock:
    """Return a small trial, locked on the day before."""
    return lock(protocol(identifier, seed, **changes), LOCKED_AT)


def verdict(of: Protocol, outcome: str = "cannot_tell", **changes: Any) -> Verdict:
    """Return a verdict of a trial, as far as it matters to what keeps it."""
    chosen: dict[str, Any] = {
        "trial": of.id,
        "title": of.title,
        "fingerprint": fingerprint(of),
        "made_on": EVENING,
        "outcome": outcome,
        "why": "",
        "blocks_over": 2,
        "blocks": of.blocks,
        "nights_counted": 6,
        "nights_missing": 0,
        "first_arm": of.arms[0].label,
        "second_arm": of.arms[1].label,
        "rate_first": 0.5,
        "rate_second": 1.0,
        "smallest_effect": of.smallest_effect,
        "error": of.error,
        "action": of.action,
        "factors": of.factors,
    }
    return Verdict(**{**chosen, **changes})


def look(of: Protocol, outcome: str = "cannot_tell") -> Look:
    """Return a look at a trial after its second block."""
    outcomes = (0.0, 1.0, None, 2.0) * 2
    return Look(made_at=LOCKED_AT, outcomes=outcomes, verdict=verdict(of, outcome))


def keep_trial(store: Store, identifier: str = "stretching-1") -> None:
    """Keep a locked trial with a night of illness and a look at its verdict."""
    one = locked(identifier)
    keep_lock(store, one)
    ill = TrialEvent(
        kind="illness", at=LOCKED_AT, evening=EVENING, note="fever: 39 \N{DEGREE SIGN}"
    )
    add_event(store, identifier, ill)
    keep_look(store, identifier, look(one.protocol))
