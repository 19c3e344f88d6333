"""What may be printed of a screened population."""

from __future__ import annotations

from msgspec import Struct

from nightcramp.cohort.source.cdm import CdmSource
from nightcramp.cohort.tables.counting import Quartiles
from nightcramp.cohort.tables.disclosure import WITHHELD, Shown

MARKED = "marked"
"""Who was looked at: people with a sign of cramps; else everyone."""


class People(Struct, frozen=True, kw_only=True):
    """People of one sex and band of age, by level. `low`: the least age, None if not known."""

    low: int | None
    sex: str
    people: Shown
    levels: dict[str, Shown]


class Counted(Struct, frozen=True, kw_only=True):
    """How many people have something; `level`: how soon it asks for somebody, if it does."""

    id: str
    people: Shown
    level: str = ""


class FactorRow(Struct, frozen=True, kw_only=True):
    """A factor: people in whom it is present, and its share of cramps.

    `mean`: over all people; `mean_with`, `quartiles`: over those with it. None is not shown.
    """

    id: str
    group: str
    people: Shown
    mean: float | None
    mean_with: float | None
    quartiles: Quartiles | None


class MedicineRow(Struct, frozen=True, kw_only=True):
    """A medicine: people who take it, of these worth a review, its share as of a factor."""

    id: str
    taking: Shown
    review: Shown
    mean: float | None
    mean_with: float | None
    quartiles: Quartiles | None


class GroupShare(Struct, frozen=True, kw_only=True):
    """The mean share of a group of causes over all people; None is not shown."""

    id: str
    mean: float | None


class Pair(Struct, frozen=True, kw_only=True):
    """How many people have two things at once."""

    first: str
    second: str
    people: Shown


class Band(Struct, frozen=True, kw_only=True):
    """How many people have a probability in a band; `low` is None where it is not known."""

    low: float | None
    high: float | None
    people: Shown


class StepShown(Struct, frozen=True, kw_only=True):
    """A filter: how many people it left, and how many it left out."""

    id: str
    says: str
    left: Shown
    out: Shown


class UseShown(Struct, frozen=True, kw_only=True):
    """How the rows of one table were understood, by the way that led to a meaning."""

    table: str
    concepts: int
    rows: Shown
    by: dict[str, Shown]


class NoticeShown(Struct, frozen=True, kw_only=True):
    """Something odd in the database, in rows or in people; None where these were not counted."""

    id: str
    says: str
    rows: Shown | None
    people: Shown | None


class CohortSummary(Struct, frozen=True, kw_only=True):
    """A screened population, without any count that must not be read.

    `people`: who were looked at. `levels`: how soon somebody should see them. `review`: people
    with a medicine worth a review. `unexplained`: the mean part of cramps that nothing explains.
    `together`: people by how many factors are present. `withheld`: tables left out because they
    would give a small count away.
    """

    version: str
    made_on: str
    source: CdmSource
    who: str
    as_of: str
    smallest_cell: int
    people: Shown
    attrition: list[StepShown] = []
    groups: list[People] = []
    levels: dict[str, Shown] = {}
    flags: list[Counted] = []
    markers: list[Counted] = []
    shares: list[GroupShare] = []
    unexplained: float | None = None
    unexplained_quartiles: Quartiles | None = None
    factors: list[FactorRow] = []
    medicines: list[MedicineRow] = []
    review: Shown = WITHHELD
    pairs: list[Pair] = []
    together: dict[int, Shown] = {}
    night_cramp: list[Band] = []
    vocabulary: list[UseShown] = []
    notices: list[NoticeShown] = []
    withheld: list[str] = []
