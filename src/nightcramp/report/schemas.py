"""The published JSON Schemas: the story file and the assessment."""

from __future__ import annotations

from typing import Any

import msgspec

from nightcramp.assess.assessment import Assessment
from nightcramp.intake.story import (
    CONDITION_ENTRIES,
    ENTRIES,
    LAB_ENTRIES,
    MEDICINE_ENTRIES,
)
from nightcramp.knowledge.loader import Knowledge, knowledge
from nightcramp.knowledge.schema import Question
from nightcramp.language import NAMES

DRAFT = "https://json-schema.org/draft/2020-12/schema"
YES_NO = {"enum": [True, False, "yes", "no", "unknown", None]}
TIME = {"type": ["string", "number", "null"], "examples": ["3 weeks", "2026-03-01", 21]}


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema called `story` or `assessment`."""
    if name == "story":
        return story_schema(knowledge())
    return {"$schema": DRAFT, "title": "Assessment", **msgspec.json.schema(Assessment)}


def story_schema(known: Knowledge) -> dict[str, Any]:
    """Return the JSON Schema of a story file, generated from the questions."""
    return {
        "$schema": DRAFT,
        "title": "nightcramp story",
        "description": "What one person told. Every entry may be left out or be unknown.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "as_of": {"type": "string", "format": "date", "description": ENTRIES["as_of"]},
            "title": {"type": "string", "description": ENTRIES["title"]},
            "language": {"enum": list(NAMES), "description": ENTRIES["language"]},
            "notes": {"type": "string", "description": ENTRIES["notes"]},
            "answers": _answers(known),
            "medicines": _lines("medicines", MEDICINE_ENTRIES, ["name"]),
            "conditions": _lines("conditions", CONDITION_ENTRIES, []),
            "labs": _lines("labs", LAB_ENTRIES, ["value"]),
        },
    }


def _answers(known: Knowledge) -> dict[str, Any]:
    properties = {q.id: _answer(q) for q in known.questions.values()}
    for condition in known.conditions.values():
        properties[condition.id] = {**YES_NO, "description": f"condition: {condition.label}"}
    return {
        "type": "object",
        "description": ENTRIES["answers"],
        "additionalProperties": False,
        "properties": properties,
    }


def _answer(question: Question) -> dict[str, Any]:
    described = {"description": question.ask}
    options = [option.id for option in question.options]
    if question.kind == "yes_no":
        return {**YES_NO, **described}
    if question.kind == "choice":
        return {"enum": [*options, "unknown", None], **described}
    if question.kind == "many":
        one = {"enum": options}
        return {
            "anyOf": [{"type": "array", "items": one}, one, {"enum": ["unknown", None]}],
            **described,
        }
    if question.kind == "duration":
        return {**TIME, **described}
    number: dict[str, Any] = {"type": "number"}
    if question.maximum > question.minimum:
        number |= {"minimum": question.minimum, "maximum": question.maximum}
    return {"anyOf": [number, {"enum": ["unknown", None]}], **described}


def _lines(entry: str, known: dict[str, str], required: list[str]) -> dict[str, Any]:
    times = {"since", "stopped", "raised", "lowered", "date"}
    truths = {key for key in known if key.startswith(("cramps_", "better_", "back_", "same_"))}
    truths |= {"taking", "has"}
    properties: dict[str, Any] = {}
    for key, meaning in known.items():
        kind: dict[str, Any] = {"type": ["string", "number"]}
        if key in times:
            kind = dict(TIME)
        elif key in truths:
            kind = dict(YES_NO)
        properties[key] = {**kind, "description": meaning}
    table = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": required,
    }
    described = {"description": ENTRIES[entry]}
    if entry in {"medicines", "conditions", "labs"}:
        return {"type": "array", "items": {"anyOf": [{"type": "string"}, table]}, **described}
    return {"type": "array", "items": table, **described}
