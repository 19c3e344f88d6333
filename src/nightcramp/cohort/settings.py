"""How a database is to be screened."""

from __future__ import annotations

from dataclasses import dataclass

from nightcramp.cohort.people.batch import When
from nightcramp.cohort.source.address import UNLIMITED, Limits
from nightcramp.cohort.source.arrays import ROWS_AT_ONCE

MARKED = When()


@dataclass(frozen=True)
class Settings:
    """How to screen. `intervals`: also draw the shares' intervals, which takes far longer.

    `smallest_cell`: smaller counts are hidden in tables; None for the usual. `processes`: so many
    weigh at the same time; 0 for one a processor. `rows`: keep the rows about single people.
    """

    when: When = MARKED
    intervals: bool = False
    smallest_cell: int | None = None
    rows_at_once: int = ROWS_AT_ONCE
    processes: int = 0
    rows: bool = True
    limits: Limits = UNLIMITED


USUAL = Settings()
