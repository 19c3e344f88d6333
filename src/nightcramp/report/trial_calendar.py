"""The blocks of a trial as a calendar file (RFC 5545): all-day events in neutral words.

A calendar is seen by others: no event names what is done or why. Letters stand for the arms;
`nightcramp trial today` says what they mean.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.report.calendar_file import calendar_file, escaped
from nightcramp.report.trial_course import LETTERS
from nightcramp.store.trials import KeptTrial
from nightcramp.trial.lock import Lock

DAY = dt.timedelta(days=1)
SAYS = noted("Your own plan says what this means.")


def calendar_of(trial: KeptTrial, evening: dt.date, *, daily: bool = False) -> bytes:
    """Return an event a block, or one a day, up to the last night that is part of the trial."""
    lines: list[str] = []
    for name, first, days in _spans(trial, evening):
        pieces = [(first + day * DAY, 1) for day in range(days)] if daily else [(first, days)]
        for start, length in pieces:
            lines += _event(trial.lock, name, start, length)
    return calendar_file("trial", lines)


def _spans(trial: KeptTrial, evening: dt.date) -> Iterator[tuple[str, dt.date, int]]:
    """Yield (name, first evening, days) of the run-in and of each block, a stop taken off."""
    protocol, hidden = trial.protocol, not trial.order_open(evening)
    end = min(trial.stopped or dt.date.max, protocol.last_evening + DAY)
    spans = [(_("Settling in"), protocol.first_evening, protocol.run_in)]
    pack, plan = _("Pack {name} ({block} of {blocks})"), _("Plan {name} ({block} of {blocks})")
    for block, arm in enumerate(protocol.schedule):
        place = protocol.run_in + block * protocol.block_nights
        name = f"{block + 1}" if hidden else LETTERS[arm]
        counted = (pack if hidden else plan).format(
            name=name, block=block + 1, blocks=protocol.blocks
        )
        spans.append((counted, protocol.first_evening + place * DAY, protocol.block_nights))
    for name, first, days in spans:
        left = min(days, (end - first).days)
        if left > 0:
            yield name, first, left


def _event(locked: Lock, name: str, first: dt.date, days: int) -> Iterable[str]:
    stamp = locked.locked_at.astimezone(dt.UTC)
    return (
        "BEGIN:VEVENT",
        f"UID:{locked.sha256[:32]}-{first:%Y%m%d}-{days}@nightcramp.invalid",
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{first:%Y%m%d}",
        f"DTEND;VALUE=DATE:{first + days * DAY:%Y%m%d}",
        f"SUMMARY:{escaped(name)}",
        f"DESCRIPTION:{escaped(_(SAYS))}",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    )
