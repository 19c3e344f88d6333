"""The small parts that FHIR resources are made of: codes, amounts, dates, extensions, pointers."""

from __future__ import annotations

import datetime as dt
import html
import unicodedata
import uuid
from pathlib import PurePath
from typing import Any

from nightcramp.intake.fhir import canonical as ours
from nightcramp.intake.fhir.ucum import ucum_of
from nightcramp.language import language
from nightcramp.person.fact import Fact, Provenance

Json = dict[str, Any]
XHTML = "http://www.w3.org/1999/xhtml"
SPACES = " \r\n\t"


def clean(text: str) -> str:
    """Return a text as FHIR can hold it: other white space and control signs become spaces."""
    return "".join(" " if _unfit(sign) else sign for sign in text)


def _unfit(sign: str) -> bool:
    if sign in SPACES:
        return False
    return sign.isspace() or sign == "\ufeff" or unicodedata.category(sign) in {"Cc", "Cs"}


def says(text: str) -> bool:
    """Return whether a text holds anything but spaces; FHIR has no empty texts."""
    return bool(clean(text).strip())


def filled(**parts: Any) -> Json:
    """Return an element with the parts that hold something; names as FHIR writes them."""
    return {name: part for name, part in parts.items() if part not in (None, "", [], {}, ())}


def coding(system: str, code: str, display: str = "") -> Json:
    """Return one code of one system."""
    return filled(system=system, code=code, display=clean(display).strip())


def concept(*codings: Json, text: str = "") -> Json:
    """Return something named by codes and words."""
    return filled(coding=list(codings), text=clean(text) if says(text) else "")


def quantity(value: float, unit: str, comparator: str = "") -> Json:
    """Return an amount in a unit of the knowledge, with its UCUM code."""
    code = ucum_of(unit) or "1"
    return {
        **filled(comparator=comparator),
        "value": value,
        **filled(unit=unit, system=ours.UCUM, code=code),
    }


def extension(url: str, **value: Any) -> Json:
    """Return an extension with one value, named as FHIR names it (`valueString`)."""
    return {"url": url, **value}


def words_extension(url: str, text: str) -> list[Json]:
    """Return an extension that holds a text, or nothing for a text that says nothing."""
    return [extension(url, valueString=clean(text))] if says(text) else []


def told_extension(origin: Provenance, *, file: bool = False) -> list[Json]:
    """Return the words a fact was first told in, and the name of its file where asked for."""
    inside = words_extension("written", origin.written) + words_extension("note", origin.note)
    if file:
        inside += words_extension("file", file_name(origin.file))
    return [{"url": ours.TOLD, "extension": inside}] if inside else []


def file_name(path: str) -> str:
    """Return the name of a file without its folder, which nobody else needs to know."""
    return PurePath(path).name


def dated(as_of: dt.date, days: float | None) -> tuple[str, Json | None]:
    """Return (the date so many days before, the part of a day that the date cannot tell)."""
    if days is None:
        return "", None
    whole = round(days)
    part = days - whole
    beside = {"extension": [extension(ours.DAYS, valueDecimal=part)]} if part else None
    return (as_of - dt.timedelta(days=whole)).isoformat(), beside


def meta(role: ours.Role, *tags: Json) -> Json:
    """Return the mark of a resource of ours: what it is for whoever reads it back."""
    return {"tag": [coding(ours.ROLE, role), *tags]}


def narrative(text: str) -> Json:
    """Return a short text for people; whatever it holds stands in it as plain signs."""
    body = html.escape(clean(text)) if says(text) else "-"
    return {"status": "generated", "div": f'<div xmlns="{XHTML}">{body}</div>'}


def note(*texts: str) -> list[Json]:
    """Return notes, each once, without those that say nothing."""
    return [{"text": clean(text)} for text in dict.fromkeys(texts) if says(text)]


def reference(resource: Json) -> Json:
    """Return a pointer to another resource of the same bundle."""
    return {"reference": f"urn:uuid:{resource['id']}", "type": resource["resourceType"]}


def resource(kind: str, identifier: str, **parts: Any) -> Json:
    """Return a resource with an id, in the language of whoever asked."""
    return {
        "resourceType": kind,
        "id": identifier,
        "language": language(),
        **filled(**parts),
    }


class Names:
    """Gives resources ids that are always the same for the same person and content."""

    def __init__(self, whose: str) -> None:
        self.whose = uuid.uuid5(uuid.NAMESPACE_URL, f"{ours.BASE}/person/{whose}")
        self.given: dict[str, int] = {}

    def of(self, *parts: object) -> str:
        """Return an id; the same parts a second time get another, always the same."""
        content = "\x1f".join(map(str, parts))
        number = self.given.get(content, 0)
        self.given[content] = number + 1
        return str(uuid.uuid5(self.whose, f"{content}\x1f{number}"))

    def of_fact(self, fact: Fact) -> str:
        """Return an id for the resource of a fact."""
        return self.of("fact", fact.kind, fact.id, fact.value)
