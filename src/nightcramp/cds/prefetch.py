"""What a call gives of the person's record: checked, of that person alone, and what it lacked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw, Struct

from nightcramp.app.problem import RefusedError
from nightcramp.cds.services import Wanted
from nightcramp.intake.fhir.references import key_of
from nightcramp.intake.fhir.resources import Reference
from nightcramp.language import gettext as _

MOST_RESOURCES = 5000
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
PASSED_OVER = frozenset({"OperationOutcome"})
_URN = re.compile(r"^urn:uuid:(.+)$")


class _Search(Struct):
    mode: str = ""


class _Entry(Struct):
    resource: Raw = Raw()
    search: _Search | None = None


class _Next(Struct):
    relation: str = ""


class _Bundle(Struct, rename="camel"):
    resource_type: str = ""
    entry: list[_Entry] = []
    link: list[_Next] = []


class _Head(Struct, rename="camel"):
    resource_type: str = ""
    id: str = ""
    subject: Reference | None = None
    patient: Reference | None = None


_HEAD = msgspec.json.Decoder(_Head)
_BUNDLE = msgspec.json.Decoder(_Bundle)


@dataclass
class Given:
    """The resources a call gave, as JSON each, and the keys of what it did not give.

    `cut`: keys of which only a first page came.
    """

    resources: list[bytes] = field(default_factory=list)
    there: set[str] = field(default_factory=set)
    cut: list[str] = field(default_factory=list)

    def add(self, key: str, resources: list[bytes]) -> None:
        """Add what one part of the prefetch held."""
        self.there.add(key)
        self.resources += resources
        if len(self.resources) > MOST_RESOURCES:
            raise RefusedError(413, _("the prefetch holds too many resources"))


def read_prefetch(prefetch: Mapping[str, Raw], parts: tuple[Wanted, ...], patient: str) -> Given:
    """Return the resources that were asked for; what nobody asked for is not looked at.

    A part that is null was looked for and is empty. Raises RefusedError (400) for a resource
    of a type that was not asked for, or about another person than `patient`.
    """
    given = Given()
    for part in parts:
        if part.key in prefetch:
            take(given, part, prefetch[part.key], patient)
    return given


def take(given: Given, part: Wanted, value: Raw | bytes, patient: str) -> None:
    """Add one part of the prefetch; raises RefusedError (400)."""
    if bytes(value) == b"null":
        given.add(part.key, [])
        return
    try:
        head = _HEAD.decode(value)
        if head.resource_type in PASSED_OVER:
            return
        found = list(_inside(given, part, value, head))
        kept = [data for data, inner in found if _is_taken(part, inner, patient)]
    except BROKEN:
        said = _("the prefetch `{key}` is not a FHIR resource")
        raise RefusedError(400, said.format(key=part.key)) from None
    given.add(part.key, kept)


def _inside(
    given: Given, part: Wanted, value: Raw | bytes, head: _Head
) -> Iterator[tuple[bytes, _Head]]:
    """Yield the resource itself, or those of a search."""
    if head.resource_type != "Bundle":
        yield bytes(value), head
        return
    bundle = _BUNDLE.decode(value)
    if any(link.relation == "next" for link in bundle.link):
        given.cut.append(part.key)
    for entry in bundle.entry:
        if bytes(entry.resource) not in (b"", b"null") and not (
            entry.search and entry.search.mode == "outcome"
        ):
            yield bytes(entry.resource), _HEAD.decode(entry.resource)


def _is_taken(part: Wanted, head: _Head, patient: str) -> bool:
    """Return whether a resource is the person's; raises RefusedError if it is another's."""
    if head.resource_type in PASSED_OVER:
        return False
    if head.resource_type not in part.holds:
        said = _("the prefetch `{key}` holds another kind of resource than was asked for")
        raise RefusedError(400, said.format(key=part.key))
    return is_about(head.resource_type, head.id, head.subject or head.patient, patient)


def is_about(kind: str, identifier: str, subject: Reference | None, patient: str) -> bool:
    """Return whether a resource is about the patient, not about a group or a device.

    Raises RefusedError (400) where it names another patient.
    """
    whose = f"Patient/{identifier}" if kind == "Patient" and identifier else ""
    whose = whose or (key_of(subject.reference) if subject else "")
    if urn := _URN.match(whose):
        whose = f"Patient/{urn[1]}"
    if not whose or whose.startswith("#"):
        return True
    if not whose.startswith("Patient/"):
        return False
    if whose != f"Patient/{patient}":
        raise RefusedError(
            400, _("a resource is about another patient than the one in `context.patientId`")
        )
    return True


def check_enough(given: Given, parts: tuple[Wanted, ...]) -> None:
    """Raise RefusedError (412) where nothing came that can tell whether there are cramps."""
    telling = [part.key for part in parts if part.tells]
    if not given.there & set(telling):
        said = _("the call gave nothing that tells whether the person has cramps")
        hint = _("Give at least one of: {keys}.").format(keys=", ".join(telling))
        raise RefusedError(412, said, hint=hint)
