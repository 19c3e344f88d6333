"""What happens on the way of a trial: stopped, started again, or a night that went otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Kind = Literal["stopped", "restarted", "restarts", "deviation", "illness", "unblinded"]


class TrialEvent(Struct, frozen=True, kw_only=True):
    """One thing that happened, when it was told, and the person's own words for it.

    `evening`: the night it is about, None where it is about none. `other`: the trial that took
    the place of this one (`restarted`), or whose place this one took (`restarts`).
    """

    kind: Kind
    at: dt.datetime
    evening: dt.date | None = None
    note: str = ""
    other: str = ""


def stopped_on(events: Iterable[TrialEvent]) -> dt.date | None:
    """Return the first evening that is no longer part of the trial, None while it goes on."""
    stops = [event.evening for event in events if event.kind == "stopped" and event.evening]
    return min(stops, default=None)
