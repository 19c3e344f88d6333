"""Medicines before cramps in a database: from its address to what was found."""

from __future__ import annotations

from collections.abc import Sequence

from nightcramp.cohort.content import cohort_content
from nightcramp.cohort.sequence.analysis import SequenceReport, analyse, wanted_of
from nightcramp.cohort.sequence.histories import Histories, from_events
from nightcramp.cohort.sequence.settings import Settings
from nightcramp.cohort.source.address import Limits, fetched, opened
from nightcramp.cohort.source.database import read_source
from nightcramp.knowledge.loader import Knowledge


def sequence_in(
    address: str,
    medicines: Sequence[str],
    markers: Sequence[str],
    controls: Sequence[str],
    settings: Settings,
    knowledge: Knowledge,
    limits: Limits,
) -> SequenceReport:
    """Return what a database shows of medicines before cramps; raises InputError.

    Without `markers` every sign of cramps that is not weak; without `controls` the usual ones.
    """
    signs = list(markers) or strong_markers(knowledge)
    histories = histories_in(address, medicines, signs, controls, knowledge, limits)
    return analyse(histories, medicines, signs, settings, list(controls) or None)


def strong_markers(knowledge: Knowledge) -> list[str]:
    """Return the ids of the signs of cramps that select a person."""
    return [marker.id for marker in cohort_content(knowledge).markers if not marker.weak]


def histories_in(
    address: str,
    medicines: Sequence[str],
    markers: Sequence[str],
    controls: Sequence[str],
    knowledge: Knowledge,
    limits: Limits,
) -> Histories:
    """Return the histories of a database, with the records of some medicines and markers."""
    wanted = wanted_of(medicines, markers, list(controls) or None)
    with opened(address, limits) as database:
        source = read_source(database, knowledge)
        events = fetched(database, source.ordered(wanted))
    return from_events(events, source.tokens)
