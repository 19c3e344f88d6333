"""What a diary answers of the interview: a month of nights in, two answers out, or none."""

from __future__ import annotations

import datetime as dt

from nightcramp.intake.diary_facts import facts_of_nights, with_diary
from nightcramp.intake.reading import Reading
from nightcramp.person.fact import Fact, Provenance
from nightcramp.person.night import Night

TODAY = dt.date(2026, 11, 25)


def month(*cramps: int | None) -> list[Night]:
    """Return the last nights before today, the latest first."""
    return [
        Night(evening=TODAY - dt.timedelta(days=day), cramps=count)
        for day, count in enumerate(cramps, 1)
    ]


def answers(nights: list[Night]) -> dict[str, object]:
    """Return the answers that nights give."""
    return {fact.id: fact.value for fact in facts_of_nights(nights, TODAY)}


def test_28_nights_without_a_gap_answer_how_often() -> None:
    """On how many nights, and how many cramps on such a night."""
    nights = month(*[3, 0, 0, 2] * 7)
    assert answers(nights) == {"nights_per_month": 14.0, "cramps_per_night": 2.5}
    assert answers(month(*[0] * 28)) == {"nights_per_month": 0.0}


def test_one_night_not_logged_answers_nothing() -> None:
    """Nobody knows what that night was like; older nights do not stand in for it."""
    assert answers(month(*[3, 0, None, 2] * 10)) == {}
    assert answers(month(*[1] * 27)) == {}
    assert answers([*month(*[1] * 27), Night(evening=TODAY, cramps=1)]) == {}


def test_the_own_answer_wins() -> None:
    """What was answered elsewhere is not counted over; the rest is."""
    told = Fact(
        kind="answer", id="nights_per_month", value=4.0, provenance=Provenance(file="me", at="1")
    )
    story = Reading(file="me", format="story", as_of=TODAY, facts=[told])
    added = with_diary([story], month(*[2] * 28), TODAY)[-1]
    assert [(fact.id, fact.value) for fact in added.facts] == [("cramps_per_night", 2.0)]
    assert with_diary([story], [], TODAY) == [story]
