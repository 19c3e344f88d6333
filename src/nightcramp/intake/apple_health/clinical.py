"""Hands the clinical records of an export (FHIR in JSON) to the reader of such records."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from nightcramp.intake.apple_health.archive import CLINICAL as FOLDER
from nightcramp.intake.apple_health.archive import Export
from nightcramp.intake.reading import Account, Reading
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import noted

KIND = "ClinicalRecord"


def read_clinical(
    export: Export, listed: int, knowledge: Knowledge, as_of: dt.date, account: Account
) -> Reading | None:
    """Return what the clinical records say, None when there are none or none can be read.

    `listed`: how many of them export.xml names; those without a file are accounted for.
    """
    resources: dict[str, dict[str, Any]] = {}
    seen = 0
    for name, content in export.clinical():
        seen += 1
        reason = _parse(name, content, resources)
        if reason:
            account.leave_out(KIND, reason)
    account.read[KIND] += max(seen, listed)
    for _ in range(listed - seen):
        account.leave_out(KIND, noted("its file is not beside export.xml; give export.zip"))
    return _read(resources, export, knowledge, as_of, account) if resources else None


def _parse(name: str, content: bytes | None, resources: dict[str, dict[str, Any]]) -> str:
    """Add the resource in a file; return why it cannot be, or nothing."""
    if content is None:
        return noted("larger than any clinical record")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return noted("not valid JSON")
    if not isinstance(found, dict):
        return noted("not a FHIR resource")
    resources[name] = found
    return ""


def _read(
    resources: dict[str, dict[str, Any]],
    export: Export,
    knowledge: Knowledge,
    as_of: dt.date,
    account: Account,
) -> Reading | None:
    from nightcramp.intake.fhir.reader import read_fhir_resources

    reading: Reading = read_fhir_resources(
        list(resources.values()),
        knowledge,
        as_of=as_of,
        file=str(export.path),
        places=[f"{FOLDER}/{name}" for name in resources],
    )
    account.used[KIND] += len(resources)
    return reading


def merge_account(into: Account, other: Account) -> None:
    """Add the counts of one account to another."""
    into.read.update(other.read)
    into.used.update(other.used)
    for kind, reasons in other.unused.items():
        for reason, count in reasons.items():
            into.leave_out(kind, reason)
            into.unused[kind][reason] += count - 1
    into.unknown_medicines.update(other.unknown_medicines)
    into.to_ask.extend(other.to_ask)
