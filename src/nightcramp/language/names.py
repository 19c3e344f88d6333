"""What medicines, illnesses and tests are called in a language: `names.toml` of its folder."""

from __future__ import annotations

import functools
import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from nightcramp.errors import KnowledgeError
from nightcramp.language import ENGLISH, FOLDER
from nightcramp.language.words import plain

if TYPE_CHECKING:
    from nightcramp.knowledge.loader import Knowledge

KINDS = ("medicines", "conditions", "excluded", "labs", "classes")
READ_FREELY = ("medicines", "conditions", "classes")
_CHOICE = re.compile(r"\(([^()|]*(?:\|[^()|]*)+)\)")
_SOUND = re.compile(r"[a-z0-9+]+")


class Names(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Names by id; the first of a medicine is the one shown.

    `ordinary`: words of the language that are no misspelt names, though they look like one.
    `not_names`: English names that are words of the language. `excluded`: what contains a name
    of a condition and is not it.
    """

    ordinary: list[str] = []
    not_names: list[str] = []
    medicines: dict[str, list[str]] = {}
    conditions: dict[str, list[str]] = {}
    excluded: dict[str, list[str]] = {}
    labs: dict[str, list[str]] = {}
    classes: dict[str, list[str]] = {}


@functools.lru_cache(maxsize=8)
def names_of(code: str) -> Names:
    """Return the names of a language, choices written out; raises KnowledgeError.

    English names stand in the knowledge itself.
    """
    path = FOLDER / code / "names.toml"
    if code == ENGLISH or not path.exists():
        return Names()
    try:
        return names_in(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise KnowledgeError(str(error), where=str(path)) from None


def names_in(text: str) -> Names:
    """Return the names written in the text of a file, choices written out."""
    written = msgspec.convert(tomllib.loads(text), Names)
    tables = {kind: getattr(written, kind) for kind in KINDS}
    return Names(
        ordinary=written.ordinary,
        not_names=written.not_names,
        **{
            kind: {name: list(_all_written(texts)) for name, texts in table.items()}
            for kind, table in tables.items()
        },
    )


def _all_written(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from written_out(text)


def written_out(text: str) -> list[str]:
    """Return each text that choices stand for: "de (la |)rodilla" for both."""
    parts = _CHOICE.split(text)
    choices = [part.split("|") if place % 2 else [part] for place, part in enumerate(parts)]
    return [" ".join("".join(picked).split()) for picked in itertools.product(*choices)]


def with_names(knowledge: Knowledge, names: Names, where: str = "") -> Knowledge:
    """Return the knowledge with the names of a language after its own, without `not_names`.

    Raises KnowledgeError naming every unknown id, every empty name, and every name that stands
    for two things.
    """
    faults = list(faults_of(knowledge, names))
    if faults:
        said = f"{len(faults)} fault(s) in the names:\n" + "\n".join(faults)
        raise KnowledgeError(said, where=where)
    gone = {_sound(text) for text in names.not_names}
    conditions = _named(knowledge.conditions, names.conditions, gone)
    return replace(
        knowledge,
        ordinary_words=names.ordinary,
        medicines=_named(knowledge.medicines, names.medicines, gone),
        medicine_classes=_named(knowledge.medicine_classes, names.classes, gone),
        labs=_named(knowledge.labs, names.labs, set()),
        conditions={
            name: replace(record, excludes_names=[*record.excludes_names, *more])
            if (more := names.excluded.get(name))
            else record
            for name, record in conditions.items()
        },
    )


def _named(
    records: dict[str, Any], names: Mapping[str, list[str]], gone: set[str]
) -> dict[str, Any]:
    """Return records with names after their own, without those that are gone."""
    found = {}
    for identifier, record in records.items():
        kept = {
            field: [text for text in getattr(record, field) if _sound(text) not in gone]
            for field in ("names", "brands")
            if hasattr(record, field)
        }
        kept["names"] += names.get(identifier, [])
        found[identifier] = replace(record, **kept)
    return found


def _texts(record: Any) -> tuple[str, ...]:
    return (*record.names, *getattr(record, "brands", ()))


def faults_of(knowledge: Knowledge, names: Names) -> Iterator[str]:
    """Yield what is wrong with names, each with the table and key where it stands."""
    known: dict[str, Mapping[str, Any]] = {
        "medicines": knowledge.medicines,
        "classes": knowledge.medicine_classes,
        "conditions": knowledge.conditions,
        "excluded": knowledge.conditions,
        "labs": knowledge.labs,
    }
    for kind, records in known.items():
        for name, texts in getattr(names, kind).items():
            if name not in records:
                yield f"{kind}.{name}: there is no such id"
            if not texts or not all(_sound(text) for text in texts):
                yield f"{kind}.{name}: a name is empty"
    english = {
        _sound(text)
        for kind in READ_FREELY
        for record in known[kind].values()
        for text in _texts(record)
    }
    for text in names.not_names:
        if _sound(text) not in english:
            yield f"not_names: {text!r} is no name"
    for text in names.ordinary:
        if len(_sound(text).split()) != 1:
            yield f"ordinary: {text!r} is not one word"
    for kinds in (("medicines", "classes"), ("conditions",), ("labs",)):
        yield from _twice(names, {kind: known[kind] for kind in kinds})


def _twice(names: Names, known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield each name that stands for two things, in this language or in English."""
    taken = {
        _sound(text): f"{kind}.{name}"
        for kind, records in known.items()
        for name, record in records.items()
        for text in (name.replace("_", " "), *_texts(record))
    }
    for kind in known:
        for name, texts in getattr(names, kind).items():
            for text in texts:
                other = taken.setdefault(_sound(text), f"{kind}.{name}")
                if other != f"{kind}.{name}":
                    yield f"{kind}.{name}: {text!r} stands for {other} too"


def _sound(text: str) -> str:
    """Return the spelling by which names are compared."""
    return " ".join(_SOUND.findall(plain(text)))
