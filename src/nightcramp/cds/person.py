"""The person of one call: facts from what was given, and whether there are cramps at all."""

from __future__ import annotations

import datetime as dt
import functools
from collections import Counter
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from nightcramp.app.problem import RefusedError
from nightcramp.cds.prefetch import Given
from nightcramp.cds.services import Wanted
from nightcramp.errors import InputError, KnowledgeError
from nightcramp.intake.fhir.medicines import NO_MEDICINE, UNKNOWN
from nightcramp.intake.fhir.reader import read_fhir_resources
from nightcramp.intake.reading import Reading
from nightcramp.knowledge.loader import CONTENT, Knowledge, read_toml
from nightcramp.language import gettext as _
from nightcramp.language import ngettext
from nightcramp.person.fact import Fact
from nightcramp.person.facts import Facts, use_of

FILE = "record"


class CrampSigns(Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `cramp_signs.toml`."""

    answers: list[str]
    denied_by: str
    medicines: list[str]
    source: list[str]


@functools.lru_cache(maxsize=2)
def cramp_signs(knowledge: Knowledge) -> CrampSigns:
    """Return what tells of cramps; raises KnowledgeError for an id that is not known."""
    path = CONTENT / "cramp_signs.toml"
    try:
        signs = msgspec.convert(read_toml(path), CrampSigns)
    except msgspec.ValidationError as error:
        raise KnowledgeError(str(error), where=str(path)) from None
    unknown = {*signs.answers, signs.denied_by} - knowledge.questions.keys()
    unknown |= set(signs.medicines) - knowledge.medicines.keys()
    unknown |= set(signs.source) - knowledge.sources.keys()
    if unknown:
        raise KnowledgeError(f"unknown id {sorted(unknown)[0]!r}", where=str(path))
    return signs


@dataclass(frozen=True)
class Person:
    """What is known of the person, and in words what was not given."""

    facts: Facts
    lacked: list[str] = field(default_factory=list)

    @functools.cached_property
    def has_cramps(self) -> bool:
        """Whether the record says that the person has cramps; not knowing is not saying so."""
        return has_cramps(self.facts)


def person_of(
    given: Given, parts: tuple[Wanted, ...], knowledge: Knowledge, today: dt.date
) -> Person:
    """Return the person whom checked resources tell of; times count back from `today`."""
    reading = read_given(given.resources, knowledge, today)
    lacked = [_(part.label) for part in parts if part.key not in given.there]
    lacked += [
        _("{part} beyond a first page").format(part=_(part.label))
        for part in parts
        if part.key in given.cut
    ]
    return Person(Facts(knowledge, reading.facts), [*lacked, *_unread(reading)])


def read_given(resources: list[bytes], knowledge: Knowledge, today: dt.date) -> Reading:
    """Return what resources of one person say; none say nothing. Raises RefusedError (400)."""
    if not resources:
        return Reading(file=FILE, format="fhir", as_of=today)
    try:
        return read_fhir_resources(resources, knowledge, today, file=FILE)
    except InputError:
        raise RefusedError(400, _("a resource cannot be read as FHIR R4")) from None


def _unread(reading: Reading) -> list[str]:
    """Return in words how many medicines could not be read."""
    reasons: Counter[str] = Counter()
    for kind, counts in reading.account.unused.items():
        if kind.startswith("Medication"):
            reasons += counts
    without = reasons[NO_MEDICINE] + reasons[UNKNOWN]
    if not without:
        return []
    said = ngettext(
        "{count} entry of medicines that could not be read",
        "{count} entries of medicines that could not be read",
        without,
    )
    return [said.format(count=without)]


def has_cramps(facts: Facts) -> bool:
    """Return whether diagnoses, answers or a medicine for cramps say that there are cramps."""
    signs = cramp_signs(facts.knowledge)
    if facts.value(signs.denied_by) is True:
        return False
    diagnoses = [one.id for one in facts.knowledge.conditions.values() if one.role == "target"]
    told = [facts.value(name) for name in (*diagnoses, *signs.answers)]
    if any(_is_yes(value) for value in told):
        return True
    return any(_is_taken(fact) and fact.id in signs.medicines for fact in facts.medicines())


def _is_yes(value: object) -> bool:
    return value is True or (isinstance(value, float | int) and value > 0)


def _is_taken(fact: Fact) -> bool:
    return use_of(fact).taking is True
