"""A population is weighed as its people would be one by one, whatever stands in their records."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from cohorts import differences, every_token, random_events
from nightcramp.cohort.content import cohort_content
from nightcramp.cohort.people import person, reader
from nightcramp.cohort.people.batch import When
from nightcramp.cohort.source.arrays import Events
from nightcramp.cohort.source.tokens import Token
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


def test_how_lately_a_medicine_stopped_counts_whatever_the_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short = structs.replace(cohort_content(knowledge()), persistence_days=3)
    for module in (reader, person):
        monkeypatch.setattr(module, "cohort_content", lambda _known: short)
    born, observed = Token(kind="born"), Token(kind="observed")
    tokens = [born, observed, Token(kind="medicine", id="simvastatin")]
    rows = [
        row
        for number, stopped in ((1, 20), (2, 200), (3, 1))
        for row in (
            (number, 0, 1950, 701),
            (number, 1, 15000, 18000),
            (number, 2, 18000 - stopped - 30, 18000 - stopped),
        )
    ]
    empty = np.full(len(rows), np.nan)
    events = Events(*np.array(rows).T, empty, empty, empty)

    assert list(differences(events, tokens, knowledge(), WHEN[0])) == []
