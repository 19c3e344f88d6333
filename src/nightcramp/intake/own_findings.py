"""Works out what a person's own nights show."""

from __future__ import annotations

from nightcramp.assess.known import Known
from nightcramp.diary import findings
from nightcramp.intake.merge import merged
from nightcramp.intake.own_record import OwnRecord
from nightcramp.person.finding import Findings


def own_findings(record: OwnRecord) -> Findings:
    """Return the findings of a record, worked out anew; it takes some seconds."""
    return findings.findings_of(record.nights, Known(merged(record.readings)))
