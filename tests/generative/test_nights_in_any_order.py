"""Entries that arrive in any order, twice, or without what they replace: the same nights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nightcramp.diary.entry import Cramp, Entry, Medicine, Told
from nightcramp.diary.nights import evening_told, nights_of, standing
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.fact import Provenance
from nightcramp.person.night import Night

START = dt.datetime(2026, 11, 20, 21, tzinfo=dt.timezone(dt.timedelta(hours=1)))
EVENING = START.date()
NAMES = [f"{number:032x}" for number in range(12)]
HOURS = st.integers(0, 60).map(lambda hours: START + dt.timedelta(hours=hours))
CRAMPS = st.builds(Cramp, at=HOURS, pain=st.sampled_from([None, 3, 7]))
TOLD = st.builds(
    Told,
    evening=st.integers(0, 2).map(lambda day: EVENING + dt.timedelta(days=day)),
    cramps=st.sampled_from([None, 0, 1, 2]),
    values=st.dictionaries(st.sampled_from(["water", "heat", "own:tea"]), st.just(1.0)),
    medicines=st.lists(
        st.builds(Medicine, name=st.just("indapamide"), taken=st.booleans()), max_size=1
    ).map(tuple),
)


@st.composite
def entries(draw: st.DrawFn, with_loops: bool = True) -> list[Entry]:
    """Entries that replace each other, themselves, or what is not there."""
    count = draw(st.integers(0, 8))
    made = []
    for number, name in enumerate(NAMES[:count]):
        earlier = ["", *NAMES[:number]] if not with_loops else ["", *NAMES]
        made.append(
            Entry(
                id=name,
                made_at=draw(HOURS),
                zone="Europe/Berlin",
                replaces=draw(st.sampled_from(earlier)),
                body=draw(st.one_of(st.none(), CRAMPS, TOLD)),
            )
        )
    return made


def nights(told: Sequence[Entry], *imported: list[Night]) -> list[Night]:
    """Return the nights of entries."""
    return nights_of(told, imported, knowledge().measures)


@given(told=entries(), data=st.data())
@settings(deadline=None)
def test_the_order_of_arrival_makes_no_difference(told: list[Entry], data: st.DataObject) -> None:
    """Any order, and any of them twice, gives the same nights, value for value."""
    repeated = told + [data.draw(st.sampled_from(told)) for _ in range(3 if told else 0)]
    shuffled = data.draw(st.permutations(repeated))
    assert msgspec.json.encode(nights(shuffled)) == msgspec.json.encode(nights(told))
    assert standing(shuffled) == standing(told)


@given(told=entries(with_loops=False))
@settings(deadline=None)
def test_what_holds_is_what_nothing_replaces(told: list[Entry]) -> None:
    """An entry holds unless it is replaced or takes something back, said once."""
    replaced = {entry.replaces for entry in told}
    expected = {e.id for e in told if e.body is not None and e.id not in replaced}
    held = {entry.id for entry in standing(told)}
    assert held <= expected
    bodies = {msgspec.json.encode(e.body, order="deterministic") for e in told if e.id in expected}
    assert {msgspec.json.encode(e.body, order="deterministic") for e in standing(told)} == bodies


@given(told=entries())
@settings(deadline=None)
def test_something_always_holds_of_what_was_never_taken_back(told: list[Entry]) -> None:
    """Entries that replace each other in a circle, or themselves, are not all lost."""
    kept = [entry for entry in told if entry.body is not None]
    if kept and len(kept) == len(told):
        assert standing(told)


@given(told=entries())
@settings(deadline=None)
def test_every_entry_that_holds_is_in_its_night_and_no_other(told: list[Entry]) -> None:
    """Cramps are never lost or doubled, and "no cramp" is never made out of silence."""
    found = {night.evening: night for night in nights(told)}
    held = standing(told)
    for evening in {evening_told(entry) for entry in held}:
        here = [entry for entry in held if evening_told(entry) == evening]
        told_of = [e for e in here if isinstance(e.body, Cramp) or e.body.cramps is not None]  # type: ignore[union-attr]
        night = found.get(evening) if evening else None
        if told_of:
            assert night is not None
            assert night.cramps is not None
            assert night.origins["cramps"] == ""
        elif night is not None:
            assert night.cramps is None
    assert set(found) <= {evening_told(entry) for entry in held}


@given(told=entries(), count=st.sampled_from([None, 0, 4]))
@settings(deadline=None)
def test_an_import_only_fills_what_the_person_did_not_tell(
    told: list[Entry], count: int | None
) -> None:
    """With an import beside them, everything the person told stays as it was."""
    brought = Night(
        evening=EVENING,
        cramps=count,
        values={"water": 2.5, "steps": 4000.0},
        provenance=(Provenance(file="watch.zip", at="records"),),
    )
    alone = {night.evening: night for night in nights(told)}.get(EVENING, Night(evening=EVENING))
    both = {night.evening: night for night in nights(told, [brought])}[EVENING]
    assert both.values == {"water": 2.5, "steps": 4000.0, **alone.values}
    assert both.cramps == (count if alone.cramps is None else alone.cramps)
    for key in both.values:
        assert both.origins[key] == ("" if key in alone.values else "watch.zip")
