"""Makes hostile FHIR out of good FHIR: wrong types, cut-off text, depth, circles, copies."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

FIXTURE = Path(__file__).parent / "fixtures" / "fhir" / "one_person.json"
GOOD = json.loads(FIXTURE.read_text(encoding="utf-8"))
ODD: list[Any] = [
    None, True, False, 0, -1, 1e308, 12345678901234567890123, "", " ", "nan", "inf", "-", "1,5",
    "20205-01-01", "2020-13-45", "0000-00-00", "9999-12-31", "2030", "2019-02", "\u0000", "\ud7ff",
    "#", "#x", "Patient/1", "Patient?identifier=x|y", "urn:uuid:1", "entered-in-error", "refuted",
    [], {}, [None], [[]], {"reference": "#"}, {"coding": None}, {"coding": [{}]}, {"value": "x"},
    {"text": "Atorvastatin 20 MG / Amlodipine 5 MG"}, {"start": "x", "end": 3}, "x" * 3000,
]  # fmt: skip
KINDS = ["Bundle", "Patient", "Medication", "DiagnosticReport", "MedicationOrder", "", "\u2028"]


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything inside a record."""
    found = [path] if path else []
    children = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, child in children:
        found += places(child, (*path, key))
    return found


PLACES = places(GOOD)
MUTATION = st.tuples(
    st.sampled_from(PLACES),
    st.sampled_from(["put", "drop", "copy", "wrap", "circle", "kind"]),
    st.sampled_from(range(len(ODD))),
    st.sampled_from(range(len(KINDS))),
)


def mutated(mutations: list[tuple[Any, ...]], good: Any = GOOD) -> Any:
    """Return a good record with some places made bad."""
    record = copy.deepcopy(good)
    for path, how, odd, kind in mutations:
        holder = record
        try:
            for key in path[:-1]:
                holder = holder[key]
            _mutate(holder, path[-1], how, ODD[odd], KINDS[kind])
        except (KeyError, IndexError, TypeError, AttributeError):
            continue
    return record


def _mutate(holder: Any, key: Any, how: str, odd: Any, kind: str) -> None:
    if how == "put":
        holder[key] = copy.deepcopy(odd)
    elif how == "drop":
        del holder[key]
    elif how == "copy" and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif how == "wrap":
        holder[key] = [holder[key]]
    elif how == "circle" and isinstance(holder, dict):
        holder["contained"] = [
            {
                "resourceType": "Medication",
                "id": "a",
                "ingredient": [{"itemReference": {"reference": "#a"}}],
            }
        ]
        holder["medicationReference"] = {"reference": "#a"}
        holder.pop("medicationCodeableConcept", None)
    elif how == "kind" and isinstance(holder, dict):
        holder["resourceType"] = kind


@st.composite
def hostile_bytes(draw: st.DrawFn) -> bytes:
    """Return bytes that a half-written, damaged or malicious file may hold."""
    record = mutated(draw(st.lists(MUTATION, max_size=6)))
    data = json.dumps(record).encode()
    shape = draw(st.sampled_from(["whole", "whole", "cut", "bytes", "lines", "deep", "encoding"]))
    if shape == "cut":
        data = data[: draw(st.integers(0, len(data)))]
    elif shape == "bytes":
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=8)) + data[at + draw(st.integers(0, 8)) :]
    elif shape == "lines" and isinstance(record, dict):
        entries = record.get("entry")
        resources = (
            [e.get("resource") for e in entries if isinstance(e, dict)]
            if isinstance(entries, list)
            else []
        )
        data = b"\n".join(json.dumps(resource).encode() for resource in resources)
    elif shape == "deep":
        depth = draw(st.sampled_from([10, 900, 5000, 100000]))
        data = data.replace(b'"active"', b"[" * depth + b"]" * depth, 1)
    elif shape == "encoding":
        data = data.decode().encode(draw(st.sampled_from(["utf-16", "utf-32", "utf-8-sig"])))
    return data
