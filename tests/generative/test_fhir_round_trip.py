"""What is written as FHIR is read back without loss: facts, entries of the diary, nights."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings

from nightcramp.assess.assessment import assess
from nightcramp.diary.nights import nights_of
from nightcramp.intake.merge import merged
from nightcramp.person.fact import Fact
from nightcramp.person.facts import Facts
from nightcramp.person.night import Night
from nightcramp.report.fhir.scope import Exported
from records import KNOWN, exported, exports, facts, read_back, written

SLOW = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def told(fact: Fact) -> bytes:
    """Return what a fact says and in which words it was told, without where it was read."""
    parts = (fact.kind, fact.id, fact.value, fact.provenance.written, fact.provenance.note)
    return msgspec.json.encode(parts, order="deterministic")


def known_of(night: Night) -> bytes:
    """Return everything known of a night, and from which file, without the place in it."""
    parts = (night.evening, night.cramps, night.values, night.note, night.origins)
    return msgspec.json.encode(parts, order="deterministic")


def without_places(value: Any) -> Any:
    """Return an assessment as data, without where facts were read and in which order."""
    plain = msgspec.to_builtins(value)
    for name in ("facts", "unrecognised", "contradictions"):
        plain.pop(name)
    return plain


@SLOW
@given(facts())
def test_the_same_facts_each_as_often(record: list[Fact]) -> None:
    """Kind, id, value, dates to the last digit, and the words as written come back."""
    back = read_back(exported(record)).facts
    assert Counter(map(told, back)) == Counter(map(told, record))


@SLOW
@given(facts())
def test_the_same_assessment(record: list[Fact]) -> None:
    """What is assessed from the bundle is what was assessed before, to the last digit."""
    again = assess(merged([read_back(exported(record))]), questions=0)
    assert without_places(again) == without_places(assess(Facts(KNOWN, record), questions=0))


@SLOW
@given(exports())
def test_the_same_diary_and_the_same_nights(record: Exported) -> None:
    """Entries come back as they were, under their ids; nights are worked out the same."""
    back = read_back(record)
    by_id = {entry.id: entry for entry in record.entries}
    assert {entry.id: msgspec.json.encode(entry) for entry in back.entries} == {
        name: msgspec.json.encode(entry) for name, entry in by_id.items()
    }
    nights = nights_of(back.entries, [back.nights], KNOWN.measures)
    assert list(map(known_of, nights)) == list(map(known_of, record.nights))


@SLOW
@given(exports())
def test_the_same_export_again(record: Exported) -> None:
    """The same record is the same bytes: ids follow from what they name."""
    assert written(record) == written(record)
