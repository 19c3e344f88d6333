"""Reads FHIR into facts: opens, sorts out whose record it is, dates it, and asks each reader."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from nightcramp.errors import InputError
from nightcramp.intake.fhir import bundle
from nightcramp.intake.fhir.bundle import Found
from nightcramp.intake.fhir.codes import codes_of
from nightcramp.intake.fhir.conditions import facts_of, read_nothing, said_in_conditions
from nightcramp.intake.fhir.dates import day_of, is_full
from nightcramp.intake.fhir.medicines import read_medicines
from nightcramp.intake.fhir.observations import Habits, answers_of, read_observations
from nightcramp.intake.fhir.own import Own
from nightcramp.intake.fhir.people import read_people
from nightcramp.intake.fhir.procedures import said_in_procedures
from nightcramp.intake.fhir.questionnaires import read_questionnaires
from nightcramp.intake.fhir.record import Entry, Record
from nightcramp.intake.fhir.references import (
    Person,
    contained_in,
    is_not_a_person,
    key_of,
    subject_key,
)
from nightcramp.intake.fhir.resources import KINDS, MINOR, Reference, decode
from nightcramp.intake.reading import Account, Reading
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.fact import Fact

OLD_KINDS = {"MedicationOrder", "DiagnosticOrder", "BodySite", "ReferralRequest", "Sequence"}
OLD_FIELDS = (
    "date_recorded",
    "asserted_date",
    "taken",
    "was_not_taken",
    "not_given",
    "was_not_given",
    "not_done",
    "not_performed",
)
OLD_FIELDS_OF = {
    kind: [name for name in OLD_FIELDS if name in fields.__struct_fields__]
    for kind, fields in KINDS.items()
}
OLD_PROFILES = ("hl7.org/fhir/3.0", "hl7.org/fhir/1.0", "/DSTU2/", "/STU3/")
REASONS = {
    "FamilyMemberHistory": noted("it is about the family, not the person"),
    "Encounter": noted("only its date is read"),
    "Medication": noted("read through the records that point to it"),
    "DiagnosticReport": noted("its results are read from the observations themselves"),
    "RiskAssessment": noted("what somebody else worked out is not read"),
    "Bundle": noted("read through what it holds"),
}
OTHER = noted("this kind of record is not used")
DATED = {
    "Condition": ("recorded_date", "onset_date_time"),
    "Observation": ("effective_date_time", "effective_instant", "issued", "effective_period"),
    "Procedure": (
        "performed_date_time",
        "performed_period",
        "occurrence_date_time",
        "occurrence_period",
    ),
    "MedicationRequest": ("authored_on",),
    "MedicationStatement": ("date_asserted", "effective_date_time", "effective_period"),
    "MedicationDispense": ("when_handed_over", "when_prepared"),
    "MedicationAdministration": (
        "effective_date_time",
        "effective_period",
        "occurence_date_time",
        "occurence_period",
    ),
    "Encounter": ("period", "actual_period"),
    "QuestionnaireResponse": ("authored",),
}
FILES = noted("files")
MOST_VERSIONS = 8
ASK_PERSON = noted(
    "Give the person with `patient` (the id of one Patient), or export one person alone."
)


def read_fhir(
    path: Path, knowledge: Knowledge, as_of: dt.date | None = None, *, patient: str = ""
) -> Reading:
    """Return what a FHIR file, folder or archive says about one person.

    `as_of`: the date from which times count back; without it the newest date in the file.
    `patient`: the id of the person, for files that hold several. Raises InputError naming the
    place that cannot be read, or when the file is about several people.
    """
    account = Account()

    def skipped(reason: str) -> None:
        account.read[FILES] += 1
        account.leave_out(FILES, reason)

    found = bundle.resources(path, skipped)
    return _Gathering(knowledge, str(path), account, patient).reading(found, as_of)


def read_fhir_resources(
    resources: Iterable[Mapping[str, Any] | bytes],
    knowledge: Knowledge,
    as_of: dt.date | None = None,
    *,
    file: str,
    places: Iterable[str] = (),
    one_person: bool = True,
) -> Reading:
    """Return what FHIR resources (parsed, or JSON each) say about one person.

    `file` and `places` (one a resource) go into the provenance. `one_person`: all are about
    the same person whatever their ids (a phone collects from several clinics); resources of
    older FHIR versions are then left out with the reason. Else both are refused.
    """
    named = iter(places)

    def found() -> Iterator[Found]:
        for data in resources:
            place = next(named, "")
            if isinstance(data, bytes):
                yield from bundle.expand_one(data, place, f"{file}: {place}".rstrip(": "))
            elif isinstance(data, Mapping):
                yield from _parsed(data, place)
            else:
                raise InputError(_("a FHIR resource is a JSON object"), where=file)

    gathering = _Gathering(knowledge, file, Account(), "", one_person=one_person)
    return gathering.reading(found(), as_of)


def _parsed(data: Mapping[str, Any], place: str) -> Iterator[Found]:
    if bundle.kind_of(data) != "Bundle":
        yield Found(place, bundle.kind_of(data), data)
        return
    yield Found(place, "Bundle", data)
    entries = data.get("entry")
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        if isinstance(resource, Mapping):
            url = entry.get("fullUrl")
            inside = f"{place} entry {number + 1}".strip()
            address = url if isinstance(url, str) else ""
            yield Found(inside, bundle.kind_of(resource), resource, address)


class _Gathering:
    """Collects the resources of one person, then reads them."""

    def __init__(
        self,
        knowledge: Knowledge,
        file: str,
        account: Account,
        patient: str,
        *,
        one_person: bool = False,
    ) -> None:
        self.knowledge = knowledge
        self.file = file
        self.account = account
        self.patient = patient.removeprefix("Patient/")
        self.one_person = one_person
        self.today = dt.date.today()
        self.entries: dict[str, list[Entry]] = {}
        self.medications: dict[str, Any] = {}
        self.people: set[str] = set()
        self.judged: dict[str, str] = {}
        self.seen: dict[tuple[str, str], list[Entry]] = {}

    def reading(self, found: Iterable[Found], as_of: dt.date | None) -> Reading:
        """Return the facts of all resources; raises InputError."""
        for resource in found:
            self._add(resource)
        if not self.account.read or set(self.account.read) <= {FILES, ""}:
            raise InputError(
                _("holds no FHIR resources"),
                where=self.file,
                hint=_("A FHIR file has an entry `resourceType`."),
            )
        person = self._person()
        if not self.one_person:
            self._keep_only(person)
        own = Own.taken_from(self.entries)
        days = [day for day in (own.day(self.today), self._newest_day()) if day]
        record = Record(
            knowledge=self.knowledge,
            codes=codes_of(self.knowledge),
            file=self.file,
            as_of=as_of or max(days, default=self.today),
            account=self.account,
            entries=self.entries,
            medications=self.medications,
        )
        told = own.facts(record)
        reading = Reading(
            file=self.file,
            format="fhir",
            as_of=record.as_of,
            facts=[*_not_told(_facts(record, told), told), *told],
            nights=own.nights(record),
            entries=own.diary(record),
            account=self.account,
        )
        self._account_for_rest(record)
        return reading

    def _account_for_rest(self, record: Record) -> None:
        for kind in ("Encounter", "Medication", "DiagnosticReport", "RiskAssessment"):
            for entry in record.of(kind):
                record.leave_out(entry, REASONS[kind])

    # One resource

    def _add(self, found: Found) -> None:
        kind = found.kind or noted("unnamed")
        self.account.read[kind] += 1
        if kind not in KINDS:
            if kind in OLD_KINDS:
                self._old(found)
                return
            reason = (
                noted("it names no resource type") if not found.kind else REASONS.get(kind, OTHER)
            )
            self.account.leave_out(kind, reason)
            return
        where = f"{self.file}: {found.place or kind}"
        try:
            resource, misfits = decode(kind, found.data)
        except RecursionError:
            raise InputError(_("is nested too deeply for a health record"), where=where) from None
        except UnicodeError:
            raise InputError(_("is not text in UTF-8"), where=where) from None
        except msgspec.DecodeError:
            raise InputError(_("is not valid JSON"), where=where) from None
        if self._is_old(resource, misfits, found.data):
            self._old(found)
            return
        wrong = [name for name in misfits if name not in MINOR]
        if wrong:
            fields = ", ".join(dict.fromkeys(wrong))
            said = _("not written as FHIR says: {fields}")
            self.account.leave_out(kind, said.format(fields=fields))
            return
        place = " ".join(filter(None, (found.place, f"{kind}/{resource.id}".rstrip("/"))))
        entry = Entry(kind, place, resource, found.url)
        if self._is_repeated(entry) or self._is_of_another(entry):
            return
        self.entries.setdefault(kind, []).append(entry)
        if kind == "Medication":
            self._know_medication(entry)
        if resource.contained and kind in {"Observation", "DiagnosticReport"}:
            self._add_contained(entry)

    def _is_of_another(self, entry: Entry) -> bool:
        """Leave out at once what names another Patient than the one asked for.

        Raises InputError at the second Patient where none was asked for.
        """
        if self.one_person:
            return False
        if self.patient:
            subject = _subject(entry)
            key = subject_key(subject) if subject else ""
            other = key.startswith("Patient/") and key != f"Patient/{self.patient}"
            if other:
                self.account.leave_out(entry.kind, noted("it is about another person"))
            return other
        if entry.kind == "Patient" and entry.resource.id:
            self.people.add(entry.resource.id)
            if len(self.people) > 1:
                raise InputError(
                    _("holds the records of several people"), where=self.file, hint=_(ASK_PERSON)
                )
        return False

    def _know_medication(self, entry: Entry) -> None:
        if entry.resource.id:
            self.medications[f"Medication/{entry.resource.id}"] = entry.resource
        if entry.url:
            self.medications[key_of(entry.url)] = entry.resource

    def _add_contained(self, holder: Entry) -> None:
        """Add the observations inside another resource, about the same person."""
        for part in holder.resource.contained:
            if bundle.contained_kind(part) == "Observation":
                self._add(Found(f"{holder.place} contained", "Observation", part))

    def _is_repeated(self, entry: Entry) -> bool:
        """Return whether a resource is another version or a copy of one already there."""
        identifier = entry.resource.id
        if not identifier:
            return False
        before = self.seen.setdefault((entry.kind, identifier), [])
        for other in before[-MOST_VERSIONS:]:
            newer = _version(entry) > _version(other)
            if newer:
                other.resource, other.place, other.url = entry.resource, entry.place, entry.url
            if newer or _version(entry) < _version(other) or other.resource == entry.resource:
                self.account.leave_out(
                    entry.kind, noted("a copy or another version of the same resource")
                )
                return True
        before.append(entry)
        return False

    def _is_old(self, resource: Any, misfits: list[str], data: Any) -> bool:
        for name in OLD_FIELDS_OF[type(resource).__name__]:
            if getattr(resource, name):
                return True
        if resource.meta and resource.meta.profile and _is_old_profile(resource.meta.profile):
            return True
        if "clinical_status" not in misfits:
            return False
        plain = data if isinstance(data, Mapping) else msgspec.json.decode(data)
        return isinstance(plain.get("clinicalStatus"), str)

    def _old(self, found: Found) -> None:
        if self.one_person:
            self.account.leave_out(
                found.kind, noted("written in an older FHIR version (DSTU2 or STU3)")
            )
            return
        raise InputError(
            _("this {kind} is written in an older FHIR version (DSTU2 or STU3)").format(
                kind=found.kind
            ),
            where=f"{self.file}: {found.place}".rstrip(": "),
            hint=_("Export the record as FHIR R4 (or R5)."),
        )

    # Whose record

    def _person(self) -> Person | None:
        patients = self.entries.get("Patient", [])
        if self.one_person:
            return None
        if self.patient:
            chosen = [e for e in patients if e.resource.id == self.patient]
            if patients and not chosen:
                said = _("holds no Patient with the id {name}")
                raise InputError(said.format(name=self.patient), where=self.file)
            if not chosen:
                return Person({f"Patient/{self.patient}"}, [])
            return _same_person(chosen)
        if len({(e.resource.id or e.place) for e in patients}) > 1:
            raise InputError(
                _("holds the records of several people"), where=self.file, hint=_(ASK_PERSON)
            )
        return _same_person(patients) if patients else self._only_subject()

    def _only_subject(self) -> Person | None:
        """Return the one person all resources point to, where no Patient is in the file."""
        keys = {
            subject_key(subject)
            for entries in self.entries.values()
            for entry in entries
            if (subject := _subject(entry)) and not is_not_a_person(subject)
        } - {""}
        keys = {key for key in keys if not key.startswith("#")}
        if len(keys) > 1:
            raise InputError(
                _("holds records about several people"), where=self.file, hint=_(ASK_PERSON)
            )
        return None

    def _keep_only(self, person: Person | None) -> None:
        for kind, entries in self.entries.items():
            kept = []
            for entry in entries:
                reason = self._foreign(entry, person)
                if reason:
                    self.account.leave_out(kind, reason)
                else:
                    kept.append(entry)
            self.entries[kind] = kept

    def _foreign(self, entry: Entry, person: Person | None) -> str:
        """Return why a resource is not about the person, or an empty text."""
        if entry.kind == "Patient":
            mine = person is None or not self.patient or entry.resource.id == self.patient
            return "" if mine else noted("it is about another person")
        subject = _subject(entry)
        if subject is None or not subject_key(subject):
            return ""
        if subject.reference.startswith("#"):
            inside = contained_in(entry.resource, subject.reference)
            return (
                ""
                if inside is None or inside[0] == "Patient"
                else noted("it is not about a person")
            )
        key = subject.reference
        if not key or key not in self.judged:
            self.judged[key] = _judged(subject, person)
        return self.judged[key]

    # When

    def _newest_day(self) -> dt.date | None:
        """Return the newest day in the file that is not in the future."""
        newest: dt.date | None = None
        latest = ""
        future = 0
        for kind, names in DATED.items():
            for entry in self.entries.get(kind, []):
                for text in _dates(entry.resource, names):
                    if text[:10] <= latest:
                        continue
                    day = day_of(text)
                    if day is None:
                        continue
                    if day > self.today:
                        future += 1
                    elif is_full(text) and (newest is None or day > newest):
                        newest, latest = day, text[:10]
        if future:
            self.account.unused.setdefault("dates", Counter())[noted("in the future")] += future
        return newest


def _facts(record: Record, own: list[Fact]) -> Iterator[Fact]:
    yield from read_people(record)
    yield from read_medicines(record)
    habits = Habits()
    labs = list(read_observations(record, habits))
    said = chain(said_in_conditions(record), said_in_procedures(record), habits.pregnancy)
    conditions = list(facts_of(record, said))
    yield from conditions
    yield from read_nothing(record)
    yield from labs
    pregnant = next((bool(f.value) for f in conditions if f.id == "pregnancy"), None)
    asked = list(read_questionnaires(record))
    told = {fact.id for fact in (*asked, *own)}
    answers = list(answers_of(record, habits, pregnant))
    yield from (fact for fact in answers if fact.id not in told)
    yield from asked


def _not_told(read: Iterable[Fact], told: list[Fact]) -> Iterator[Fact]:
    """Yield what a record says but for age and sex that the person has told the same."""
    said = {(fact.id, fact.value) for fact in told if fact.id in ("age", "sex")}
    for fact in read:
        if fact.id not in ("age", "sex") or (fact.id, fact.value) not in said:
            yield fact


def _same_person(entries: list[Entry]) -> Person:
    people = [Person.of(entry.resource, entry.url) for entry in entries]
    keys = {key for person in people for key in person.keys}
    return Person(keys, [i for entry in entries for i in entry.resource.identifier])


def _judged(subject: Reference, person: Person | None) -> str:
    if is_not_a_person(subject):
        return noted("it is not about a person")
    if person is None or person.is_meant(subject):
        return ""
    return noted("it is about another person")


def _subject(entry: Entry) -> Reference | None:
    return getattr(entry.resource, "subject", None)


def _is_old_profile(profiles: list[str]) -> bool:
    return any(mark in profile for mark in OLD_PROFILES for profile in profiles)


def _version(entry: Entry) -> str:
    """Return what orders the versions of one resource: when it was stored last."""
    return entry.resource.meta.last_updated if entry.resource.meta else ""


def _dates(resource: Any, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = getattr(resource, name)
        if not value:
            continue
        if isinstance(value, str):
            yield value
        else:
            yield from (text for text in (value.end, value.start) if text)
