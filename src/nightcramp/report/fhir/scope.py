"""What an export is made of, and what all its resources share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from nightcramp.assess.assessment import Assessment
from nightcramp.diary.entry import Entry
from nightcramp.knowledge.loader import Knowledge
from nightcramp.person.fact import Fact
from nightcramp.person.finding import Findings
from nightcramp.person.night import Night
from nightcramp.person.verdict import Verdict
from nightcramp.report.fhir.elements import Json, Names, reference


@dataclass(frozen=True, kw_only=True)
class Exported:
    """One person's record as it is written out.

    `facts` are those told or imported, counted back from `as_of`. `entries` are those of the
    diary that hold, `nights` all that is known of nights. `whose` makes ids, `zone` names the
    clock of nights of which no entry tells. `now`: when it is written.
    """

    whose: str
    knowledge: Knowledge = field(repr=False)
    as_of: dt.date
    now: dt.datetime
    zone: str
    facts: list[Fact]
    entries: list[Entry] = field(default_factory=list)
    nights: list[Night] = field(default_factory=list)
    notes_of_imports: dict[tuple[dt.date, str], str] = field(default_factory=dict)
    """By evening and file: notes that came with imported nights."""
    assessment: Assessment | None = None
    findings: Findings | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    """Names of the files that were read."""
    records: frozenset[str] = frozenset()
    """Files that a clinic or a pharmacy wrote; what they say is not the person's own word."""
    name: str = ""


@dataclass
class Writing:
    """An export while it is written: who it is about, and ids that never clash."""

    exported: Exported
    patient: Json
    names: Names

    @property
    def knowledge(self) -> Knowledge:
        """Return the knowledge that texts and codes come from."""
        return self.exported.knowledge

    @property
    def subject(self) -> Json:
        """Return the pointer to the person."""
        return reference(self.patient)

    def teller(self, fact: Fact) -> Json | None:
        """Return the pointer to the person where a fact is their own word, else None."""
        return None if fact.provenance.file in self.exported.records else self.subject
