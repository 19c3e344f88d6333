"""Trials: protocols as they were locked, what happened on the way, and looks at their verdicts.

All of it is only ever added; nothing here changes or removes anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from nightcramp.errors import InputError, UnknownIdError
from nightcramp.language import gettext as _
from nightcramp.person.verdict import Verdict
from nightcramp.store.database import Store
from nightcramp.store.reading import events_in, looks_in, trials_in
from nightcramp.store.records import LookRecord, Record, TrialEventRecord, TrialRecord
from nightcramp.trial.events import TrialEvent, stopped_on
from nightcramp.trial.lock import Lock, check_lock, decoded
from nightcramp.trial.look import Look
from nightcramp.trial.protocol import Protocol, canonical


class KeptTrial(Struct, frozen=True, kw_only=True):
    """A locked trial with what happened on its way, and the looks at its verdict, oldest first."""

    lock: Lock
    events: tuple[TrialEvent, ...] = ()
    looks: tuple[Look, ...] = ()

    @property
    def protocol(self) -> Protocol:
        """Return what was locked."""
        return self.lock.protocol

    @property
    def stopped(self) -> dt.date | None:
        """Return the first evening after an early stop, None where there was none."""
        return stopped_on(self.events)

    @property
    def is_blind(self) -> bool:
        """Return whether the person is not to know which arm a block is: one is a dummy."""
        return any(arm.kind == "dummy" for arm in self.protocol.arms)

    def order_open(self, evening: dt.date) -> bool:
        """Return whether the order may be shown on an evening without spoiling the trial."""
        told = any(event.kind == "unblinded" for event in self.events)
        return told or self.ended(evening) or not self.is_blind

    def ended(self, evening: dt.date) -> bool:
        """Return whether an evening is no longer part of the trial."""
        return evening > self.protocol.last_evening or evening >= (self.stopped or dt.date.max)


def keep_lock(store: Store, locked: Lock) -> bool:
    """Keep a locked protocol; return whether it was added, or there already.

    Raises InputError where its id is there with another content: a lock is never changed.
    """
    check_lock(locked)
    before = _locks(store).get(locked.protocol.id)
    if before is not None and before.sha256 != locked.sha256:
        raise InputError(
            _("another trial has the id {id}, and a locked protocol never changes").format(
                id=locked.protocol.id
            ),
            hint=_("`nightcramp trial stop` ends it; then lock a new one."),
        )
    if before is None:
        store.keep([_record_of(store, locked)])
    return before is None


def _record_of(store: Store, locked: Lock) -> TrialRecord:
    return TrialRecord(
        person=store.who.key,
        trial=locked.protocol.id,
        locked_at=locked.locked_at,
        sha256=locked.sha256,
        protocol=canonical(locked.protocol).decode(),
    )


def add_event(store: Store, trial: str, event: TrialEvent) -> None:
    """Keep what happened in a trial; raises UnknownIdError where there is no such trial."""
    _known(store, trial)
    record: Record = TrialEventRecord(person=store.who.key, trial=trial, event=event)
    store.keep([record])


def keep_look(store: Store, trial: str, look: Look) -> bool:
    """Keep a look at a verdict; return whether it differs from the last one but for its day."""
    _known(store, trial)
    last = next((one for one in reversed(kept_trials(store)[trial].looks)), None)
    if last is not None and _same(last, look):
        return False
    record = LookRecord(
        person=store.who.key,
        trial=trial,
        made_at=look.made_at,
        outcomes=look.outcomes,
        verdict=msgspec.Raw(msgspec.json.encode(look.verdict)),
    )
    store.keep([record])
    return True


def _same(last: Look, look: Look) -> bool:
    day = look.verdict.made_on
    return last.outcomes == look.outcomes and (
        msgspec.structs.replace(last.verdict, made_on=day) == look.verdict
    )


def kept_trials(store: Store) -> dict[str, KeptTrial]:
    """Return the person's trials by id, oldest first.

    Raises DamagedError for what is not as it was written, TamperedError for a protocol that is
    not the one that was locked.
    """
    people = {store.person: store.who}
    locks = _locks(store)
    events: dict[str, list[TrialEvent]] = {name: [] for name in locks}
    looks: dict[str, list[Look]] = {name: [] for name in locks}
    for one in events_in(store.connection, people):
        events[one.trial].append(one.event)
    for record in looks_in(store.connection, people):
        if (look := _look(record)) is not None:
            looks[record.trial].append(look)
    return {
        name: KeptTrial(lock=locked, events=tuple(events[name]), looks=tuple(looks[name]))
        for name, locked in locks.items()
    }


def latest_verdicts(trials: Mapping[str, KeptTrial]) -> tuple[Verdict, ...]:
    """Return the verdict of the latest look at each trial, oldest trial first."""
    return tuple(trial.looks[-1].verdict for trial in trials.values() if trial.looks)


def _locks(store: Store) -> dict[str, Lock]:
    found = {}
    for record in trials_in(store.connection, {store.person: store.who}):
        protocol = decoded(record.protocol, record.trial)
        locked = Lock(sha256=record.sha256, locked_at=record.locked_at, protocol=protocol)
        check_lock(locked, _("trial {trial}").format(trial=record.trial))
        found[record.trial] = locked
    return found


def _look(record: LookRecord) -> Look | None:
    """Return a look; None where another version wrote its verdict in another shape."""
    try:
        verdict = msgspec.json.decode(record.verdict, type=Verdict)
    except msgspec.ValidationError:
        return None
    return Look(made_at=record.made_at, outcomes=record.outcomes, verdict=verdict)


def _known(store: Store, trial: str) -> None:
    if trial not in _locks(store):
        raise UnknownIdError(
            _("there is no trial {trial!r}").format(trial=trial[:60]),
            hint=_("`nightcramp trial list` shows them."),
        )
