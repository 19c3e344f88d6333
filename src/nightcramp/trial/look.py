"""A look at a verdict, with the nights as they stood then, so that later changes are seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace as replaced

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from nightcramp.diary.wording import day_in_words, night_in_words
from nightcramp.knowledge.schema import DiaryModel
from nightcramp.language import ENGLISH, ngettext, noted, number, speaking
from nightcramp.language import gettext as _
from nightcramp.person.night import Night
from nightcramp.person.verdict import Check, Verdict
from nightcramp.trial.analysis import decide, verdict_of, weigh
from nightcramp.trial.events import Kind, TrialEvent, stopped_on
from nightcramp.trial.nights import TrialNights, trial_nights
from nightcramp.trial.protocol import Protocol

DAY = dt.timedelta(days=1)
Outcomes = tuple[float | None, ...]
"""The outcome of each night from the first on, None where it was not logged."""
HAPPENED: Mapping[Kind, str] = {
    "stopped": noted("Stopped early, on {day}{why}."),
    "restarted": noted("Started again as {trial}{why}."),
    "restarts": noted("It took the place of {trial}. Each start may err as often again."),
    "unblinded": noted("The order was looked at on {day}, before the end."),
}


class Look(Struct, frozen=True, kw_only=True):
    """One look at a trial: the verdict, and the outcomes of the blocks that had ended."""

    made_at: dt.datetime
    outcomes: Outcomes
    verdict: Verdict


class Change(Struct, frozen=True, kw_only=True):
    """A night that counts and is told otherwise now than at the first look it was part of."""

    evening: dt.date
    arm: int
    before: float | None
    now: float | None


def judged(
    protocol: Protocol,
    nights: Sequence[Night],
    model: DiaryModel,
    today: dt.date,
    looks: Sequence[Look] = (),
    events: Sequence[TrialEvent] = (),
) -> Verdict:
    """Return the verdict by `today`, with what happened on the way and what was changed since.

    A stop ends the trial on its day. Where nights that were changed after a look decide between
    one verdict and another, it is withheld.
    """
    last = min(today, stopped_on(events) or today)
    found = verdict_of(protocol, nights, model, last)
    told = trial_nights(protocol, nights, last - DAY)
    changes = changes_since(protocol, told, looks)
    with speaking(ENGLISH):
        notes = notes_of(protocol, told, today, looks, events)
    found = replace(found, made_on=today, notes=notes, measured=protocol.outcome)
    if not changes:
        return found
    before = decide(protocol, weigh(protocol, as_first_seen(told, looks), model))[0]
    return _with_check(found, before == found.outcome)


def notes_of(
    protocol: Protocol,
    told: TrialNights,
    today: dt.date,
    looks: Sequence[Look] = (),
    events: Sequence[TrialEvent] = (),
) -> tuple[str, ...]:
    """Return what must be said beside a verdict, a sentence each, in the language spoken.

    What is kept of a look is in English, whoever looked: a look differs from another by what
    it found alone.
    """
    changes = changes_since(protocol, told, looks)
    return (*_happened(events, today), *_changed(changes, today))


def outcomes_of(protocol: Protocol, nights: TrialNights) -> Outcomes:
    """Return the outcomes of the blocks that have ended, the run-in before them included."""
    over = nights.blocks_over
    ended = nights.outcome[: protocol.run_in + over * protocol.block_nights] if over else ()
    return tuple(None if np.isnan(value) else float(value) for value in ended)


def first_seen(looks: Iterable[Look]) -> Outcomes:
    """Return each night as it stood at the first look it was part of; looks oldest first."""
    seen: Outcomes = ()
    for look in looks:
        seen = (*seen, *look.outcomes[len(seen) :])
    return seen


def changes_since(
    protocol: Protocol, nights: TrialNights, looks: Iterable[Look]
) -> tuple[Change, ...]:
    """Return the nights that count and are told otherwise than at their first look."""
    pairs = zip(first_seen(looks), outcomes_of(protocol, nights), strict=False)
    found = []
    for place, (before, now) in enumerate(pairs):
        if before != now and nights.counted[place] > 0:
            arm = protocol.schedule[int(nights.block[place])]
            evening = protocol.first_evening + place * DAY
            found.append(Change(evening=evening, arm=arm, before=before, now=now))
    return tuple(found)


def as_first_seen(nights: TrialNights, looks: Iterable[Look]) -> TrialNights:
    """Return the nights with the outcomes they had at their first look."""
    seen = [np.nan if value is None else value for value in first_seen(looks)]
    outcome = nights.outcome.copy()
    size = min(len(seen), len(outcome))
    outcome[:size] = seen[:size]
    return replaced(nights, outcome=outcome)


def _with_check(found: Verdict, holds: bool) -> Verdict:
    """Return a verdict with the check of changed nights, withheld where they decide it."""
    says = noted("the verdict would be the same without what was changed after a look")
    checks = (*found.checks, Check(id="changed_nights", says=says, holds=holds))
    if holds:
        return replace(found, checks=checks)
    shown = {"effect": None, "sequence": None, "by_adherence": None, "large_enough": None}
    why = noted("nights were changed after a look at the verdict, and they decide it")
    return replace(found, checks=checks, outcome="withheld", why=why, more_nights=None, **shown)


def _changed(changes: Sequence[Change], today: dt.date) -> Iterator[str]:
    """Yield what was changed after a look, a sentence each."""
    for change in changes:
        before, now = _said(change.before), _said(change.now)
        night = night_in_words(change.evening, today)
        yield _("Changed after a look: the night of {night} said {before}, now {now}.").format(
            night=night, before=before, now=now
        )
    up = {change.arm for change in changes if (change.now or 0) > (change.before or 0)}
    down = {change.arm for change in changes if (change.now or 0) < (change.before or 0)}
    if up and down and up != down:
        yield _("Nights of one arm went up and of another down: they look moved between the arms.")


def _said(value: float | None) -> str:
    return _("nothing") if value is None else number(value)


def _happened(events: Sequence[TrialEvent], today: dt.date) -> Iterator[str]:
    """Yield stops and new starts, and how many nights went otherwise."""
    for event in events:
        if event.kind in HAPPENED:
            on = day_in_words(event.evening or event.at.date(), today)
            why = f": {event.note}" if event.note else ""
            yield _(HAPPENED[event.kind]).format(day=on, why=why, trial=event.other)
    if ill := sum(event.kind == "illness" for event in events):
        yield ngettext(
            "{count} note of illness; these nights still count.",
            "{count} notes of illness; these nights still count.",
            ill,
        ).format(count=ill)
    if otherwise := sum(event.kind == "deviation" for event in events):
        yield ngettext(
            "{count} note of something that went otherwise; these nights still count.",
            "{count} notes of something that went otherwise; these nights still count.",
            otherwise,
        ).format(count=otherwise)
