"""One night put together from what was told and imported: a few entries in, a night out."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest

from nightcramp.diary.entry import Cramp, Entry, Medicine, Told
from nightcramp.diary.nights import days_late, nights_of, standing
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.fact import Provenance
from nightcramp.person.night import Night

EVENING = dt.date(2026, 11, 24)
NEXT = dt.timedelta(days=1)


def moment(text: str, zone: str = "+01:00") -> dt.datetime:
    """Return a moment of the night: "23:30" of the evening, "03:10" of the morning after."""
    day = EVENING if text >= "12:00" else EVENING + NEXT
    return dt.datetime.fromisoformat(f"{day}T{text}{zone}")


def told(name: str, body: Any, made: str = "08:00", replaces: str = "") -> Entry:
    """Return an entry with a short id, made in the morning after unless said otherwise."""
    return Entry(id=name, made_at=moment(made), zone="Europe/Berlin", replaces=replaces, body=body)


def cramp(name: str, at: str, replaces: str = "", made: str = "", **more: Any) -> Entry:
    """Return an entry of one cramp, made when it happened unless said otherwise."""
    return told(name, Cramp(at=moment(at), **more), made or at, replaces)


def count(name: str, cramps: int | None, made: str = "08:00", replaces: str = "") -> Entry:
    """Return an entry that tells how many cramps the night had."""
    return told(name, Told(evening=EVENING, cramps=cramps), made, replaces)


def day(name: str, made: str = "08:00", replaces: str = "", **values: float) -> Entry:
    """Return an entry of what the day held."""
    return told(name, Told(evening=EVENING, values=values), made, replaces)


def brought(file: str, cramps: int | None = None, **values: float) -> list[Night]:
    """Return the one night of an import."""
    origin = (Provenance(file=file, at="line 2"),)
    return [Night(evening=EVENING, cramps=cramps, values=values, provenance=origin)]


def night(*entries: Entry, imported: tuple[list[Night], ...] = ()) -> Night:
    """Return the one night that entries and imports tell of."""
    found = nights_of(entries, imported, knowledge().measures)
    assert [item.evening for item in found] == [EVENING]
    return found[0]


# --- how many cramps ---


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([cramp("a", "03:10")], 1),
        ([cramp("a", "23:30"), cramp("b", "03:10")], 2),
        ([count("n", 0)], 0),
        ([day("d", water=1.5)], None),
        ([count("n", 3)], 3),
        ([cramp("a", "03:10"), count("n", 3)], 3),
        ([count("n", 1, made="01:00"), cramp("a", "03:10")], 2),
        ([cramp("a", "23:30"), count("n", 1, made="01:00"), cramp("b", "03:10")], 2),
        ([count("n", 1, made="07:00"), count("m", 2, made="09:00")], 2),
    ],
)
def test_cramps_of_a_night(entries: list[Entry], expected: int | None) -> None:
    """One by one, counted, or both; a count holds those before it; silence is not "none"."""
    assert {night(*order).cramps for order in itertools.permutations(entries)} == {expected}


@pytest.mark.parametrize(
    ("entries", "expected", "said"),
    [
        ([count("n", 0), cramp("a", "03:10")], 1, "No cramp was told, but 1 cramp is logged."),
        ([cramp("a", "02:00"), cramp("b", "03:10"), count("n", 1)], 2, "1 cramp told, but 2 were"),
        ([count("n", 0, made="07:00"), count("m", 2)], 2, "as no cramp, then as 2 cramps"),
        ([cramp("a", "03:10"), cramp("b", "03:10")], 2, "2 cramps were logged at 03:10"),
    ],
)
def test_what_does_not_fit_is_said(entries: list[Entry], expected: int, said: str) -> None:
    """Both are kept, the cramps count, and the night says so in a sentence."""
    found = night(*entries)
    assert found.cramps == expected
    assert said in " ".join(found.conflicts)


def test_what_fits_is_silent() -> None:
    """Cramps and a count that holds them, or a night told twice the same, are no conflict."""
    assert night(cramp("a", "03:10"), count("n", 2), count("m", 2, made="09:00")).conflicts == ()


# --- corrections ---


def test_a_correction_replaces_and_stays_one_cramp() -> None:
    """Details later, then a better time: one cramp, the newest told."""
    first = cramp("a", "03:10")
    second = cramp("b", "03:10", replaces="a", made="08:00", pain=7)
    third = cramp("c", "03:30", replaces="b", made="09:00", pain=7)
    assert night(first, second, third).cramps == 1
    assert [entry.id for entry in standing([third, first, second])] == ["c"]


def test_taken_back_is_gone() -> None:
    """Of a cramp that is taken back nothing is left, also of its corrections."""
    gone = [
        cramp("a", "03:10"),
        cramp("b", "03:10", replaces="a", pain=7),
        told("c", None, replaces="b"),
    ]
    assert nights_of(gone, [], {}) == []


def test_replaced_twice_keeps_both_and_counts_one() -> None:
    """Two machines correct one cramp in different ways: one cramp, both told, and it is said."""
    found = night(
        cramp("a", "03:10"),
        cramp("b", "03:10", replaces="a", pain=7, note="left"),
        cramp("c", "03:20", replaces="a", pain=5, note="right"),
    )
    assert found.cramps == 1
    assert found.note == "left; right"
    assert "corrected differently in two places" in found.conflicts[0]


def test_replaced_twice_in_the_same_way_is_one_correction() -> None:
    """The same correction from two machines holds once and is no conflict."""
    entries = [
        cramp("a", "03:10"),
        cramp("b", "03:10", replaces="a", pain=7),
        cramp("c", "03:10", replaces="a", pain=7),
    ]
    found = night(*entries)
    assert (found.cramps, found.conflicts) == (1, ())
    assert len(standing(entries)) == 1


def test_taken_back_in_one_place_and_corrected_in_another_is_kept() -> None:
    """Nothing told is lost when two machines do not know of each other."""
    found = night(
        cramp("a", "03:10"),
        cramp("b", "03:10", replaces="a", pain=7),
        told("c", None, replaces="a"),
    )
    assert found.cramps == 1
    assert "taken back in one place" in found.conflicts[0]


def test_a_fork_that_was_settled_is_silent() -> None:
    """Taking back one of two corrections leaves the other, with nothing to say."""
    found = night(
        cramp("a", "03:10"),
        cramp("b", "03:10", replaces="a", pain=7),
        cramp("c", "03:20", replaces="a", pain=5),
        told("d", None, replaces="c"),
    )
    assert (found.cramps, found.conflicts) == (1, ())


def test_a_correction_of_something_unknown_holds() -> None:
    """Its forerunner may arrive later, and then changes nothing."""
    later = cramp("b", "03:10", replaces="a", pain=7)
    assert night(later) == night(later, cramp("a", "02:00"))


def test_a_cramp_moved_to_another_night_leaves_the_first() -> None:
    """A corrected time can belong to the evening before."""
    moved = Cramp(at=moment("03:10") - NEXT)
    found = nights_of([cramp("a", "03:10"), told("b", moved, replaces="a")], [], {})
    assert [(n.evening, n.cramps) for n in found] == [(EVENING - NEXT, 1)]


# --- what the day held ---


def test_what_is_told_bit_by_bit_comes_together() -> None:
    """Several entries of one day add up to one night, each value with its origin."""
    found = night(day("a", water=1.5), day("b", heat=1.0), count("c", 0))
    assert found.values == {"heat": 1.0, "water": 1.5}
    assert found.origins == {"heat": "", "water": "", "cramps": ""}


def test_told_twice_the_later_counts_and_it_is_said() -> None:
    """By when it was told, not by when it arrived."""
    found = night(day("b", made="21:00", water=2.0), day("a", made="13:00", water=1.0))
    assert found.values["water"] == 2.0
    assert found.conflicts == ("Water drunk was told as 1 L, then as 2 L. The later counts: 2 L.",)


def test_medicines_become_values() -> None:
    """Taken is 1 and missed is 0, by the ingredient's id or the name as written."""
    medicines = (
        Medicine(name="indapamide", taken=True, dose="2.5mg"),
        Medicine(name="Foozle forte", taken=False),
    )
    found = night(told("a", Told(evening=EVENING, medicines=medicines)))
    assert found.values == {"medicine:foozle_forte": 0.0, "medicine:indapamide": 1.0}


def test_notes_of_a_night_stand_together() -> None:
    """Notes of cramps and of the night, each once."""
    found = night(
        told("a", Told(evening=EVENING, note="long walk")),
        cramp("b", "03:10", note="long walk"),
        cramp("c", "04:10", note="right after turning over"),
    )
    assert found.note == "long walk; right after turning over"


# --- imports ---


def test_imports_fill_what_was_not_told() -> None:
    """The person's own word wins value by value; each value says where it is from."""
    found = night(
        day("a", water=1.5),
        imported=(brought("watch.zip", water=2.0, steps=4000.0),),
    )
    assert found.values == {"steps": 4000.0, "water": 1.5}
    assert found.origins == {"steps": "watch.zip", "water": ""}
    assert found.conflicts == ()


def test_the_own_count_wins_over_an_imported_one() -> None:
    """Where they differ, it is said; "no cramp" of one's own wins as well."""
    found = night(count("a", 0), imported=(brought("old.xlsx", cramps=2),))
    assert (found.cramps, found.origins["cramps"]) == (0, "")
    assert found.conflicts == (
        "Cramps are told differently (old.xlsx: 2 cramps; you: no cramp). Your own word counts.",
    )


def test_what_was_told_of_the_day_says_nothing_of_cramps() -> None:
    """An imported count stands where the person told something else only."""
    found = night(day("a", water=1.5), imported=(brought("old.xlsx", cramps=2),))
    assert (found.cramps, found.origins["cramps"]) == (2, "old.xlsx")


def test_of_several_imports_the_newest_counts() -> None:
    """And where they count cramps differently, it is said."""
    found = night(
        imported=(brought("a.csv", cramps=1, steps=10.0), brought("b.csv", 2, steps=20.0))
    )
    assert (found.cramps, found.origins["cramps"]) == (2, "b.csv")
    assert (found.values, found.origins["steps"]) == ({"steps": 20.0}, "b.csv")
    assert "The newest counts (b.csv)" in found.conflicts[0]
    same = night(imported=(brought("a.csv", cramps=1), brought("b.csv", cramps=1)))
    assert same.conflicts == ()


# --- where and when ---


def test_travel_goes_by_the_clock_of_the_place() -> None:
    """Half past one at night in Tokyo is the evening before there, whatever it is at home."""
    at = dt.datetime.fromisoformat("2026-11-25T01:30+09:00")
    assert night(told("a", Cramp(at=at), made="17:30")).cramps == 1


def test_entries_made_days_later_are_late_and_fine() -> None:
    """The next morning and day are not late; after that the days are counted."""
    at = moment("03:10")
    for later, days in ((0, 0), (1, 1), (5, 5)):
        entry = Entry(id="a", made_at=at + later * NEXT, zone="Europe/Berlin", body=Cramp(at=at))
        assert days_late(entry) == days
        assert night(entry).cramps == 1
    assert days_late(told("a", None)) == 0
