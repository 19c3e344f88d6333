"""Reads what stands in extensions and tags of ours, beside what FHIR itself has a place for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, get_args

from nightcramp.intake.fhir.canonical import DAYS, ROLE, TOLD, Role
from nightcramp.intake.fhir.dates import day_of
from nightcramp.intake.fhir.record import Entry, Record
from nightcramp.intake.fhir.resources import Concept, Element, Extension
from nightcramp.person.fact import Provenance

LONGEST = 4000


def role_of(resource: Any) -> Role | None:
    """Return what a resource of ours is for; None for a resource of somebody else."""
    tags = resource.meta.tag if resource.meta else []
    said = {tag.code for tag in tags if tag.system == ROLE}
    roles: tuple[Role, ...] = get_args(Role)
    return next((role for role in roles if role in said), None)


def one(extensions: Sequence[Extension], url: str) -> Extension | None:
    """Return the first extension with an address, or None."""
    return next((item for item in extensions if item.url == url), None)


def words_of(extensions: Sequence[Extension], url: str) -> str:
    """Return the text or code of an extension; "" where there is none."""
    found = one(extensions, url)
    return (found.words or found.code_word)[:LONGEST] if found else ""


def truth_of(extensions: Sequence[Extension], url: str) -> bool | None:
    """Return the yes or no of an extension; None where there is none."""
    found = one(extensions, url)
    return found.truth if found else None


def told_at(record: Record, entry: Entry, extensions: Sequence[Extension]) -> Provenance:
    """Return where a fact was read, with the words it was first told in."""
    told = one(extensions, TOLD)
    inside = told.extension if told else []
    return record.origin(entry, written=words_of(inside, "written"), note=words_of(inside, "note"))


def days_ago(record: Record, text: str, beside: Element | None) -> float | None:
    """Return how long before the reading a date is, with the part of a day that was told."""
    day = day_of(text)
    if day is None:
        return None
    part = one(beside.extension, DAYS) if beside else None
    within = part.decimal if part and part.decimal is not None else 0.0
    return float((record.as_of - day).days) + (within if abs(within) <= 1 else 0.0)


def code_of(concept: Concept | None, system: str) -> str:
    """Return the code of one system in a concept; "" where there is none."""
    codings = concept.coding if concept else []
    return next((coding.code for coding in codings if coding.system == system), "")


def moment_in(text: str) -> dt.datetime | None:
    """Return the moment a FHIR dateTime or instant names; None where it names none."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo and len(text) > len("2026-01-01") else None
