"""The choices by which a database of many people is read: `cohort.toml`."""

from __future__ import annotations

import functools

import msgspec

from nightcramp.errors import KnowledgeError
from nightcramp.knowledge.loader import CONTENT, Knowledge, read_toml
from nightcramp.knowledge.schema import Content
from nightcramp.language import noted

MARKERS = {
    "night_leg_cramps": noted("a diagnosis of night-time leg cramps"),
    "muscle_cramp": noted("a diagnosis of cramps"),
    "quinine": noted("a medicine given for cramps (quinine or the like)"),
    "muscle_relaxant": noted("a muscle relaxant"),
}
"""What each marker is called."""


class Marker(Content, frozen=True, kw_only=True):
    """What tells that somebody has cramps; a `weak` one alone does not select a person."""

    id: str
    conditions: list[str] = []
    medicines: list[str] = []
    weak: bool = False


class CohortContent(Content, frozen=True, kw_only=True):
    """The content of `cohort.toml`."""

    smallest_cell: int
    persistence_days: int
    passing_days: int
    passing: list[str]
    local_forms: list[str]
    sex: dict[str, list[str]]
    markers: list[Marker] = msgspec.field(name="marker")


@functools.lru_cache(maxsize=2)
def cohort_content(knowledge: Knowledge) -> CohortContent:
    """Return the choices, with every id in them checked; raises KnowledgeError."""
    path = CONTENT / "cohort.toml"
    try:
        content = msgspec.convert(read_toml(path), CohortContent)
    except msgspec.ValidationError as error:
        raise KnowledgeError(str(error), where=str(path)) from None
    unknown = [name for name in _conditions(content) if name not in knowledge.conditions]
    taken = knowledge.medicines.keys() | knowledge.medicine_classes.keys()
    unknown += [name for m in content.markers for name in m.medicines if name not in taken]
    if unknown:
        raise KnowledgeError(f"names what nothing is called: {', '.join(unknown)}", where=str(path))
    return content


def _conditions(content: CohortContent) -> list[str]:
    return [*content.passing, *(name for m in content.markers for name in m.conditions)]
