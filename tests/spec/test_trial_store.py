"""What the store promises of trials, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import text

from locked_trials import EVENING, LOCKED_AT, STRETCH, keep_trial, locked, look, protocol
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.person.night import Night
from nightcramp.store.csv_tables import trial_table
from nightcramp.store.database import opened
from nightcramp.store.place import current_place
from nightcramp.store.records import checksum, sha256_of
from nightcramp.store.restore import restore
from nightcramp.store.trials import (
    KeptTrial,
    add_event,
    keep_lock,
    keep_look,
    kept_trials,
    latest_verdicts,
)
from nightcramp.store.trouble import DamagedError
from nightcramp.trial.events import TrialEvent
from nightcramp.trial.lock import TamperedError
from nightcramp.trial.protocol import Arm, canonical

DAY = dt.timedelta(days=1)
pytestmark = pytest.mark.usefixtures("store_home")


def kept() -> dict[str, KeptTrial]:
    """Return the trials that are there."""
    with opened() as store:
        return kept_trials(store)


def event(kind: str, **what: object) -> TrialEvent:
    """Return something that happened."""
    return TrialEvent(kind=kind, at=LOCKED_AT, **what)  # type: ignore[arg-type]


def test_a_trial_comes_back_as_it_was_locked() -> None:
    """Protocol, hash, time, what happened and the looks, in their order."""
    one = locked()
    happened = [event("illness", evening=EVENING, note="flu"), event("deviation", evening=EVENING)]
    with opened() as store:
        assert keep_lock(store, one)
        for this in happened:
            add_event(store, one.protocol.id, this)
        assert keep_look(store, one.protocol.id, look(one.protocol))
    (found,) = kept().values()
    assert found.lock == one
    assert list(found.events) == happened
    assert found.looks == (look(one.protocol),)


def test_a_locked_protocol_cannot_be_changed() -> None:
    """The same once more changes nothing; another with its id is refused and nothing is kept."""
    one = locked()
    with opened() as store:
        keep_lock(store, one)
        assert not keep_lock(store, one)
    for other in (locked(seed="b"), locked(smallest_effect=0.5), locked(error=0.2)):
        with pytest.raises(InputError, match="never changes"), opened() as store:
            keep_lock(store, other)
    assert [trial.lock for trial in kept().values()] == [one]


def test_a_lock_that_does_not_fit_its_protocol_is_not_kept() -> None:
    """A program that would keep another hash is refused."""
    wrong = replace(locked(), sha256="0" * 64)
    with pytest.raises(TamperedError), opened() as store:
        keep_lock(store, wrong)
    assert kept() == {}


def test_stopping_and_starting_again_are_recorded() -> None:
    """The trial of before stays, with its end and what took its place."""
    with opened() as store:
        keep_lock(store, locked())
        add_event(store, "stretching-1", event("stopped", evening=EVENING, note="moved house"))
        add_event(store, "stretching-1", event("restarted", other="stretching-2"))
        keep_lock(store, locked("stretching-2", "b"))
    first, second = kept().values()
    assert first.stopped == EVENING
    assert first.events[1].other == "stretching-2"
    assert second.stopped is None


def test_nothing_happens_in_a_trial_that_is_not_there() -> None:
    """The error names the trial."""
    with pytest.raises(UnknownIdError, match="nothing-1"), opened() as store:
        add_event(store, "nothing-1", event("illness"))
    with pytest.raises(UnknownIdError, match="nothing-1"), opened() as store:
        keep_look(store, "nothing-1", look(protocol()))


def test_a_look_that_shows_nothing_new_is_kept_once() -> None:
    """The day it was made on is nothing new; another outcome or verdict is."""
    one = locked()
    first = look(one.protocol)
    later = replace(first, verdict=replace(first.verdict, made_on=EVENING + dt.timedelta(days=1)))
    other = look(one.protocol, "works")
    with opened() as store:
        keep_lock(store, one)
        kept_or_not = [keep_look(store, one.protocol.id, this) for this in (first, later, other)]
    assert kept_or_not == [True, False, True]
    assert [verdict.outcome for verdict in latest_verdicts(kept())] == ["works"]


def test_people_do_not_see_each_others_trials() -> None:
    """Two people may have a trial of the same name."""
    from nightcramp.store.people import add_person

    with opened(everyone=True) as store:
        add_person(store, "Anna")
    with opened("Anna") as store:
        keep_trial(store)
    assert kept() == {}
    with opened() as store:
        keep_lock(store, locked(seed="mine"))
    with opened("Anna") as store:
        assert kept_trials(store)["stretching-1"].lock == locked()


def test_nothing_of_a_removed_persons_trials_stays(store_home: Path) -> None:
    """Not in the tables, the journal or the backups."""
    from nightcramp.store.people import add_person, remove_person

    with opened(everyone=True) as store:
        add_person(store, "Anna")
    with opened("Anna") as store:
        keep_trial(store)
    with opened(everyone=True) as store:
        remove_person(store, "Anna")
    restore(replace=True)
    kept_files = [path for path in store_home.rglob("*") if path.is_file()]
    assert [path for path in kept_files if b"fever of 39" in path.read_bytes()] == []
    with current_place().engine().connect() as connection:
        for table in ("trial", "trial_event", "look"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0


def test_the_table_of_a_blind_trial_names_packs_until_its_end() -> None:
    """A row a night that is over; after the stop or the end the arms are named."""
    dummy = Arm(id="dummy", label="Dummy", instruction="Take it.", kind="dummy")
    trial = KeptTrial(lock=locked(arms=(STRETCH, dummy), run_in=1))
    nights = [Night(evening=EVENING, cramps=2), Night(evening=EVENING + 2 * DAY, cramps=0)]
    rows = trial_table([trial], nights, EVENING + 6 * DAY).splitlines()
    assert rows[1:4] == [
        f"stretching-1,{EVENING},0,,0,2,",
        f"stretching-1,{EVENING + DAY},1,pack 1,0,,",
        f"stretching-1,{EVENING + 2 * DAY},1,pack 1,1,0,",
    ]
    assert len(rows) == 7
    over = trial_table([trial], nights, EVENING + 60 * DAY)
    assert "pack" not in over
    assert over.count("Dummy") == 12
    assert trial_table([trial], [], EVENING - DAY).count("\n") == 1


def _tampered(change: Callable[[str], str], *, hashed: bool) -> None:
    """Change the stored protocol and its row's checksum, as one who knows how; maybe its hash."""
    with opened() as store:
        key = store.who.key
    with current_place().engine().connect() as connection, connection.begin():
        row = connection.execute(text("SELECT * FROM trial")).one()
        body = change(row.body)
        assert body != row.body
        sha256 = sha256_of(body) if hashed else row.sha256
        sum_ = checksum(key, row.id, row.locked_at, sha256, body)
        connection.execute(
            text("UPDATE trial SET body = :body, sha256 = :sha256, checksum = :sum"),
            {"body": body, "sha256": sha256, "sum": sum_},
        )


def _easier(body: str) -> str:
    return body.replace('"smallest_effect": 0.75', '"smallest_effect": 0.95')


def _other_order(body: str) -> str:
    found = msgspec.json.decode(body, type=type(protocol()))
    return canonical(replace(found, schedule=tuple(1 - arm for arm in found.schedule))).decode()


def test_a_stored_protocol_that_was_tampered_with_is_reported_and_comes_back() -> None:
    """Also where the checksum of its row was made to fit."""
    with opened() as store:
        keep_trial(store)
    before = kept()
    _tampered(_easier, hashed=False)
    with pytest.raises(DamagedError, match="tampered with") as caught:
        kept()
    assert "stretching-1" in str(caught.value)
    assert "`nightcramp restore`" in caught.value.hint
    restore()
    assert kept() == before


def test_a_schedule_edited_by_hand_is_reported() -> None:
    """Even by one who fits the hash and all checksums: the seed draws another."""
    with opened() as store:
        keep_trial(store)
    _tampered(_other_order, hashed=True)
    with pytest.raises(TamperedError, match="not the one its seed draws"):
        kept()
