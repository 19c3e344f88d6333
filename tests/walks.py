"""Walks over all routes of the app, for tests that hold for every page, whatever it is about."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from locked_trials import STRETCH, design
from nightcramp.diary.entry import Entry, Medicine, Told
from nightcramp.intake.importing import import_files
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.imports import list_imports
from nightcramp.store.people import add_person
from nightcramp.store.reading import everything
from nightcramp.store.records import line_of
from nightcramp.store.trials import keep_lock
from nightcramp.trial.lock import lock, protocol_of
from stores import cramp, told

EVENING = dt.date(2026, 3, 14)
LOCKED = dt.datetime(2026, 3, 14, 10, tzinfo=dt.timezone(dt.timedelta(hours=1)))
WORDS = "correct horse battery staple"


# --- routes ---


def routes(*kinds: type) -> list[Any]:
    """Return the routes of some kinds, of all kinds without any."""
    from nightcramp.app.pages import ROUTES

    return [route for route in ROUTES if not kinds or isinstance(route, kinds)]


def acts() -> list[Any]:
    """Return all acts."""
    from nightcramp.app.routes import Act

    return routes(Act)


def shown() -> list[Any]:
    """Return all views and downloads."""
    from nightcramp.app.routes import Download, View

    return routes(View, Download)


def named(found: Iterable[Any]) -> list[str]:
    """Return a name for each route, for the names of tests."""
    return [f"{type(route).__name__}:{route.path}" for route in found]


PARAM = re.compile(r"{(\w+)(?::\w+)?}")


def addresses(route: Any, ids: Sequence[str]) -> list[str]:
    """Return the addresses of a route, its parameters filled with each of the ids."""
    if not PARAM.search(route.path):
        return [route.path]
    return [PARAM.sub(lambda found, one=one: one, route.path) for one in ids]


# --- forms ---


def forms(form: type, text: str) -> Iterator[dict[str, Any]]:
    """Yield values that a form may be filled with, text wherever text may stand.

    Each choice of each field is taken once; then once with the text fields alone; and each text
    field by itself, so that one that is refused does not hide the others.
    """
    fields = {field.name: field for field in inspect.type_info(form).fields}  # type: ignore[attr-defined]
    full = {name: next(_values(one.type, text), None) for name, one in fields.items()}
    required = {name: full[name] for name, one in fields.items() if one.required}
    yield full
    yield {name: value for name, value in full.items() if _holds(value, text) or name in required}
    for name, one in fields.items():
        for value in _values(one.type, text):
            yield {**required, name: value}
            yield {**full, name: value}


def _holds(value: object, text: str) -> bool:
    return bool(text) and text in repr(value)


def _values(kind: Any, text: str) -> Iterator[Any]:
    match kind:
        case inspect.StrType():
            yield text[: kind.max_length] if kind.max_length else text
        case inspect.LiteralType():
            yield from kind.values
        case inspect.EnumType():
            yield from (one.value for one in kind.cls if isinstance(one, enum.Enum))
        case inspect.BoolType():
            yield from (True, False)
        case inspect.IntType() | inspect.FloatType():
            yield kind.ge if kind.ge is not None else 1
        case inspect.DateType():
            yield EVENING.isoformat()
        case inspect.DateTimeType():
            yield LOCKED.isoformat()
        case inspect.TimeType():
            yield "03:10"
        case inspect.UnionType():
            for one in kind.types:
                yield from _values(one, text)
        case inspect.NoneType():
            return
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType():
            yield from ([one] for one in _values(kind.item_type, text))
        case inspect.DictType():
            yield {text: next(_values(kind.value_type, text), None)}
        case inspect.StructType():
            yield _struct(kind, text)
        case _:
            yield text


def _struct(kind: Any, text: str) -> dict[str, Any]:
    found = {one.encode_name: next(_values(one.type, text), None) for one in kind.fields}
    if "id" in found:
        found["id"] = "ab" * 16
    return {**found, **({kind.tag_field: kind.tag} if kind.tag_field else {})}


def typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of a form as a browser sends them."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list):
            found[name] = [str(one) for one in value]
        elif not isinstance(value, NoneType):
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


# --- what is planted ---


@dataclass(frozen=True)
class Planted:
    """Somebody in the store, whose every word holds a mark; and all ids that name theirs."""

    name: str
    key: str
    mark: str
    ids: tuple[str, ...]


def plant(
    name: str, mark: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, trial: str = "one"
) -> Planted:
    """Fill somebody's store with entries, an import and a trial that hold a mark everywhere."""
    if name != "me":
        with opened(everyone=True) as store:
            add_person(store, name)
    monkeypatch.setenv("NIGHTCRAMP_PERSON", name)
    note = Told(
        evening=EVENING,
        cramps=2,
        values={f"own:{mark}": 1.0},
        medicines=(Medicine(name=mark, taken=True, dose=mark),),
        note=mark,
    )
    lately = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(hours=1)
    recent = msgspec.structs.replace(cramp(note=mark), made_at=lately)
    recent = msgspec.structs.replace(recent, body=msgspec.structs.replace(recent.body, at=lately))
    entries = [cramp(note=mark), recent, _entry(note), told(EVENING - dt.timedelta(1), note=mark)]
    made = protocol_of(
        design(
            title=f"Trial {mark}",
            question=f"Why {mark}?",
            arms=(
                msgspec.structs.replace(STRETCH, label=mark, instruction=mark),
                msgspec.structs.replace(STRETCH, id="leave", label="No", kind="leave"),
            ),
        ),
        f"trial-{trial}",
        EVENING,
        "a",
    )
    with opened() as store:
        add_entries(store, entries)
        keep_lock(store, lock(made, LOCKED))
    _import(folder, mark)
    with opened() as store:
        ids = [one.id for one in all_entries(store)]
        ids += [str(one.id) for one in list_imports(store)]
        found = Planted(name, store.who.key, mark, (*ids, f"trial-{trial}", store.who.key))
    monkeypatch.delenv("NIGHTCRAMP_PERSON")
    return found


def _entry(body: Told) -> Entry:
    return msgspec.structs.replace(cramp(), body=body)


def _import(folder: Path, mark: str) -> None:
    safe = re.sub(r"[^\w<>=\"' ]", "", mark)
    story = {
        "as_of": "2026-03-10",
        "answers": {"age": 72, "sex": "female", "called_cramp": "yes", "nights_per_month": 9},
        "medicines": ["indapamide 1.5 mg daily", f"{mark} 5 mg daily"],
        "conditions": [mark, "osteoarthritis of the knees"],
    }
    path = folder / f"{safe}.yaml"
    path.write_bytes(msgspec.json.encode(story))
    import_files((path,), keep=True)


def evenings() -> list[str]:
    """Return evenings that addresses of nights may name."""
    return [EVENING.isoformat(), (EVENING - dt.timedelta(1)).isoformat()]


def all_of(name: str) -> str:
    """Return everything the store holds of one person, to compare."""
    with opened(name) as store:
        return "".join(line_of(one) for one in everything(store.connection, store.person))
