"""Entries handed over in any order, in any batches, twice or more: the same diary."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nightcramp.diary.corrections import standing
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.diary.nights import nights_of
from nightcramp.intake.diary_arrival import fault_of, take_in
from nightcramp.knowledge.loader import knowledge
from nightcramp.store.database import opened
from nightcramp.store.entries import all_entries
from nightcramp.store.place import placed_at
from nightcramp.store.sqlite import SqlitePlace

START = dt.datetime(2026, 11, 20, 21, tzinfo=dt.UTC)
MOMENTS = st.integers(0, 60).map(lambda hours: START + dt.timedelta(hours=hours))
BODIES = st.one_of(
    st.none(),
    st.builds(Cramp, at=MOMENTS, pain=st.sampled_from([None, 3, 7, 11])),
    st.builds(
        Told,
        evening=st.just(START.date()),
        cramps=st.sampled_from([None, 0, 2]),
        values=st.dictionaries(st.sampled_from(["heat", "drinks", "own:tea"]), st.just(1.0)),
    ),
)

SOUND = Entry(id=f"{1:032x}", made_at=START, zone="Europe/Berlin", body=Cramp(at=START))


@st.composite
def told(draw: st.DrawFn) -> list[Entry]:
    """Entries of two phones, which correct each other's; some of them cannot be."""
    names = [f"{number:032x}" for number in range(1, draw(st.integers(1, 8)) + 1)]
    return [
        Entry(
            id=name,
            made_at=draw(MOMENTS),
            zone=draw(st.sampled_from(["Europe/Berlin", "+01:00", "Nowhere"])),
            origin="app",
            replaces=draw(st.sampled_from(["", *names[:number]])),
            body=draw(BODIES),
        )
        for number, name in enumerate(names)
    ]


def diary_after(batches: list[list[Entry]]) -> tuple[list[Entry], bytes, int]:
    """Return what holds, the nights, and how many entries were added by these deliveries."""
    added = 0
    with tempfile.TemporaryDirectory() as folder, placed_at(SqlitePlace(Path(folder))):
        for batch in batches:
            with opened() as store:
                arrivals = take_in(store, batch, START, knowledge().measures)
            assert [arrival.id for arrival in arrivals] == [entry.id for entry in batch]
            added += sum(arrival.became == "added" for arrival in arrivals)
        with opened() as store:
            kept = all_entries(store)
    assert added == len(kept)
    nights = nights_of(kept, [], knowledge().measures)
    return standing(kept), msgspec.json.encode(nights), added


@given(entries=told(), data=st.data())
@settings(deadline=None, max_examples=15)
def test_however_entries_are_delivered_the_diary_is_the_same(
    entries: list[Entry], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(entries), max_size=6))
    sent = data.draw(st.permutations([*entries, *again]))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(sent)), max_size=4)))
    batches = [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    assert diary_after(batches) == diary_after([entries])


@given(entries=told(), data=st.data())
@settings(deadline=None, max_examples=10)
def test_an_id_keeps_the_content_that_came_first(entries: list[Entry], data: st.DataObject) -> None:
    sound = [entry for entry in entries if not fault_of(entry, knowledge().measures)] or [SOUND]
    again = Cramp(at=START, note="something else")
    other = msgspec.structs.replace(data.draw(st.sampled_from(sound)), body=again)
    assert diary_after([[*sound, other], [other]]) == diary_after([sound])
