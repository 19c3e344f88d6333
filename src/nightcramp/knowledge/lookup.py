"""Finds records and explanations by id, alias, or a near miss."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from nightcramp.errors import UnknownIdError
from nightcramp.knowledge.loader import Knowledge, knowledge
from nightcramp.language import called, language
from nightcramp.language.names import names_of

COLLECTIONS = (
    "factors",
    "mimics",
    "red_flags",
    "actions",
    "instruments",
    "medicines",
    "medicine_classes",
    "conditions",
    "labs",
    "questions",
    "safety",
    "contradictions",
    "sources",
    "credibility",
    "statements",
    "measures",
)


class Named(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=Named)


def records_named(identifier: str, knowledge: Knowledge) -> list[tuple[str, Any]]:
    """Return (collection, record) for every record of that id or alias; never empty."""
    wanted = {identifier.strip(), canonical_id(identifier, knowledge)}
    found = [
        (collection, getattr(knowledge, collection)[name])
        for collection in COLLECTIONS
        for name in sorted(wanted)
        if name in getattr(knowledge, collection)
    ]
    if found:
        return found
    raise UnknownIdError(
        f"there is nothing called {identifier!r}", hint=_hint(identifier, knowledge)
    )


def canonical_id(identifier: str, knowledge: Knowledge) -> str:
    """Return the id an alias stands for (`other:x`, `als`, `medication:x`), else the text."""
    wanted = identifier.strip().lower().removeprefix("other:").removeprefix("medication:")
    explained: tuple[Mapping[str, Any], ...] = (knowledge.factors, knowledge.mimics)
    if any(wanted in collection for collection in explained):
        return wanted
    spelled = wanted.replace("_", " ").replace("-", " ")
    for collection in (*explained, knowledge.actions):
        for record in collection.values():
            if spelled in {_spelled(alias) for alias in record.aliases}:
                return str(record.id)
    if any(wanted in getattr(knowledge, name) for name in COLLECTIONS):
        return wanted
    plain = spelled.replace(" ", "_").replace("-", "_")
    return plain if any(plain in getattr(knowledge, c) for c in COLLECTIONS) else identifier


def name_of_medicine(identifier: str) -> str:
    """Return what a medicine or a class is called within a sentence, in the reader's language.

    English ids are English words; what a language has no name for keeps them.
    """
    plain = identifier.removeprefix("medication:")
    words = plain.replace("_", " ")
    return called(words, _name_elsewhere(plain) or words)


def _name_elsewhere(identifier: str) -> str:
    names = names_of(language()).medicines.get(identifier)
    group = knowledge().medicine_classes.get(identifier)
    if names or group is None:
        return names[0] if names else ""
    label = group.label
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _spelled(alias: str) -> str:
    return alias.lower().replace("_", " ").replace("-", " ")


def explanation_named(identifier: str, items: Sequence[Item], knowledge: Knowledge) -> Item:
    """Return the explanation of that id, alias or medicine name."""
    by_id = {item.id: item for item in items}
    wanted = canonical_id(identifier, knowledge)
    for name in (identifier, wanted, f"medication:{wanted}"):
        if name in by_id:
            return by_id[name]
    near = difflib.get_close_matches(identifier, list(by_id), n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"One of: {', '.join(by_id)}"
    raise UnknownIdError(f"this assessment has no explanation {identifier!r}", hint=hint)


def _hint(identifier: str, knowledge: Knowledge) -> str:
    known = [name for collection in COLLECTIONS for name in getattr(knowledge, collection)]
    near = difflib.get_close_matches(identifier.lower(), known, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else "`nightcramp knowledge` lists all ids."
