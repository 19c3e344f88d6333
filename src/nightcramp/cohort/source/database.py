"""A database ready to be read: its tokens, its events, and what was met while reading codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nightcramp.cohort.content import cohort_content
from nightcramp.cohort.source.address import Database
from nightcramp.cohort.source.cdm import CdmSource, check
from nightcramp.cohort.source.events import ORDER, events_of
from nightcramp.cohort.source.mapping import Mapping, read_mapping
from nightcramp.cohort.source.tokens import Token
from nightcramp.knowledge.loader import Knowledge

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Source:
    """A database whose codes have been read."""

    database: Database
    about: CdmSource
    mapping: Mapping

    @property
    def tokens(self) -> list[Token]:
        """Return what events can be, by their numbers."""
        return self.mapping.tokens.all

    def events(self, wanted: Callable[[Token], bool]) -> ir.Table:
        """Return the events of the tokens that are wanted, in any order."""
        return self._of(frozenset(n for n, token in enumerate(self.tokens) if wanted(token)))

    def _of(self, numbers: frozenset[int]) -> ir.Table:
        """Return the events of some tokens, by their numbers."""
        return events_of(self.database, self.mapping, numbers)

    def people(self) -> ir.Table:
        """Return the ids of people, in a column `person`."""
        table = self.database.tables["person"]
        return table.select(person=table.person_id.cast("int64"))

    def rows(self) -> int:
        """Return about how many events there are."""
        left_out = ("none", "unit", "local_form")
        read = (use.rows - sum(use.by.get(one, 0) for one in left_out) for use in self.mapping.uses)
        return sum(read)

    def ordered(self, wanted: Callable[[Token], bool]) -> ir.Table:
        """Return the same in the order of people."""
        return self.events(wanted).order_by(*ORDER)


def read_source(database: Database, knowledge: Knowledge) -> Source:
    """Check a database and read what its codes stand for; raises InputError."""
    if database.engine == "bulk":
        from nightcramp.cohort.source.bulk_source import read_bulk

        return read_bulk(database, knowledge)
    about = check(database)
    mapping = read_mapping(database, knowledge, cohort_content(knowledge))
    return Source(database, about, mapping)
