"""Resolves references: absolute, relative, urn:uuid, contained; whose record a resource is."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Raw, Struct

from nightcramp.intake.fhir.bundle import BROKEN, kind_of
from nightcramp.intake.fhir.resources import Identifier, Patient, Reference

_PLACE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+/[^/?#\s]+)(?:/_history/[^/]+)?/?$")
LONGEST = 2000
NOT_PEOPLE = {
    "Group",
    "Device",
    "Location",
    "Organization",
    "Medication",
    "Substance",
    "Practitioner",
}


class _Head(Struct):
    id: str = ""


_HEAD = msgspec.json.Decoder(_Head)


def key_of(reference: str) -> str:
    """Return what a reference points to in one spelling: `Patient/1`, `urn:uuid:...`, `#1`."""
    match = _PLACE.search(reference) if len(reference) <= LONGEST else None
    return match[1] if match else reference


def contained_in(resource: Any, reference: str) -> tuple[str, Raw] | None:
    """Return type and JSON of the resource that `#id` points to inside another one."""
    wanted = reference.removeprefix("#")
    for part in resource.contained:
        try:
            if _HEAD.decode(part).id == wanted and (kind := kind_of(part)):
                return kind, part
        except BROKEN:
            continue
    return None


class Person:
    """The one person a file is about, by all the names resources call them."""

    def __init__(self, keys: set[str], identifiers: list[Identifier]) -> None:
        self.keys = keys
        self.values = {i.value for i in identifiers if i.value}

    @classmethod
    def of(cls, patient: Patient, url: str) -> Person:
        """Return the person of a Patient resource."""
        keys = {f"Patient/{patient.id}"} if patient.id else set()
        if url:
            keys.add(key_of(url))
        return cls(keys, patient.identifier)

    def is_meant(self, reference: Reference) -> bool:
        """Return whether a reference points to this person."""
        written = reference.reference
        if written and "?" not in written:
            return key_of(written) in self.keys
        value = reference.identifier.value if reference.identifier else ""
        value = value or written.rpartition("|")[2]
        return value in self.values


def subject_key(reference: Reference) -> str:
    """Return the name by which a reference calls somebody, or an empty text."""
    if reference.reference:
        return key_of(reference.reference)
    return f"identifier {reference.identifier.value}" if reference.identifier else ""


def is_not_a_person(reference: Reference) -> bool:
    """Return whether a reference points to a group, a device or a place."""
    kind = reference.type or key_of(reference.reference).partition("/")[0]
    return kind in NOT_PEOPLE
