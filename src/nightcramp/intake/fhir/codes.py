"""Looks up what codes stand for: in the knowledge, and in `record_codes.toml`."""

from __future__ import annotations

import functools
import re

import msgspec
from msgspec import Struct

from nightcramp.errors import KnowledgeError
from nightcramp.intake.conditions import condition_of_code
from nightcramp.intake.fhir.resources import Coding, Concept
from nightcramp.intake.names import normal
from nightcramp.knowledge.loader import CONTENT, Knowledge, read_toml
from nightcramp.knowledge.schema import Lab

SYSTEMS = {
    "http://snomed.info/sct": "snomed",
    "urn:oid:2.16.840.1.113883.6.96": "snomed",
    "http://loinc.org": "loinc",
    "urn:oid:2.16.840.1.113883.6.1": "loinc",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
    "http://www.whocc.no/atc": "atc",
    "urn:oid:2.16.840.1.113883.6.73": "atc",
    "urn:oid:2.16.840.1.113883.6.90": "icd10cm",
    "urn:oid:2.16.840.1.113883.6.3": "icd10cm",
}
LONGEST = 400
"""Longer names are cut: no diagnosis or product has them."""

_TAG = re.compile(r"\s*\((?:disorder|finding|situation|procedure|regime/therapy|event)\)\s*$")


class NumberCode(Struct, frozen=True, forbid_unknown_fields=True):
    """A measurement that answers a question, and the units it may have."""

    question: str
    units: list[str]


class PregnancyCodes(Struct, frozen=True, forbid_unknown_fields=True):
    """LOINC codes that tell of a pregnancy."""

    status: list[str]
    weeks: list[str]
    due: list[str]
    last_period: list[str]
    term_weeks: float


class RecordCodes(Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `record_codes.toml`."""

    lasting: list[str]
    operations: list[str]
    treatments: list[str]
    not_present_words: list[str]
    resolved_becomes: dict[str, str]
    nothing: dict[str, str]
    numbers: dict[str, NumberCode]
    pregnancy: PregnancyCodes
    answers: dict[str, dict[str, dict[str, bool | str]]]
    answer_words: dict[str, dict[str, str]]
    rxnorm_products: dict[str, list[str]]


class Codes:
    """Every table of codes a record is read with, built once for a knowledge."""

    def __init__(self, knowledge: Knowledge, content: RecordCodes) -> None:
        self.knowledge = knowledge
        self.content = content
        self.labs = {code: lab for lab in knowledge.labs.values() for code in lab.loinc}
        self.other_labs = {c for lab in knowledge.labs.values() for c in lab.loinc_excluded}
        self.other_labs -= self.labs.keys()
        self.rxnorm = {m.rxnorm: m.id for m in knowledge.medicines.values() if m.rxnorm}
        self.atc = {code: m.id for m in knowledge.medicines.values() for code in m.atc}
        self.atc_classes = {
            code: group.id for group in knowledge.medicine_classes.values() for code in group.atc
        }
        words = "|".join(re.escape(word) for word in content.not_present_words)
        self.not_present = re.compile(rf"\b(?:{words})\b", re.I)
        self.by_name: dict[tuple[str, ...], Lab | None] = {}
        self._conditions: dict[tuple[str, str], str | None] = {}

    def condition(self, coding: Coding) -> str | None:
        """Return the condition a code stands for, or None."""
        key = system_of(coding.system), coding.code
        if key[0] not in {"snomed", "icd10cm"} or not coding.code:
            return None
        if key not in self._conditions:
            self._conditions[key] = condition_of_code(self.knowledge, *key)
        return self._conditions[key]

    def medicines(self, coding: Coding) -> list[str]:
        """Return the ingredients (or the class) a code stands for."""
        system, code = system_of(coding.system), coding.code
        if system == "rxnorm" and code in self.rxnorm:
            return self._contents(self.rxnorm[code])
        if system == "rxnorm":
            return self.content.rxnorm_products.get(code, [])
        if system != "atc":
            return []
        if code in self.atc:
            return self._contents(self.atc[code])
        prefixes = (code[:size] for size in range(len(code), 2, -1))
        return [self.atc_classes[p] for p in prefixes if p in self.atc_classes][:1]

    def _contents(self, identifier: str) -> list[str]:
        return self.knowledge.medicines[identifier].contains or [identifier]

    def answers(self, question: str, answer: Concept) -> dict[str, bool | str]:
        """Return the answers that a coded answer to a coded question gives; {} when unknown."""
        known = self.content.answers.get(question, {})
        words = self.content.answer_words.get(question, {})
        for coding in answer.coding:
            if coding.code in known:
                return known[coding.code]
        for text in texts_of(answer):
            for spelling in (normal(text), text.lower()):
                if spelling in words:
                    return known[words[spelling]]
        return {}


@functools.lru_cache(maxsize=2)
def codes_of(knowledge: Knowledge) -> Codes:
    """Return the tables for a knowledge; raises KnowledgeError for a bad content file."""
    path = CONTENT / "record_codes.toml"
    try:
        return Codes(knowledge, msgspec.convert(read_toml(path), RecordCodes))
    except msgspec.ValidationError as error:
        raise KnowledgeError(str(error), where=str(path)) from None


@functools.lru_cache(maxsize=256)
def system_of(url: str) -> str:
    """Return the short name of a code system, or its address when it is another one."""
    plain = url.rstrip("/").lower()
    return "icd10cm" if "icd-10" in plain else SYSTEMS.get(plain, url)


def loinc_of(concept: Concept) -> list[str]:
    """Return the LOINC codes of a concept."""
    return [c.code for c in concept.coding if c.code and system_of(c.system) == "loinc"]


def texts_of(concept: Concept) -> list[str]:
    """Return the words a concept is named by, without the tags of SNOMED, each once."""
    written = [concept.text, *(coding.display for coding in concept.coding)]
    plain = (_TAG.sub("", text[:LONGEST].replace("\u200b", "")) for text in written)
    return list(dict.fromkeys(text for text in plain if text.strip()))


def name_of(concept: Concept) -> str:
    """Return the words a person would know a concept by; its code where it has none."""
    if texts := texts_of(concept):
        return texts[0][:200]
    return " ".join(f"{system_of(c.system)} {c.code}".strip() for c in concept.coding[:1])


def code_in(concept: Concept | None) -> str:
    """Return the first code of a concept, in lower case."""
    return next((c.code.lower() for c in concept.coding if c.code), "") if concept else ""
