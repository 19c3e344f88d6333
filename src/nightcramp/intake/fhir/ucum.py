"""Units as FHIR writes them (UCUM), and LOINC codes for what only a diary or an answer holds."""

from __future__ import annotations

import functools

import msgspec
from msgspec import Struct

from nightcramp.errors import KnowledgeError
from nightcramp.knowledge.loader import CONTENT, read_toml


class Named(Struct, frozen=True, forbid_unknown_fields=True):
    """One LOINC code with its name."""

    code: str
    display: str


class FhirCodes(Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `fhir_codes.toml`."""

    source: str
    ucum: dict[str, str]
    loinc: dict[str, Named]
    fall_back: str


@functools.lru_cache(maxsize=1)
def fhir_codes() -> FhirCodes:
    """Return the table; raises KnowledgeError for a bad content file."""
    path = CONTENT / "fhir_codes.toml"
    try:
        return msgspec.convert(read_toml(path), FhirCodes)
    except msgspec.ValidationError as error:
        raise KnowledgeError(str(error), where=str(path)) from None


def ucum_of(unit: str) -> str:
    """Return the UCUM code of a unit of the knowledge; the unit itself where it is one."""
    return fhir_codes().ucum.get(unit, unit)
