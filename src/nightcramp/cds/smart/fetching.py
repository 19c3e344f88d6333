"""Fetches one patient's record with the right that was granted, within limits, and reads it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import msgspec
from msgspec import Struct

from nightcramp.app.problem import RefusedError
from nightcramp.cds.outgoing import Outgoing, OutgoingError, is_within
from nightcramp.cds.person import Person, person_of
from nightcramp.cds.prefetch import BROKEN, Given, take
from nightcramp.cds.services import PATIENT, Wanted, wanted
from nightcramp.cds.smart.launches import Granted
from nightcramp.cds.smart.scopes import is_granted
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _

MOST_PAGES = 10
MOST_BYTES = 32_000_000
MOST_SECONDS = 30.0
INCLUDED = {"MedicationRequest", "MedicationStatement"}


class _Link(Struct):
    relation: str = ""
    url: str = ""


class _Page(Struct):
    link: list[_Link] = []


class _Name(Struct):
    text: str = ""
    family: str = ""
    given: list[str] = []


class _Patient(Struct, rename="camel"):
    resource_type: str = ""
    id: str = ""
    name: list[_Name] = []
    birth_date: str = ""


@dataclass(frozen=True)
class Fetched:
    """The person, and by what the clinician knows whose page it is."""

    person: Person
    name: str
    born: str


def fetched(granted: Granted, outgoing: Outgoing, known: Knowledge, today: dt.date) -> Fetched:
    """Return the record of the patient that was granted; raises RefusedError."""
    given, parts = Given(), wanted(known, today)
    reading = _Reading(granted, outgoing)
    for part in parts:
        kind = part.query.partition("?")[0].partition("/")[0]
        if is_granted(granted.scope, kind):
            reading.add(given, part, kind)
    if "patient" not in given.there or reading.patient is None:
        raise RefusedError(502, _("the record system did not give the patient"))
    shown = reading.patient
    return Fetched(person_of(given, parts, known, today), _called(shown), shown.birth_date[:10])


class _Reading:
    """Reads page by page with one token."""

    def __init__(self, granted: Granted, outgoing: Outgoing) -> None:
        self.granted = granted
        self.outgoing = outgoing
        self.until = time.monotonic() + MOST_SECONDS
        self.left = MOST_BYTES
        self.patient: _Patient | None = None
        self.headers = {
            "authorization": f"Bearer {granted.token}",
            "accept": "application/fhir+json",
        }

    def add(self, given: Given, part: Wanted, kind: str) -> None:
        """Add what one query gives; what cannot be had is left out and said on the page."""
        query = part.query.replace(PATIENT, quote(self.granted.patient, safe=""))
        if kind in INCLUDED:
            query += f"&_include={kind}:medication"
        try:
            for page in self._pages(f"{self.granted.iss}/{query}"):
                take(given, part, page, self.granted.patient)
                if kind == "Patient":
                    self._see(page)
        except OutgoingError:
            given.there.discard(part.key)
            return
        if part.key in given.cut and not self.is_cut:
            given.cut = [key for key in given.cut if key != part.key]

    def _pages(self, address: str) -> Iterator[bytes]:
        self.is_cut = False
        for _page in range(MOST_PAGES):
            data = self._get(address)
            yield data
            after = _next(data)
            if not after:
                return
            if not is_within(after, self.granted.iss):
                break
            address = after
        self.is_cut = True

    def _get(self, address: str) -> bytes:
        if time.monotonic() > self.until or self.left <= 0:
            raise OutgoingError(_("the record is too large to be read at once"))
        data = self.outgoing.get(address, self.headers)
        self.left -= len(data)
        return data

    def _see(self, page: bytes) -> None:
        """Note who the patient is; raises RefusedError where it is not the one that is open."""
        patient = msgspec.json.decode(page, type=_Patient)
        if patient.resource_type != "Patient" or patient.id != self.granted.patient:
            raise RefusedError(
                502, _("the record system gave another patient than the one that is open")
            )
        self.patient = patient


def _next(data: bytes) -> str:
    try:
        page = msgspec.json.decode(data, type=_Page)
    except BROKEN:
        return ""
    return next((link.url for link in page.link if link.relation == "next"), "")


def _called(patient: _Patient) -> str:
    for name in patient.name:
        if name.text or name.family or name.given:
            return (name.text or " ".join([*name.given, name.family])).strip()[:200]
    return ""
