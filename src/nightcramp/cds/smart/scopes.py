"""What is asked for, read-only, in both spellings of SMART; and what was granted."""

from __future__ import annotations

import re
from collections.abc import Iterable

NEEDED = ("Patient", "Condition")
WANTED = (
    *NEEDED,
    "MedicationRequest",
    "MedicationStatement",
    "Medication",
    "Observation",
    "QuestionnaireResponse",
)
V2 = "permission-v2"
_GRANTED = re.compile(r"^(?:patient|user)/(\*|[A-Za-z]+)\.(\*|read|write|c?r?u?d?s?)(?:\?.*)?$")


def scopes(capabilities: Iterable[str], *, standalone: bool) -> str:
    """Return the scopes to ask for: `.rs` where the server says it knows them, else `.read`."""
    how = "rs" if V2 in capabilities else "read"
    launch = "launch/patient" if standalone else "launch"
    return " ".join([launch, *(f"patient/{kind}.{how}" for kind in WANTED)])


def is_granted(granted: str, kind: str) -> bool:
    """Return whether scopes allow to read and (but for the patient) to search a kind."""
    return any(_allows(scope, kind) for scope in granted.split())


def _allows(scope: str, kind: str) -> bool:
    match = _GRANTED.match(scope)
    if match is None or match[1] not in ("*", kind):
        return False
    if match[2] in ("*", "read"):
        return True
    return "r" in match[2] and match[2] != "write" and (kind == "Patient" or "s" in match[2])
