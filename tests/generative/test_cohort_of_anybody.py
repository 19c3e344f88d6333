"""A population is weighed as its people would be one by one, whatever stands in their records."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts import differences, every_token, random_events
from nightcramp.cohort.people.batch import When
from nightcramp.cohort.weigh.weighing import Weigher
from nightcramp.knowledge.loader import knowledge

WHEN = (When(everyone=True), When(), When(everyone=True, day=dt.date(2021, 3, 1)))


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), when=st.sampled_from(WHEN))
def test_a_population_is_its_people(seed: int, when: When) -> None:
    tokens = every_token(knowledge())
    events = random_events(tokens, knowledge(), 120, seed)

    assert list(differences(events, tokens, knowledge(), when)) == []


def test_what_is_kept_from_one_batch_does_not_leak_into_the_next() -> None:
    tokens = every_token(knowledge())
    weigher = Weigher(knowledge())
    for seed in range(6):
        events = random_events(tokens, knowledge(), 100, 1000 + seed)

        assert list(differences(events, tokens, knowledge(), WHEN[0], weigher)) == []


@pytest.mark.parametrize(
    "forgotten",
    [{"sex"}, {"age"}, {"diabetes"}, {"pregnancy"}, {"lab:magnesium"}],
    ids=str,
)
def test_a_key_that_forgets_something_is_noticed(forgotten: set[str]) -> None:
    tokens = every_token(knowledge())
    weigher = Weigher(knowledge())
    reads = weigher.atoms.reads
    weigher.atoms.reads = replace(
        reads,
        records={name: atoms - forgotten for name, atoms in reads.records.items()},
        medicines={name: atoms - forgotten for name, atoms in reads.medicines.items()},
    )
    events = random_events(tokens, knowledge(), 1500, 7, most=4)

    assert list(differences(events, tokens, knowledge(), WHEN[0], weigher))
