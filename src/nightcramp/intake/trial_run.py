"""A person's trials as they run: which one is meant, what tonight is, and what was told of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from msgspec import Struct

from nightcramp.diary.entry import Entry, Told
from nightcramp.diary.wording import night_in_words
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.intake.diary_clock import DAY, EVENING_ENDS, PersonClock, evening_in
from nightcramp.intake.trial_plan import slug_of
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.person.night import Night
from nightcramp.store.database import Store
from nightcramp.store.trials import KeptTrial, add_event, keep_lock, kept_trials
from nightcramp.trial.events import Kind, TrialEvent
from nightcramp.trial.lock import Design, Lock, lock, new_seed, protocol_of
from nightcramp.trial.look import Look, judged, outcomes_of
from nightcramp.trial.nights import adherence_key, trial_nights
from nightcramp.trial.protocol import Arm

LONGEST_NOTE = 2000
LATE = 18
"""From this hour on, a trial begins tomorrow unless another evening is named."""


class Tonight(Struct, frozen=True, kw_only=True):
    """What a trial asks for on one evening.

    `phase`: before it begins, in the run-in, in a block, or after it. `arm`: what to do, None
    outside a block; `pack`: what to take it from where that is blind, counted from 1.
    """

    evening: dt.date
    phase: str
    arm: Arm | None
    block: int | None
    counts: bool
    pack: int | None


def this_evening(clock: PersonClock) -> dt.date:
    """Return the evening that goes on or comes next; in the small hours it is still the last."""
    return clock.today - DAY if clock.now.hour < EVENING_ENDS else clock.today


def chosen(trials: Mapping[str, KeptTrial], name: str, evening: dt.date) -> KeptTrial:
    """Return the trial of this id, else the one that runs, else the latest."""
    if name:
        if name not in trials:
            raise UnknownIdError(
                _("there is no trial {name}").format(name=repr(name[:60])),
                hint=_("`nightcramp trial list` shows them."),
            )
        return trials[name]
    if not trials:
        raise InputError(
            _("there is no trial yet"),
            hint=_("`nightcramp trial propose` shows what is worth testing."),
        )
    running = [trial for trial in trials.values() if not trial.ended(evening)]
    return (running or list(trials.values()))[-1]


def tonight_of(trial: KeptTrial, evening: dt.date) -> Tonight:
    """Return what a trial asks for on an evening, and nothing of the evenings after it."""
    protocol, block = trial.protocol, trial.protocol.block_of(evening)
    phase = "block" if block is not None and block >= 0 else "run-in"
    if trial.ended(evening):
        phase, block = "stopped" if trial.stopped else "over", None
    elif evening < protocol.first_evening:
        phase = "before"
    arm = protocol.arm_of(evening) if phase == "block" else None
    hidden = arm is not None and arm.kind != "nothing" and not trial.order_open(evening)
    return Tonight(
        evening=evening,
        phase=phase,
        arm=arm,
        block=block if phase == "block" else None,
        counts=phase == "block" and protocol.counts(evening),
        pack=block + 1 if hidden and block is not None else None,
    )


# --- locking ---


def lock_in(
    store: Store,
    design: Design,
    clock: PersonClock,
    *,
    first: dt.date | None = None,
    restarts: str = "",
    why: str = "",
) -> Lock:
    """Draw the order, lock the protocol and keep it; raises InputError with nothing kept.

    `restarts`: the trial whose place it takes, which is stopped if it still runs.
    """
    trials, evening = kept_trials(store), this_evening(clock)
    before = chosen(trials, restarts, evening) if restarts else None
    others = [t for t in trials.values() if t != before and not t.ended(evening)]
    if others:
        raise InputError(
            _("the trial {name} is not over, and two at once cannot be told apart").format(
                name=others[0].protocol.id
            ),
            hint=_("Wait for its end, or `nightcramp trial stop --why ...`."),
        )
    begins = first or first_evening_of(clock)
    made = protocol_of(design, _free_id(design, trials), begins, new_seed())
    locked = lock(made, clock.now)
    if before is not None:
        _end(store, before, made.id, why, clock)
    keep_lock(store, locked)
    if before is not None:
        again = TrialEvent(kind="restarts", at=clock.now, other=before.protocol.id)
        add_event(store, made.id, again)
    return locked


def first_evening_of(clock: PersonClock) -> dt.date:
    """Return the evening a trial begins on where no other is named."""
    return clock.today + DAY * (clock.now.hour >= LATE)


def _end(store: Store, before: KeptTrial, other: str, why: str, clock: PersonClock) -> None:
    """Record that a trial was stopped, where it was not over, and what takes its place."""
    name = before.protocol.id
    if not before.ended(this_evening(clock)):
        stop_in(store, name, why, clock)
    add_event(store, name, TrialEvent(kind="restarted", at=clock.now, note=why, other=other))


def _free_id(design: Design, trials: Mapping[str, KeptTrial]) -> str:
    slug = slug_of(design)
    number = 1
    while f"{slug}-{number}" in trials:
        number += 1
    return f"{slug}-{number}"


# --- on the way ---


def told_in(trial: KeptTrial, done: bool, night: str, clock: PersonClock) -> tuple[Entry, dt.date]:
    """Return the diary entry that tells whether a night went as the trial said, and the night.

    Without a night: the one that goes on, or the one just past until noon.
    """
    evening = evening_in(night, clock) if night else clock.tonight
    _check_in(trial, evening, clock)
    values = {adherence_key(trial.protocol): float(done)}
    return clock.entry(Told(evening=evening, values=values)), evening


def happened(
    trial: KeptTrial, kind: Kind, note: str, night: str, clock: PersonClock
) -> tuple[TrialEvent, dt.date]:
    """Return an event of one night, in the person's own words, and the night; InputError."""
    evening = evening_in(night, clock) if night else clock.tonight
    _check_in(trial, evening, clock)
    event = TrialEvent(kind=kind, at=clock.now, evening=evening, note=_noted(note))
    return event, evening


def stop_in(store: Store, name: str, why: str, clock: PersonClock) -> TrialEvent:
    """Record that a trial is stopped from this evening on; raises InputError for one that ended."""
    trial, evening = kept_trials(store)[name], this_evening(clock)
    if trial.ended(evening):
        raise InputError(_("the trial {name} is over already").format(name=name))
    event = TrialEvent(kind="stopped", at=clock.now, evening=evening, note=_noted(why))
    add_event(store, name, event)
    return event


def check_order_open(trial: KeptTrial, clock: PersonClock, hint: str = "") -> None:
    """Raise InputError where the order is not to be seen yet: a blind trial that goes on."""
    if not trial.order_open(this_evening(clock)):
        raise InputError(_("it holds the order, which is not to be seen before the end"), hint=hint)


def _check_in(trial: KeptTrial, evening: dt.date, clock: PersonClock) -> None:
    """Raise InputError for a night that is not one of the trial."""
    if trial.protocol.block_of(evening) is None or trial.ended(evening):
        night = night_in_words(evening, clock.today)
        raise InputError(
            _("the night of {night} is not part of the trial {name}").format(
                night=night, name=trial.protocol.id
            ),
            hint=_(
                "Name another with --night; `nightcramp trial status` shows its first and last."
            ),
        )


def _noted(text: str) -> str:
    note = " ".join(text.split())
    if not note or len(note) > LONGEST_NOTE:
        raise InputError(_("say why in 1 to {most} characters").format(most=LONGEST_NOTE))
    return note


# --- looking ---


def look_at(trial: KeptTrial, nights: Sequence[Night], clock: PersonClock) -> Look:
    """Return a look at a trial as it stands this morning; last night counts once it is over."""
    today, model = this_evening(clock), knowledge().diary_model
    protocol = trial.protocol
    verdict = judged(protocol, nights, model, today, trial.looks, trial.events)
    last = min(today, trial.stopped or today) - DAY
    told = trial_nights(protocol, nights, last)
    return Look(made_at=clock.now, outcomes=outcomes_of(protocol, told), verdict=verdict)
